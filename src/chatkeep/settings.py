"""The engine's bounds and deadlines, each with a default that suits one machine."""

from dataclasses import dataclass, fields
from math import inf
from typing import Any, Literal

from .errors import ConfigurationError

_POSITIVE = frozenset(
    {
        *("turn_timeout", "idle_timeout", "keep_timeout", "max_answer_bytes", "max_body_bytes"),
        *("max_title_length", "max_turns_per_user", "checkpoint_interval", "lease_seconds"),
        *("sweep_interval", "heartbeat_interval", "request_timeout"),
    }
)


@dataclass(frozen=True, slots=True)
class Settings:
    """How long things may take, and how large they may grow.

    Args:
        on_disconnect: What happens to a turn whose client leaves without a
            word: ``"stop"`` it (what the ChatKit SDK promises) or ``"finish"``
            it, for the client to find later.
        turn_timeout: Seconds that a turn may take in all.
        idle_timeout: Seconds that a responder may go without yielding.
        cancel_grace: Seconds that a cancelled responder may take to end before
            it is reported in the log. The turn itself ends at once.
        shutdown_grace: Seconds that turns under way may take to finish when
            the server closes; then they are kept as unfinished.
        title_timeout: Seconds past the end of an answer that the function which
            names a thread may take.
        max_answer_bytes: How much one turn may stream, encoded.
        max_body_bytes: How large a request body may be.
        max_title_length: Characters of a thread's title.
        max_attachments: Attachments of one message.
        keep_timeout: Seconds that the store may take to keep the end of a turn
            before its followers are told of it; then it is tried on.
        max_turns_per_user: How many turns of one user may be under way at once.
        checkpoint_interval: Seconds between two savings of what turns have
            streamed so far: what a crash can cost, and how late those who
            follow from another worker read it.
        lease_seconds: How long a worker's hold on a thread outlives its last
            sign of life. It is renewed each second, or four times in this time.
        sweep_interval: Seconds between two looks for turns of dead workers.
        keep_turns_days: How many days the record of an ended turn (its status,
            times and usage, not what was said) is kept.
        repeat_window: Seconds within which a request that comes again, after
            its first answer was not delivered, joins the first turn.
        heartbeat_interval: Seconds of silence after which a stream says that it
            lives, so that no proxy cuts it: a client that asked for more than
            plain frames gets a comment, any other the stream's own
            ``stream_options`` again.
        request_timeout: Seconds that a request may wait for its answer, or for
            its stream to begin, whatever it waits for; then it is answered 503,
            or 422 if a handler is at work, which goes on.
        replay_seconds: How long an ended turn's events can be read again, here
            and from other workers.
        replay_bytes: How much memory ended turns' events may take in all.
    """

    on_disconnect: Literal["stop", "finish"] = "stop"
    turn_timeout: float = 900.0
    idle_timeout: float = 180.0
    cancel_grace: float = 5.0
    shutdown_grace: float = 5.0
    title_timeout: float = 10.0
    max_answer_bytes: int = 16 * 1024 * 1024
    max_body_bytes: int = 1024 * 1024
    max_title_length: int = 200
    max_attachments: int = 20
    keep_timeout: float = 10.0
    max_turns_per_user: int = 100
    checkpoint_interval: float = 0.7
    lease_seconds: float = 10.0
    sweep_interval: float = 2.0
    keep_turns_days: float = 30.0
    repeat_window: float = 60.0
    heartbeat_interval: float = 10.0
    request_timeout: float = 20.0
    replay_seconds: float = 60.0
    replay_bytes: int = 32 * 1024 * 1024

    def __post_init__(self) -> None:
        if self.on_disconnect not in {"stop", "finish"}:
            raise ConfigurationError(
                f'Settings: on_disconnect is "stop" or "finish", not {self.on_disconnect!r}.'
            )
        for name in (field.name for field in fields(self) if field.name != "on_disconnect"):
            self._check(name, getattr(self, name))

    def _check(self, name: str, value: Any) -> None:
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if not (is_number and 0 <= value < inf):
            raise ConfigurationError(f"Settings: {name} is a number from 0 up, not {value!r}.")
        if name in _POSITIVE and value == 0:
            raise ConfigurationError(f"Settings: {name} is more than 0.")

    @property
    def tick_interval(self) -> float:
        """Seconds between two looks at the deadlines of turns."""
        return min(1.0, self.turn_timeout / 4, self.idle_timeout / 4)

    @property
    def renew_interval(self) -> float:
        """Seconds between two renewals of the leases of a worker's turns."""
        return min(1.0, self.lease_seconds / 4)
