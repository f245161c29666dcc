"""Ids: long, ordered by time, and named for what they name."""

import re
from typing import get_args

import pytest
from chatkit.types import ThreadItem

from chatkeep import ids

ITEM_TYPES = [kind.model_fields["type"].default for kind in get_args(get_args(ThreadItem)[0])]


@pytest.mark.parametrize(
    ("new", "prefix"),
    [
        (ids.thread_id, "thr"),
        (ids.turn_id, "trn"),
        (ids.attachment_id, "atc"),
        (ids.error_id, "err"),
        *((lambda kind=kind: ids.item_id(kind), None) for kind in ITEM_TYPES),
    ],
)
def test_an_id_is_a_uuid_of_version_7(new: object, prefix: str | None) -> None:
    assert callable(new)
    name = new()
    match = re.fullmatch(r"([a-z]+)_([0-9a-f]{12})7[0-9a-f]{3}[89ab][0-9a-f]{15}", name)
    assert match is not None
    assert prefix in {None, match[1]}
    assert match[1] != "itm", "every type of the SDK has a prefix of its own"


def test_ids_differ_and_follow_time(monkeypatch: pytest.MonkeyPatch) -> None:
    assert len({ids.new_id("x") for _ in range(10_000)}) == 10_000
    names = []
    for milliseconds in (1, 2, 1_800_000_000_000, 1_800_000_000_001):
        monkeypatch.setattr("time.time_ns", lambda ms=milliseconds: ms * 1_000_000)
        names.append(ids.new_id("x"))
    assert names == sorted(names)


def test_a_new_type_has_some_prefix() -> None:
    assert ids.item_id("hologram").startswith("itm_")
