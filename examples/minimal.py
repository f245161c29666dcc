"""The smallest Chatkeep in FastAPI: ``uvicorn examples.minimal:app``."""

from collections.abc import AsyncIterator

from fastapi import FastAPI

from chatkeep import Chatkeep, Turn


async def answer(turn: Turn) -> AsyncIterator[str]:
    """Say back what the user said, word by word."""
    assert turn.message is not None
    for word in turn.message.text.split():
        yield f"{word} "


chat = Chatkeep("sqlite:///chat.db", responder=answer)
app = FastAPI()
app.include_router(chat.router())
