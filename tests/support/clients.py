"""Clients of a `Chatkeep` in this process, and the requests that they make."""

from typing import Any

import httpx2
import msgspec

from chatkeep import Chatkeep
from chatkeep.client import ChatClient
from chatkeep.testing.client import URL, InProcessTransport

PLAIN = {"Chatkeep-Live": "0"}
"""The headers of a client like the official one, which stops by leaving."""


def client_of(chat: Chatkeep, *, live: bool = True, user: str | None = None) -> ChatClient:
    """A client that needs no network. ``user`` is for `by_header`."""
    headers = {} if live else dict(PLAIN)
    if user is not None:
        headers["x-user"] = user
    return ChatClient(URL, headers=headers, transport=InProcessTransport(chat.asgi()))


async def post(chat: Chatkeep, content: bytes, **headers: str) -> httpx2.Response:
    """Send a request's body, and return the whole response."""
    async with httpx2.AsyncClient(transport=InProcessTransport(chat.asgi())) as http:
        sent = {"content-type": "application/json"} | headers
        return await http.post(URL, content=content, headers=sent)


def user_input(text: str, **fields: Any) -> dict[str, Any]:
    """The ``input`` of a message."""
    content = [{"type": "input_text", "text": text}]
    return {"content": content, "attachments": [], "inference_options": {}} | fields


def body(request_type: str, metadata: dict[str, Any] | None = None, **params: Any) -> bytes:
    """A request's body."""
    request: dict[str, Any] = {"type": request_type, "params": params}
    return msgspec.json.encode(request | ({"metadata": metadata} if metadata else {}))


def create(text: str = "Hello", **fields: Any) -> bytes:
    """The body of a request that begins a thread."""
    return body("threads.create", input=user_input(text, **fields))


def add(thread_id: str, text: str, **fields: Any) -> bytes:
    """The body of a request that adds a message."""
    return body("threads.add_user_message", thread_id=thread_id, input=user_input(text, **fields))
