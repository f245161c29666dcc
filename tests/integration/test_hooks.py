"""Guards, which refuse before anything is done, and the observer, which is told."""

import asyncio
import logging
from typing import Any

import pytest
from starlette.exceptions import HTTPException

from chatkeep import Chatkeep, Context, PermissionDenied
from chatkeep.errors import ConfigurationError, LimitReached, TooManyRequests, TurnError
from chatkeep.hooks import Observer
from chatkeep.stores.base import PageQuery
from chatkeep.testing.responder import ScriptedResponder
from support.clients import add, body, client_of, create, post
from support.events import collected, errors, parsed, thread_id_of
from support.stores import ObservedStore

REQUESTS: dict[str, dict[str, Any]] = {
    "threads.list": {},
    "threads.get_by_id": {"thread_id": "t"},
    "threads.update": {"thread_id": "t", "title": "New"},
    "threads.delete": {"thread_id": "t"},
    "threads.stop": {"thread_id": "t"},
    "items.list": {"thread_id": "t"},
    "items.feedback": {"thread_id": "t", "item_ids": ["i"], "kind": "positive"},
    "attachments.create": {"name": "a", "size": 1, "mime_type": "text/plain"},
    "attachments.delete": {"attachment_id": "a"},
    "input.transcribe": {"audio_base64": "aGk=", "mime_type": "audio/webm"},
    "threads.sync_custom_action": {"thread_id": "t", "action": {"type": "x"}},
}
STREAMS: dict[str, dict[str, Any]] = {
    "threads.retry_after_item": {"thread_id": "t", "item_id": "i"},
    "threads.add_client_tool_output": {"thread_id": "t", "result": 1},
    "threads.add_structured_input": {
        "thread_id": "t",
        "item_id": "i",
        "input": {"status": "skipped", "answers": {}},
    },
    "threads.custom_action": {"thread_id": "t", "action": {"type": "x"}},
}


async def test_every_request_passes_the_guards(memory: ObservedStore) -> None:
    seen: list[tuple[str, str]] = []

    async def note(request: Any, context: Context) -> None:
        seen.append((request.type, context.user))

    def refuse(request: Any, _: Context) -> None:
        raise TooManyRequests("Slowly.", retry_after=2.5)

    chat = Chatkeep(store=memory.store, responder=ScriptedResponder("Yes."), guards=[note, refuse])
    bodies = [body(kind, **params) for kind, params in (REQUESTS | STREAMS).items()]
    bodies += [create(), add("t", "Hi")]
    async with chat.lifespan():
        memory.calls.clear()
        for content in bodies:
            response = await post(chat, content)
            assert response.status_code == 429
            assert response.headers["retry-after"] == "3"
            assert response.json()["error"] == {"code": "request.too_many", "message": "Slowly."}
        assert memory.calls == [], "nothing was done"
    assert len(seen) == len(bodies) == len({kind for kind, _ in seen})
    assert {user for _, user in seen} == {"local"}


async def test_a_limit_is_shown_where_it_can_be_shown(memory: ObservedStore) -> None:
    def refuse(*_: Any) -> None:
        raise LimitReached("Ten messages a day. Come back tomorrow.")

    chat = Chatkeep(store=memory.store, responder=ScriptedResponder("Yes."), guards=[refuse])
    async with chat.lifespan():
        stream = await post(chat, create())
        (error,) = errors(parsed(stream.content))
        assert (error["reason"], error["message"]) == (
            "limit.reached",
            "Ten messages a day. Come back tomorrow.",
        )
        other = await post(chat, body("threads.list"))
        assert (other.status_code, other.json()["error"]["code"]) == (429, "limit.reached")
        assert (await memory.store.list_threads(Context().owner, PageQuery())).data == []


@pytest.mark.parametrize(
    ("error", "status"), [(PermissionDenied(), 403), (RuntimeError("x"), 500), (TurnError(), 200)]
)
async def test_a_guard_may_raise_what_it_likes(error: Exception, status: int) -> None:
    async def refuse(*_: Any) -> None:
        raise error

    responder = ScriptedResponder("Yes.")
    chat = Chatkeep("memory:", responder=responder, guards=[refuse])
    async with chat.lifespan():
        assert (await post(chat, create())).status_code == status
    assert responder.turns == []


class Log(Observer):
    def __init__(self) -> None:
        self.seen: list[tuple[str, int]] = []

    def request(self, request_type: str, status: int, seconds: float) -> None:
        assert 0 <= seconds < 60
        self.seen.append((request_type, status))


async def test_an_observer_is_told_of_every_request() -> None:
    log = Log()
    chat = Chatkeep("memory:", responder=ScriptedResponder("Yes."), observer=log)
    async with chat.lifespan():
        async with client_of(chat) as client:
            thread_id_of(await collected(client.send("Hi")))
        await post(chat, body("threads.get_by_id", thread_id="t"))
        await post(chat, b"{")
        await post(chat, b"{}", **{"content-type": "text/plain"})
    assert log.seen == [("threads.create", 200), ("threads.get_by_id", 404), ("", 400), ("", 415)]


async def test_what_the_framework_answers_is_told_too() -> None:
    async def authenticate(_: Any) -> None:
        raise HTTPException(402)

    log = Log()
    chat = Chatkeep("memory:", authenticate=authenticate, observer=log)
    async with chat.lifespan():
        assert (await post(chat, create())).status_code == 402
    assert log.seen == [("", 402)]


async def test_an_observer_that_fails_breaks_nothing(caplog: pytest.LogCaptureFixture) -> None:
    class Broken(Observer):
        def request(self, *_: Any) -> None:
            raise RuntimeError("no metrics today")

    chat = Chatkeep("memory:", responder=ScriptedResponder("Yes."), observer=Broken())
    async with chat.lifespan():
        assert (await post(chat, create())).status_code == 200
    (record,) = [each for each in caplog.records if each.name == "chatkeep.observer"]
    assert record.levelno == logging.ERROR


def test_an_observer_that_would_never_be_awaited_is_refused() -> None:
    class Waiting(Observer):
        async def request(self, *_: Any) -> None:  # type: ignore[override]
            await asyncio.sleep(0)

    with pytest.raises(ConfigurationError, match=r"Observer\.request"):
        Chatkeep("memory:", observer=Waiting())
