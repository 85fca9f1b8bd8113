"""The web application: accounts, what is private, search, the status page, figures, reviews. The new read tables are filled from the log when the server starts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_WORDS = {
    "sqlite": (
        "CREATE VIRTUAL TABLE search_index USING fts5(\n            title, text, marks, content='search_entries', content_rowid='number', columnsize=0, tokenize='porter unicode61 remove_diacritics 2')",
        "CREATE TRIGGER search_entries_in AFTER INSERT ON search_entries BEGIN\n            INSERT INTO search_index(rowid, title, text, marks) VALUES (new.number, new.title, new.text, new.marks); END",
        "CREATE TRIGGER search_entries_out AFTER DELETE ON search_entries BEGIN\n            INSERT INTO search_index(search_index, rowid, title, text, marks) VALUES ('delete', old.number, old.title, old.text, old.marks); END",
        "CREATE TRIGGER search_entries_anew AFTER UPDATE OF title, text, marks ON search_entries\n            WHEN old.title IS NOT new.title OR old.text IS NOT new.text OR old.marks IS NOT new.marks BEGIN\n            INSERT INTO search_index(search_index, rowid, title, text, marks) VALUES ('delete', old.number, old.title, old.text, old.marks);\n            INSERT INTO search_index(rowid, title, text, marks) VALUES (new.number, new.title, new.text, new.marks); END",
    ),
    "postgresql": (
        "ALTER TABLE search_entries\n            ADD COLUMN words tsvector GENERATED ALWAYS AS (to_tsvector('english', translate(title || ' ' || text, E'!\"#$%&''()*+,-./:;<=>?@[\\\\]^_`{|}~', '                                '))) STORED,\n            ADD COLUMN title_words tsvector GENERATED ALWAYS AS (to_tsvector('english', translate(title, E'!\"#$%&''()*+,-./:;<=>?@[\\\\]^_`{|}~', '                                '))) STORED",
        "CREATE INDEX search_entries_words ON search_entries USING gin (words)",
        "CREATE INDEX search_entries_title_words ON search_entries USING gin (title_words) WHERE title <> ''",
        "CREATE INDEX search_entries_titled ON search_entries (number) WHERE title <> ''",
        "CREATE INDEX search_entries_of_kind ON search_entries (kind, number)",
        "CREATE INDEX search_entries_of_incident ON search_entries (incident, number)",
    ),
}
"""The database's own index of words over ``search_entries``."""
_NO_WORDS = {
    "sqlite": (
        "DROP TRIGGER IF EXISTS search_entries_in",
        "DROP TRIGGER IF EXISTS search_entries_out",
        "DROP TRIGGER IF EXISTS search_entries_anew",
        "DROP TABLE IF EXISTS search_index",
    ),
    "postgresql": (),
}


def _run(statements: dict[str, tuple[str, ...]]) -> None:
    for statement in statements[op.get_bind().dialect.name]:
        op.get_bind().exec_driver_sql(statement.replace("%", "%%") if op.get_bind().dialect.name == "postgresql" else statement)


def upgrade() -> None:
    """Go one step up."""
    op.create_table(
        "accounts",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("has_password", sa.Boolean(), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "api_tokens",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("scopes", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("team", sa.Text(), nullable=False),
        sa.Column("made_by", sa.Text(), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("revoked", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("api_tokens", schema=None) as batch_op:
        batch_op.create_index("api_tokens_digest", ["digest"], unique=True)
        batch_op.create_index("api_tokens_person", ["person"], unique=False)

    op.create_table(
        "incident_attachments",
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("incident", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("digest", "incident"),
    )
    op.create_table(
        "incident_figures",
        sa.Column("incident", sa.Text(), nullable=False),
        sa.Column("time_to_detect", sa.BigInteger(), nullable=True),
        sa.Column("time_to_acknowledge", sa.BigInteger(), nullable=True),
        sa.Column("time_to_declare", sa.BigInteger(), nullable=True),
        sa.Column("time_to_mitigate", sa.BigInteger(), nullable=True),
        sa.Column("time_to_resolve", sa.BigInteger(), nullable=True),
        sa.Column("detection_to_resolution", sa.BigInteger(), nullable=True),
        sa.Column("estimated", sa.Integer(), nullable=False),
        sa.Column("kept", sa.Integer(), nullable=False),
        sa.Column("late", sa.Integer(), nullable=False),
        sa.Column("missed", sa.Integer(), nullable=False),
        sa.Column("waived", sa.Integer(), nullable=False),
        sa.Column("open", sa.Integer(), nullable=False),
        sa.Column("overdue", sa.Integer(), nullable=False),
        sa.Column("promises_kept", sa.Integer(), nullable=False),
        sa.Column("promises_due", sa.Integer(), nullable=False),
        sa.Column("promises_open", sa.Integer(), nullable=False),
        sa.Column("ticked", sa.Integer(), nullable=False),
        sa.Column("ticks_waived", sa.Integer(), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("resolved_at", sa.BigInteger(), nullable=True),
        sa.Column("milestones", sa.Text(), nullable=False),
        sa.Column("duties", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("incident"),
    )
    op.create_table(
        "incident_glances",
        sa.Column("incident", sa.Text(), nullable=False),
        sa.Column("next_at", sa.BigInteger(), nullable=True),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("people", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("incident"),
    )
    with op.batch_alter_table("incident_glances", schema=None) as batch_op:
        batch_op.create_index("incident_glances_next", ["next_at"], unique=False)

    op.create_table(
        "incident_readers",
        sa.Column("incident", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("incident", "person"),
    )
    with op.batch_alter_table("incident_readers", schema=None) as batch_op:
        batch_op.create_index("incident_readers_by_person", ["person"], unique=False)

    op.create_table(
        "memberships",
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("team", sa.Text(), nullable=False),
        sa.Column("said_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("person", "team", "said_by"),
    )
    op.create_table(
        "one_time_links",
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("ends_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("digest"),
    )
    with op.batch_alter_table("one_time_links", schema=None) as batch_op:
        batch_op.create_index("one_time_links_person", ["person"], unique=False)

    op.create_table(
        "passwords",
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("set_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("person"),
    )
    op.create_table(
        "postmortems",
        sa.Column("incident", sa.Text(), nullable=False),
        sa.Column("stage", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("authors", sa.Text(), nullable=False),
        sa.Column("signed", sa.Integer(), nullable=False),
        sa.Column("remarks", sa.Integer(), nullable=False),
        sa.Column("drafted_at", sa.BigInteger(), nullable=True),
        sa.Column("edited_at", sa.BigInteger(), nullable=False),
        sa.Column("edited_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("incident"),
    )
    with op.batch_alter_table("postmortems", schema=None) as batch_op:
        batch_op.create_index("postmortems_by_stage", ["stage", "edited_at", "incident"], unique=False)

    op.create_table(
        "review_duties",
        sa.Column("incident", sa.Text(), nullable=False),
        sa.Column("wanted", sa.Text(), nullable=False),
        sa.Column("duty", sa.Text(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("follow_up", sa.Text(), nullable=False),
        sa.Column("follow_up_id", sa.Text(), nullable=False),
        sa.Column("follow_up_at", sa.BigInteger(), nullable=True),
        sa.Column("signatures", sa.Integer(), nullable=False),
        sa.Column("over", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("incident"),
    )
    with op.batch_alter_table("review_duties", schema=None) as batch_op:
        batch_op.create_index("review_duties_by_follow_up", ["follow_up_at", "incident"], unique=False)
    op.create_index("review_duties_by_due", "review_duties", ["due_at", sa.text("incident DESC")])

    op.create_table(
        "search_entries",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("record", sa.Text(), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("incident", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("marks", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("number"),
        sa.UniqueConstraint("kind", "record", "place"),
    )
    with op.batch_alter_table("search_entries", schema=None) as batch_op:
        batch_op.create_index("search_entries_by_time", ["at"], unique=False)
    _run(_WORDS)

    op.create_table(
        "service_components",
        sa.Column("service", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("group_path", sa.Text(), nullable=False),
        sa.Column("about", sa.Text(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("service"),
    )
    op.create_table(
        "sessions",
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("under", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.Column("agent", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("digest"),
    )
    with op.batch_alter_table("sessions", schema=None) as batch_op:
        batch_op.create_index("sessions_person", ["person"], unique=False)

    op.create_table(
        "status_notices",
        sa.Column("incident", sa.Text(), nullable=False),
        sa.Column("public_id", sa.Text(), nullable=False),
        sa.Column("began_at", sa.BigInteger(), nullable=False),
        sa.Column("last_at", sa.BigInteger(), nullable=False),
        sa.Column("resolved_at", sa.BigInteger(), nullable=True),
        sa.Column("hidden", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("incident"),
        sa.UniqueConstraint("public_id"),
    )
    with op.batch_alter_table("status_notices", schema=None) as batch_op:
        batch_op.create_index("status_notices_by_time", ["began_at"], unique=False)
        batch_op.create_index("status_notices_open", ["resolved_at", "began_at"], unique=False)

    op.create_table(
        "status_subscribers",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("way", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("contact", sa.Text(), nullable=False),
        sa.Column("components", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("secret", sa.Text(), nullable=False),
        sa.Column("written", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("asked_at", sa.BigInteger(), nullable=False),
        sa.Column("confirmed_at", sa.BigInteger(), nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("failed_at", sa.BigInteger(), nullable=True),
        sa.Column("why", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("digest"),
    )
    with op.batch_alter_table("status_subscribers", schema=None) as batch_op:
        batch_op.create_index("status_subscribers_by_state", ["state", "id"], unique=False)

    op.create_table(
        "token_uses",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("used_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("action_items", schema=None) as batch_op:
        batch_op.add_column(sa.Column("started_at", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("due_key", sa.Text(), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("words", sa.Text(), nullable=False, server_default=""))
        batch_op.drop_index(batch_op.f("action_items_by_state"))
        batch_op.drop_index(batch_op.f("action_items_by_owner"))
        batch_op.create_index("action_items_by_owner", ["owner", "state", "due_key"], unique=False)
        batch_op.create_index("action_items_by_closing", ["state", "closed_at", "id"], unique=False)
        batch_op.create_index("action_items_by_due", ["state", "due_key", "created_at", "id", "started_at", "incident"], unique=False)
        batch_op.create_index("action_items_counted", ["state", "owner", "priority", "started_at", "due_key", "incident"], unique=False)

    with op.batch_alter_table("incidents", schema=None) as batch_op:
        batch_op.create_index("incidents_private", ["private", "id"], unique=False)

    with op.batch_alter_table("services", schema=None) as batch_op:
        batch_op.add_column(sa.Column("retired", sa.Boolean(), server_default=sa.false(), nullable=False))


def downgrade() -> None:
    """Go one step back."""
    with op.batch_alter_table("services", schema=None) as batch_op:
        batch_op.drop_column("retired")

    with op.batch_alter_table("incidents", schema=None) as batch_op:
        batch_op.drop_index("incidents_private")

    with op.batch_alter_table("action_items", schema=None) as batch_op:
        batch_op.drop_index("action_items_counted")
        batch_op.drop_index("action_items_by_due")
        batch_op.drop_index("action_items_by_closing")
        batch_op.drop_index("action_items_by_owner")
        batch_op.create_index(batch_op.f("action_items_by_owner"), ["owner", "state"], unique=False)
        batch_op.create_index(batch_op.f("action_items_by_state"), ["state", "due"], unique=False)
        batch_op.drop_column("words")
        batch_op.drop_column("due_key")
        batch_op.drop_column("started_at")

    op.drop_table("token_uses")
    with op.batch_alter_table("status_subscribers", schema=None) as batch_op:
        batch_op.drop_index("status_subscribers_by_state")

    op.drop_table("status_subscribers")
    with op.batch_alter_table("status_notices", schema=None) as batch_op:
        batch_op.drop_index("status_notices_open")
        batch_op.drop_index("status_notices_by_time")

    op.drop_table("status_notices")
    with op.batch_alter_table("sessions", schema=None) as batch_op:
        batch_op.drop_index("sessions_person")

    op.drop_table("sessions")
    op.drop_table("service_components")
    _run(_NO_WORDS)
    with op.batch_alter_table("search_entries", schema=None) as batch_op:
        batch_op.drop_index("search_entries_by_time")

    op.drop_table("search_entries")
    with op.batch_alter_table("review_duties", schema=None) as batch_op:
        batch_op.drop_index("review_duties_by_follow_up")

    op.drop_table("review_duties")
    with op.batch_alter_table("postmortems", schema=None) as batch_op:
        batch_op.drop_index("postmortems_by_stage")

    op.drop_table("postmortems")
    op.drop_table("passwords")
    with op.batch_alter_table("one_time_links", schema=None) as batch_op:
        batch_op.drop_index("one_time_links_person")

    op.drop_table("one_time_links")
    op.drop_table("memberships")
    with op.batch_alter_table("incident_readers", schema=None) as batch_op:
        batch_op.drop_index("incident_readers_by_person")

    op.drop_table("incident_readers")
    with op.batch_alter_table("incident_glances", schema=None) as batch_op:
        batch_op.drop_index("incident_glances_next")

    op.drop_table("incident_glances")
    op.drop_table("incident_figures")
    op.drop_table("incident_attachments")
    with op.batch_alter_table("api_tokens", schema=None) as batch_op:
        batch_op.drop_index("api_tokens_person")
        batch_op.drop_index("api_tokens_digest")

    op.drop_table("api_tokens")
    op.drop_table("accounts")
