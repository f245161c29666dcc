"""Threads by their last message, journals that can be followed, what responders know again."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def _number(name: str) -> sa.Column[int]:
    """A column that older rows get a 0 in."""
    return sa.Column(name, sa.BigInteger, nullable=False, server_default="0")


def upgrade() -> None:
    _order_threads_by_their_last_message()
    _number_what_turns_streamed()
    _find_turns_by_their_owner_and_their_end()
    op.create_table(
        "chatkeep_states",
        sa.Column("tenant", _TEXT, nullable=False),
        sa.Column("thread_id", _TEXT, nullable=False),
        sa.Column("name", _TEXT, nullable=False),
        sa.Column("user_id", _TEXT, nullable=False),
        sa.Column("data", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "thread_id", "name", name="chatkeep_states_pkey"),
        sa.ForeignKeyConstraint(
            ["tenant", "thread_id"],
            ["chatkeep_threads.tenant", "chatkeep_threads.id"],
            name="chatkeep_states_thread_fkey",
            ondelete="CASCADE",
        ),
    )


def _order_threads_by_their_last_message() -> None:
    op.add_column("chatkeep_threads", _number("touched_at"))
    op.execute(
        """
        UPDATE chatkeep_threads SET touched_at = COALESCE(
            (SELECT max(i.created_at) FROM chatkeep_items AS i
             WHERE i.tenant = chatkeep_threads.tenant AND i.thread_id = chatkeep_threads.id
             AND i.type IN ('user_message', 'assistant_message')),
            created_at)
        """
    )
    op.drop_index("chatkeep_threads_listed", "chatkeep_threads")
    op.create_index(
        "chatkeep_threads_listed", "chatkeep_threads", ["tenant", "user_id", "touched_at", "id"]
    )


def _number_what_turns_streamed() -> None:
    op.drop_column("chatkeep_turns", "next_number")
    op.add_column(
        "chatkeep_turns",
        sa.Column("streamed", sa.Boolean, nullable=False, server_default=sa.true()),
    )
    streamed = sa.column("streamed", sa.Boolean) == sa.true()
    op.create_index(
        "chatkeep_turns_streamed",
        "chatkeep_turns",
        ["ended_at"],
        sqlite_where=streamed,
        postgresql_where=streamed,
    )
    op.add_column("chatkeep_checkpoints", _number("first"))
    op.add_column("chatkeep_checkpoints", _number("frames"))


def _find_turns_by_their_owner_and_their_end() -> None:
    active = sa.text("status = 'active'")
    op.create_index(
        "chatkeep_turns_owner",
        "chatkeep_turns",
        ["tenant", "user_id"],
        sqlite_where=active,
        postgresql_where=active,
    )
    op.create_index("chatkeep_turns_ended", "chatkeep_turns", ["ended_at"])
