"""What the fake model does with a request, and the bytes that it says."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field
from http.client import responses as phrases
from typing import Any, Literal, TypeAlias

import msgspec

LAST_CHUNK = b"0\r\n\r\n"

Ending = Literal["done", "eof", "cut", "error", "stall"]


@dataclass(frozen=True, slots=True)
class Reply:
    """What the model says, and how.

    Args:
        text: A string, which is split after each word, or the tokens themselves.
        ending: How a stream ends after its tokens: ``done`` as it should;
            ``eof`` with no finish reason and no ``[DONE]``; ``cut`` by dropping
            the connection; ``error`` by an error object; ``stall`` by nothing
            more, until the client leaves.
        first_delay: Seconds between the headers and the first token.
        delay: Seconds between one write and the next.
        refusal: What it refuses to say, sent after the text.
        tool_calls: ``{"name", "arguments"}`` of each, sent after the text.
        finish_reason: By default ``stop``, or ``tool_calls`` where there are any.
        usage: What it counted, if it is asked; by default what it sends.
        done_marker: Whether a stream that is done says ``[DONE]``.
        streams: False for a server that ignores ``"stream": true``.
        tokens_per_write: How many tokens, each a chunk, go into one write.
        split: Cut the stream into chunks of this many bytes, a write each.
    """

    text: str | Sequence[str] = "Hello from the fake model."
    _: KW_ONLY
    ending: Ending = "done"
    first_delay: float = 0.0
    delay: float = 0.0
    refusal: str | None = None
    tool_calls: Sequence[Mapping[str, str]] = ()
    finish_reason: str | None = None
    usage: Mapping[str, Any] | None = None
    done_marker: bool = True
    streams: bool = True
    tokens_per_write: int = 1
    split: int | None = None

    @property
    def tokens(self) -> Sequence[str]:
        """The text in the pieces in which it is sent."""
        if isinstance(self.text, str):
            return re.findall(r"\S+\s*|\s+", self.text)
        return self.text


@dataclass(frozen=True, slots=True)
class Raw:
    """An answer byte for byte.

    Args:
        ending: What comes after the body: the end; or not even that, because
            the connection is ``cut``, or because of a ``stall``.
        split: Send it in chunks of this many bytes, a write each.
    """

    body: bytes
    _: KW_ONLY
    status: int = 200
    headers: Mapping[str, str] = field(
        default_factory=lambda: {"content-type": "text/event-stream"}
    )
    ending: Literal["done", "cut", "stall"] = "done"
    split: int | None = None


@dataclass(frozen=True, slots=True)
class HangUp:
    """The connection is dropped before anything is answered."""


@dataclass(frozen=True, slots=True)
class Silence:
    """Nothing is answered until the client leaves."""


Behaviour: TypeAlias = Reply | Raw | HangUp | Silence


def failure(
    status: int,
    message: str = "The fake model was told to fail.",
    headers: Mapping[str, str] | None = None,
) -> Raw:
    """Return an HTTP error with a body in OpenAI's form."""
    error = {"message": message, "type": "fake_error", "param": None, "code": None}
    return Raw(
        msgspec.json.encode({"error": error}),
        status=status,
        headers={"content-type": "application/json", **(headers or {})},
    )


class Frames:
    """The server-sent events of one streamed answer.

    Args:
        body: The request's, which says for instance whether to send the usage.
    """

    def __init__(self, body: Mapping[str, Any]) -> None:
        self._body = body
        self._counts = bool((body.get("stream_options") or {}).get("include_usage"))
        model = msgspec.json.encode(body.get("model"))
        self._start = (
            b'data: {"id":"chatcmpl-fake","object":"chat.completion.chunk",'
            b'"created":1700000000,"model":' + model + b',"system_fingerprint":"fp_fake",'
        )
        self._usage = b',"usage":null' if self._counts else b""

    def opening(self) -> bytes:
        """The event ahead of all text."""
        return self._delta(b'{"role":"assistant","content":"","refusal":null}')

    def tokens(self, reply: Reply) -> Iterator[bytes]:
        """An event for each token, refusal and tool call."""
        encode = msgspec.json.Encoder().encode
        for token in reply.tokens:
            yield self._delta(b'{"content":' + encode(token) + b"}")
        if reply.refusal is not None:
            yield self._delta(b'{"refusal":' + encode(reply.refusal) + b"}")
        for delta in _tool_call_deltas(reply):
            yield self._delta(encode(delta))

    def closing(self, reply: Reply) -> Iterator[bytes]:
        """The events of the reply's ending."""
        if reply.ending == "error":
            yield b'data: {"error":{"message":"The fake model broke.","type":"server_error"}}\n\n'
        if reply.ending != "done":
            return
        yield self._delta(b"{}", msgspec.json.encode(_finish_reason(reply)))
        if self._counts:
            usage = msgspec.json.encode(_usage(reply, self._body))
            yield self._start + b'"choices":[],"usage":' + usage + b"}\n\n"
        if reply.done_marker:
            yield b"data: [DONE]\n\n"

    def _delta(self, delta: bytes, finish_reason: bytes = b"null") -> bytes:
        return (
            self._start + b'"choices":[{"index":0,"delta":' + delta + b',"logprobs":null,'
            b'"finish_reason":' + finish_reason + b"}]" + self._usage + b"}\n\n"
        )


def _tool_call_deltas(reply: Reply) -> Iterator[dict[str, Any]]:
    for index, call in enumerate(reply.tool_calls):
        function = {"name": call["name"], "arguments": ""}
        opening = {"index": index, "id": f"call_{index}", "type": "function", "function": function}
        yield {"tool_calls": [opening]}
        yield {"tool_calls": [{"index": index, "function": {"arguments": call["arguments"]}}]}


def _finish_reason(reply: Reply) -> str:
    return reply.finish_reason or ("tool_calls" if reply.tool_calls else "stop")


def _usage(reply: Reply, body: Mapping[str, Any]) -> Mapping[str, Any]:
    if reply.usage is not None:
        return reply.usage
    asked = sum(len(str(message.get("content")).split()) for message in body.get("messages", ()))
    said = len(reply.tokens)
    return {"prompt_tokens": asked, "completion_tokens": said, "total_tokens": asked + said}


def whole_answer(reply: Reply, body: Mapping[str, Any]) -> bytes:
    """The response to a request that asks for no stream."""
    message: dict[str, Any] = {
        "role": "assistant",
        "content": "".join(reply.tokens),
        "refusal": reply.refusal,
    }
    if reply.tool_calls:
        message["tool_calls"] = [
            {"id": f"call_{index}", "type": "function", "function": call}
            for index, call in enumerate(reply.tool_calls)
        ]
    answer = msgspec.json.encode(
        {
            "id": "chatcmpl-fake",
            "object": "chat.completion",
            "created": 1700000000,
            "model": body.get("model"),
            "choices": [{"index": 0, "message": message, "finish_reason": _finish_reason(reply)}],
            "usage": _usage(reply, body),
        }
    )
    headers = {"content-type": "application/json", "content-length": str(len(answer))}
    return response_head(200, headers) + answer


def response_head(status: int, headers: Mapping[str, str]) -> bytes:
    """The status line and the headers."""
    lines = [f"HTTP/1.1 {status} {phrases.get(status, '')}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def chunk(data: bytes) -> bytes:
    """Data in the chunked transfer coding."""
    return b"%x\r\n%b\r\n" % (len(data), data)
