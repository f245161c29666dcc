"""The words in which the dialects differ."""

from sqlalchemy import Table
from sqlalchemy.dialects import postgresql, sqlite


def insert_into(table: Table, dialect: str) -> sqlite.Insert | postgresql.Insert:
    """An INSERT that knows ON CONFLICT, in the words of ``dialect``."""
    return postgresql.insert(table) if dialect == "postgresql" else sqlite.insert(table)
