"""The timeline as a page shows it: what people wrote as entries, rulings set apart, what was told, the system's facts folded. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, Literal

import msgspec

from tocsin.engine.model import Fact
from tocsin.incidents import events as e
from tocsin.incidents.timeline import Line
from tocsin.playbooks.model import Playbook

Look = Literal["entry", "ruling", "told", "note", "alarm", "quiet", "fold"]

_LOOKS: Final[Mapping[str, tuple[Look, str, str, str]]] = {
    # tag of the fact: look, glyph, and what several of them in a row are called
    "incident.declared": ("note", "flag", "declaration", "declarations"),
    "incident.imported": ("note", "file", "record taken in", "records taken in"),
    "incident.milestone_set": ("quiet", "flag", "milestone stated", "milestones stated"),
    "incident.details_changed": ("quiet", "pen", "change of details", "changes of details"),
    "incident.severity_changed": ("note", "level", "change of severity", "changes of severity"),
    "incident.mark_set": ("quiet", "pen", "circumstance set", "circumstances set"),
    "incident.acknowledged": ("note", "check", "acknowledgement", "acknowledgements"),
    "incident.role_assigned": ("note", "person", "role given", "roles given"),
    "incident.role_vacated": ("quiet", "person", "role given back", "roles given back"),
    "incident.person_invited": ("quiet", "person", "person invited", "people invited"),
    "incident.person_joined": ("quiet", "person", "person joined", "people joined"),
    "incident.mitigation_started": ("note", "wrench", "mitigation begun", "mitigations begun"),
    "incident.mitigation_completed": ("note", "wrench", "mitigation in place", "mitigations in place"),
    "incident.mitigation_verified": ("note", "wrench", "mitigation verified", "mitigations verified"),
    "incident.stage_moved": ("note", "arrow", "move", "moves"),
    "incident.window_restarted": ("alarm", "back", "relapse", "relapses"),
    "incident.check_ticked": ("quiet", "check", "criterion verified", "criteria verified"),
    "incident.check_unticked": ("quiet", "back", "tick taken back", "ticks taken back"),
    "incident.check_waived": ("note", "waive", "criterion waived", "criteria waived"),
    "incident.update_posted": ("told", "horn", "message", "messages"),
    "incident.delivery_failed": ("alarm", "cross", "message not sent", "messages not sent"),
    "incident.figure_recorded": ("quiet", "sum", "figure recorded", "figures recorded"),
    "incident.alert_linked": ("quiet", "bell", "alert joined", "alerts joined"),
    "incident.alert_changed": ("quiet", "bell", "alert changed", "alerts changed"),
    "incident.page_noted": ("quiet", "bell", "line about pages", "lines about pages"),
    "incident.link_added": ("quiet", "link", "link added", "links added"),
    "incident.obligation_warned": ("quiet", "clock", "reminder", "reminders"),
    "incident.obligation_breached": ("alarm", "clock", "duty overdue", "duties overdue"),
    "incident.obligation_done": ("quiet", "check", "duty done", "duties done"),
    "incident.obligation_waived": ("note", "waive", "duty waived", "duties waived"),
    "incident.escalated": ("note", "up", "escalation", "escalations"),
    "incident.merged": ("note", "link", "merge", "merges"),
    "incident.absorbed": ("note", "link", "incident taken in", "incidents taken in"),
    "incident.unmerged": ("note", "back", "merge taken back", "merges taken back"),
    "incident.released": ("note", "back", "incident let go", "incidents let go"),
    "incident.person_left": ("quiet", "person", "person left", "people left"),
    "incident.hand_over_offered": ("note", "person", "hand-over asked for", "hand-overs asked for"),
    "incident.hand_over_declined": ("note", "person", "hand-over declined", "hand-overs declined"),
    "incident.entry_pinned": ("quiet", "flag", "line pinned", "lines pinned"),
    "incident.entry_unpinned": ("quiet", "flag", "line taken down", "lines taken down"),
    "incident.alert_unlinked": ("quiet", "bell", "alert taken out", "alerts taken out"),
    "incident.link_removed": ("quiet", "link", "link taken out", "links taken out"),
    "incident.obligation_restored": ("note", "back", "duty taken up again", "duties taken up again"),
    "incident.postmortem_moved": ("note", "file", "step of the postmortem", "steps of the postmortem"),
}
_OTHER: Final[tuple[Look, str, str, str]] = ("quiet", "dot", "fact", "facts")
_HURTS: Final = frozenset({"notice_failed", "exhausted", "nobody"})
"""What may become of a page that the incident's people have to see."""
_FOLD_FROM: Final = 3
"""So many quiet lines in a row become one that opens."""

_SORTS: Final[Mapping[Look, str]] = {"told": "told", "note": "steps", "alarm": "alarms", "quiet": "system"}
SORT_NAMES: Final[Mapping[str, str]] = {"told": "Messages", "steps": "Steps", "alarms": "Failures", "system": "System"}
"""What filters call the lines that are no entries: what audiences were told, what the incident went through, what hurts, and the rest."""

Rendered = Callable[[Mapping[str, Any]], tuple[str, str]]
"""Frozen values of a message -> subject and body, exactly as they were sent."""


def sort_of(tag: str, what: str = "") -> str:
    """Return what filters call a line that is no entry. tag: the fact's stable name; what: what became of a page."""
    if tag == "incident.page_noted" and what in _HURTS:
        return "alarms"
    return _SORTS[_LOOKS.get(tag, _OTHER)[0]]


class File(msgspec.Struct, frozen=True):
    """Something that was attached to an entry, as the page shows it."""

    digest: str
    name: str
    size: int
    picture: bool = False
    preview: str = ""
    """The beginning of a text."""
    cut: bool = False
    """Whether the text goes on."""


class Item(msgspec.Struct, frozen=True):
    """One row of the timeline."""

    key: str
    """The row's id on the page: ``f12`` for fact 12, ``g12`` for a fold that begins with it."""
    at: datetime
    fact: int
    look: Look
    glyph: str
    """A letter for entries, the name of an icon for everything else."""
    text: str
    kind: str = ""
    """The stable name of the fact; empty for entries."""
    word: str = ""
    by: str = ""
    detail: str = ""
    recorded_at: datetime | None = None
    """Given where it was written down later than it happened."""
    was: tuple[str, ...] = ()
    """What a corrected entry said before."""
    reason: str = ""
    subject: str = ""
    body: str = ""
    """The exact message that was sent."""
    why: tuple[str, ...] = ()
    inside: tuple[Item, ...] = ()
    new_day: bool = False
    by_hand: bool = False
    """An entry that people wrote and may correct."""
    files: tuple[File, ...] = ()
    pinned: bool = False


def story(
    shown: Sequence[Line], facts: Sequence[Fact], playbook: Playbook | None, rendered: Rendered, files: Mapping[str, File] | None = None,
    pinned: Collection[int] = (), *, fold: bool = True,
) -> list[Item]:  # fmt: skip
    """Return the rows of the timeline for these lines, oldest first.

    facts: at least those that the lines come from. files: attachments by digest. fold: put quiet rows that stand together under one.
    """
    by_version = {fact.version: fact for fact in facts}
    rows = [_item(line, by_version[line.fact], playbook, rendered, files or {}) for line in shown]
    rows = [msgspec.structs.replace(row, pinned=True) if row.fact in pinned else row for row in rows]
    return list(_with_days(_folded(rows) if fold else iter(rows)))


def _item(line: Line, fact: Fact, playbook: Playbook | None, rendered: Rendered, files: Mapping[str, File]) -> Item:
    late = line.recorded_at if line.late else None
    if line.entry:
        return _entry(line, playbook, late, files)
    look, glyph, _, _ = _LOOKS.get(line.kind, _OTHER)
    item = Item(
        f"f{line.fact}", line.at, line.fact, look, glyph, line.text, line.kind, by=_by(fact), detail=_detail(line), why=tuple(line.data.get("because", ())),
    )  # fmt: skip
    if isinstance(fact.event, e.PageNoted) and fact.event.what in _HURTS:
        return msgspec.structs.replace(item, look="alarm")  # nobody came: that is no line to fold away
    if isinstance(fact.event, e.UpdatePosted):
        return _told(item, fact.event, playbook, rendered)
    return item


def _entry(line: Line, playbook: Playbook | None, late: datetime | None, files: Mapping[str, File]) -> Item:
    kind = playbook.entry_type(line.kind) if playbook else None
    word = kind.name if kind else line.kind.replace("_", " ").capitalize()
    letter = ((kind.key if kind else "") or word)[:1].upper()
    asked = next((f.ask for f in playbook.assessment if f.id == line.data.get("field")), "") if playbook else ""
    return Item(
        f"f{line.fact}", line.at, line.fact, "ruling" if kind and kind.by_lead_only else "entry", letter, line.text, word=word, by=line.by,
        detail=_reading(line.data.get("reading"), playbook) or asked, recorded_at=late, was=line.corrects, reason=str(line.data.get("reason", "")),
        by_hand=True, files=tuple(files[digest] for digest in line.data.get("attachments", ()) if digest in files),
    )  # fmt: skip


def _told(item: Item, event: e.UpdatePosted, playbook: Playbook | None, rendered: Rendered) -> Item:
    names = {a.id: a.name for a in playbook.audiences} if playbook else {}
    message = playbook.message(event.message) if playbook else None
    number = f" #{event.number}" if event.number else ""
    subject, body = rendered({**event.values, "message": event.message})
    promise = event.values.get("next_update", "")
    return msgspec.structs.replace(
        item, text=f"Told {', '.join(names.get(a, a) for a in event.audiences)}: {message.name if message else event.message}{number}",
        detail=f"promised next: {promise}" if promise else "", subject=subject, body=body,
    )  # fmt: skip


def _by(fact: Fact) -> str:
    return "" if fact.actor.kind == "system" else str(fact.actor)


def _detail(line: Line) -> str:
    data = line.data
    old, new = str(data.get("before") or ""), str(data.get("after") or "")
    change = f"{old} → {new}" if old and new else f"before: {old}" if old else f"now: {new}" if new else ""
    said = [change, str(data.get("evidence") or ""), str(data.get("note") or ""), *(str(one) for one in data.get("conflicts") or ())]
    if data.get("source"):
        said.append(f"source: {data['source']}")
    return "; ".join(one for one in said if one)


def _reading(reading: Mapping[str, Any] | None, playbook: Playbook | None) -> str:
    if not reading:
        return ""
    measure = next((m.name for m in playbook.measures if m.id == reading["measure"]), None) if playbook else None
    return f"{measure or reading['measure']} {reading['value']:g} {reading.get('unit', '')}".strip()


def _folded(items: Sequence[Item]) -> Iterator[Item]:
    """Put quiet rows that stand together under one row that opens."""
    run: list[Item] = []
    for item in items:
        if item.look == "quiet":
            run.append(item)
            continue
        yield from _fold(run)
        run = []
        yield item
    yield from _fold(run)


def _fold(run: list[Item]) -> list[Item]:
    if len(run) < _FOLD_FROM or run[0].at.date() != run[-1].at.date():
        return run
    counts = Counter(item.kind for item in run)
    said = ", ".join(f"{number} {_LOOKS.get(kind, _OTHER)[2 if number == 1 else 3]}" for kind, number in counts.items())
    return [Item(f"g{run[0].fact}", run[-1].at, run[0].fact, "fold", run[0].glyph, said, inside=tuple(run))]


def _with_days(items: Iterator[Item]) -> Iterator[Item]:
    before = None
    for item in items:
        here = item.at.date()
        yield msgspec.structs.replace(item, new_day=True) if before is not None and here != before else item
        before = here
