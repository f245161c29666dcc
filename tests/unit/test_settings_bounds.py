"""Settings: what makes no sense is refused when it is said, not when it hurts."""

from typing import Any

import pytest

from chatkeep import Settings
from chatkeep.errors import ConfigurationError


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("on_disconnect", "stopp"),
        ("on_disconnect", None),
        ("lease_seconds", 0),
        ("lease_seconds", -1),
        ("lease_seconds", float("nan")),
        ("lease_seconds", float("inf")),
        ("repeat_window", float("inf")),
        ("keep_turns_days", float("inf")),
        ("turn_timeout", "900"),
        ("turn_timeout", None),
        ("turn_timeout", True),
        ("checkpoint_interval", 0),
        ("max_turns_per_user", 0),
        ("max_answer_bytes", 0),
        ("shutdown_grace", -0.1),
    ],
)
def test_what_makes_no_sense_is_refused_by_its_name(name: str, value: Any) -> None:
    with pytest.raises(ConfigurationError, match=name):
        Settings(**{name: value})


@pytest.mark.parametrize("lease_seconds", [0.1, 1.0, 10.0, 600.0])
@pytest.mark.parametrize("checkpoint_interval", [0.1, 30.0, 3600.0])
def test_a_lease_is_renewed_in_time_however_seldom_answers_are_saved(
    lease_seconds: float, checkpoint_interval: float
) -> None:
    settings = Settings(lease_seconds=lease_seconds, checkpoint_interval=checkpoint_interval)
    assert 0 < settings.renew_interval <= min(1.0, lease_seconds / 4)


def test_zero_is_fine_where_nothing_has_to_be_waited_for() -> None:
    Settings(shutdown_grace=0, cancel_grace=0, title_timeout=0, keep_turns_days=0, replay_seconds=0)
