"""The SDK behind FastAPI, as its quickstart shows."""

from .server import ScriptedServer
from .store import DictStore
from .web import serve

app = serve(ScriptedServer(DictStore()))
