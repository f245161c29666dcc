"""Record what the real server says, for the web element's tests.

Each recording in `test/fixtures/recordings/` is a conversation over HTTP with
`recorded_app`: requests, answers byte for byte, and the thread as the server
has it in the end. Ids and times are replaced by ones that don't change, so
that a new recording differs only where the server does. Make them again with

    .venv/bin/python ui/scripts/record.py
"""

import asyncio
import json
import logging
import re
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path
from typing import Any

import httpx2

sys.path.insert(0, str(Path(__file__).resolve().parent))

from recorded_app import RecordedApp

from chatkeep.testing.server import serve

JSON = dict[str, Any]

FOLDER = Path(__file__).resolve().parent.parent / "test" / "fixtures" / "recordings"

_ID = re.compile(r"\b(thr|msg|tc|wgt|img|sin|wf|tsk|eot|err|trn)_[0-9a-f]{32}\b")
_TIME = re.compile(r"\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|\+00:00)")


class Tape:
    """One recording under way."""

    def __init__(self, http: httpx2.AsyncClient, app: RecordedApp, *, live: bool) -> None:
        self.app = app
        self._http = http
        self._headers = {"Chatkeep-Live": "1"} if live else {}
        self.exchanges: list[JSON] = []
        self.thread_id = ""

    async def request(self, request_type: str, **params: Any) -> str:
        """Make a request, and keep it and its answer, whose body is returned."""
        request = {"type": request_type, "params": params}
        response = await self._http.post("/chatkit", json=request, headers=self._headers)
        body = response.text
        exchange = {
            "request": request,
            "status": response.status_code,
            "content_type": response.headers["content-type"],
            "body": body,
        }
        self.exchanges.append(exchange)
        return body

    async def say(self, text: str) -> str:
        """Send a message, in a new thread if there is none yet."""
        content = [{"type": "input_text", "text": text}]
        message = {"content": content, "attachments": [], "inference_options": {}}
        if self.thread_id:
            kind, where = "threads.add_user_message", {"thread_id": self.thread_id}
            return await self.request(kind, input=message, **where)
        body = await self.request("threads.create", input=message)
        self.thread_id = _first(body, "thread.created")["thread"]["id"]
        return body

    async def again(self, request_type: str, **params: Any) -> str:
        """Make a request about the thread."""
        return await self.request(request_type, thread_id=self.thread_id, **params)

    async def items(self) -> Any:
        """The thread's items, newest first. Not kept."""
        return (await self.ask("items.list", thread_id=self.thread_id, limit=100))["data"]

    async def thread(self) -> Any:
        """The thread's metadata. Not kept."""
        thread = await self.ask("threads.get_by_id", thread_id=self.thread_id)
        del thread["items"]
        return thread

    async def ask(self, request_type: str, **params: Any) -> Any:
        """Make a request without keeping it; return its answer."""
        request = {"type": request_type, "params": params}
        return (await self._http.post("/chatkit", json=request)).json()


def _first(body: str, event_type: str) -> JSON:
    """The first event of a type in a stream."""
    return next(event for event in _events(body) if event["type"] == event_type)


def _events(body: str) -> Iterator[JSON]:
    for line in body.splitlines():
        if line.startswith("data: "):
            yield json.loads(line.removeprefix("data: "))


# Conversations


async def _tool(tape: Tape) -> None:
    await tape.say("tool")
    await tape.again("threads.add_client_tool_output", result={"city": "Oslo"})


async def _answered(tape: Tape) -> None:
    await tape.say("questions")
    answers = {
        "one": {"values": ["red"], "skipped": False},
        "many": {"values": ["red", "green"], "skipped": False},
        "why": {"values": [], "skipped": True},
    }
    await _submit(tape, {"status": "answered", "answers": answers})


async def _skipped(tape: Tape) -> None:
    await tape.say("questions")
    await _submit(tape, {"status": "skipped", "answers": {}})


async def _submit(tape: Tape, submission: JSON) -> None:
    newest = (await tape.items())[0]
    await tape.again("threads.add_structured_input", item_id=newest["id"], input=submission)


async def _retried(tape: Tape) -> None:
    message = _first(await tape.say("text"), "thread.item.done")["item"]
    await tape.say("notes")
    await tape.again("threads.retry_after_item", item_id=message["id"])


async def _acted(tape: Tape) -> None:
    await tape.say("one widget")
    widget = (await tape.items())[0]["id"]
    action = {"type": "book", "payload": {"room": 7}}
    await tape.again("threads.custom_action", item_id=widget, action=action)
    await tape.again("threads.sync_custom_action", item_id=widget, action={"type": "like"})
    await tape.again("threads.custom_action", action={"type": "wave"})


async def _stopped(tape: Tape) -> None:
    async with asyncio.TaskGroup() as group:
        group.create_task(tape.say("stopped"))
        await tape.app.pause.reached.wait()
        listed = await tape.ask("threads.list")
        await tape.ask("threads.stop", thread_id=listed["data"][0]["id"])


async def _locked(tape: Tape) -> None:
    await tape.say("lock")
    await tape.say("One more thing")


async def _managed(tape: Tape) -> None:
    """All that is answered with JSON, refusals too."""
    await tape.say("text")
    await tape.say("image")
    newest = (await tape.items())[0]["id"]
    await tape.request("threads.list", limit=10, order="desc")
    await tape.again("threads.get_by_id")
    first = json.loads(await tape.again("items.list", limit=3, order="desc"))
    await tape.again("items.list", limit=3, order="desc", after=first["after"])
    await tape.again("threads.update", title="Weather")
    await tape.again("items.feedback", item_ids=[newest], kind="positive")
    await tape.request("input.transcribe", audio_base64="AAAA", mime_type="audio/webm;codecs=opus")
    await tape.request("attachments.create", name="a.png", size=3, mime_type="image/png")
    await tape.again("threads.retry_after_item", item_id="msg_missing")
    await tape.again("threads.stop")


def _said(text: str) -> Callable[[Tape], Awaitable[None]]:
    async def conversation(tape: Tape) -> None:
        await tape.say(text)

    return conversation


CONVERSATIONS: dict[str, Callable[[Tape], Awaitable[None]]] = {
    **{name: _said(name) for name in ("text", "notes", "parts", "widgets", "workflow", "image")},
    "plain": _said("text"),
    "failure": _said("failure"),
    "tool": _tool,
    "answered": _answered,
    "skipped": _skipped,
    "retried": _retried,
    "acted": _acted,
    "stopped": _stopped,
    "locked": _locked,
    "managed": _managed,
}


# Making recordings


async def record_all() -> dict[str, str]:
    """Return every recording as the text of its file, by name."""
    texts = await asyncio.gather(*map(record, CONVERSATIONS))
    return dict(zip(CONVERSATIONS, texts, strict=True))


async def record(name: str) -> str:
    """Return a recording as the text of its file."""
    async with _tape(live=name != "plain") as tape:
        await CONVERSATIONS[name](tape)
        recording = {
            "name": name,
            "exchanges": tape.exchanges,
            "thread": await tape.thread(),
            "items": await tape.items(),
        }
    return steady(json.dumps(recording, indent=1, ensure_ascii=False)) + "\n"


@asynccontextmanager
async def _tape(*, live: bool) -> AsyncIterator[Tape]:
    app = RecordedApp()
    async with serve(app.chat.asgi()) as url, httpx2.AsyncClient(base_url=url) as http:
        yield Tape(http, app, live=live)


def steady(text: str) -> str:
    """The text with ids and times that are the same each time, in the order they appear in."""
    ids: dict[str, str] = {}
    counts: dict[str, Iterator[int]] = {}
    times: dict[str, str] = {}

    def id_of(found: re.Match[str]) -> str:
        prefix = found[1]
        if found[0] not in ids:
            ids[found[0]] = f"{prefix}_{next(counts.setdefault(prefix, count(1))):032x}"
        return ids[found[0]]

    def time_of(found: re.Match[str]) -> str:
        return times.setdefault(found[0], f"2026-01-02T03:04:{len(times):02}Z")

    return _TIME.sub(time_of, _ID.sub(id_of, text))


async def main() -> None:
    """Make all recordings again."""
    logging.getLogger("chatkeep").setLevel(logging.CRITICAL)  # one answer fails on purpose
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, text in (await record_all()).items():
        (FOLDER / f"{name}.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    asyncio.run(main())
