"""The ChatKit protocol: types, requests in, events out."""

from .types import *  # noqa: F403
from .types import __all__ as __all__
