"""Workers' names: which workers are certain to be dead."""

import os
import subprocess
import sys

import pytest

from chatkeep.engine import workers

LIST = "from chatkeep.engine import workers; print(workers.new_holder())"


def holder_of(process: subprocess.Popen[bytes]) -> str:
    """The name of a worker in another process, as it would give it itself."""
    began = workers._began(process.pid)
    return f"{workers.place_prefix()}{process.pid}:{began}:0123456789abcdef"


def test_this_process_lives_under_names_of_which_each_is_its_own() -> None:
    holder = workers.new_holder()

    assert holder.startswith(workers.place_prefix())
    assert not workers.has_died(holder)
    assert workers.new_holder() != holder


def test_a_process_that_has_ended_is_dead_even_before_its_parent_knows() -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        holder = holder_of(process)
        assert not workers.has_died(holder)
        assert process.stdin is not None
        process.stdin.close()
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)  # it is a zombie now
        assert workers.has_died(holder)
    assert workers.has_died(holder)


def test_a_process_that_has_the_number_of_an_earlier_one_is_not_it() -> None:
    """As in a container, whose first process always has the number 1."""
    assert workers.has_died(f"{workers.place_prefix()}{os.getpid()}:1:0123456789abcdef")


def test_a_process_of_another_user_lives() -> None:
    assert not workers.has_died(f"{workers.place_prefix()}1:{workers._began(1)}:x")


@pytest.mark.parametrize("place", ["elsewhere:1:", "host:with:colons:", "", ":"])
def test_of_what_can_not_be_seen_nothing_is_known(place: str) -> None:
    assert not workers.has_died(f"{place}{os.getpid()}:1:x")


@pytest.mark.parametrize("rest", ["", "x", "1", "a:b:c", "1:-:x", "-1:5:x"])
def test_a_name_that_makes_no_sense_is_no_proof_of_death(rest: str) -> None:
    assert not workers.has_died(workers.place_prefix() + rest)


@pytest.mark.parametrize("proc", [["--mount-proc"], []], ids=["its own /proc", "another's /proc"])
def test_a_process_in_another_pid_namespace_is_not_seen(proc: list[str]) -> None:
    """Containers may share a host name, and each has a process number 1."""
    command = ["unshare", "--pid", "--fork", *proc, sys.executable, "-c", LIST]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    if run.returncode:
        pytest.skip(f"no PID namespaces here: {run.stderr.strip()}")

    assert not run.stdout.startswith(workers.place_prefix())
    assert not workers.has_died(run.stdout.strip())


def test_a_forked_process_has_names_of_its_own() -> None:
    before = workers.new_holder()
    read, write = os.pipe()
    if (pid := os.fork()) == 0:
        os.write(write, workers.new_holder().encode())
        os._exit(0)
    os.waitpid(pid, 0)
    name = os.read(read, 1000).decode()
    os.close(read)
    os.close(write)

    assert name.startswith(f"{workers.place_prefix()}{pid}:")
    assert workers.has_died(name)
    assert not workers.has_died(before)
