"""The service catalogue over the API."""

from tests.world import World
from tocsin.engine.rebuild import differences

PAYMENTS = {
    "name": "Payment API", "owner": "payments", "playbook": "nine-stage", "aliases": ["payments", "PAY-01"], "page": ["bob"],
    "links": {"dashboard": "https://grafana.example/d/1", "runbook": "https://wiki.example/payments"},
}  # fmt: skip


def test_a_service_is_shown_with_owner_playbook_links_and_aliases(world: World) -> None:
    world.post("/teams/payments", {"name": "Payments", "members": ["bob"]})
    world.post("/services/payment-api", PAYMENTS)
    shown = world.get("/services/payment-api")
    assert (shown["owner"], shown["team"]) == ("payments", {"id": "payments", "name": "Payments", "members": ["bob"], "known": True})
    assert (shown["playbook"], shown["declares_under"]["id"], shown["declares_under"]["known"]) == ("nine-stage", "nine-stage", True)
    assert (shown["links"], shown["aliases"]) == (PAYMENTS["links"], PAYMENTS["aliases"])


def test_a_service_without_a_playbook_declares_under_the_installations(world: World) -> None:
    world.post("/services/blog", {"name": "Blog"})
    shown = world.get("/services/blog")
    assert (shown["playbook"], shown["declares_under"]["id"], shown["declares_under"]["own"]) == ("", "payments-sev1", False)


def test_a_service_is_found_by_id_name_and_alias_in_any_letter_case(world: World) -> None:
    world.post("/services/payment-api", PAYMENTS)
    for name in ("payment-api", "Payment API", "pay-01", "PAYMENTS"):
        assert world.get(f"/services/{name}")["id"] == "payment-api"


def test_an_incident_of_a_service_is_declared_under_its_playbook(world: World) -> None:
    world.post("/services/payment-api", PAYMENTS)
    incident = world.post("/incidents", {"title": "x", "severity": "SEV2", "service": "payment-api"})["incident"]
    assert world.get(f"/incidents/{incident}")["playbook"]["id"] == "nine-stage"


def test_two_services_cannot_share_a_name(world: World) -> None:
    world.post("/services/payment-api", PAYMENTS)
    problem = world.refused("/services/ledger", {"name": "Ledger", "aliases": ["Pay-01"]})
    assert (problem["status"], problem["field"], "payment-api" in problem["detail"]) == (409, "aliases", True)


def test_an_alias_that_is_taken_out_is_free_for_another_service(world: World) -> None:
    world.post("/services/payment-api", PAYMENTS)
    world.post("/services/payment-api", {**PAYMENTS, "aliases": []})
    assert world.send("GET", "/services/pay-01").status == 404
    world.post("/services/ledger", {"name": "Ledger", "aliases": ["Pay-01"]})
    assert world.get("/services/pay-01")["id"] == "ledger"
    with world.app.runtime.database.reading() as connection:
        assert differences(connection, world.app.runtime.registry) == []


def test_services_are_listed_by_owner_and_every_version_is_kept(world: World) -> None:
    world.post("/services/payment-api", PAYMENTS, person="carol")
    world.post("/services/blog", {"name": "Blog"})
    assert [found["id"] for found in world.get("/services")["services"]] == ["blog", "payment-api"]
    assert [found["id"] for found in world.get("/services", owner="payments")["services"]] == ["payment-api"]
    world.post("/services/payment-api", {**PAYMENTS, "owner": "core"}, person="dave")
    history = world.get("/services/payment-api/history")["history"]
    assert [(version["by"], version["service"]["owner"]) for version in history] == [("carol", "payments"), ("dave", "core")]
