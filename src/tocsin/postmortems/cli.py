"""``tocsin postmortem`` and ``tocsin evidence``: the review of an incident, and everything about it in one archive."""

from __future__ import annotations

from typing import Any

import click

from tocsin.cli import output
from tocsin.cli.shell import EXIT_FOUND, Session, at_options, group, listed, on_incident, pass_session, read_file, single, write_file

postmortem = group("postmortem", "The review of an incident.")

_FORMATS = ("md", "html", "json")


def _format_of(path: str, given: str | None) -> str:
    """Return the format that was asked for, or the one that the file's name tells."""
    ending = path.rpartition(".")[2].casefold()
    return given or {"markdown": "md", "htm": "html"}.get(ending, ending if ending in _FORMATS else "md")


def _document(session: Session, incident: str, path: str, kind: str, *, sanitised: bool = False) -> int:
    query = f"?format={kind}{'&sanitised=true' if sanitised else ''}"
    content = session.api.raw(f"/api/v1/incidents/{incident}/postmortem/document{query}")
    write_file(path, content)
    return len(content)


@postmortem.command("draft")
@on_incident()
@click.option("--authors", multiple=True, metavar="A,B,C", help="Who writes it; whom the playbook names without this.")
@click.option(
    "--template", "--kind", "kind", help="A kind of postmortem of the playbook, such as deployment; the cause decides without it."
)
@click.option("--output", "path", metavar="FILE", help="Also write the document; .md, .html or .json.")
@click.option("--format", "format_", type=click.Choice(_FORMATS), help="The file's format, where its name does not tell.")
@pass_session
def draft(session: Session, incident: str, authors: tuple[str, ...], kind: str | None, path: str | None, format_: str | None) -> None:
    """Draft the postmortem from the record."""
    answer = session.api.post(f"/incidents/{incident}/postmortem", {"kind": kind, "authors": listed(authors)})
    if path:
        _document(session, incident, path, _format_of(path, format_))
    written = f" and written to {path}" if path and path != "-" else ""
    if path != "-":
        session.done({**answer, **({"output": path} if path else {})}, f"{incident}: postmortem drafted{written}.")


@postmortem.command("show")
@on_incident()
@click.option("--section", help="Only this section.")
@pass_session
def show(session: Session, incident: str, section: str | None) -> None:
    """Show the postmortem as Markdown, with --section one section; --json gives its state and sections."""
    if session.as_json or section:
        found = session.api.get(f"/incidents/{incident}/postmortem")
        wanted = [one for one in found["sections"] if not section or one["id"] == section]
        if section and not wanted:
            known = ", ".join(one["id"] for one in found["sections"])
            raise click.BadParameter(f"there is no section {section!r}; there are: {known}", param_hint="--section")
        session.show(wanted[0] if section else found, lambda: output.say(str(wanted[0]["markdown"]).rstrip()))
    else:
        _document(session, incident, "-", "md")


@postmortem.command("edit")
@on_incident("section")
@click.option("--text", help="What it says; a dash reads standard input, and an editor opens without this.")
@click.option("--file", "path", metavar="FILE", help="Take the text from a file.")
@click.option("--part", default="", help="A named part of the section.")
@pass_session
def edit(session: Session, incident: str, section: str, text: str | None, path: str | None, part: str) -> None:
    """Write a SECTION, or a part of it. An empty text takes it away."""
    if path or text == "-":
        text = read_file(path or "-").decode("utf-8", "replace")
    if text is None:
        found = session.api.get(f"/incidents/{incident}/postmortem")
        before = next((str(one["text"] or "") for one in found["sections"] if one["id"] == section), "")
        text = click.edit(before, extension=".md")
        if text is None:
            output.note("Nothing was changed.")
            return
    answer = session.api.post(
        f"/incidents/{incident}/postmortem/sections", {"section": section, "text": text, **({"part": part} if part else {})}
    )
    session.done(answer, f"{incident}: {section}{f' ({part})' if part else ''} written.")


@postmortem.command("review")
@on_incident()
@pass_session
def review(session: Session, incident: str) -> None:
    """Hand the draft to others to read."""
    session.done(session.api.post(f"/incidents/{incident}/postmortem/review"), f"{incident}: the postmortem is in review.")


@postmortem.command("met")
@on_incident()
@click.option("--attendees", multiple=True, metavar="A,B,C", help="Who was there.")
@at_options
@pass_session
def met(session: Session, incident: str, attendees: tuple[str, ...], at: str | None, zone: str | None) -> None:
    """Say that the review meeting was held."""
    answer = session.api.post(f"/incidents/{incident}/postmortem/met", {"attendees": listed(attendees), "at": session.past(at, zone)})
    session.done(answer, f"{incident}: the review meeting was held.")


@postmortem.command("approve")
@on_incident("approver")
@click.option("--by", default="", metavar="PERSON", help="Who signs; you without this.")
@at_options
@pass_session
def approve(session: Session, incident: str, approver: str, by: str, at: str | None, zone: str | None) -> None:
    """Sign as an APPROVER of the playbook."""
    body: dict[str, Any] = {"approver": approver, "at": session.past(at, zone)}
    answer = session.api.post(f"/incidents/{incident}/postmortem/approve", body | ({"by": by} if by else {}))
    session.done(answer, f"{incident}: approved as {approver}.")


@postmortem.command("publish")
@on_incident()
@click.option("--target", "targets", multiple=True, metavar="A,B", help="Places of the playbook; all without this.")
@click.option("--confirmed", is_flag=True, help="Publish sanitised variants though the redaction check has findings.")
@pass_session
def publish(session: Session, incident: str, targets: tuple[str, ...], confirmed: bool) -> None:
    """Publish the postmortem."""
    body: dict[str, Any] = {"targets": listed(targets)}
    answer = session.api.post(f"/incidents/{incident}/postmortem/publish", body | ({"confirmed": True} if confirmed else {}))
    session.done(answer, f"{incident}: the postmortem is published.")


@postmortem.command("claims")
@on_incident()
@pass_session
def claims(session: Session, incident: str) -> None:
    """Compare what the postmortem says with the record; exit code 4 where they differ."""
    answer = session.api.get(f"/incidents/{incident}/postmortem/claims")
    found = answer["claims"]

    def people() -> None:
        for one in found:
            line = f", line {one['line']}" if one.get("line") else ""
            output.say(f"{output.tone(one['kind'].replace('_', ' '), 'warn')} ({one['section']}{line}): “{one['quoted']}”")
            output.say(f"    The record: {one['record']}")
            output.say(f"    {one['remedy']}")
        if not found:
            output.say(f"{incident}: nothing in the postmortem contradicts the record.")

    session.show(answer, people)
    if found:
        click.get_current_context().exit(EXIT_FOUND)


@postmortem.command("export")
@on_incident()
@click.option("--format", "format_", type=click.Choice(_FORMATS), help="Markdown, HTML or JSON; the file's name decides without it.")
@click.option("--output", "path", default="-", metavar="FILE", help="The file to write (default: standard output).")
@click.option("--sanitised", is_flag=True, help="Without names and internal addresses, for readers outside.")
@pass_session
def export(session: Session, incident: str, format_: str | None, path: str, sanitised: bool) -> None:
    """Export the postmortem as a document."""
    size = _document(session, incident, path, _format_of(path, format_), sanitised=sanitised)
    if path != "-":
        session.done({"incident": incident, "output": path, "bytes": size}, f"{incident}: the postmortem is in {path}.")


@single("evidence")
@on_incident()
@click.option("--output", "path", metavar="FILE", help="The archive to write (default: ID.zip here).")
@pass_session
def evidence(session: Session, incident: str, path: str | None) -> None:
    """Save everything about an incident in one zip archive: record, timeline, updates, attachments."""
    path = path or f"{incident}.zip"
    content = session.api.raw(f"/api/v1/incidents/{incident}/evidence")
    write_file(path, content)
    if path != "-":
        session.done(
            {"incident": incident, "output": path, "bytes": len(content)}, f"{incident}: {len(content):,} bytes of evidence in {path}."
        )
