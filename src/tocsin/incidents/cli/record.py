"""``tocsin timeline``, ``milestone`` and ``figure``: what is written down about an incident."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import click

from tocsin.cli import output
from tocsin.cli.shell import Session, group, on_incident, pass_session, write_file
from tocsin.incidents.cli.show import milestone_rows

timeline = group("timeline", "What happened, in order.")
milestone = group("milestone", "When it began, was noticed, was over.")
figure = group("figure", "Figures of the impact.")


@timeline.command("show")
@on_incident()
@click.option("--type", "kind", help="Only entries of this type, such as DECISION.")
@click.option("--entries", is_flag=True, help="Only what people wrote.")
@click.option("--at", metavar="TIME", help="As it was at this time.")
@click.option("--known", is_flag=True, help="With --at: what was known then, instead of what had happened by then.")
@click.option("--zone", metavar="NAME", help="Time zone of a clock time.")
@pass_session
def show(session: Session, incident: str, kind: str | None, entries: bool, at: str | None, known: bool, zone: str | None) -> None:
    """Show the timeline; the number of an entry names it for `tocsin incident correct`."""
    lines = session.api.get(f"/incidents/{incident}/timeline", at=session.past(at, zone), reading="known_by" if known else None)
    lines = [line for line in lines if (not entries or line.get("entry")) and (not kind or line["kind"].casefold() == kind.casefold())]

    def people() -> None:
        day = None
        width = max((len(str(line["fact"])) for line in lines), default=1)
        for line in lines:
            at_ = output.moment(line["at"])
            assert at_ is not None
            if at_.date() != day:
                day = at_.date()
                output.say(output.faint(f"{day} UTC"))
            output.say(_line(line, at_, width))
        if not lines:
            output.say("Nothing is on the timeline.")

    session.show(lines, people)


def _line(line: dict[str, Any], at: datetime, width: int) -> str:
    typed = f" [{output.strong(line['kind'])}]" if line.get("entry") else ""
    reading = line.get("data", {}).get("reading")
    more = f" ({reading['measure']} {reading['value']:g}{' ' + reading['unit'] if reading.get('unit') else ''})" if reading else ""
    if line.get("data", {}).get("attachments"):
        more += f" ({len(line['data']['attachments'])} attached)"
    if line.get("corrected"):
        more += output.faint(f" (corrected; was {line['corrects'][0]})")
    elif line.get("late"):
        more += output.faint(" (written down later)")
    text = line["text"] if line.get("entry") else output.faint(line["text"])
    return f"{output.faint(str(line['fact']).rjust(width))}  [{at:%H:%M}] {line['by']}{typed} {text}{more}"


@timeline.command("export")
@on_incident()
@click.option("--output", "path", default="-", metavar="FILE", help="The file to write (default: standard output).")
@click.option("--at", metavar="TIME", help="As it was at this time.")
@click.option("--zone", metavar="NAME", help="Time zone of a clock time.")
@pass_session
def export(session: Session, incident: str, path: str, at: str | None, zone: str | None) -> None:
    """Export the timeline as JSON, with absolute (UTC) and relative times."""
    found = session.api.get(f"/incidents/{incident}/timeline/export", at=session.past(at, zone))
    write_file(path, (json.dumps(found, indent=2, ensure_ascii=False) + "\n").encode())
    if path != "-":
        session.done(
            {"incident": incident, "output": path, "lines": len(found["timeline"])},
            f"{incident}: {len(found['timeline'])} lines in {path}.",
        )


@milestone.command("set")
@on_incident("milestone", "time")
@click.option("--estimated", is_flag=True, help="The time is an estimate.")
@click.option("--until", metavar="TIME", help="The end, where only a range is known.")
@click.option("--note", default="", help="How it is known.")
@click.option("--zone", metavar="NAME", help="Time zone of clock times, such as Europe/Berlin (default UTC).")
@pass_session
def set_milestone(
    session: Session, incident: str, milestone: str, time: str, estimated: bool, until: str | None, note: str, zone: str | None
) -> None:
    """State when a MILESTONE was reached, or correct it: 14:20, or with date and zone."""
    if estimated and until:
        raise click.UsageError("--estimated and --until exclude each other: a range says how sure the time is.")
    body = {
        "milestone": milestone, "when": session.past(time, zone, "TIME"), "until": session.past(until, zone, "--until"), "note": note,
        "precision": "range" if until else "estimated" if estimated else "exact",
    }  # fmt: skip
    answer = session.api.post(f"/incidents/{incident}/milestones", body)

    def people() -> None:
        before = f" (was {output.when(answer['previous'], session.now())})" if answer.get("previous") else ""
        output.say(f"{incident}: {answer['milestone']} at {output.when(str(body['when']), session.now())}{before}.")

    session.show(answer, people)


@milestone.command("list")
@on_incident()
@pass_session
def list_milestones(session: Session, incident: str) -> None:
    """List the milestones that are known."""
    view = session.api.get(f"/incidents/{incident}")

    def people() -> None:
        now = output.moment(view["as_of"])
        assert now is not None
        output.table(("Milestone", "When", ""), milestone_rows(view["milestones"], now), "No milestone is known.")

    session.show({"incident": incident, "milestones": view["milestones"]}, people)


@figure.command("record")
@on_incident("figure", "value")
@click.option("--unit", default="", help="Its unit, where it is not the playbook's.")
@click.option("--source", default="", help="Where it comes from.")
@click.option("--estimate", is_flag=True, help="It is an estimate.")
@pass_session
def record(session: Session, incident: str, figure: str, value: str, unit: str, source: str, estimate: bool) -> None:
    """Record a FIGURE of the impact, such as failed_requests 15,000; a second time corrects it. ``~15,000`` is an estimate."""
    body = {"figure": figure, "value": value, "unit": unit, "source": source, "estimate": estimate}
    answer = session.api.post(f"/incidents/{incident}/figures", body)
    session.done(answer, f"{incident}: {answer['figure']} recorded.")


@figure.command("list")
@on_incident()
@pass_session
def list_figures(session: Session, incident: str) -> None:
    """List the figures that are recorded."""
    found = session.api.get(f"/incidents/{incident}")["figures"]
    rows = [
        (name, f"{'about ' if one.get('estimate') else ''}{_number(one['value'])} {one.get('unit', '')}".strip(), one.get("source", ""))
        for name, one in found.items()
    ]
    session.show(
        {"incident": incident, "figures": found}, lambda: output.table(("Figure", "Value", "Source"), rows, "No figure is recorded.")
    )


def _number(value: float | str) -> str:
    return value if isinstance(value, str) else f"{value:,.0f}" if float(value).is_integer() else f"{value:,}"
