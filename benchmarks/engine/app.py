"""Chatkeep as an ASGI app; the database is named by ``BENCH_DATABASE``."""

import os

from .script import script_chat

chat = script_chat(os.environ.get("BENCH_DATABASE", "memory:"))
app = chat.asgi()
