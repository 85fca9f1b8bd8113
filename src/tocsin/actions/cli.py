"""``tocsin action``: write items down, follow them, finish them."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import click

from tocsin.cli import output
from tocsin.cli.shell import Session, at_options, group, on_incident, pass_session, write_file

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
@click.option("--team", default="", help="A team's: its members' and those of its services.")
@click.option("--service", default="", help="Of incidents of a service.")
@click.option("--priority", default="", help="With this priority.")
@click.option("--text", default="", help="With these words.")
@click.option("--state", default="", help="open (waiting or started), waiting, started, done, dropped or overdue.")
@click.option("--all", "every", is_flag=True, help="Also those that are done or dropped.")
@click.option("--csv", "as_csv", is_flag=True, help="As a table for a spreadsheet.")
@pass_session
def list_(session: Session, /, incident: str | None, owner: str, state: str, every: bool, as_csv: bool, text: str, **more: str) -> None:
    """List the action items of an incident, or of all of them, the earliest due first."""
    wanted = state or ("" if every or incident else "open")
    query = {"incident": incident and incident.upper(), "owner": owner, "state": wanted, "q": text, **more}
    if as_csv:
        given = urlencode({name: value for name, value in query.items() if value} | {"format": "csv"})
        write_file("-", session.api.raw(f"/api/v1/actions?{given}"))
        return
    answer = session.api.get("/actions", **query)

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
@click.option("--due", metavar="DATE", help="The date by which it is done; none takes it away.")
@click.option("--priority")
@click.option("--ticket")
@click.option("--about")
@pass_session
def update(session: Session, /, action_id: str, **given: Any) -> None:
    """Change an action item; what is not given stays as it was."""
    changed: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
    if changed.get("due") == "none":
        changed = {**changed, "due": None, "no_due": True}
    if not changed:
        raise click.UsageError("Nothing to change: give --title, --group, --owner, --due, --priority, --ticket or --about.")
    answer = session.api.post(f"/actions/{action_id.upper()}/update", changed)
    session.done(answer, f"{answer['action']}: {', '.join(answer.get('changed', [])) or 'nothing'} changed.")


@action.command("start")
@click.argument("action_id", metavar="ID")
@click.option("--by", default="", metavar="PERSON", help="Who is at work on it.")
@pass_session
def start(session: Session, action_id: str, by: str) -> None:
    """Say that somebody is at work on an action item."""
    answer = session.api.post(f"/actions/{action_id.upper()}/start", {"by": by})
    session.done(answer, f"{answer['action']}: under way.")


@action.command("put-back")
@click.argument("action_id", metavar="ID")
@pass_session
def put_back(session: Session, action_id: str) -> None:
    """Say that nobody is at work on it any more."""
    answer = session.api.post(f"/actions/{action_id.upper()}/put-back", {})
    session.done(answer, f"{answer['action']}: waits again.")


@action.command("reassign")
@click.argument("action_ids", nargs=-1, metavar="[ID]...")
@click.option("--from", "owner", default="", metavar="PERSON", help="All open items of this owner.")
@click.option("--to", required=True, metavar="PERSON", help="The new owner.")
@pass_session
def reassign(session: Session, action_ids: tuple[str, ...], owner: str, to: str) -> None:
    """Give items to another owner: those named, or all open ones of --from."""
    body = {"actions": [one.upper() for one in action_ids], "owner": owner, "to": to}
    answer = session.api.post("/actions/reassign", body)

    def people() -> None:
        count = len(answer["changed"])
        output.say(f"{count} item{'' if count == 1 else 's'} given to {answer['to']}.")
        for refused in answer["refused"]:
            output.say(output.tone(f"{refused['action']}: {refused['what']} {refused['fix']}", "warn"))

    session.show(answer, people)


@action.command("history")
@click.argument("action_id", metavar="ID")
@pass_session
def history(session: Session, action_id: str) -> None:
    """Show what happened to an action item, newest first."""
    answer = session.api.get(f"/actions/{action_id.upper()}/history")

    def people() -> None:
        rows = [(one["at"], one["by"], one["says"] + (f": {one['quote']}" if one["quote"] else "")) for one in answer["history"]]
        output.table(("When", "Who", "What"), rows, "Nothing happened yet.")

    session.show(answer, people)


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
