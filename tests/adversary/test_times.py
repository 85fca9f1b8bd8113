"""Times in any order: what cannot be measured is said to be unknown, and no number is negative."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

import pytest

from tests.world import World

PLAYBOOKS: Final = ("payments-sev1", "house", "nine-stage", "compact", "service-levels", "rota-and-runbooks")
MILESTONES: Final = ("impact_started", "detected", "alerted", "acknowledged", "mitigated", "resolved")


def _negative(value: Any, path: str = "") -> Iterator[str]:
    if isinstance(value, dict):
        for name, one in value.items():
            yield from _negative(one, f"{path}.{name}")
    elif isinstance(value, list):
        for number, one in enumerate(value):
            yield from _negative(one, f"{path}[{number}]")
    elif isinstance(value, int | float) and not isinstance(value, bool) and value < 0:
        yield f"{path} is {value}"


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _check(world: World, incident: str) -> None:
    for path in ("", "/metrics", "/health", "/adherence", "/timeline", "/timeline/export"):
        found = list(_negative(world.get(f"/incidents/{incident}{path}")))
        assert found == [], (path, found)
    for path in ("/insights/summary", "/insights/durations?metric=time_to_mitigate", "/insights/durations?metric=time_to_resolve"):
        assert list(_negative(world.send("GET", path).json)) == []
    for duty in world.get(f"/incidents/{incident}")["obligations"]:
        if duty["due_at"] and duty["from_at"]:
            assert _time(duty["due_at"]) >= _time(duty["from_at"]), duty
        if duty["warn_at"] and duty["due_at"]:
            assert _time(duty["warn_at"]) <= _time(duty["due_at"]), duty
    assert world.page(f"/incidents/{incident}").status == 200


@pytest.mark.parametrize("playbook", PLAYBOOKS)
def test_milestones_in_any_order_give_no_negative_number(tmp_path: Path, playbook: str) -> None:
    world = World(tmp_path / "data", playbook=playbook)
    try:
        for seed in range(4):
            pick = random.Random(seed)

            def some(pick: random.Random = pick) -> str:
                return (world.now - timedelta(minutes=pick.randrange(300), seconds=pick.randrange(60))).isoformat()

            alert = {
                "status": "firing",
                "labels": {"alertname": "A", "n": str(seed), "service": "payment-api"},
                "annotations": {},
                "startsAt": some(),
            }
            known = world.post("/intake/alertmanager/x", {"alerts": [alert]})["alerts"][0]["alert"]
            body = {
                "title": "x",
                "playbook": playbook,
                "service": "payment-api",
                "at": some(),
                "started_at": some(),
                "detected_at": some(),
                "alerts": [known],
            }
            incident = world.post("/incidents", body)["incident"]
            for milestone in pick.sample(MILESTONES, len(MILESTONES)):
                world.send("POST", f"/incidents/{incident}/milestones", {"milestone": milestone, "when": some()})
                world.send("POST", f"/incidents/{incident}/acknowledge", {"at": some()})
                stage = pick.choice(world.get(f"/incidents/{incident}")["ways"] or [{"stage": "none"}])
                name = stage if isinstance(stage, str) else stage.get("stage") or stage.get("id")
                world.send("POST", f"/incidents/{incident}/stage", {"stage": name, "reason": "x", "confirm": "yes", "at": some()})
                world.advance(minutes=pick.randrange(120))
            _check(world, incident)
            world.advance(days=3)
            _check(world, incident)
    finally:
        world.close()


def test_a_resolution_before_its_mitigation_is_not_measured_and_says_why(world: World) -> None:
    incident = world.declare(started_at="2025-10-27T14:20:00Z")
    world.advance(minutes=30)
    world.post(f"/incidents/{incident}/milestones", {"milestone": "mitigated", "when": "2025-10-27T14:10:00Z"})
    metrics = world.get(f"/incidents/{incident}/metrics")
    measured = {metric["id"]: metric for metric in metrics["canonical"]}
    metric = next(m for m in measured.values() if m["start"] == "impact_started" and m["end"] == "mitigated")
    assert metric["available"] is False
    assert metric["seconds"] is None
    assert "before" in metric["reason"] or "earlier" in metric["reason"], metric


def test_a_zone_offset_is_the_same_moment(world: World) -> None:
    incident = world.declare(started_at="2025-10-27T20:05:00+05:45")
    shown = world.get(f"/incidents/{incident}")
    started = next(m for m in shown["milestones"] if m["id"] == "impact_started")
    assert _time(started["at"]) == _time("2025-10-27T14:20:00Z")
    assert started["at"].endswith("Z")


def test_durations_of_a_thousand_years_are_refused_where_they_are_written(world: World) -> None:
    incident = world.declare()
    for text in ("9999999999d", "9" * 5000 + "s", "1000000w"):
        problem = world.refused(f"/incidents/{incident}/updates", {"message": "customer_initial", "next_in": text, "fields": {}})
        assert problem["status"] == 422
        assert world.send("POST", "/clock/advance", {"by": text}).status == 422
    house = str(world.get("/playbooks/house")["text"])
    book = re.sub(r"within: \d+m", "within: 9999999999d", house, count=1)
    assert any("100 years" in problem["says"] for problem in world.post("/playbooks/check", {"text": book})["problems"])


def test_what_is_said_to_be_utc_is_utc_whatever_zone_it_was_given_in(world: World) -> None:
    incident = world.declare()
    world.advance(minutes=5)
    world.post(f"/incidents/{incident}/milestones", {"milestone": "impact_started", "when": "2025-10-27T20:05:00+05:45"})
    said = [
        line["text"] for line in world.get(f"/incidents/{incident}/timeline") if line.get("data", {}).get("milestone") == "impact_started"
    ]
    assert len(said) == 1
    assert "14:20 UTC" in said[0]
    book = world.get("/playbooks/payments-sev1")
    message = next(m for m in book["messages"] if m["next_update"] == "required")
    fields = {f["id"]: ["x"] if f["kind"] == "list" else f["choices"][0] if f["choices"] else "x" for f in message["fields"]}
    body = {"message": message["id"], "fields": fields, "next_at": "2025-10-27T20:45:00+05:45", "eta": "unknown"}
    shown = world.post(f"/incidents/{incident}/updates/preview", body)
    assert "15:00 UTC" in str(shown), shown
    assert "20:45" not in str(shown), shown
    world.post(f"/incidents/{incident}/updates", body)
    world.app.runtime.settle()
    assert "20:45" not in world.send("GET", f"/incidents/{incident}/timeline").text
    assert "20:45" not in world.page(f"/incidents/{incident}").text
    assert all("20:45" not in message["body"] for message in world.outbox())
