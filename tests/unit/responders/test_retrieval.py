"""Answers from documents: what is shown, quoted and cited, with a model and without."""

import asyncio
import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from chatkeep import Chatkeep
from chatkeep.client import ChatClient
from chatkeep.messages import Message
from chatkeep.responders.completions import Completions
from chatkeep.responders.retrieval import Retrieval
from chatkeep.retrieval import Index, Match
from chatkeep.testing.client import connected
from chatkeep.testing.model_server import FakeModel, Reply

TURNS = """\
# Turns

An answer is streamed while it is written.

## Stopping

Press the button 🎉 to stop an answer. See [more](more.md).

## Redis

Stop signals go through Redis as well.
"""

STORES = "# Stores\n\nThreads are kept in SQLite or PostgreSQL.\n"


@pytest.fixture
def index(tmp_path: Path) -> Iterator[Index]:
    folder = tmp_path / "docs"
    folder.mkdir()
    (folder / "turns.md").write_text(TURNS, encoding="utf-8")
    (folder / "stores_and_*.md").write_text(STORES, encoding="utf-8")
    with Index(tmp_path / "docs.index.db") as index:
        index.update([folder])
        yield index


class ScriptedModel:
    """Streams the same pieces each time, and notes what it was asked."""

    instructions: str | None = None

    def __init__(self, *pieces: str) -> None:
        self.pieces = pieces
        self.asked: list[list[Message]] = []
        self.closed = asyncio.Event()

    async def stream(self, messages: list[Message], *, turn: Any = None) -> AsyncIterator[str]:
        self.asked.append(messages)
        try:
            for piece in self.pieces:
                yield piece
        finally:
            self.closed.set()


async def ask(
    client: ChatClient, question: str, thread_id: str | None = None
) -> list[dict[str, Any]]:
    async with asyncio.timeout(10):
        return [event async for event in client.send(question, thread_id)]


async def answer(responder: Retrieval, question: str) -> dict[str, Any]:
    """Return the content of the stored answer to one question."""
    async with connected(Chatkeep("memory:", responder=responder)) as client:
        events = await ask(client, question)
        thread = await client.thread(thread_of(events))
    content: dict[str, Any] = thread["items"]["data"][-1]["content"][0]
    assert content == done(events, "assistant_message")["content"][0]
    return content


def thread_of(events: list[dict[str, Any]]) -> str:
    return str(events[0]["thread"]["id"])


def done(events: list[dict[str, Any]], item_type: str) -> dict[str, Any]:
    (item,) = (
        event["item"]
        for event in events
        if event["type"] == "thread.item.done" and event["item"]["type"] == item_type
    )
    return dict(item)


def text_of(events: list[dict[str, Any]]) -> str:
    return str(done(events, "assistant_message")["content"][0]["text"])


def cited(content: dict[str, Any]) -> list[tuple[str, str]]:
    """Return what stands right before each citation, and which file it names."""
    return [
        (content["text"][: annotation["index"]], annotation["source"]["filename"])
        for annotation in content["annotations"]
    ]


# Without a model


async def test_the_best_passages_are_quoted_with_their_sources(index: Index) -> None:
    content = await answer(Retrieval(index), "How do I stop an answer?")
    assert "> Press the button 🎉 to stop an answer. See more.\n" in content["text"] + "\n"
    first = content["annotations"][0]
    assert first["source"] == {
        "type": "file",
        "filename": "turns.md",
        "title": "Stopping",
        "description": "turns.md, line 7",
        "group": "Turns",
    }
    assert content["text"][: first["index"]].endswith("**Stopping** (turns.md, line 7)")


async def test_each_quotation_is_cited_at_its_own_place(index: Index) -> None:
    content = await answer(Retrieval(index), "stop")
    quotations = re.findall(r"^> ", content["text"], re.MULTILINE)
    assert len(quotations) == len(content["annotations"]) == 2
    for before, _ in cited(content):
        assert re.search(r"\(turns\.md, line \d+\)$", before)


async def test_names_of_files_are_no_markup(index: Index) -> None:
    content = await answer(Retrieval(index), "Where are threads kept?")
    assert r"(stores\_and\_\*.md, line 3)" in content["text"]
    assert content["annotations"][0]["source"]["filename"] == "stores_and_*.md"


async def test_no_more_passages_than_the_limit_are_quoted(index: Index) -> None:
    content = await answer(Retrieval(index, limit=1), "stop")
    assert len(content["annotations"]) == 1


@pytest.mark.parametrize("question", ["What is the capital of France?", "???", "How are you?"])
async def test_without_a_match_it_says_so_and_cites_nothing(index: Index, question: str) -> None:
    model = ScriptedModel("Paris [1].")
    for responder in (Retrieval(index), Retrieval(index, model)):
        content = await answer(responder, question)
        assert content["text"] == "I found nothing about this in the documents."
        assert content["annotations"] == []
    assert model.asked == []


# The search, as it is shown


async def test_the_search_is_shown_as_a_workflow(index: Index) -> None:
    async with connected(Chatkeep("memory:", responder=Retrieval(index))) as client:
        events = await ask(client, "How do I stop an answer?")
    added = next(
        event["item"]
        for event in events
        if event["type"] == "thread.item.added" and event["item"]["type"] == "workflow"
    )
    (task,) = added["workflow"]["tasks"]
    assert (task["type"], task["status_indicator"]) == ("web_search", "loading")
    assert task["queries"] == ["How do I stop an answer?"]

    workflow = done(events, "workflow")["workflow"]
    searched, read = workflow["tasks"]
    assert (searched["type"], searched["status_indicator"]) == ("web_search", "complete")
    assert (read["type"], read["status_indicator"]) == ("file", "complete")
    content = done(events, "assistant_message")["content"][0]
    assert read["sources"] == [annotation["source"] for annotation in content["annotations"]]
    assert workflow["summary"]["title"] == f"Found {len(read['sources'])} passages"


async def test_a_search_that_found_nothing_shows_that(index: Index) -> None:
    async with connected(Chatkeep("memory:", responder=Retrieval(index))) as client:
        events = await ask(client, "What is the capital of France?")
    workflow = done(events, "workflow")["workflow"]
    assert [task["status_indicator"] for task in workflow["tasks"]] == ["complete"]
    assert workflow["summary"]["title"] == "Found no passages"


async def test_a_search_that_fails_fails_the_turn() -> None:
    class Broken:
        async def asearch(self, query: str, limit: int = 5) -> list[Match]:
            raise OSError("disk at /secret is gone")

    async with connected(Chatkeep("memory:", responder=Retrieval(Broken()))) as client:
        events = await ask(client, "stop")
    assert events[-1]["type"] == "error"
    assert "/secret" not in str(events)


# Following up


async def test_a_question_that_leans_on_the_last_is_searched_with_it(index: Index) -> None:
    async with connected(Chatkeep("memory:", responder=Retrieval(index))) as client:
        thread_id = thread_of(await ask(client, "How do I stop an answer?"))
        assert "Redis" in text_of(await ask(client, "And what about Redis?", thread_id))
        assert "🎉" in text_of(await ask(client, "Why?", thread_id))
        assert "nothing" in text_of(await ask(client, "What is the capital of France?", thread_id))


# With a model


async def test_the_models_markers_become_citations(index: Index) -> None:
    model = ScriptedModel(
        "🎉🎉 Press the but", "ton [", "1", "]. Redis", " too[1][2], é [7]", " `a[1]`."
    )
    content = await answer(Retrieval(index, model), "How do I stop?")
    assert content["text"] == "🎉🎉 Press the button. Redis too, é [7] `a[1]`."
    assert cited(content) == [
        ("🎉🎉 Press the button", "turns.md"),
        ("🎉🎉 Press the button. Redis too", "turns.md"),
        ("🎉🎉 Press the button. Redis too", "turns.md"),
    ]
    lines = [annotation["source"]["description"] for annotation in content["annotations"]]
    assert lines[1] != lines[2]


async def test_the_model_reads_the_passages_and_the_conversation(index: Index) -> None:
    model = ScriptedModel("Fine.")
    responder = Retrieval(index, model, instructions="Speak like a pirate.")
    async with connected(Chatkeep("memory:", responder=responder)) as client:
        thread_id = thread_of(await ask(client, "How do I stop an answer?"))
        await ask(client, "Where are threads kept?", thread_id)
    system, *history = model.asked[1]
    assert system.role == "system"
    assert system.text.startswith("Speak like a pirate.")
    assert "[1] Stores (stores_and_*.md, line 3)\nThreads are kept in SQLite" in system.text
    assert [(message.role, message.text) for message in history] == [
        ("user", "How do I stop an answer?"),
        ("assistant", "Fine."),
        ("user", "Where are threads kept?"),
    ]


async def test_the_models_own_instructions_hold_unless_there_are_others(index: Index) -> None:
    model = ScriptedModel("Fine.")
    model.instructions = "Be brief."
    await answer(Retrieval(index, model), "How do I stop?")
    await answer(Retrieval(index, model, instructions="Be long."), "How do I stop?")
    first, second = (asked[0].text for asked in model.asked)
    assert first.startswith("Be brief.")
    assert second.startswith("Be long.")
    assert "Be brief." not in second


async def test_a_model_behind_http_answers_from_the_passages(index: Index) -> None:
    async with FakeModel(Reply("Press the button [1].")) as model:
        completions = Completions("fake", base_url=model.base_url)
        content = await answer(Retrieval(index, completions), "How do I stop an answer?")
        assert "Press the button 🎉" in model.requests[0].body["messages"][0]["content"]
    assert content["text"] == "Press the button."
    assert [annotation["index"] for annotation in content["annotations"]] == [16]


async def test_a_stopped_turn_stops_the_model(index: Index) -> None:
    model = ScriptedModel(*["word "] * 100_000)
    async with connected(Chatkeep("memory:", responder=Retrieval(index, model))) as client:
        async with asyncio.timeout(10):
            thread_id = ""
            async for event in client.send("How do I stop?"):
                thread_id = thread_id or event["thread"]["id"]
                if event["type"] == "thread.item.updated" and "delta" in event["update"]:
                    await client.stop(thread_id)
            await model.closed.wait()


async def test_the_index_outlives_the_server(index: Index) -> None:
    for _ in range(2):
        content = await answer(Retrieval(index), "How do I stop an answer?")
        assert content["annotations"]
