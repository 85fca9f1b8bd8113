"""Which texts of a record can be found. Pure: facts in, rows of the search table out, written in the same transaction as the facts."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

from tocsin.actions.model import Item
from tocsin.engine.kinds import Kind
from tocsin.engine.model import Event, Fact, RowWrite, micros
from tocsin.incidents import events as e
from tocsin.incidents.model import Incident
from tocsin.people.model import Person, Team
from tocsin.postmortems.events import SectionEdited
from tocsin.postmortems.model import Postmortem
from tocsin.services.model import Service

TABLE: Final = "search_entries"
KINDS: Final = ("incident", "entry", "update", "postmortem", "action", "runbook", "service", "person", "team")
"""What can be found, in the order in which it is offered."""
_LONGEST: Final = 50_000
"""Characters of one text that are searched."""
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]+")

RowsOf = Callable[[Any, Any, Sequence[Fact]], list[RowWrite]]


def indexed(kind: Kind) -> Kind:
    """Return a kind of record that also writes what can be found of it; one that has nothing to find stays as it is."""
    more = ROWS.get(kind.name)
    if more is None:
        return kind
    own = kind.rows

    def rows(before: Any, after: Any, facts: Sequence[Fact]) -> list[RowWrite]:
        return own(before, after, facts) + more(before, after, facts)

    return dataclasses.replace(kind, rows=rows)


def _row(kind: str, record: str, place: str, incident: str, at: int, label: str, title: str, text: str) -> RowWrite:
    values = {  # a text that is already as it should be is taken as it is: this is made for every entry
        "kind": kind, "record": record, "place": place, "incident": incident, "at": at, "label": _clean(label)[:200], "marks": f"{kind} {mark_of(incident)}", "title": _clean(title)[:1000],
        "text": _clean(text)[:_LONGEST],
    }  # fmt: skip
    return RowWrite(TABLE, (kind, record, place), values)


def mark_of(incident: str) -> str:
    """Return the one word by which the index knows an incident."""
    return "".join(letter for letter in incident if letter.isalnum())


def _gone(kind: str, record: str, place: str) -> RowWrite:
    return RowWrite(TABLE, (kind, record, place), None)


def _clean(text: str) -> str:
    return text if text.isprintable() else _CONTROL.sub(" ", text)


def _words(parts: Iterable[str]) -> str:
    return "\n".join(part for part in parts if part)


# -- incidents ------------------------------------------------------------------------------------

_HEADS: Final = (e.Declared, e.DetailsChanged, e.Imported)


def _incident(_before: Incident, after: Incident, facts: Sequence[Fact]) -> list[RowWrite]:
    found: list[RowWrite] = []
    head = False
    for fact in facts:
        event = fact.event
        if isinstance(event, e.EntryLogged):  # the most frequent fact first
            found.append(_said("entry", after.id, fact.version, fact, event.kind, event.text))
        elif isinstance(event, e.EntryCorrected):
            found.append(_said("entry", after.id, event.entry, fact, event.kind, event.text))
        elif isinstance(event, e.Redacted):
            found += [_gone(kind, after.id, f"f{number}") for kind in ("entry", "update") for number in {event.fact, event.entry} if number]
        elif isinstance(event, e.UpdatePosted):
            number = f" #{event.number}" if event.number else ""
            found.append(
                _said("update", after.id, fact.version, fact, event.message.replace("_", " ") + number, _words(_values(event.fields)))
            )
        elif isinstance(event, _HEADS):
            head = True
        elif (remark := _remark(event)) is not None:
            found.append(_said("entry", after.id, fact.version, fact, *remark))
    if head and after.declared_at is not None:
        now = after.now_circumstances
        text = _words((after.id, after.impact, after.topic, now.service if now else "", now.cause if now else ""))
        found.append(_row("incident", after.id, "", after.id, micros(after.declared_at), "", after.title, text))
    return found


def _said(kind: str, incident: str, number: int, fact: Fact, label: str, text: str) -> RowWrite:
    return _row(kind, incident, f"f{number}", incident, micros(fact.occurred_at), label, "", text)


def _values(value: Any) -> Iterable[str]:
    """Yield every text of a message's fields."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for _, one in sorted(value.items()):  # as the log has them
            yield from _values(one)
    elif isinstance(value, list | tuple):
        for one in value:
            yield from _values(one)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield f"{value}"


def _remark(event: Event) -> tuple[str, str] | None:
    """Return what people wrote into another fact than an entry: its label and text; None where they wrote nothing."""
    match event:
        case e.MitigationStarted():
            found = ("mitigation", event.text)
        case e.MitigationCompleted() | e.MitigationVerified():
            found = ("mitigation", event.text)
        case e.StageMoved():
            found = ("stage", event.reason)
        case e.SeverityChanged():
            found = ("severity", event.reason)
        case e.RoleAssigned() | e.RoleVacated():
            found = ("role", event.note)
        case e.WindowRestarted():
            found = ("relapse", event.text)
        case e.CheckTicked():
            found = ("check", event.evidence)
        case e.CheckWaived() | e.ObligationWaived():
            found = ("waiver", event.reason)
        case e.ObligationDone():
            found = ("obligation", event.evidence)
        case e.MilestoneSet():
            found = ("milestone", event.note)
        case e.PersonInvited():
            found = ("invited", event.why)
        case _:
            return None
    return found if found[1] else None


# -- the others -----------------------------------------------------------------------------------


def _postmortem(_before: Postmortem, after: Postmortem, facts: Sequence[Fact]) -> list[RowWrite]:
    found = []
    for fact in facts:
        event = fact.event
        if not isinstance(event, SectionEdited):
            continue
        place = f"s-{event.section}" + (f"/{event.part}" if event.part else "")
        if event.text:
            label = f"{event.section} {event.part}".replace("_", " ").strip()
            found.append(_row("postmortem", after.id, place, after.id, micros(fact.recorded_at), label, "", event.text))
        else:
            found.append(_gone("postmortem", after.id, place))
    return found


def _action(_before: Item, after: Item, _facts: Sequence[Fact]) -> list[RowWrite]:
    fields = after.fields
    text = _words((after.id, fields.owner, fields.about, fields.ticket, after.evidence, after.reason))
    at = micros(after.created_at) if after.created_at else 0
    return [_row("action", after.id, "", after.incident, at, after.state, fields.title, text)]


def _service(before: Service, after: Service, facts: Sequence[Fact]) -> list[RowWrite]:
    saved, old = after.saved, before.saved
    if saved is None:
        return []
    shown = not after.retired
    links = saved.links if shown else {}
    at = micros(facts[-1].recorded_at)
    told = _words((after.id, *saved.aliases, saved.owner, saved.about, *saved.contacts.values()))
    return [
        _row("service", after.id, "", "", at, saved.owner, saved.name, told) if shown else _gone("service", after.id, ""),
        *(
            _row("runbook", after.id, name, "", at, saved.name, f"{name} of {saved.name}", f"{after.id}\n{url}")
            for name, url in links.items()
        ),
        *(_gone("runbook", after.id, name) for name in (old.links if old is not None else {}) if name not in links),
    ]


def _person(_before: Person, after: Person, facts: Sequence[Fact]) -> list[RowWrite]:
    saved = after.saved
    if saved is None:
        return []
    if not saved.active:
        return [_gone("person", after.id, "")]
    return [_row("person", after.id, "", "", micros(facts[-1].recorded_at), "", saved.name or after.id, _words((after.id, *saved.teams)))]


def _team(_before: Team, after: Team, facts: Sequence[Fact]) -> list[RowWrite]:
    saved = after.saved
    if saved is None:
        return []
    return [_row("team", after.id, "", "", micros(facts[-1].recorded_at), "", saved.name or after.id, _words((after.id, saved.about)))]


ROWS: Final[Mapping[str, RowsOf]] = {
    "incident": _incident, "postmortem": _postmortem, "action": _action, "service": _service, "person": _person, "team": _team,
}  # fmt: skip
"""Kinds of records of which something can be found."""
