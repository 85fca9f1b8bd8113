"""``tocsin person`` and ``tocsin team``: who there is."""

from __future__ import annotations

from typing import Any

import click

from tocsin.cli import output
from tocsin.cli.shell import Session, assignments, group, listed, pass_session

person = group("person", "People.")
team = group("team", "Teams.")


def saved(found: dict[str, Any]) -> dict[str, Any]:
    """Return what is written down of a record, whether the API nests it or not."""
    inner = found.get("saved")
    return {**found, **inner} if isinstance(inner, dict) else found


@person.command("save")
@click.argument("person_id", metavar="ID")
@click.option("--name", help="Their name; the id without one.")
@click.option(
    "--contact",
    "contacts",
    multiple=True,
    metavar="KIND=VALUE",
    help="A way to reach them, such as email=ana@example.com; may be repeated.",
)
@click.option("--team", "teams", multiple=True, metavar="A,B", help="The teams they belong to.")
@click.option("--zone", default="UTC", show_default=True, help="Their time zone.")
@click.option("--inactive", is_flag=True, help="They are not here any more.")
@pass_session
def save_person(
    session: Session, person_id: str, name: str | None, contacts: tuple[str, ...], teams: tuple[str, ...], zone: str, inactive: bool
) -> None:
    """Write a person down as they are from now on."""
    ways = [{"kind": kind, "value": value} for kind, value in assignments(contacts, "--contact")]
    body = {"name": name or person_id, "contacts": ways, "teams": listed(teams), "zone": zone, "active": not inactive}
    answer = session.api.post(f"/people/{person_id}", body)
    session.done(answer, f"{person_id}: {'saved' if answer.get('changed', True) else 'nothing changed'}.")


@person.command("show")
@click.argument("person_id", metavar="ID")
@pass_session
def show_person(session: Session, person_id: str) -> None:
    """Show a person."""
    found = session.api.get(f"/people/{person_id}")

    def people() -> None:
        shown = saved(found)
        output.say(f"{output.strong(shown['id'])}  {shown['name']}")
        ways = "\n".join(f"{way['kind']}: {way['value']}" for way in shown.get("contacts", []))
        active = "" if shown.get("active", True) else "no"
        output.pairs(
            [("Contacts", ways), ("Teams", ", ".join(shown.get("teams", []))), ("Time zone", shown.get("zone")), ("Active", active)]
        )

    session.show(found, people)


@person.command("list")
@pass_session
def list_people(session: Session) -> None:
    """List all people."""
    answer = session.api.get("/people")
    rows = [(one["id"], one["name"], "yes" if one.get("active", True) else "no") for one in map(saved, answer["people"])]
    session.show(
        answer, lambda: output.table(("ID", "Name", "Active"), rows, "Nobody is written down yet: tocsin person save ID --name NAME.")
    )


@team.command("save")
@click.argument("team_id", metavar="ID")
@click.option("--name", help="Its name; the id without one.")
@click.option("--member", "--members", "members", multiple=True, metavar="A,B", help="Who belongs to it.")
@click.option("--about", default="", help="What it looks after.")
@pass_session
def save_team(session: Session, team_id: str, name: str | None, members: tuple[str, ...], about: str) -> None:
    """Write a team down as it is from now on."""
    answer = session.api.post(f"/teams/{team_id}", {"name": name or team_id, "members": listed(members), "about": about})
    session.done(answer, f"{team_id}: {'saved' if answer.get('changed', True) else 'nothing changed'}.")


@team.command("show")
@click.argument("team_id", metavar="ID")
@pass_session
def show_team(session: Session, team_id: str) -> None:
    """Show a team."""
    found = session.api.get(f"/teams/{team_id}")

    def people() -> None:
        shown = saved(found)
        output.say(f"{output.strong(shown['id'])}  {shown['name']}")
        output.pairs([("Members", ", ".join(shown.get("members", []))), ("About", shown.get("about"))])

    session.show(found, people)


@team.command("list")
@pass_session
def list_teams(session: Session) -> None:
    """List all teams."""
    answer = session.api.get("/teams")
    rows = [(one["id"], one["name"]) for one in map(saved, answer["teams"])]
    session.show(answer, lambda: output.table(("ID", "Name"), rows, "No team is written down yet: tocsin team save ID --members A,B."))
