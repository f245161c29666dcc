"""What a server answers, and refuses, before and beside its streams (WIRE.md, defects 10 to 13)."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from chatkit.server import ChatKitServer as SDKServer
from chatkit.types import (
    AudioInput,
    ClientToolCallItem,
    HiddenContextItem,
    LockedStatus,
    StreamOptions,
    ThreadItem,
    ThreadMetadata,
    TranscriptionResult,
    UserMessageItem,
)

from chatkeep.compat import DEFAULT_SETTINGS, NotFoundError, RequestRefused, request_metadata
from compat.servers import (
    Events,
    Reading,
    Server,
    added,
    body,
    delta,
    done,
    event_of,
    message,
    said,
    says_hello,
    thread_id_of,
    types_of,
)
from compat.stores import ANN, BOB, AwaitingStore, User


async def begun(server: Server) -> str:
    """A thread with a message and its answer."""
    return thread_id_of(await server.stream("threads.create", input=said("hi")))


async def listed(server: Server, thread_id: str, **params: Any) -> list[str]:
    """The ids of a page of items."""
    page = await server.call("items.list", thread_id=thread_id, **params)
    return [item["id"] for item in page["data"]]


# 10: what is missing, and what is wrong


@pytest.mark.parametrize(
    ("type_", "params"),
    [
        ("threads.add_user_message", {"input": said("hi")}),
        ("threads.get_by_id", {}),
        ("threads.update", {"title": "x"}),
        ("threads.retry_after_item", {"item_id": "msg_1"}),
        ("threads.add_client_tool_output", {"result": 1}),
        ("threads.custom_action", {"action": {"type": "go", "payload": {}}}),
    ],
)
async def test_a_missing_thread_is_refused_before_the_stream(
    type_: str, params: dict[str, Any]
) -> None:
    server = Server(says_hello)
    with pytest.raises(NotFoundError, match="thr_none"):
        await server.process(body(type_, thread_id="thr_none", **params), ANN)


async def test_a_thread_of_another_is_missing() -> None:
    server = Server(says_hello)
    thread_id = await begun(server)
    request = body("threads.add_user_message", thread_id=thread_id, input=said("mine"))
    with pytest.raises(NotFoundError):
        await server.process(request, BOB)


async def test_a_missing_item_is_refused_before_the_stream() -> None:
    server = Server(says_hello)
    thread_id = await begun(server)
    for type_ in ("threads.retry_after_item", "threads.custom_action"):
        action = {"type": "go", "payload": {}}
        request = body(type_, thread_id=thread_id, item_id="none", action=action)
        with pytest.raises(NotFoundError, match="none"):
            await server.process(request, ANN)


@pytest.mark.parametrize("request_", [b"{}", b"no", b'{"type":"x","params":{}}', b"[]"])
async def test_what_is_no_request_is_refused_with_a_status(request_: bytes) -> None:
    with pytest.raises(RequestRefused) as refused:
        await Server(says_hello).process(request_, ANN)
    assert isinstance(refused.value, ValueError)
    assert refused.value.status == refused.value.status_code == 400


async def test_a_tool_output_that_nobody_waits_for_is_refused() -> None:
    server = Server(says_hello)
    thread_id = await begun(server)
    request = body("threads.add_client_tool_output", thread_id=thread_id, result=1)
    with pytest.raises(RequestRefused):
        await server.process(request, ANN)


# 11: bounds


async def test_any_limit_gives_a_page() -> None:
    server = Server(says_hello)
    thread_id = await begun(server)
    assert len(await listed(server, thread_id, limit=9999)) == 2
    assert len(await listed(server, thread_id, limit=-5)) == 1
    assert len((await server.call("threads.list", limit=9999))["data"]) == 1


async def test_a_title_has_bounds() -> None:
    server = Server(says_hello)
    thread_id = await begun(server)
    for title in (" ", "x" * 1000):
        with pytest.raises(RequestRefused):
            await server.call("threads.update", thread_id=thread_id, title=title)


@pytest.mark.parametrize(
    "params",
    [
        {"name": "a.txt", "size": -1, "mime_type": "text/plain"},
        {"name": "a.txt", "size": 1, "mime_type": "text"},
        {"name": " ", "size": 1, "mime_type": "text/plain"},
    ],
)
async def test_an_attachment_has_a_name_a_size_and_a_type(params: dict[str, Any]) -> None:
    server = Server(says_hello, files=True)
    with pytest.raises(RequestRefused):
        await server.call("attachments.create", **params)
    assert server.files.files == set()


async def test_a_locked_thread_takes_no_message() -> None:
    async def locks(
        server: Server, thread: ThreadMetadata, input_: UserMessageItem | None, context: User
    ) -> Events:
        yield done(message(thread, "bye"))
        thread.status = LockedStatus(reason="Over.")

    server = Server(locks)
    thread_id = await begun(server)
    events = await server.stream(
        "threads.add_user_message", thread_id=thread_id, input=said("more")
    )
    assert [(event["type"], event["reason"]) for event in events] == [("error", "thread.locked")]
    assert server.texts(thread_id) == ["hi", "bye"]


async def test_what_is_said_is_audio() -> None:
    class Listening(Server):
        async def transcribe(self, audio_input: AudioInput, context: User) -> TranscriptionResult:
            return TranscriptionResult(text=f"{context.name}: {audio_input.data.decode()}")

    server = Listening(says_hello)
    heard = await server.call("input.transcribe", audio_base64="aGk=", mime_type="audio/webm")
    assert heard == {"text": "ann: hi"}
    for audio, type_ in (("aGk=", "text/html"), ("?", "audio/webm")):
        with pytest.raises(RequestRefused):
            await server.call("input.transcribe", audio_base64=audio, mime_type=type_)
    with pytest.raises(NotImplementedError):
        await Server(says_hello).call(
            "input.transcribe", audio_base64="aGk=", mime_type="audio/webm"
        )


async def test_a_request_s_metadata_is_there_for_responders_and_hooks() -> None:
    seen: list[Any] = []

    class Noting(Server):
        async def add_feedback(self, *_: Any) -> None:
            seen.append(dict(request_metadata()))

    async def notes(
        server: Server, thread: ThreadMetadata, input_: UserMessageItem | None, context: User
    ) -> Events:
        seen.append(dict(request_metadata()))
        yield done(message(thread, "hello"))

    server = Noting(notes)
    await server.stream("threads.create", input=said("hi"), metadata={"tab": 1})
    await server.call(
        "items.feedback", thread_id="t", item_ids=["i"], kind="positive", metadata={"tab": 2}
    )
    assert seen == [{"tab": 1}, {"tab": 2}]


# 12: pages


async def test_pages_are_full_though_items_are_hidden() -> None:
    async def hides(
        server: Server, thread: ThreadMetadata, input_: UserMessageItem | None, context: User
    ) -> Events:
        for number in range(30):
            item = HiddenContextItem(
                id=f"hcx_{number}", thread_id=thread.id, created_at=datetime.now(UTC), content="x"
            )
            yield done(item)
        yield done(message(thread, "hello"))

    server = Server(hides)
    events = await server.stream("threads.create", input=said("hi"))
    thread_id = thread_id_of(events)
    assert await listed(server, thread_id, limit=2) == ["msg_1", events[1]["item"]["id"]]
    thread = await server.call("threads.get_by_id", thread_id=thread_id)
    assert [item["type"] for item in thread["items"]["data"]] == [
        "user_message",
        "assistant_message",
    ]
    assert "hidden" not in str([events, thread])


async def test_pages_follow_one_another() -> None:
    server = Server(says_hello)
    thread_id = await begun(server)
    for _ in range(2):
        await server.stream("threads.add_user_message", thread_id=thread_id, input=said("more"))
    first = await server.call("items.list", thread_id=thread_id, limit=2)
    rest = await listed(server, thread_id, after=first["after"])
    ids = [item["id"] for item in first["data"]] + rest
    assert ids == list(server.kept.items[thread_id])[::-1]


# 13: times


async def test_times_have_an_offset_on_the_wire_and_are_the_programs_own_in_its_store() -> None:
    seen: list[datetime] = []

    async def notes(
        server: Server, thread: ThreadMetadata, input_: UserMessageItem | None, context: User
    ) -> Events:
        assert input_ is not None
        seen.extend([thread.created_at, input_.created_at])
        yield done(message(thread, "hello"))

    server = Server(notes)
    before = datetime.now(UTC) - timedelta(seconds=1)
    events = await server.stream("threads.create", input=said("hi"))
    thread_id = thread_id_of(events)
    thread = await server.call("threads.get_by_id", thread_id=thread_id)
    sent = [thread["created_at"], *(item["created_at"] for item in thread["items"]["data"])]
    sent += [event["item"]["created_at"] for event in events if "item" in event]
    for moment in map(datetime.fromisoformat, sent):
        assert before <= moment <= datetime.now(UTC)

    items: list[ThreadItem | ThreadMetadata] = [*server.kept.items[thread_id].values()]
    kept = [row.created_at for row in [*items, server.kept.threads[ANN, thread_id]]]
    assert {moment.tzinfo for moment in [*kept, *seen]} == {None}
    assert max(kept) - min(kept) < timedelta(seconds=5)


async def test_a_store_may_return_aware_times() -> None:
    class Aware(AwaitingStore):
        async def load_thread(self, thread_id: str, context: User) -> ThreadMetadata:
            thread = await super().load_thread(thread_id, context)
            aware = thread.created_at.replace(tzinfo=UTC)
            return thread.model_copy(update={"created_at": aware})

    server = Server(says_hello, Aware())
    thread_id = await begun(server)
    await server.stream("threads.add_user_message", thread_id=thread_id, input=said("more"))
    assert server.texts(thread_id) == ["hi", "hello", "more"]


# A request that comes twice


async def waits(
    server: Server, thread: ThreadMetadata, input_: UserMessageItem | None, context: User
) -> Events:
    yield added(message(thread, "", f"msg_{len(server.kept.items[thread.id])}"))
    yield delta("seen ", f"msg_{len(server.kept.items[thread.id])}")
    await asyncio.Event().wait()


async def reading_of(server: Server, request: bytes, context: User = ANN) -> Reading:
    result: Any = await server.process(request, context)
    return Reading(result.json_events)


async def test_a_first_message_that_is_sent_again_makes_one_thread() -> None:
    server = Server(waits)
    request = body("threads.create", input=said("hi"))
    first = await reading_of(server, request)
    await first.until("seen ")
    await first.frames.aclose()

    again = await reading_of(server, request)
    await again.until("seen ")
    assert again.thread_id == first.thread_id
    assert len(server.kept.threads) == 1
    await again.frames.aclose()
    assert server.texts(first.thread_id) == ["hi", "seen "]


async def test_the_same_words_of_another_are_another_thread() -> None:
    server = Server(waits)
    request = body("threads.create", input=said("hi"))
    first = await reading_of(server, request)
    await first.until("seen ")
    await first.frames.aclose()

    other = await reading_of(server, request, BOB)
    await other.until("seen ")
    assert other.thread_id != first.thread_id
    await other.frames.aclose()


async def test_a_message_that_is_sent_again_joins_its_answer() -> None:
    server = Server(says_hello)
    thread_id = await begun(server)
    server.responder = waits
    request = body("threads.add_user_message", thread_id=thread_id, input=said("more"))
    first = await reading_of(server, request)
    await first.until("seen ")
    again = await reading_of(server, request)
    await again.until("seen ")
    assert again.events == first.events
    await first.frames.aclose()
    await again.frames.aclose()
    assert server.texts(thread_id) == ["hi", "hello", "more", "seen "]


# The drop-in


def test_a_server_may_answer_in_another_loop_than_it_was_asked_in() -> None:
    """So do WSGI servers: Django's, for one."""
    server = Server(says_hello)
    result: Any = asyncio.run(server.process_create("hi"))

    async def read() -> list[dict[str, Any]]:
        return [event_of(frame) async for frame in result]

    events = asyncio.run(read())
    assert events[-1]["item"]["content"][0]["text"] == "hello"
    assert server.texts(thread_id_of(events)) == ["hi", "hello"]


async def test_a_stream_that_nobody_reads_changes_nothing() -> None:
    server = Server(says_hello)
    await server.process_create("hi")
    assert server.kept.threads == {}


async def test_a_server_decides_what_the_client_may_do() -> None:
    class Firm(Server):
        def get_stream_options(self, thread: ThreadMetadata, context: User) -> StreamOptions:
            return StreamOptions(allow_cancel=context == BOB)

    server = Firm(says_hello)
    assert isinstance(server, SDKServer)
    for user, allowed in ((ANN, False), (BOB, True)):
        events = await server.stream("threads.create", user, input=said("hi"))
        options = next(event for event in events if event["type"] == "stream_options")
        assert options["stream_options"] == {"allow_cancel": allowed}


async def test_text_may_come_without_the_beginning_of_its_message() -> None:
    async def plunges(
        server: Server, thread: ThreadMetadata, input_: UserMessageItem | None, context: User
    ) -> Events:
        yield delta("hel")
        yield delta("lo")
        yield done(message(thread, "hello"))

    server = Server(plunges)
    events = await server.stream("threads.create", input=said("hi"))
    assert types_of(events)[3:] == [
        "thread.item.added",
        "thread.item.updated",
        "thread.item.updated",
        "thread.item.done",
    ]
    assert server.texts(thread_id_of(events)) == ["hi", "hello"]


async def test_a_tool_s_output_is_answered_without_a_message() -> None:
    async def calls(
        server: Server, thread: ThreadMetadata, input_: UserMessageItem | None, context: User
    ) -> Events:
        if input_ is None:
            yield done(message(thread, "done"))
            return
        for number in (1, 2):
            yield done(
                ClientToolCallItem(
                    id=f"tc_{number}",
                    thread_id=thread.id,
                    created_at=datetime.now(),  # noqa: DTZ005
                    call_id=f"call_{number}",
                    name="look",
                    arguments={},
                )
            )

    server = Server(calls)
    thread_id = await begun(server)
    events = await server.stream(
        "threads.add_client_tool_output", thread_id=thread_id, result={"found": None}
    )
    assert types_of(events) == ["stream_options", "thread.item.done"]
    kept = server.kept.items[thread_id]
    assert json.loads(kept["tc_2"].model_dump_json())["output"] == {"found": None}
    assert "tc_1" not in kept


async def test_a_tool_s_output_that_comes_again_is_no_output_of_another_call() -> None:
    async def calls(
        server: Server, thread: ThreadMetadata, input_: UserMessageItem | None, context: User
    ) -> Events:
        if input_ is None:
            yield delta("The", "msg_1")
            await asyncio.Event().wait()
        for number in (1, 2):
            yield done(
                ClientToolCallItem(
                    id=f"tc_{number}",
                    thread_id=thread.id,
                    created_at=datetime.now(),  # noqa: DTZ005
                    call_id=f"call_{number}",
                    name="look",
                    arguments={},
                )
            )

    server = Server(calls)
    thread_id = await begun(server)
    request = body("threads.add_client_tool_output", thread_id=thread_id, result=42)
    for _ in range(2):  # the connection broke, and the client asks again
        result: Any = await server.process(request, ANN)
        reading = Reading(result.json_events)
        await reading.until("The")
        await reading.frames.aclose()
    outputs = [
        (item.status, item.output)
        for item in server.kept.items[thread_id].values()
        if isinstance(item, ClientToolCallItem)
    ]
    assert outputs == [("completed", None), ("completed", 42)]


@pytest.mark.parametrize(
    ("hook", "request_"),
    [
        ("add_feedback", ("items.feedback", {"item_ids": ["msg_1"], "kind": "positive"})),
        (
            "sync_action",
            ("threads.sync_custom_action", {"action": {"type": "buy", "payload": {}}}),
        ),
        (
            "transcribe",
            ("input.transcribe", {"audio_base64": "aGk=", "mime_type": "audio/webm"}),
        ),
    ],
)
async def test_what_a_hook_raises_reaches_whoever_mounts_the_server(
    hook: str, request_: tuple[str, dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fails(*args: Any) -> Any:
        raise OSError("the table of feedback is gone")

    server = Server(says_hello)
    monkeypatch.setattr(server, hook, fails, raising=True)
    type_, params = request_
    if type_ != "input.transcribe":
        params = params | {"thread_id": await begun(server)}
    with pytest.raises(OSError, match="the table of feedback is gone"):
        await server.call(type_, **params)


def test_hooks_may_take_as_long_as_answers() -> None:
    """They may ask models, and the SDK has no deadline for them."""
    assert DEFAULT_SETTINGS.request_timeout == DEFAULT_SETTINGS.turn_timeout
