"""``tocsin sign-in``: a link that signs one browser in, once."""

from __future__ import annotations

import os

import click

from tocsin.cli import output
from tocsin.cli.shell import Session, pass_session, single


@single("sign-in")
@pass_session
def sign_in(session: Session) -> None:
    """Make a link that opens the pages as the person named with --as. It works once, and not for long."""
    person = session.person or os.environ.get("TOCSIN_PERSON", "")
    if not person:
        raise click.UsageError("Say who signs in: tocsin --as NAME sign-in.")
    made = session.api.post("/sign-in/codes", {"person": person})
    if not str(made["url"]).startswith("http"):
        raise click.ClickException(
            "No server runs on this data directory, so there is nothing to sign in to. Start one with `tocsin serve`."
        )
    session.show(made, lambda: output.say(f"{made['url']}\n(once, within {made['minutes']} minutes)"))
