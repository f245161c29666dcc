"""The app that the end to end tests talk to: every script of `recorded_app`, and some of its own.

    chatkeep serve --app scripted_app:chat

A message is the name of a script; any other message is said back, word by word.
"""

import re
from collections.abc import AsyncIterator
from typing import Any

from recorded_app import SCRIPTS, RecordedApp, Script

from chatkeep import Turn

LONG_TEXT = "\n\n".join(f"Paragraph {number}. " + "Rain falls. " * 30 for number in range(12))


class ScriptedApp(RecordedApp):
    """Says back what it has no script for."""

    def _script(self, turn: Turn) -> Script:
        text = turn.message.text if turn.message else ""
        if turn.kind in ("tool_output", "structured_input") or text == "stopped" or text in SCRIPTS:
            return super()._script(turn)
        return _long if text == "long" else _say_back


async def _long(turn: Turn) -> AsyncIterator[Any]:
    for word in re.findall(r"\S+\s*", LONG_TEXT):
        yield word


async def _say_back(turn: Turn) -> AsyncIterator[Any]:
    text = turn.message.text if turn.message else ""
    for word in re.findall(r"\s*\S+\s*", text):
        yield word


chat = ScriptedApp().chat
