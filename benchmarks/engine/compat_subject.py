"""Code written for the SDK on Chatkeep's engine, in process: only the base class is another."""

from chatkeep.compat import ChatKitServer

from ..sdk.server import ReadyMade
from ..sdk.store import Context, DictStore
from ..sdk.subject import SdkSubject


class CompatServer(ReadyMade, ChatKitServer[Context]):
    """Chatkeep's drop-in server, fed with ready-made events."""


def subject(_: str) -> SdkSubject:
    """A compat server over the same dict store as the baseline's."""
    return SdkSubject(CompatServer(DictStore()))
