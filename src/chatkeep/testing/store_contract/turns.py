"""Turns: one at a time on a thread, begun whole, ended once."""

import asyncio

import pytest

from ...errors import NotFound, TurnActive, TurnRepeated
from ...stores.base import PageQuery, Store, ThreadChanges, TurnChanges, TurnStatus
from .records import (
    ALICE,
    COLLEAGUE,
    HOLDER,
    NAMESAKE,
    NOON,
    a_piece,
    a_thread,
    a_turn,
    an_attachment,
    an_item,
    begin,
    begun,
    ids_of,
    items_named,
    minutes,
)


class TurnsContract:
    """What a store promises about turns."""

    # Beginning

    async def test_a_turn_begins_with_all_that_it_was_given(self, store: Store) -> None:
        turn = a_turn("t", request_key="k", input_item_id="i", usage={"input_tokens": 3})
        attachment = an_attachment("a", "t")
        await begin(
            store,
            turn,
            thread=a_thread("t", title="Rent"),
            items=items_named("i"),
            attachments=[attachment],
        )

        assert await store.get_turn(ALICE, turn.id) == turn
        assert await store.get_thread(ALICE, "t") == a_thread("t", title="Rent")
        assert ids_of(await store.list_items(ALICE, "t", PageQuery())) == ["i"]
        assert await store.list_attachments(ALICE, "t") == [attachment]

    async def test_a_turn_on_a_known_thread_appends_to_it(self, store: Store) -> None:
        await store.save_thread(ALICE, a_thread("t", title="Rent"))
        await store.save_items(ALICE, "t", items_named("b"))
        await store.save_attachment(ALICE, an_attachment("file"))
        joined = an_attachment("file", "t")
        await begin(store, a_turn("t"), items=items_named("a"), attachments=[joined])

        assert ids_of(await store.list_items(ALICE, "t", PageQuery(order="asc"))) == ["b", "a"]
        assert (await store.get_thread(ALICE, "t")).title == "Rent"
        assert await store.list_attachments(ALICE, "t") == [joined]

    async def test_a_turn_that_the_caller_changes_later_stays_as_it_was(self, store: Store) -> None:
        turn = await begun(store)
        turn.status = "failed"
        (await store.get_turn(ALICE, turn.id)).delivered = False

        kept = await store.get_turn(ALICE, turn.id)
        assert (kept.status, kept.delivered) == ("active", True)

    async def test_a_turn_on_a_missing_thread_saves_nothing(self, store: Store) -> None:
        turn = a_turn("none")
        with pytest.raises(NotFound):
            await begin(store, turn, items=items_named("i"), attachments=[an_attachment("a")])

        with pytest.raises(NotFound):
            await store.get_turn(ALICE, turn.id)
        with pytest.raises(NotFound):
            await store.get_attachment(ALICE, "a")
        assert await store.orphaned_turns("") == []

    # One at a time

    async def test_a_second_turn_on_a_thread_is_refused_and_saves_nothing(
        self, store: Store
    ) -> None:
        first = await begun(store)
        second = a_turn("t", started_at=NOON + minutes(60))
        with pytest.raises(TurnActive) as refused:
            await begin(
                store, second, items=items_named("i"), attachments=[an_attachment("a", "t")]
            )

        assert refused.value.turn == first
        with pytest.raises(NotFound):
            await store.get_turn(ALICE, second.id)
        with pytest.raises(NotFound):
            await store.get_attachment(ALICE, "a")
        assert (await store.list_items(ALICE, "t", PageQuery())).data == []

    async def test_a_thread_given_anew_does_not_take_a_held_one(self, store: Store) -> None:
        await begun(store)
        with pytest.raises(TurnActive):
            await begin(store, a_turn("t"), thread=a_thread("t", title="Other"))

        assert (await store.get_thread(ALICE, "t")).title is None

    async def test_of_many_turns_at_once_exactly_one_begins(self, store: Store) -> None:
        await store.save_thread(ALICE, a_thread("t"))
        turns = {f"i{number}": a_turn("t", holder=f"host-{number}:1:x") for number in range(16)}
        async with asyncio.timeout(60):
            results = await asyncio.gather(
                *(begin(store, turn, items=items_named(i)) for i, turn in turns.items()),
                return_exceptions=True,
            )

        (winner,) = (i for i, result in zip(turns, results, strict=True) if result is None)
        refused = [result for result in results if isinstance(result, TurnActive)]
        assert len(refused) == len(turns) - 1
        assert {result.turn.id for result in refused} == {turns[winner].id}
        assert ids_of(await store.list_items(ALICE, "t", PageQuery())) == [winner]

    async def test_threads_do_not_wait_for_each_other(self, store: Store) -> None:
        turns = [a_turn(f"t{number}") for number in range(8)]
        async with asyncio.timeout(60):
            await asyncio.gather(
                *(begin(store, turn, thread=a_thread(turn.thread_id)) for turn in turns)
            )

        for turn in turns:
            assert await store.get_turn(ALICE, turn.id) == turn

    async def test_a_cancelled_beginning_happened_whole_or_not_at_all(self, store: Store) -> None:
        for steps in range(24):
            name = f"t{steps}"
            turn = a_turn(name, id=f"trn{steps}")
            beginning = asyncio.create_task(
                begin(store, turn, thread=a_thread(name), items=items_named("i"))
            )
            for _ in range(steps):
                await asyncio.sleep(0)
            beginning.cancel()
            await asyncio.wait([beginning])

        await store.save_thread(ALICE, a_thread("last"))  # by now the others are settled
        begun_turns = {turn.thread_id for turn in await store.orphaned_turns("")}
        for thread in (await store.list_threads(ALICE, PageQuery(limit=100))).data:
            if thread.id != "last":
                assert thread.id in begun_turns
                assert ids_of(await store.list_items(ALICE, thread.id, PageQuery())) == ["i"]

    # The same request again

    async def test_a_request_repeated_while_it_is_answered_is_told(self, store: Store) -> None:
        first = await begun(store, request_key="k")
        with pytest.raises(TurnRepeated) as refused:
            await begin(
                store, a_turn("t", request_key="k"), items=items_named("i"), repeated_since=NOON
            )

        assert refused.value.turn == first
        assert (await store.list_items(ALICE, "t", PageQuery())).data == []

    async def test_a_repeated_request_for_a_new_thread_makes_no_thread(self, store: Store) -> None:
        first = await begun(store, "t1", request_key="k")
        await store.mark_delivered(ALICE, first.id, False)
        with pytest.raises(TurnRepeated) as refused:
            await begin(
                store, a_turn("t2", request_key="k"), thread=a_thread("t2"), repeated_since=NOON
            )

        assert refused.value.turn.id == first.id
        with pytest.raises(NotFound):
            await store.get_thread(ALICE, "t2")

    @pytest.mark.parametrize(
        ("status", "delivered", "repeated"),
        [
            ("finished", False, True),
            ("failed", False, True),
            ("stopped", False, True),
            ("interrupted", True, True),
            ("interrupted", False, True),
            ("finished", True, False),
            ("failed", True, False),
            ("stopped", True, False),
        ],
    )
    async def test_an_ended_turn_is_repeated_if_its_answer_did_not_arrive(
        self, store: Store, status: TurnStatus, delivered: bool, repeated: bool
    ) -> None:
        first = await begun(store, request_key="k")
        if not delivered:
            await store.mark_delivered(ALICE, first.id, False)
        await store.finish_turn(first, status, TurnChanges())
        again = begin(store, a_turn("t", request_key="k"), repeated_since=NOON)

        if repeated:
            with pytest.raises(TurnRepeated) as refused:
                await again
            assert refused.value.turn.id == first.id
            assert refused.value.turn.status == status
        else:
            await again

    @pytest.mark.parametrize("status", ["finished", "failed", "stopped", "interrupted"])
    async def test_an_answer_that_arrived_after_all_is_not_repeated(
        self, store: Store, status: TurnStatus
    ) -> None:
        first = await begun(store, request_key="k")
        await store.mark_delivered(ALICE, first.id, False)
        await store.finish_turn(first, status, TurnChanges())
        await store.mark_delivered(ALICE, first.id, True)

        await begin(store, a_turn("t", request_key="k"), repeated_since=NOON)

    async def test_the_newest_repeated_turn_is_told(self, store: Store) -> None:
        older = await begun(store, "t1", request_key="k")
        newer = await begun(store, "t2", request_key="k", started_at=NOON + minutes(1))
        for turn in (newer, older):
            await store.mark_delivered(ALICE, turn.id, False)
        with pytest.raises(TurnRepeated) as refused:
            await begin(
                store, a_turn("t3", request_key="k"), thread=a_thread("t3"), repeated_since=NOON
            )

        assert refused.value.turn.id == newer.id

    async def test_a_request_of_long_ago_is_not_repeated(self, store: Store) -> None:
        first = await begun(store, request_key="k", delivered=False)
        await store.finish_turn(first, "finished", TurnChanges())
        second = a_turn("t", request_key="k", started_at=NOON + minutes(9))
        await begin(store, second, repeated_since=NOON + minutes(1))

        assert (await store.get_turn(ALICE, second.id)).status == "active"

    @pytest.mark.parametrize("key", ["k", None])
    async def test_nothing_is_repeated_unless_it_is_looked_for(
        self, store: Store, key: str | None
    ) -> None:
        first = await begun(store, request_key=key, delivered=False)
        await store.finish_turn(first, "finished", TurnChanges())
        await begin(
            store, a_turn("t", request_key=key), repeated_since=NOON if key is None else None
        )

    async def test_another_key_or_owner_or_thread_is_not_repeated(self, store: Store) -> None:
        await begun(store, "t1", request_key="k")
        await begun(store, "t2", request_key="j", delivered=False)
        for name, owner, key in (
            ("another thread", ALICE, "k"),
            ("another key", ALICE, "l"),
            ("a colleague's", COLLEAGUE, "j"),
            ("a namesake's", NAMESAKE, "j"),
        ):
            await begin(
                store,
                a_turn(name, owner, request_key=key),
                thread=a_thread(name),
                repeated_since=NOON,
            )

    # Ending

    async def test_the_end_of_a_turn_changes_everything_at_once(self, store: Store) -> None:
        turn = a_turn("t")
        await begin(store, turn, thread=a_thread("t"), items=items_named("a", "old"))
        await store.save_feedback(ALICE, "t", ["old"], "negative")
        await store.checkpoint(HOLDER, [a_piece(turn.id, 0, b"said")])
        await store.mark_delivered(ALICE, turn.id, False)
        unfinished = an_item("b", data=b'{"text":"half"}', finished=False)
        changes = TurnChanges(
            items=[unfinished, an_item("gone")],
            removed=["old", "gone", "none"],
            usage={"output_tokens": 7},
            error_id="err_1",
        )
        assert await store.finish_turn(turn, "failed", changes) is True

        ended = await store.get_turn(ALICE, turn.id)
        assert (ended.status, ended.error_id) == ("failed", "err_1")
        assert ended.usage == {"output_tokens": 7}
        assert ended.ended_at is not None
        assert ended.ended_at.utcoffset() == minutes(0)
        assert not ended.delivered
        page = await store.list_items(ALICE, "t", PageQuery(order="asc"))
        assert ids_of(page) == ["a", "b"]
        assert page.data[1] == unfinished
        assert await store.list_feedback(ALICE, "t") == []

    async def test_an_ended_turn_frees_its_thread(self, store: Store) -> None:
        first = await begun(store)
        await store.finish_turn(first, "finished", TurnChanges())
        second = a_turn("t")
        await begin(store, second)

        assert (await store.get_turn(ALICE, second.id)).status == "active"
        assert (await store.get_turn(ALICE, first.id)).status == "finished"

    async def test_a_turn_ends_only_once(self, store: Store) -> None:
        turn = await begun(store)
        assert await store.finish_turn(turn, "stopped", TurnChanges()) is True
        again = TurnChanges(items=items_named("late"), error_id="err_late")
        assert await store.finish_turn(turn, "finished", again) is False

        ended = await store.get_turn(ALICE, turn.id)
        assert (ended.status, ended.error_id) == ("stopped", None)
        assert (await store.list_items(ALICE, "t", PageQuery())).data == []

    async def test_of_many_ends_at_once_exactly_one_counts(self, store: Store) -> None:
        turn = await begun(store)
        async with asyncio.timeout(60):
            ended = await asyncio.gather(
                *(
                    store.finish_turn(turn, "finished", TurnChanges(items=items_named(f"i{n}")))
                    for n in range(8)
                )
            )

        assert ended.count(True) == 1
        listed = ids_of(await store.list_items(ALICE, "t", PageQuery()))
        assert listed == [f"i{ended.index(True)}"]

    async def test_a_turn_whose_thread_was_deleted_has_no_end(self, store: Store) -> None:
        turn = await begun(store)
        await store.delete_thread(ALICE, "t")

        changes = TurnChanges(items=items_named("i"))
        assert await store.finish_turn(turn, "finished", changes) is False
        with pytest.raises(NotFound):
            await store.get_thread(ALICE, "t")

    async def test_a_rename_while_a_turn_runs_is_kept(self, store: Store) -> None:
        turn = await begun(store)
        await store.update_thread(ALICE, "t", ThreadChanges(title="Mine", title_source="user"))
        await store.finish_turn(turn, "finished", TurnChanges(items=items_named("i")))

        assert (await store.get_thread(ALICE, "t")).title == "Mine"
