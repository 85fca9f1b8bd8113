"""The API of routes: read, write, put a file in force, ask what would happen to an alert."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec

from tocsin.alerts.quiet.queries import living
from tocsin.alerts.route_model import ROUTES, Routes, SaveRoutes
from tocsin.alerts.routes import load, queries
from tocsin.alerts.routes.shelf import shipped
from tocsin.alerts.routing import compile_routes
from tocsin.engine.errors import NotFound, Refused
from tocsin.playbooks.queries import Bookshelf
from tocsin.web.endpoints import Asked, Endpoint


class RoutesFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Routes as a file."""

    text: str
    file: str = "routes.yaml"
    why: str = ""
    dry_run: bool = False
    """Only say whether they could be put in force."""


class RouteTest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An alert that has not happened, and routes that are not in force, where others are meant."""

    alert: queries.Trial
    text: str = ""
    """A file of routes to ask instead."""
    file: str = "routes.yaml"


def endpoints(shelf: Bookshelf, default_playbook: str) -> list[Endpoint]:
    """Return the endpoints of routes."""

    def in_force(asked: Asked) -> Routes:
        found: Routes | None = asked.runtime.committer.state(f"routes:{ROUTES}")
        return found or Routes(ROUTES, saved=shipped(), shipped=True)

    async def shown(asked: Asked) -> Any:
        def work() -> dict[str, Any]:
            routes = in_force(asked)
            return {
                "version": routes.version, "shipped": routes.shipped, "routes": msgspec.to_builtins(routes.saved), "text": load.dump(routes.saved),
                "history": queries.history(asked.runtime.facts("routes", ROUTES)),
            }  # fmt: skip

        return await asyncio.to_thread(work)

    async def version(asked: Asked) -> Any:
        def work() -> dict[str, Any]:
            for fact in asked.runtime.facts("routes", ROUTES):
                if str(fact.version) == asked.path["version"]:
                    saved: SaveRoutes = fact.event.routes  # type: ignore[attr-defined] # the kind's only event
                    return {
                        "version": fact.version,
                        "at": fact.recorded_at,
                        "by": str(fact.actor),
                        "why": saved.why,
                        "text": load.dump(saved),
                    }
            raise NotFound(f"There is no version {asked.path['version']} of the routes.", fix="GET /api/v1/routes lists them.")

        return await asyncio.to_thread(work)

    async def save(asked: Asked) -> Any:
        return await asked.runtime.commit("routes", ROUTES, asked.body, asked.actor, asked.key, asked.fingerprint)

    async def apply(asked: Asked) -> Any:
        body: RoutesFile = asked.body
        routes = await asyncio.to_thread(read_routes, body.text, body.file)
        if body.dry_run:
            return {
                "changed": routes != msgspec.structs.replace(in_force(asked).saved, why=""),
                "dry_run": True,
                "routes": len(routes.routes),
            }
        routes = msgspec.structs.replace(routes, why=body.why or routes.why)
        return await asked.runtime.commit("routes", ROUTES, routes, asked.actor, asked.key, asked.fingerprint)

    async def test(asked: Asked) -> Any:
        body: RouteTest = asked.body

        def work() -> dict[str, Any]:
            trial = body.alert
            if body.text:
                trial = msgspec.structs.replace(trial, routes=read_routes(body.text, body.file))
            services = queries.Services(shelf, default_playbook)
            with asked.runtime.reading() as reader:
                return queries.what_would_happen(trial, in_force(asked).saved, living(reader), services, reader)

        return await asyncio.to_thread(work)

    return [
        Endpoint("GET", "/routes", "The routes in force, as values and as a file, with their history", shown, tag="route"),
        Endpoint("GET", "/routes/versions/{version}", "The routes as they were", version, tag="route"),
        Endpoint("POST", "/routes", "Write down all routes", save, SaveRoutes, tag="route", needs="manager"),
        Endpoint("POST", "/routes/file", "Put a file of routes in force", apply, RoutesFile, tag="route", needs="manager"),
        Endpoint("POST", "/routes/test", "What would happen to an alert, and why", test, RouteTest, tag="route", needs="viewer"),
    ]


def read_routes(text: str, file: str) -> SaveRoutes:
    """Read a file of routes, and make sure that they can be used; what is wrong is named with its line.

    Raises:
        Refused: they cannot be used.

    """
    routes = load.load_routes(text, file)
    try:
        compile_routes(routes)
    except Refused as refusal:
        line, column = load.place_of(text, refusal.field)
        raise type(refusal)(f"{file}:{line}:{column}: {refusal.what}", fix=refusal.fix, field=refusal.field) from refusal
    return routes
