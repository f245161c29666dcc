"""Chatkeep: everything between OpenAI's ChatKit and your own code."""

__version__ = "0.1.0"
