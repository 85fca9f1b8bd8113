"""What belongs to a private incident is as private as it is.

That is: its groups of alerts, its alerts and the requests that brought them, its pages, action items and attachments. Whom a page called sees that page, and who was called reads the incident.

Tables of other packages are looked up by their names: this is read by all of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

from sqlalchemy import ColumnElement, Table, and_, func, literal, or_, select, true

from tocsin.engine.model import Reader, Viewer
from tocsin.engine.tables import blobs, metadata
from tocsin.incidents import privacy
from tocsin.incidents.tables import incident_attachments, incidents

_OF_INCIDENT: Final = ("incident", "postmortem")
"""Kinds of record that bear the incident's id."""
_BELONG: Final = {"action": "action_items", "page": "pages", "group": "alert_groups"}
"""Kinds of record whose read table names their incident in a column ``incident``."""


def _table(name: str) -> Table:
    return metadata.tables[name]


# -- conditions for lists -------------------------------------------------------------------------


def groups_shown(viewer: Viewer) -> ColumnElement[bool]:
    """Return the condition on rows of groups of alerts."""
    return privacy.of_readable(_table("alert_groups").c.incident, viewer)


def actions_shown(viewer: Viewer) -> ColumnElement[bool]:
    """Return the condition on rows of action items."""
    return privacy.of_readable(_table("action_items").c.incident, viewer)


def pages_shown(viewer: Viewer) -> ColumnElement[bool]:
    """Return the condition on rows of pages: what belongs to a readable incident or to none, and what called the viewer."""
    if viewer.reads_private:
        return true()
    pages, called, groups = _table("pages"), _table("page_people"), _table("alert_groups")
    hidden = select(groups.c.id).where(groups.c.incident.in_(privacy.unreadable(viewer)))
    shown = and_(privacy.of_readable(pages.c.incident, viewer), pages.c.group.not_in(hidden))
    if viewer.kind != "person":
        return shown
    return or_(shown, pages.c.id.in_(select(called.c.page).where(called.c.person == viewer.id)))


class Hidden:
    """What of alerts a viewer may not see. Mostly nothing: then it costs one short query and conditions say nothing."""

    def __init__(self, reader: Reader, viewer: Viewer) -> None:
        self._viewer = viewer
        self.incidents = privacy.hidden(reader, viewer)
        groups = _table("alert_groups")
        rows = reader.rows(select(groups.c.id).where(groups.c.incident.in_(sorted(self.incidents)))) if self.incidents else []
        self.groups = frozenset(str(row[0]) for row in rows)

    def alerts_shown(self) -> ColumnElement[bool]:
        """Return the condition on rows of alerts: what belongs to a readable incident, or to none and to no hidden group."""
        if not self.incidents:
            return true()
        alerts, groups = _table("alerts"), _table("alert_groups")
        # However many are hidden, the statement stays as long as it is: they are looked up, not written into it.
        hidden = privacy.unreadable(self._viewer).subquery("hidden")
        linked = select(func.count()).select_from(hidden).where(_has(alerts.c.incidents, hidden.c.id)).scalar_subquery()
        count = func.length(alerts.c.incidents) - func.length(func.replace(alerts.c.incidents, " ", "")) - 1
        of_hidden = select(groups.c.id).where(groups.c.incident.in_(privacy.unreadable(self._viewer)))
        several = of_hidden.where(_has(literal(" ") + alerts.c.grp + literal(" "), groups.c.id)).exists()
        free = and_(alerts.c.grp.not_in(of_hidden), or_(alerts.c.grp.not_like("% %"), ~several))
        none = func.trim(alerts.c.incidents) == ""
        return or_(and_(none, free), and_(~none, linked < count))

    def not_shown(self, reader: Reader, alerts: Iterable[int]) -> frozenset[int]:
        """Return those of these alerts that the viewer may not see."""
        wanted = sorted(set(alerts))
        if not self.incidents or not wanted:
            return frozenset()
        table = _table("alerts")
        shown = {int(row[0]) for row in reader.rows(select(table.c.id).where(table.c.id.in_(wanted), self.alerts_shown()))}
        known = {int(row[0]) for row in reader.rows(select(table.c.id).where(table.c.id.in_(wanted)))}
        return frozenset(known - shown)

    def without(self, named: Sequence[str]) -> tuple[str, ...]:
        """Return the incidents of an alert without those that the viewer may not read."""
        return tuple(one for one in named if one not in self.incidents)


def _has(ids: Any, one: Any) -> ColumnElement[bool]:
    """Return the condition that an id stands among others, each between spaces. Not LIKE: an id may have a sign that means something there."""
    return func.length(func.replace(ids, literal(" ") + one + literal(" "), " ")) < func.length(ids)


# -- single things --------------------------------------------------------------------------------


def there(reader: Reader, viewer: Viewer, kind: str, record: str) -> bool:
    """Tell whether something is there for a viewer: it exists, and belongs to no incident that they may not read."""
    match kind:
        case "incident":
            return _any(reader, incidents, incidents.c.id == record, privacy.readable(viewer))
        case "action":
            table = _table("action_items")
            return _any(reader, table, table.c.id == record, actions_shown(viewer))
        case "group":
            table = _table("alert_groups")
            return _any(reader, table, table.c.id == record, groups_shown(viewer))
        case "page":
            table = _table("pages")
            return _any(reader, table, table.c.id == record, pages_shown(viewer))
        case _:
            return _loose(reader, viewer, kind, record)


def _loose(reader: Reader, viewer: Viewer, kind: str, record: str) -> bool:
    if kind == "alert":
        table = _table("alerts")
        number = int(record)
        return _any(reader, table, table.c.id == number, Hidden(reader, viewer).alerts_shown())
    if kind == "attachment":
        uses = incident_attachments
        used = [str(row[0]) for row in reader.rows(select(uses.c.incident).where(uses.c.digest == record))]
        kept = _any(reader, blobs, blobs.c.digest == record)
        return kept and (not used or not privacy.hidden(reader, viewer).issuperset(used))
    raise KeyError(kind)


def _any(reader: Reader, table: Table, *conditions: ColumnElement[bool]) -> bool:
    return bool(reader.rows(select(literal(1)).select_from(table).where(*conditions).limit(1)))


def hidden_streams(reader: Reader, viewer: Viewer) -> frozenset[str]:
    """Return the records (``<kind>:<id>``) that belong to incidents which a viewer may not read."""
    ids = sorted(privacy.hidden(reader, viewer))
    if not ids:
        return frozenset()
    found = {f"{kind}:{one}" for kind in _OF_INCIDENT for one in ids}
    for kind, name in _BELONG.items():
        table = _table(name)
        found |= {f"{kind}:{row[0]}" for row in reader.rows(select(table.c.id).where(table.c.incident.in_(ids)))}
    pages, groups = _table("pages"), _table("alert_groups")
    of_groups = select(pages.c.id).where(pages.c.group.in_(select(groups.c.id).where(groups.c.incident.in_(ids))))
    return frozenset(found | {f"page:{row[0]}" for row in reader.rows(of_groups)})
