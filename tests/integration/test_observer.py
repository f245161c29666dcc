"""An observer: told of every turn, every call of the store, every answer of a model."""

from collections.abc import Mapping
from typing import Any

import pytest

from chatkeep import Chatkeep, Observer, Turn
from chatkeep.responders.completions import Completions
from chatkeep.stores.capabilities import Purges
from chatkeep.testing.client import connected
from chatkeep.testing.model_server import FakeModel
from chatkeep.testing.responder import ScriptedResponder
from support.events import collected, errors, streamed_text, thread_id_of


class Notebook(Observer):
    """Writes down what it is told."""

    def __init__(self) -> None:
        self.turns: list[tuple[Any, ...]] = []
        self.store_calls: list[tuple[str, bool]] = []
        self.model_calls: list[tuple[Any, ...]] = []

    def turn_began(self, turn_id: str, kind: str) -> None:
        self.turns.append(("began", kind))

    def turn_output(self, turn_id: str, seconds: float) -> None:
        assert seconds >= 0
        self.turns.append(("output",))

    def turn_ended(
        self,
        turn_id: str,
        status: str,
        seconds: float,
        size: int,
        usage: Mapping[str, Any] | None,
    ) -> None:
        assert seconds >= 0
        self.turns.append(("ended", status, size > 0, usage))

    def store_call(self, name: str, seconds: float, error: BaseException | None) -> None:
        self.store_calls.append((name, error is None))

    def model_call(
        self, model: str, seconds: float, usage: Mapping[str, Any] | None, error: str | None
    ) -> None:
        self.model_calls.append((model, usage, error))


async def test_each_turn_is_told_from_its_beginning_to_its_end() -> None:
    def count(turn: Turn) -> None:
        turn.record_usage({"output_tokens": 2})

    notebook = Notebook()
    responder = ScriptedResponder([count, "Yes", "."], [RuntimeError("no")])
    chat = Chatkeep("memory:", responder=responder, observer=notebook)
    async with connected(chat) as client:
        thread_id = thread_id_of(await collected(client.send("Hi")))
        assert errors(await collected(client.send("And?", thread_id))) != []

    assert notebook.turns == [
        ("began", "message"),
        ("output",),
        ("ended", "finished", True, {"output_tokens": 2}),
        ("began", "message"),
        ("ended", "failed", True, None),
    ]


async def test_each_call_of_the_store_is_told_and_how_it_went() -> None:
    notebook = Notebook()
    chat = Chatkeep("memory:", responder=ScriptedResponder("Yes."), observer=notebook)
    assert isinstance(chat.store, Purges), "what the store can do beside the contract is still seen"
    async with connected(chat) as client:
        await collected(client.send("Hi"))
        with pytest.raises(Exception, match="not exist"):
            await client.thread("thr_none")

    assert ("begin_turn", True) in notebook.store_calls
    assert ("finish_turn", True) in notebook.store_calls
    assert ("open_thread", False) in notebook.store_calls


async def test_each_answer_of_a_model_is_told() -> None:
    notebook = Notebook()
    async with FakeModel() as server:
        model = Completions("small", base_url=server.base_url, retries=0)
        chat = Chatkeep("memory:", responder=model, observer=notebook)
        async with connected(chat) as client:
            assert streamed_text(await collected(client.send("Hi"))) != ""
    async with connected(chat) as client:
        assert errors(await collected(client.send("Are you there?"))) != []

    (_, usage, code), (model_name, _, failed) = notebook.model_calls
    assert usage is not None
    assert (code, model_name, failed) == (None, "small", "model.unavailable")


async def test_an_observer_that_fails_breaks_nothing() -> None:
    class Failing(Observer):
        def turn_began(self, turn_id: str, kind: str) -> None:
            raise RuntimeError("no")

        def turn_output(self, turn_id: str, seconds: float) -> None:
            raise RuntimeError("no")

        def store_call(self, name: str, seconds: float, error: BaseException | None) -> None:
            raise RuntimeError("no")

    chat = Chatkeep("memory:", responder=ScriptedResponder("Yes."), observer=Failing())
    async with connected(chat) as client:
        assert streamed_text(await collected(client.send("Hi"))) == "Yes."
