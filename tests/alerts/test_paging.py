"""Who is paged, what a page says, and acknowledging."""

from tests.alerts.bodies import alert_of, body, one, outcomes, send
from tests.world import World


def pages(world: World) -> list[tuple[str, str]]:
    return [(message["to"], message["subject"]) for message in world.outbox() if message["kind"] == "page.notification"]


def payments(world: World, **more: object) -> None:
    world.post("/services/payment-api", {"name": "Payment API", "aliases": ["payments"], "page": ["bob", "carol"], **more})


def test_a_new_alert_pages_the_people_of_its_service_by_any_of_its_names(world: World) -> None:
    payments(world)
    send(world, one(service="PAYMENTS"))
    assert pages(world) == [("bob", "CRITICAL: DiskFull on db-1"), ("carol", "CRITICAL: DiskFull on db-1")]


def test_an_alert_of_an_unknown_service_pages_whoever_is_on_call(world: World) -> None:
    send(world, one(service="nobody-knows"))
    assert [to for to, _ in pages(world)] == ["on-call"]


def test_a_page_carries_word_title_value_threshold_dashboard_runbook_and_link(world: World) -> None:
    """S0-04."""
    payments(world)
    alert = alert_of(world, body("firing"))
    group = world.get(f"/alerts/{alert}")["group"]
    message = next(m for m in world.outbox() if m["values"]["group"] == group and m["to"] == "bob")
    assert message["subject"] == "CRITICAL: High error rate in payment API, eu-west (PaymentErrorRateHigh)"
    values = message["values"]
    assert (values["value"], values["threshold"]) == ("35%", "5%")
    assert (values["dashboard"], values["runbook"]) == ("https://grafana.example/d/payments", "https://runbooks.example/payment-errors")
    assert all(text in message["body"] for text in ("35%", "5%", values["dashboard"], values["runbook"]))
    assert values["link"] == f"/pages/{values['page']}"


def test_the_word_of_a_page_is_the_playbooks_for_a_level_that_it_knows(world: World) -> None:
    send(world, one(severity="sev2"))
    assert [subject.partition(":")[0] for _, subject in pages(world)] == ["MAJOR"]


def test_a_level_that_asks_for_a_ticket_wakes_nobody(world: World) -> None:
    """S2-15."""
    world.post("/services/blog", {"name": "Blog", "playbook": "nine-stage"})
    alert = alert_of(world, one(service="blog", severity="SEV3"))
    assert pages(world) == []
    assert world.get(f"/alerts/{alert}")["state"] == "firing"


def test_the_services_links_fill_what_the_alert_does_not_say(world: World) -> None:
    payments(world, links={"runbook": "https://wiki.example/payments", "dashboard": "https://grafana.example/other"})
    alert = alert_of(world, one(service="payments"))
    (values, *_) = [message["values"] for message in world.outbox()]
    assert (values["runbook"], values["dashboard"]) == ("https://wiki.example/payments", "https://grafana.example/other")
    assert world.get(f"/alerts/{alert}")["links"]["runbook"] == "https://wiki.example/payments"


def test_a_repeat_pages_nobody_again(world: World) -> None:
    send(world, one())
    send(world, one())
    assert len(pages(world)) == 1


def test_an_alert_that_fires_again_pages_anew_and_wants_to_be_acknowledged_anew(world: World) -> None:
    alert = alert_of(world, one())
    assert len(pages(world)) == 1
    world.post(f"/alerts/{alert}/acknowledge", person="bob")
    send(world, one("resolved"))
    before = len(world.get("/pages")["pages"])
    send(world, one())
    assert len(world.get("/pages")["pages"]) == before + 1
    assert world.get(f"/alerts/{alert}")["acknowledged_at"] is None


def test_acknowledging_twice_is_no_error_and_the_first_counts(world: World) -> None:
    alert = alert_of(world, one())
    world.advance(minutes=2)
    first = world.post(f"/alerts/{alert}/acknowledge", person="bob")
    world.advance(minutes=1)
    second = world.post(f"/alerts/{alert}/acknowledge", {"person": "carol"})
    assert (first["acknowledged_by"], first["changed"]) == ("bob", True)
    assert (second["acknowledged_by"], second["changed"], second["acknowledged_at"]) == ("bob", False, first["acknowledged_at"])
    assert [entry["what"] for entry in world.get(f"/alerts/{alert}")["history"]] == ["fired", "acknowledged"]
    assert world.get("/alerts", state="unacknowledged")["alerts"] == []


def test_acknowledging_can_be_backdated_and_not_postdated(world: World) -> None:
    alert = alert_of(world, one())
    world.advance(minutes=10)
    problem = world.refused(f"/alerts/{alert}/acknowledge", {"at": "2025-10-27T18:00:00Z"})
    assert problem["field"] == "at"
    world.post(f"/alerts/{alert}/acknowledge", {"person": "bob", "at": "2025-10-27T14:27:00Z"})
    assert world.get(f"/alerts/{alert}")["acknowledged_at"] == "2025-10-27T14:27:00Z"


def test_an_unknown_alert_cannot_be_acknowledged_or_read(world: World) -> None:
    assert world.refused("/alerts/A-NONE/acknowledge")["status"] == 404
    assert world.send("GET", "/alerts/A-NONE").status == 404


def test_acknowledging_an_alert_acknowledges_its_group_and_every_alert_of_it(world: World) -> None:
    (_, west), (_, east) = outcomes(world, body("firing"))
    world.post(f"/alerts/{west}/acknowledge", person="bob")
    assert world.get(f"/alerts/{east}")["acknowledged_by"] == "bob"
    assert world.post(f"/alerts/{east}/acknowledge", person="carol")["changed"] is False
    assert world.get("/alerts", state="unacknowledged")["alerts"] == []
    assert world.get("/alerts/counts") == {"unacknowledged": 0, "acknowledged": 2}
    (page,) = world.get("/pages")["pages"]
    assert page["state"] == "acknowledged"


def test_an_alert_that_a_person_takes_up_in_the_tool_is_acknowledged_here(world: World) -> None:
    alert = alert_of(world, one())
    taken = one("acknowledged")
    assert outcomes(world, taken)[0][0] in ("acknowledged", "unchanged")
    assert world.get(f"/alerts/{alert}")["state"] == "firing"


def test_an_alert_that_is_ended_by_hand_ends_once(world: World) -> None:
    alert = alert_of(world, one())
    world.advance(minutes=5)
    assert world.post(f"/alerts/{alert}/resolve", {"why": "the tool has forgotten it"})["changed"] is True
    assert world.post(f"/alerts/{alert}/resolve", {})["changed"] is False
    shown = world.get(f"/alerts/{alert}")
    assert (shown["state"], shown["ended_at"], shown["history"][-1]["by"]) == ("resolved", "2025-10-27T14:30:00Z", "alice")
