"""A Chatkeep that does what the script says."""

from collections.abc import AsyncIterator

from chatkeep import Chatkeep, Settings, Turn

from ..script import play

_SETTINGS = Settings(max_answer_bytes=64 * 1024 * 1024, max_turns_per_user=100_000)


def script_chat(database: str) -> Chatkeep:
    """A Chatkeep over that database, whose responder yields the script's text."""
    return Chatkeep(database, responder=answer, settings=_SETTINGS)


async def answer(turn: Turn) -> AsyncIterator[str]:
    """Yield the text that the user's message asks for."""
    assert turn.message is not None
    async for text in play(turn.message.text):
        yield text
