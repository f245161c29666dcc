"""The events of turns under way, for whoever follows them."""

from .base import FollowLost, LiveLog, LogReader, LogWriter
from .memory import MemoryLiveLog
from .store import StoreLiveLog

__all__ = ["FollowLost", "LiveLog", "LogReader", "LogWriter", "MemoryLiveLog", "StoreLiveLog"]
