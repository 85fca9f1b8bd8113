"""What follows from a command on a postmortem. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final

import msgspec

from tocsin.engine.errors import Conflict, NotAllowed, NotFound, Refused
from tocsin.engine.model import Command, Context, Decision, Delivery, Fact, Happened
from tocsin.incidents.conditions import holds
from tocsin.incidents.errors import NotYet, UnknownWord
from tocsin.incidents.model import Incident
from tocsin.playbooks.model import Playbook
from tocsin.playbooks.record import Approver, PostmortemKind, PublishTarget
from tocsin.postmortems import commands as c
from tocsin.postmortems import events as e
from tocsin.postmortems import whys
from tocsin.postmortems.model import Comment, Postmortem, Publication, Signature, Written

MOST_COMMENTS: Final = 200
"""Remarks on one postmortem that are not settled."""


class Found(msgspec.Struct, frozen=True):
    """What the shell looked up: the incident and its playbook."""

    incident: Incident | None = None
    playbook: Playbook | None = None


class Unsigned(Conflict):
    """The playbook wants signatures before it is published."""

    code = "postmortem.unsigned"


class Overtaken(Conflict):
    """Somebody else wrote in the same place meanwhile; ``theirs`` is what stands there now."""

    code = "postmortem.overtaken"

    def __init__(self, place: str, theirs: Written | None) -> None:
        self.theirs = theirs
        said = f"{theirs.by} changed “{place}” at {theirs.at:%H:%M} UTC" if theirs else f"The text of “{place}” was taken away"
        super().__init__(
            f"{said}, after you began to write. Nothing was replaced.", fix="Read both, bring them together, then keep the result.", field="text",
        )  # fmt: skip

    @property
    def problems(self) -> list[dict[str, object]]:
        """What stands there now, as the API answers it."""
        return [
            {
                "text": self.theirs.text if self.theirs else "",
                "by": self.theirs.by if self.theirs else "",
                "source": self.theirs.source if self.theirs else 0,
            }
        ]


class WithdrawSignature(Command, frozen=True):
    """Take a signature back; the shell makes it and says whether whoever asks may take back anybody's."""

    approver: str
    reason: str
    anybodys: bool


class NotSanitised(Conflict):
    """The redaction check still finds something."""

    code = "postmortem.redaction"


def decide(state: Postmortem, command: Command, ctx: Context) -> Decision:
    """Return what follows from the command.

    Raises:
        Refused: it cannot be carried out; the message says why and what to do.

    """
    found: Found = ctx.found
    incident, playbook = found.incident, found.playbook
    if incident is None:
        raise NotFound(f"There is no incident {state.id}.", fix="Check the id; `tocsin incident list` shows them.")
    if playbook is None:
        raise Refused(f"The playbook of {state.id} cannot be read.", fix="Publish it again with `tocsin playbook publish`.")
    if isinstance(command, c.Draft):
        return _draft(state, command, incident, playbook)
    if not state.version:
        raise missing(state.id)
    match command:
        case c.EditSection():
            return _edit(state, command, playbook)
        case c.StartReview():
            return Decision(
                (Happened(e.ReviewStarted()),) if state.stage == "draft" else (), result={"incident": state.id, "stage": "review"}
            )
        case c.HoldMeeting():
            _not_future(command.at, ctx)
            return Decision((Happened(e.Met(command.attendees), command.at),), result={"incident": state.id, "met": True})
        case c.Approve():
            return _approve(state, command, ctx, incident, playbook)
        case WithdrawSignature():
            return _withdraw(state, command, ctx)
        case c.AddWhy() | c.ChangeWhy() | c.MoveWhy() | c.RemoveWhy() | c.RestoreWhy():
            return whys.decide(state, command, ctx)
        case c.AddComment():
            return _comment(state, command, ctx, playbook)
        case c.SettleComment():
            return _settle(state, command)
        case c.PublishDocuments():
            return _publish(state, command, ctx, incident, playbook)
        case c.NoteResult():
            return _result(state, command)
        case _:
            raise Refused(f"A postmortem does not know {type(command).__name__}.")


def missing(incident: str) -> NotFound:
    """Return the refusal for an incident whose postmortem is not begun."""
    return NotFound(f"{incident} has no postmortem yet.", fix=f"Draft one: `tocsin postmortem draft {incident}`.")


def kind_named(playbook: Playbook, name: str) -> PostmortemKind:
    """Return the kind of postmortem with this id or name.

    Raises:
        UnknownWord: the playbook has no such kind.

    """
    wanted = name.casefold()
    found = next((k for k in playbook.review.kinds if wanted in (k.id.casefold(), k.name.casefold())), None)
    if found is None:
        raise UnknownWord("kind", name, (k.id for k in playbook.review.kinds))
    return found


def choose_kind(playbook: Playbook, cause: str) -> tuple[PostmortemKind, str]:
    """Return the kind of postmortem for a kind of cause, and why it was chosen."""
    kinds = playbook.review.kinds
    wanted = cause.casefold()
    by_cause = next((k for k in kinds if wanted and wanted in (name.casefold() for name in k.for_causes)), None)
    if by_cause is not None:
        return by_cause, f"the cause is {cause}"
    return next((k for k in kinds if k.id == "default"), kinds[0]), "the playbook's usual kind"


def approvals(incident: Incident, playbook: Playbook) -> tuple[Approver, ...]:
    """Return the approvers whose signatures are wanted under the circumstances."""
    return playbook.review.approvals if holds(playbook.review.approvals_if, incident.now_circumstances) else ()


def targets_of(playbook: Playbook, names: Iterable[str]) -> list[PublishTarget]:
    """Return the named targets of the playbook, all of them where none is named.

    Raises:
        UnknownWord: the playbook has no such target.
        Refused: it has none at all.

    """
    known = {target.id: target for target in playbook.review.targets}
    if not known:
        raise Refused(
            f"The playbook {playbook.playbook} names no place to publish to.", fix="Add `targets` to its review.", field="targets"
        )
    chosen = list(dict.fromkeys(names)) or list(known)
    for name in chosen:
        if name not in known:
            raise UnknownWord("targets", name, known)
    return [known[name] for name in chosen]


def _draft(state: Postmortem, command: c.Draft, incident: Incident, playbook: Playbook) -> Decision:
    if command.kind:
        kind, because = kind_named(playbook, command.kind), "it was asked for"
    elif state.kind:
        kind, because = kind_named(playbook, state.kind), ""
    else:
        now = incident.now_circumstances
        kind, because = choose_kind(playbook, now.cause if now else "")
    authors = tuple(dict.fromkeys(command.authors)) or state.authors or _writers(incident, playbook)
    result = {"incident": state.id, "kind": kind.id, "name": kind.name, "authors": list(authors), "sections": [s.id for s in kind.sections]}
    if not state.version:
        return Decision((Happened(e.Drafted(kind.id, authors, because)),), result=result)
    if (kind.id, authors) == (state.kind, state.authors):
        return Decision(result=result)
    return Decision((Happened(e.Redrafted(kind.id, authors)),), result=result)


def _writers(incident: Incident, playbook: Playbook) -> tuple[str, ...]:
    """Return who holds the roles that write reviews."""
    roles = [*playbook.review.writers, *(role.id for role in playbook.roles if role.writes_review)]
    held = [incident.roles[found.id].person for name in roles if (found := playbook.role(name)) is not None and found.id in incident.roles]
    return tuple(dict.fromkeys(held))


def _edit(state: Postmortem, command: c.EditSection, playbook: Playbook) -> Decision:
    kind = kind_named(playbook, state.kind)
    name, part = command.section, command.part
    section = next((s for s in kind.sections if s.id == name), None)
    if section is None and not part and "." in name:
        name, _, part = name.partition(".")
        section = next((s for s in kind.sections if s.id == name), None)
    if section is None:
        raise UnknownWord("section", command.section, (s.id for s in kind.sections))
    if part:
        known = next((p for p in section.parts if p.casefold() == part.casefold()), None)
        if known is None:
            raise UnknownWord("part", part, section.parts)
        part = known
    text = command.text.strip()
    before = state.texts.get(f"{section.id}.{part}" if part else section.id)
    source = before.source if before else 0
    if command.base is not None and command.base != source and (before.text if before else "") != text:
        raise Overtaken(f"{section.title}: {part}" if part else section.title, before)
    if (before.text if before else "") == text:
        return Decision(result={"incident": state.id, "section": section.id, "part": part, "changed": False})
    return Decision(
        (Happened(e.SectionEdited(section.id, part, text)),),
        result={"incident": state.id, "section": section.id, "part": part, "changed": True, "source": state.version + 1},
    )


def _not_future(at: datetime | None, ctx: Context) -> None:
    if at is not None and at > ctx.now:
        raise NotYet("at", f"{at:%Y-%m-%d %H:%M:%S} UTC", f"{ctx.now:%Y-%m-%d %H:%M:%S} UTC")


def _approve(state: Postmortem, command: c.Approve, ctx: Context, incident: Incident, playbook: Playbook) -> Decision:
    known = playbook.review.approvals
    wanted = command.approver.casefold()
    approver = next((a for a in known if wanted in (a.id.casefold(), a.name.casefold(), a.by.casefold())), None)
    if approver is None:
        raise UnknownWord("approver", command.approver, (a.id for a in known))
    before = state.signed.get(approver.id)
    if before is not None and state.edited <= before.source:
        raise Conflict(
            f"{approver.name} has signed already: {before.by}, {before.at:%Y-%m-%d %H:%M} UTC.",
            fix="Each approver signs once; after a change of the text it can be signed again.",
            field="approver",
        )
    if not command.by and ctx.actor.kind != "person":
        raise Refused(
            "A signature needs a named person.", fix="Send it as a person (--as NAME, or the X-Tocsin-Person header).", field="by"
        )
    _not_future(command.at, ctx)
    left = [a.id for a in approvals(incident, playbook) if a.id not in state.signed and a.id != approver.id]
    signed = e.Approved(approver.id, command.by or ctx.actor.id)
    return Decision(
        (Happened(signed, command.at),), result={"incident": state.id, "approver": approver.id, "by": signed.by, "missing": left}
    )


def _withdraw(state: Postmortem, command: WithdrawSignature, ctx: Context) -> Decision:
    wanted = command.approver.casefold()
    signature = next((s for s in state.signed.values() if s.approver.casefold() == wanted), None)
    if signature is None:
        raise UnknownWord("approver", command.approver, state.signed)
    if signature.by != ctx.actor.id and not command.anybodys:
        raise NotAllowed(
            f"{signature.by} signed, and only {signature.by} or a manager takes it back.", fix="Ask one of them.", field="approver"
        )
    event = e.ApprovalWithdrawn(signature.approver, signature.by, command.reason.strip())
    return Decision((Happened(event),), result={"incident": state.id, "approver": signature.approver, "withdrawn": True})


def _comment(state: Postmortem, command: c.AddComment, ctx: Context, playbook: Playbook) -> Decision:
    kind = kind_named(playbook, state.kind)
    if command.section not in {s.id for s in kind.sections}:
        raise UnknownWord("section", command.section, (s.id for s in kind.sections))
    if sum(not one.settled_by for one in state.comments) >= MOST_COMMENTS:
        raise Refused(f"There are {MOST_COMMENTS} remarks that are not settled.", fix="Settle some of them first.", field="text")
    said = e.Commented(ctx.fresh[0], command.section, command.text.strip())
    return Decision((Happened(said),), result={"incident": state.id, "comment": said.comment})


def _settle(state: Postmortem, command: c.SettleComment) -> Decision:
    found = next((one for one in state.comments if one.id == command.comment), None)
    if found is None:
        raise UnknownWord("comment", command.comment, (one.id for one in state.comments))
    result = {"incident": state.id, "comment": found.id, "settled": command.settled}
    if bool(found.settled_by) == command.settled:
        return Decision(result=result)
    return Decision((Happened(e.CommentSettled(found.id, command.settled)),), result=result)


def unsigned(state: Postmortem, incident: Incident, playbook: Playbook) -> list[Approver]:
    """Return the approvers whose signatures are wanted and missing."""
    return [a for a in approvals(incident, playbook) if a.id not in state.signed]


def _publish(state: Postmortem, command: c.PublishDocuments, ctx: Context, incident: Incident, playbook: Playbook) -> Decision:
    if left := unsigned(state, incident, playbook):
        raise Unsigned(
            f"The postmortem of {state.id} is not signed by {', '.join(a.name for a in left)}.",
            fix=f"`tocsin postmortem approve {state.id} --approver {left[0].id}`, then publish.", field="targets",
        )  # fmt: skip
    places = {target.id: target for target in targets_of(playbook, [d.target for d in command.documents])}
    for document in command.documents:
        if document.findings and not command.confirmed:
            raise NotSanitised(
                f"The redaction check has {document.findings} findings in the variant for {document.target}.",
                fix="Look at them (`document?sanitised=true&format=json`), edit the sections, or publish with `confirmed`.", field="confirmed",
            )  # fmt: skip
    facts, deliveries = [], []
    for document in command.documents:
        target = places[document.target]
        before = state.publications.get(target.id)
        attempt = before.attempt + 1 if before else 1
        key = f"{state.id}:publish:{target.id}:{attempt}"
        facts.append(
            Happened(e.PublishIntended(target.id, key, document.digest, document.file, document.sanitised, attempt, bool(document.findings))),
        )  # fmt: skip
        values = {
            "incident": state.id, "target": target.id, "digest": document.digest, "file": document.file, "sanitised": document.sanitised,
            "title": incident.title, "sent_at": ctx.now.isoformat(),
        }  # fmt: skip
        deliveries.append(Delivery(key, f"publish_{target.kind}", target.where or target.id, "postmortem.document", values))
    result = {
        "incident": state.id, "targets": [d.target for d in command.documents],
        "files": {d.target: d.file for d in command.documents}, "digests": {d.target: d.digest for d in command.documents},
    }  # fmt: skip
    return Decision(tuple(facts), tuple(deliveries), result)


def _result(state: Postmortem, command: c.NoteResult) -> Decision:
    found = next((p for p in state.publications.values() if p.key == command.key), None)
    if found is None or found.state != "under_way":
        return Decision()
    event: Any = (
        e.Published(found.target, found.key, command.said) if command.sent else e.PublishFailed(found.target, found.key, command.said)
    )
    return Decision((Happened(event),))


def evolve(state: Postmortem, fact: Fact) -> Postmortem:
    """Return the postmortem after the fact."""
    event, at = fact.event, fact.occurred_at
    changes: dict[str, Any] = {"version": fact.version}
    match event:
        case e.Drafted():
            changes |= {"stage": "draft", "kind": event.kind, "authors": event.authors, "drafted_at": at, "edited": fact.version}
        case e.Redrafted():
            changes |= {"kind": event.kind, "authors": event.authors, "edited": fact.version}
        case e.SectionEdited():
            name = f"{event.section}.{event.part}" if event.part else event.section
            texts = {key: text for key, text in state.texts.items() if key != name}
            if event.text:
                texts[name] = Written(event.text, str(fact.actor), fact.recorded_at, fact.version)
            changes |= {"texts": texts, "edited": fact.version}
        case e.ReviewStarted():
            changes |= {"stage": "review", "reviewed_at": at}
        case e.Met():
            changes |= {"met_at": at, "attendees": tuple(dict.fromkeys((*state.attendees, *event.attendees)))}
        case e.Approved():
            changes["signed"] = {**state.signed, event.approver: Signature(event.approver, event.by, at, fact.version)}
        case e.PublishIntended():
            under_way = Publication(event.target, event.key, "under_way", event.digest, event.file, event.sanitised, at, event.attempt)
            changes["publications"] = {**state.publications, event.target: under_way}
        case e.Published() | e.PublishFailed():
            done = isinstance(event, e.Published)
            before = state.publications[event.target]
            after = msgspec.structs.replace(
                before, state="published" if done else "failed", at=at, said=event.where if isinstance(event, e.Published) else event.why,
            )  # fmt: skip
            changes["publications"] = {**state.publications, event.target: after}
            if done:
                changes["stage"] = "published"
        case e.ApprovalWithdrawn():
            changes["signed"] = {name: signature for name, signature in state.signed.items() if name != event.approver}
        case e.WhyAdded() | e.WhyChanged() | e.WhyMoved() | e.WhyRemoved() | e.WhyRestored():
            changes |= {"whys": whys.evolve(state.whys, event, str(fact.actor), at), "edited": fact.version}
        case e.Commented():
            changes["comments"] = (*state.comments, Comment(event.comment, event.section, event.text, str(fact.actor), at))
        case e.CommentSettled():
            by = str(fact.actor) if event.settled else ""
            changes["comments"] = tuple(
                msgspec.structs.replace(one, settled_by=by) if one.id == event.comment else one for one in state.comments
            )
        case _:
            pass
    return msgspec.structs.replace(state, **changes)
