"""Any value that may be JSON is kept by every store, and read back as it is after JSON."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from chatkit.types import HiddenContextItem
from hypothesis import given, settings
from sqlalchemy.exc import StatementError

from chatkeep.context import Owner
from chatkeep.encoding import NotJSON, from_json, to_json
from chatkeep.protocol.wire import item_record, parse_item
from chatkeep.stores import open_store
from chatkeep.stores.base import PageQuery, Store, ThreadChanges, ThreadRecord
from support.json_values import EXAMPLES, ODD, nested, strictly_read

ALICE = Owner("acme", "alice")


def drawn(count: int) -> list[Any]:
    """Many values, the same in every run."""
    values = list(EXAMPLES)

    @settings(max_examples=count)
    @given(ODD)
    def draw(value: Any) -> None:
        values.append(value)

    draw()
    return values


@pytest.fixture(params=["memory", "sqlite", "postgres"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "postgres":
        found: str = request.getfixturevalue("postgres_url")
        return found
    return "memory:" if request.param == "memory" else f"sqlite:///{tmp_path}/chat.db"


@pytest.fixture
async def store(url: str) -> AsyncIterator[Store]:
    store = open_store(url)
    await store.open()
    yield store
    await store.close()


async def test_an_item_is_read_back(store: Store) -> None:
    now = datetime.now(UTC)
    await store.save_thread(ALICE, ThreadRecord("t", now))
    items = [
        item_record(HiddenContextItem(id=f"{n}", thread_id="t", created_at=now, content=value))
        for n, value in enumerate(drawn(100))
    ]
    await store.save_items(ALICE, "t", items)
    for item in items:
        kept = await store.get_item(ALICE, "t", item.id)
        assert kept.data == item.data
        strictly_read(kept.data)
        parse_item(kept.data)


async def test_metadata_is_read_back_as_it_is_after_json(store: Store) -> None:
    await store.save_thread(ALICE, ThreadRecord("t", datetime.now(UTC)))
    for value in drawn(60):
        expected = from_json(to_json({"value": value}))
        changed = await store.update_thread(ALICE, "t", ThreadChanges(metadata={"value": value}))
        assert changed.metadata == expected
        assert (await store.get_thread(ALICE, "t")).metadata == expected
    assert (await store.list_threads(ALICE, PageQuery())).data[0].metadata == expected


async def test_metadata_that_can_not_be_kept_changes_nothing(store: Store) -> None:
    kept = ThreadRecord("t", datetime.now(UTC), metadata={"kept": 1})
    await store.save_thread(ALICE, kept)
    for value in (nested(5000), object()):
        with pytest.raises((NotJSON, StatementError)) as refused:
            await store.update_thread(ALICE, "t", ThreadChanges(metadata={"value": value}))
        assert isinstance(getattr(refused.value, "orig", refused.value), NotJSON)
    assert (await store.get_thread(ALICE, "t")).metadata == {"kept": 1}
