"""``tocsin check`` and ``tocsin obligation``: what has to be verified, and what has to be done by when."""

from __future__ import annotations

from typing import Any

import click

from tocsin.cli import output
from tocsin.cli.shell import Session, at_options, group, on_incident, pass_session
from tocsin.incidents.cli.show import OPEN_STATES

check = group("check", "Criteria of gates and checklists.")
obligation = group("obligation", "Duties with a time.")


@check.command("tick")
@on_incident(rest="items")
@click.option("--evidence", default="", help="What was seen.")
@at_options
@pass_session
def tick(session: Session, incident: str, items: tuple[str, ...], evidence: str, at: str | None, zone: str | None) -> None:
    """Verify one or more ITEMS, such as resolution.latency."""
    when = session.past(at, zone)
    ticked = [
        session.api.post(f"/incidents/{incident}/checks/tick", {"item": item, "evidence": evidence, "at": when})["item"] for item in items
    ]
    session.done({"incident": incident, "ticked": ticked}, f"{incident}: verified {', '.join(ticked)}.")


@check.command("untick")
@on_incident("item")
@click.option("--reason", default="", help="Why it does not hold.")
@pass_session
def untick(session: Session, incident: str, item: str, reason: str) -> None:
    """Take the tick or waiver of an ITEM back."""
    answer = session.api.post(f"/incidents/{incident}/checks/untick", {"item": item, "reason": reason})
    session.done(
        {"incident": incident, "item": item, "changed": bool(answer)},
        f"{incident}: {item} {'is open again' if answer else 'was not ticked'}.",
    )


@check.command("waive")
@on_incident("item")
@click.option("--reason", required=True, help="Why the gate may be passed without it; kept with your name.")
@at_options
@pass_session
def waive(session: Session, incident: str, item: str, reason: str, at: str | None, zone: str | None) -> None:
    """Pass a gate without an ITEM. Needs a named person (--as)."""
    answer = session.api.post(f"/incidents/{incident}/checks/waive", {"item": item, "reason": reason, "at": session.past(at, zone)})
    session.done(answer, f"{incident}: {answer['item']} waived.")


@check.command("list")
@on_incident()
@click.option("--open", "only_open", is_flag=True, help="Only what is not verified yet.")
@pass_session
def list_checks(session: Session, incident: str, only_open: bool) -> None:
    """List every checklist and how its criteria stand."""
    lists = session.api.get(f"/incidents/{incident}").get("checklists", [])

    def wanted(item: dict[str, Any]) -> bool:
        return not only_open or item["state"] in ("open", "unmet")

    def people() -> None:
        for one in lists:
            verified = sum(item["state"] in ("ticked", "met") for item in one["items"])
            waived = sum(item["state"] == "waived" for item in one["items"])
            more = f", {waived} waived" if waived else ""
            output.say(f"{output.strong(one['name'])}: {verified} of {len(one['items'])} verified{more}")
            rows = [
                (
                    output.state(item["state"]),
                    item["id"],
                    item["says"],
                    item.get("evidence") or item.get("reason") or " ",
                    item.get("by") or " ",
                )
                for item in one["items"]
                if wanted(item)
            ]
            output.table(("State", "Item", "Criterion", "Evidence", "By"), rows, "Nothing is open.")
        if not lists:
            output.say("The playbook has no checklists.")

    shown = [{**one, "items": [item for item in one["items"] if wanted(item)]} for one in lists]
    session.show({"incident": incident, "checklists": shown}, people)


@obligation.command("list")
@on_incident()
@click.option("--all", "every", is_flag=True, help="Also those that are settled.")
@click.option("--state", help="Only this state: open, warned, overdue, kept, late, missed, waived, void.")
@pass_session
def list_obligations(session: Session, incident: str, every: bool, state: str | None) -> None:
    """List the duties of the playbook with their times."""
    view = session.api.get(f"/incidents/{incident}")
    duties = [d for d in view.get("obligations", []) if (d["state"] == state if state else every or d["state"] in OPEN_STATES)]
    duties.sort(key=lambda d: d["due_at"])

    def people() -> None:
        now = output.moment(view["as_of"])
        assert now is not None
        rows = [(output.when(d["due_at"], now), output.state(d["state"]), d["id"], d["name"], d["owner"]) for d in duties]
        output.table(("Due", "State", "ID", "What", "Who"), rows, "Nothing is due.")

    session.show({"incident": incident, "obligations": duties}, people)


@obligation.command("done")
@on_incident("obligation")
@click.option("--evidence", default="", help="Where it can be seen.")
@click.option("--by", default="", metavar="PERSON", help="Who did it.")
@at_options
@pass_session
def done(session: Session, incident: str, obligation: str, evidence: str, by: str, at: str | None, zone: str | None) -> None:
    """Say that an OBLIGATION was met, by its id or mark."""
    body = {"obligation": obligation, "evidence": evidence, "by": by, "at": session.past(at, zone)}
    answer = session.api.post(f"/incidents/{incident}/obligations/done", body)
    session.done(answer, f"{incident}: {answer['obligation']} is done.")


@obligation.command("waive")
@on_incident("obligation")
@click.option("--reason", required=True, help="Why it may be let go; kept with your name.")
@pass_session
def waive_obligation(session: Session, incident: str, obligation: str, reason: str) -> None:
    """Let an OBLIGATION go. Needs a named person (--as)."""
    answer = session.api.post(f"/incidents/{incident}/obligations/waive", {"obligation": obligation, "reason": reason})
    session.done(answer, f"{incident}: {answer['obligation']} waived.")


@obligation.command("restore")
@on_incident("obligation")
@click.option("--reason", default="", help="Why it is owed after all.")
@pass_session
def restore_obligation(session: Session, incident: str, obligation: str, reason: str) -> None:
    """Take back that an OBLIGATION was waived or done."""
    answer = session.api.post(f"/incidents/{incident}/obligations/restore", {"obligation": obligation, "reason": reason})
    session.done(answer, f"{incident}: {answer['obligation']} is owed again.")
