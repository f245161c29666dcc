"""What a terminal is told of a failure."""

import pytest

from chatkeep.cli.connection import explain
from chatkeep.client import ClientFailure


@pytest.mark.parametrize(
    ("message", "code", "told"),
    [
        ("It is gone.", "protocol", "It is gone."),
        ("It is gone", "connection.failed", "It is gone. Is `chatkeep serve` running"),
        ("...", "connection.failed", "Is `chatkeep serve` running"),
        ("", "connection.failed", "The request failed (connection.failed). Is `chatkeep serve`"),
        (" ", "protocol", "The request failed (protocol)."),
    ],
)
def test_a_failure_is_put_into_words(message: str, code: str, told: str) -> None:
    assert explain(ClientFailure(message, code=code)).startswith(told)
