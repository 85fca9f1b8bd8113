"""The routes and the rules of inhibition as kinds of records."""

from __future__ import annotations

from tocsin.alerts.inhibition import Inhibitions, InhibitionsSaved
from tocsin.alerts.route_decide import decide_inhibitions, decide_routes, evolve_inhibitions, evolve_routes
from tocsin.alerts.route_model import Routes, RoutesSaved
from tocsin.engine.kinds import Kind


def routes_kind() -> Kind:
    """Return the routes as a kind of record; there is one, ``routes:main``."""
    return Kind(
        name="routes", state=Routes, events=(RoutesSaved,), fold_version=1, initial=Routes, evolve=evolve_routes, decide=decide_routes,
    )  # fmt: skip


def inhibitions_kind() -> Kind:
    """Return the rules of inhibition as a kind of record; there is one, ``inhibitions:main``."""
    return Kind(
        name="inhibitions", state=Inhibitions, events=(InhibitionsSaved,), fold_version=1, initial=Inhibitions, evolve=evolve_inhibitions,
        decide=decide_inhibitions,
    )  # fmt: skip
