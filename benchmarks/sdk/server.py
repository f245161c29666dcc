"""A ChatKit server on the SDK that does what the script says."""

from collections.abc import AsyncIterator

from chatkit.server import ChatKitServer
from chatkit.types import ThreadMetadata, ThreadStreamEvent, UserMessageItem

from ..script import play
from .events import WORD_DELTA, added, delta, done
from .store import Context


class Scripted:
    """``respond`` for a ChatKit server: makes an event of each piece of text."""

    async def respond(
        self, thread: ThreadMetadata, input_user_message: UserMessageItem | None, context: Context
    ) -> AsyncIterator[ThreadStreamEvent]:
        assert input_user_message is not None
        yield added(thread.id)
        texts = []
        async for text in play(input_user_message.content[0].text):
            texts.append(text)
            yield delta(text)
        yield done(thread.id, "".join(texts))


class ReadyMade:
    """``respond`` for a ChatKit server: yields one event that was made before."""

    async def respond(
        self, thread: ThreadMetadata, input_user_message: UserMessageItem | None, context: Context
    ) -> AsyncIterator[ThreadStreamEvent]:
        assert input_user_message is not None
        yield added(thread.id)
        texts = []
        async for text in play(input_user_message.content[0].text):
            texts.append(text)
            yield WORD_DELTA
        yield done(thread.id, "".join(texts))


class ScriptedServer(Scripted, ChatKitServer[Context]):
    """The SDK's server, fed with text, as in life."""


class ReadyMadeServer(ReadyMade, ChatKitServer[Context]):
    """The SDK's server, fed with ready-made events."""
