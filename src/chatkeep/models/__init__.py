"""OpenAI-compatible models on the wire: sockets to bytes to text, in time."""
