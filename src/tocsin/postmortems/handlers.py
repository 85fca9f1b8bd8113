"""What the API does with postmortems: gather the material, draft, publish."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from tocsin.actions import queries as actions
from tocsin.engine import blobs, log
from tocsin.engine.errors import Conflict, Refused
from tocsin.engine.model import Actor, Reader, Viewer
from tocsin.engine.runtime import Runtime
from tocsin.incidents import obligations, privacy, timeline
from tocsin.incidents.model import Incident
from tocsin.incidents.views import incident_view
from tocsin.people.rights import SYSTEM_VIEWER, at_least
from tocsin.playbooks.model import Playbook
from tocsin.postmortems import commands as c
from tocsin.postmortems import queries, review_queries
from tocsin.postmortems.claims import Claim, replaced
from tocsin.postmortems.claims_check import check
from tocsin.postmortems.decide import WithdrawSignature, approvals, kind_named, missing, targets_of, unsigned
from tocsin.postmortems.document import Document
from tocsin.postmortems.draft import draft
from tocsin.postmortems.evidence import files
from tocsin.postmortems.kind import PlaybookOf
from tocsin.postmortems.material import Material, gather
from tocsin.postmortems.model import Postmortem
from tocsin.postmortems.sanitise import Finding, Sanitiser

_VIEWER: Final = SYSTEM_VIEWER
_WORD: Final = re.compile(r"[^a-z0-9]+")
_SLUG: Final = 60


def material_of(runtime: Runtime, playbook_of: PlaybookOf, incident_id: str) -> Material:
    """Return everything that the postmortem of an incident is made from.

    Raises:
        NotFound: there is no such incident, or its postmortem is not begun.

    """
    incident: Incident = runtime.state("incident", incident_id)
    state: Postmortem | None = runtime.committer.state(f"postmortem:{incident_id}")
    if state is None:
        raise missing(incident_id)
    facts = runtime.facts("incident", incident_id)
    own = runtime.facts("postmortem", incident_id)
    with runtime.reading() as reader:
        playbook = _playbook(playbook_of, incident, reader)
        items = actions.list_items(reader, _VIEWER, incident=incident_id)
        names = actions.names(reader)
    kind = kind_named(playbook, state.kind)
    return gather(incident, playbook, kind, state, facts, queries.recorded(own), items, names.people, names.teams)


def _playbook(playbook_of: PlaybookOf, incident: Incident, reader: Reader) -> Playbook:
    playbook = playbook_of(incident.playbook.digest, reader) if incident.playbook else None
    if playbook is None:
        raise Refused(f"The playbook of {incident.id} cannot be read.", fix="Publish it again with `tocsin playbook publish`.")
    return playbook


def document_of(material: Material, *, sanitised: bool) -> tuple[Document, list[Finding]]:
    """Return the document, and for the sanitised variant what the redaction check still finds in it."""
    if not sanitised:
        return draft(material), []
    cleaner = Sanitiser(material)
    document = cleaner.document(draft(msgspec.structs.replace(material, sanitised=True)))
    return document, cleaner.findings(document.markdown())


async def begin(
    runtime: Runtime, playbook_of: PlaybookOf, incident_id: str, command: c.Draft, actor: Actor, key: str, request: str
) -> dict[str, Any]:
    """Draft; the answer says what people still have to write."""
    result = await runtime.commit("postmortem", incident_id, command, actor, key, request)
    document = draft(material_of(runtime, playbook_of, incident_id))
    return {**result, "to_write": document.to_write()}


def view(runtime: Runtime, playbook_of: PlaybookOf, incident_id: str) -> dict[str, Any]:
    """Return the postmortem: where it stands, its sections, who signed, where it went."""
    material = material_of(runtime, playbook_of, incident_id)
    state, document = material.state, draft(material)
    review = material.playbook.review
    wanted = {a.id for a in approvals(material.incident, material.playbook)}
    return {
        "incident": state.id, "title": document.title, "stage": state.stage, "kind": state.kind, "kind_name": material.kind.name,
        "kinds": [{"id": k.id, "name": k.name} for k in review.kinds], "authors": list(state.authors), "attendees": list(state.attendees),
        "drafted_at": state.drafted_at, "reviewed_at": state.reviewed_at, "met_at": state.met_at, "as_of": material.as_of,
        "agenda": [{"says": item.says, "minutes": item.minutes} for item in review.agenda], "agenda_says": review.agenda_says,
        "sections": [
            {
                "id": s.id, "title": s.title, "content": s.content, "required": s.required, "text": s.text, "by": s.by,
                "source": source_of(state, s.id), "parts": [{"name": p.name, "text": p.text, "source": source_of(state, s.id, p.name)} for p in s.parts], "facts": "\n".join(s.facts), "markdown": "\n".join(s.lines()),
            }
            for s in document.sections
        ],
        "to_write": document.to_write(),
        "approvals": [
            {
                "approver": a.id, "name": a.name, "wanted": a.id in wanted, "by": state.signed[a.id].by if a.id in state.signed else None,
                "at": state.signed[a.id].at if a.id in state.signed else None,
                "edited_after": a.id in state.signed and state.edited > state.signed[a.id].source,
            }
            for a in review.approvals
        ],
        "approved": not unsigned(state, material.incident, material.playbook),
        "targets": [
            {
                "id": t.id, "name": t.name, "kind": t.kind, "where": t.where, "sanitised": t.sanitised,
                "publication": msgspec.structs.asdict(state.publications[t.id]) if t.id in state.publications else None,
            }
            for t in review.targets
        ],
        "whys": [msgspec.structs.asdict(one) for one in state.whys], "comments": [msgspec.structs.asdict(one) for one in state.comments],
        "version": state.version,
    }  # fmt: skip


def source_of(state: Postmortem, section: str, part: str = "") -> int:
    """Return the fact that the text of a section or part came from; 0 where nobody wrote one. Who edits it sends this as ``base``."""
    written = state.texts.get(f"{section}.{part}" if part else section)
    return written.source if written else 0


def claims_of(runtime: Runtime, playbook_of: PlaybookOf, incident_id: str) -> list[Claim]:
    """Return where people's texts say something else than the record."""
    return check(material_of(runtime, playbook_of, incident_id))


async def withdraw(
    runtime: Runtime, incident_id: str, command: c.WithdrawApproval, viewer: Viewer, actor: Actor, key: str, request: str,
) -> dict[str, Any]:  # fmt: skip
    """Take a signature back: one's own, or as a manager anybody's.

    Raises:
        NotAllowed: it is somebody else's.

    """
    ready = WithdrawSignature(command.approver, command.reason, at_least(viewer.role, "manager"))
    return dict(await runtime.commit("postmortem", incident_id, ready, actor, key, request))


async def replace(
    runtime: Runtime, incident_id: str, command: c.ReplaceFigure, actor: Actor, key: str, request: str,
) -> dict[str, Any]:  # fmt: skip
    """Put a figure right that the claims check found, in its place.

    Raises:
        Conflict: the text is not the one that was checked any more.

    """
    state: Postmortem | None = runtime.committer.state(f"postmortem:{incident_id}")
    if state is None:
        raise missing(incident_id)
    written = state.texts.get(f"{command.section}.{command.part}" if command.part else command.section)
    text = replaced(written.text, command.line, command.wrong, command.right) if written else None
    if written is None or text is None:
        raise Conflict(
            f"“{command.wrong}” does not stand in line {command.line} exactly once any more.",
            fix="Look at the text again and correct it by hand.",
        )
    edit = c.EditSection(command.section, text, command.part, written.source)
    return dict(await runtime.commit("postmortem", incident_id, edit, actor, key, request))


def readable(runtime: Runtime, viewer: Viewer, incident_id: str) -> None:
    """Make sure that there is an incident and that the viewer may read it.

    Raises:
        NotFound: there is none for them.

    """
    runtime.state("incident", incident_id)
    with runtime.reading() as reader:
        privacy.check(reader, viewer, incident_id)


def listed(runtime: Runtime, viewer: Viewer, query: Mapping[str, str], limit: int) -> dict[str, Any]:
    """Return the reviews that are wanted, under way and published, and how many there are of each."""
    asked = review_queries.read(query)
    with runtime.reading() as reader:
        found = review_queries.find(reader, viewer, asked, limit=limit)
        return {"postmortems": found, "counts": review_queries.counts(reader, viewer, asked)}


def follow_ups(runtime: Runtime, viewer: Viewer, limit: int) -> dict[str, Any]:
    """Return the follow-ups that are owed, the longest due first, each with how far the action items are."""
    with runtime.reading() as reader:
        found = review_queries.follow_ups(reader, viewer, limit=limit)
        numbers = actions.open_of(reader, [one.incident for one in found])
    none = {"open": 0, "done": 0, "dropped": 0, "overdue": 0}
    return {"follow_ups": [{**msgspec.structs.asdict(one), "items": numbers.get(one.incident, none)} for one in found]}


async def publish(
    runtime: Runtime, playbook_of: PlaybookOf, incident_id: str, command: c.Publish, actor: Actor, key: str, request: str,
) -> dict[str, Any]:  # fmt: skip
    """Write the documents for the targets, keep them, and record that they are on their way.

    Raises:
        Refused: a target is not known, a signature is missing, or the redaction check has findings and nobody confirmed.

    """
    material = material_of(runtime, playbook_of, incident_id)
    documents, found = [], []
    for target in targets_of(material.playbook, command.targets):
        document, findings = document_of(material, sanitised=target.sanitised)
        name = file_name(material, sanitised=target.sanitised)
        content = document.markdown().encode()
        kept = await blobs.keep(runtime, content, name, "text/markdown", actor)
        documents.append(c.Document(target.id, kept.digest, name, target.sanitised, len(findings)))
        found += [{"target": target.id, "line": f.line, "kind": f.kind, "text": f.text} for f in findings]
    ready = c.PublishDocuments(tuple(documents), command.confirmed)
    result = await runtime.commit("postmortem", incident_id, ready, actor, key, request)
    return {**result, "findings": found, "to_write": draft(material).to_write()}


def file_name(material: Material, *, sanitised: bool) -> str:
    """Return the name of the published file: the incident's id, or day and title for readers outside, with a mark that tells two alike apart."""
    incident = material.incident
    if not sanitised:
        return f"{incident.id}.md"
    first = material.origin[1] if material.origin else material.as_of
    title = _WORD.sub("-", Sanitiser(material).clean(incident.title).casefold()).strip("-")[:_SLUG].strip("-")
    return f"{first:%Y-%m-%d}-{title}-{blobs.digest_of(incident.id.encode())[:6]}.md"


def evidence(runtime: Runtime, playbook_of: PlaybookOf, incident_id: str) -> list[tuple[str, bytes]]:
    """Return the files of the evidence bundle; the same record gives the same files.

    Raises:
        NotFound: there is no such incident.

    """
    incident: Incident = runtime.state("incident", incident_id)
    facts = runtime.facts("incident", incident_id)
    begun = runtime.committer.state(f"postmortem:{incident_id}") is not None
    material = material_of(runtime, playbook_of, incident_id) if begun else None
    with runtime.reading() as reader:
        playbook = _playbook(playbook_of, incident, reader)
        items = actions.list_items(reader, _VIEWER, incident=incident_id)
        as_of = max([queries.recorded(facts), *(item.changed_at for item in items), *([material.as_of] if material else [])])
        streams = [f"incident:{incident_id}", *([f"postmortem:{incident_id}"] if begun else []), *(f"action:{item.id}" for item in items)]
        sent = queries.messages(reader, streams)
        shown = timeline.lines(facts, playbook)
        attached = queries.blobs(reader, [digest for line in shown for digest in line.data.get("attachments", ())])
        links = {stream: queries.chain(reader, stream) for stream in streams}
    broken = {}
    for stream in streams:
        with runtime.database.reading() as connection:
            broken[stream] = log.verify(connection, stream)
    parts = {
        "incident": incident_view(incident, playbook, as_of), "timeline": timeline.export(incident_id, shown),
        "obligations": obligations.plan(incident, playbook, as_of), "alerts": list(incident.alerts.values()), "actions": items, "facts": links,
        "chain": {"as_of": as_of, "whole": not any(broken.values()), "records": [{"record": s, "whole": not broken[s], "broken": broken[s]} for s in streams]},
    }  # fmt: skip
    return files(parts, sent, attached, draft(material).markdown() if material else "")
