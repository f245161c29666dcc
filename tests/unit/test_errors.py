"""The tree of errors: each has words for whoever reads it, and a code of its own."""

from collections.abc import Iterator

import pytest

from chatkeep import errors
from chatkeep.errors import ChatkeepError, ClientError, StoreConflict, TurnError


def tree(kind: type[ChatkeepError]) -> Iterator[type[ChatkeepError]]:
    yield kind
    for child in kind.__subclasses__():
        if child.__module__ == errors.__name__:
            yield from tree(child)


ALL = list(tree(ChatkeepError))


def test_every_error_is_drawn_in_the_tree() -> None:
    assert errors.__doc__ is not None
    assert [kind.__name__ for kind in ALL if kind.__name__ not in errors.__doc__] == []


def test_codes_are_stable_and_tell_errors_apart() -> None:
    codes = [kind.code for kind in ALL]
    assert len(set(codes)) == len(codes)


@pytest.mark.parametrize("kind", [kind for kind in ALL if not issubclass(kind, StoreConflict)])
def test_an_error_says_by_itself_what_happened(kind: type[ChatkeepError]) -> None:
    error = kind()
    assert error.message == str(error)
    assert error.message.endswith(".")
    assert kind("Other words.").message == "Other words."


def test_clients_get_a_status_of_4xx_or_503() -> None:
    statuses = {kind.status for kind in tree(ClientError) if issubclass(kind, ClientError)}
    assert statuses == {400, 401, 403, 404, 405, 409, 413, 415, 422, 429, 503}


def test_users_may_retry_what_may_pass() -> None:
    final = {
        kind.__name__
        for kind in tree(TurnError)
        if issubclass(kind, TurnError) and not kind.allow_retry
    }
    assert final == {
        "AnswerTooLong",
        "ModelAuthFailed",
        "ModelNotFound",
        "ModelRejected",
        "ThreadClosed",
        "ThreadLocked",
    }
