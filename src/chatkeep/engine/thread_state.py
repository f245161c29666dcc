"""The thread as a responder may change it, and what it changed."""

from copy import deepcopy
from typing import Any

from ..protocol.types import ThreadMetadata
from ..protocol.wire import thread_model
from ..stores.base import ThreadChanges, ThreadRecord

_NONE = object()


class ThreadState:
    """A thread's model, and what of it is not kept yet.

    The SDK saves the thread whole, so a rename during an answer is lost; here
    only the fields that the responder set are written, and of the metadata only
    the keys.
    """

    def __init__(self, record: ThreadRecord) -> None:
        self._record = record
        self._thread: ThreadMetadata | None = None
        self._seen: dict[str, Any] = {}
        self._seen_before: dict[str, Any] = {}

    @property
    def thread(self) -> ThreadMetadata:
        """The model. It is made when someone looks: most turns never do, and carry none."""
        if self._thread is None:
            self._thread = thread_model(self._record)
            self._seen = _fields(self._thread)
        return self._thread

    def take_changes(self) -> ThreadChanges | None:
        """Return what was set since the last call, or None."""
        if self._thread is None or not self._changed():
            return None
        fields, seen = _fields(self.thread), self._seen
        changed = {name: value for name, value in fields.items() if value != seen[name]}
        self._seen_before, self._seen = seen, fields
        if "status" in changed:
            changed["status"] = changed["status"].model_dump(exclude_none=True)
        if "metadata" in changed:
            before, after = seen["metadata"], changed["metadata"]
            changed["metadata"] = {
                k: v for k, v in after.items() if k not in before or before[k] != v
            }
            changed["metadata_removed"] = [key for key in before if key not in after]
        return ThreadChanges(**changed, keep_user_title=True)

    def not_taken(self) -> None:
        """Take note that the changes could not be kept: `take_changes` returns them again."""
        self._seen = self._seen_before

    def taken(self, record: ThreadRecord) -> None:
        """Go on from what the store made of the changes: a person's title stays."""
        if self.thread.title == self._seen["title"]:
            self.thread.title = record.title
        self._seen["title"] = record.title

    def _changed(self) -> bool:
        thread, seen = self.thread, self._seen
        return any(getattr(thread, name) != value for name, value in seen.items())


def _fields(thread: ThreadMetadata) -> dict[str, Any]:
    return {
        "title": thread.title,
        "status": thread.status.model_copy(),
        "metadata": deepcopy(thread.metadata),
        "allowed_image_domains": deepcopy(thread.allowed_image_domains),
    }
