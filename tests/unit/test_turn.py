"""What a responder notes of its turn."""

from decimal import Decimal
from typing import Any, cast

import pytest

from chatkeep import Context, Turn


def a_turn() -> Turn:
    nothing = cast("Any", None)
    return Turn(
        id="trn_1",
        kind="message",
        context=Context(),
        thread=nothing,
        input=None,
        message=None,
        action=None,
        recorder=nothing,
        load_items=nothing,
        load_state=nothing,
    )


@pytest.mark.parametrize(
    ("first", "second", "total"),
    [
        ({"tokens": 1}, {"tokens": 2}, {"tokens": 3}),
        ({"cost": 0.25}, {"cost": 0.5}, {"cost": 0.75}),
        ({"cost": 1}, {"cost": 0.5}, {"cost": 1.5}),
        (
            {"tokens": 5, "details": {"reasoning": 3, "audio": 0, "more": {"a": 1}}},
            {"tokens": 1, "details": {"reasoning": 1, "cached": 2, "more": {"a": 1}}},
            {
                "tokens": 6,
                "details": {"reasoning": 4, "audio": 0, "cached": 2, "more": {"a": 2}},
            },
        ),
        ({"cached": True}, {"cached": True}, {"cached": True}),
        ({"tier": "a", "models": [1]}, {"tier": "b", "models": [2]}, {"tier": "b", "models": [2]}),
        ({"details": None}, {"details": {"a": 1}}, {"details": {"a": 1}}),
        ({"details": {"a": 1}}, {"details": None}, {"details": None}),
        ({"a": 1}, {"a": "one"}, {"a": "one"}),
        ({"a": 1}, {"b": 2}, {"a": 1, "b": 2}),
        ({"a": Decimal("1.5")}, {"b": float("nan")}, {"a": "1.5", "b": None}),
    ],
)
def test_what_the_model_counted_adds_up(first: Any, second: Any, total: Any) -> None:
    turn = a_turn()
    turn.record_usage(first)
    before = repr(first)
    turn.record_usage(second)
    assert turn.usage == total
    assert repr(first) == before, "what the responder holds is its own"


def test_what_can_not_be_kept_is_refused_where_it_is_noted() -> None:
    """At the end of the turn it would keep the thread from being freed."""
    turn = a_turn()
    turn.record_usage({"tokens": 1})
    with pytest.raises(ValueError, match="no form in JSON"):
        turn.record_usage({"response": object()})
    assert turn.usage == {"tokens": 1}
