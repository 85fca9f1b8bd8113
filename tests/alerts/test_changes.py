"""Changes made on purpose: kept beside alerts, found by service and time, and never anybody's page."""

from __future__ import annotations

from datetime import timedelta

from tests.world import World


def test_a_change_is_noted_and_found_by_its_service_under_any_of_its_names(world: World) -> None:
    world.post("/services/payment-api", {"name": "Payment API", "aliases": ["payments"]})
    noted = world.post(
        "/changes", {"title": "Deployed 1.7", "service": "payments", "source": "ci", "links": {"build": "https://ci.example/7"}}
    )
    world.post("/changes", {"title": "New disk", "service": "storage"})
    (found,) = world.get("/changes", service="payment-api")["changes"]
    assert (found["id"], found["title"], found["source"]) == (noted["change"], "Deployed 1.7", "ci")
    whole = world.get(f"/changes/{found['id']}")
    assert (whole["links"], whole["service"], whole["at"]) == ({"build": "https://ci.example/7"}, "payment-api", "2025-10-27T14:25:00Z")


def test_changes_are_listed_newest_first_in_pages_and_within_a_time(world: World) -> None:
    for number in range(5):
        at = world.now - timedelta(hours=number)
        world.post("/changes", {"title": f"change {number}", "at": at.isoformat()})
    first = world.get("/changes", limit=3)
    assert [one["title"] for one in first["changes"]] == ["change 0", "change 1", "change 2"]
    rest = world.get("/changes", limit=3, after=first["next"])
    assert ([one["title"] for one in rest["changes"]], rest["next"]) == (["change 3", "change 4"], None)
    window = {"since": (world.now - timedelta(hours=2)).isoformat(), "until": world.now.isoformat()}
    assert [one["title"] for one in world.get("/changes", **window)["changes"]] == ["change 1", "change 2"]


def test_a_change_names_who_noted_it_where_it_has_no_source(world: World) -> None:
    world.post("/changes", {"title": "Turned the switch"}, person="ana")
    assert world.get("/changes")["changes"][0]["source"] == "ana"


def test_a_change_needs_a_title(world: World) -> None:
    assert world.refused("/changes", {"service": "x"})["field"] == "title"
    assert world.send("GET", "/changes/nothing").status == 404
    assert world.send("GET", "/changes?after=nothing").status == 422


def test_planned_maintenance_of_a_supplier_is_a_change(world: World) -> None:
    page = {"id": "p1", "name": "Acme Cloud"}
    planned = {"id": "i1", "name": "New routers", "status": "scheduled", "impact": "maintenance", "scheduled_for": "2025-11-05T02:00:00Z"}
    assert world.send("POST", "/intake/statuspage-inbound/k", {"page": page, "incident": planned}, person="").status == 200
    (change,) = world.get("/changes")["changes"]
    assert (change["title"], change["at"], change["service"]) == ("New routers", "2025-11-05T02:00:00Z", "Acme Cloud")
    assert (world.get("/alerts")["alerts"], world.outbox()) == ([], [])
    receipt = world.get(f"/receipts/{change['receipt']}")
    assert any(change["id"] in note for note in receipt["notes"])
