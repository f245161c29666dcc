"""A thread as a responder changes it: only what was set is written."""

from datetime import UTC, datetime
from typing import Any

from chatkit.types import LockedStatus

from chatkeep.engine.thread_state import ThreadState
from chatkeep.stores.base import UNSET, ThreadRecord


def state(**fields: Any) -> ThreadState:
    return ThreadState(ThreadRecord("t", datetime.now(UTC), **fields))


def test_what_was_not_set_is_left_alone() -> None:
    thread = state(title="Rent", metadata={"a": [1]}, allowed_image_domains=["x"])
    assert thread.take_changes() is None
    assert thread.thread.title == "Rent"
    assert thread.take_changes() is None


def test_what_was_set_is_taken_once() -> None:
    thread = state(title="Rent")
    thread.thread.title = "Tea"
    changes = thread.take_changes()
    assert changes is not None
    assert (changes.title, changes.keep_user_title) == ("Tea", True)
    assert changes.status is UNSET
    assert changes.allowed_image_domains is UNSET
    assert (changes.metadata, changes.metadata_removed) == ({}, ())
    assert thread.take_changes() is None


def test_a_change_deep_within_is_seen() -> None:
    thread = state(metadata={"cart": {"items": []}})
    thread.thread.metadata["cart"]["items"].append("tea")
    changes = thread.take_changes()
    assert changes is not None
    assert changes.metadata == {"cart": {"items": ["tea"]}}
    assert changes.title is UNSET
    thread.thread.metadata["cart"]["items"].append("cake")
    assert changes.metadata == {"cart": {"items": ["tea"]}}, "what was taken is a copy"


def test_a_status_is_taken_as_its_wire_object() -> None:
    thread = state()
    thread.thread.status = LockedStatus(reason="Too hot.")
    changes = thread.take_changes()
    assert changes is not None
    assert changes.status == {"type": "locked", "reason": "Too hot."}
    thread.thread.status.reason = None
    changes = thread.take_changes()
    assert changes is not None
    assert changes.status == {"type": "locked"}


def test_a_title_that_the_store_refused_is_not_tried_again() -> None:
    thread = state(title="Mine")
    thread.thread.title = "By the model"
    thread.take_changes()
    thread.taken(ThreadRecord("t", datetime.now(UTC), title="Mine"))
    assert thread.thread.title == "Mine"
    assert thread.take_changes() is None
