"""``tocsin incident``, the record: entries and their corrections, calls by hand, the chain, records of elsewhere."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import urlencode

import click

from tocsin.cli import output
from tocsin.cli.shell import (
    EXIT_FOUND,
    Session,
    assignments,
    at_options,
    json_file,
    on_incident,
    pass_session,
    read_file,
)
from tocsin.incidents.cli.incident import incident

__all__ = ["incident"]


@incident.command("entry")
@on_incident("kind", "text")
@click.option("--by", default="", metavar="PERSON", help="Who saw, did or decided it.")
@click.option("--reading", metavar="MEASURE=VALUE", help="What was measured, such as error_rate=35.")
@click.option("--attach", multiple=True, metavar="FILE", help="A file to keep with it; may be repeated.")
@at_options
@pass_session
def entry(
    session: Session, incident: str, kind: str, text: str, by: str, reading: str | None, attach: tuple[str, ...], at: str | None, zone: str | None,
) -> None:  # fmt: skip
    """Log a typed entry: OBSERVATION, DECISION, ACTION … as the playbook has them. A dash reads TEXT from standard input."""
    body = {
        "kind": kind.upper(), "text": text, "by": by, "at": session.past(at, zone), "reading": measured(reading),
        "attachments": [_attached(session, path) for path in attach],
    }  # fmt: skip
    answer = session.api.post(f"/incidents/{incident}/entries", body)
    session.done(answer, f"{incident}: entry {answer['entry']} logged.")


def measured(text: str | None) -> dict[str, Any] | None:
    """Return ``error_rate=35%`` as a reading; None where none was given."""
    if not text:
        return None
    ((measure, value),) = assignments([text], "--reading")
    found = re.fullmatch(r"(-?\d+(?:\.\d+)?)\s*(.*)", value)
    if found is None:
        raise click.BadParameter(f"{value!r} is not a number", param_hint="--reading")
    return {"measure": measure, "value": float(found[1]), "unit": found[2]}


def _attached(session: Session, path: str) -> str:
    import mimetypes
    from urllib.parse import urlencode

    name = path.rpartition("/")[2] or "stdin"
    media_type = mimetypes.guess_type(name)[0] or "application/octet-stream"
    return str(session.api.put_bytes(f"/blobs?{urlencode({'name': name})}", read_file(path), media_type)["digest"])


@incident.command("correct")
@on_incident("entry")
@click.option("--text", help="What it should say.")
@click.option("--type", "kind", help="Its type.")
@click.option("--by", help="Who it was.")
@click.option("--reading", metavar="MEASURE=VALUE", help="What was measured.")
@click.option("--reason", default="", help="Why it is corrected.")
@at_options
@pass_session
def correct(
    session: Session, /, incident: str, entry: str, kind: str | None, reading: str | None, at: str | None, zone: str | None, **given: Any
) -> None:
    """Correct an entry by its number; what it said before stays in the record."""
    if not entry.isdigit():
        raise click.UsageError(f"{entry!r} is not the number of an entry; `tocsin timeline show` prints them.")
    body = {**given, "entry": int(entry), "kind": kind and kind.upper(), "reading": measured(reading), "at": session.past(at, zone)}
    answer = session.api.post(f"/incidents/{incident}/entries/correct", body)
    session.done(answer, f"{incident}: entry {answer['entry']} corrected.")


@incident.command()
@on_incident("rule")
@click.option("--why", default="", help="What they are needed for.")
@click.option("--at", metavar="TIME", help="When, if not now.")
@click.option("--zone", metavar="NAME", help="Time zone of clock times (default UTC).")
@pass_session
def escalate(session: Session, incident: str, rule: str, why: str, at: str | None, zone: str | None) -> None:
    """Call the people of one of the playbook's escalation rules now, such as a specialist."""
    answer = session.api.post(f"/incidents/{incident}/escalations", {"rule": rule, "why": why, "at": session.past(at, zone)})
    session.done(answer, f"{incident}: called {', '.join(answer['called'])}.")


@incident.command("verify-chain")
@on_incident()
@pass_session
def verify_chain(session: Session, incident: str) -> None:
    """Check the hash chain of the record; exit code 4 where it is broken."""
    answer = session.api.get(f"/incidents/{incident}/verify")

    def people() -> None:
        if answer["whole"]:
            output.say(f"{incident}: the record is whole.")
            return
        output.say(output.tone(f"{incident}: the record is broken.", "bad"))
        for broken in answer["broken"]:
            output.say(f"  {broken}")

    session.show(answer, people)
    if not answer["whole"]:
        click.get_current_context().exit(EXIT_FOUND)


@incident.command("import")
@click.argument("file", metavar="FILE")
@click.option("--playbook", help="The playbook to keep it under.")
@pass_session
def import_(session: Session, file: str, playbook: str | None) -> None:
    """Take in incidents that were written down elsewhere, from a JSON FILE (a dash: standard input)."""
    body = dict(json_file(file))
    if "kind" in body:  # a write-up, a log or a list of reviews, with whatever else its file says
        made = session.api.put_bytes(
            f"/incidents/import/file?{urlencode({'playbook': playbook or ''})}", json.dumps(body).encode(), "application/json"
        )
    else:
        made = {"incidents": [session.api.post("/incidents/import", body | ({"playbook": playbook} if playbook else {}))]}

    def people() -> None:
        for one in made["incidents"]:
            output.say(f"Taken in as {one['incident']}: {one['entries']} entries, milestones {', '.join(one['milestones']) or 'none'}.")

    session.show(made, people)


def _pin_command(name: str, says: str) -> None:
    @incident.command(name, help=says)
    @on_incident("number")
    @pass_session
    def run(session: Session, incident: str, number: str) -> None:
        if not number.isdigit():
            raise click.UsageError(f"{number!r} is not the number of a line; `tocsin timeline show` prints them.")
        answer = session.api.post(f"/incidents/{incident}/entries/{name}", {"fact": int(number)})
        session.done(answer, f"{incident}: number {number} {'stands above the timeline' if name == 'pin' else 'is no longer pinned'}.")


_pin_command("pin", "Pin the line with this NUMBER above the timeline.")
_pin_command("unpin", "Take the pinned line with this NUMBER down.")


@incident.command("detach")
@on_incident("alert")
@click.option("--reason", default="", help="Why it does not belong here.")
@pass_session
def detach(session: Session, incident: str, alert: str, reason: str) -> None:
    """Take an ALERT out that does not belong to the incident."""
    answer = session.api.post(f"/incidents/{incident}/alerts/unlink", {"alert": alert, "reason": reason})
    session.done(answer, f"{incident}: {answer['alert']} does not belong to it.")


@incident.command("leave")
@on_incident("person")
@click.option("--to", default="", metavar="PERSON", help="Who takes the roles that the person holds.")
@click.option("--note", default="", help="What they need to know.")
@pass_session
def leave(session: Session, incident: str, person: str, to: str, note: str) -> None:
    """Note that a person takes part no longer, and hand over what they hold."""
    answer = session.api.post(f"/incidents/{incident}/participants/leave", {"person": person, "to": to, "note": note})
    session.done(answer, f"{incident}: {answer['left']} left.")


@incident.command("unmerge")
@on_incident()
@click.option("--reason", required=True, help="Why it is another incident.")
@pass_session
def unmerge(session: Session, incident: str, reason: str) -> None:
    """Take a merge back; the incident goes on where it stood."""
    answer = session.api.post(f"/incidents/{incident}/unmerge", {"reason": reason})
    session.done(answer, f"{incident}: goes on by itself, apart from {answer['into']}.")
