"""Whatever a client or a responder puts where any JSON may be, both can read it again."""

import json
from collections.abc import AsyncGenerator
from typing import Any

import pytest
from chatkit.types import (
    ClientEffectEvent,
    ClientToolCallItem,
    EntitySource,
    HiddenContextItem,
    WidgetItem,
)
from chatkit.widgets import DynamicWidgetRoot
from hypothesis import given, settings

from chatkeep import Chatkeep, Turn
from chatkeep.testing.client import connected
from support.clients import PLAIN, post, user_input
from support.events import errors
from support.json_values import EXAMPLES, ODD, nested, strictly_read
from support.json_values import PLAIN as PLAIN_VALUES
from support.stores import ObservedStore


def drawn(strategy: Any, count: int) -> list[Any]:
    """Many values, the same in every run."""
    values: list[Any] = []

    @settings(max_examples=count)
    @given(strategy)
    def draw(value: Any) -> None:
        values.append(value)

    draw()
    return values


def strict_events(body: bytes) -> list[dict[str, Any]]:
    frames = body.removesuffix(b"\n\n").split(b"\n\n")
    return [strictly_read(frame.removeprefix(b"data: ")) for frame in frames]


async def asked(chat: Chatkeep, request_type: str, **params: Any) -> Any:
    """What a strict client reads of an answer to a request, NaN and all."""
    sent = json.dumps({"type": request_type, "params": params})
    response = await post(chat, sent.encode(), **PLAIN)
    assert response.status_code == 200, response.text
    streams = response.headers["content-type"].startswith("text/event-stream")
    return strict_events(response.content) if streams else strictly_read(response.content)


def items_with(turn: Turn, value: Any) -> list[Any]:
    base: dict[str, Any] = {"thread_id": turn.thread.id, "created_at": turn.now()}
    button = {"type": "Button", "onClickAction": {"type": "go", "payload": value}}
    root = {"type": "Card", "children": [button]}
    return [
        HiddenContextItem(id=turn.item_id("hidden_context_item"), content=value, **base),
        WidgetItem(
            id=turn.item_id("widget"), widget=DynamicWidgetRoot.model_validate(root), **base
        ),
        ClientToolCallItem(
            id=turn.item_id("client_tool_call"),
            call_id="c",
            name="n",
            arguments={"value": value},
            **base,
        ),
    ]


async def test_what_a_responder_gives_is_read_by_all(observed: ObservedStore) -> None:
    values = [*EXAMPLES, *drawn(ODD, 25)]
    seen: list[int] = []

    async def responder(turn: Turn) -> AsyncGenerator[Any]:
        value = values[len(seen)]
        seen.append(len(await turn.items(limit=500)))
        await turn.history(limit=500)
        turn.thread.metadata = {"value": value}
        turn.record_usage({"value": 1})
        yield ClientEffectEvent(name="n", data={"value": value})
        yield "Cited"
        await turn.cite(EntitySource(title="t", id="i", data={"value": value}))
        for item in items_with(turn, value):
            yield item

    chat = Chatkeep(store=observed.store, responder=responder)
    async with connected(chat):
        events = await asked(chat, "threads.create", input=user_input("Go"))
        thread_id = events[0]["thread"]["id"]
        for _ in values[1:]:
            assert errors(events) == []
            events = await asked(
                chat, "threads.add_client_tool_output", thread_id=thread_id, result=None
            )
        assert errors(events) == []
        page = await asked(chat, "items.list", thread_id=thread_id, limit=100)
        assert len(page["data"]) > 50
        await asked(chat, "threads.get_by_id", thread_id=thread_id)
    assert seen == sorted(seen)


async def test_what_a_client_gives_is_read_by_all(observed: ObservedStore) -> None:
    values = [EXAMPLES[0], float("inf"), *drawn(PLAIN_VALUES, 25)]
    outputs: list[Any] = []

    async def responder(turn: Turn) -> AsyncGenerator[Any]:
        if turn.tool_call is not None:
            outputs.append(turn.tool_call.output)
        await turn.history()
        yield items_with(turn, None)[2]

    chat = Chatkeep(store=observed.store, responder=responder)
    async with connected(chat):
        for value in values:
            tag = {"type": "input_tag", "id": "t", "text": "@t", "data": {"value": value}}
            message = user_input("", content=[tag])
            events = await asked(chat, "threads.create", input=message)
            assert errors(events) == []
            thread_id = events[0]["thread"]["id"]
            events = await asked(
                chat, "threads.add_client_tool_output", thread_id=thread_id, result=value
            )
            assert errors(events) == []
            page = await asked(chat, "items.list", thread_id=thread_id, order="asc")
            tag = page["data"][0]["content"][0]
            assert tag["data"]["value"] == page["data"][1].get("output")
    assert len(outputs) == len(values)


DEEP = "[" * 5000 + "]" * 5000
ODD_TOKENS = ["NaN", "-Infinity", "1e999", "-1e999", "9" * 400, "9" * 5000, DEEP, '"\\ud800"']


@pytest.mark.parametrize("token", ODD_TOKENS, ids=lambda token: token[:12])
async def test_odd_json_is_refused_or_kept_as_json(memory: ObservedStore, token: str) -> None:
    async def responder(turn: Turn) -> AsyncGenerator[Any]:
        yield "Yes."

    bodies = [
        '{"type":"threads.create","params":{"input":{"content":[{"type":"input_tag","id":"t",'
        '"text":"@t","data":{"a":TOKEN}}],"attachments":[],"inference_options":{}}}}',
        '{"type":"threads.create","metadata":{"a":TOKEN},"params":{"input":{"content":[],'
        '"attachments":[],"inference_options":{}}}}',
        '{"type":"threads.list","params":{"limit":TOKEN}}',
        '{"type":"threads.custom_action","params":{"thread_id":"t","action":{"type":"a",'
        '"payload":TOKEN}}}',
        '{"type":"threads.sync_custom_action","params":{"thread_id":"t","action":{"type":"a",'
        '"payload":TOKEN}}}',
        '{"type":"threads.add_client_tool_output","params":{"thread_id":"t","result":TOKEN}}',
        '{"type":TOKEN,"params":{}}',
        '{"TOKEN":TOKEN}',
        "TOKEN",
    ]
    chat = Chatkeep(store=memory.store, responder=responder)
    async with connected(chat):
        for body in bodies:
            for odd in ("", ',"b":"\\ud800"}'):
                sent = body[:-1] + odd if odd and body.endswith("}") else body
                response = await post(chat, sent.replace("TOKEN", token).encode(), **PLAIN)
                assert response.status_code in {200, 400, 404}
                if response.status_code == 200 and response.content.startswith(b"data"):
                    thread_id = strict_events(response.content)[0]["thread"]["id"]
                    await asked(chat, "items.list", thread_id=thread_id)
                else:
                    strictly_read(response.content)


async def test_what_nests_too_deep_ends_the_turn_and_nothing_else(
    observed: ObservedStore, caplog: pytest.LogCaptureFixture
) -> None:
    async def responder(turn: Turn) -> AsyncGenerator[Any]:
        yield "Before."
        if turn.message is None or turn.message.text == "deep":
            yield items_with(turn, nested(5000))[0]
        elif turn.message.text == "metadata":
            turn.thread.metadata = {"value": nested(250)}
            yield items_with(turn, 1)[0]

    chat = Chatkeep(store=observed.store, responder=responder)
    async with connected(chat):
        for text in ("deep", "metadata"):
            events = await asked(chat, "threads.create", input=user_input(text))
            (error,) = errors(events)
            assert "Something went wrong" in error["message"]
            assert "deep" not in error["message"]
            thread_id = events[0]["thread"]["id"]
            events = await asked(
                chat, "threads.add_user_message", thread_id=thread_id, input=user_input("again")
            )
            assert errors(events) == []
            page = await asked(chat, "items.list", thread_id=thread_id, order="asc")
            assert [item["type"] for item in page["data"]] == [
                "user_message",
                "assistant_message",
                "user_message",
                "assistant_message",
            ]
    assert "levels deep" in caplog.text
