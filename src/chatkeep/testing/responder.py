"""A responder that follows a script, and waits where the script says so."""

import asyncio
import inspect
from collections.abc import AsyncGenerator, Sequence
from typing import TypeAlias

from ..responders.base import Output
from ..turn import Turn

Step: TypeAlias = Output
"""What a responder may yield; or a `Pause`; or an exception, which is raised;
or a function of the turn, whose result (awaited, if need be) is yielded unless
it is None."""


class Pause:
    """A place in a script where the responder waits, so that a test can look around::

        pause = Pause()
        chat = Chatkeep("memory:", responder=ScriptedResponder(["Hel", pause, "lo"]))
        ...
        await pause.reached.wait()  # "Hel" has been said
        pause.end()

    Attributes:
        reached: Set once the responder waits here.
        cancelled: Set once it was stopped while it waited.
    """

    def __init__(self) -> None:
        self.reached = asyncio.Event()
        self.cancelled = asyncio.Event()
        self._ended = asyncio.Event()

    def end(self) -> None:
        """Let whoever waits here, now or later, go on."""
        self._ended.set()

    async def wait(self) -> None:
        """Wait here for the end of the pause."""
        self.reached.set()
        try:
            await self._ended.wait()
        except asyncio.CancelledError:
            self.cancelled.set()
            raise


class ScriptedResponder:
    """Answers each turn with the next script; the last one stays.

    Args:
        scripts: One for each turn: a text, or a sequence of steps.

    Attributes:
        turns: Every turn so far.
    """

    def __init__(self, *scripts: str | Sequence[Step]) -> None:
        if not scripts:
            raise ValueError("a scripted responder needs a script")
        self.turns: list[Turn] = []
        self._scripts = [[script] if isinstance(script, str) else script for script in scripts]

    async def respond(self, turn: Turn) -> AsyncGenerator[Output]:
        """Do what the script says."""
        self.turns.append(turn)
        script = self._scripts[min(len(self.turns), len(self._scripts)) - 1]
        for step in script:
            if isinstance(step, Pause):
                await step.wait()
            elif isinstance(step, BaseException):
                raise step
            elif not callable(step):
                yield step
            elif (output := await _result(step(turn))) is not None:
                yield output


async def _result(value: object) -> Output:
    return await value if inspect.isawaitable(value) else value
