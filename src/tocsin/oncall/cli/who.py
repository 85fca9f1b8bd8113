"""``tocsin oncall who|list|show|gaps|fairness|pay|history``: what there is."""

from __future__ import annotations

import shutil
from typing import Any

import click

from tocsin.cli import output
from tocsin.cli.shell import EXIT_FOUND, Session, pass_session
from tocsin.oncall.cli.common import (
    clock_of,
    local,
    oncall,
    people,
    read_time,
    schedule_argument,
    window,
    window_options,
    wire,
    zone_option,
)
from tocsin.oncall.cli.lanes import lanes

_WIDEST = 140


@oncall.command("who")
@click.option("--schedule", help="Only this schedule, with the reasons.")
@click.option("--service", help="For this service.")
@click.option("--person", "whom", help="Where this person is on call, and their next shifts.")
@click.option("--at", "at", metavar="TIME", help="At this time instead of now.")
@click.option("--known", metavar="TIME", help="As the record was known at this time (with --schedule).")
@zone_option
@pass_session
def who(
    session: Session, /, schedule: str | None, service: str | None, whom: str | None, at: str | None, known: str | None, zone: str | None
) -> None:  # fmt: skip
    """Say who is on call."""
    clock, _ = clock_of(session, zone)
    query = {
        "at": wire(read_time(session, at, clock, "--at")) if at else None,
        "known": wire(read_time(session, known, clock, "--known")) if known else None,
    }
    if schedule and not whom:
        found = session.api.get(f"/schedules/{schedule}/on-call", **query)
        session.show(found, lambda: _one(session, found, zone))
        return
    answer = session.api.get("/on-call", at=query["at"], schedule=schedule, service=service, person=whom)

    def show() -> None:
        rows = [
            (one["schedule"], line["role"] or "", people(line["on_call"]) or output.tone("nobody", "bad"),
             f"{local(line['until'], shown)} {name}" if line["until"] else "", people(line["next"]))
            for one in answer["schedules"]
            for shown, name in [clock_of(session, zone, one["zone"])]
            for line in one["lines"]
        ]  # fmt: skip
        output.table(("Schedule", "Line", "On call", "Until", "Next"), rows, "No schedule is written down yet: tocsin oncall apply FILE.")
        if whom:
            output.heading(f"Shifts of {whom}")
            coming = [(one["schedule"], one["role"], local(one["start"], clock), local(one["end"], clock)) for one in answer["shifts"]]
            output.table(("Schedule", "Line", "From", "To"), coming, "No shift within a year.")

    session.show(answer, show)


def _one(session: Session, found: dict[str, Any], zone: str | None) -> None:
    clock, name = clock_of(session, zone, found["zone"])
    for line in found["lines"]:
        label = f"{found['name']}{' (' + line['role'] + ')' if line['role'] else ''}"
        on_call = people(line["on_call"]) or output.tone("nobody", "bad")
        output.say(f"{output.strong(label)}: {on_call}")
        output.pairs(
            [("At", f"{local(found['at'], clock)} {name}"), ("Until", local(line["until"], clock) if line["until"] else "further notice"), ("Next", people(line["next"]))]
        )  # fmt: skip
    output.heading("Why")
    for one in found["why"]:
        output.say(f"  {'*' if one['counts'] else '-'} {one['says']}")


@oncall.command("list")
@click.option("--team", help="Only of this team.")
@pass_session
def list_(session: Session, team: str | None) -> None:
    """List schedules with who is on call."""
    answer = session.api.get("/schedules", team=team)
    rows = [
        (one["id"], one["name"], one["zone"], line["role"], people(line["on_call"]) or output.tone("nobody", "bad"))
        for one in answer["schedules"]
        for line in one["lines"]
    ]
    session.show(
        answer,
        lambda: output.table(("ID", "Name", "Zone", "Line", "On call"), rows, "No schedule is written down yet: tocsin oncall apply FILE."),
    )


@oncall.command("show")
@schedule_argument
@window_options(14)
@click.option("--person", "whom", help="Only this person's shifts.")
@pass_session
def show(session: Session, schedule: str, from_: str | None, to: str | None, days: int, zone: str | None, whom: str | None) -> None:
    """Show a schedule as lanes and as a list of shifts."""
    known = session.api.get(f"/schedules/{schedule}")
    clock, name = clock_of(session, zone, known["zone"])
    start, end = window(session, from_, to, days, clock)
    limits = {"from": wire(start), "to": wire(end)}
    found = session.api.get(f"/schedules/{schedule}/shifts", **limits, person=whom)
    told = session.api.get(f"/schedules/{schedule}/gaps", **limits)["findings"]

    def show_it() -> None:
        output.say(f"{output.strong(known['name'] or schedule)}  {local(limits['from'], clock)} to {local(limits['to'], clock)}, {name}")
        output.say()
        gaps = [] if whom else [one for one in told if one["kind"] == "gap"]
        width = min(shutil.get_terminal_size((100, 24)).columns, _WIDEST)
        for line in lanes(found["shifts"], gaps, start, end, clock, width):
            output.say(line)
        output.say()
        rows = [(local(one["start"], clock), local(one["end"], clock), one["name"], one["role"], _reason(one)) for one in found["shifts"]]
        output.table(("From", "To", "Who", "Line", "By"), rows, "Nobody is on call in this time.")
        _agreed(known, clock)
        _findings(told, clock)

    session.show({**known, **found, "findings": told}, show_it)


def _reason(shift: dict[str, Any]) -> str:
    return str(shift["because"]).replace(":", " ", 1) + (" (wants to give it away)" if shift["asked"] else "")


def _agreed(known: dict[str, Any], clock: Any) -> None:
    if known["overrides"]:
        output.heading("Overrides")
        rows = [
            (one["id"], one["how"], one.get("person", ""), one.get("instead_of", ""), local(one["start"], clock), local(one["end"], clock), one.get("why", ""))
            for one in known["overrides"]
        ]  # fmt: skip
        output.table(("ID", "How", "Who", "Instead of", "From", "To", "Why"), rows)
    if known["offers"]:
        output.heading("Offers")
        output.table(_OFFER, [_offer(one, clock) for one in known["offers"]])


_OFFER = ("ID", "State", "Of", "To", "From", "Until", "Why")


def _offer(one: dict[str, Any], clock: Any) -> tuple[str, ...]:
    return (
        one["id"], one.get("state", "offered"), one["person"], one.get("to") or "anybody", local(one["start"], clock), local(one["end"], clock),
        one.get("why", ""),
    )  # fmt: skip


def _findings(told: list[dict[str, Any]], clock: Any) -> None:
    if told:
        output.heading("Look at this")
        output.table(
            ("From", "To", "What"),
            [(local(one["start"], clock), "" if one["start"] == one["end"] else local(one["end"], clock), one["says"]) for one in told],
        )


@oncall.command("gaps")
@schedule_argument
@window_options(28)
@click.pass_context
@pass_session
def gaps(
    session: Session, ctx: click.Context, schedule: str, from_: str | None, to: str | None, days: int, zone: str | None
) -> None:  # fmt: skip
    """List what does not fit: nobody on call, people who are away, shifts that nobody took. Exit code 4 if nobody is on call at some time."""
    clock, _ = clock_of(session, zone, session.api.get(f"/schedules/{schedule}")["zone"])
    start, end = window(session, from_, to, days, clock)
    answer = session.api.get(f"/schedules/{schedule}/gaps", **{"from": wire(start), "to": wire(end)})

    def show_it() -> None:
        rows = [
            (local(one["start"], clock), local(one["end"], clock), one["kind"].replace("_", " "), one["says"]) for one in answer["findings"]
        ]
        output.table(("From", "To", "Kind", "What"), rows, "Somebody is on call all the time.")
        output.say(f"{answer['covered_percent']} % covered, {answer['on_average']:g} people on average.")

    session.show(answer, show_it)
    if any(one["kind"] == "gap" for one in answer["findings"]):
        ctx.exit(EXIT_FOUND)


@oncall.command("fairness")
@schedule_argument
@window_options(91)
@click.option("--nights", metavar="22:00-06:00", help="What counts as night; what the playbook says without it.")
@pass_session
def fairness(
    session: Session, schedule: str, from_: str | None, to: str | None, days: int, zone: str | None, nights: str | None
) -> None:  # fmt: skip
    """Show how hours, nights, weekends and holidays are spread."""
    clock, _ = clock_of(session, zone, session.api.get(f"/schedules/{schedule}")["zone"])
    start, end = window(session, from_, to, days, clock)
    answer = session.api.get(f"/schedules/{schedule}/fairness", **{"from": wire(start), "to": wire(end)}, nights=nights)
    rows = [
        (one["person"], f"{one['share']:.0%}", f"{one['hours']:.0f}", f"{one['nights']:.0f}" if answer["nights"] else "", f"{one['weekends']:.0f}", f"{one['holidays']:.0f}", one["pages"], one["night_pages"])
        for one in answer["people"]
    ]  # fmt: skip
    columns = (
        "Who",
        "Share",
        "Hours",
        f"At night ({answer['nights']})" if answer["nights"] else "At night",
        "Weekend",
        "Holiday",
        "Pages",
        "At night",
    )
    session.show(answer, lambda: output.table(columns, rows, "Nobody is on call in this time."))


@oncall.command("pay")
@click.option("--schedule", required=True, help="Whose people.")
@window_options(31)
@pass_session
def pay(session: Session, schedule: str, from_: str | None, to: str | None, days: int, zone: str | None) -> None:
    """Add up what people earned by the playbook's terms; every line names what it came from."""
    clock, _ = clock_of(session, zone, session.api.get(f"/schedules/{schedule}")["zone"])
    start, end = window(session, from_, to, days, clock)
    answer = session.api.get(f"/schedules/{schedule}/pay", **{"from": wire(start), "to": wire(end)})

    def show_it() -> None:
        rows = [
            (one["person"], one["says"], f"{one['quantity']:g}", f"{one['amount']:,.2f} {one['unit']}", one["for"])
            for one in answer["lines"]
        ]
        output.table(("Who", "For what", "How many", "Amount", "From"), rows, "Nothing was earned in this time.")
        if answer["totals"]:
            output.heading("Together")
            output.table(("Who", "Amount"), [(one["person"], f"{one['amount']:,.2f} {one['unit']}") for one in answer["totals"]])
        for note in answer["notes"]:
            output.note(note)

    session.show(answer, show_it)


@oncall.command("history")
@schedule_argument
@pass_session
def history(session: Session, schedule: str) -> None:
    """Show all that happened to a schedule."""
    answer = session.api.get(f"/schedules/{schedule}/history")
    rows = [
        (output.when(one["at"], session.now()), one["type"].partition(".")[2].replace("_", " "), one["by"]) for one in answer["history"]
    ]
    session.show(answer, lambda: output.table(("When", "What", "By"), rows))
