"""``tocsin oncall ics|import|handoff``: calendars in and out, and written hand-offs."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import Any, Final
from urllib.parse import quote, urlencode

import click

from tocsin.cli import output
from tocsin.cli.shell import Session, group, pass_session, read_file, write_file
from tocsin.oncall.cli.common import clock_of, local, oncall, schedule_argument, window, window_options, wire, zone_option

ics = group("ics", "Shifts as a calendar: a file, or a secret address.")
import_ = group("import", "Take over calendars and schedules from elsewhere.")
handoff = group("handoff", "The written summary when the person changes.")
for _one in (ics, import_, handoff):
    oncall.add_command(_one)

_ICAL: Final = "text/calendar"
_SECONDS: Final = 20
_LARGEST: Final = 1_000_000


@ics.command("export")
@schedule_argument
@window_options(91)
@click.option("--person", "whom", help="Only this person's shifts.")
@click.option("--out", default="-", metavar="FILE", help="Where to write it; standard output without it.")
@pass_session
def export(
    session: Session, /, schedule: str, from_: str | None, to: str | None, days: int, zone: str | None, whom: str | None, out: str
) -> None:  # fmt: skip
    """Write shifts as an iCalendar file."""
    clock, _ = clock_of(session, zone)
    start, end = window(session, from_, to, days, clock)
    query = {"from": wire(start), "to": wire(end), **({"person": whom} if whom else {})}
    write_file(out, session.api.raw(f"/api/v1/schedules/{quote(schedule)}/calendar?{urlencode(query)}"))


@ics.command("publish")
@click.option("--schedule", help="All shifts of this schedule.")
@click.option("--person", "whom", help="All shifts of this person.")
@click.option("--revoke", is_flag=True, help="Publish them no more.")
@pass_session
def publish(session: Session, schedule: str | None, whom: str | None, revoke: bool) -> None:
    """Publish shifts at a secret address for calendar programs. Again: at a new one, and the old one is no more."""
    if bool(schedule) == bool(whom):
        raise click.UsageError("Name either --schedule or --person.")
    base = f"/schedules/{schedule}" if schedule else f"/people/{whom}"
    session.api.post(f"{base}/feed{'/revoke' if revoke else ''}")
    found = session.api.get(base if schedule else f"{base}/availability")
    session.done({"feed": found["feed"]}, found["feed"] or "It is not published any more.")


@import_.command("calendar")
@schedule_argument
@click.argument("file", metavar="FILE|URL")
@click.option("--id", "calendar", default="calendar", show_default=True, help="What layers of the schedule call it.")
@click.option("--user-from", default="SUMMARY", show_default=True, help="The property that names the user, such as ATTENDEE.")
@pass_session
def calendar(session: Session, schedule: str, file: str, calendar: str, user_from: str) -> None:
    """Import a calendar that says who is on call; a layer with `calendar: ID` uses it. Import it again when it changes."""
    path = f"/schedules/{schedule}/calendars/{calendar}?{urlencode({'user_from': user_from})}"
    answer = session.api.put_bytes(path, _content(file), _ICAL)

    def show() -> None:
        output.say(f"{schedule}: {answer['shifts']} shifts{'' if answer['changed'] else ', nothing changed'}.")
        if answer["unknown"]:
            output.say(f"Nobody has these names, so they put nobody on call: {', '.join(answer['unknown'])}")
        if not answer["in_use"]:
            output.say(f"No layer uses it yet: give one `calendar: {calendar}`.")
        if answer["note"]:
            output.say(answer["note"])

    session.show(answer, show)


@import_.command("holidays")
@schedule_argument
@click.argument("file", metavar="FILE|URL")
@pass_session
def holidays(session: Session, schedule: str, file: str) -> None:
    """Make the whole days of a calendar the schedule's holidays."""
    answer = session.api.put_bytes(f"/schedules/{schedule}/holidays", _content(file), _ICAL)
    session.done(answer, f"{schedule}: {answer['holidays']} holidays{'' if answer['changed'] else ', nothing changed'}.")


@import_.command("absences")
@click.argument("whom", metavar="PERSON")
@click.argument("file", metavar="FILE|URL")
@click.option("--id", "calendar", default="calendar", show_default=True, help="What to call it; importing it again replaces it.")
@pass_session
def absences(session: Session, whom: str, file: str, calendar: str) -> None:
    """Import a calendar in which every event is an absence of a person."""
    answer = session.api.put_bytes(f"/people/{whom}/absences/calendars/{calendar}", _content(file), _ICAL)
    session.done(answer, f"{whom}: {answer['absences']} absences to come{'' if answer['changed'] else ', nothing changed'}.")


@import_.command("pagerduty")
@click.argument("file", type=click.Path(allow_dash=True))
@click.option("--id", "schedule", required=True, metavar="SCHEDULE", help="What to call it here.")
@click.option("--person", "people", multiple=True, metavar="THEIRS=OURS", help="Who one of their users is here; may be repeated.")
@click.option("--save", is_flag=True, help="Write it down; without it, it is only shown.")
@pass_session
def pagerduty(session: Session, file: str, schedule: str, people: tuple[str, ...], save: bool) -> None:
    """Take over a schedule as PagerDuty's API answers it (GET /schedules/ID, as JSON)."""
    try:
        given = json.loads(read_file(file))
    except ValueError as error:
        raise click.BadParameter(f"{file} is not JSON: {error}", param_hint="FILE") from error
    named = dict(one.split("=", 1) for one in people if "=" in one)
    answer = session.api.post("/schedules/from-pagerduty", {"schedule": given, "people": named})
    if save:
        answer["saved"] = session.api.post(f"/schedules/{schedule}", answer["rota"])

    def show() -> None:
        rota = answer["rota"]
        rows = [
            (one["id"], one.get("name"), " ".join(",".join(who) for who in one.get("groups", ())), f"{one.get('every', 1)} {one.get('unit', 'week')}", one.get("start"))
            for one in rota.get("layers", ())
        ]  # fmt: skip
        output.table(("Layer", "Name", "Turns", "Every", "From"), rows, "It has no layers.")
        if answer["unknown_people"]:
            output.say(f"Not written down here: {', '.join(answer['unknown_people'])}. Say who they are with --person THEIRS=OURS.")
        output.say(f"{schedule}: saved." if save else f"Nothing is saved yet; --save writes it down as {schedule}.")

    session.show(answer, show)


def _content(file: str) -> bytes:
    """Return a file, or what an address answers: fetched from here, not by the server."""
    if not file.startswith(("https://", "http://")):
        return read_file(file)
    try:
        with urllib.request.urlopen(file, timeout=_SECONDS) as answer:  # noqa: S310 (http and https only, see above)
            found: bytes = answer.read(_LARGEST + 1)
            return found
    except (urllib.error.URLError, TimeoutError) as error:
        raise click.ClickException(f"{file} cannot be fetched: {error}") from error


# -- hand-offs -------------------------------------------------------------------------------------


@handoff.command("list")
@click.option("--schedule", help="Only of this schedule.")
@click.option("--state", help="due, missed, signed or dropped.")
@click.option("--person", "whom", help="Who goes or comes.")
@zone_option
@pass_session
def list_handoffs(session: Session, schedule: str | None, state: str | None, whom: str | None, zone: str | None) -> None:
    """List hand-offs, the latest first."""
    clock, _ = clock_of(session, zone)
    answer = session.api.get("/handoffs", schedule=schedule, state=state, person=whom)
    rows = [
        (one["id"], local(one["at"], clock), output.state(one["state"]) + (", late" if one["late"] else ""), ", ".join(one["outgoing"]), ", ".join(one["incoming"]),
         ", ".join(one["acknowledged"]))
        for one in answer["handoffs"]
    ]  # fmt: skip
    session.show(
        answer, lambda: output.table(("ID", "At", "State", "Goes", "Comes", "Read by"), rows, "No written hand-off was asked for yet.")
    )


@handoff.command("show")
@click.argument("handoff_id", metavar="ID")
@pass_session
def show_handoff(session: Session, handoff_id: str) -> None:
    """Show a hand-off: what is written, or the draft of it."""
    found = session.api.get(f"/handoffs/{handoff_id}")

    def show() -> None:
        output.say(f"{output.strong(found['id'])}  {output.state(found['state'])}{', late' if found['late'] else ''}")
        signed = f"{found['signed_by']}, {output.when(found['signed_at'], session.now())}" if found["signed_at"] else ""
        output.pairs([("Signed", signed), ("Read by", ", ".join(found["acknowledged"]))])
        output.say()
        output.say(found["text"] or found["draft"])

    session.show(found, show)


def _text(session: Session, handoff_id: str, file: str | None) -> str:
    if file:
        return read_file(file).decode("utf-8", "replace")
    found: dict[str, Any] = session.api.get(f"/handoffs/{handoff_id}")
    return str(found["text"] or found["draft"])


@handoff.command("write")
@click.argument("handoff_id", metavar="ID")
@click.option(
    "--file", type=click.Path(allow_dash=True), help="The summary; a dash is standard input. Without it an editor opens with the draft."
)
@pass_session
def write(session: Session, handoff_id: str, file: str | None) -> None:
    """Write the summary."""
    text = _text(session, handoff_id, file)
    if not file:
        edited = click.edit(text, extension=".md")
        if edited is None:
            raise click.ClickException("Nothing was changed, so nothing is saved.")
        text = edited
    session.done(
        session.api.post(f"/handoffs/{handoff_id}/summary", {"text": text}),
        f"{handoff_id}: saved. Sign it: tocsin oncall handoff sign {handoff_id}",
    )


@handoff.command("sign")
@click.argument("handoff_id", metavar="ID")
@click.option("--file", type=click.Path(allow_dash=True), help="The summary, where it was not written before.")
@click.option("--as-drafted", is_flag=True, help="Sign the draft as it is.")
@pass_session
def sign(session: Session, handoff_id: str, file: str | None, as_drafted: bool) -> None:
    """Sign the summary as the one whose shift ends."""
    text = _text(session, handoff_id, file) if file or as_drafted else ""
    session.done(session.api.post(f"/handoffs/{handoff_id}/sign", {"text": text}), f"{handoff_id}: signed.")


@handoff.command("ack")
@click.argument("handoff_id", metavar="ID")
@pass_session
def acknowledge(session: Session, handoff_id: str) -> None:
    """Say as the one whose shift begins that you have read it."""
    session.done(session.api.post(f"/handoffs/{handoff_id}/acknowledge", {}), f"{handoff_id}: read.")
