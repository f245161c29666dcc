"""What a thread is called before anyone names it."""

from ..characters import cut_before
from ..messages import join_content
from ..protocol.types import UserMessageItem

MAX_LENGTH = 60


def title_from_text(message: UserMessageItem) -> str | None:
    """Return the first message as a title: one line, cut at a word, or None if it is empty."""
    text = " ".join(join_content(part.text for part in message.content).split())
    if len(text) <= MAX_LENGTH:
        return text or None
    cut = text[: MAX_LENGTH + 1].rsplit(" ", 1)[0]
    if len(cut) > MAX_LENGTH:  # one very long word
        cut = text[: cut_before(text, MAX_LENGTH)]
    return cut.rstrip(" ,.;:!?-–—") + "…"
