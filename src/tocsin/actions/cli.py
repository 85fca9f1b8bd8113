"""``tocsin action``: write items down, follow them, finish them."""

from __future__ import annotations

from typing import Any

import click

from tocsin.cli import output
from tocsin.cli.shell import Session, at_options, group, on_incident, pass_session

action = group("action", "Action items and what becomes of them.")

_DUE = click.option("--due", metavar="DATE", help="The date by which it is done, such as 2025-11-03.")


@action.command("add")
@on_incident("title")
@click.option("--group", "group_", default="", help="A group of the playbook, such as prevent.")
@click.option("--owner", default="", metavar="PERSON", help="Who does it.")
@_DUE
@click.option("--priority", default="", help="A priority of the playbook.")
@click.option("--ticket", default="", help="Its ticket in the tracker.")
@click.option("--about", default="", help="The finding or measure that it follows from.")
@pass_session
def add(session: Session, /, incident: str, title: str, group_: str, **given: Any) -> None:
    """Write down an action item with its TITLE."""
    answer = session.api.post(f"/incidents/{incident}/actions", {**given, "title": title, "group": group_})

    def people() -> None:
        output.say(f"{incident}: action item {output.strong(answer.get('id') or answer['action'])} written down.")
        for problem in answer.get("problems", []):
            output.say(output.tone(f"{problem['says']} {problem['fix']}", "warn"))

    session.show(answer, people)


@action.command("list")
@click.argument("incident", required=False, metavar="[ID]")
@click.option("--owner", default="", help="Whose they are.")
@click.option("--state", default="", help="open, done, dropped or overdue.")
@click.option("--all", "every", is_flag=True, help="Also those that are done or dropped.")
@pass_session
def list_(session: Session, incident: str | None, owner: str, state: str, every: bool) -> None:
    """List the action items of an incident, or of all of them, the earliest due first."""
    wanted = state or ("" if every or incident else "open")
    answer = session.api.get("/actions", incident=incident and incident.upper(), owner=owner, state=wanted)

    def people() -> None:
        rows = [
            (one["id"], output.state("overdue") if one["overdue"] else output.state(one["state"]), output.date_of(one["due"]), one["owner"],
             one["group"], one["priority"], one["ticket"], one["title"] + "".join(f"\n{p['says']}" for p in one["problems"]))
            for one in answer["actions"]
        ]  # fmt: skip
        flat = rows if output.on_terminal() else [(*row[:-1], row[-1].replace("\n", " | ")) for row in rows]
        output.table(("ID", "State", "Due", "Owner", "Group", "Priority", "Ticket", "Title"), flat, "No action items.")

    session.show(answer, people)


@action.command("show")
@click.argument("action_id", metavar="ID")
@pass_session
def show(session: Session, action_id: str) -> None:
    """Show an action item and what it lacks."""
    found = session.api.get(f"/actions/{action_id.upper()}")

    def people() -> None:
        output.say(f"{output.strong(found['id'])}  {found['title']}")
        names = ("state", "incident", "group", "owner", "due", "priority", "ticket", "about", "closed_by", "evidence", "reason")
        output.pairs([(name.replace("_", " ").capitalize(), found[name]) for name in names])
        for problem in found["problems"]:
            output.say(output.tone(f"{problem['says']} {problem['fix']}", "warn"))

    session.show(found, people)


@action.command("update")
@click.argument("action_id", metavar="ID")
@click.option("--title")
@click.option("--group")
@click.option("--owner", metavar="PERSON")
@_DUE
@click.option("--priority")
@click.option("--ticket")
@click.option("--about")
@pass_session
def update(session: Session, /, action_id: str, **given: Any) -> None:
    """Change an action item; what is not given stays as it was."""
    changed = {name: value for name, value in given.items() if value is not None}
    if not changed:
        raise click.UsageError("Nothing to change: give --title, --group, --owner, --due, --priority, --ticket or --about.")
    answer = session.api.post(f"/actions/{action_id.upper()}/update", changed)
    session.done(answer, f"{answer['action']}: {', '.join(answer.get('changed', [])) or 'nothing'} changed.")


@action.command("done")
@click.argument("action_id", metavar="ID")
@click.option("--evidence", required=True, help="How one can see that it is done.")
@click.option("--by", default="", metavar="PERSON", help="Who did it.")
@at_options
@pass_session
def done(session: Session, action_id: str, evidence: str, by: str, at: str | None, zone: str | None) -> None:
    """Say that an action item is done."""
    answer = session.api.post(f"/actions/{action_id.upper()}/done", {"evidence": evidence, "by": by, "at": session.past(at, zone)})
    session.done(answer, f"{answer['action']}: done.")


@action.command("drop")
@click.argument("action_id", metavar="ID")
@click.option("--reason", required=True, help="Why it will not be done.")
@click.option("--by", default="", metavar="PERSON", help="Who decided.")
@pass_session
def drop(session: Session, action_id: str, reason: str, by: str) -> None:
    """Say that an action item will not be done."""
    answer = session.api.post(f"/actions/{action_id.upper()}/drop", {"reason": reason, "by": by})
    session.done(answer, f"{answer['action']}: dropped.")


@action.command("reopen")
@click.argument("action_id", metavar="ID")
@click.option("--reason", required=True, help="Why it is not done after all.")
@pass_session
def reopen(session: Session, action_id: str, reason: str) -> None:
    """Open an action item again."""
    answer = session.api.post(f"/actions/{action_id.upper()}/reopen", {"reason": reason})
    session.done(answer, f"{answer['action']}: open again.")
