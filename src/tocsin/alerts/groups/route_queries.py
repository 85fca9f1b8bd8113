"""How much each route took lately."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select

from tocsin.alerts.groups.tables import groups
from tocsin.engine.model import Reader, micros, moment


def by_route(reader: Reader, since: datetime) -> dict[str, tuple[int, datetime]]:
    """Return how many groups each route has opened since a moment, and when the newest was, by the route's place (``payments/database``)."""
    query = select(groups.c.route, func.count(), func.max(groups.c.opened_at)).where(groups.c.opened_at >= micros(since)).group_by(groups.c.route)
    return {str(row[0]): (int(row[1]), moment(row[2])) for row in reader.rows(query)}
