"""Baseline: an ASGI app that writes each frame with its own ``send``, and does nothing else."""

import json
from collections.abc import Awaitable, Callable
from typing import Any

from .script import WORD, play

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]

_HEADERS = [(b"content-type", b"text/event-stream; charset=utf-8"), (b"cache-control", b"no-cache")]


def frame(delta: str) -> bytes:
    """One text delta as it goes over the wire, with an id as long as Chatkeep's."""
    update = {
        "type": "assistant_message.content_part.text_delta",
        "content_index": 0,
        "delta": delta,
    }
    event = {"type": "thread.item.updated", "item_id": f"msg_{0:032x}", "update": update}
    return b"data: " + json.dumps(event, separators=(",", ":")).encode() + b"\n\n"


_FRAME = frame(WORD)
_OPENING = b'data: {"type":"stream_options","stream_options":{"allow_cancel":true}}\n\n'


async def app(scope: dict[str, Any], receive: Receive, send: Send) -> None:
    """Answer every HTTP request with the frames that its message asks for."""
    if scope["type"] != "http":
        return
    instruction = json.loads(await _body(receive))["params"]["input"]["content"][0]["text"]
    await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
    await send({"type": "http.response.body", "body": _OPENING, "more_body": True})
    async for delta in play(instruction):
        body = _FRAME if delta is WORD else frame(delta)
        await send({"type": "http.response.body", "body": body, "more_body": True})
    await send({"type": "http.response.body", "body": b""})


async def _body(receive: Receive) -> bytes:
    body = b""
    more = True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    return body
