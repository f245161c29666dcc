"""Items: in the order they came, paged by key, hidden ones out of the way."""

import asyncio
from dataclasses import replace

import pytest

from ...errors import NotFound
from ...stores.base import Order, PageQuery, Store
from .records import ALICE, a_thread, an_item, ids_of, items_named, walk


class ItemsContract:
    """What a store promises about items."""

    async def test_an_item_comes_back_byte_for_byte(self, store: Store) -> None:
        await store.save_thread(ALICE, a_thread("t"))
        item = an_item(data=b'{"b" : 1,\t"a":\n[ ]}', type="widget", finished=False)
        await store.save_items(ALICE, "t", [item])

        assert await store.get_item(ALICE, "t", item.id) == item
        assert (await store.list_items(ALICE, "t", PageQuery())).data == [item]

    async def test_items_are_ordered_by_when_they_came_not_by_id_or_time(
        self, store: Store
    ) -> None:
        await store.save_thread(ALICE, a_thread("t"))
        await store.save_items(ALICE, "t", items_named("c", "a"))
        await store.save_items(ALICE, "t", items_named("b"))

        assert ids_of(await store.list_items(ALICE, "t", PageQuery(order="asc"))) == ["c", "a", "b"]
        assert ids_of(await store.list_items(ALICE, "t", PageQuery())) == ["b", "a", "c"]

    async def test_an_item_saved_again_is_replaced_in_its_place(self, store: Store) -> None:
        await store.save_thread(ALICE, a_thread("t"))
        await store.save_items(ALICE, "t", items_named("a", "b", "c"))
        changed = replace(an_item("a", "widget"), data=b'{"new":1}', finished=False)
        await store.save_items(ALICE, "t", [an_item("d"), changed])
        page = await store.list_items(ALICE, "t", PageQuery(order="asc"))

        assert ids_of(page) == ["a", "b", "c", "d"]
        assert page.data[0] == changed

    async def test_an_item_given_twice_in_one_call_is_saved_once(self, store: Store) -> None:
        await store.save_thread(ALICE, a_thread("t"))
        last = replace(an_item("a"), data=b'{"last":1}')
        await store.save_items(ALICE, "t", [an_item("a"), an_item("b"), last])
        page = await store.list_items(ALICE, "t", PageQuery(order="asc"))

        assert ids_of(page) == ["a", "b"]
        assert page.data[0] == last

    async def test_an_item_id_names_one_item_of_its_thread_only(self, store: Store) -> None:
        for thread_id in ("t1", "t2"):
            await store.save_thread(ALICE, a_thread(thread_id))
            data = f'{{"in":"{thread_id}"}}'.encode()
            await store.save_items(ALICE, thread_id, [replace(an_item("same"), data=data)])
        await store.delete_items(ALICE, "t1", ["same"])

        assert (await store.get_item(ALICE, "t2", "same")).data == b'{"in":"t2"}'
        with pytest.raises(NotFound):
            await store.get_item(ALICE, "t1", "same")

    async def test_what_is_missing_is_not_found(self, store: Store) -> None:
        await store.save_thread(ALICE, a_thread("t"))
        with pytest.raises(NotFound):
            await store.get_item(ALICE, "t", "none")
        with pytest.raises(NotFound):
            await store.get_item(ALICE, "none", "none")
        with pytest.raises(NotFound):
            await store.list_items(ALICE, "none", PageQuery())
        with pytest.raises(NotFound):
            await store.list_items(ALICE, "t", PageQuery(after="none"))
        with pytest.raises(NotFound):
            await store.save_items(ALICE, "none", items_named("a"))
        with pytest.raises(NotFound):
            await store.delete_items(ALICE, "none", ["a"])

    @pytest.mark.parametrize("order", ["asc", "desc"])
    async def test_a_thread_is_opened_with_the_page_that_a_list_gives(
        self, store: Store, order: Order
    ) -> None:
        await store.save_thread(ALICE, a_thread("t"))
        hidden = an_item("h", "hidden_context_item")
        await store.save_items(ALICE, "t", [*items_named("a", "b"), hidden, *items_named("c")])
        query = PageQuery(2, order=order)

        thread, page = await store.open_thread(ALICE, "t", query)
        assert thread == await store.get_thread(ALICE, "t")
        assert page == await store.list_items(ALICE, "t", query)
        assert page.has_more
        with pytest.raises(NotFound):
            await store.open_thread(ALICE, "nowhere", query)
        with pytest.raises(NotFound):
            await store.open_thread(ALICE, "t", PageQuery(after="nowhere"))

    async def test_an_empty_thread_has_an_empty_page(self, store: Store) -> None:
        await store.save_thread(ALICE, a_thread("t"))
        await store.save_items(ALICE, "t", [])
        await store.delete_items(ALICE, "t", [])
        page = await store.list_items(ALICE, "t", PageQuery())

        assert page.data == []
        assert not page.has_more

    @pytest.mark.parametrize("order", ["asc", "desc"])
    async def test_pages_of_items_join_without_gap_or_repeat(
        self, store: Store, order: Order
    ) -> None:
        names = [f"i{number}" for number in range(7)]
        await store.save_thread(ALICE, a_thread("t"))
        await store.save_items(ALICE, "t", items_named(*names))

        async def read(limit: int) -> list[list[str]]:
            return await walk(lambda query: store.list_items(ALICE, "t", query), limit, order)

        ordered = names if order == "asc" else names[::-1]
        assert await read(3) == [ordered[:3], ordered[3:6], ordered[6:]]
        assert await read(7) == [ordered]
        assert await read(6) == [ordered[:6], ordered[6:]]

    async def test_a_limit_of_items_is_clamped_to_1_through_100(self, store: Store) -> None:
        await store.save_thread(ALICE, a_thread("t"))
        await store.save_items(ALICE, "t", items_named(*(f"i{n}" for n in range(101))))
        everything = await store.list_items(ALICE, "t", PageQuery(limit=9999, order="asc"))
        one = await store.list_items(ALICE, "t", PageQuery(limit=0, order="asc"))

        assert ids_of(everything) == [f"i{n}" for n in range(100)]
        assert everything.has_more
        assert ids_of(one) == ["i0"]

    @pytest.mark.parametrize("order", ["asc", "desc"])
    async def test_hidden_items_leave_no_hole_in_a_page(self, store: Store, order: Order) -> None:
        hidden = [an_item(f"h{n}", "hidden_context_item") for n in range(5)]
        more = [an_item(f"s{n}", "sdk_hidden_context") for n in range(5)]
        shown = items_named("a", "b", "c")
        a, b, c = shown
        await store.save_thread(ALICE, a_thread("t"))
        await store.save_items(ALICE, "t", [*hidden[:3], a, *more, b, *hidden[3:], c])
        pages = await walk(lambda query: store.list_items(ALICE, "t", query), 2, order)

        assert pages == ([["a", "b"], ["c"]] if order == "asc" else [["c", "b"], ["a"]])

    async def test_trailing_hidden_items_are_no_further_page(self, store: Store) -> None:
        await store.save_thread(ALICE, a_thread("t"))
        trailing = an_item("h", "hidden_context_item")
        await store.save_items(ALICE, "t", [*items_named("a", "b"), trailing])
        page = await store.list_items(ALICE, "t", PageQuery(limit=2, order="asc"))

        assert ids_of(page) == ["a", "b"]
        assert not page.has_more

    async def test_hidden_items_are_there_for_who_asks(self, store: Store) -> None:
        await store.save_thread(ALICE, a_thread("t"))
        secret = an_item("h", "hidden_context_item")
        await store.save_items(ALICE, "t", [*items_named("a"), secret, *items_named("b")])
        query = PageQuery(order="asc")
        after_secret = PageQuery(order="asc", after="h")

        assert ids_of(await store.list_items(ALICE, "t", query, hidden=True)) == ["a", "h", "b"]
        assert ids_of(await store.list_items(ALICE, "t", query)) == ["a", "b"]
        assert ids_of(await store.list_items(ALICE, "t", after_secret)) == ["b"]
        assert await store.get_item(ALICE, "t", "h") == secret

    async def test_an_item_that_stops_being_hidden_appears_in_its_place(self, store: Store) -> None:
        await store.save_thread(ALICE, a_thread("t"))
        secret = an_item("b", "hidden_context_item")
        await store.save_items(ALICE, "t", [an_item("a"), secret, an_item("c")])
        await store.save_items(ALICE, "t", [an_item("b")])

        page = await store.list_items(ALICE, "t", PageQuery(order="asc"))
        assert ids_of(page) == ["a", "b", "c"]

    async def test_deleting_passes_over_what_is_not_there(self, store: Store) -> None:
        await store.save_thread(ALICE, a_thread("t"))
        await store.save_items(ALICE, "t", items_named("a", "b", "c"))
        await store.delete_items(ALICE, "t", ["a", "none", "c", "a"])

        assert ids_of(await store.list_items(ALICE, "t", PageQuery())) == ["b"]

    async def test_an_item_deleted_and_saved_again_comes_last(self, store: Store) -> None:
        await store.save_thread(ALICE, a_thread("t"))
        await store.save_items(ALICE, "t", items_named("a", "b"))
        await store.delete_items(ALICE, "t", ["a", "b"])
        await store.save_items(ALICE, "t", items_named("c", "a"))

        assert ids_of(await store.list_items(ALICE, "t", PageQuery(order="asc"))) == ["c", "a"]

    async def test_writers_at_the_same_time_lose_nothing(self, store: Store) -> None:
        await store.save_thread(ALICE, a_thread("t"))
        batches = [[f"{writer}-{n}" for n in range(4)] for writer in range(12)]
        async with asyncio.timeout(30):
            await asyncio.gather(
                *(store.save_items(ALICE, "t", items_named(*batch)) for batch in batches)
            )
        page = await store.list_items(ALICE, "t", PageQuery(limit=100, order="asc"))
        listed = ids_of(page)

        assert sorted(listed) == sorted(name for batch in batches for name in batch)
        for batch in batches:
            start = listed.index(batch[0])
            assert listed[start : start + 4] == batch
