"""The tables of the SQL store.

Keys start with the tenant, so that the schema shards by it. ``user_id`` stands
on every row, so that every query can name the owner. A change here needs a
migration beside it: ``chatkeep db check`` finds what is missing.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    literal_column,
    true,
)

from .columns import AnyText, JsonBytes, JsonValue, UtcTime

metadata = MetaData()

threads = Table(
    "chatkeep_threads",
    metadata,
    Column("tenant", AnyText, nullable=False),
    Column("id", AnyText, nullable=False),
    Column("user_id", AnyText, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("title", AnyText),
    Column("title_source", AnyText, nullable=False),
    Column("status", JsonValue, nullable=False),
    Column("allowed_image_domains", JsonValue),
    Column("metadata", JsonValue, nullable=False),
    Column("next_number", BigInteger, nullable=False),
    Column("touched_at", UtcTime, nullable=False, server_default="0"),
    PrimaryKeyConstraint("tenant", "id", name="chatkeep_threads_pkey"),
    Index("chatkeep_threads_listed", "tenant", "user_id", "touched_at", "id"),
)

items = Table(
    "chatkeep_items",
    metadata,
    Column("tenant", AnyText, nullable=False),
    Column("thread_id", AnyText, nullable=False),
    Column("id", AnyText, nullable=False),
    Column("user_id", AnyText, nullable=False),
    Column("number", BigInteger, nullable=False),
    Column("type", AnyText, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("data", JsonBytes, nullable=False),
    Column("finished", Boolean, nullable=False),
    Column("hidden", Boolean, nullable=False),
    PrimaryKeyConstraint("tenant", "thread_id", "id", name="chatkeep_items_pkey"),
    ForeignKeyConstraint(
        ["tenant", "thread_id"],
        ["chatkeep_threads.tenant", "chatkeep_threads.id"],
        name="chatkeep_items_thread_fkey",
        ondelete="CASCADE",
    ),
    Index("chatkeep_items_all", "tenant", "thread_id", "number", unique=True),
    Index("chatkeep_items_shown", "tenant", "thread_id", "hidden", "number"),
)

attachments = Table(
    "chatkeep_attachments",
    metadata,
    Column("tenant", AnyText, nullable=False),
    Column("id", AnyText, nullable=False),
    Column("user_id", AnyText, nullable=False),
    Column("thread_id", AnyText),
    Column("created_at", UtcTime, nullable=False),
    Column("data", JsonBytes, nullable=False),
    PrimaryKeyConstraint("tenant", "id", name="chatkeep_attachments_pkey"),
    ForeignKeyConstraint(
        ["tenant", "thread_id"],
        ["chatkeep_threads.tenant", "chatkeep_threads.id"],
        name="chatkeep_attachments_thread_fkey",
        ondelete="CASCADE",
    ),
    Index("chatkeep_attachments_listed", "tenant", "thread_id", "created_at", "id"),
)

feedback = Table(
    "chatkeep_feedback",
    metadata,
    Column("tenant", AnyText, nullable=False),
    Column("thread_id", AnyText, nullable=False),
    Column("item_id", AnyText, nullable=False),
    Column("user_id", AnyText, nullable=False),
    Column("kind", AnyText, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    PrimaryKeyConstraint("tenant", "thread_id", "item_id", name="chatkeep_feedback_pkey"),
    ForeignKeyConstraint(
        ["tenant", "thread_id", "item_id"],
        ["chatkeep_items.tenant", "chatkeep_items.thread_id", "chatkeep_items.id"],
        name="chatkeep_feedback_item_fkey",
        ondelete="CASCADE",
    ),
)

turns = Table(
    "chatkeep_turns",
    metadata,
    Column("tenant", AnyText, nullable=False),
    Column("id", AnyText, nullable=False),
    Column("user_id", AnyText, nullable=False),
    Column("thread_id", AnyText, nullable=False),
    Column("kind", AnyText, nullable=False),
    Column("holder", AnyText, nullable=False),
    Column("started_at", UtcTime, nullable=False),
    Column("lease_expires_at", UtcTime, nullable=False),
    Column("status", AnyText, nullable=False),
    Column("request_key", AnyText),
    Column("input_item_id", AnyText),
    Column("delivered", Boolean, nullable=False),
    Column("stop_requested", Boolean, nullable=False),
    Column("ended_at", UtcTime),
    Column("usage", JsonValue),
    Column("error_id", AnyText),
    Column("streamed", Boolean, nullable=False, server_default=true()),
    PrimaryKeyConstraint("tenant", "id", name="chatkeep_turns_pkey"),
    ForeignKeyConstraint(
        ["tenant", "thread_id"],
        ["chatkeep_threads.tenant", "chatkeep_threads.id"],
        name="chatkeep_turns_thread_fkey",
        ondelete="CASCADE",
    ),
    Index("chatkeep_turns_thread", "tenant", "thread_id"),
    Index("chatkeep_turns_request", "tenant", "user_id", "request_key", "started_at"),
    Index("chatkeep_turns_ended", "ended_at"),
)

# The word stands in the SQL itself: a planner uses a partial index only where
# it can see, and is not only given, the value that the index is for.
ACTIVE: ColumnElement[bool] = turns.c.status == literal_column("'active'")

Index(
    "chatkeep_turns_active",
    turns.c.tenant,
    turns.c.thread_id,
    unique=True,
    sqlite_where=ACTIVE,
    postgresql_where=ACTIVE,
)
Index("chatkeep_turns_held", turns.c.holder, sqlite_where=ACTIVE, postgresql_where=ACTIVE)
Index(
    "chatkeep_turns_owner",
    turns.c.tenant,
    turns.c.user_id,
    sqlite_where=ACTIVE,
    postgresql_where=ACTIVE,
)

# Whether what a turn has streamed is still kept: few of all turns are in this index.
STREAMED: ColumnElement[bool] = turns.c.streamed == true()

Index(
    "chatkeep_turns_streamed",
    turns.c.ended_at,
    sqlite_where=STREAMED,
    postgresql_where=STREAMED,
)

checkpoints = Table(
    "chatkeep_checkpoints",
    metadata,
    Column("tenant", AnyText, nullable=False),
    Column("turn_id", AnyText, nullable=False),
    Column("number", BigInteger, nullable=False),
    Column("user_id", AnyText, nullable=False),
    Column("data", LargeBinary, nullable=False),
    Column("first", BigInteger, nullable=False, server_default="0"),
    Column("frames", BigInteger, nullable=False, server_default="0"),
    PrimaryKeyConstraint("tenant", "turn_id", "number", name="chatkeep_checkpoints_pkey"),
    ForeignKeyConstraint(
        ["tenant", "turn_id"],
        ["chatkeep_turns.tenant", "chatkeep_turns.id"],
        name="chatkeep_checkpoints_turn_fkey",
        ondelete="CASCADE",
    ),
)

states = Table(
    "chatkeep_states",
    metadata,
    Column("tenant", AnyText, nullable=False),
    Column("thread_id", AnyText, nullable=False),
    Column("name", AnyText, nullable=False),
    Column("user_id", AnyText, nullable=False),
    Column("data", JsonValue, nullable=False),
    PrimaryKeyConstraint("tenant", "thread_id", "name", name="chatkeep_states_pkey"),
    ForeignKeyConstraint(
        ["tenant", "thread_id"],
        ["chatkeep_threads.tenant", "chatkeep_threads.id"],
        name="chatkeep_states_thread_fkey",
        ondelete="CASCADE",
    ),
)
