"""Ids: UUIDv7 (RFC 9562, section 5.7) behind a prefix that says what they name.

48 bits of milliseconds make them sort by time; 74 random bits keep a million of
them a millisecond from colliding in practice.
"""

import os
import time

_VERSION_7 = 0x7 << 76
_VARIANT = 0b10 << 62
_RAND_A_MASK = ((1 << 12) - 1) << 64
_RAND_B_MASK = (1 << 62) - 1


def new_id(prefix: str) -> str:
    """Return a fresh id such as ``thr_0199f0c4b7a87c1e9d3b2f64a1c05e77``."""
    random = int.from_bytes(os.urandom(10))
    milliseconds = time.time_ns() // 1_000_000
    value = (
        (milliseconds << 80)
        | _VERSION_7
        | (random & _RAND_A_MASK)
        | _VARIANT
        | (random & _RAND_B_MASK)
    )
    return f"{prefix}_{value:032x}"


_ITEM_PREFIXES = {
    "user_message": "msg",
    "assistant_message": "msg",
    "client_tool_call": "tc",
    "widget": "wgt",
    "generated_image": "img",
    "structured_input": "sin",
    "workflow": "wf",
    "task": "tsk",
    "hidden_context_item": "hcx",
    "sdk_hidden_context": "shcx",
    "end_of_turn": "eot",
}


def thread_id() -> str:
    """A new thread's id."""
    return new_id("thr")


def item_id(item_type: str) -> str:
    """A new item's id; the prefix follows the item's wire type."""
    return new_id(_ITEM_PREFIXES.get(item_type, "itm"))


def turn_id() -> str:
    """A new turn's id."""
    return new_id("trn")


def attachment_id() -> str:
    """A new attachment's id."""
    return new_id("atc")


def error_id() -> str:
    """The id that ties what a client was told to what the log says."""
    return new_id("err")
