"""The tree of errors: each has words for whoever reads it, and a code of its own."""

import pickle
import re
from collections.abc import AsyncGenerator, Iterator

import pytest
from chatkit.errors import CustomStreamError

from chatkeep import Chatkeep, Turn, errors
from chatkeep.errors import ChatkeepError, ClientError, StoreConflict, TurnError, reason_of
from chatkeep.testing.client import connected


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


# Errors without words


class Lazy:
    """A translation that is made when it is read."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __str__(self) -> str:
        return self.text


class Unspeakable:
    def __str__(self) -> str:
        raise RuntimeError("SECRET")


class Bare(TurnError): ...


class Forgetful(TurnError):
    """The quota is used up.

    Raised by the program's own code, with what is nobody's business.
    """

    def __init__(self, account: str) -> None:
        self.account = account


class Blank(TurnError):
    """It went wrong."""

    def __init__(self) -> None:
        super().__init__("Words.")
        self.message = " "


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (TurnError(""), "The answer could not be finished."),
        (TurnError(" \n"), "The answer could not be finished."),
        (TurnError(object()), "The answer could not be finished."),  # type: ignore[arg-type]
        (TurnError({"a": "SECRET"}), "The answer could not be finished."),  # type: ignore[arg-type]
        (TurnError(KeyError("SECRET")), "The answer could not be finished."),  # type: ignore[arg-type]
        (TurnError(Unspeakable()), "The answer could not be finished."),  # type: ignore[arg-type]
        (TurnError(Lazy("Genug.")), "Genug."),  # type: ignore[arg-type]
        (TurnError(Lazy("")), "The answer could not be finished."),  # type: ignore[arg-type]
        (Bare(), "The answer could not be finished."),
        (Bare("Words."), "Words."),
        (Forgetful("SECRET"), "The quota is used up."),
        (Blank(), "It went wrong."),
    ],
)
def test_an_error_has_words_whatever_it_is_made_of(error: TurnError, message: str) -> None:
    assert error.message == str(error) == message
    again = pickle.loads(pickle.dumps(Bare("Words.")))  # noqa: S301
    assert again.message == "Words."


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (ValueError("why"), "why"),
        (ValueError(), "ValueError"),
        (TimeoutError(" \n"), "TimeoutError"),
        (ValueError(Unspeakable()), "ValueError"),
    ],
)
def test_an_exception_has_a_reason_whatever_it_is(error: Exception, reason: str) -> None:
    assert reason_of(error) == reason


@pytest.mark.parametrize(
    "error",
    [
        TurnError(""),
        Bare(),
        Forgetful("SECRET"),
        TurnError(Unspeakable()),  # type: ignore[arg-type]
        CustomStreamError(""),
        CustomStreamError(object()),  # type: ignore[arg-type]
        ValueError(Unspeakable()),
    ],
    ids=lambda error: type(error).__name__,
)
async def test_a_turn_that_fails_without_words_says_something(error: Exception) -> None:
    async def responder(turn: Turn) -> AsyncGenerator[str]:
        yield "Before."
        raise error

    chat = Chatkeep("memory:", responder=responder)
    async with connected(chat) as client:
        events = [event async for event in client.send("Hi")]
    (shown,) = [event for event in events if event["type"] == "error"]
    assert re.fullmatch(r"[A-Z][^<>]{10,}[.)]", shown["message"])
    assert "SECRET" not in shown["message"]


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
