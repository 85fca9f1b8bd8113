"""``tocsin group``: alerts of one cause, who is called for them, and why nobody is where that is so."""

from __future__ import annotations

from typing import Any, Final

import click

from tocsin.cli import output
from tocsin.cli.shell import Session, at_options, pass_session
from tocsin.cli.shell import group as command_group

group = command_group("group", "Alerts of one cause, and the people who are called for them.")

_LONGEST: Final = 200


@group.command("list")
@click.option("--state", default="open", show_default=True, help="open, unacknowledged, all, or a phase such as muted or flapping.")
@click.option("--service", default="", metavar="ID", help="Only groups of this service.")
@click.option("--route", default="", metavar="NAME", help="Only groups of this route.")
@click.option("--urgency", default="", help="high, low or none.")
@click.option("--incident", default="", metavar="ID", help="Only groups of this incident.")
@click.option("--text", default="", help="A part of the title.")
@click.option("--after", default="", metavar="ID", help="Go on after this one.")
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 500))
@pass_session
def list_groups(session: Session, /, **query: Any) -> None:
    """List groups of alerts, newest first."""
    answer = session.api.get("/groups", **query)

    def people() -> None:
        now = session.now()
        rows = [
            (
                one["id"], output.state(one["phase"]), one["urgency"], _counts(one), one["service"], output.when(one["opened_at"], now),
                one["acknowledged_by"], one["incident"], one["title"],
            )
            for one in answer["groups"]
        ]  # fmt: skip
        columns = ("ID", "Phase", "Urgency", "Alerts", "Service", "Opened", "Acknowledged by", "Incident", "Title")
        output.table(columns, rows, "No groups. `--state all` shows those that are over as well.")
        if answer.get("next"):
            output.note(f"There are more: --after {answer['next']}")

    session.show(answer, people)


def _counts(one: dict[str, Any]) -> str:
    muted = f", {one['muted']} muted" if one["muted"] else ""
    return f"{one['firing']} of {one.get('total', one['firing'] + one['muted'])}{muted}"


@group.command("show")
@click.argument("group_id", metavar="ID")
@pass_session
def show_group(session: Session, group_id: str) -> None:
    """Show a group: why it went where it went, its alerts, what it waits for and its history."""
    found = session.api.get(f"/groups/{group_id}")

    def people() -> None:
        now = session.now()
        output.say(f"{output.strong(found['id'])}  {found['title']}")
        output.pairs(
            [
                ("Phase", f"{output.state(found['phase'])}  {found['says']}"),
                ("Because", found["because"]),
                ("Route", found["why"]),
                ("Urgency", found["urgency"]),
                ("Service", found["service"]),
                ("Calls", found["policy"] or ", ".join(found["targets"])),
                ("Grouped by", "\n".join(f"{name}: {value}" for name, value in found["labels"].items())),
                ("Alerts", f"{found['firing']} fire" + (f", {found['muted']} are muted" if found["muted"] else "")),
                ("Opened", output.when(found["opened_at"], now)),
                (
                    "Acknowledged",
                    f"{output.when(found['acknowledged_at'], now)} by {found['acknowledged_by']}" if found["acknowledged_by"] else "",
                ),
                ("Ended", output.when(found["resolved_at"], now) if found["resolved_at"] else ""),
                ("Incident", found["incident"]),
                ("Pages", ", ".join(found["pages"])),
                ("Next", "\n".join(f"{output.when(one['at'], now)}: {one['what']}" for one in found["waits"])),
            ],
        )
        output.heading("Alerts")
        rows = [
            (one["id"], output.state(one["state"]), output.when(one["started_at"], now), one["muted"] or "", one["title"])
            for one in found["alerts"]
        ]
        output.table(("ID", "State", "Started", "Muted", "Title"), rows)
        output.heading("History")
        facts = [(output.when(one["at"], now), _what(one), one["by"], one["says"][:_LONGEST]) for one in found["history"]]
        output.table(("When", "What", "By", "Why"), facts)

    session.show(found, people)


def _what(one: dict[str, Any]) -> str:
    return str(one["type"]).partition(".")[2].replace("_", " ")


@group.command("ack")
@click.argument("group_id", metavar="ID")
@click.option("--by", "person", metavar="PERSON", help="Who is on it.")
@at_options
@pass_session
def ack_group(session: Session, group_id: str, person: str | None, at: str | None, zone: str | None) -> None:
    """Acknowledge a group and its pages. A second time is no error."""
    answer = session.api.post(f"/groups/{group_id}/acknowledge", {"person": person, "at": session.past(at, zone)})
    by = answer.get("acknowledged_by")
    session.done(answer, f"{group_id}: acknowledged by {by}." if by else f"{group_id}: it is over; nothing to acknowledge.")


@group.command("resolve")
@click.argument("group_id", metavar="ID")
@click.option("--why", default="", help="Why it is over.")
@pass_session
def resolve_group(session: Session, group_id: str, why: str) -> None:
    """End a group, with its alerts and pages."""
    answer = session.api.post(f"/groups/{group_id}/resolve", {"why": why})
    session.done(answer, f"{group_id}: {'ended' if answer['changed'] else 'it was over already'}.")


@group.command("link")
@click.argument("group_id", metavar="ID")
@click.argument("incident", metavar="INCIDENT")
@pass_session
def link_group(session: Session, group_id: str, incident: str) -> None:
    """Link a group to an incident."""
    answer = session.api.post(f"/groups/{group_id}/link", {"incident": incident})
    session.done(answer, f"{group_id} belongs to {incident}.")


@group.command("unmute")
@click.argument("group_id", metavar="ID")
@click.option("--why", default="", help="Why people are to be called.")
@pass_session
def unmute_group(session: Session, group_id: str, why: str) -> None:
    """Have a muted or flapping group call people."""
    answer = session.api.post(f"/groups/{group_id}/unmute", {"why": why})
    session.done(answer, f"{group_id}: {'it calls people' if answer['changed'] else 'nothing kept it quiet'}.")
