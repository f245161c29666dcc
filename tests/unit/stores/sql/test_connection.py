"""Statements run on the driver itself, and give what SQLAlchemy's own connection would."""

import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from sqlalchemy import (
    Boolean,
    Column,
    Integer,
    MetaData,
    Table,
    bindparam,
    delete,
    func,
    insert,
    literal,
    select,
    update,
)
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.exc import IntegrityError

from chatkeep.stores.sql.columns import AnyText, JsonValue, UtcTime
from chatkeep.stores.sql.connection import Connection
from chatkeep.stores.sql.connectors.dbapi import DBAPIDriver

_things = Table(
    "things",
    MetaData(),
    Column("id", AnyText, primary_key=True),
    Column("at", UtcTime),
    Column("data", JsonValue),
    Column("done", Boolean, nullable=False),
)
_NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture(params=["qmark", "named", "format"])
def connection(request: pytest.FixtureRequest) -> Iterator[Connection]:
    """A connection to a database in memory, by each way in which drivers take parameters."""
    database = sqlite3.connect(":memory:", isolation_level=None)
    database.execute("CREATE TABLE things (id TEXT PRIMARY KEY, at, data, done BOOLEAN NOT NULL)")
    driver = DBAPIDriver(lambda: _Cursor(database), sqlite3.IntegrityError)
    yield Connection(driver, SQLiteDialect_pysqlite(paramstyle=request.param, dbapi=sqlite3))
    database.close()


class _Cursor:
    """sqlite3's cursor that takes `format` too, as Django's does."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._cursor = database.cursor()

    def execute(self, sql: str, parameters: object) -> None:
        self._cursor.execute(sql.replace("%s", "?").replace("%%", "%"), parameters)  # type: ignore[arg-type]

    def executemany(self, sql: str, parameters: object) -> None:
        self._cursor.executemany(sql.replace("%s", "?").replace("%%", "%"), parameters)  # type: ignore[arg-type]

    def __getattr__(self, name: str) -> object:
        return getattr(self._cursor, name)


def _thing(name: str, **values: object) -> dict[str, object]:
    return {"id": name, "at": _NOON, "data": {"a": [1]}, "done": True, **values}


def test_values_are_converted_both_ways(connection: Connection) -> None:
    connection.execute(insert(_things), _thing("null \x00 and lone \ud800"))
    row = connection.execute(select(_things)).one()

    assert tuple(row) == ("null \x00 and lone \ud800", _NOON, {"a": [1]}, True)
    assert (row.id, row.done) == (row[0], True)


def test_the_shapes_of_a_result(connection: Connection) -> None:
    connection.execute(insert(_things), [_thing("a"), _thing("b"), _thing("c", data=None)])
    by_id = select(_things.c.id, _things.c.data).order_by(_things.c.id)

    assert connection.execute(by_id).scalars().all() == ["a", "b", "c"]
    assert connection.execute(by_id).scalar() == "a"
    first = connection.execute(by_id).mappings().first()
    assert first == {"id": "a", "data": {"a": [1]}}
    assert [row.id for row in connection.execute(by_id)] == ["a", "b", "c"]
    assert connection.execute(by_id).rowcount == 3
    nothing = connection.execute(by_id.where(_things.c.id == "z"))
    assert (nothing.first(), nothing.scalar(), nothing.all()) == (None, None, [])
    with pytest.raises(LookupError):
        nothing.one()


def test_rows_that_were_changed_are_counted_and_given_back(connection: Connection) -> None:
    connection.execute(insert(_things), [_thing("a"), _thing("b")])
    this = _things.c.id == bindparam("id_", type_=_things.c.id.type)

    assert connection.execute(update(_things).where(this).values(done=False), {"id_": "a"}).rowcount
    gone = delete(_things).where(this).returning(_things.c.id, _things.c.done)
    assert connection.execute(gone, {"id_": "a"}).all() == [("a", False)]
    assert connection.execute(gone, {"id_": "a"}).rowcount == 0
    assert connection.execute(gone, [{"id_": "b"}, {"id_": "c"}]).scalars().all() == ["b"]


def test_values_within_a_statement_go_along(connection: Connection) -> None:
    connection.execute(insert(_things), [_thing(name) for name in "abcd"])
    statement = (
        select(literal("it's").label("word"), func.count())
        .where(_things.c.id > "a", _things.c.id != bindparam("not"))
        .limit(1)
    )

    assert connection.execute(statement, {"not": "d"}).one() == ("it's", 2)


def test_lists_of_any_length_are_looked_in(connection: Connection) -> None:
    connection.execute(insert(_things), [_thing(name) for name in ("a", "b%", "c")])
    among = _things.c.id.in_(bindparam("ids", expanding=True, type_=_things.c.id.type))
    found = select(_things.c.id).where(among, _things.c.done == bindparam("done_"))

    for ids in ([], ["a"], ["a", "b%", "z"]):
        rows = connection.execute(found.order_by(_things.c.id), {"ids": ids, "done_": True})
        assert rows.scalars().all() == [name for name in ids if name != "z"]


def test_a_broken_constraint_is_sqlalchemys_error_and_shows_no_statement(
    connection: Connection,
) -> None:
    connection.execute(insert(_things), _thing("a"))
    with pytest.raises(IntegrityError) as broken:
        connection.execute(insert(_things), _thing("a"))
    assert "INSERT" not in str(broken.value)


def test_a_default_in_python_is_refused(connection: Connection) -> None:
    table = Table("counted", MetaData(), Column("id", Integer), Column("n", Integer, default=1))
    with pytest.raises(TypeError, match="default"):
        connection.execute(insert(table), {"id": 1})
