"""One user's every request with another's every id: nothing is told, nothing is changed."""

from datetime import UTC, datetime
from typing import Any

import httpx2
import pytest
from chatkit.types import FileAttachment
from fastapi import FastAPI

from chatkeep import Chatkeep, Context, Turn
from chatkeep.client import ChatClient
from chatkeep.protocol.wire import attachment_record
from chatkeep.stores import open_store
from chatkeep.stores.base import PageQuery, Store
from chatkeep.testing.client import URL, InProcessTransport
from compat.servers import Server, added, message
from compat.servers import done as item_done
from compat.stores import ANN, BOB, User
from support.clients import client_of
from support.events import collected, done, thread_id_of
from support.isolation import (
    SECRET,
    Case,
    Ids,
    cases,
    request_types,
    told,
    valid_params,
)
from support.items import questions, tool_call, widget


def test_the_table_knows_every_request_and_every_id_in_it() -> None:
    """A new type of request, or a new field of one, has to be added to the table."""
    ids = Ids("thr", {"widget": "w", "structured_input": "s", "user_message": "u"})
    table = valid_params(ids)
    assert table.keys() == request_types().keys()
    for kind, fields in request_types().items():
        known = {*table[kind], *table[kind].get("input", {})}
        # An "id" is a program's own: of an entity that is tagged, of a tool that is chosen.
        assert fields - {"id"} <= known, kind


async def everything(turn: Turn) -> Any:
    """An item of each kind that a request can name."""
    secret = SECRET + turn.context.user
    turn.thread.metadata["note"] = secret
    yield secret
    for item in (questions(turn), widget(turn, secret), tool_call(turn)):
        yield item


def chat_on(store: Store) -> Chatkeep:
    chat = Chatkeep(
        store=store,
        responder=everything,
        authenticate=lambda request: Context(user=request.headers["x-user"]),
    )
    chat.action(everything)
    chat.sync_action(lambda action: action.sender)
    return chat


async def begun(client: ChatClient, store: Store, user: str, turns: list[str]) -> Ids:
    """A conversation of a user's, and what names the things in it."""
    await collected(client.send(SECRET + user))
    events = await collected(client.send(SECRET + user))
    items = {item["type"]: item["id"] for item in done(events)}
    page = await client.threads(limit=1)
    ids = Ids(thread_id_of(events), items, turn=turns[-1], cursor=page["after"])
    ids.attachment = f"atc_{ids.thread[4:]}"
    attachment = FileAttachment(id=ids.attachment, name=SECRET + user, mime_type="text/plain")
    await store.save_attachment(
        Context(user=user).owner, attachment_record(attachment, datetime.now(UTC))
    )
    return ids


async def rows_of(store: Store, user: str, ids: Ids, turn_ids: list[str]) -> list[Any]:
    """All that is a user's."""
    owner = Context(user=user).owner
    threads = (await store.list_threads(owner, PageQuery(100))).data
    rows: list[Any] = [threads]
    for thread in threads:
        rows.append(await store.list_items(owner, thread.id, PageQuery(100), hidden=True))
        rows.append(await store.list_feedback(owner, thread.id))
        rows.append(await store.list_attachments(owner, thread.id))
    rows.append(await store.get_attachment(owner, ids.attachment))
    rows += [await store.get_turn(owner, turn_id) for turn_id in turn_ids]
    return rows


class Front:
    """An application that answers alice."""

    def __init__(self, app: Any) -> None:
        self._http = httpx2.AsyncClient(transport=InProcessTransport(app))

    async def ask(self, case: Case) -> str:
        headers = {"content-type": "application/json", "x-user": "alice", **case.headers}
        answer = await self._http.post(URL, content=case.body, headers=headers)
        return f"{answer.status_code} {sorted(answer.headers.items())} {answer.text}"


async def assert_nothing_is_told(ask: Any, alice: Ids, bob: Ids) -> int:
    count = 0
    for case in cases(alice, bob):
        answer, of_nobody = await ask(case), await ask(case.of_nobody(bob))
        count += 1
        assert told(answer) == told(of_nobody), case
        assert SECRET + "bob" not in answer, case
        sent = case.body.decode() + str(case.headers)
        assert [known for known in bob.all() if known in answer and known not in sent] == [], case
    return count


@pytest.mark.parametrize("front", ["asgi", "fastapi"])
async def test_nothing_of_anothers_is_told_or_changed(database: str, front: str) -> None:
    store = open_store(database)
    chat = chat_on(store)
    turns: list[str] = []
    asked = chat._handlers.responder
    assert asked is not None

    @chat.responder
    async def noting(turn: Turn) -> Any:
        turns.append(turn.id)
        async for output in asked.respond(turn):
            yield output

    app: Any = chat.asgi()
    if front == "fastapi":
        app = FastAPI()
        app.include_router(chat.router())
    async with (
        chat.lifespan(),
        client_of(chat, user="alice") as hers,
        client_of(chat, user="bob") as his,
    ):
        alice = await begun(hers, store, "alice", turns)
        bobs = len(turns)
        bob = await begun(his, store, "bob", turns)
        bobs_turns = turns[bobs:]
        before = await rows_of(store, "bob", bob, bobs_turns)
        count = await assert_nothing_is_told(Front(app).ask, alice, bob)
        assert count > 150
        assert await rows_of(store, "bob", bob, bobs_turns) == before


# The SDK's server class


async def conversation(server: Server, user: User) -> Ids:
    events = await server.stream("threads.create", user, input=said(user.name))
    items = {event["item"]["type"]: event["item"]["id"] for event in events if "item" in event}
    thread_id = thread_id_of(events)
    more = {"widget": items["assistant_message"], "structured_input": items["assistant_message"]}
    reply = await server.call(
        "attachments.create", user, name=user.name, size=3, mime_type="text/plain"
    )
    return Ids(thread_id, items | more, attachment=reply["id"], turn="trn_" + thread_id[4:])


def said(name: str) -> dict[str, Any]:
    content = [{"type": "input_text", "text": SECRET + name}]
    return {"content": content, "attachments": [], "inference_options": {}}


async def says_a_secret(_server: Server, thread: Any, _message: Any, user: User) -> Any:
    item = message(thread, SECRET + user.name, f"msg_{thread.id[4:]}")
    yield added(message(thread, "", item.id))
    yield item_done(item)


async def test_nothing_of_anothers_is_told_or_changed_by_the_sdk_s_server() -> None:
    server = Server(says_a_secret, files=True)
    alice = await conversation(server, ANN)
    await server.stream("threads.create", BOB, input=said("bob"))
    bob = await conversation(server, BOB)

    async def ask(case: Case) -> str:
        try:
            result: Any = await server.process(case.body, ANN)
            if hasattr(result, "json"):
                return str(result.json)
            return str([frame async for frame in result])
        except Exception as error:  # noqa: BLE001 - a program's framework makes an answer of it
            return f"{type(error).__name__} {error}"

    def rows() -> str:
        kept = server.kept
        threads = {key: value for key, value in kept.threads.items() if key[0] == BOB}
        items = {key[1]: kept.items[key[1]] for key in threads}
        attachments = {key: value for key, value in kept.attachments.items() if key[0] == BOB}
        return repr((threads, items, attachments, bob.attachment in server.files.files))

    before = rows()
    assert await assert_nothing_is_told(ask, alice, bob) > 100
    assert rows() == before
