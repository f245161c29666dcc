"""Bodies to requests: what is wrong is named, what was sent is not repeated."""

import json
from typing import Any, get_args

import pytest
from chatkit.types import ChatKitReq, ThreadsAddClientToolOutputReq, ThreadsCreateReq

from chatkeep.errors import InvalidRequest, UnknownRequestType
from chatkeep.protocol.requests import ThreadsStopReq, is_streaming, parse_request

SECRET = "hunter2"
INPUT: dict[str, Any] = {"content": [], "attachments": [], "inference_options": {}}


def request(request_type: Any, **params: Any) -> bytes:
    return json.dumps({"type": request_type, "params": params}).encode()


def refusal(body: bytes | str) -> str:
    with pytest.raises(InvalidRequest) as refused:
        parse_request(body)
    assert SECRET not in refused.value.message
    return refused.value.message


def test_each_request_of_the_sdk_is_known() -> None:
    kinds = get_args(get_args(ChatKitReq)[0])
    known = {kind.model_fields["type"].default for kind in kinds}
    assert len(known) == 16
    for request_type in known:
        with pytest.raises(InvalidRequest, match="params"):
            parse_request(json.dumps({"type": request_type}))


def test_a_request_is_what_it_says() -> None:
    parsed = parse_request(request("threads.create", input=INPUT))
    assert isinstance(parsed, ThreadsCreateReq)
    assert is_streaming(parsed)
    stop = parse_request(request("threads.stop", thread_id="thr_1"))
    assert isinstance(stop, ThreadsStopReq)
    assert not is_streaming(stop)


def test_text_and_bytes_are_the_same() -> None:
    body = request("threads.get_by_id", thread_id="thr_\u00e9")
    assert parse_request(body) == parse_request(body.decode())


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"hunter2",
        b"{",
        b'{"type": "hunter2',
        b"\xff\xfe\x00",
        b'{"a":"\xc3\x28"}',
        b"[" * 100_000,
        b"9" * 10_000,
        b'{"type":"threads.list","params":{"limit":' + b"9" * 10_000 + b"}}",
    ],
    ids=lambda body: repr(body[:20]),
)
def test_what_is_no_json_is_refused(body: bytes) -> None:
    assert "hunter2" not in refusal(body)


@pytest.mark.parametrize("body", [b"null", b"7", b'"hunter2"', b"[]", b"[{}]", b"true"])
def test_json_that_is_no_object_is_refused(body: bytes) -> None:
    assert refusal(body).startswith("request: ")


@pytest.mark.parametrize("body", [b"{}", b'{"params":{}}', b'{"type":null}'])
def test_a_request_needs_a_type(body: bytes) -> None:
    refusal_or_unknown: type[Exception] = InvalidRequest
    with pytest.raises((refusal_or_unknown, UnknownRequestType)):
        parse_request(body)


@pytest.mark.parametrize(
    "request_type", ["", "threads.share", "threads.hunter2", "THREADS.LIST", ["threads.list"], 7]
)
def test_an_unknown_type_is_refused_without_repeating_it(request_type: Any) -> None:
    with pytest.raises((UnknownRequestType, InvalidRequest)) as refused:
        parse_request(request(request_type))
    assert "hunter2" not in refused.value.message
    assert "share" not in refused.value.message


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (request("threads.get_by_id"), "params.thread_id"),
        (request("threads.get_by_id", thread_id=7), "params.thread_id"),
        (request("threads.list", limit=SECRET), "params.limit"),
        (request("threads.list", order=SECRET), "params.order"),
        (request("items.feedback", thread_id="t", item_ids=SECRET, kind="x"), "params.item_ids"),
        (request("items.feedback", thread_id="t", item_ids=[], kind=SECRET), "params.kind"),
        (request("threads.create", input={**INPUT, "content": SECRET}), "params.input.content"),
        (
            request("threads.create", input={**INPUT, "content": [{"type": SECRET}]}),
            "params.input.content.0",
        ),
        (request("threads.create", input={**INPUT, "content": [{}]}), "params.input.content.0"),
        (
            request("threads.create", input={**INPUT, "attachments": [{"a": SECRET}]}),
            "params.input.attachments.0",
        ),
        (b'{"type":"threads.list","params":"hunter2"}', "params"),
        (b'{"type":"threads.list","params":{},"metadata":"hunter2"}', "metadata"),
    ],
)
def test_a_wrong_field_is_named_and_its_value_is_not_repeated(body: bytes, field: str) -> None:
    assert refusal(body).startswith(f"{field}")


def test_a_key_that_a_client_made_up_is_not_repeated() -> None:
    answers = {SECRET * 1000: {"values": SECRET}}
    body = request(
        "threads.add_structured_input", thread_id="t", item_id="i", input={"answers": answers}
    )
    message = refusal(body)
    assert message.startswith("params.input.answers")
    assert len(message) < 200


@pytest.mark.parametrize("depth", [150, 178, 179, 300, 900, 5000, 500_000])
@pytest.mark.parametrize("odd", [False, True])
def test_json_that_is_nested_too_deeply_is_refused(depth: int, odd: bool) -> None:
    """Two levels of each request are its own."""
    head = '{"type":"threads.add_client_tool_output","params":{"thread_id":"t","result":'
    body = head + "[" * depth + "]" * depth + "}}"
    if odd:
        body = body.replace('"t"', '"\\ud800"')
    if depth <= 178:
        assert isinstance(parse_request(body), ThreadsAddClientToolOutputReq)
    else:
        assert refusal(body) == "The request nests more than 180 levels deep."


@pytest.mark.parametrize("digits", [400, 4300, 4301, 100_000])
@pytest.mark.parametrize("odd", [False, True])
def test_a_number_is_read_or_refused_however_long_it_is(digits: int, odd: bool) -> None:
    number = "7" * digits
    body = request("threads.add_client_tool_output", thread_id="t\ud800" if odd else "t", result=0)
    sent = body.replace(b'"result": 0', b'"result": ' + number.encode())
    assert sent != body
    if digits <= 4300:
        assert parse_request(sent).params.result == int(number)
    else:
        assert refusal(sent) == "The request body is not valid JSON."
    text = body.replace(b'"result": 0', b'"result": "%s"' % number.encode())
    assert parse_request(text).params.result == number


@pytest.mark.parametrize("text", [chr(0xD800), "a" + chr(0xDFFF), "\x00", "😀"], ids=ascii)
def test_any_text_gets_through(text: str) -> None:
    content = [{"type": "input_text", "text": text}]
    body = request("threads.create", input={**INPUT, "content": content, "quoted_text": text})
    raw = json.dumps(json.loads(body), ensure_ascii=False).replace("\x00", "\\u0000")
    for sent in (body, body.decode(), raw):
        message = parse_request(sent).params.input
        assert message.content[0].text == message.quoted_text == text
    wrong = json.dumps({"type": "threads.get_by_id", "params": {"thread_id": [text, SECRET]}})
    assert refusal(wrong).startswith("params.thread_id")
