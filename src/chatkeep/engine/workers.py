"""Workers' names, and which of them are certain to be dead.

A name says where its process can be looked for: the boot of the machine, the
PID namespace, the PID and when the process began. A host name would not do: all
containers of a host may share it, and each has a process number 1. So a name is
made when a worker opens, after any fork.
"""

import os
import secrets
from functools import cache
from pathlib import Path
from typing import NamedTuple

_PROC = Path("/proc")


class Place(NamedTuple):
    """Where this process can see others, and be seen by them."""

    boot: str
    namespace: str


def new_holder() -> str:
    """Return a name for a worker of this process that no other has, before or after it."""
    pid = os.getpid()
    return f"{place_prefix()}{pid}:{_began(pid) or '-'}:{secrets.token_hex(8)}"


def place_prefix() -> str:
    """Return what the names of all workers begin with that this process can see.

    Where processes can't be looked up, it is this process's own: then a worker
    is dead when its lease has lapsed, and not before.
    """
    place = _place(os.getpid())
    return f"{place.boot}:{place.namespace}:" if place else f"unseen-{_unseen(os.getpid())}:0:"


def has_died(holder: str) -> bool:
    """Whether a worker is certain to be dead; False where that can't be known."""
    prefix = place_prefix()
    if not holder.startswith(prefix):
        return False
    pid, began = (*holder.removeprefix(prefix).split(":"), "", "")[:2]
    if not pid.isdecimal() or not began.isdecimal():
        return False
    return _began(int(pid)) != began


@cache
def _place(_pid: int) -> Place | None:
    """The place of a process; it is looked up again after a fork, which may change it."""
    try:
        # In a namespace whose /proc is another's, numbers there mean other processes.
        if os.readlink(_PROC / "self") != str(os.getpid()):
            return None
        boot = (_PROC / "sys/kernel/random/boot_id").read_text().strip()
        namespace = os.stat(_PROC / "self/ns/pid").st_ino
    except OSError:
        return None
    return Place(boot, str(namespace))


@cache
def _unseen(_pid: int) -> str:
    return secrets.token_hex(8)


def _began(pid: int) -> str | None:
    """When a process began, in clock ticks since the boot; None if none runs."""
    try:
        status = (_PROC / str(pid) / "stat").read_text()
    except OSError:
        return None
    # proc(5): behind the name, which may hold spaces and brackets, stand the state and,
    # as the 20th field, the start time. A zombie has ended, and waits for its parent.
    fields = status.rpartition(")")[2].split()
    return None if fields[0] in {"Z", "X"} else fields[19]
