"""Requests as Alertmanager sends them: read from the fixtures, and made for one alert."""

import json
from pathlib import Path
from typing import Any

from tests.world import Answer, World

FOLDER = Path(__file__).parent / "fixtures"
KEY = "a-key"


def body(name: str) -> dict[str, Any]:
    """The body of a captured request."""
    found: dict[str, Any] = json.loads((FOLDER / f"{name}.json").read_text())["body"]
    return found


def one(
    status: str = "firing", name: str = "DiskFull", start: str = "2025-10-27T14:24:00Z", end: str = "", **labels: str
) -> dict[str, Any]:
    """The body of a request with one alert."""
    alert = {
        "status": status, "labels": {"alertname": name, "severity": "critical", **labels}, "annotations": {"summary": f"{name} on db-1"},
        "startsAt": start, "endsAt": end or "0001-01-01T00:00:00Z", "generatorURL": "",
    }  # fmt: skip
    return {"receiver": "tocsin", "status": status, "alerts": [alert], "version": "4", "groupKey": "{}:{}"}


def send(world: World, content: Any) -> Answer:
    """Send a request to the intake, without a token."""
    return world.send("POST", f"/intake/alertmanager/{KEY}", content, person="")


def outcomes(world: World, content: Any) -> list[tuple[str, str | None]]:
    """Send a request that must be taken; return each alert's outcome and id."""
    answer = send(world, content)
    assert answer.status == 200, answer.text
    return [(alert["outcome"], alert["alert"]) for alert in answer.json["alerts"]]


def alert_of(world: World, content: Any) -> str:
    """Send a request whose one alert must be kept; return the alert's id."""
    (_, alert), *_ = outcomes(world, content)
    assert alert is not None
    return alert
