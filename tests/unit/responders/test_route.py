"""One of several responders, turn by turn."""

from collections.abc import AsyncGenerator, Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from chatkeep.errors import ConfigurationError
from chatkeep.responders.route import Route


async def streaming(turn: Any) -> AsyncGenerator[str]:
    yield "a"
    yield turn.name


async def whole(turn: Any) -> str:
    return "whole"


def blocking(turn: Any) -> Iterator[str]:
    yield "blocking"


class Answering:
    async def respond(self, turn: Any) -> AsyncGenerator[str]:
        yield "object"


RESPONDERS = {"streaming": streaming, "whole": whole, "blocking": blocking, "object": Answering()}


def named(name: str) -> Any:
    return SimpleNamespace(name=name)


def by_name(turn: Any) -> str:
    return str(turn.name)


async def by_name_later(turn: Any) -> str:
    return str(turn.name)


@pytest.mark.parametrize("choose", [by_name, by_name_later])
async def test_each_turn_goes_to_the_chosen_responder(choose: Any) -> None:
    route = Route(RESPONDERS, choose=choose)
    answers = {name: [output async for output in route.respond(named(name))] for name in RESPONDERS}
    assert answers == {
        "streaming": ["a", "streaming"],
        "whole": ["whole"],
        "blocking": ["blocking"],
        "object": ["object"],
    }


async def test_routes_may_be_nested() -> None:
    inner = Route(RESPONDERS, choose=by_name)
    outer = Route({"inner": inner}, choose=lambda turn: "inner")
    assert [output async for output in outer.respond(named("whole"))] == ["whole"]


async def test_stopping_the_route_stops_the_responder() -> None:
    stopped = []

    async def endless(turn: Any) -> AsyncGenerator[str]:
        try:
            while True:
                yield "more"
        finally:
            stopped.append(True)

    outputs = Route({"endless": endless}, choose=by_name).respond(named("endless"))
    await anext(outputs)
    await outputs.aclose()
    assert stopped == [True]


async def test_an_unknown_name_says_what_there_is() -> None:
    route = Route({"small": whole, "large": whole}, choose=by_name)
    with pytest.raises(ConfigurationError, match="chose 'huge', but has only 'small', 'large'"):
        await anext(route.respond(named("huge")))


def test_a_route_needs_responders() -> None:
    with pytest.raises(ConfigurationError, match="at least one"):
        Route({}, choose=by_name)
    with pytest.raises(ConfigurationError, match="of type str: 'gpt'"):
        Route({"small": "gpt"}, choose=by_name)
