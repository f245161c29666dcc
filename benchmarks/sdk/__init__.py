"""Baseline: the SDK ``openai-chatkit``, used as its documentation shows."""
