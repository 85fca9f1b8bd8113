"""``tocsin pager``: how the pager watches itself, and who is called when nobody answers."""

from __future__ import annotations

import click

from tocsin.cli import output
from tocsin.cli.shell import Session, group, listed, pass_session

pager = group("pager", "The pager's watch over itself, and the last resort.")


@pager.command("show")
@pass_session
def show_pager(session: Session) -> None:
    """Show how the pager watches itself, and what it found."""
    found = session.api.get("/pager")

    def people() -> None:
        now = session.now()
        settings, synthetic = found["settings"], found["synthetic"]
        output.say(
            output.tone("The pager is well.", "good")
            if found["well"]
            else output.tone(f"Trouble since {output.when(found['since'], now)}:", "bad")
        )
        for one in found["problems"]:
            output.say(f"  {one}")
        took = (
            f"{synthetic['seconds']:.3f} s, {output.when(synthetic['arrived_at'], now)}"
            if synthetic["seconds"] is not None
            else "none has arrived yet"
        )
        output.pairs(
            [
                ("Last resort", ", ".join(settings["last_resort"]) or "nobody"),
                ("Synthetic page", f"every {settings['synthetic_every']} to {', '.join(settings['synthetic_to']) or 'the outbox folder'}: {took}"
                 if settings["synthetic_every"] else "off"),
                ("Heartbeat", f"every {settings['heartbeat_every']} to {settings['heartbeat_url']}" if settings["heartbeat_url"] else "off"),
            ],
        )  # fmt: skip

    session.show(found, people)


@pager.command("set")
@click.option(
    "--last-resort", multiple=True, metavar="A,B", help="Who is called when nobody else answers, and hears of the pager's own trouble."
)
@click.option("--synthetic-every", default=None, metavar="SPAN", help="How often a page is sent through the whole path; `off` for never.")
@click.option("--synthetic-to", multiple=True, metavar="A,B", help="Whom it is sent to.")
@click.option("--heartbeat-url", default=None, metavar="URL", help="A watcher outside that is told that all is well; `off` for none.")
@click.option("--heartbeat-every", default=None, metavar="SPAN")
@pass_session
def set_pager(session: Session, /, last_resort: tuple[str, ...], synthetic_to: tuple[str, ...], **given: str | None) -> None:
    """Say how the pager watches itself. What is not named stays as it is."""
    settings = dict(session.api.get("/pager")["settings"])
    settings |= {name: "" if value == "off" else value for name, value in given.items() if value is not None}
    settings |= {name: listed(value) for name, value in (("last_resort", last_resort), ("synthetic_to", synthetic_to)) if value}
    answer = session.api.post("/pager", settings)
    session.done(answer, "Set." if answer["changed"] else "Nothing changed.")
