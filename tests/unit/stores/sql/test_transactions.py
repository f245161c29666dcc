"""Whose rows each of the store's methods is for, as its connector is told."""

from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, TypeVar

import pytest

from chatkeep.context import Owner
from chatkeep.stores.base import PageQuery
from chatkeep.stores.sql import SQLStore
from chatkeep.stores.sql.connectors import Connector, Scope, Work, connector_at
from chatkeep.testing.store_contract.records import ALICE, a_thread, a_turn

T = TypeVar("T")


class _Noting(Connector):
    """Notes the scope of each transaction."""

    def __init__(self, inner: Connector) -> None:
        self._inner = inner
        self.scopes: list[tuple[str, Scope]] = []

    @property
    def name(self) -> str:
        return self._inner.name

    async def open(self) -> None:
        await self._inner.open()

    async def close(self) -> None:
        await self._inner.close()

    async def read(self, work: Work[T], scope: Scope = None) -> T:
        self.scopes.append(("read", scope))
        return await self._inner.read(work, scope)

    async def write(self, work: Work[T], scope: Scope = None) -> T:
        self.scopes.append(("write", scope))
        return await self._inner.write(work, scope)

    @property
    def busy_connections(self) -> int:
        return self._inner.busy_connections


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        (lambda store: store.list_threads(ALICE, PageQuery()), ("read", ALICE)),
        (lambda store: store.save_thread(ALICE, a_thread("u")), ("write", ALICE)),
        (lambda store: store.begin_turn(a_turn("t"), lease_seconds=9), ("write", ALICE)),
        (lambda store: store.load_checkpoints(a_turn("t")), ("read", ALICE)),
        (lambda store: store.orphaned_turns(""), ("read", None)),
        (lambda store: store.ping(), ("read", None)),
    ],
)
async def test_a_transaction_has_the_scope_of_its_method(
    tmp_path: Path,
    call: Callable[[SQLStore], Coroutine[Any, Any, object]],
    expected: tuple[str, Owner | None],
) -> None:
    url = f"sqlite:///{tmp_path}/chat.db"
    maker = SQLStore(url)
    await maker.open()
    await maker.save_thread(ALICE, a_thread("t"))
    await maker.close()
    connector = _Noting(connector_at(url))
    store = SQLStore(connector)
    await store.open()
    await call(store)
    await store.close()

    assert connector.scopes == [expected]
