"""The list of threads: by their last message, and steady while they move."""

from datetime import timedelta

import pytest

from ...errors import NotFound
from ...stores.base import PageQuery, Store, ThreadChanges, TurnChanges
from .records import ALICE, NOON, a_thread, a_turn, begin, ids_of, items_named, minutes


async def _listed(store: Store) -> list[str]:
    return ids_of(await store.list_threads(ALICE, PageQuery()))


async def _three_threads(store: Store) -> None:
    for number in range(3):
        created_at = NOON + minutes(number)
        await store.save_thread(ALICE, a_thread(f"t{number}", created_at=created_at))


class ListsContract:
    """What a store promises about the order of threads."""

    async def test_a_message_moves_its_thread_to_the_front(self, store: Store) -> None:
        await _three_threads(store)
        turn = a_turn("t0", started_at=NOON + minutes(10))
        await begin(store, turn, items=items_named("question"))
        assert await _listed(store) == ["t0", "t2", "t1"]

        later = a_turn("t1", started_at=NOON + minutes(11))
        await begin(store, later, items=items_named("question"))
        assert await _listed(store) == ["t1", "t0", "t2"]

        answered = TurnChanges(items=items_named("answer"), touched_at=NOON + minutes(12))
        await store.finish_turn(turn, "finished", answered)
        assert await _listed(store) == ["t0", "t1", "t2"]

    async def test_nothing_else_moves_a_thread(self, store: Store) -> None:
        await _three_threads(store)
        await store.open_thread(ALICE, "t0", PageQuery())
        await store.save_items(ALICE, "t0", items_named("i"))
        await store.update_thread(ALICE, "t0", ThreadChanges(title="x", metadata={"a": 1}))
        await store.save_feedback(ALICE, "t0", ["i"], "positive")
        turn = a_turn("t0", started_at=NOON + minutes(10))
        await begin(store, turn)
        await store.finish_turn(turn, "finished", TurnChanges())
        await store.save_thread(ALICE, await store.get_thread(ALICE, "t0"))

        assert await _listed(store) == ["t2", "t1", "t0"]

    async def test_a_clock_that_goes_back_moves_no_thread_back(self, store: Store) -> None:
        await _three_threads(store)
        await begin(store, a_turn("t2", started_at=NOON - minutes(10)), items=items_named("i"))

        assert await _listed(store) == ["t2", "t1", "t0"]

    async def test_the_last_message_is_told(self, store: Store) -> None:
        await _three_threads(store)
        assert (await store.get_thread(ALICE, "t0")).touched_at == NOON
        sent = NOON + minutes(10) + timedelta(microseconds=7)
        await begin(store, a_turn("t0", started_at=sent), items=items_named("i"))

        assert (await store.get_thread(ALICE, "t0")).touched_at == sent

    @pytest.mark.parametrize("moved", ["t3", "t1", "t0"])
    async def test_a_thread_that_moves_between_two_pages_shifts_nothing(
        self, store: Store, moved: str
    ) -> None:
        for number in range(6):
            created_at = NOON + minutes(number)
            await store.save_thread(ALICE, a_thread(f"t{number}", created_at=created_at))
        first = await store.list_threads(ALICE, PageQuery(limit=3))
        assert ids_of(first) == ["t5", "t4", "t3"]
        await begin(store, a_turn(moved, started_at=NOON + minutes(60)), items=items_named("i"))

        rest = await store.list_threads(ALICE, PageQuery(limit=3, after=first.after))
        assert ids_of(rest) == [name for name in ("t2", "t1", "t0") if name != moved]

    async def test_a_thread_that_goes_between_two_pages_shifts_nothing(self, store: Store) -> None:
        await _three_threads(store)
        first = await store.list_threads(ALICE, PageQuery(limit=2))
        await store.delete_thread(ALICE, "t1")

        rest = await store.list_threads(ALICE, PageQuery(limit=2, after=first.after))
        assert ids_of(rest) == ["t0"]

    async def test_a_page_may_begin_after_a_threads_id_too(self, store: Store) -> None:
        await _three_threads(store)

        assert ids_of(await store.list_threads(ALICE, PageQuery(after="t2"))) == ["t1", "t0"]

    @pytest.mark.parametrize("after", ["at:", "at:x:t1", "at:99999999999999999999:t", "none"])
    async def test_what_is_no_cursor_is_not_found(self, store: Store, after: str) -> None:
        await _three_threads(store)
        with pytest.raises(NotFound):
            await store.list_threads(ALICE, PageQuery(after=after))
