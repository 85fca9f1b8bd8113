"""An installation with components and an incident that the public is told of."""

from __future__ import annotations

from typing import Any

import pytest

from tests.world import World

SERVICES = {
    "payment-api": ("Card payments", "Payments"),
    "checkout": ("Checkout", "Payments"),
    "search": ("Search", ""),
}


def components(world: World, services: dict[str, tuple[str, str]] = SERVICES) -> None:
    """Write services down with what the public calls them."""
    for service, (name, group) in services.items():
        world.post(f"/services/{service}", {"name": service, "component": {"name": name, "group": group}})


def tell(world: World, incident: str, message: str = "customer_initial", **more: Any) -> dict[str, Any]:
    """Tell the public something."""
    fields = {"work": "A team is at work"} if message == "customer_initial" else {}
    body = {"message": message, "fields": fields, "next_in": "30m", **more}
    return dict(world.post(f"/incidents/{incident}/updates", body))


def api(world: World, name: str) -> Any:
    """Read one of the page's JSON documents."""
    answer = world.send("GET", f"/status/api/v2/{name}", person="")
    assert answer.status == 200, answer.text
    return answer.json


def states(world: World) -> dict[str, str]:
    """Return each component's state by its name."""
    return {one["name"]: one["status"] for one in api(world, "components.json")["components"] if not one["group"]}


def page(world: World, path: str = "/status") -> str:
    """Open a public page, as somebody who is not signed in."""
    answer = world.page(path, person="", headers={"authorization": "none"})
    assert answer.status == 200, f"{path} answered {answer.status}"
    return answer.text


@pytest.fixture
def incident(world: World) -> str:
    """An incident of card payments at 14:30, with harm since 14:20."""
    components(world)
    world.at("14:30")
    return world.declare(impact="50 % of payment transactions fail", started_at="2025-10-27T14:20:00Z")
