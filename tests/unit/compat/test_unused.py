"""Overriding what nobody calls is told, by name, to whoever defines the class."""

import ast
import inspect
import warnings
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from chatkit import server as sdk
from chatkit.types import ThreadStreamEvent

import chatkeep.compat
from chatkeep.compat import ChatKitServer, UnusedOverride
from chatkeep.compat.unused import CALLED, NOT_CALLED

DIFFERENCES_PAGE = Path(__file__).parents[3] / "docs" / "sdk-differences.md"


class Quiet(ChatKitServer[Any]):
    """Overrides only what is called. As warnings are errors, there is none."""

    def respond(self, thread: Any, item: Any, context: Any) -> AsyncIterator[ThreadStreamEvent]:
        raise NotImplementedError

    def get_stream_options(self, thread: Any, context: Any) -> Any:
        raise NotImplementedError


@pytest.mark.parametrize("name", sorted(NOT_CALLED))
def test_each_method_that_nobody_calls_is_warned_of(name: str) -> None:
    with pytest.warns(UnusedOverride, match=rf"Loud overrides {name} of"):
        type("Loud", (Quiet,), {name: lambda self: None})


def test_the_warning_points_at_the_class_and_names_all_methods_at_once() -> None:
    with pytest.warns(UnusedOverride) as told:

        class Loud(Quiet):
            def _to_thread_response(self, *args: Any) -> Any:
                raise NotImplementedError

            async def _build_user_message_item(self, *args: Any) -> Any:
                raise NotImplementedError

    assert [Path(warning.filename) for warning in told] == [Path(__file__)]
    assert "_build_user_message_item, _to_thread_response" in str(told[0].message)


def test_a_mixin_s_methods_are_warned_of_and_a_subclass_of_the_class_is_not_warned_again() -> None:
    class Mixin:
        def _serialize(self, obj: Any) -> bytes:
            raise NotImplementedError

    with pytest.warns(UnusedOverride, match="_serialize"):

        class Loud(Mixin, Quiet):
            pass

    with warnings.catch_warnings():
        warnings.simplefilter("error")

        class Derived(Loud):
            pass


def test_what_counts_as_called_is_called() -> None:
    """Read from the sources: the attributes of the program's server that are used there."""
    folder = Path(chatkeep.compat.__file__).parent
    used = {
        node.attr
        for path in folder.glob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute)
        and ast.unparse(node.value) in {"self._server", "server", "super()"}
    }
    members = vars(sdk.ChatKitServer).items()
    methods = {name for name, member in members if inspect.isroutine(member)}
    assert used & methods | {"process"} == CALLED, "the program itself calls `process`"


@pytest.mark.parametrize("name", sorted(NOT_CALLED))
def test_each_method_that_nobody_calls_has_its_place_in_the_docs(name: str) -> None:
    assert f"`{name}`" in DIFFERENCES_PAGE.read_text()
