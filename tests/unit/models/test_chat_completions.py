"""Bytes of an answer become text, however the network cuts them."""

import json
from typing import Any

import pytest

from chatkeep.models.chat_completions import AnswerReader, BrokenAnswer, EventSplitter

SSE = "text/event-stream; charset=utf-8"


def chunk(content: str | None, finish_reason: str | None = None, **fields: Any) -> str:
    choice = {"index": 0, "delta": {"content": content}, "finish_reason": finish_reason}
    return json.dumps({"choices": [choice], **fields}, ensure_ascii=False)


def stream(*events: str) -> bytes:
    return "".join(f"data: {event}\n\n" for event in events).encode()


def read(*pieces: bytes, content_type: str = SSE) -> tuple[list[str], AnswerReader]:
    reader = AnswerReader(content_type)
    texts = [text for piece in pieces for text in reader.feed(piece)]
    return texts + list(reader.end()), reader


WHOLE = b": hello\n\n" + stream(chunk("größ"), chunk("er 🙂"), chunk(None, "stop"), "[DONE]")


@pytest.mark.parametrize("size", range(1, len(WHOLE)))
@pytest.mark.parametrize("line_end", [b"\n", b"\r\n"])
def test_pieces_of_any_size(size: int, line_end: bytes) -> None:
    body = WHOLE.replace(b"\n", line_end)
    texts, reader = read(*(body[at : at + size] for at in range(0, len(body), size)))
    assert texts == ["größ", "er 🙂"]
    assert reader.complete


@pytest.mark.parametrize(
    "body",
    [
        b"data:" + chunk("a", "stop").encode() + b"\n\n",
        b"event: x\nid: 1\nretry: 5\ndata: " + chunk("a", "stop").encode() + b"\n\n",
        b"data: " + json.dumps(json.loads(chunk("a", "stop")), indent=1)
        .replace("\n", "\ndata: ").encode() + b"\n\n",
        b"\n\n\n" + stream(chunk("a"), "[DONE]"),
        stream(chunk("a")) + b"data: [DONE]",
        stream(chunk("a", "stop")).rstrip(b"\n"),
    ],
)  # fmt: skip
def test_forms_of_the_same_stream(body: bytes) -> None:
    assert read(body)[0] == ["a"]


def test_only_the_first_choice_and_only_text_count() -> None:
    tool_call = {"choices": [{"delta": {"tool_calls": [{"index": 0}]}}]}
    texts, reader = read(
        stream(
            json.dumps({"choices": [], "prompt_filter_results": []}),
            json.dumps({"choices": None}),
            json.dumps({"choices": [{"delta": {"role": "assistant", "content": ""}}]}),
            json.dumps({"choices": [{"delta": None}]}),
            json.dumps(tool_call),
            chunk("a", error=None),
            json.dumps({"choices": [{"delta": {"refusal": "No."}}]}),
            chunk(None, "length"),
        )
    )
    assert texts == ["a", "No."]
    assert reader.finish_reason == "length"


def test_usage_comes_last() -> None:
    usage = {"total_tokens": 3, "details": {"cached": 1}}
    body = stream(
        chunk("a", usage=None), chunk(None, "stop"), json.dumps({"choices": [], "usage": usage})
    )
    assert read(body)[1].usage == usage


def test_a_token_may_end_inside_a_character() -> None:
    body = stream('{"choices":[{"delta":{"content":"\\ud83d"}}]}', chunk("b", "stop"))
    assert read(body)[0] == ["\ud83d", "b"]


@pytest.mark.parametrize(
    "broken",
    [
        '{"error": {"message": "overloaded"}}',
        '{"error": "overloaded"}',
        '{"choices": [{"delta": {"content": 1}}]}',
        '{"choices": [{"delta": {"content": "a',
        "<html>",
        "[" * 100_000,
    ],
)
def test_a_broken_event_comes_after_the_text_before_it(broken: str) -> None:
    reader = AnswerReader(SSE)
    texts = reader.feed(stream(chunk("a"), broken, chunk("b")))
    assert next(texts) == "a"
    with pytest.raises(BrokenAnswer):
        next(texts)
    assert not reader.complete


@pytest.mark.parametrize("body", [b"", stream(chunk("a")), b"<html></html>", b": hello\n\n"])
def test_an_early_end_is_broken(body: bytes) -> None:
    with pytest.raises(BrokenAnswer, match="too early"):
        read(body)


def test_a_whole_answer_in_json() -> None:
    body = json.dumps(
        {"choices": [{"message": {"content": "größer"}}], "usage": {"total_tokens": 2}}
    ).encode()
    texts, reader = read(body[:9], body[9:], content_type="application/json")
    assert texts == ["größer"]
    assert reader.usage == {"total_tokens": 2}
    assert reader.complete


@pytest.mark.parametrize("body", [b"", b"{}", b'{"error": "no"}', b'{"choices": []}', b"[]"])
def test_json_that_is_no_answer(body: bytes) -> None:
    with pytest.raises(BrokenAnswer):
        read(body, content_type="application/json")


@pytest.mark.parametrize("content_type", [SSE, "application/json"])
def test_an_event_without_an_end_is_bounded(content_type: str) -> None:
    reader = AnswerReader(content_type)
    with pytest.raises(BrokenAnswer):
        for _ in range(64):
            list(reader.feed(b"data: " + b"x" * 1024 * 1024))


def test_a_long_event_in_small_pieces_is_joined_once() -> None:
    splitter = EventSplitter()
    line = b"data: " + b"x" * 200_000
    pieces = [line[at : at + 1] for at in range(len(line))]
    assert not any(splitter.feed(piece) for piece in pieces)
    assert splitter.feed(b"\n\n") == [line[5:]]
