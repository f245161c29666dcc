"""Answers from any model behind an OpenAI-compatible ``/chat/completions``.

Written on the HTTP client alone: the openai client costs a multiple of all that
Chatkeep does for a token. What a server sends is read in `openai_stream`.

What goes wrong upstream is turned into a `ModelError` here, once. The log has
the status and the beginning of the body; a client never sees either.
"""

import asyncio
import logging
import random
import time
from collections.abc import AsyncGenerator, Collection, Mapping, Sequence
from contextlib import aclosing, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from math import inf
from typing import Any
from weakref import WeakKeyDictionary

import httpx2

from ..encoding import to_unicode_json
from ..engine.observing import tell_of_model
from ..errors import (
    ConfigurationError,
    ModelAuthFailed,
    ModelCalledTool,
    ModelError,
    ModelNotFound,
    ModelRateLimited,
    ModelRejected,
    ModelStreamCut,
    ModelUnavailable,
)
from ..messages import Message
from ..models.chat_completions import AnswerReader, BrokenAnswer
from ..models.chat_messages import chat_messages
from ..models.transport import new_client
from ..models.watchdog import Watchdog
from ..protocol.types import NoticeEvent
from ..turn import Turn

logger = logging.getLogger(__name__)

_ERRORS: dict[int, type[ModelError]] = {
    401: ModelAuthFailed,
    403: ModelAuthFailed,
    404: ModelNotFound,
    408: ModelUnavailable,
    409: ModelUnavailable,
    429: ModelRateLimited,
}
_MAY_PASS = frozenset({408, 409, 429})

_FIRST_PAUSE = 0.5
_LONGEST_PAUSE = 20.0
"""Seconds between tries. Asked to wait longer than this, the user is told and may decide."""

_LINGER = 2.0
"""Seconds for a finished answer to send its usage and end."""

_EXCERPT_BYTES = 2000

_TOOL_CALLS = frozenset({"tool_calls", "function_call"})

_CUT = "The answer was cut here: it has the length that the model may give it."


@dataclass(frozen=True, slots=True)
class Timeouts:
    """How long to wait for a model, in seconds.

    Args:
        connect: For the connection.
        first_token: For the first text, from the request on. Generous, as
            models think, and local ones are loaded first.
        between_tokens: For anything more, once there was text.
    """

    connect: float = 5.0
    first_token: float = 120.0
    between_tokens: float = 60.0


class Completions:
    """A responder that streams from an OpenAI-compatible server.

    Args:
        model: The model's name, as the server knows it.
        base_url: Where ``/chat/completions`` is found: OpenAI, Ollama, vLLM...
        api_key: Sent as a bearer token; None sends no ``Authorization``.
        instructions: The system message, ahead of each conversation.
        models: Other models that a user may choose in the composer. The choice
            of any other is passed over, because it comes from the client.
        timeout: How long to wait for what.
        retries: How often to try again, with growing pauses, while there is no
            text yet and the failure may pass.
        history_limit: How many of the newest messages the model reads.
        max_history_tokens: How many tokens of them at most; None sets no bound.
        sees_images: Whether the model takes images, to be sent those of the user
            that have a public URL.
        temperature: As in the API; None leaves it to the server.
        extra: Further fields of the request's body, which win over the rest.
        client: An HTTP client to use instead of its own; it is never closed here.

    Raises:
        ConfigurationError: ``base_url`` or ``api_key`` can't be used.
    """

    def __init__(
        self,
        model: str,
        *,
        base_url: str = "https://api.openai.com/v1",
        api_key: str | None = None,
        instructions: str | None = None,
        models: Collection[str] = (),
        timeout: Timeouts | None = None,
        retries: int = 2,
        history_limit: int = 50,
        max_history_tokens: int | None = None,
        sees_images: bool = False,
        temperature: float | None = None,
        extra: Mapping[str, Any] | None = None,
        client: httpx2.AsyncClient | None = None,
    ) -> None:
        self.model = model
        self.instructions = instructions
        self._models = frozenset(models) | {model}
        self._url = _completions_url(base_url)
        self._api_key = _checked_key(api_key)
        self._headers = _headers(self._api_key)
        self._timeout = timeout or Timeouts()
        self._retries = retries
        self._history_limit = history_limit
        self._max_history_tokens = max_history_tokens
        self._sees_images = sees_images
        self._temperature = temperature
        self._extra = dict(extra or {})
        self._given_client = client
        # A connection belongs to the loop that opened it.
        self._clients = WeakKeyDictionary[asyncio.AbstractEventLoop, httpx2.AsyncClient]()
        self._asks_for_usage = True

    async def respond(self, turn: Turn) -> AsyncGenerator[str]:
        """Yield the model's answer to the conversation so far."""
        messages = await self.conversation(turn)
        async with aclosing(self.stream(messages, turn)) as texts:
            async for text in texts:
                yield text

    async def conversation(self, turn: Turn) -> list[Message]:
        """Return what the model reads: the instructions, then the newest messages."""
        history = await turn.history(limit=self._history_limit, max_tokens=self._max_history_tokens)
        if self.instructions is None:
            return history
        return [Message("system", self.instructions), *history]

    async def stream(
        self, messages: Sequence[Message], turn: Turn | None = None
    ) -> AsyncGenerator[str]:
        """Yield the model's answer to exactly these messages.

        To close the generator closes the connection, and so stops the model. An
        answer that ends because the model may write no more is followed by a
        notice (a warning) that says so: what there is stays, and is no failure.

        Args:
            messages: The whole conversation, instructions included.
            turn: Says which model its user chose, keeps what was counted, and
                shows the notice.

        Raises:
            ModelError: The model could not answer, or not to the end.
        """
        began, usage, code = time.perf_counter(), dict[str, Any](), None
        try:
            first, texts = await self._begin(messages, turn, usage)
            async with aclosing(texts):
                if first is not None:
                    yield first
                async for text in texts:
                    yield text
        except ModelError as error:
            code = error.code
            raise
        finally:
            seconds = time.perf_counter() - began
            tell_of_model(self._model(turn), seconds, usage or None, code)

    async def close(self) -> None:
        """Close this event loop's connections. Idempotent; a later turn opens new ones."""
        client = self._clients.pop(asyncio.get_running_loop(), None)
        if client is not None:
            await client.aclose()

    # Asking

    async def _begin(
        self, messages: Sequence[Message], turn: Turn | None, usage: dict[str, Any]
    ) -> tuple[str | None, AsyncGenerator[str]]:
        """Return the first text, or None where there is none, and what follows it."""
        attempt = 0
        while True:
            try:
                async with asyncio.timeout(self._timeout.first_token):
                    response = await self._ask(self._body(messages, turn))
                    texts = self._read(response, turn, usage)
                    return await anext(texts, None), texts
            except TimeoutError as error:
                logger.warning("model %s: no text in time", self.model)
                raise ModelUnavailable from error
            except _UsageRefused:
                self._asks_for_usage = False
            except _MayPass as failure:
                pause = failure.pause(attempt)
                if attempt >= self._retries or pause > _LONGEST_PAUSE:
                    raise failure.error from failure.__cause__
                await asyncio.sleep(pause)
                attempt += 1

    def _body(self, messages: Sequence[Message], turn: Turn | None) -> dict[str, Any]:
        body: dict[str, Any] = {"model": self._model(turn), "stream": True}
        body["messages"] = chat_messages(messages, sees_images=self._sees_images)
        if self._asks_for_usage:
            body["stream_options"] = {"include_usage": True}
        if self._temperature is not None:
            body["temperature"] = self._temperature
        return body | self._extra

    def _model(self, turn: Turn | None) -> str:
        chosen = turn.message.inference_options.model if turn and turn.message else None
        if chosen is None or chosen in self._models:
            return chosen or self.model
        logger.info("model %.100r was chosen, but is not one of the models", chosen)
        return self.model

    async def _ask(self, body: dict[str, Any]) -> httpx2.Response:
        """Send a request and return its response, still unread, if it is an answer."""
        client = self._client()
        timeout = httpx2.Timeout(None, connect=self._timeout.connect)
        request = client.build_request(
            "POST", self._url, content=to_unicode_json(body), headers=self._headers, timeout=timeout
        )
        try:
            response = await client.send(request, stream=True)
        except httpx2.TransportError as error:
            logger.warning("model %s: %r", self.model, error)
            raise _MayPass(ModelUnavailable()) from error
        if response.status_code == 200:
            return response
        async with aclosing(response):
            excerpt = await _excerpt(response)
        raise self._refusal(response, excerpt, body)

    def _refusal(self, response: httpx2.Response, excerpt: str, body: dict[str, Any]) -> Exception:
        status = response.status_code
        if self._api_key:
            excerpt = excerpt.replace(self._api_key, "***")
        logger.warning("model %s: status %d, %r", self.model, status, excerpt)
        own_option = "stream_options" in body and "stream_options" not in self._extra
        if status in (400, 422) and own_option and "stream_options" in excerpt:
            return _UsageRefused()
        default = ModelRejected if 400 <= status < 500 else ModelUnavailable
        error = _ERRORS.get(status, default)()
        if status in _MAY_PASS or status >= 500:
            return _MayPass(error, _retry_after(response.headers))
        return error

    def _client(self) -> httpx2.AsyncClient:
        if self._given_client is not None:
            return self._given_client
        loop = asyncio.get_running_loop()
        if loop not in self._clients:
            self._clients[loop] = new_client(self._url)
        return self._clients[loop]

    # Reading

    async def _read(
        self, response: httpx2.Response, turn: Turn | None, usage: dict[str, Any]
    ) -> AsyncGenerator[str]:
        reader = AnswerReader(response.headers.get("content-type", ""))
        started = False
        watchdog = Watchdog()
        try:
            async with aclosing(response), aclosing(response.aiter_raw()) as pieces:
                piece: bytes | None = b""
                while piece is not None:
                    patience = self._patience(reader, started)
                    piece = await watchdog.wait(anext(pieces, None), patience)
                    for text in reader.end() if piece is None else reader.feed(piece):
                        started = True
                        yield text
        except (httpx2.TransportError, BrokenAnswer, TimeoutError) as error:
            if not reader.complete:
                logger.warning("model %s: the answer broke, %r", self.model, error)
                raise (ModelStreamCut() if started else _MayPass(ModelUnavailable())) from error
        finally:
            watchdog.close()
            usage.update(reader.usage or {})
            if turn is not None and reader.usage is not None:
                turn.record_usage(reader.usage)
        await self._finish(reader.finish_reason, turn, started=started)

    async def _finish(self, reason: str | None, turn: Turn | None, *, started: bool) -> None:
        if reason == "content_filter":
            raise ModelRejected
        if reason in _TOOL_CALLS and not started:
            logger.warning("model %s: called a tool, and Completions runs none", self.model)
            raise ModelCalledTool
        if reason == "length":
            logger.info("model %s: the answer was cut at the model's limit", self.model)
            if turn is not None:
                await turn.emit(NoticeEvent(level="warning", message=_CUT))

    def _patience(self, reader: AnswerReader, started: bool) -> float:
        if reader.complete:
            return _LINGER
        return self._timeout.between_tokens if started else inf


class _UsageRefused(Exception):
    """The server doesn't know ``stream_options``."""


class _MayPass(Exception):
    """A failure that another try may not meet."""

    def __init__(self, error: ModelError, retry_after: float | None = None) -> None:
        super().__init__(error)
        self.error = error
        self._retry_after = retry_after

    def pause(self, attempt: int) -> float:
        """Seconds to wait after a failed attempt, counted from 0."""
        if self._retry_after is not None:
            return max(0.0, self._retry_after)
        jitter = random.uniform(0.5, 1.0)  # noqa: S311 - it keeps no secret
        return min(_LONGEST_PAUSE, _FIRST_PAUSE * 2.0**attempt) * jitter


def _completions_url(base_url: str) -> httpx2.URL:
    try:
        url = httpx2.URL(base_url)
    except httpx2.InvalidURL as error:
        raise ConfigurationError(f"The base URL {base_url!r} is invalid: {error}.") from error
    if url.scheme not in ("http", "https") or not url.host:
        raise ConfigurationError(f"The base URL {base_url!r} must begin with http:// or https://.")
    return url.copy_with(path=url.path.rstrip("/") + "/chat/completions")


def _checked_key(api_key: str | None) -> str | None:
    key = (api_key or "").strip()
    if not key.isascii() or not key.isprintable():
        # The HTTP client would refuse it too, and quote it in the message.
        raise ConfigurationError("The API key has characters that no HTTP header may carry.")
    return key or None


def _headers(api_key: str | None) -> dict[str, str]:
    headers = {
        "accept": "text/event-stream, application/json",
        "accept-encoding": "identity",
        "content-type": "application/json",
    }
    if api_key is not None:
        headers["authorization"] = f"Bearer {api_key}"
    return headers


async def _excerpt(response: httpx2.Response) -> str:
    excerpt = b""
    with suppress(httpx2.TransportError):
        async with aclosing(response.aiter_raw()) as pieces:
            async for piece in pieces:
                excerpt += piece
                if len(excerpt) >= _EXCERPT_BYTES:
                    break
    return excerpt[:_EXCERPT_BYTES].decode("utf-8", "replace")


def _retry_after(headers: httpx2.Headers) -> float | None:
    """Seconds, from a number or a date (RFC 9110, section 10.2.3)."""
    value = headers.get("retry-after", "")
    try:
        return float(value)
    except ValueError:
        pass
    try:
        when = parsedate_to_datetime(value)
    except ValueError:
        return None
    return (when.replace(tzinfo=when.tzinfo or UTC) - datetime.now(UTC)).total_seconds()
