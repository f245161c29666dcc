"""A conversation as a model is told of it: messages, each of a role and parts.

They belong to no model's wire. Each model makes of the parts what it takes, and
leaves out what it doesn't: `chat_messages` of `chatkeep.models.chat_messages`
is the one for chat completions.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

CountTokens: TypeAlias = Callable[[str], int]
"""How many tokens a text is."""

Role: TypeAlias = Literal["system", "user", "assistant", "tool"]
"""Whose a message is: ``system`` for instructions, ``tool`` for results of tools."""


@dataclass(frozen=True, slots=True)
class TextPart:
    """What was said in words."""

    text: str


@dataclass(frozen=True, slots=True)
class ImagePart:
    """A picture, by what is known of it: its bytes are somewhere else.

    Args:
        url: Where it can be seen: ``https:`` or ``data:``; None if nobody knows.
        name: The file's name.
        mime_type: Such as ``image/png``.
        attachment_id: The user's attachment that it is, if it is one.
        metadata: What the program keeps with the attachment; no client sees it.
    """

    url: str | None = None
    name: str = ""
    mime_type: str = ""
    attachment_id: str | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FilePart:
    """A file that the user attached, by what is known of it: its bytes are somewhere else.

    Args:
        name: The file's name.
        mime_type: Such as ``application/pdf``.
        attachment_id: The user's attachment that it is, if it is one.
        metadata: What the program keeps with the attachment; no client sees it.
    """

    name: str
    mime_type: str = ""
    attachment_id: str | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ToolCallPart:
    """The assistant's call of a tool. The result of the same ``call_id`` follows it."""

    call_id: str
    name: str
    arguments: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ToolResultPart:
    """What a tool gave back: any JSON value."""

    call_id: str
    name: str
    output: Any = None


@dataclass(frozen=True, slots=True)
class ReasoningPart:
    """What the assistant thought on the way to its answer, as far as it was shown."""

    text: str
    title: str | None = None


Part: TypeAlias = TextPart | ImagePart | FilePart | ToolCallPart | ToolResultPart | ReasoningPart
"""What a message is made of."""


@dataclass(frozen=True, slots=True, init=False)
class Message:
    """One message of a conversation.

    ::

        Message("user", "What is in this picture?")
        Message("user", [TextPart("What is this?"), ImagePart("https://example.com/a.png")])

    Args:
        role: Whose it is.
        parts: What it is made of. A string stands for one `TextPart`, or for
            none if it is empty.
    """

    role: Role
    parts: tuple[Part, ...]

    def __init__(self, role: Role, parts: str | Iterable[Part] = ()) -> None:
        if isinstance(parts, str):
            parts = [TextPart(parts)] if parts else []
        object.__setattr__(self, "role", role)
        object.__setattr__(self, "parts", tuple(parts))

    @property
    def text(self) -> str:
        """What it says in words: its text parts, joined as they read."""
        return join_content(part.text for part in self.parts if isinstance(part, TextPart))


def join_content(texts: Iterable[str]) -> str:
    """Join the parts of a message, with a space where two words would touch."""
    joined: list[str] = []
    for text in filter(None, texts):
        if joined and not joined[-1][-1].isspace() and not text[0].isspace():
            joined.append(" ")
        joined.append(text)
    return "".join(joined)


def estimate_tokens(text: str) -> int:
    """Estimate how many tokens a text is: one for each four bytes of UTF-8, rounded up."""
    return (len(text.encode(errors="surrogatepass")) + 3) // 4
