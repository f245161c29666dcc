"""Attachments: their metadata, and the thread that they belong to."""

import pytest

from ...errors import NotFound
from ...stores.base import Store
from .records import ALICE, NOON, a_thread, an_attachment, minutes


class AttachmentsContract:
    """What a store promises about attachments."""

    async def test_an_attachment_comes_back_byte_for_byte(self, store: Store) -> None:
        attachment = an_attachment(data=b'{ "metadata": {"k": "v"} }')
        await store.save_attachment(ALICE, attachment)

        assert await store.get_attachment(ALICE, attachment.id) == attachment

    async def test_an_attachment_joins_a_thread_when_saved_again(self, store: Store) -> None:
        await store.save_thread(ALICE, a_thread("t"))
        await store.save_attachment(ALICE, an_attachment("a"))
        assert await store.list_attachments(ALICE, "t") == []

        joined = an_attachment("a", "t", data=b'{"name":"b.txt"}')
        await store.save_attachment(ALICE, joined)
        assert await store.get_attachment(ALICE, "a") == joined
        assert await store.list_attachments(ALICE, "t") == [joined]

    async def test_an_attachment_moves_between_threads(self, store: Store) -> None:
        for name in ("t1", "t2"):
            await store.save_thread(ALICE, a_thread(name))
        await store.save_attachment(ALICE, an_attachment("a", "t1"))
        await store.save_attachment(ALICE, an_attachment("a", "t2"))

        assert await store.list_attachments(ALICE, "t1") == []
        assert await store.delete_thread(ALICE, "t1") == []
        assert await store.delete_thread(ALICE, "t2") == ["a"]

    async def test_attachments_are_listed_oldest_first(self, store: Store) -> None:
        await store.save_thread(ALICE, a_thread("t"))
        await store.save_thread(ALICE, a_thread("other"))
        await store.save_attachment(ALICE, an_attachment("a", "t", NOON + minutes(1)))
        await store.save_attachment(ALICE, an_attachment("c", "t", NOON))
        await store.save_attachment(ALICE, an_attachment("b", "t", NOON))
        await store.save_attachment(ALICE, an_attachment("d", "other", NOON))

        listed = await store.list_attachments(ALICE, "t")
        assert [attachment.id for attachment in listed] == ["b", "c", "a"]

    async def test_a_deleted_attachment_is_gone(self, store: Store) -> None:
        await store.save_thread(ALICE, a_thread("t"))
        await store.save_attachment(ALICE, an_attachment("a", "t"))
        await store.delete_attachment(ALICE, "a")

        with pytest.raises(NotFound):
            await store.get_attachment(ALICE, "a")
        with pytest.raises(NotFound):
            await store.delete_attachment(ALICE, "a")
        assert await store.list_attachments(ALICE, "t") == []
        assert await store.delete_thread(ALICE, "t") == []

    async def test_an_attachment_of_a_missing_thread_is_not_saved(self, store: Store) -> None:
        with pytest.raises(NotFound):
            await store.save_attachment(ALICE, an_attachment("a", "none"))
        with pytest.raises(NotFound):
            await store.get_attachment(ALICE, "a")
        with pytest.raises(NotFound):
            await store.list_attachments(ALICE, "none")
