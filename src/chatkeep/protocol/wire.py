"""Models and records to wire JSON, and back.

What goes over the wire is what the SDK would send: by alias, nulls left out,
attachment ``metadata`` left out. Lone surrogates, which UTF-8 can't carry, go
as ``\\udxxx`` escapes.
"""

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from functools import cache
from typing import Any

import msgspec
from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic_core import PydanticSerializationError

from ..stores.base import AttachmentRecord, ItemRecord, Page, ThreadRecord
from .types import Attachment, ThreadItem, ThreadMetadata, ThreadStatus, ThreadStreamEvent

_encode = msgspec.json.Encoder().encode

EMPTY_PAGE = b'{"data":[],"has_more":false}'


def text_json(text: str) -> bytes:
    """Return a string as JSON."""
    try:
        return _encode(text)
    except UnicodeEncodeError:
        return json.dumps(text).encode()


def to_json(value: Any) -> bytes:
    """Return plain data (dicts, lists, strings, numbers) as JSON."""
    try:
        return _encode(value)
    except UnicodeEncodeError:
        return json.dumps(value, separators=(",", ":")).encode()


def from_json(data: bytes) -> Any:
    """Return JSON as plain data."""
    try:
        return msgspec.json.decode(data)
    except msgspec.DecodeError:
        return json.loads(data)  # lone surrogates, which msgspec refuses


def model_json(model: BaseModel) -> bytes:
    """Return a model as wire JSON, attachment metadata included."""
    try:
        return model.__pydantic_serializer__.to_json(model, by_alias=True, exclude_none=True)
    except PydanticSerializationError as error:
        if "surrogates" not in str(error):
            raise
        return _model_json_leniently(model)


def _model_json_leniently(model: BaseModel) -> bytes:
    """Serialise what pydantic refuses to: models with lone surrogates in them."""
    try:
        return to_json(model.model_dump(mode="json", by_alias=True, exclude_none=True))
    except UnicodeEncodeError:  # even in a key
        value = model.model_dump(by_alias=True, exclude_none=True)
        return json.dumps(value, separators=(",", ":"), default=_plain).encode()


def _plain(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


@cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    return TypeAdapter(kind)


def _validate(kind: Any, data: bytes) -> Any:
    adapter = _adapter(kind)
    try:
        return adapter.validate_json(data)
    except ValidationError:
        if b"\\ud" not in data and b"\\uD" not in data:
            raise
        return adapter.validate_python(json.loads(data))


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
    return ItemRecord(item.id, item.type, aware(item.created_at), model_json(item), finished)


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
    return _encode_thread(value)[:-1] + b',"items":' + items + b"}"


def _encode_thread(value: dict[str, Any]) -> bytes:
    try:
        return _encode(value)
    except UnicodeEncodeError:
        return to_json(value | {"created_at": value["created_at"].isoformat()})


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
