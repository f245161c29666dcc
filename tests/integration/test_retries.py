"""A message that is answered again: which of the answers are there in the end."""

from contextlib import aclosing
from typing import Any

import pytest

from chatkeep import Chatkeep, Settings
from chatkeep.testing.responder import Pause, ScriptedResponder
from support.clients import client_of
from support.events import collected, conversation, done, errors, thread_id_of
from support.stores import ObservedStore

OLD, LESS, MORE = "The old answer.", "Less", "More than the old answer."


@pytest.mark.parametrize(
    ("how", "new", "kept"),
    [
        ("finished", LESS, [LESS]),
        ("finished", MORE, [MORE]),
        ("finished", "", [OLD]),
        ("stopped", LESS, [OLD, LESS]),
        ("stopped", MORE, [MORE]),
        ("stopped", "", [OLD]),
        ("left", LESS, [OLD, LESS]),
        ("left", MORE, [OLD, MORE]),
        ("left", "", [OLD]),
        ("failed", LESS, [OLD, LESS]),
        ("failed", MORE, [OLD, MORE]),
        ("failed", "", [OLD]),
        ("closed", LESS, [OLD, LESS]),
        ("closed", MORE, [OLD, MORE]),
    ],
)
async def test_the_old_answer_goes_only_for_a_better_one(
    observed: ObservedStore, how: str, new: str, kept: list[str]
) -> None:
    pause = Pause()
    last: list[Any] = {"finished": [], "failed": [RuntimeError("no")]}.get(how, [pause])
    responder = ScriptedResponder(OLD, [*([new] if new else []), *last])
    settings = Settings(shutdown_grace=0.0)
    chat = Chatkeep(store=observed.store, responder=responder, settings=settings)
    async with chat.lifespan(), client_of(chat, live=how != "left") as client:
        events = await collected(client.send("Hi"))
        await observed.ends.get()
        thread_id, question = thread_id_of(events), done(events)[0]["id"]
        async with aclosing(client.retry(thread_id, question)) as stream:
            await anext(stream)
            if last == [pause]:
                await pause.reached.wait()
            if how == "stopped":
                await client.stop(thread_id)
            if how == "closed":
                await chat.close()
            if how != "left":
                assert len(errors(await collected(stream))) == (how in {"failed", "closed"})
        ended = {"left": "stopped", "closed": "interrupted"}.get(how, how)
        assert await observed.ends.get() == ended
        await chat.open()
        items = (await client.items(thread_id, order="asc"))["data"]
        assert conversation(items) == [("user", "Hi"), *(("assistant", text) for text in kept)]
