"""A thread's items as the messages that a model takes."""

from collections.abc import Callable, Iterable

from .protocol.types import (
    AssistantMessageItem,
    ClientToolCallItem,
    HiddenContextItem,
    SDKHiddenContextItem,
    StructuredInputItem,
    ThreadItem,
    UserMessageItem,
    WidgetItem,
)
from .protocol.wire import text_json, to_json
from .responders.base import Message

CountTokens = Callable[[str], int]


def estimate_tokens(text: str) -> int:
    """Estimate how many tokens a text is: one for each four bytes of UTF-8, rounded up."""
    return (len(text.encode(errors="surrogatepass")) + 3) // 4


def join_content(texts: Iterable[str]) -> str:
    """Join the parts of a message, with a space where two words would touch."""
    joined: list[str] = []
    for text in filter(None, texts):
        if joined and not joined[-1][-1].isspace() and not text[0].isspace():
            joined.append(" ")
        joined.append(text)
    return "".join(joined)


def as_message(item: ThreadItem) -> Message | None:
    """Return what an item says to a model, or None if it says nothing."""
    match item:
        case UserMessageItem():
            return _message("user", _user_text(item))
        case AssistantMessageItem():
            return _message("assistant", join_content(part.text for part in item.content))
        case HiddenContextItem() | SDKHiddenContextItem():
            content = item.content
            return _message("user", content if isinstance(content, str) else _json(content))
        case ClientToolCallItem(status="completed"):
            return _message("user", f"Result of the tool {item.name}: {_json(item.output)}")
        case StructuredInputItem() if item.status != "pending":
            return _message("user", _answers(item))
        case WidgetItem(copy_text=str(text)):
            return _message("assistant", text)
    return None


def newest_that_fit(
    messages: Iterable[Message], max_tokens: int | None, count_tokens: CountTokens
) -> list[Message]:
    """Return, oldest first, as many of the newest messages as fit; at least one.

    Args:
        messages: Newest first.
        max_tokens: How many tokens they may be in all; None is no bound.
        count_tokens: How many tokens a text is.
    """
    kept: list[Message] = []
    for message in messages:
        if max_tokens is not None:
            max_tokens -= count_tokens(message["content"])
            if max_tokens < 0 and kept:
                break
        kept.append(message)
    return kept[::-1]


def _message(role: str, content: str) -> Message | None:
    return {"role": role, "content": content} if content else None


def _user_text(item: UserMessageItem) -> str:
    text = join_content(part.text for part in item.content)
    if item.quoted_text:
        quote = "\n".join(f"> {line}" for line in item.quoted_text.splitlines())
        return f"{quote}\n\n{text}"
    return text


def _answers(item: StructuredInputItem) -> str:
    lines = []
    for question in item.inputs:
        values = question.answer.values if question.answer else []
        lines.append(f"{question.question}\n{', '.join(values) or '(skipped)'}")
    return "\n\n".join(lines)


def _json(value: object) -> str:
    return text_json(value).decode() if isinstance(value, str) else to_json(value).decode()
