"""The pages of services: what each lacks, what is open on it, changed by a form with its history."""

from tests.settings.filling import filled
from tests.world import World
from tocsin.engine.rebuild import differences

PAGE = "/settings/services/api"


def test_a_service_without_owner_and_policy_says_so(world: World) -> None:
    assert (
        world.form("/settings/services", "/settings/services", {"name": "Payment API"}).headers["location"]
        == "/settings/services/payment-api#change"
    )
    for page in ("/settings/services", "/settings/services/payment-api"):
        text = world.page(page).text
        assert "No team owns it." in text
        assert "It has no escalation policy; nobody is paged." in text


def test_a_service_is_changed_by_its_form_and_unknown_fields_stay(world: World) -> None:
    world.post("/teams/pay", {"name": "Payments"})
    world.post("/services/api", {"name": "API", "links": {"dashboard": "https://a.example"}, "aliases": ["PAY-01"]})
    changed = filled(
        world,
        PAGE,
        f"{PAGE}/save",
        {
            "owner": "pay",
            "link_name": ["dashboard", "runbook"],
            "link": ["https://a.example", "https://b.example"],
            "contact_name": ["chat"],
            "contact": ["#pay"],
        },
    )
    assert changed.status == 303
    found = world.get("/services/api")
    assert (found["owner"], found["links"]["runbook"], found["contacts"], found["aliases"]) == (
        "pay",
        "https://b.example",
        {"chat": "#pay"},
        ["PAY-01"],
    )
    assert "runbook" in world.page(PAGE).text


def test_what_is_open_on_it_stands_on_top(world: World) -> None:
    world.post("/services/payment-api", {"name": "Payment API"})
    assert "Nothing fires" in world.page("/settings/services/payment-api").text
    world.declare(title="Cards fail")
    world.post("/alerts", {"title": "Errors at 3 %", "service": "payment-api"})
    text = world.page("/settings/services/payment-api").text
    assert "Cards fail" in text
    assert "Errors at 3 %" in text


def test_a_service_is_taken_out_its_names_are_free_and_it_comes_back(world: World) -> None:
    world.post("/services/api", {"name": "API", "aliases": ["pay-01"]})
    assert world.form(PAGE, f"{PAGE}/retire", {"why": "replaced"}).status == 303
    assert world.get("/services")["services"] == []
    assert [one["id"] for one in world.get("/services", everything="true")["services"]] == ["api"]
    assert world.get("/services/api")["retired"] is True
    world.post("/services/other", {"name": "Other", "aliases": ["pay-01"]})
    refused = world.form(PAGE, f"{PAGE}/restore")
    assert refused.status == 409
    world.post("/services/other", {"name": "Other"})
    assert world.form(PAGE, f"{PAGE}/restore").status == 303
    assert world.get("/services/PAY-01")["id"] == "api"
    with world.app.runtime.database.reading() as connection:
        assert differences(connection, world.app.runtime.registry) == []


def test_an_earlier_version_is_put_back(world: World) -> None:
    world.post("/services/api", {"name": "API", "about": "first words"})
    world.post("/services/api", {"name": "API", "about": "other words"})
    assert "first words</del>" in world.page(PAGE).text
    assert world.form(PAGE, f"{PAGE}/restore").status == 303
    assert world.get("/services/api")["about"] == "first words"


def test_a_name_that_another_service_has_is_refused_and_what_was_typed_stays(world: World) -> None:
    world.post("/services/api", {"name": "API"})
    world.post("/services/other", {"name": "Other"})
    wrong = filled(world, PAGE, f"{PAGE}/save", {"aliases": "other", "about": "words I typed"})
    assert (wrong.status, "words I typed" in wrong.text, "is a name of the service other" in wrong.text) == (409, True, True)


def test_a_service_for_which_nobody_is_paged_shows_no_ladder_but_leads_to_its_form(world: World) -> None:
    world.post("/teams/pay", {"name": "Payments"})
    world.post("/services/api", {"name": "API", "owner": "pay"})
    text = world.page(PAGE).text
    assert "nobody is paged" in text
    assert 'class="ladder"' not in text
    assert '<a class="button" href="#change">Choose an escalation policy</a>' in text
    assert '<details class="adding" id="change" open>' in text
    world.post("/people/ana", {"name": "Ana", "contacts": [{"kind": "file", "value": "ana"}]})
    world.post("/services/api", {"name": "API", "owner": "pay", "page": ["person:ana"]})
    text = world.page(PAGE).text
    assert 'class="ladder"' in text
    assert "Choose an escalation policy" not in text


def test_lists_call_a_service_by_its_name_as_soon_as_it_has_one(world: World) -> None:
    world.post("/services/shop", {"name": "The shop"})
    world.declare(service="shop")
    world.declare(service="elsewhere")
    for page in ("/", "/incidents"):
        text = world.page(page).text
        assert "<bdi>The shop</bdi>" in text
        assert "<bdi>elsewhere</bdi>" in text, "what is no service stays as it was written"
    world.post("/services/shop", {"name": "The market"})
    assert "<bdi>The market</bdi>" in world.page("/incidents").text


def test_maintenance_calls_whoever_planned_it_by_their_name_and_shows_no_empty_labels(world: World) -> None:
    world.post("/people/alice", {"name": "Alice Moreau"})
    world.post("/services/shop", {"name": "The shop"})
    body = {"title": "A new disk", "services": ["shop"], "since": "2025-10-28T10:00:00Z", "until": "2025-10-28T11:00:00Z"}
    made = world.post("/maintenance", body)
    page = world.page(f"/maintenance/{made['maintenance']}").text
    assert "Alice Moreau" in page
    assert "{}" not in page
