"""Runs one subject in process: ``python -m benchmarks.worker PACKAGE.MODULE``.

Reads jobs as lines of JSON, and answers each with a line of JSON. The module has
a `Subject` factory named ``subject``; the parent interleaves the jobs of several
workers, so that a noisy moment of the machine touches all alike.
"""

import asyncio
import importlib
import json
import sys
import time
from collections.abc import AsyncIterable
from typing import Any, Protocol

from .script import create_thread, get_thread, list_threads


class Subject(Protocol):
    """Something that processes ChatKit requests in this process."""

    async def open(self) -> None:
        """Make ready."""

    async def close(self) -> None:
        """Give everything back."""

    async def process(self, body: bytes) -> AsyncIterable[bytes] | bytes:
        """Answer one request with a stream of frames, or with JSON."""
        ...

    async def fill(self, threads: int, items: int) -> str:
        """Store threads with that many items each; return the id of one."""
        ...


async def stream(subject: Subject, deltas: int) -> dict[str, Any]:
    """Time one answer of so many text deltas, from the request to the last frame."""
    body = create_thread(f"burst {deltas}")
    began = time.perf_counter()
    frames = await subject.process(body)
    assert not isinstance(frames, bytes)
    chunks = [chunk async for chunk in frames]
    took = time.perf_counter() - began
    seen = b"".join(chunks).count(b"text_delta")
    assert seen == deltas, f"{seen} of {deltas} deltas came"
    return {"us_per_event": took / deltas * 1e6}


async def first_event(subject: Subject, turns: int) -> dict[str, Any]:
    """Time from the request to the first frame, to the first delta and to the end, per turn."""
    times = [await _one_turn(subject, create_thread("burst 1")) for _ in range(turns)]
    return {"first_ms": [t[0] for t in times], "delta_ms": [t[1] for t in times]}


async def _one_turn(subject: Subject, body: bytes) -> tuple[float, float]:
    began = time.perf_counter()
    first = delta = 0.0
    frames = await subject.process(body)
    assert not isinstance(frames, bytes)
    async for chunk in frames:
        now = time.perf_counter()
        first = first or now
        if not delta and b"text_delta" in chunk:
            delta = now
    return (first - began) * 1000, (delta - began) * 1000


async def get_by_id(subject: Subject, calls: int, thread_id: str) -> dict[str, Any]:
    """Time ``threads.get_by_id``, in microseconds a call."""
    return await _json_calls(subject, calls, get_thread(thread_id), b'"token ')


async def list_all(subject: Subject, calls: int) -> dict[str, Any]:
    """Time ``threads.list`` of 20 threads, in microseconds a call."""
    return await _json_calls(subject, calls, list_threads(20), b'"thr_')


async def _json_calls(subject: Subject, calls: int, body: bytes, mark: bytes) -> dict[str, Any]:
    began = time.perf_counter()
    for _ in range(calls):
        answer = await subject.process(body)
    took = time.perf_counter() - began
    assert isinstance(answer, bytes)
    assert answer.count(mark) >= 20, answer[:400]
    return {"us_per_call": took / calls * 1e6}


async def fill(subject: Subject, threads: int, items: int) -> dict[str, Any]:
    """Store something to be read."""
    return {"thread_id": await subject.fill(threads, items)}


JOBS = {job.__name__: job for job in (stream, first_event, get_by_id, list_all, fill)}


async def serve(subject: Subject) -> None:
    """Do the jobs that come in until the input ends."""
    await subject.open()
    try:
        while line := await asyncio.to_thread(sys.stdin.readline):
            job = json.loads(line)
            result = await JOBS[job.pop("job")](subject, **job)
            print(json.dumps(result), flush=True)
    finally:
        await subject.close()


def main() -> None:
    """Run the subject that the first argument names."""
    module, _, argument = sys.argv[1].partition("=")
    subject = importlib.import_module(f"benchmarks.{module}").subject(argument)
    asyncio.run(serve(subject))


if __name__ == "__main__":
    main()
