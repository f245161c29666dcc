"""A thread's items as the messages that a model is told, and as many of them as fit."""

from collections.abc import Iterable, Iterator, Sequence

from ..encoding import to_json
from ..messages import (
    CountTokens,
    FilePart,
    ImagePart,
    Message,
    Part,
    ReasoningPart,
    Role,
    TextPart,
    ToolCallPart,
    ToolResultPart,
    join_content,
)
from ..protocol.types import (
    AssistantMessageItem,
    Attachment,
    ClientToolCallItem,
    GeneratedImageItem,
    HiddenContextItem,
    ImageAttachment,
    SDKHiddenContextItem,
    StructuredInputItem,
    TaskItem,
    ThoughtTask,
    ThreadItem,
    UserMessageItem,
    WidgetItem,
    WorkflowItem,
)

IMAGE_TOKENS = 1000
FILE_TOKENS = 2000
"""What is counted for an image and for a file, whose real cost only the model knows."""


def messages_of(item: ThreadItem) -> list[Message]:
    """Return what an item says to a model: mostly one message, or none.

    A completed call of a tool is two, the call and its result, which stay together.
    """
    match item:
        case UserMessageItem():
            return _message("user", *_user_parts(item))
        case AssistantMessageItem():
            return _said("assistant", join_content(part.text for part in item.content))
        case HiddenContextItem() | SDKHiddenContextItem():
            content = item.content
            return _said("user", content if isinstance(content, str) else _json(content))
        case ClientToolCallItem(status="completed"):
            call = ToolCallPart(item.call_id, item.name, item.arguments)
            result = ToolResultPart(item.call_id, item.name, item.output)
            return [Message("assistant", [call]), Message("tool", [result])]
        case StructuredInputItem() if item.status != "pending":
            return _said("user", _answers(item))
        case WidgetItem(copy_text=str(text)):
            return _said("assistant", text)
        case GeneratedImageItem(image=image) if image is not None:
            return _message("assistant", ImagePart(url=image.url))
        case WorkflowItem():
            return _message("assistant", *_thoughts(item.workflow.tasks))
        case TaskItem():
            return _message("assistant", *_thoughts([item.task]))
    return []


def newest_that_fit(
    groups: Iterable[Sequence[Message]], max_tokens: int | None, count_tokens: CountTokens
) -> list[Message]:
    """Return, oldest first, as many of the newest messages as fit; the newest in any case.

    Args:
        groups: Messages that stay together, such as a tool's call and its
            result; the newest group first.
        max_tokens: How many tokens they may be in all; None is no bound.
        count_tokens: How many tokens a text is.
    """
    kept: list[Sequence[Message]] = []
    for group in filter(None, groups):
        if max_tokens is not None:
            max_tokens -= sum(_size(part, count_tokens) for part in _parts(group))
            if max_tokens < 0 and kept:
                break
        kept.append(group)
    return [message for group in reversed(kept) for message in group]


def _parts(messages: Iterable[Message]) -> Iterator[Part]:
    return (part for message in messages for part in message.parts)


def _size(part: Part, count_tokens: CountTokens) -> int:
    match part:
        case TextPart():
            return count_tokens(part.text)
        case ImagePart():
            return IMAGE_TOKENS
        case FilePart():
            return FILE_TOKENS
        case ToolCallPart():
            return count_tokens(part.name + _json(part.arguments))
        case ToolResultPart():
            return count_tokens(_json(part.output))
    return 0  # a model takes no reasoning but its own, which its server bounds


def _message(role: Role, *parts: Part) -> list[Message]:
    return [Message(role, parts)] if parts else []


def _said(role: Role, text: str) -> list[Message]:
    return [Message(role, text)] if text else []


def _user_parts(item: UserMessageItem) -> Iterator[Part]:
    text = join_content(part.text for part in item.content)
    if item.quoted_text:
        quote = "\n".join(f"> {line}" for line in item.quoted_text.splitlines())
        text = f"{quote}\n\n{text}"
    if text:
        yield TextPart(text)
    yield from map(_attached, item.attachments)


def _attached(attachment: Attachment) -> Part:
    metadata = attachment.metadata or {}
    if isinstance(attachment, ImageAttachment):
        return ImagePart(
            url=str(attachment.preview_url),
            name=attachment.name,
            mime_type=attachment.mime_type,
            attachment_id=attachment.id,
            metadata=metadata,
        )
    return FilePart(attachment.name, attachment.mime_type, attachment.id, metadata)


def _thoughts(tasks: Iterable[object]) -> Iterator[ReasoningPart]:
    for task in tasks:
        if isinstance(task, ThoughtTask) and task.content:
            yield ReasoningPart(task.content, task.title)


def _answers(item: StructuredInputItem) -> str:
    lines = []
    for question in item.inputs:
        values = question.answer.values if question.answer else []
        lines.append(f"{question.question}\n{', '.join(values) or '(skipped)'}")
    return "\n\n".join(lines)


def _json(value: object) -> str:
    return to_json(value).decode()
