"""``tocsin clock``: the installation's time, and moving it where it is a virtual one."""

from __future__ import annotations

import click

from tocsin.cli import output
from tocsin.cli.shell import Session, group, pass_session

clock = group("clock", "The installation's time.")


@clock.command("show")
@pass_session
def show(session: Session) -> None:
    """Show what time it is for the installation."""
    answer = session.api.get("/clock")
    at = output.moment(answer["now"])
    session.done(answer, f"{at:%Y-%m-%d %H:%M:%S} UTC{' (virtual clock)' if answer['virtual'] else ''}")


@clock.command("advance")
@click.argument("by", required=False, metavar="[DURATION]")
@click.option("--to", metavar="TIME", help="Advance to this time: 15:05 (the next such time), or with date and zone.")
@pass_session
def advance(session: Session, by: str | None, to: str | None) -> None:
    """Let a virtual clock run on by a DURATION such as 5m; everything that falls due on the way happens."""
    if bool(by) == bool(to):
        raise click.UsageError("Give either a duration, such as 5m, or --to TIME.")
    answer = session.api.post("/clock/advance", {"by": by or "", "to": session.coming(to, None, "--to")})
    at = output.moment(answer["now"])
    session.done(answer, f"It is now {at:%Y-%m-%d %H:%M:%S} UTC.")
