"""``tocsin change``: what was changed on purpose, to be seen beside what broke."""

from __future__ import annotations

from typing import Any

import click

from tocsin.cli import output
from tocsin.cli.shell import Session, assignments, at_options, group, pass_session

change = group("change", "Deployments, builds and planned work.")


@change.command("list")
@click.option("--service", default="", metavar="ID", help="Only changes of this service.")
@click.option("--since", default="", metavar="TIME", help="Only those made at or after this time.")
@click.option("--until", default="", metavar="TIME", help="Only those made before this time.")
@click.option("--after", default="", metavar="ID", help="Go on after this one.")
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 500))
@pass_session
def list_changes(session: Session, /, **query: Any) -> None:
    """List changes, newest first."""
    answer = session.api.get("/changes", **query)

    def people() -> None:
        now = session.now()
        rows = [(one["id"], output.when(one["at"], now), one["service"], one["source"], one["title"]) for one in answer["changes"]]
        output.table(("ID", "When", "Service", "Source", "What"), rows, "No changes.")

    session.show(answer, people)


@change.command("show")
@click.argument("change_id", metavar="ID")
@pass_session
def show_change(session: Session, change_id: str) -> None:
    """Show a change with its links and details."""
    found = session.api.get(f"/changes/{change_id}")

    def people() -> None:
        output.say(f"{output.strong(found['id'])}  {found['title']}")
        output.pairs(
            [
                ("When", output.when(found["at"], session.now())),
                *((name.capitalize(), found[name]) for name in ("service", "source", "receipt")),
                *(("Links" if not at else "", f"{name}: {url}") for at, (name, url) in enumerate(found["links"].items())),
                *(("Details" if not at else "", f"{name}: {said}") for at, (name, said) in enumerate(found["details"].items())),
            ],
        )

    session.show(found, people)


@change.command("note")
@click.argument("title")
@click.option("--service", default="", metavar="NAME", help="The service that was changed.")
@click.option("--source", default="", metavar="TEXT", help="What made it, such as a pipeline.")
@click.option("--link", "links", multiple=True, metavar="NAME=URL", help="May be given more than once.")
@at_options
@pass_session
def note_change(
    session: Session, /, title: str, service: str, source: str, links: tuple[str, ...], at: str | None, zone: str | None
) -> None:  # fmt: skip
    """Note a change, from a pipeline's last step or by hand."""
    body = {"title": title, "service": service, "source": source, "links": dict(assignments(links, "--link")), "at": session.past(at, zone)}
    result = session.api.post("/changes", body)
    session.show(result, lambda: output.say(f"Noted as {output.strong(result['change'])}."))
