"""The page of routes: readable in order, an alert tried before it happens, a draft checked with its line, versions put back."""

from tests.settings.filling import filled
from tests.world import World

PAGE = "/settings/routes"
DRAFT = """routes:
  - name: databases
    about: The database people.
    match: team="db"
    policy: db
    group_by: [alertname]
    routes:
      - name: night
        if: labels.env == "test"
        urgency: none
  - name: rest
    group_by: ["..."]
"""


def test_routes_are_read_in_order_with_what_they_took_lately(world: World) -> None:
    text = world.page(PAGE).text
    assert text.index("by-rule") < text.index("alone")
    assert "each alert alone" in text
    world.post("/alerts", {"title": "Errors"})
    assert "1 group" in world.page(PAGE).text


def test_an_alert_is_tried_and_the_page_says_which_route_takes_it_and_why(world: World) -> None:
    world.post("/services/api", {"name": "Payment API"})
    text = world.form(PAGE, PAGE, {"do": "try", "labels": "alertname=DiskFull\nseverity=SEV-1", "service": "api"}).text
    assert "It goes to" in text
    assert "Which routes were asked" in text
    draft = world.form(PAGE, PAGE, {"do": "try", "labels": "team=db, env=test", "text": DRAFT}).text
    assert "databases/night" in draft
    assert "It calls nobody" in draft
    assert "is no label" in world.form(PAGE, PAGE, {"do": "try", "labels": "nonsense"}).text


def test_a_real_alert_fills_the_trial_in(world: World) -> None:
    world.post("/alerts", {"title": "Errors", "labels": {"region": "eu-1"}})
    (alert,) = world.get("/alerts")["alerts"]
    assert "region=eu-1" in world.page(f"{PAGE}?alert={alert['id']}").text


def test_a_draft_is_checked_with_its_line_and_put_in_force(world: World) -> None:
    wrong = filled(world, PAGE, PAGE, {"do": "check", "text": "routes:\n  - name: x\n    match: 'a=~\"(\"'\n"})
    assert (wrong.status, "routes.yaml:3" in wrong.text) == (422, True)
    checked = filled(world, PAGE, PAGE, {"do": "check", "text": DRAFT})
    assert "It can be put in force. It changes:" in checked.text
    assert world.get("/routes")["shipped"] is True
    assert filled(world, PAGE, PAGE, {"do": "save", "text": DRAFT, "why": "databases first"}).status == 303
    assert [route["name"] for route in world.get("/routes")["routes"]["routes"]] == ["databases", "rest"]
    text = world.page(PAGE).text
    assert "The database people." in text
    assert "policy db" in text


def test_an_earlier_version_is_put_back(world: World) -> None:
    world.post("/routes/file", {"text": DRAFT})
    world.post("/routes/file", {"text": DRAFT.replace("databases", "stores")})
    assert world.form(PAGE, f"{PAGE}/restore").status == 303
    assert world.get("/routes")["routes"]["routes"][0]["name"] == "databases"


def test_rules_of_inhibition_are_written_down_and_read(world: World) -> None:
    rules = 'rules:\n  - name: dc\n    source: alertname="Down"\n    target: severity=~".+"\n    equal: [dc]\n'
    assert world.form(PAGE, f"{PAGE}/inhibitions", {"rules": rules}).status == 303
    assert "with the same dc is quiet" in world.page(PAGE).text
    wrong = world.form(PAGE, f"{PAGE}/inhibitions", {"rules": "rules:\n  - name: dc\n    source: ''\n    target: a=1\n"})
    assert wrong.status == 422
