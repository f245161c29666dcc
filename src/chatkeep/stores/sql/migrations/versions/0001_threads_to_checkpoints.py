"""The first schema: threads, items, attachments, feedback, turns and checkpoints."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def _text(name: str, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, _TEXT, nullable=nullable)


def _number(name: str, nullable: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, nullable=nullable)


def _json(name: str, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=nullable)


def _flag(name: str) -> sa.Column[bool]:
    return sa.Column(name, sa.Boolean, nullable=False)


def _thread_key(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["tenant", "thread_id"],
        ["chatkeep_threads.tenant", "chatkeep_threads.id"],
        name=f"{table}_thread_fkey",
        ondelete="CASCADE",
    )


def upgrade() -> None:
    op.create_table(
        "chatkeep_threads",
        _text("tenant"),
        _text("id"),
        _text("user_id"),
        _number("created_at"),
        _text("title", nullable=True),
        _text("title_source"),
        _json("status"),
        _json("allowed_image_domains", nullable=True),
        _json("metadata"),
        _number("next_number"),
        sa.PrimaryKeyConstraint("tenant", "id", name="chatkeep_threads_pkey"),
    )
    op.create_index(
        "chatkeep_threads_listed", "chatkeep_threads", ["tenant", "user_id", "created_at", "id"]
    )
    op.create_table(
        "chatkeep_items",
        _text("tenant"),
        _text("thread_id"),
        _text("id"),
        _text("user_id"),
        _number("number"),
        _text("type"),
        _number("created_at"),
        _json("data"),
        _flag("finished"),
        _flag("hidden"),
        sa.PrimaryKeyConstraint("tenant", "thread_id", "id", name="chatkeep_items_pkey"),
        _thread_key("chatkeep_items"),
    )
    op.create_index(
        "chatkeep_items_all", "chatkeep_items", ["tenant", "thread_id", "number"], unique=True
    )
    op.create_index(
        "chatkeep_items_shown", "chatkeep_items", ["tenant", "thread_id", "hidden", "number"]
    )
    op.create_table(
        "chatkeep_attachments",
        _text("tenant"),
        _text("id"),
        _text("user_id"),
        _text("thread_id", nullable=True),
        _number("created_at"),
        _json("data"),
        sa.PrimaryKeyConstraint("tenant", "id", name="chatkeep_attachments_pkey"),
        _thread_key("chatkeep_attachments"),
    )
    op.create_index(
        "chatkeep_attachments_listed",
        "chatkeep_attachments",
        ["tenant", "thread_id", "created_at", "id"],
    )
    op.create_table(
        "chatkeep_feedback",
        _text("tenant"),
        _text("thread_id"),
        _text("item_id"),
        _text("user_id"),
        _text("kind"),
        _number("created_at"),
        sa.PrimaryKeyConstraint("tenant", "thread_id", "item_id", name="chatkeep_feedback_pkey"),
        sa.ForeignKeyConstraint(
            ["tenant", "thread_id", "item_id"],
            ["chatkeep_items.tenant", "chatkeep_items.thread_id", "chatkeep_items.id"],
            name="chatkeep_feedback_item_fkey",
            ondelete="CASCADE",
        ),
    )
    op.create_table(
        "chatkeep_turns",
        _text("tenant"),
        _text("id"),
        _text("user_id"),
        _text("thread_id"),
        _text("kind"),
        _text("holder"),
        _number("started_at"),
        _number("lease_expires_at"),
        _text("status"),
        _text("request_key", nullable=True),
        _text("input_item_id", nullable=True),
        _flag("delivered"),
        _flag("stop_requested"),
        _number("ended_at", nullable=True),
        _json("usage", nullable=True),
        _text("error_id", nullable=True),
        _number("next_number"),
        sa.PrimaryKeyConstraint("tenant", "id", name="chatkeep_turns_pkey"),
        _thread_key("chatkeep_turns"),
    )
    op.create_index("chatkeep_turns_thread", "chatkeep_turns", ["tenant", "thread_id"])
    op.create_index(
        "chatkeep_turns_request",
        "chatkeep_turns",
        ["tenant", "user_id", "request_key", "started_at"],
    )
    active = sa.text("status = 'active'")
    op.create_index(
        "chatkeep_turns_active",
        "chatkeep_turns",
        ["tenant", "thread_id"],
        unique=True,
        sqlite_where=active,
        postgresql_where=active,
    )
    op.create_index(
        "chatkeep_turns_held",
        "chatkeep_turns",
        ["holder"],
        sqlite_where=active,
        postgresql_where=active,
    )
    op.create_table(
        "chatkeep_checkpoints",
        _text("tenant"),
        _text("turn_id"),
        _number("number"),
        _text("user_id"),
        sa.Column("data", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "turn_id", "number", name="chatkeep_checkpoints_pkey"),
        sa.ForeignKeyConstraint(
            ["tenant", "turn_id"],
            ["chatkeep_turns.tenant", "chatkeep_turns.id"],
            name="chatkeep_checkpoints_turn_fkey",
            ondelete="CASCADE",
        ),
    )
