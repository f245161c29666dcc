"""Every type of request, with ids that are another user's in every place that takes an id.

The types are the protocol's own. Each case is made twice: with what is another's,
and with ids that nobody has. No answer may tell the two apart.
"""

import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import msgspec
from pydantic import TypeAdapter
from pydantic.json_schema import PydanticJsonSchemaWarning

from chatkeep.protocol.requests import Request
from chatkeep.stores import cursors

SECRET = "a secret of "
"""What each text of a user's begins with; the user's name follows."""

_ID = re.compile(r"[a-z]+_[0-9a-f]{8,}")
_ID_FIELD = re.compile("(.*_)?(ids?|after)|attachments")


@dataclass
class Ids:
    """What names something of one user.

    Args:
        thread: A thread.
        items: Its items, by their types.
        attachment: An attachment.
        turn: An ended turn of the thread.
        cursor: Where a page of threads ended.
    """

    thread: str
    items: dict[str, str]
    attachment: str = "atc_0123456789abcdef0123456789abcdef"
    turn: str = "trn_0123456789abcdef0123456789abcdef"
    cursor: str = ""

    def all(self) -> set[str]:
        """All of them, in whatever place they are used."""
        named = {self.thread, *self.items.values(), self.attachment, self.turn, self.cursor}
        return named - {""}


@dataclass
class Case:
    """One request."""

    type: str
    params: dict[str, Any]
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def body(self) -> bytes:
        """What is sent."""
        return msgspec.json.encode({"type": self.type, "params": self.params})

    def of_nobody(self, bob: Ids) -> "Case":
        """The same request with ids that nobody has in the place of bob's."""
        params = msgspec.json.decode(_of_nobody(msgspec.json.encode(self.params).decode(), bob))
        headers = {name: _of_nobody(value, bob) for name, value in self.headers.items()}
        return Case(self.type, params, headers)


def _of_nobody(text: str, ids: Ids) -> str:
    for known in ids.all():
        found = cursors.place(known)
        if found is not None:
            text = text.replace(known, cursors.cursor(found[0], nobodys(found[1])))
        text = text.replace(known, nobodys(known))
    return text


def nobodys(known: str) -> str:
    """An id that looks like one, and that nobody has."""
    prefix, _, rest = known.rpartition("_")
    return f"{prefix}_{rest[::-1]}" if rest != rest[::-1] else f"{prefix}_x{rest}"


def request_types() -> dict[str, set[str]]:
    """The protocol's types of requests, with the fields of each that take ids."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", PydanticJsonSchemaWarning)
        schema = TypeAdapter(Request).json_schema()
    return {
        kind: {name for name in _fields(schema, {"$ref": ref}) if _ID_FIELD.fullmatch(name)}
        for kind, ref in schema["discriminator"]["mapping"].items()
    }


def _fields(schema: Any, part: Any, within: tuple[str, ...] = ()) -> Iterator[str]:
    """The names of all fields of a part of a schema, however deep."""
    ref = part.get("$ref", "")
    if ref in within:
        return
    if ref:
        part, within = schema["$defs"][ref.rpartition("/")[2]], (*within, ref)
    inner = [*part.get("anyOf", ()), *part.get("oneOf", ())]
    inner += [part["items"]] if "items" in part else []
    for name, kind in part.get("properties", {}).items():
        yield name
        inner.append(kind)
    for kind in inner:
        yield from _fields(schema, kind, within)


def valid_params(ids: Ids) -> dict[str, dict[str, Any]]:
    """Params of each type of request that are right for whoever has the ids."""
    thread = {"thread_id": ids.thread}
    message = {
        "content": [{"type": "input_text", "text": "Hi"}],
        "attachments": [ids.attachment],
        "inference_options": {},
    }
    action = {"type": "press", "payload": {}}
    widget = ids.items["widget"]
    submission = {"status": "answered", "answers": {}}
    return {
        "threads.create": {"input": message},
        "threads.add_user_message": {**thread, "input": message},
        "threads.add_client_tool_output": {**thread, "result": 1},
        "threads.add_structured_input": {
            **thread,
            "item_id": ids.items["structured_input"],
            "input": submission,
        },
        "threads.retry_after_item": {**thread, "item_id": ids.items["user_message"]},
        "threads.custom_action": {**thread, "item_id": widget, "action": action},
        "threads.sync_custom_action": {**thread, "item_id": widget, "action": action},
        "threads.get_by_id": thread,
        "threads.list": {"after": ids.thread, "limit": 100},
        "items.list": {**thread, "after": ids.items["user_message"], "limit": 100},
        "items.feedback": {**thread, "item_ids": [widget], "kind": "positive"},
        "attachments.create": {"name": "a.txt", "size": 1, "mime_type": "text/plain"},
        "attachments.delete": {"attachment_id": ids.attachment},
        "threads.update": {**thread, "title": "Mine"},
        "threads.delete": thread,
        "threads.stop": thread,
        "threads.follow": thread,
        "input.transcribe": {"audio_base64": "", "mime_type": "audio/webm"},
    }


def cases(alice: Ids, bob: Ids) -> Iterator[Case]:
    """Each request of alice's with something of bob's in each place that takes an id."""
    for kind, params in valid_params(alice).items():
        for name in _places(params):
            for wanted in bob.all():
                yield Case(kind, _with(params, name, wanted))
                if name != "thread_id" and "thread_id" in params:
                    yield Case(kind, _with({**params, "thread_id": bob.thread}, name, wanted))
    for thread in (alice.thread, bob.thread):
        for turn in bob.all():
            for number in ("-1", "0", "1000000000"):
                headers = {"last-event-id": f"{turn}:{number}", "chatkeep-live": "1"}
                yield Case("threads.follow", {"thread_id": thread}, headers)


def _places(params: dict[str, Any]) -> list[str]:
    names = [name for name in params if _ID_FIELD.fullmatch(name)]
    return [
        *names,
        *(["attachments"] if "input" in params and "content" in params["input"] else []),
    ]


def _with(params: dict[str, Any], name: str, wanted: str) -> dict[str, Any]:
    if name == "attachments":
        return {**params, "input": {**params["input"], "attachments": [wanted]}}
    return {**params, name: [wanted] if name.endswith("ids") else wanted}


def told(answer: str) -> str:
    """An answer without what differs from one time to the next: ids, and times."""
    return re.sub(r"\d{4}-\d\d-\d\dT[\d:.]+Z|at:\d+", "then", _ID.sub("id", answer))
