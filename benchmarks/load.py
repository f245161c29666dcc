"""The load client: many streams over raw sockets, for as little CPU as may be.

Runs as its own process, ``python -m benchmarks.load SPEC``, and prints one line
of JSON. It never parses the frames: it counts them by a mark that each text
delta carries once, and times the arrival of each chunk. A paced stream's first
delta carries the start of its schedule, so lateness is what the client sees.

With ``hold`` it prints once all streams are open, and keeps them open until its
standard input ends.
"""

import json
import re
import selectors
import socket
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from .script import INTERVAL_S, create_thread

_DELTA = b"text_delta"
_FRAME = b"data: "
_STAMP = re.compile(rb"@(\d+)@")
_CHUNK = 1 << 16
_OPENING_AT_ONCE = 64
_BURST_TIMEOUT_S = 120
_PACED_GRACE_S = 5


@dataclass(frozen=True)
class Spec:
    """What to ask of whom: ``streams`` requests that each send ``instruction``.

    ``deltas`` is how many each must bring; a stream that brings another number
    has failed. ``mode`` is ``burst``, ``paced`` or ``hold``.
    """

    port: int
    mode: str
    streams: int
    deltas: int = 0
    path: str = "/chatkit"

    def request(self, instruction: str) -> bytes:
        """The bytes of one HTTP request."""
        body = create_thread(instruction)
        head = (
            f"POST {self.path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        return head.encode() + body


@dataclass(slots=True)
class Stream:
    """One response as it comes in."""

    sock: socket.socket
    sent_at: float = 0.0
    first_at: float = 0.0
    ended_at: float = 0.0
    deltas: int = 0
    schedule: float = 0.0
    unread: bytes = b""


@dataclass(slots=True)
class Client:
    """Drives the streams of one spec with one selector."""

    spec: Spec
    selector: selectors.BaseSelector = field(default_factory=selectors.DefaultSelector)
    streams: list[Stream] = field(default_factory=list)
    late_ms: Counter[int] = field(default_factory=Counter)
    waiting: int = 0
    live: int = 0

    def connect(self) -> Stream:
        """Open one connection, without a request yet."""
        sock = socket.create_connection(("127.0.0.1", self.spec.port), timeout=10)
        sock.setblocking(False)
        stream = Stream(sock)
        self.streams.append(stream)
        self.selector.register(sock, selectors.EVENT_READ, stream)
        self.live += 1
        return stream

    def send(self, stream: Stream, request: bytes) -> None:
        """Send the request; the clock of the stream starts."""
        stream.sent_at = time.monotonic()
        stream.sock.send(request)
        self.waiting += 1

    def step(self, timeout: float = 1.0) -> None:
        """Read whatever has come."""
        for key, _ in self.selector.select(timeout):
            stream: Stream = key.data
            try:
                chunk = stream.sock.recv(_CHUNK)
            except ConnectionError:
                chunk = b""
            now = time.monotonic()
            if chunk:
                self.take(stream, chunk, now)
            else:
                self.end(stream, now)

    def take(self, stream: Stream, chunk: bytes, now: float) -> None:
        """Count a chunk's deltas, whichever way the frames were cut."""
        text = stream.unread + chunk
        if not stream.first_at and _FRAME in text:
            stream.first_at = now
            self.waiting -= 1
        if self.spec.mode == "paced" and not stream.schedule:
            stamp = _STAMP.search(text)
            if stamp is None:
                stream.unread = text
                return
            stream.schedule = int(stamp[1]) / 1_000_000
        found = text.count(_DELTA)
        stream.unread = text[1 - len(_DELTA) :]
        if stream.schedule:
            for index in range(stream.deltas, stream.deltas + found):
                late = now - stream.schedule - index * INTERVAL_S
                self.late_ms[int(late * 1000)] += 1
        stream.deltas += found

    def end(self, stream: Stream, now: float) -> None:
        """Note that the server has closed the stream."""
        stream.ended_at = now
        if not stream.first_at:
            self.waiting -= 1
        self.selector.unregister(stream.sock)
        stream.sock.close()
        self.live -= 1

    def open_gently(self, instruction: str) -> None:
        """Open all streams, a few at a time, until each has its first frame."""
        while len(self.streams) < self.spec.streams:
            self.send(self.connect(), self.spec.request(instruction))
            while self.waiting >= _OPENING_AT_ONCE:
                self.step()
            self.step(0)
        while self.waiting:
            self.step()

    def drain(self, timeout_s: float) -> None:
        """Read until every stream has ended; leave those that take too long."""
        deadline = time.monotonic() + timeout_s
        while self.live and time.monotonic() < deadline:
            self.step()


def burst(spec: Spec) -> dict[str, Any]:
    """Send all requests at one moment and read to the end."""
    client = Client(spec)
    requests = [spec.request(f"burst {spec.deltas}") for _ in range(spec.streams)]
    streams = [client.connect() for _ in requests]
    for stream, request in zip(streams, requests, strict=True):
        client.send(stream, request)
    client.drain(_BURST_TIMEOUT_S)
    took = max(s.ended_at for s in streams) - min(s.sent_at for s in streams)
    return _result(client) | {"events_per_s": spec.streams * spec.deltas / took}


def paced(spec: Spec) -> dict[str, Any]:
    """Open all streams, then let them run to their schedules together."""
    client = Client(spec)
    client.open_gently(f"paced {spec.deltas}")
    cpu, began = time.process_time(), time.monotonic()
    go = Client(spec)
    go.send(go.connect(), spec.request(f"go {spec.streams}"))
    client.drain(spec.deltas * INTERVAL_S + _PACED_GRACE_S)
    busy = (time.process_time() - cpu) / (time.monotonic() - began)
    return _result(client) | {
        "client_cpu": busy,
        "late_ms": {f"p{q}": _quantile(client.late_ms, q / 100) for q in (50, 95, 99)},
        "on_time": _share_within(client.late_ms, 100),
    }


def hold(spec: Spec) -> None:
    """Open all streams and keep them open until standard input ends."""
    client = Client(spec)
    client.open_gently("hold")
    opened = sum(1 for stream in client.streams if stream.first_at and not stream.ended_at)
    _print({"opened": opened})
    sys.stdin.read()


def _result(client: Client) -> dict[str, Any]:
    wanted = client.spec.deltas
    first = sorted(s.first_at - s.sent_at for s in client.streams if s.first_at)
    return {
        "failed": sum(1 for s in client.streams if s.deltas != wanted or not s.ended_at),
        "first_byte_p50_ms": first[len(first) // 2] * 1000 if first else None,
        "first_byte_p99_ms": first[int(len(first) * 0.99)] * 1000 if first else None,
    }


def _quantile(counts: Counter[int], share: float) -> int | None:
    """The smallest value that at least ``share`` of the counted don't exceed."""
    left = share * counts.total()
    for value in sorted(counts):
        left -= counts[value]
        if left <= 0:
            return value
    return None


def _share_within(counts: Counter[int], limit: int) -> float:
    total = counts.total()
    return sum(n for value, n in counts.items() if value < limit) / total if total else 0.0


def _print(result: dict[str, Any]) -> None:
    print(json.dumps(result), flush=True)


def main() -> None:
    """Run the spec given as JSON in the first argument."""
    spec = Spec(**json.loads(sys.argv[1]))
    if spec.mode == "hold":
        hold(spec)
    else:
        _print(paced(spec) if spec.mode == "paced" else burst(spec))


if __name__ == "__main__":
    main()
