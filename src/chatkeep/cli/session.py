"""The conversation behind ``chatkeep chat``: one thread at a time, and what can be done to it."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from datetime import datetime
from itertools import groupby
from typing import ClassVar, Literal, TypeAlias

from rich.console import Console
from rich.text import Text

from ..client import JSON, ChatClient, ClientFailure, Event
from .answer import Answer, describe_error, user_text
from .reading import Leave, Reading
from .views import OpenView, complain, safe, view_for

_PAGE = 20


Command: TypeAlias = Callable[["Session", str], Awaitable[bool]]
"""What a ``/name`` does with the rest of its line; its docstring is its help."""


class Session:
    """What one run of ``chatkeep chat`` talks about, and with whom."""

    def __init__(self, client: ChatClient, console: Console) -> None:
        self._client = client
        self._console = console
        self._thread_id: str | None = None
        self._answer: Answer | None = None
        self._listed: list[JSON] = []
        self._next_page: str | None = None

    async def begin(self, thread_id: str | None = None, *, greet: bool = False) -> None:
        """Reach the server, and show the thread if one is named. Raises `ClientFailure`."""
        await self._client.__aenter__()
        page = await self._client.threads(limit=1)
        if greet:
            earlier = "/threads lists earlier conversations, " if page["data"] else ""
            self._say(f"Connected to {self._client.url}. {earlier}/help the commands.", "dim")
        if thread_id:
            await self._show_thread(thread_id)

    async def end(self) -> None:
        """Close the connection."""
        await self._client.__aexit__(None, None, None)

    async def handle(self, line: str) -> bool:
        """Do what a typed line says: a command after ``/``, or a message.

        Returns:
            Whether it went well; what went wrong has been shown.

        Raises:
            ClientFailure: The server could not be reached, or refused.
            Leave: The person wants to go.
        """
        line = line.strip()
        if not line.startswith("/") or line.startswith("//"):
            return await self._send(line.removeprefix("/"))
        name, _, rest = line[1:].partition(" ")
        command = self.COMMANDS.get(name)
        if command is None:
            complain(f"There is no /{name}. /help lists what there is.")
            return False
        return await command(self, rest.strip())

    # Answers

    async def _send(self, text: str) -> bool:
        return await self._follow(self._client.send(text, self._thread_id))

    async def _retry(self, _: str) -> bool:
        """answer the last question again"""
        if self._thread_id is None or self._answer is None or not self._answer.user_item_id:
            return self._refuse("There is no question yet.")
        retried = self._client.retry(self._thread_id, self._answer.user_item_id)
        return await self._follow(retried, self._answer.user_item_id)

    async def _follow(self, events: AsyncGenerator[Event], user_item_id: str | None = None) -> bool:
        """Show an answer as it comes; Ctrl-C has it stopped, a second one leaves."""
        view = view_for(self._console)
        answer = Answer(view, self._thread_id)
        answer.user_item_id = user_item_id
        return await self._show_on(answer, view, events)

    async def resume(self) -> bool:
        """Show on the answer that is under way in the thread, if one is.

        Returns:
            Whether it went well; what went wrong has been shown.

        Raises:
            ClientFailure: The connection failed.
            Leave: The person wants to go.
        """
        thread_id = self._thread_id
        if thread_id is None:
            return True
        events = self._client.follow(thread_id)
        try:
            first = await anext(events, None)
        except ClientFailure as failure:
            if failure.status is None:
                raise
            return True  # the server knows no such request
        if first is None:
            return True
        view = view_for(self._console)
        answer = self._answer or Answer(view, thread_id)
        answer.view = view
        return await self._show_on(answer, view, _preceded(first, events))

    async def _show_on(self, answer: Answer, view: OpenView, events: AsyncGenerator[Event]) -> bool:
        """Show what an answer has not shown yet, to its end."""
        self._answer = answer
        try:
            with view:
                stopped = await Reading(self._client, events, answer, view).run()
        finally:
            self._thread_id = answer.thread_id
        view.sources(answer.sources)
        if stopped:
            self._say("(stopped)", "dim")
        if answer.error:
            retry = " /retry tries again." if answer.error.get("allow_retry") else ""
            complain(describe_error(answer.error) + retry)
        return answer.error is None

    # Threads

    async def _new(self, _: str) -> bool:
        """begin a new conversation"""
        self._thread_id, self._answer = None, None
        self._say("A new conversation.", "dim")
        return True

    async def _threads(self, _: str) -> bool:
        """list your conversations, the newest first"""
        self._listed, self._next_page = [], None
        return await self._list_page()

    async def _more(self, _: str) -> bool:
        """list the next conversations"""
        if self._next_page is None:
            return self._refuse("There are no more. /threads lists from the start.")
        return await self._list_page()

    async def _list_page(self) -> bool:
        page = await self._client.threads(limit=_PAGE, after=self._next_page)
        first = len(self._listed) + 1
        self._listed += page["data"]
        self._next_page = page.get("after") if page.get("has_more") else None
        for number, thread in enumerate(page["data"], first):
            mark = "*" if thread["id"] == self._thread_id else " "
            self._say(f"{mark}{number:>3}  {_when(thread)}  {_title(thread)}")
        if not self._listed:
            self._say("There are no conversations yet.", "dim")
        if self._next_page:
            self._say("/more lists the next.", "dim")
        return True

    async def _open_numbered(self, number: str) -> bool:
        """open the conversation with this number in the list"""
        thread_id = self._numbered(number)
        return thread_id is not None and await self._open(thread_id)

    async def _open(self, thread_id: str) -> bool:
        await self._show_thread(thread_id)
        return await self.resume()

    async def _show_thread(self, thread_id: str) -> None:
        thread = await self._client.thread(thread_id)
        page = await self._client.items(thread_id, limit=_PAGE)
        self._thread_id, self._answer = thread_id, None
        self._say(_title(thread), "bold")
        if page.get("has_more"):
            self._say("(Earlier messages are left out.)", "dim")
        self._show(page["data"][::-1])

    def _show(self, items: list[JSON]) -> None:
        """Show a thread's items, and take up from where they end."""
        for is_user, group in groupby(items, lambda item: item["type"] == "user_message"):
            answer = Answer(view := view_for(self._console), self._thread_id)
            if self._answer:
                answer.user_item_id = self._answer.user_item_id
            if is_user:
                for item in group:
                    answer.user_item_id = item["id"]
                    self._say(f"\n> {user_text(item)}", "bold")
            else:
                with view:
                    for item in group:
                        answer.show(item)
                view.sources(answer.sources)
            self._answer = answer

    async def _rename(self, title: str) -> bool:
        """give this conversation a title"""
        if self._thread_id is None or not title:
            return self._refuse("Write /rename TITLE in a conversation.")
        thread = await self._client.rename(self._thread_id, title)
        self._say(f"It is called {_title(thread)} now.", "dim")
        return True

    async def _delete(self, number: str) -> bool:
        """delete this conversation, or the one with this number in the list"""
        if not number and self._thread_id is None:
            return self._refuse("There is no conversation yet.")
        thread_id = self._numbered(number) if number else self._thread_id
        if thread_id is None:
            return False
        await self._client.delete(thread_id)
        if thread_id == self._thread_id:
            self._thread_id, self._answer = None, None
        self._say("Deleted.", "dim")
        return True

    def _numbered(self, number: str) -> str | None:
        if number.isdecimal() and 0 < int(number) <= len(self._listed):
            thread_id: str = self._listed[int(number) - 1]["id"]
            return thread_id
        self._refuse("Give a number of the list that /threads shows.")
        return None

    # Feedback and the rest

    async def _good(self, _: str) -> bool:
        """say that the last answer was good"""
        return await self._judge("positive")

    async def _bad(self, _: str) -> bool:
        """say that the last answer was bad"""
        return await self._judge("negative")

    async def _judge(self, kind: Literal["positive", "negative"]) -> bool:
        item_ids = self._answer.assistant_item_ids if self._answer else []
        if self._thread_id is None or not item_ids:
            return self._refuse("There is no answer yet.")
        await self._client.feedback(self._thread_id, item_ids, kind)
        self._say("Noted.", "dim")
        return True

    async def _help(self, _: str) -> bool:
        """show this list"""
        for name, command in self.COMMANDS.items():
            self._say(f"/{name:<8} {command.__doc__}")
        self._say("Ctrl-C stops an answer. A line that begins with // is sent with one /.")
        return True

    async def _quit(self, _: str) -> bool:
        """leave"""
        raise Leave

    COMMANDS: ClassVar[dict[str, Command]] = {
        "threads": _threads,
        "more": _more,
        "open": _open_numbered,
        "new": _new,
        "rename": _rename,
        "delete": _delete,
        "retry": _retry,
        "good": _good,
        "bad": _bad,
        "help": _help,
        "quit": _quit,
    }

    def _say(self, text: str, style: str = "") -> None:
        self._console.print(Text(safe(text), style=style), soft_wrap=True)

    def _refuse(self, message: str) -> bool:
        complain(message)
        return False


async def _preceded(first: Event, events: AsyncGenerator[Event]) -> AsyncGenerator[Event]:
    """Yield an event that was read already, and then the others."""
    async with aclosing(events):
        yield first
        async for event in events:
            yield event


def _title(thread: JSON) -> str:
    return thread.get("title") or "Untitled"


def _when(thread: JSON) -> str:
    created_at = datetime.fromisoformat(thread["created_at"])
    return created_at.astimezone().strftime("%Y-%m-%d %H:%M")
