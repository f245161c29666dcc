"""What the tests of a program that uses Chatkeep need.

* `StoreContract`: the suite that every store passes; `PurgingContract` and
  `WakingContract` for what some do beside it.
* `LiveLogContract`: the suite that every live log passes.
* `ScriptedResponder`: a responder that follows a script, with a `Pause` where told.
* `connected`: a client of a Chatkeep in the same process.
* `serve`: an ASGI app on a real socket, for one test.
* `FakeModel`: a model that speaks OpenAI's protocol over a real socket, and gives
  one `Reply` after the other, or fails as it is told to.
"""

from typing import TYPE_CHECKING

from ..exports import imported_when_used

if TYPE_CHECKING:
    from .client import InProcessTransport, connected
    from .live_contract import LiveLogContract
    from .model_replies import HangUp, Raw, Reply, Silence, failure
    from .model_server import FakeModel
    from .responder import Pause, ScriptedResponder
    from .server import serve
    from .store_contract import PurgingContract, StoreContract, WakingContract

__all__ = [
    "FakeModel",
    "HangUp",
    "InProcessTransport",
    "LiveLogContract",
    "Pause",
    "PurgingContract",
    "Raw",
    "Reply",
    "ScriptedResponder",
    "Silence",
    "StoreContract",
    "WakingContract",
    "connected",
    "failure",
    "serve",
]

__getattr__ = imported_when_used(
    __name__,
    {
        "FakeModel": "model_server",
        "HangUp": "model_replies",
        "InProcessTransport": "client",
        "LiveLogContract": "live_contract",
        "Pause": "responder",
        "PurgingContract": "store_contract",
        "Raw": "model_replies",
        "Reply": "model_replies",
        "ScriptedResponder": "responder",
        "Silence": "model_replies",
        "StoreContract": "store_contract",
        "WakingContract": "store_contract",
        "connected": "client",
        "failure": "model_replies",
        "serve": "server",
    },
)
