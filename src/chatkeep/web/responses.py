"""What goes back over ASGI: whole bodies, and streams that end when their reader leaves."""

import asyncio

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from ..engine.streams import EventStream
from .exchange import STREAM_HEADERS, Outgoing

_STREAM_HEADERS = [(name.encode(), value.encode()) for name, value in STREAM_HEADERS.items()]


def response_of(outgoing: Outgoing) -> Response:
    """Return an exchange's answer as a response of Starlette's."""
    if isinstance(outgoing.body, EventStream):
        return EventStreamResponse(outgoing.body)
    return Response(outgoing.body, outgoing.status, dict(outgoing.headers))


class EventStreamResponse(Response):
    """A stream of events. A slow reader is waited for; one that leaves is noticed."""

    def __init__(self, stream: EventStream) -> None:
        self.stream = stream
        self.status_code = 200
        self.background = None
        self.raw_headers = list(_STREAM_HEADERS)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        start = {"type": "http.response.start", "status": 200, "headers": self.raw_headers}
        watch = asyncio.create_task(self._watch(receive))
        try:
            await send(start)
            while chunk := await self.stream.next():
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
                del chunk  # it may be long until the next
            if not self.stream.broken:  # else the client sees that its stream is cut off
                await send({"type": "http.response.body", "body": b"", "more_body": False})
        except OSError:
            pass  # the reader left: how ASGI 2.4 says it
        finally:
            watch.cancel()
            self.stream.leave()

    async def _watch(self, receive: Receive) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        self.stream.leave()
