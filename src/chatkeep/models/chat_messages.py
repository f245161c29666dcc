"""A conversation as ``/chat/completions`` takes it.

Plain on purpose, because servers differ most in what is beside plain text:

* Tools were the client's own, and the model is not told of any: servers refuse
  calls of tools that a request doesn't declare. So a result is told in words.
* An image is sent as such to a model that sees, else its name is told. So is
  a file's.
* Reasoning is left out: no server takes another model's.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from ..encoding import to_json
from ..messages import (
    FilePart,
    ImagePart,
    Message,
    Part,
    TextPart,
    ToolCallPart,
    ToolResultPart,
    join_content,
)

_SEEN = ("https:", "data:image/")


def chat_messages(
    messages: Iterable[Message], *, sees_images: bool = False
) -> list[dict[str, Any]]:
    """Return messages as the ``messages`` of a chat completion.

    Args:
        messages: The conversation, oldest first.
        sees_images: Whether the model takes images: those of a ``https:`` or
            ``data:`` URL in messages of the user are sent as ``image_url``.
    """
    calls: dict[str, ToolCallPart] = {}
    sent = (_chat_message(message, calls, sees_images) for message in messages)
    return [message for message in sent if message["content"]]


def _chat_message(
    message: Message, calls: dict[str, ToolCallPart], sees_images: bool
) -> dict[str, Any]:
    role = "user" if message.role == "tool" else message.role
    calls |= {part.call_id: part for part in message.parts if isinstance(part, ToolCallPart)}
    shown = list(_shown(message.parts)) if sees_images and role == "user" else []
    text = _told(message.parts, calls, shown)
    if not shown:
        return {"role": role, "content": text}
    content: list[dict[str, Any]] = [{"type": "text", "text": text}] if text else []
    content += [{"type": "image_url", "image_url": {"url": part.url}} for part in shown]
    return {"role": role, "content": content}


def _shown(parts: Iterable[Part]) -> Iterator[ImagePart]:
    for part in parts:
        if isinstance(part, ImagePart) and (part.url or "").startswith(_SEEN):
            yield part


def _told(parts: Sequence[Part], calls: dict[str, ToolCallPart], shown: list[ImagePart]) -> str:
    """Return what is told in words: what was said and given, then what came along."""
    said = join_content(filter(None, (_said(part, calls) for part in parts)))
    named = (_named(part) for part in parts if part not in shown)
    return "\n".join(filter(None, [said, *named]))


def _said(part: Part, calls: dict[str, ToolCallPart]) -> str | None:
    match part:
        case TextPart():
            return part.text
        case ToolResultPart():
            return _result(part, calls.get(part.call_id))
    return None


def _named(part: Part) -> str | None:
    match part:
        case ImagePart():
            return f"[Image: {part.name}]" if part.name else "[Image]"
        case FilePart():
            return f"[File: {part.name}]"
    return None


def _result(part: ToolResultPart, call: ToolCallPart | None) -> str:
    arguments = f" with {_json(call.arguments)}" if call and call.arguments else ""
    return f"Result of the tool {part.name}{arguments}: {_json(part.output)}"


def _json(value: object) -> str:
    return to_json(value).decode()
