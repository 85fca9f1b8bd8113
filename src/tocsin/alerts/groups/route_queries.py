"""How much each route took lately."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select

from tocsin.alerts.groups.tables import groups
from tocsin.engine.model import Reader, Viewer, micros, moment
from tocsin.incidents.belonging_queries import groups_shown


def by_route(reader: Reader, viewer: Viewer, since: datetime) -> dict[str, tuple[int, datetime]]:
    """Return how many groups each route has opened since a moment, and when the newest was, by the route's place (``payments/database``)."""
    counted = select(groups.c.route, func.count(), func.max(groups.c.opened_at))
    query = counted.where(groups.c.opened_at >= micros(since), groups_shown(viewer)).group_by(groups.c.route)
    return {str(row[0]): (int(row[1]), moment(row[2])) for row in reader.rows(query)}
