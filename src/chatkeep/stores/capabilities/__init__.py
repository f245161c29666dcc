"""What a store may be able to do beside the contract, each a small mixin.

A part of the program that needs one asks with ``isinstance``, and does without
it where it is not there. Each has its own part of the contract suite.
"""

from .purging import Purges
from .waking import Wakes

__all__ = ["Purges", "Wakes"]
