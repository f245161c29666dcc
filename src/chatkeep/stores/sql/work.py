"""`transactions`, by the name that it had."""

from .transactions import Part, reading, writing

__all__ = ["Part", "reading", "writing"]
