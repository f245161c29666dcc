"""Chatkeep before an OpenAI-compatible model, as an ASGI app."""

import os

from chatkeep import Chatkeep
from chatkeep.responders.completions import Completions

responder = Completions(
    "fake", base_url=os.environ["BENCH_MODEL_URL"], api_key="none", instructions="Answer."
)
app = Chatkeep("memory:", responder=responder).asgi()
