"""``tocsin audit``: who did what, when, by which way and from where."""

from __future__ import annotations

from typing import Any

import click

from tocsin.cli import output
from tocsin.cli.shell import Session, pass_session, single


@single("audit")
@click.option("--person", "who", default="", metavar="ID", help="Only what this person or token did.")
@click.option("--kind", default="", help="Only this kind: service, account, token, sign-ins, refusals, exports …")
@click.option("--record", default="", metavar="KIND:ID", help="Only this record, such as service:payments.")
@click.option("--since", metavar="TIME", help="From this time on.")
@click.option("--until", metavar="TIME", help="Before this time.")
@click.option("--after", default="", metavar="NUMBER", help="Older than this entry; the last line of the answer names it.")
@click.option("--limit", type=click.IntRange(1, 1000), default=50, show_default=True)
@pass_session
def audit(
    session: Session, /, who: str, kind: str, record: str, since: str | None, until: str | None, after: str, limit: int
) -> None:  # fmt: skip
    """Who did what, newest first: changes of configuration, accounts and tokens; who came in, was refused, or took something out."""
    found = session.api.get(
        "/audit", person=who, kind=kind, record=record, since=session.past(since, option="--since"), until=session.past(until, option="--until"),
        after=after, limit=limit,
    )  # fmt: skip
    now = session.now()

    def row(one: dict[str, Any]) -> tuple[str, ...]:
        return str(output.when(one["at"], now)), one["who"] if one["who_kind"] != "sender" else "", one["says"], one["via"], one["address"]

    def people() -> None:
        output.table(("When", "Who", "What", "Way", "From"), [row(one) for one in found["entries"]], "Nothing like this.")
        if found["after"]:
            output.note(f"Older ones: --after {found['after']}")

    session.show(found, people)
