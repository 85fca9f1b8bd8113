"""Read the audit: every change of configuration, accounts and tokens as the record has it, with who came in, who was refused, who took what out.

The facts of incidents, alerts and pages are not here: their timelines are theirs, and a private incident is nobody's business.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import msgspec
from sqlalchemy import and_, or_, select

from tocsin.engine import tables
from tocsin.engine.chance import fresh
from tocsin.engine.model import Actor, Reader, Viewer, micros, moment
from tocsin.engine.runtime import Runtime
from tocsin.incidents import privacy
from tocsin.people.audit import AUDIT_EVENTS, in_words

KINDS: Final[dict[str, str]] = {
    "audit": "signing in, refusals, exports", "account": "accounts", "token": "tokens", "person": "people", "team": "teams", "service": "services",
    "schedule": "schedules", "availability": "absences", "policy": "escalation policies", "playbook": "playbooks", "routes": "routes",
    "inhibitions": "inhibitions", "silence": "silences", "maintenance": "maintenance", "intake_key": "intake keys", "heartbeat": "heartbeats",
    "pager": "the pager", "component": "status page", "subscriber": "subscribers",
}  # fmt: skip
"""Kinds of records whose changes the audit shows, and what people call them."""
_ONE: Final[dict[str, str]] = {
    "intake_key": "intake key", "policy": "escalation policy", "routes": "routes", "inhibitions": "inhibitions", "pager": "pager", "availability": "absences of",
}  # fmt: skip
_FAMILIES: Final[dict[str, tuple[str, ...]]] = {
    "sign-ins": ("audit.signed_in", "audit.sign_in_failed", "audit.signed_out"), "refusals": ("audit.denied",), "exports": ("audit.exported",),
    "private reads": ("audit.private_read",), "token use": ("audit.token_used",),
}  # fmt: skip
_UNNAMED: Final = "(one that you may not read)"
_actors: msgspec.json.Decoder[Actor] = msgspec.json.Decoder(Actor)
_own: msgspec.json.Decoder[Any] = msgspec.json.Decoder(
    AUDIT_EVENTS[0] | AUDIT_EVENTS[1] | AUDIT_EVENTS[2] | AUDIT_EVENTS[3] | AUDIT_EVENTS[4] | AUDIT_EVENTS[5] | AUDIT_EVENTS[6]
)


@dataclass(frozen=True)
class Wanted:
    """What of the audit is asked for. Empty fields leave everything."""

    person: str = ""
    """The id of who acted: a person's or a token's."""
    kind: str = ""
    """One of ``KINDS`` or ``FAMILIES``."""
    record: str = ""
    """``service:payments``, or only ``payments`` where a kind is given."""
    since: datetime | None = None
    until: datetime | None = None
    after: int = 0
    """The position of the last entry seen; what comes is older."""
    limit: int = 50


def stream_of_day(runtime: Runtime) -> str:
    """Return the record into which this process writes what the audit notes today. Nodes have records of their own, so that none waits for another."""
    run = runtime.kept("people.audit.run", fresh)
    return f"audit:{runtime.clock.now():%Y-%m-%d}-{run}"


def families() -> Sequence[str]:
    """Return the words for parts of the audit's own entries, which can be asked for like kinds."""
    return tuple(_FAMILIES)


def entries(reader: Reader, viewer: Viewer, wanted: Wanted) -> list[dict[str, Any]]:
    """Return entries of the audit, the newest first. An incident that the viewer may not read is not named in them, whatever their role."""
    facts = tables.facts
    query = select(facts.c.position, facts.c.stream, facts.c.type, facts.c.recorded_at, facts.c.actor, facts.c.body)
    query = query.where(_streams(wanted), ~facts.c.actor.startswith('{"kind":"system"'))
    if wanted.kind in _FAMILIES:
        query = query.where(facts.c.type.in_(_FAMILIES[wanted.kind]))
    if wanted.person:
        query = query.where(facts.c.actor.contains(f'"id":{msgspec.json.encode(wanted.person).decode()}', autoescape=True))
    if wanted.since is not None:
        query = query.where(facts.c.recorded_at >= micros(wanted.since))
    if wanted.until is not None:
        query = query.where(facts.c.recorded_at < micros(wanted.until))
    if wanted.after:
        query = query.where(facts.c.position < wanted.after)
    # Not by the bare column: the planner would walk the whole log backwards for the few records that are wanted.
    found = reader.rows(query.order_by((facts.c.position + 0).desc()).limit(wanted.limit))
    names = {row.id: row.name for row in reader.rows(_names(found))} if found else {}
    hidden = sorted(privacy.hidden(reader, viewer))
    return [_unnamed(_entry(row, names), hidden) for row in found]


def _unnamed(entry: dict[str, Any], hidden: Sequence[str]) -> dict[str, Any]:
    says: str = entry["says"]
    for incident in hidden:
        says = says.replace(incident, _UNNAMED)
    return {**entry, "says": says}


def _streams(wanted: Wanted) -> Any:
    """Return the condition on streams: ranges of the index, one for each kind."""
    stream = tables.facts.c.stream
    if ":" in wanted.record and wanted.record.partition(":")[0] in KINDS:
        return stream == wanted.record
    kind = "audit" if wanted.kind in _FAMILIES else wanted.kind
    kinds = [kind] if kind in KINDS else list(KINDS)
    if wanted.record:
        return stream.in_([f"{one}:{wanted.record}" for one in kinds])
    return or_(*(and_(stream >= f"{one}:", stream < f"{one};") for one in kinds))


def _names(found: Sequence[Any]) -> Any:
    people = tables.metadata.tables["people"]
    ids = {_actors.decode(row.actor).id for row in found}
    return select(people.c.id, people.c.name).where(people.c.id.in_(sorted(ids)))


def _entry(row: Any, names: dict[str, str]) -> dict[str, Any]:
    actor = _actors.decode(row.actor)
    kind, _, record = row.stream.partition(":")
    return {
        "position": row.position, "at": moment(row.recorded_at), "who": actor.id, "name": names.get(actor.id, actor.id), "who_kind": actor.kind,
        "via": actor.via, "address": actor.address, "kind": kind, "record": "" if kind == "audit" else record, "type": row.type,
        "says": _says(kind, record, row.type, row.body),
    }  # fmt: skip


def _says(kind: str, record: str, type_: str, body: str | None) -> str:
    """Return what happened, in words. What a record says in itself is not repeated: it may hold secrets, and its own history shows it."""
    if kind == "audit":
        return in_words(_own.decode(body)) if body is not None else "redacted"
    verb = type_.rpartition(".")[2].replace("_", " ")
    if kind == "account" and body is not None:
        return _of_account(record, verb, msgspec.json.decode(body))
    if kind == "token" and body is not None:
        more = msgspec.json.decode(body)
        return f"token {record}: made with {', '.join(more.get('scopes', []))}" if verb == "made" else f"token {record}: {verb}"
    what = _ONE.get(kind, kind.replace("_", " "))
    return f"{what}: {verb}" if record == kind or kind in ("routes", "inhibitions", "pager") else f"{what} {record}: {verb}"


def _of_account(person: str, verb: str, body: dict[str, Any]) -> str:
    match verb:
        case "created":
            return f"account {person}: created as {body.get('role')}"
        case "role changed":
            return f"account {person}: {body.get('before')} became {body.get('role')}"
        case "password set":
            how = {
                "own": "changed by its owner",
                "invitation": "set by an invitation",
                "reset": "set by a reset link",
                "setup": "set at the first start",
            }
            return f"account {person}: password {how.get(str(body.get('way')), 'set')}"
        case "link made":
            return f"account {person}: {body.get('purpose')} link made"
        case "sessions ended":
            return f"account {person}: signed out of {body.get('count')} browsers"
        case _:
            why = f" ({body['why']})" if body.get("why") else ""
            return f"account {person}: {verb}{why}"
