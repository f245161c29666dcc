"""Feedback: one verdict an item, the last one given."""

import pytest

from ...errors import NotFound
from ...stores.base import Store
from .records import ALICE, a_thread, items_named, minutes


async def _verdicts(store: Store) -> list[tuple[str, str]]:
    return [(given.item_id, given.kind) for given in await store.list_feedback(ALICE, "t")]


class FeedbackContract:
    """What a store promises about feedback."""

    async def test_feedback_is_listed_in_the_order_of_the_items(self, store: Store) -> None:
        await store.save_thread(ALICE, a_thread("t"))
        await store.save_items(ALICE, "t", items_named("z", "a", "m"))
        await store.save_feedback(ALICE, "t", ["m", "z"], "positive")

        assert await _verdicts(store) == [("z", "positive"), ("m", "positive")]
        given = (await store.list_feedback(ALICE, "t"))[0]
        assert given.created_at.utcoffset() == minutes(0)

    async def test_later_feedback_replaces_earlier(self, store: Store) -> None:
        await store.save_thread(ALICE, a_thread("t"))
        await store.save_items(ALICE, "t", items_named("a", "b"))
        await store.save_feedback(ALICE, "t", ["a", "b", "a"], "positive")
        await store.save_feedback(ALICE, "t", ["a"], "negative")

        assert await _verdicts(store) == [("a", "negative"), ("b", "positive")]

    async def test_feedback_on_a_missing_item_saves_nothing(self, store: Store) -> None:
        await store.save_thread(ALICE, a_thread("t"))
        await store.save_items(ALICE, "t", items_named("a"))
        with pytest.raises(NotFound):
            await store.save_feedback(ALICE, "t", ["a", "none"], "positive")
        with pytest.raises(NotFound):
            await store.save_feedback(ALICE, "none", ["a"], "positive")
        with pytest.raises(NotFound):
            await store.list_feedback(ALICE, "none")

        assert await _verdicts(store) == []

    async def test_feedback_goes_with_its_item_and_stays_when_it_changes(
        self, store: Store
    ) -> None:
        await store.save_thread(ALICE, a_thread("t"))
        await store.save_items(ALICE, "t", items_named("a", "b"))
        await store.save_feedback(ALICE, "t", ["a", "b"], "negative")
        await store.save_items(ALICE, "t", items_named("a", "b"))
        await store.delete_items(ALICE, "t", ["a"])
        await store.save_items(ALICE, "t", items_named("a"))

        assert await _verdicts(store) == [("b", "negative")]
