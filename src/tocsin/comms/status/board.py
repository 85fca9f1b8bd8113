"""What the status page shows at one moment, made of settings, components, notices and maintenance. Pure: pages, feeds and JSON are views of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

import msgspec

from tocsin.comms.status import history
from tocsin.comms.status.model import Component, PublicWindow, StatusPage
from tocsin.comms.status.names import path_of, public_id
from tocsin.comms.status.notice import Notice, Told
from tocsin.comms.status.paragraphs import Block, blocks
from tocsin.comms.status.vocabulary import HEADLINES, impact_of, indicator_of, rank, worst

FRESH: Final = timedelta(minutes=1)
"""How old the page's time may be at most, while everything works."""
OVER: Final = "This incident is over."
"""What stands for the last update where an incident ended without one."""

Views = dict[tuple[str, int, tuple[tuple[str, str], ...]], "IncidentView"]
"""Incidents that are over, by their notice's id and version and the names of the components."""
Texts = Mapping[tuple[str, int], tuple[str, str]]
"""Incident and fact -> subject and text of an update, as they were sent."""


class Affected(msgspec.Struct, frozen=True):
    """What an update changed of a component."""

    id: str
    name: str
    before: str
    after: str


class UpdateView(msgspec.Struct, frozen=True):
    """One update as the public reads it."""

    id: str
    at: datetime
    step: str
    status: str
    text: str
    blocks: tuple[Block, ...]
    affected: tuple[Affected, ...] = ()
    next_at: datetime | None = None
    """When the next one was promised for, while that lies ahead."""
    corrects: datetime | None = None
    """The time of the update that it sets right."""
    corrected: datetime | None = None
    """When it was set right itself."""
    says_next: bool = False
    """Its own words name the promised time already."""


class IncidentView(msgspec.Struct, frozen=True):
    """An incident as the public reads it; ``updates`` the newest first."""

    id: str
    name: str
    step: str
    status: str
    impact: str
    began: datetime
    created: datetime
    updated: datetime
    resolved: datetime | None
    monitoring: datetime | None
    components: tuple[Affected, ...]
    updates: tuple[UpdateView, ...]
    next_at: datetime | None = None

    @property
    def path(self) -> str:
        """Its permanent address below the page's own."""
        return f"/status/incidents/{self.id}"


class MaintenanceView(msgspec.Struct, frozen=True):
    """A window of maintenance as the public reads it."""

    id: str
    name: str
    blocks: tuple[Block, ...]
    text: str
    step: str
    since: datetime
    until: datetime
    components: tuple[tuple[str, str], ...]
    """Id and name of each."""


class ComponentView(msgspec.Struct, frozen=True):
    """A component as the public reads it."""

    id: str
    service: str
    name: str
    about: str
    group: str
    """The id of the group that it stands in; empty: in none."""
    state: str
    changed: datetime
    since: datetime
    position: int
    by_hand: bool
    days: tuple[history.Day, ...]
    uptime: float | None


class GroupView(msgspec.Struct, frozen=True):
    """A group of components, in order."""

    id: str
    name: str
    parent: str
    depth: int
    state: str
    position: int
    members: tuple[str, ...]
    """Ids of the components below it, at any depth."""


class Board(msgspec.Struct, frozen=True):
    """The whole page."""

    at: datetime
    page: StatusPage
    indicator: str
    headline: str
    items: tuple[ComponentView | GroupView, ...]
    """Components and groups in the order in which they stand; what is inside a group follows it."""
    open: tuple[IncidentView, ...]
    past: tuple[IncidentView, ...]
    """What is over, newest first, of the last ninety days."""
    maintenance: tuple[MaintenanceView, ...]
    """On or to come, in order."""
    done: tuple[MaintenanceView, ...]
    """Over, newest first."""
    until: datetime
    """When it has to be made again, even if nothing happens."""

    @property
    def components(self) -> list[ComponentView]:
        """The components alone."""
        return [one for one in self.items if isinstance(one, ComponentView)]

    @property
    def groups(self) -> list[GroupView]:
        """The groups alone."""
        return [one for one in self.items if isinstance(one, GroupView)]


def build(
    page: StatusPage, components: Sequence[Component], notices: Sequence[Notice], windows: Sequence[PublicWindow], texts: Texts, now: datetime,
    known: Views | None = None,
) -> Board:  # fmt: skip
    """Return the page at a moment. notices: those that are open or were told of in the last ninety days.

    known: what was made for the board before; what is over looks the same until something of it changes. It is filled with what this one made.
    """
    shown = [one for one in components if one.service not in page.saved.hidden]
    names = {one.service: one for one in shown}
    incidents = _incidents(notices, names, texts, now, {} if known is None else known)
    plans = [_maintenance(window, names, now) for window in windows]
    spans: dict[str, list[history.Span]] = {}
    states_now: dict[str, list[str]] = {}
    for notice in notices:
        for service, found in history.spans_of(notice, now).items():
            spans.setdefault(service, []).extend(found)
        for service, state in _now(notice).items():
            states_now.setdefault(service, []).append(state)
    views = [_component(one, page, spans.get(one.service, ()), states_now.get(one.service, ()), windows, now) for one in shown]
    items = arranged(views, {one.service: one.group for one in shown}, page.saved.order)
    running = [one for one in incidents if one.resolved is None]
    states = [one.state for one in views]
    if not views and any(one.step == "in_progress" for one in plans):
        states.append("under_maintenance")
    indicator = indicator_of(states, [one.impact for one in running])
    return Board(
        now, page, indicator, HEADLINES[indicator], tuple(items), tuple(sorted(running, key=_worst_first)),
        tuple(sorted((one for one in incidents if one.resolved is not None), key=lambda one: one.began, reverse=True)),
        tuple(one for one in plans if one.step != "completed"), tuple(reversed([one for one in plans if one.step == "completed"])),
        _until(page, running, windows, now),
    )  # fmt: skip


def _incidents(notices: Iterable[Notice], names: Mapping[str, Component], texts: Texts, now: datetime, known: Views) -> list[IncidentView]:
    called = tuple(sorted((one.service, one.name) for one in names.values()))
    made: Views = {}
    found = []
    for notice in notices:
        key = (notice.id, notice.version, called)
        view = known.get(key)
        if view is None or any((notice.id, one.fact) not in texts for one in notice.shown):
            view = incident_view(notice, names, texts, now)
        if view is not None:
            found.append(view)
            if view.resolved is not None:
                made[key] = view
    known.clear()
    known.update(made)
    return found


def _worst_first(one: IncidentView) -> tuple[int, float]:
    return -("none", "minor", "major", "critical").index(one.impact), -one.began.timestamp()


def _until(page: StatusPage, running: Iterable[IncidentView], windows: Iterable[PublicWindow], now: datetime) -> datetime:
    moments = [now + FRESH]
    moments += [moment for one in windows for moment in (one.since, one.until)]
    moments += [one.until for one in page.overrides]
    moments += [one.next_at for one in running if one.next_at is not None]
    return min(moment for moment in moments if moment > now)


# -- components -----------------------------------------------------------------------------------------------


def _component(
    one: Component, page: StatusPage, told: Sequence[history.Span], said: Sequence[str], windows: Sequence[PublicWindow], now: datetime
) -> ComponentView:
    """told: when incidents had it in which state. said: what open incidents say of it now."""
    today = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    begin = today - timedelta(days=history.DAYS - 1)
    work = [history.Span(w.since, w.until, "under_maintenance", w.id) for w in windows if one.service in w.services and w.since < now]
    computed = history.flattened((*told, *work), begin, now)
    hand = [
        history.Span(o.since, min(o.until, now), o.state) for o in page.overrides if o.service == one.service and o.since < now and o.until > begin
    ]  # fmt: skip
    spans = _over(computed, hand, begin)
    override = page.override_at(one.service, now)
    if override is not None:
        state = override.state
    else:
        state = worst([*said, *("under_maintenance" for w in windows if one.service in w.services and w.since <= now < w.until)])
    known_since = max(begin, min([one.since, *(span.since for span in spans)]))
    changed = max(
        [one.changed_at, *(span.since for span in spans if span.since <= now), *(span.until for span in spans if span.until <= now)]
    )
    return ComponentView(
        one.id, one.service, one.name, one.about, "", state, changed, one.since, 0, override is not None,
        tuple(history.days_of([span for span in spans if rank(span.state)], now)), history.uptime(spans, known_since, now) if now - known_since >= timedelta(days=1) else None,
    )  # fmt: skip


def _now(notice: Notice) -> dict[str, str]:
    """Return what a notice says of services at this moment."""
    last = notice.last
    return {} if last is None or notice.hidden or notice.resolved_at is not None else last.components


def _over(computed: Sequence[history.Span], hand: Sequence[history.Span], begin: datetime) -> list[history.Span]:
    """Return spans in which what was set by hand stands in place of what was computed."""
    found: list[history.Span] = []
    for span in computed:
        pieces = [(span.since, span.until)]
        for other in hand:
            pieces = [
                piece
                for since, until in pieces
                for piece in ((since, min(until, other.since)), (max(since, other.until), until))
                if piece[0] < piece[1]
            ]
        found += [history.Span(since, until, span.state, span.cause) for since, until in pieces]
    found += [history.Span(max(span.since, begin), span.until, span.state) for span in hand]
    return sorted(span for span in found if span.since < span.until)


def arranged(views: Sequence[ComponentView], groups: Mapping[str, str], order: Sequence[str]) -> list[ComponentView | GroupView]:
    """Return components and their groups in the order in which they stand.

    groups: service to the path of its group. order: services; those that it does not name follow by name.
    """
    place = {service: number for number, service in enumerate(order)}
    ordered = sorted(views, key=lambda one: (place.get(one.service, len(place)), one.name.casefold(), one.service))
    items: list[ComponentView | GroupView] = []

    def lay(rest: Sequence[ComponentView], path: tuple[str, ...]) -> None:
        done: set[str] = set()
        for one in rest:
            own = path_of(groups.get(one.service, ""))
            if len(own) == len(path):
                items.append(msgspec.structs.replace(one, group=_group_id(path) if path else "", position=len(items) + 1))
            elif (name := own[len(path)]) not in done:
                done.add(name)
                inner = (*path, name)
                members = [other for other in rest if path_of(groups.get(other.service, ""))[: len(inner)] == inner]
                items.append(
                    GroupView(
                        _group_id(inner), name, _group_id(path) if path else "", len(path), worst([member.state for member in members]), len(items) + 1,
                        tuple(member.id for member in members),
                    )
                )  # fmt: skip
                lay(members, inner)

    lay(ordered, ())
    return items


def _group_id(path: tuple[str, ...]) -> str:
    return public_id("group:" + " / ".join(path))


# -- incidents ------------------------------------------------------------------------------------------------


def incident_view(notice: Notice, names: Mapping[str, Component | ComponentView], texts: Texts, now: datetime) -> IncidentView | None:
    """Return an incident as the public reads it; None of one with nothing to read. names: service to its component."""
    told = [one for one in notice.shown if (notice.id, one.fact) in texts]
    if not told or notice.begins is None:
        return None
    corrected = {one.corrects: one.at for one in told if one.corrects}
    at_of = {one.fact: one.at for one in told}
    over = notice.resolved_at
    incident = public_id(notice.id)
    updates: list[UpdateView] = []
    before: dict[str, str] = {}
    for one in told:
        promised = one.next_at if one is told[-1] and over is None and one.next_at is not None and one.next_at > now else None
        updates.append(_update(one, notice.id, before, names, texts, promised, at_of.get(one.corrects), corrected.get(one.fact)))
        before = one.components
    last = told[-1]
    step, status = last.step, last.status
    if over is not None and last.step != "resolved":
        step, status = "resolved", notice.ended_status or "Resolved"
        changed = tuple(
            Affected(names[service].id, names[service].name, state, "operational") for service, state in last.components.items() if service in names and rank(state)
        )  # fmt: skip
        updates.append(UpdateView(public_id(f"{notice.id}:end"), over, step, status, OVER, tuple(blocks(OVER)), changed))
    name = next((one.headline for one in reversed(told) if one.headline), "") or texts[notice.id, told[0].fact][0]
    affected = _affected(told, names, over is not None)
    monitoring = next((one.at for one in told if one.step == "monitoring"), None)
    impact = impact_of(
        [state for one in told for state in (one.components.values() if any(s in names for s in one.components) else [one.level])]
    )
    return IncidentView(
        incident, name, step, status, impact, notice.begins, told[0].at, updates[-1].at, over, monitoring, affected, tuple(reversed(updates)),
        updates[-1].next_at,
    )  # fmt: skip


def _update(
    one: Told, incident: str, before: Mapping[str, str], names: Mapping[str, Component | ComponentView], texts: Texts, next_at: datetime | None, corrects: datetime | None,
    corrected: datetime | None,
) -> UpdateView:  # fmt: skip
    _, text = texts[incident, one.fact]
    changed = tuple(
        Affected(names[service].id, names[service].name, before.get(service, "operational"), state)
        for service, state in one.components.items()
        if service in names and (state != before.get(service, "operational") or not before)
    )
    said = next_at is not None and f"{next_at.astimezone(UTC):%H:%M}" in text
    return UpdateView(
        public_id(f"{incident}:{one.fact}"),
        one.at,
        one.step,
        one.status,
        text,
        tuple(blocks(text)),
        changed,
        next_at,
        corrects,
        corrected,
        said,
    )


def _affected(told: Sequence[Told], names: Mapping[str, Component | ComponentView], over: bool) -> tuple[Affected, ...]:
    """Return every component that the incident ever touched: the worst that was said of it, and what holds now."""
    peak: dict[str, str] = {}
    for one in told:
        for service, state in one.components.items():
            peak[service] = worst([peak.get(service, "operational"), state])
    now = told[-1].components
    ended = over and told[-1].step != "resolved"
    return tuple(
        Affected(names[service].id, names[service].name, state, "operational" if ended else now.get(service, "operational"))
        for service, state in peak.items()
        if service in names
    )


def _maintenance(window: PublicWindow, names: Mapping[str, Component | ComponentView], now: datetime) -> MaintenanceView:
    step = "completed" if now >= window.until else "in_progress" if now >= window.since else "scheduled"
    components = tuple((names[service].id, names[service].name) for service in window.services if service in names)
    key = public_id(f"maintenance:{window.id}:{window.since.isoformat()}")
    return MaintenanceView(key, window.title, tuple(blocks(window.text)), window.text, step, window.since, window.until, components)
