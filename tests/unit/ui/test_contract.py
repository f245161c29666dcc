"""The web element and the Python models mean the same by every request and event."""

import json
from typing import Any

import pytest

from chatkeep.protocol.requests import parse_request
from support.ui_scripts import UI, script

REQUESTS: list[dict[str, Any]] = json.loads(
    (UI / "test" / "fixtures" / "requests.json").read_text(encoding="utf-8")
)


def test_the_types_and_the_schema_are_those_of_the_models() -> None:
    for path, text in script("contract").files().items():
        stale = f"{path.name} is stale: run .venv/bin/python ui/scripts/contract.py"
        assert path.read_text(encoding="utf-8") == text, stale


@pytest.mark.parametrize("request_", REQUESTS, ids=lambda request: str(request["type"]))
def test_what_the_element_asks_for_is_understood_and_nothing_of_it_is_lost(
    request_: dict[str, Any],
) -> None:
    parsed = parse_request(json.dumps(request_))

    assert parsed.model_dump(include={"type", "params"}, exclude_unset=True) == request_


def test_the_element_can_ask_for_all_that_there_is() -> None:
    names = script("contract").schema()["$defs"]
    requests = [
        names[option["$ref"].removeprefix("#/$defs/")] for option in names["Request"]["oneOf"]
    ]
    known = {request["properties"]["type"]["const"] for request in requests}

    known.remove("threads.follow")  # the element loads a thread's items instead, so far
    assert {request["type"] for request in REQUESTS} == known
