"""The turn, as a responder sees it: who asks what, what was said before, what to show."""

from collections.abc import Awaitable, Callable, Collection
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, Literal, Protocol, TypeAlias

from .context import Context
from .encoding import from_json, to_json
from .engine.conversation import messages_of, newest_that_fit
from .engine.recorder import Recorder
from .engine.states import checked_state
from .engine.thread_state import ThreadState
from .messages import CountTokens, Message, estimate_tokens, join_content
from .protocol.types import (
    Action,
    Annotation,
    Attachment,
    ClientToolCallItem,
    EntitySource,
    FileSource,
    HiddenContextItem,
    InferenceOptions,
    ProgressUpdateEvent,
    StructuredInputItem,
    ThreadItem,
    ThreadMetadata,
    URLSource,
    UserMessageItem,
    WidgetItem,
)

TurnKind: TypeAlias = Literal["message", "retry", "tool_output", "structured_input", "action"]

Output: TypeAlias = Any
"""``str``, a ``ThreadStreamEvent``, a widget root or a thread item."""


class LoadItems(Protocol):
    """Loads a thread's items for a turn."""

    async def __call__(self, limit: int, before: str | None = None) -> list[ThreadItem]:
        """Return so many of the newest that a turn may look back on, newest first."""
        ...


LoadState: TypeAlias = Callable[[str], Awaitable[Any]]
"""Loads what a responder of a name wanted to know again."""


class UserMessage:
    """What the user wrote."""

    def __init__(self, item: UserMessageItem) -> None:
        self.item = item

    @property
    def id(self) -> str:
        """The item's id."""
        return self.item.id

    @cached_property
    def text(self) -> str:
        """All text and tags, joined as they read."""
        return join_content(part.text for part in self.item.content)

    @property
    def attachments(self) -> list[Attachment]:
        """The files that came along: their metadata."""
        return self.item.attachments

    @property
    def quoted_text(self) -> str | None:
        """What the user quoted, if anything."""
        return self.item.quoted_text

    @property
    def inference_options(self) -> InferenceOptions:
        """The model and the tool that the user chose."""
        return self.item.inference_options


class Turn:
    """One turn of a conversation.

    Attributes:
        id: The turn's id, as logs name it.
        kind: What the turn answers.
        context: Who asks, and what came along with the request.
        message: The user's message that is answered: the last one, for a tool
            output, a structured input or an action. None in a thread without one.
        input: The item that began the turn: the user's message, the completed
            tool call, the answered questions or the widget acted on.
        action: What was done with a widget, for the kind ``"action"``.
        replaces: The ids of the items that go once the turn has brought something
            new: of an answer that is given again. `items` and `history` leave them out.
    """

    def __init__(
        self,
        *,
        id: str,  # noqa: A002 - the wire's word
        kind: TurnKind,
        context: Context,
        thread: ThreadState,
        input: ThreadItem | None,  # noqa: A002 - the SDK's word
        message: UserMessageItem | None,
        action: Action[str, Any] | None,
        replaces: Collection[str] = (),
        recorder: Recorder,
        load_items: LoadItems,
        load_state: LoadState,
    ) -> None:
        self.id = id
        self.kind = kind
        self.context = context
        self.input = input
        self.message = UserMessage(message) if message else None
        self.action = action
        self.replaces = replaces
        self.usage: dict[str, Any] | None = None
        self._thread = thread
        self._recorder = recorder
        self._load_items = load_items
        self._load_state = load_state
        self.new_states: dict[str, Any] = {}
        """What responders want to know again, by their names; kept with the turn's end."""

    @property
    def thread(self) -> ThreadMetadata:
        """The thread; its title, status, metadata and allowed image domains may be set.

        What is set is kept, but for a title in the place of one that a person gave.
        """
        return self._thread.thread

    @property
    def tool_call(self) -> ClientToolCallItem | None:
        """The completed client tool call, for the kind ``"tool_output"``."""
        return self.input if isinstance(self.input, ClientToolCallItem) else None

    @property
    def structured_input(self) -> StructuredInputItem | None:
        """The answered questions, for the kind ``"structured_input"``."""
        return self.input if isinstance(self.input, StructuredInputItem) else None

    @property
    def sender(self) -> WidgetItem | None:
        """The widget that the action came from, if it came from one."""
        return self.input if isinstance(self.input, WidgetItem) else None

    # Looking back

    async def items(self, limit: int = 50, before: str | None = None) -> list[ThreadItem]:
        """Return the newest items in order, the turn's input last, hidden ones included.

        Args:
            limit: How many items at most.
            before: The id of an item: those that stand before it, to page back
                with the first of what the last call returned.

        Raises:
            NotFound: There is no item ``before`` which to look.
        """
        return (await self._load_items(limit, before))[::-1]

    async def history(
        self,
        limit: int = 50,
        max_tokens: int | None = None,
        count_tokens: CountTokens = estimate_tokens,
    ) -> list[Message]:
        """Return the newest messages in order, the one to answer last.

        What the user wrote comes with its attachments, as images and files. A
        completed call of a client's tool is a message of the assistant with the
        call, and one of the role ``tool`` with the result. Hidden context and
        answers to structured input are messages of the user. Of a workflow its
        thoughts are told, as reasoning. Items that say nothing are left out.

        Args:
            limit: How many items to look back on.
            max_tokens: How many tokens in all; the newest message is always there,
                and a result never without its call. An image counts 1000, a file
                2000, reasoning nothing.
            count_tokens: How to count text; by default one for each four bytes.
        """
        newest_first = map(messages_of, await self._load_items(limit))
        return newest_that_fit(newest_first, max_tokens, count_tokens)

    # A responder's own state

    async def get_state(self, name: str) -> Any:
        """Return what a responder wants to know again in this thread, or None.

        Args:
            name: The responder's name for it: a run to be resumed, a response's id.
        """
        if name in self.new_states:
            return self.new_states[name]
        return await self._load_state(name)

    def set_state(self, name: str, value: Any) -> None:
        """Keep a JSON value for the thread's next turns; None forgets it.

        It is written with the end of the turn, however that comes, but for a crash.

        Raises:
            InvalidOutput: It is no JSON value, or larger than a megabyte.
        """
        self.new_states[name] = checked_state(value)

    # Showing

    async def emit(self, output: Output) -> None:
        """Do at once what yielding ``output`` does."""
        await self._recorder.output(output)

    async def progress(self, text: str, icon: str | None = None) -> None:
        """Show what is going on; the next text or item replaces it."""
        await self.emit(ProgressUpdateEvent(text=text, icon=icon))

    async def cite(
        self, source: FileSource | URLSource | EntitySource, index: int | None = None
    ) -> None:
        """Attach a source to the assistant's text.

        Args:
            source: What is cited.
            index: After how many code points of the text; by default at its
                present end. Before there is any text, the source waits for it.
        """
        self._recorder.cite(Annotation(source=source), index)

    async def add_hidden_context(self, content: Any) -> None:
        """Keep something in the thread that models read and no client sees.

        Args:
            content: A string, or any JSON value.
        """
        item_id = self.item_id("hidden_context_item")
        await self.emit(
            HiddenContextItem(
                id=item_id, thread_id=self.thread.id, created_at=self.now(), content=content
            )
        )

    def record_usage(self, usage: dict[str, Any]) -> None:
        """Note what the model counted; it is kept with the turn.

        Numbers add up, those in nested objects too; anything else is replaced.

        Raises:
            ValueError: It holds something that JSON has no form for, so that it
                could not be kept.
        """
        self.usage = _added(self.usage or {}, from_json(to_json(usage)))

    # Making items

    def item_id(self, item_type: str) -> str:
        """Return a fresh id for an item of a wire type (``"workflow"``, ``"widget"``...)."""
        return self._recorder.new_item_id(item_type)

    def now(self) -> datetime:
        """Return the time for a new item, in UTC."""
        return datetime.now(UTC)


def _added(total: dict[str, Any], usage: dict[str, Any]) -> dict[str, Any]:
    return total | {name: _sum(total.get(name), value) for name, value in usage.items()}


def _sum(known: Any, value: Any) -> Any:
    if isinstance(value, dict):
        return _added(known if isinstance(known, dict) else {}, value)
    return known + value if _is_number(known) and _is_number(value) else value


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
