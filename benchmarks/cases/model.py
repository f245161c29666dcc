"""Tokens from an OpenAI-compatible model, through the whole server, to the client."""

from collections.abc import Iterator
from contextlib import ExitStack
from statistics import median

from ..processes import LOAD_CORE, Process, Server, free_port, load
from ..report import Row, at_least, rate

_STREAMS, _TOKENS = 16, 500
_APPS = {
    "SDK + Agents SDK + FastAPI": "benchmarks.sdk.agent_app:app",
    "Chatkeep": "benchmarks.engine.model_app:app",
}


def run(quick: bool) -> Iterator[Row]:
    port = free_port()
    model = ("chatkeep.testing.model_server", "--port", str(port), "--tokens", str(_TOKENS))
    env = {"BENCH_MODEL_URL": f"http://127.0.0.1:{port}/v1"}
    with ExitStack() as stack:
        stack.enter_context(Process(*model, core=LOAD_CORE))
        servers = {n: stack.enter_context(Server(app, env=env)) for n, app in _APPS.items()}
        speed: dict[str, list[float]] = {name: [] for name in servers}
        for _ in range(2 if quick else 7):
            for name, server in servers.items():
                result = load(server, "burst", _STREAMS, _TOKENS)
                assert not result["failed"], (name, result, server.log())
                speed[name].append(result["events_per_s"])
    what = f"{_STREAMS} streams x {_TOKENS} tokens from a fake model"
    (baseline, slow), (_, fast) = ((name, median(taken)) for name, taken in speed.items())
    yield rate("model", what, "tokens/s", fast, (baseline, slow), at_least(25))
