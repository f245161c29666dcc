"""Models and records to wire JSON, and back.

What goes over the wire is what the SDK would send: by alias, nulls left out,
attachment ``metadata`` left out.
"""

from collections.abc import Iterable
from datetime import UTC, datetime
from functools import cache
from typing import Any

from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic_core import to_jsonable_python

from ..encoding import SURELY_SOUND, NotJSON, is_sound, plain_scalar
from ..encoding import from_json as from_json
from ..encoding import text_json as text_json
from ..encoding import to_json as to_json
from ..stores.base import AttachmentRecord, ItemRecord, Page, ThreadRecord
from .types import (
    Attachment,
    HiddenContextItem,
    ThreadItem,
    ThreadMetadata,
    ThreadStatus,
    ThreadStreamEvent,
)

EMPTY_PAGE = b'{"data":[],"has_more":false}'


def model_json(model: BaseModel) -> bytes:
    """Return a model as wire JSON, attachment metadata included.

    Raises:
        NotJSON: It nests too deep, or holds something that is no data.
    """
    try:
        encoded = model.__pydantic_serializer__.to_json(model, by_alias=True, exclude_none=True)
    except (ValueError, TypeError, RecursionError):
        return _model_json_piecemeal(model)
    if len(encoded) <= SURELY_SOUND or is_sound(encoded):
        return encoded
    return _model_json_piecemeal(model)


def _model_json_piecemeal(model: BaseModel) -> bytes:
    try:
        data = model.model_dump(by_alias=True, exclude_none=True)
    except (ValueError, RecursionError) as error:
        raise NotJSON(f"a {type(model).__name__} can't be JSON: {error}") from error
    return to_json(data, _plain_scalar)


def _plain_scalar(value: Any) -> Any:
    """A date, a path, bytes: as the model would have written it but for what stands beside it."""
    try:
        return to_jsonable_python(value)
    except ValueError:
        return plain_scalar(value)


@cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    return TypeAdapter(kind)


def _validate(kind: Any, data: bytes) -> Any:
    adapter = _adapter(kind)
    try:
        return adapter.validate_json(data)
    except ValidationError as error:
        if error.errors(include_url=False, include_input=False)[0]["type"] != "json_invalid":
            raise
        return adapter.validate_python(from_json(data))  # it has lone surrogates


def parse_item(data: bytes) -> ThreadItem:
    """Return the item that wire JSON describes."""
    item: ThreadItem = _validate(ThreadItem, data)
    return item


def parse_event(data: bytes) -> ThreadStreamEvent:
    """Return the event that wire JSON describes."""
    event: ThreadStreamEvent = _validate(ThreadStreamEvent, data)
    return event


def parse_attachment(data: bytes) -> Attachment:
    """Return the attachment that JSON describes."""
    attachment: Attachment = _validate(Attachment, data)
    return attachment


def aware(moment: datetime) -> datetime:
    """Return a moment in UTC; a naive one is taken for local time, as the SDK makes it."""
    return moment.astimezone(UTC)


def item_record(item: ThreadItem, *, finished: bool = True) -> ItemRecord:
    """Return an item as a store keeps it."""
    data = model_json(item)
    if isinstance(item, HiddenContextItem) and item.content is None:
        # As a null it was left out, but an item without it can't be read again.
        data = data[:-1] + b',"content":null}'
    return ItemRecord(item.id, item.type, aware(item.created_at), data, finished)


def attachment_record(attachment: Attachment, created_at: datetime) -> AttachmentRecord:
    """Return an attachment as a store keeps it."""
    return AttachmentRecord(attachment.id, created_at, model_json(attachment), attachment.thread_id)


def public_item(item: ItemRecord) -> bytes:
    """Return an item's JSON as clients may see it."""
    if item.type != "user_message" or b'"metadata"' not in item.data:
        return item.data
    value = from_json(item.data)
    for attachment in value.get("attachments", ()):
        attachment.pop("metadata", None)
    return to_json(value)


def public_attachment(attachment: Attachment) -> bytes:
    """Return an attachment's JSON as clients may see it."""
    return model_json(attachment.model_copy(update={"metadata": None}))


def page_json(data: Iterable[bytes], after: str | None) -> bytes:
    """Return a page of already encoded rows."""
    end = b'],"has_more":false}'
    if after is not None:
        end = b'],"has_more":true,"after":' + text_json(after) + b"}"
    return b'{"data":[' + b",".join(data) + end


def items_json(page: Page[ItemRecord]) -> bytes:
    """Return a page of items."""
    return page_json(map(public_item, page.data), page.after)


def thread_json(thread: ThreadRecord, items: bytes = EMPTY_PAGE) -> bytes:
    """Return a thread with a page of items. Its metadata is the server's, and stays there."""
    value: dict[str, Any] = {"id": thread.id, "created_at": aware(thread.created_at)}
    if thread.title is not None:
        value["title"] = thread.title
    if thread.allowed_image_domains is not None:
        value["allowed_image_domains"] = thread.allowed_image_domains
    value["status"] = {key: part for key, part in thread.status.items() if part is not None}
    value["metadata"] = {}
    return to_json(value)[:-1] + b',"items":' + items + b"}"


def thread_model(thread: ThreadRecord) -> ThreadMetadata:
    """Return a thread as a responder sees it."""
    return ThreadMetadata(
        id=thread.id,
        created_at=thread.created_at,
        title=thread.title,
        status=_validate_status(thread.status),
        allowed_image_domains=thread.allowed_image_domains,
        metadata=thread.metadata,
    )


def _validate_status(status: dict[str, Any]) -> ThreadStatus:
    value: ThreadStatus = _adapter(ThreadStatus).validate_python(status)
    return value


def event_json(type: str, **fields: bytes) -> bytes:  # noqa: A002 - the wire's word
    """Return an event of already encoded fields."""
    rest = b"".join(b',"%s":%s' % (name.encode(), value) for name, value in fields.items())
    return b'{"type":"' + type.encode() + b'"' + rest + b"}"
