"""A ChatKit client: all that a person's client does, over HTTP, from any Python program.

It speaks the plain protocol, so it works against any ChatKit server. It sends
``Chatkeep-Live: 1``, which a Chatkeep server takes to mean that this client
stops an answer by asking (`ChatClient.stop`), not by leaving; and that it comes
back where a connection breaks in the middle of an answer.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from typing import Any, Literal, Self, TypeAlias

import httpx2

from .encoding import from_json, to_json
from .errors import reason_of, words_of
from .places import Place
from .protocol.headers import RESUMABLE

JSON: TypeAlias = dict[str, Any]
Event: TypeAlias = dict[str, Any]
"""One ``ThreadStreamEvent``, as its wire JSON."""

_TIMEOUT = httpx2.Timeout(30.0, connect=5.0)
_STREAM_TIMEOUT = httpx2.Timeout(30.0, connect=5.0, read=300.0)
# Only a Chatkeep server is asked to follow, and it gives a sign of life every few seconds.
_FOLLOW_TIMEOUT = httpx2.Timeout(30.0, connect=5.0, read=60.0)
_MAX_EVENT_BYTES = 64 * 1024 * 1024
_MAX_ERROR_BYTES = 64 * 1024
_TRIES = 5
"""How often in a row an answer is followed in vain before it is given up."""

_ANSWERED_WITHIN = 5.0
"""Seconds in which a request to follow is answered: one that nobody accepts never is."""

_LONG_ENOUGH = 5.0
"""After so many seconds a connection that brought nothing new was none in vain."""

_PAGE = 100
_MAX_PAGES = 2
_NOT_SENT = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.UnsupportedProtocol)

_STATUS_MESSAGES = {
    401: "The server wants to know who you are: send a token.",
    403: "The server does not allow this.",
    404: "There is no ChatKit endpoint at this address.",
    405: "There is no ChatKit endpoint at this address.",
    413: "The message is too large for the server.",
    429: "The server has had too many requests. Try again in a moment.",
}


class ClientFailure(Exception):
    """The server could not be reached, refused the request, or broke off.

    Args:
        message: What happened, for the person who reads it.
        code: The server's error code, or ``connection.failed``,
            ``connection.lost``, ``http.<status>``, ``protocol``, ``url.invalid``.
        status: The HTTP status, if the server answered with one of 300 and up.
    """

    def __init__(self, message: str, *, code: str, status: int | None = None) -> None:
        self.message = words_of(message, f"The request failed ({code}).")
        super().__init__(self.message)
        self.code = code
        self.status = status


class ChatClient:
    """A client of one ChatKit endpoint. Use it as an async context manager.

    Every method raises `ClientFailure`. An ``error`` event in a stream is part
    of the conversation: it is yielded like any other event.

    Where a Chatkeep server's stream breaks off, it is followed on from the last
    event (with pauses that grow, and a bound), and each event is yielded once. An
    answer that ended meanwhile, and whose events are gone, is yielded as
    ``thread.item.done`` events of the items that the stream did not finish. A
    request whose answer broke before its first event is sent again, once: a
    Chatkeep server knows that it is the same one.

    Args:
        url: The endpoint, such as ``http://127.0.0.1:8000/chatkit``.
        headers: Sent with each request: an ``Authorization``, for example.
        transport: What carries the requests instead of the network.
    """

    def __init__(
        self,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        transport: httpx2.AsyncBaseTransport | None = None,
    ) -> None:
        if not _is_web_address(url):
            message = f"{url!r} is not an address that begins with http:// or https://."
            raise ClientFailure(message, code="url.invalid")
        self.url = url
        given = {name.lower(): value for name, value in (headers or {}).items()}
        self._http = httpx2.AsyncClient(
            headers={RESUMABLE: "1"} | given,
            timeout=_TIMEOUT,
            transport=transport,
        )

    async def __aenter__(self) -> Self:
        await self._http.__aenter__()
        return self

    async def __aexit__(self, *exc_info: Any) -> None:
        await self._http.__aexit__(*exc_info)

    # Turns: each yields the events of one answer

    def send(
        self,
        text: str,
        thread_id: str | None = None,
        *,
        attachments: Sequence[str] = (),
        model: str | None = None,
    ) -> AsyncGenerator[Event]:
        """Send a message to a thread, or to a new one, and yield the answer's events."""
        message: JSON = {
            "content": [{"type": "input_text", "text": text}],
            "attachments": list(attachments),
            "inference_options": {"model": model} if model else {},
        }
        if thread_id is None:
            return self.stream("threads.create", input=message)
        return self.stream("threads.add_user_message", thread_id=thread_id, input=message)

    def retry(self, thread_id: str, item_id: str) -> AsyncGenerator[Event]:
        """Have the user message ``item_id`` answered again."""
        return self.stream("threads.retry_after_item", thread_id=thread_id, item_id=item_id)

    def action(
        self, thread_id: str, action: JSON, item_id: str | None = None
    ) -> AsyncGenerator[Event]:
        """Perform a widget's action: ``{"type": ..., "payload": ...}``."""
        params = {"thread_id": thread_id, "item_id": item_id, "action": action}
        return self.stream("threads.custom_action", **params)

    def tool_output(self, thread_id: str, result: Any) -> AsyncGenerator[Event]:
        """Give the pending client tool call its result."""
        return self.stream("threads.add_client_tool_output", thread_id=thread_id, result=result)

    def structured_input(
        self, thread_id: str, item_id: str, answers: JSON, *, skipped: bool = False
    ) -> AsyncGenerator[Event]:
        """Answer (or skip) the questions of a structured input item."""
        submission = {"status": "skipped" if skipped else "answered", "answers": answers}
        params = {"thread_id": thread_id, "item_id": item_id, "input": submission}
        return self.stream("threads.add_structured_input", **params)

    def follow(self, thread_id: str, last_event_id: str | None = None) -> AsyncGenerator[Event]:
        """Yield the events of the answer that is under way in a thread; none if none is.

        Args:
            last_event_id: The ``id:`` of the last event that is known. Those after it
                are yielded, for a while after the answer's end too; without
                it all of an answer that still runs.
        """
        place = Place(thread_id, last_event_id)
        return self._whole("threads.follow", {"thread_id": thread_id}, place)

    async def stop(self, thread_id: str) -> None:
        """Stop the answer under way; its stream ends with what there is so far."""
        await self.call("threads.stop", thread_id=thread_id)

    # Threads and items

    async def threads(
        self, limit: int = 20, after: str | None = None, order: Literal["asc", "desc"] = "desc"
    ) -> JSON:
        """Return a page of threads: ``{"data", "has_more", "after"?}``."""
        return await self.call("threads.list", limit=limit, after=after, order=order)

    async def thread(self, thread_id: str) -> JSON:
        """Return a thread with its first items."""
        return await self.call("threads.get_by_id", thread_id=thread_id)

    async def items(
        self,
        thread_id: str,
        limit: int = 20,
        after: str | None = None,
        order: Literal["asc", "desc"] = "desc",
    ) -> JSON:
        """Return a page of a thread's items, the newest first unless told."""
        params = {"thread_id": thread_id, "limit": limit, "after": after, "order": order}
        return await self.call("items.list", **params)

    async def rename(self, thread_id: str, title: str) -> JSON:
        """Give a thread a title, and return the thread."""
        return await self.call("threads.update", thread_id=thread_id, title=title)

    async def delete(self, thread_id: str) -> None:
        """Delete a thread with all that is in it."""
        await self.call("threads.delete", thread_id=thread_id)

    async def feedback(
        self, thread_id: str, item_ids: Sequence[str], kind: Literal["positive", "negative"]
    ) -> None:
        """Say what the user thinks of some items."""
        params = {"thread_id": thread_id, "item_ids": list(item_ids), "kind": kind}
        await self.call("items.feedback", **params)

    async def sync_action(self, thread_id: str, action: JSON, item_id: str | None = None) -> JSON:
        """Perform a widget's action that answers at once: ``{"updated_item"?}``."""
        params = {"thread_id": thread_id, "item_id": item_id, "action": action}
        return await self.call("threads.sync_custom_action", **params)

    async def create_attachment(self, name: str, size: int, mime_type: str) -> JSON:
        """Announce a file of ``size`` bytes, and return the attachment."""
        return await self.call("attachments.create", name=name, size=size, mime_type=mime_type)

    async def delete_attachment(self, attachment_id: str) -> None:
        """Delete an attachment."""
        await self.call("attachments.delete", attachment_id=attachment_id)

    async def transcribe(self, audio_base64: str, mime_type: str) -> str:
        """Return the text that was spoken."""
        params = {"audio_base64": audio_base64, "mime_type": mime_type}
        text: str = (await self.call("input.transcribe", **params))["text"]
        return text

    # The two ways in which the server answers

    async def call(self, request_type: str, **params: Any) -> JSON:
        """Make a request that is answered with JSON. Params of None are left out."""
        async with self._post(request_type, params, _TIMEOUT) as response:
            body = await response.aread()
        return _decode(body) if body else {}

    def stream(self, request_type: str, **params: Any) -> AsyncGenerator[Event]:
        """Make a request that is answered with events. Params of None are left out."""
        is_retry = request_type == "threads.retry_after_item"
        asked = params.get("item_id") if is_retry else None
        return self._whole(request_type, params, Place(params.get("thread_id"), None, asked))

    async def _whole(self, request_type: str, params: JSON, place: Place) -> AsyncGenerator[Event]:
        """Yield all of an answer, over as many connections as it takes."""
        failure: ClientFailure | None = None
        while True:
            try:
                async with aclosing(self._events(request_type, params, place)) as events:
                    async for event in events:
                        yield event
                if not place.is_unfinished:
                    return
                failure = None
            except _NothingToFollow:
                for item in await self._missed_items(place):
                    yield {"type": "thread.item.done", "item": item}
                return
            except ClientFailure as error:
                if not _is_worth_another_try(error, place):
                    if failure and error.code == "request.unknown_type":
                        raise failure from error
                    raise
                failure = failure or error
            place.tries = 1 if place.seconds_connected() > _LONG_ENOUGH else place.tries + 1
            if place.tries > _TRIES:
                raise failure or _broken()
            await asyncio.sleep(place.pause)
            if place.can_follow:
                request_type, params = "threads.follow", {"thread_id": place.thread_id}

    async def _events(self, request_type: str, params: JSON, place: Place) -> AsyncGenerator[Event]:
        """Yield what one connection brings that is new.

        Raises:
            _NothingToFollow: The answer has ended, and its events are gone.
        """
        follows = request_type == "threads.follow"
        last = place.last_event_id if follows else None
        timeout = _FOLLOW_TIMEOUT if follows else _STREAM_TIMEOUT
        async with self._post(request_type, params, timeout, last) as response:
            if response.status_code == 204:
                raise _NothingToFollow
            place.connected()
            events = httpx2.EventSource(response, max_event_size=_MAX_EVENT_BYTES)
            async for sent in events:
                if place.is_elsewhere(sent.id):
                    raise _NothingToFollow
                if place.told(sent.id, sent.retry, empty=not sent.data):
                    event = _decode(sent.data.encode("utf-8", "surrogatepass"))
                    place.take(event)
                    yield event

    async def _missed_items(self, place: Place) -> list[JSON]:
        """The items that an answer finished and its stream did not, in their order."""
        missed: list[JSON] = []
        open_items, reached = set(place.open), False
        after = None
        for _ in range(_MAX_PAGES if place.anything and place.thread_id else 0):
            page = await self.items(str(place.thread_id), _PAGE, after)
            for item in page["data"]:
                reached = reached or item["id"] in place.finished
                if item["id"] in open_items or not reached:
                    missed.append(item)
                open_items.discard(item["id"])
            after = page.get("after")
            if not page.get("has_more") or (reached and not open_items):
                break
        if not reached:  # where the answer begins is not known
            missed = [item for item in missed if item["id"] in place.open]
        return missed[::-1]

    @asynccontextmanager
    async def _post(
        self,
        request_type: str,
        params: JSON,
        timeout: httpx2.Timeout,
        last_event_id: str | None = None,
    ) -> AsyncIterator[httpx2.Response]:
        present = {name: value for name, value in params.items() if value is not None}
        content = to_json({"type": request_type, "params": present})
        headers = {"Content-Type": "application/json"}
        if last_event_id is not None:
            headers["Last-Event-ID"] = last_event_id
        answered = False
        try:
            async with AsyncExitStack() as stack:
                sending = self._http.stream(
                    "POST", self.url, content=content, headers=headers, timeout=timeout
                )
                within = _ANSWERED_WITHIN if request_type == "threads.follow" else None
                try:
                    async with asyncio.timeout(within):
                        response = await stack.enter_async_context(sending)
                except TimeoutError as error:
                    message = f"{self.url} did not answer in time."
                    raise ClientFailure(message, code="connection.failed") from error
                answered = True
                if response.status_code >= 300:
                    raise await _refusal(response)
                yield response
        except httpx2.SSEError as error:
            raise _not_chatkit(self.url) from error
        except httpx2.TransportError as error:
            raise self._unreachable(error, answered=answered) from error

    def _unreachable(self, error: httpx2.TransportError, *, answered: bool) -> ClientFailure:
        if answered:
            return _broken()
        reason = reason_of(error).rstrip(".")
        return ClientFailure(f"Can't reach {self.url}: {reason}.", code="connection.failed")


class _NothingToFollow(Exception):
    """The answer has ended, and what it streamed is gone."""


def _broken() -> ClientFailure:
    message = "The connection broke off in the middle of the answer."
    return ClientFailure(message, code="connection.lost")


def _is_worth_another_try(failure: ClientFailure, place: Place) -> bool:
    """Whether to follow on, or to send the same request again, after a failure."""
    is_lost = failure.code in {"connection.lost", "connection.failed"}
    if place.can_follow:
        return is_lost or (failure.status or 0) >= 500 or failure.status == 429
    was_sent = not isinstance(failure.__cause__, _NOT_SENT)
    return is_lost and was_sent and not place.anything and place.tries == 0


def _is_web_address(url: str) -> bool:
    try:
        parsed = httpx2.URL(url)
    except httpx2.InvalidURL:
        return False
    return parsed.scheme in {"http", "https"} and bool(parsed.host)


def _not_chatkit(url: str) -> ClientFailure:
    return ClientFailure(f"What answers at {url} does not speak ChatKit.", code="protocol")


def _decode(data: bytes) -> JSON:
    try:
        value = from_json(data)
    except ValueError as error:
        raise ClientFailure("The server sent what is not JSON.", code="protocol") from error
    if not isinstance(value, dict):
        raise ClientFailure("The server sent JSON that is no object.", code="protocol")
    return value


async def _refusal(response: httpx2.Response) -> ClientFailure:
    status = response.status_code
    error = await _error_object(response)
    fallback = _STATUS_MESSAGES.get(status, f"The server answered with status {status}.")
    if response.is_redirect:
        fallback = f"The server has moved to {response.headers.get('Location')}."
    return ClientFailure(
        words_of(error.get("message"), fallback),
        code=words_of(error.get("code"), f"http.{status}"),
        status=status,
    )


async def _error_object(response: httpx2.Response) -> JSON:
    body = b""
    async for chunk in response.aiter_bytes():
        body += chunk
        if len(body) > _MAX_ERROR_BYTES:
            return {}
    try:
        error = _decode(body).get("error")
    except ClientFailure:
        return {}
    return error if isinstance(error, dict) else {}
