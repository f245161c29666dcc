"""Threads: kept whole, changed in part, listed by key, deleted with all they hold."""

import asyncio

import pytest

from ...errors import NotFound
from ...stores.base import Order, PageQuery, Store, ThreadChanges, TurnChanges
from .records import (
    ALICE,
    COLLEAGUE,
    NOON,
    a_piece,
    a_thread,
    a_turn,
    an_attachment,
    an_item,
    begin,
    ids_of,
    items_named,
    minutes,
    walk,
)


class ThreadsContract:
    """What a store promises about threads."""

    async def test_a_thread_comes_back_as_it_was_saved(self, store: Store) -> None:
        thread = a_thread(
            title="Rent",
            title_source="user",
            status={"type": "locked", "reason": "audit"},
            allowed_image_domains=["example.org"],
            metadata={"nested": {"list": [1, 2.5, None, True]}},
        )
        await store.save_thread(ALICE, thread)

        assert await store.get_thread(ALICE, thread.id) == thread

    async def test_a_plain_thread_comes_back_with_its_defaults(self, store: Store) -> None:
        thread = a_thread()
        await store.save_thread(ALICE, thread)

        assert await store.get_thread(ALICE, thread.id) == thread

    async def test_a_missing_thread_is_not_found(self, store: Store) -> None:
        with pytest.raises(NotFound):
            await store.get_thread(ALICE, "thr_none")
        with pytest.raises(NotFound):
            await store.update_thread(ALICE, "thr_none", ThreadChanges(title="x"))
        with pytest.raises(NotFound):
            await store.delete_thread(ALICE, "thr_none")

    async def test_saving_a_thread_again_replaces_it_and_keeps_its_items(
        self, store: Store
    ) -> None:
        await store.save_thread(ALICE, a_thread("t", title="One", metadata={"a": 1}))
        await store.save_items(ALICE, "t", items_named("i"))
        again = a_thread("t", title="Two", created_at=NOON + minutes(5))
        await store.save_thread(ALICE, again)

        assert await store.get_thread(ALICE, "t") == again
        assert (await store.list_threads(ALICE, PageQuery())).data == [again]
        await store.save_items(ALICE, "t", items_named("j"))
        assert ids_of(await store.list_items(ALICE, "t", PageQuery())) == ["j", "i"]

    async def test_what_the_caller_does_to_a_record_later_is_not_kept(self, store: Store) -> None:
        thread = a_thread("t", metadata={"list": [1]})
        await store.save_thread(ALICE, thread)
        thread.metadata["list"].append(2)
        read = await store.get_thread(ALICE, "t")
        read.metadata["list"].append(3)
        read.title = "Changed"

        kept = await store.get_thread(ALICE, "t")
        assert kept.metadata == {"list": [1]}
        assert kept.title is None

    async def test_times_come_back_aware_and_exact(self, store: Store) -> None:
        await store.save_thread(ALICE, a_thread("t"))
        await store.save_items(ALICE, "t", items_named("i"))
        thread = await store.get_thread(ALICE, "t")
        item = await store.get_item(ALICE, "t", "i")

        for time in (thread.created_at, item.created_at):
            assert time == NOON
            assert time.utcoffset() == minutes(0)

    # Changes

    async def test_an_update_sets_the_named_fields_only(self, store: Store) -> None:
        thread = a_thread("t", title="Rent", metadata={"a": 1}, allowed_image_domains=["x.org"])
        await store.save_thread(ALICE, thread)
        locked = {"type": "locked", "reason": None}
        updated = await store.update_thread(ALICE, "t", ThreadChanges(status=locked))

        thread.status = locked
        assert updated == thread
        assert await store.get_thread(ALICE, "t") == thread

    async def test_an_update_can_set_every_field(self, store: Store) -> None:
        await store.save_thread(ALICE, a_thread("t", title="Rent", allowed_image_domains=["x.org"]))
        changes = ThreadChanges(
            title=None,
            title_source="default",
            status={"type": "closed"},
            allowed_image_domains=None,
            metadata={"b": 2},
        )
        updated = await store.update_thread(ALICE, "t", changes)

        assert updated == a_thread("t", status={"type": "closed"}, metadata={"b": 2})
        assert await store.get_thread(ALICE, "t") == updated

    async def test_an_update_of_nothing_returns_the_thread(self, store: Store) -> None:
        await store.save_thread(ALICE, a_thread("t", title="Rent"))

        assert await store.update_thread(ALICE, "t", ThreadChanges()) == a_thread("t", title="Rent")

    async def test_a_persons_title_is_kept_where_that_is_asked_for(self, store: Store) -> None:
        await store.save_thread(ALICE, a_thread("t"))
        made_up = ThreadChanges(title="Made up", keep_user_title=True, metadata={"seen": True})
        assert (await store.update_thread(ALICE, "t", made_up)).title == "Made up"

        renamed = ThreadChanges(title="Mine", title_source="user")
        assert (await store.update_thread(ALICE, "t", renamed)).title_source == "user"
        kept = await store.update_thread(ALICE, "t", made_up)
        assert (kept.title, kept.title_source) == ("Mine", "user")
        assert kept.metadata == {"seen": True}

        forced = await store.update_thread(ALICE, "t", ThreadChanges(title="Forced"))
        assert (forced.title, forced.title_source) == ("Forced", "responder")

    async def test_changes_at_the_same_time_keep_each_other(self, store: Store) -> None:
        await store.save_thread(ALICE, a_thread("t"))
        turn = a_turn("t")
        await begin(store, turn)
        await asyncio.gather(
            store.update_thread(ALICE, "t", ThreadChanges(title="Mine", title_source="user")),
            store.update_thread(ALICE, "t", ThreadChanges(metadata={"a": 1})),
            store.save_items(ALICE, "t", items_named("i")),
            store.finish_turn(turn, "finished", TurnChanges(items=items_named("j"))),
            store.update_thread(ALICE, "t", ThreadChanges(status={"type": "closed"})),
        )

        assert await store.get_thread(ALICE, "t") == a_thread(
            "t", title="Mine", title_source="user", metadata={"a": 1}, status={"type": "closed"}
        )

    # Lists

    @pytest.mark.parametrize("order", ["asc", "desc"])
    async def test_threads_are_listed_by_time_then_id(self, store: Store, order: Order) -> None:
        later, earlier = a_thread("a", created_at=NOON + minutes(1)), a_thread("z")
        tied = [a_thread(name) for name in ("b", "B", "é", "a_", "_")]
        for thread in (later, *tied, earlier):
            await store.save_thread(ALICE, thread)
        listed = ids_of(await store.list_threads(ALICE, PageQuery(order=order)))

        ascending = ["B", "_", "a_", "b", "z", "é", "a"]
        assert listed == (ascending if order == "asc" else ascending[::-1])

    @pytest.mark.parametrize("order", ["asc", "desc"])
    async def test_pages_of_threads_join_without_gap_or_repeat(
        self, store: Store, order: Order
    ) -> None:
        names = [f"t{number}" for number in range(7)]
        for number, name in enumerate(names):
            created_at = NOON + minutes(number // 2)
            await store.save_thread(ALICE, a_thread(name, created_at=created_at))

        async def read(limit: int) -> list[list[str]]:
            return await walk(lambda query: store.list_threads(ALICE, query), limit, order)

        ordered = names if order == "asc" else names[::-1]
        assert await read(3) == [ordered[:3], ordered[3:6], ordered[6:]]
        assert await read(7) == [ordered]
        assert await read(6) == [ordered[:6], ordered[6:]]

    async def test_a_limit_is_clamped_to_1_through_100(self, store: Store) -> None:
        for number in range(101):
            await store.save_thread(ALICE, a_thread(f"t{number:03}"))
        async with asyncio.timeout(30):
            everything = await store.list_threads(ALICE, PageQuery(limit=9999))
            one = await store.list_threads(ALICE, PageQuery(limit=-5))

        assert len(everything.data) == 100
        assert everything.has_more
        assert ids_of(one) == ["t100"]

    async def test_a_person_without_threads_has_an_empty_page(self, store: Store) -> None:
        page = await store.list_threads(ALICE, PageQuery())

        assert page.data == []
        assert not page.has_more

    async def test_a_list_begins_after_a_known_thread_only(self, store: Store) -> None:
        with pytest.raises(NotFound):
            await store.list_threads(ALICE, PageQuery(after="thr_none"))

    async def test_a_thread_that_comes_between_two_pages_shifts_nothing(self, store: Store) -> None:
        for number in range(4):
            created_at = NOON + minutes(number)
            await store.save_thread(ALICE, a_thread(f"t{number}", created_at=created_at))
        first = await store.list_threads(ALICE, PageQuery(limit=2))
        await store.save_thread(ALICE, a_thread("new", created_at=NOON + minutes(9)))
        second = await store.list_threads(ALICE, PageQuery(limit=2, after=first.after))

        assert ids_of(first) == ["t3", "t2"]
        assert ids_of(second) == ["t1", "t0"]

    # Deletion

    async def test_a_deleted_thread_takes_everything_with_it(self, store: Store) -> None:
        turn = a_turn("t", request_key="k", delivered=False)
        await begin(
            store,
            turn,
            thread=a_thread("t"),
            items=items_named("i"),
            attachments=[an_attachment("a1", "t"), an_attachment("a2", "t")],
        )
        await store.save_attachment(ALICE, an_attachment("loose"))
        await store.save_feedback(ALICE, "t", ["i"], "positive")
        await store.checkpoint(turn.holder, [a_piece(turn.id, 0, b"x")])

        assert sorted(await store.delete_thread(ALICE, "t")) == ["a1", "a2"]
        with pytest.raises(NotFound):
            await store.get_thread(ALICE, "t")
        with pytest.raises(NotFound):
            await store.get_attachment(ALICE, "a1")
        with pytest.raises(NotFound):
            await store.get_turn(ALICE, turn.id)
        assert await store.load_checkpoints(turn) == []
        assert await store.orphaned_turns(turn.holder) == []
        assert (await store.list_threads(ALICE, PageQuery())).data == []
        assert (await store.get_attachment(ALICE, "loose")).id == "loose"

    async def test_a_thread_made_anew_has_nothing_of_the_deleted_one(self, store: Store) -> None:
        since = NOON - minutes(1)
        old = a_turn("t", request_key="k", delivered=False)
        await begin(store, old, thread=a_thread("t"), items=items_named("i", "j"))
        await store.save_feedback(ALICE, "t", ["i"], "positive")
        await store.delete_thread(ALICE, "t")
        again = a_turn("t", request_key="k")
        await begin(store, again, thread=a_thread("t"), items=[an_item("i")], repeated_since=since)

        assert ids_of(await store.list_items(ALICE, "t", PageQuery())) == ["i"]
        assert await store.list_feedback(ALICE, "t") == []
        assert await store.list_attachments(ALICE, "t") == []

    async def test_deleting_one_thread_leaves_the_others(self, store: Store) -> None:
        for owner, name in ((ALICE, "t1"), (ALICE, "t2"), (COLLEAGUE, "t3")):
            await store.save_thread(owner, a_thread(name))
            await store.save_items(owner, name, items_named("i"))
        await store.delete_thread(ALICE, "t1")

        assert ids_of(await store.list_items(ALICE, "t2", PageQuery())) == ["i"]
        assert ids_of(await store.list_items(COLLEAGUE, "t3", PageQuery())) == ["i"]
