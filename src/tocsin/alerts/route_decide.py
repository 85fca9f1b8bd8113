"""What follows from a command on the routes, and on the rules of inhibition. Pure."""

from __future__ import annotations

from tocsin.alerts.inhibition import INHIBITIONS, Inhibitions, InhibitionsSaved, SaveInhibitions, compile_inhibitions
from tocsin.alerts.route_model import ROUTES, Route, Routes, RoutesSaved, SaveRoutes, ShipRoutes
from tocsin.alerts.routing import compile_routes
from tocsin.engine.errors import NotFound, Refused
from tocsin.engine.model import Command, Context, Decision, Fact, Happened

MOST_ROUTES = 2000
_DEEPEST = 10


def decide_routes(routes: Routes, command: Command, _ctx: Context) -> Decision:
    """Return what follows from a command on the routes.

    Raises:
        Refused: a route cannot be used; the refusal names its place.

    """
    if routes.id != ROUTES:
        raise NotFound(f"There are no routes {routes.id!r}.", fix=f"All routes are one record: {ROUTES}.")
    if isinstance(command, ShipRoutes):
        if (routes.version and not routes.shipped) or routes.saved == command.routes:
            return Decision(result={"changed": False})
        compile_routes(command.routes)
        return Decision((Happened(RoutesSaved(command.routes, shipped=True)),), result={"changed": True})
    if not isinstance(command, SaveRoutes):
        raise Refused(f"Routes do not know {type(command).__name__}.")
    count = _count(command.routes, 1)
    if count > MOST_ROUTES:
        raise Refused(f"These are {count} routes, more than {MOST_ROUTES}.", fix="Use patterns, or group_by.", field="routes")
    compile_routes(command)
    if command == routes.saved and not routes.shipped:
        return Decision(result={"changed": False, "routes": count})
    return Decision((Happened(RoutesSaved(command)),), result={"changed": True, "routes": count})


def _count(routes: tuple[Route, ...], depth: int) -> int:
    if depth > _DEEPEST:
        raise Refused(f"Routes are nested more than {_DEEPEST} deep.", fix="Write them flatter.", field="routes")
    return len(routes) + sum(_count(route.routes, depth + 1) for route in routes)


def evolve_routes(routes: Routes, fact: Fact) -> Routes:
    """Return the routes after the fact."""
    assert isinstance(fact.event, RoutesSaved)
    return Routes(routes.id, fact.version, fact.event.routes, fact.event.shipped)


def decide_inhibitions(inhibitions: Inhibitions, command: Command, _ctx: Context) -> Decision:
    """Return what follows from a command on the rules of inhibition.

    Raises:
        Refused: a rule cannot be used; the refusal names its place.

    """
    if inhibitions.id != INHIBITIONS:
        raise NotFound(f"There are no inhibitions {inhibitions.id!r}.", fix=f"All rules are one record: {INHIBITIONS}.")
    assert isinstance(command, SaveInhibitions)
    compile_inhibitions(command.rules)
    if command.rules == inhibitions.rules:
        return Decision(result={"changed": False, "rules": len(command.rules)})
    return Decision((Happened(InhibitionsSaved(command.rules, command.why)),), result={"changed": True, "rules": len(command.rules)})


def evolve_inhibitions(inhibitions: Inhibitions, fact: Fact) -> Inhibitions:
    """Return the rules after the fact."""
    assert isinstance(fact.event, InhibitionsSaved)
    return Inhibitions(inhibitions.id, fact.version, fact.event.rules)
