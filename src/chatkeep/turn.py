"""The turn, as a responder sees it: who asks what, what was said before, what to show."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, Literal, TypeAlias

from . import ids
from .context import Context
from .engine.recorder import Recorder
from .engine.states import checked_state
from .engine.thread_state import ThreadState
from .history import CountTokens, as_message, estimate_tokens, join_content, newest_that_fit
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
from .responders.base import Message, Output

TurnKind: TypeAlias = Literal["message", "retry", "tool_output", "structured_input", "action"]

LoadItems: TypeAlias = Callable[[int], Awaitable[list[ThreadItem]]]
"""Loads so many of the newest items that a turn may look back on, newest first."""


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

    async def items(self, limit: int = 50) -> list[ThreadItem]:
        """Return the newest items in order, the turn's input last, hidden ones included."""
        return (await self._load_items(limit))[::-1]

    async def history(
        self,
        limit: int = 50,
        max_tokens: int | None = None,
        count_tokens: CountTokens = estimate_tokens,
    ) -> list[Message]:
        """Return the newest messages in order, the one to answer last.

        Hidden context, tool outputs and answers to structured input are
        messages of the user; items that say nothing to a model are left out.

        Args:
            limit: How many messages at most.
            max_tokens: How many tokens in all; the newest message is always there.
            count_tokens: How to count; by default one for each four bytes.
        """
        newest_first = map(as_message, await self._load_items(limit))
        return newest_that_fit(filter(None, newest_first), max_tokens, count_tokens)

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
        """Note what the model counted; it is kept with the turn, and numbers add up."""
        total = self.usage or {}
        for name, value in usage.items():
            known = total.get(name)
            both = isinstance(known, int) and isinstance(value, int)
            total[name] = known + value if both else value
        self.usage = total

    # Making items

    def item_id(self, item_type: str) -> str:
        """Return a fresh id for an item of a wire type (``"workflow"``, ``"widget"``...)."""
        return ids.item_id(item_type)

    def now(self) -> datetime:
        """Return the time for a new item, in UTC."""
        return datetime.now(UTC)
