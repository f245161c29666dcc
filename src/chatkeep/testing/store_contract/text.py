"""Text: every string comes back equal, whatever a person pasted."""

import json

import pytest

from ...context import Owner
from ...errors import NotFound
from ...stores.base import PageQuery, Store, ThreadChanges
from .records import ALICE, a_piece, a_thread, a_turn, an_attachment, an_item, begin, ids_of

TEXTS = {
    "null byte": "before\x00after",
    "lone high surrogate": "before\ud83dafter",
    "lone low surrogate": "before\udc00after",
    "surrogates the wrong way round": "\udc00\ud83d",
    "control characters": "".join(map(chr, range(0x20))) + "\x7f\x80\x9f",
    "what an escape may look like": "\\x00 \\u0000 \\ud83d \x1a0000 \x1b[0m %00 &#0; \ufffd",
    "emoji": "👩\u200d👩\u200d👧\u200d👦 🏴\U000e0067\U000e007f 🇨🇭",
    "right to left": "שלום \u202eمرحبا\u202c عالم",
    "combining, not normalised": "e\u0301 \u00e9 \ufb01 \u212b",
    "noncharacters and the last code point": "\ufffe\uffff\U0010ffff\ufeff",
    "quotes": """'"`;--/*%_\\""",
    "nothing": "",
    "a megabyte": "0123456789abcdef" * 65536,
}


def _item_json(text: str, escaped: bool) -> bytes:
    """JSON with ``text`` in it, all beyond ASCII escaped or only what must be."""
    must_escape = escaped or any("\ud800" <= character <= "\udfff" for character in text)
    return json.dumps({"text": text}, ensure_ascii=must_escape).encode()


class TextContract:
    """What a store promises about text."""

    @pytest.mark.parametrize("name", TEXTS)
    async def test_text_comes_back_as_it_went_in(self, store: Store, name: str) -> None:
        text = TEXTS[name]
        thread = a_thread(
            "t",
            title=text,
            status={"type": "locked", "reason": text},
            allowed_image_domains=[text],
            metadata={text: [text, {"inner": text}]},
        )
        await store.save_thread(ALICE, thread)
        assert await store.get_thread(ALICE, "t") == thread
        assert (await store.list_threads(ALICE, PageQuery())).data == [thread]

        changed = await store.update_thread(ALICE, "t", ThreadChanges(title=text + "!"))
        assert changed.title == text + "!"

    @pytest.mark.parametrize("name", TEXTS)
    @pytest.mark.parametrize("escaped", [False, True])
    async def test_items_and_attachments_come_back_byte_for_byte(
        self, store: Store, name: str, escaped: bool
    ) -> None:
        data = _item_json(TEXTS[name], escaped)
        await store.save_thread(ALICE, a_thread("t"))
        await store.save_items(ALICE, "t", [an_item("i", data=data)])
        await store.save_attachment(ALICE, an_attachment("a", "t", data=data))

        assert (await store.get_item(ALICE, "t", "i")).data == data
        assert (await store.list_items(ALICE, "t", PageQuery())).data[0].data == data
        assert (await store.list_attachments(ALICE, "t"))[0].data == data

    async def test_checkpoints_are_any_bytes(self, store: Store) -> None:
        turn = a_turn("t")
        await begin(store, turn, thread=a_thread("t"))
        frames = [b"", bytes(range(256)), b"x" * (1 << 20)]
        for number, frame in enumerate(frames):
            await store.checkpoint(turn.holder, [a_piece(turn.id, number, frame)])

        assert [piece.data for piece in await store.load_checkpoints(turn)] == frames

    @pytest.mark.parametrize("text", ["nul\x00", "lone\ud83d", "back\\slash", "ŝtrange 🙂"])
    async def test_ids_and_owners_are_any_text(self, store: Store, text: str) -> None:
        owner = Owner(f"tenant-{text}", f"user-{text}")
        with pytest.raises(NotFound):
            await store.get_thread(owner, text)
        with pytest.raises(NotFound):
            await store.list_threads(owner, PageQuery(after=text))
        with pytest.raises(NotFound):
            await store.get_attachment(owner, text)
        turn = a_turn(text, owner, request_key=text, input_item_id=text, usage={text: 1})
        await begin(store, turn, thread=a_thread(text), items=[an_item(text)])

        assert await store.get_turn(owner, turn.id) == turn
        assert ids_of(await store.list_items(owner, text, PageQuery())) == [text]
        assert (await store.get_item(owner, text, text)).id == text
