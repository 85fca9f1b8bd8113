"""``tocsin incident``: declare, look, move through the stages, end."""

from __future__ import annotations

from typing import Any

import click

from tocsin.cli import output
from tocsin.cli.client import RefusedByServer
from tocsin.cli.shell import (
    Session,
    assignments,
    at_options,
    group,
    listed,
    on_incident,
    on_input_terminal,
    pass_session,
)
from tocsin.incidents.cli.show import show_incident

incident = group("incident", "Declare an incident and lead it to its end.")


@incident.command("declare")
@click.option("--title", help="What is wrong, in one line.")
@click.option("--severity", help="A level of the playbook; its default without one.")
@click.option("--impact", default="", help="What users notice.")
@click.option("--service", default="", help="The service concerned; it may choose the playbook.")
@click.option("--detected-by", default="", help="How it came to light, such as monitoring.")
@click.option("--playbook", help="The playbook; the service's or the installation's without one.")
@click.option("--lead", metavar="PERSON", help="Who leads, where it is not the one who declares.")
@click.option("--started-at", metavar="TIME", help="When the impact began: 14:20, or with date and zone.")
@click.option("--detected-at", metavar="TIME", help="When it was noticed.")
@click.option("--topic", default="", help="A word for the channel's name.")
@click.option("--cause", default="", help="The kind of cause, such as deployment.")
@click.option("--alert", "alerts", multiple=True, metavar="ID", help="An alert that belongs to it; may be repeated.")
@click.option("--triage", is_flag=True, help="Begin in triage: it is not certain yet that this is an incident.")
@click.option("--assess", multiple=True, metavar="FIELD=TEXT", help="An answer of the first assessment; may be repeated.")
@click.option("--mark", "marks", multiple=True, metavar="NAME", help="A circumstance that holds (NAME=no: does not); may be repeated.")
@click.option("--because", multiple=True, metavar="TEXT", help="A criterion that is met; may be repeated.")
@click.option(
    "--private",
    is_flag=True,
    help="Only those whom it names read it; for everybody else it does not exist.",
)
@click.option("--id", "incident_id", metavar="ID", help="Its id, where another system has made one.")
@at_options
@pass_session
def declare(
    session: Session, /, title: str | None, assess: tuple[str, ...], marks: tuple[str, ...], started_at: str | None, detected_at: str | None,
    at: str | None, zone: str | None, incident_id: str | None, **given: Any,
) -> None:  # fmt: skip
    """Declare an incident under a playbook."""
    if not title:
        if not on_input_terminal():
            raise click.UsageError("Missing option '--title': say in one line what is wrong.")
        title = click.prompt("What is wrong, in one line", err=True)
    body = {
        **given, "title": title, "id": incident_id, "assessment": dict(assignments(assess, "--assess")), "marks": dict(_mark(m) for m in marks),
        "started_at": session.past(started_at, zone, "--started-at"), "detected_at": session.past(detected_at, zone, "--detected-at"),
        "at": session.past(at, zone),
    }  # fmt: skip
    answer = session.api.post("/incidents", body)

    def people() -> None:
        view = session.api.get(f"/incidents/{answer['incident']}")
        output.say(f"Created incident: {output.strong(answer['incident'])}")
        output.pairs(
            [
                ("Severity", view["severity"]),
                ("Playbook", f"{view['playbook']['id']} v{view['playbook']['version']}"),
                ("Stage", view.get("stage_name", view["stage"])),
                ("Lead", view["lead"] or "nobody yet"),
                ("Channel", view.get("channel")),
                ("Bridge", view.get("bridge")),
                ("Said openly", "\n".join(view.get("role_conflicts", []))),
            ],
        )
        _next_duties(view)

    session.show(answer, people)


def _next_duties(view: dict[str, Any], most: int = 5) -> None:
    now = output.moment(view["as_of"])
    due = [d for d in view.get("obligations", []) if d["state"] in ("open", "warned", "overdue")]
    if due and now is not None:
        output.heading("Due next")
        output.table(
            ("When", "What", "Who"),
            [(output.when(d["due_at"], now), d["name"], d["owner"]) for d in sorted(due, key=lambda d: d["due_at"])[:most]],
        )


def _mark(text: str) -> tuple[str, bool]:
    name, _, value = text.partition("=")
    return name.strip(), value.strip().casefold() not in ("no", "false", "0", "off")


@incident.command("list")
@click.option("--state", default="open", show_default=True, help="open, ended, all, a stage or a stage's kind.")
@click.option("--severity", default="", help="Only this level.")
@click.option("--service", default="", help="Only this service.")
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 500))
@click.option("--after", default="", metavar="ID", help="Go on after this incident.")
@pass_session
def list_(session: Session, state: str, severity: str, service: str, limit: int, after: str) -> None:
    """List incidents, newest first."""
    answer = session.api.get(
        "/incidents", state="" if state == "all" else state, severity=severity, service=service, limit=limit, after=after
    )

    def people() -> None:
        now = session.now()
        rows = [
            (
                output.strong(one["id"]), one["severity"], f"merged into {one['merged_into']}" if one["merged_into"] else one["stage"], one["service"],
                one["lead"], output.when(one["declared_at"], now), one["title"],
            )
            for one in answer["incidents"]
        ]  # fmt: skip
        output.table(
            ("ID", "Severity", "Stage", "Service", "Lead", "Declared", "Title"),
            rows,
            "No incident is open." if state == "open" else "No incidents.",
        )
        if answer.get("next"):
            output.note(f"There are more: --after {answer['next']}")

    session.show(answer, people)


@incident.command("show")
@on_incident()
@click.option("--at", metavar="TIME", help="As it was at this time.")
@click.option("--known", is_flag=True, help="With --at: what was known then, instead of what had happened by then.")
@click.option("--zone", metavar="NAME", help="Time zone of a clock time.")
@pass_session
def show(session: Session, incident: str, at: str | None, known: bool, zone: str | None) -> None:
    """Show an incident: stage, roles, milestones, duties, and what its gates still want."""
    view = session.api.get(f"/incidents/{incident}", at=session.past(at, zone), reading="known_by" if known else None)
    session.show(view, lambda: show_incident(view))


@incident.command("update")
@on_incident()
@click.option("--status", metavar="STAGE", help="Move to this stage, through its gate.")
@click.option("--event", metavar="TEXT", help="Log this on the timeline; with --status it also confirms the gate.")
@click.option("--author", metavar="NAME", help="Who says so.")
@click.option("--type", "kind", default="NOTIFICATION", show_default=True, help="The type of the entry that --event logs.")
@click.option("--reason", default="", help="Why the stage is left.")
@click.option("--confirm", metavar="TEXT", help="Confirms a gate that asks for it.")
@click.option("--title")
@click.option("--impact")
@click.option("--service")
@click.option("--topic")
@click.option("--cause")
@click.option("--detected-by", help="How it came to light, such as monitoring.")
@at_options
@pass_session
def update(
    session: Session, /, incident: str, status: str | None, event: str | None, author: str | None, kind: str, reason: str, confirm: str | None,
    at: str | None, zone: str | None, **details: str | None,
) -> None:  # fmt: skip
    """Change what an incident says of itself, move its stage, log an event."""
    changed = {name: value for name, value in details.items() if value is not None}
    if not (status or event or changed):
        raise click.UsageError(
            "Nothing to change: give --status, --event, --title, --impact, --service, --topic, --cause or --detected-by."
        )
    when = session.past(at, zone)
    answer: dict[str, Any] = {"incident": incident}
    said = []
    if changed:
        answer |= session.api.post(f"/incidents/{incident}/update", changed, person=author)
        said.append(f"{', '.join(changed)} changed")
    entry = {"kind": kind, "text": event, "by": author, "at": when}
    path, body, ends = _way(session, incident, status) if status else ("", {}, False)
    if event and ends:  # nothing is logged on an ended incident
        answer |= session.api.post(f"/incidents/{incident}/entries", entry, person=author)
    if status:
        answer |= move(session, incident, path, {**body, "reason": reason, "confirm": confirm or event or "", "at": when}, author)
        said.append(f"now {answer['stage']}")
    if event and not ends:
        answer |= session.api.post(f"/incidents/{incident}/entries", entry, person=author)
    if event:
        said.append(f"logged as entry {answer['entry']}")
    session.done(answer, f"{incident}: {'; '.join(said)}.")


def _way(session: Session, incident: str, status: str) -> tuple[str, dict[str, Any], bool]:
    """Return the command that leads to a status word, and whether it will end the incident.

    The word is a stage by its id or name, or the kind of the stage (resolved, closed). A gate that still wants something ends nothing.
    """
    view = session.api.get(f"/incidents/{incident}")
    word = status.casefold()
    for key in ("to", "name", "kind"):
        for way in view.get("ways", []):
            if str(way[key]).casefold() == word:
                return "stage", {"stage": way["to"]}, way["kind"] in ("closed", "dismissed") and not way["missing"]
    if word in ("resolved", "closed") and word != view["stage"]:
        return ("resolve" if word == "resolved" else "close"), {}, False
    return "stage", {"stage": status}, False


def move(session: Session, incident: str, path: str, body: dict[str, Any], person: str | None = None) -> dict[str, Any]:
    """Move the stage. Where only the gate's confirmation is missing, ask for it on a terminal."""
    url = f"/incidents/{incident}/{path}"
    try:
        return dict(session.api.post(url, body, person=person))
    except RefusedByServer as refusal:
        wanted = [m for m in refusal.problem.get("missing", []) if m.startswith("confirm: ")]
        if not wanted:
            raise
        sentence = wanted[0].removeprefix("confirm: ")
        if len(wanted) == len(refusal.problem["missing"]) and on_input_terminal() and not session.as_json:
            if click.confirm(sentence, err=True):
                return dict(session.api.post(url, {**body, "confirm": sentence}, person=person))
            raise
        others = refusal.problem.get("fix", "") if len(wanted) < len(refusal.problem["missing"]) else ""
        problem = {**refusal.problem, "fix": f"{others} Confirm with --confirm {sentence!r}.".strip()}
        raise RefusedByServer(refusal.status, problem) from refusal


@incident.command("ack")
@on_incident()
@click.option("--by", "person", metavar="PERSON", help="Who is on it.")
@at_options
@pass_session
def ack(session: Session, incident: str, person: str | None, at: str | None, zone: str | None) -> None:
    """Say that somebody is on it. A second time is no error."""
    answer = session.api.post(f"/incidents/{incident}/acknowledge", {"person": person, "at": session.past(at, zone)})
    session.done(answer, f"{incident}: acknowledged by {answer['acknowledged_by']}.")


@incident.command("severity")
@on_incident("level")
@click.option("--reason", default="", help="Why; needed to lower it.")
@click.option("--because", multiple=True, metavar="TEXT", help="A criterion that is met; may be repeated.")
@at_options
@pass_session
def severity(session: Session, incident: str, level: str, reason: str, because: tuple[str, ...], at: str | None, zone: str | None) -> None:
    """Raise or lower the severity."""
    answer = session.api.post(
        f"/incidents/{incident}/severity", {"severity": level, "reason": reason, "because": because, "at": session.past(at, zone)}
    )
    before = f" (was {answer['previous']})" if answer.get("previous") else ""
    session.done(answer, f"{incident}: severity {answer['severity']}{before}.")


@incident.command("mark")
@on_incident("name")
@click.option("--no", "unset", is_flag=True, help="It does not hold.")
@pass_session
def mark(session: Session, incident: str, name: str, unset: bool) -> None:
    """Set a circumstance of the playbook, such as customer_visible."""
    mark_name, value = _mark(name)
    answer = session.api.post(f"/incidents/{incident}/marks", {"mark": mark_name, "value": value and not unset})
    session.done(answer, f"{incident}: {answer['mark']} {'holds' if answer['value'] else 'does not hold'}.")


def _stage_command(name: str, path: str, says: str, *, stage: bool = False, reason: str = "optional") -> None:
    """Add a command that moves the stage. reason: ``needed`` where the server wants one."""
    wanted: dict[str, Any] = {"required": True} if reason == "needed" else {"default": ""}  # to click, any default fulfils a wish

    @incident.command(name, help=says)
    @on_incident(*(("stage",) if stage else ()))
    @click.option("--reason", "--resolution", help="Why.", **wanted)
    @click.option("--confirm", default="", metavar="TEXT", help="Confirms a gate that asks for it.")
    @at_options
    @pass_session
    def run(session: Session, incident: str, reason: str, confirm: str, at: str | None, zone: str | None, stage: str | None = None) -> None:
        body = {"reason": reason, "at": session.past(at, zone)}
        if path in ("stage", "resolve", "close"):
            body["confirm"] = confirm
        answer = move(session, incident, path, body | ({"stage": stage} if stage else {}))
        before = f" (was {answer['previous']})" if answer.get("previous") else ""
        session.done(answer, f"{incident}: {answer['stage']}{before}.")


_stage_command("stage", "stage", "Move to another stage of the playbook, through its gate.", stage=True)
_stage_command("resolve", "resolve", "Resolve, through the playbook's gate.")
_stage_command("close", "close", "Close, through the playbook's gate.")
_stage_command("reopen", "reopen", "Move back from resolved or closed.", reason="needed")
_stage_command("dismiss", "dismiss", "Say that it was not an incident.", reason="needed")


@incident.command("relapse")
@on_incident("text")
@at_options
@pass_session
def relapse(session: Session, incident: str, text: str, at: str | None, zone: str | None) -> None:
    """Say that it came back: the stability window starts again."""
    answer = session.api.post(f"/incidents/{incident}/relapse", {"text": text, "at": session.past(at, zone)})
    session.done(answer, f"{incident}: relapse; the {answer['window']} window starts again, stage {answer['stage']}.")


@incident.command("merge")
@on_incident("into")
@click.option("--reason", default="", help="Why they are the same.")
@pass_session
def merge(session: Session, incident: str, into: str, reason: str) -> None:
    """Merge an incident INTO another one, which goes on."""
    answer = session.api.post(f"/incidents/{incident}/merge", {"into": into.upper(), "reason": reason})
    session.done(answer, f"{incident}: merged into {answer['into']}.")


@incident.command("uninvite")
@on_incident("person")
@click.option("--why", "reason", default="", help="Why they shall not read it any more.")
@pass_session
def uninvite(session: Session, incident: str, person: str, reason: str) -> None:
    """Have a PERSON who holds no role read a private incident no more."""
    answer = session.api.post(f"/incidents/{incident}/invitations/remove", {"person": person, "reason": reason})
    session.done(answer, f"{incident}: {person} reads it no more while it is private.")


@incident.command("privacy")
@on_incident()
@click.option("--private/--public", default=True, help="Readable by those whom it names, or by everybody.")
@click.option("--why", "reason", required=True, help="The reason; it stays in the record.")
@pass_session
def set_privacy(session: Session, incident: str, private: bool, reason: str) -> None:
    """Make an incident private or public again. For its lead, and for managers who read it."""
    answer = session.api.post(f"/incidents/{incident}/privacy", {"private": private, "reason": reason})
    session.done(answer, f"{incident} is {'private: those whom it names read it' if answer['private'] else 'public: everybody reads it'}.")


@incident.command("invite")
@on_incident()
@click.option("--users", "--people", "people", multiple=True, required=True, metavar="A,B", help="Whom to call in.")
@click.option("--why", default="", help="What they are needed for.")
@at_options
@pass_session
def invite(session: Session, incident: str, people: tuple[str, ...], why: str, at: str | None, zone: str | None) -> None:
    """Call people in."""
    answer = session.api.post(f"/incidents/{incident}/invitations", {"people": listed(people), "why": why, "at": session.past(at, zone)})
    session.done(answer, f"{incident}: invited {', '.join(answer['invited']) or 'nobody new'}.")


@incident.command("join")
@on_incident("person")
@at_options
@pass_session
def join(session: Session, incident: str, person: str, at: str | None, zone: str | None) -> None:
    """Note that a person takes part."""
    answer = session.api.post(f"/incidents/{incident}/participants", {"person": person, "at": session.past(at, zone)})
    session.done(answer, f"{incident}: {answer['joined']} takes part.")


@incident.command("assess")
@on_incident(rest="answers")
@click.option("--by", default="", metavar="PERSON", help="Who assessed.")
@at_options
@pass_session
def assess(session: Session, incident: str, answers: tuple[str, ...], by: str, at: str | None, zone: str | None) -> None:
    """Write the first assessment: ANSWERS are FIELD=TEXT, by the playbook's questions."""
    body = {"answers": dict(assignments(answers, "ANSWERS")), "by": by, "at": session.past(at, zone)}
    answer = session.api.post(f"/incidents/{incident}/assessment", body)
    session.done(answer, f"{incident}: assessed {', '.join(answer['answers'])}.")
