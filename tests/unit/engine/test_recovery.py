"""Which workers are dead."""

import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest

from chatkeep.context import Owner
from chatkeep.engine import recovery
from chatkeep.stores.base import TurnRecord


def turn(holder: str, lease: timedelta = timedelta(minutes=1)) -> TurnRecord:
    now = datetime.now(UTC)
    return TurnRecord("t", Owner("a", "b"), "thr", "x", holder, now, lease_expires_at=now + lease)


def ended_process() -> int:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def test_this_process_lives() -> None:
    holder = recovery.new_holder()
    assert holder.startswith(recovery.host_prefix())
    assert not recovery.is_dead(turn(holder))
    assert recovery.new_holder() != holder


def test_a_process_that_has_ended_is_dead() -> None:
    assert recovery.is_dead(turn(f"{recovery.host_prefix()}{ended_process()}:abc.def"))


def test_an_earlier_process_of_this_ones_number_is_dead() -> None:
    """As in a container, whose first process always has the number 1."""
    assert recovery.is_dead(turn(f"{recovery.host_prefix()}{os.getpid()}:0000000a.0000000b"))


def test_another_process_of_this_host_lives() -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        assert not recovery.is_dead(turn(f"{recovery.host_prefix()}{process.pid}:a.b"))
        process.communicate(b"\n")


def test_a_process_of_another_user_lives() -> None:
    assert not recovery.is_dead(turn(f"{recovery.host_prefix()}1:a.b"))


@pytest.mark.parametrize("host", ["elsewhere", "host:with:colons"])
def test_another_host_lives_as_long_as_its_lease(host: str) -> None:
    holder = f"{host}:{ended_process()}:a.b"
    assert not recovery.is_dead(turn(holder))
    assert recovery.is_dead(turn(holder, timedelta(seconds=-1)))
