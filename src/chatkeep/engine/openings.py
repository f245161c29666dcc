"""From a request to the opening of a turn: what it begins with, checked and complete.

Nothing is written here. Whatever is wrong with a request is raised before its
turn begins, so that a failed request leaves nothing behind.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from ..context import Owner
from ..errors import ClientError, Conflict, InvalidRequest
from ..protocol.requests import StreamingRequest
from ..protocol.types import (
    Action,
    ClientToolCallItem,
    StructuredInputAnswer,
    StructuredInputItem,
    StructuredInputMultipleChoice,
    StructuredInputSubmission,
    ThreadItem,
    ThreadsAddClientToolOutputReq,
    ThreadsAddStructuredInputReq,
    ThreadsAddUserMessageReq,
    ThreadsCreateReq,
    ThreadsCustomActionReq,
    ThreadsRetryAfterItemReq,
    UserMessageInput,
    UserMessageItem,
    WidgetItem,
)
from ..protocol.wire import (
    attachment_record,
    event_json,
    item_record,
    parse_attachment,
    parse_item,
    public_item,
    thread_json,
)
from ..settings import Settings
from ..stores.base import (
    MAX_PAGE_SIZE,
    AttachmentRecord,
    ItemRecord,
    PageQuery,
    Store,
    ThreadRecord,
)
from ..turn import TurnKind
from .threads import writable
from .titles import title_from_text

STREAM_OPTIONS = b'{"type":"stream_options","stream_options":{"allow_cancel":true}}'
"""The event (as JSON) that says what a client may do with a stream."""


@dataclass(frozen=True, slots=True)
class Opening:
    """What a turn begins with.

    Args:
        request_type: The wire type of the request.
        is_new: Whether the thread comes into being with this turn.
        input: The item that the turn answers, as the responder sees it.
        message: The user's message that the turn belongs to, if there is one.
        items: What is saved when the turn begins, appended or in its place.
        prelude: The events (as JSON) that its stream begins with.
        is_retry: Whether the input was answered before. The items that follow it
            are deleted once the turn has brought something new.
        refusal: What is wrong with the request, unless it has come before.
    """

    kind: TurnKind
    thread: ThreadRecord
    request_type: str
    prelude: Sequence[bytes]
    is_new: bool = False
    input: ThreadItem | None = None
    message: UserMessageItem | None = None
    action: Action[str, Any] | None = None
    items: Sequence[ItemRecord] = ()
    attachments: Sequence[AttachmentRecord] = ()
    is_retry: bool = False
    refusal: ClientError | None = None


class Openings:
    """Makes openings for one owner's requests.

    Args:
        default_titles: Whether a new thread is named after its first message.
    """

    def __init__(
        self,
        store: Store,
        owner: Owner,
        settings: Settings,
        *,
        default_titles: bool = True,
    ) -> None:
        self.store = store
        self.owner = owner
        self._settings = settings
        self._default_titles = default_titles

    async def open(self, request: StreamingRequest) -> Opening:
        """Return the opening of the turn that a request asks for.

        Raises:
            NotFound: The thread, an item or an attachment is not there.
            InvalidRequest: The request names an item of the wrong kind.
            ThreadLocked, ThreadClosed: No one may write in the thread.
        """
        kind = request.type
        match request:
            case ThreadsCreateReq():
                return await self._create(kind, request.params.input)
            case ThreadsAddUserMessageReq(params=params):
                thread = await self.writable(params.thread_id)
                return await self._message(kind, thread, params.input)
            case ThreadsRetryAfterItemReq(params=params):
                thread = await self.writable(params.thread_id)
                return await self.retry(kind, thread, params.item_id)
            case ThreadsAddClientToolOutputReq(params=params):
                thread = await self.writable(params.thread_id)
                return await self._tool_output(kind, thread, params.result)
            case ThreadsAddStructuredInputReq(params=params):
                thread = await self.writable(params.thread_id)
                return await self._structured_input(kind, thread, params.item_id, params.input)
            case ThreadsCustomActionReq(params=params):
                thread = await self.writable(params.thread_id)
                return await self._action(kind, thread, params.item_id, params.action)
        raise InvalidRequest

    async def writable(self, thread_id: str) -> ThreadRecord:
        """Return a thread that may be written in.

        Raises:
            NotFound: There is no such thread.
            ThreadLocked, ThreadClosed: No one may write in it.
        """
        return writable(await self.store.get_thread(self.owner, thread_id))

    # A message

    async def _create(self, kind: str, content: UserMessageInput) -> Opening:
        thread = ThreadRecord(self.store.new_thread_id(), datetime.now(UTC))
        opening = await self._message(kind, thread, content)
        if self._default_titles and opening.message is not None:
            thread.title = title_from_text(opening.message)
        created = event_json("thread.created", thread=thread_json(thread))
        return replace(opening, is_new=True, prelude=[created, *opening.prelude])

    async def _message(self, kind: str, thread: ThreadRecord, content: UserMessageInput) -> Opening:
        if len(content.attachments) > self._settings.max_attachments:
            raise InvalidRequest("A message may not have so many attachments.")
        attachments = [
            await self.store.get_attachment(self.owner, attachment_id)
            for attachment_id in dict.fromkeys(content.attachments)
        ]
        models = [
            parse_attachment(record.data).model_copy(update={"thread_id": thread.id})
            for record in attachments
        ]
        item = UserMessageItem(
            id=self.store.new_item_id(thread.id, "user_message"),
            thread_id=thread.id,
            created_at=datetime.now(UTC),
            content=content.content,
            attachments=models,
            quoted_text=content.quoted_text,
            inference_options=content.inference_options,
        )
        record = item_record(item)
        said = event_json("thread.item.done", item=public_item(record))
        return Opening(
            "message",
            thread,
            kind,
            [said, STREAM_OPTIONS],
            input=item,
            message=item,
            items=[record],
            attachments=[
                attachment_record(model, known.created_at)
                for model, known in zip(models, attachments, strict=True)
            ],
        )

    async def retry(self, kind: str, thread: ThreadRecord, item_id: str) -> Opening:
        """Return the opening of a turn that answers a message again.

        What followed the message stays until there is something new.

        Raises:
            NotFound: There is no such item.
            InvalidRequest: It is not a user's message.
        """
        item = parse_item((await self.store.get_item(self.owner, thread.id, item_id)).data)
        if not isinstance(item, UserMessageItem):
            raise InvalidRequest(f"Item {item_id} is not a user message, to be answered again.")
        prelude = [STREAM_OPTIONS]
        return Opening("retry", thread, kind, prelude, input=item, message=item, is_retry=True)

    async def items_after(self, thread_id: str, item_id: str) -> list[ItemRecord]:
        """Return all items that follow one, hidden ones included."""
        found: list[ItemRecord] = []
        after: str | None = item_id
        while after is not None:
            query = PageQuery(MAX_PAGE_SIZE, after, "asc")
            page = await self.store.list_items(self.owner, thread_id, query, hidden=True)
            found.extend(page.data)
            after = page.after
        return found

    async def last_message(self, thread_id: str) -> UserMessageItem | None:
        """Return the user's last message, if it is among the newest items."""
        newest = await self.store.list_items(self.owner, thread_id, PageQuery(MAX_PAGE_SIZE))
        return _last_message(newest.data)

    # An answer to what the server asked

    async def _tool_output(self, kind: str, thread: ThreadRecord, result: Any) -> Opening:
        newest = await self.store.list_items(self.owner, thread.id, PageQuery(MAX_PAGE_SIZE))
        calls = [parse_item(item.data) for item in newest.data if item.type == "client_tool_call"]
        pending = [call for call in calls if _is_pending(call)]
        opening = Opening(
            "tool_output",
            thread,
            kind,
            [STREAM_OPTIONS],
            input=calls[0] if calls else None,
            message=_last_message(newest.data),
        )
        if not pending:
            refusal = Conflict("No tool call is waiting for an output in this thread.")
            return replace(opening, refusal=refusal)
        # Of several, only the newest can have been run; the others are closed with it.
        call = pending[0].model_copy(update={"status": "completed", "output": result})
        others = [other.model_copy(update={"status": "completed"}) for other in pending[1:]]
        return replace(opening, input=call, items=[item_record(item) for item in (call, *others)])

    async def _structured_input(
        self, kind: str, thread: ThreadRecord, item_id: str, submission: StructuredInputSubmission
    ) -> Opening:
        item = parse_item((await self.store.get_item(self.owner, thread.id, item_id)).data)
        if not isinstance(item, StructuredInputItem):
            raise InvalidRequest("This item asks for no input.")
        answered = answer(item, submission) if item.status == "pending" else item
        record = item_record(answered)
        replaced = event_json("thread.item.replaced", item=record.data)
        return Opening(
            "structured_input",
            thread,
            kind,
            [STREAM_OPTIONS, replaced],
            input=answered,
            message=await self.last_message(thread.id),
            items=[record],
            refusal=None if answered is not item else Conflict("This has been answered already."),
        )

    # An action

    async def _action(
        self, kind: str, thread: ThreadRecord, item_id: str | None, action: Action[str, Any]
    ) -> Opening:
        sender = await self.sender(thread.id, item_id)
        message = await self.last_message(thread.id)
        prelude = [STREAM_OPTIONS]
        return Opening(
            "action", thread, kind, prelude, input=sender, message=message, action=action
        )

    async def sender(self, thread_id: str, item_id: str | None) -> WidgetItem | None:
        """Return the widget that an action comes from, if it names one.

        Raises:
            NotFound: There is no such item.
            InvalidRequest: It is not a widget.
        """
        if item_id is None:
            return None
        item = parse_item((await self.store.get_item(self.owner, thread_id, item_id)).data)
        if not isinstance(item, WidgetItem):
            raise InvalidRequest("An action comes from a widget.")
        return item


def answer(item: StructuredInputItem, submission: StructuredInputSubmission) -> StructuredInputItem:
    """Return the questions with a user's answers.

    Answers to questions that were not asked are left out; so is all but the
    first of several values where one was asked for.
    """
    answered = item.model_copy(deep=True)
    answered.status = submission.status
    for question in answered.inputs:
        given = submission.answers.get(question.id)
        if submission.status == "skipped" or given is None or given.skipped or not given.values:
            question.answer = StructuredInputAnswer(skipped=True)
            continue
        single = isinstance(question, StructuredInputMultipleChoice) and not question.multiple
        question.answer = StructuredInputAnswer(values=given.values[:1] if single else given.values)
    return answered


def _is_pending(item: ThreadItem) -> bool:
    return isinstance(item, ClientToolCallItem) and item.status == "pending"


def _last_message(newest_first: list[ItemRecord]) -> UserMessageItem | None:
    for record in newest_first:
        if record.type == "user_message":
            item = parse_item(record.data)
            return item if isinstance(item, UserMessageItem) else None
    return None
