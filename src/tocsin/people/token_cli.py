"""``tocsin token``: what programs show instead of a sign-in."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import click

from tocsin.cli import output
from tocsin.cli.shell import Session, group, listed, pass_session
from tocsin.people.scopes import SCOPES

token = group("token", "What programs show instead of a sign-in.")


@token.command("create")
@click.argument("token_id", metavar="ID")
@click.option("--scope", "scopes", multiple=True, required=True, metavar="A,B", help=f"What it is good for: {', '.join(SCOPES)}.")
@click.option("--days", type=click.IntRange(1, 3660), help="After how many days it ends.")
@click.option("--until", metavar="TIME", help="When it ends, instead of --days.")
@click.option("--name", default="", help="What it is for.")
@click.option("--for", "acts_for", default="", metavar="PERSON", help="Whom it acts for: the record shows them.")
@click.option("--team", default="", help="The team that it belongs to: what that owns it may change.")
@pass_session
def create(
    session: Session, /, token_id: str, scopes: tuple[str, ...], days: int | None, until: str | None, name: str, acts_for: str, team: str
) -> None:  # fmt: skip
    """Make a token and print its secret: this once. Say when it ends, with --days or --until."""
    if (days is None) == (until is None):
        raise click.UsageError("Say when it ends: --days 90, or --until 2027-01-31T12:00Z.")
    ends = (session.now() + timedelta(days=days)).isoformat() if days is not None else session.coming(until, option="--until")
    body = {"scopes": listed(scopes), "expires_at": ends, "name": name, "person": acts_for, "team": team}
    made = session.api.post(f"/tokens/{token_id}", body)

    def people() -> None:
        output.note(
            f"{token_id} is good for {', '.join(made['scopes'])} until {output.when(made['expires_at'], session.now())}. Its secret, shown once:"
        )
        output.say(made["secret"])

    session.show(made, people)


@token.command("list")
@click.option("--own", is_flag=True, help="Only those that act for you.")
@pass_session
def list_(session: Session, *, own: bool) -> None:
    """List tokens: what each is good for, until when, and when it was last used."""
    found = session.api.get("/tokens", own="true" if own else "")["tokens"]
    now = session.now()

    def row(one: dict[str, Any]) -> tuple[str, ...]:
        until = one["state"] if one["state"] != "good" else str(output.when(one["expires_at"], now))
        used = str(output.when(one["used_at"], now)) if one["used_at"] else "never"
        return one["id"], ", ".join(one["scopes"]), one["person"] or "", one["team"] or "", until, used

    def people() -> None:
        output.table(
            ("Token", "Good for", "Acts for", "Team", "Until", "Last used"),
            [row(one) for one in found],
            "There is no token: tocsin token create ID.",
        )

    session.show(found, people)


@token.command("revoke")
@click.argument("token_id", metavar="ID")
@click.option("--why", default="", help="The reason, for the record.")
@pass_session
def revoke(session: Session, /, token_id: str, why: str) -> None:
    """Have a token open nothing any more."""
    answer = session.api.post(f"/tokens/{token_id}/revoke", {"why": why})
    session.done(answer, f"{token_id}: {'revoked' if answer['changed'] else 'was revoked already'}.")
