"""The pages of people and teams: ways are added, proved, ordered and tried; everybody changes their own, and managers everybody."""

from tests.settings.filling import filled
from tests.world import World
from tocsin.channels.addresses import problem

ANA = {"name": "Ana Reyes", "zone": "Europe/Lisbon", "contacts": [{"kind": "file", "value": "ana"}]}
PAGE = "/settings/people/ana"


def code_sent(world: World) -> str:
    return str([message for message in world.outbox() if message["kind"] == "person.verify"][-1]["values"]["code"])


def test_a_way_that_is_added_leaves_the_others_as_they_are(world: World) -> None:
    world.post("/people/ana", ANA)
    assert world.post("/people/ana/contacts", {"kind": "email", "value": "ana@example.com"})["contact"] == "email"
    assert world.post("/people/ana/contacts", {"kind": "email", "value": "ana@example.com"})["changed"] is False
    assert [way["id"] for way in world.get("/people/ana")["contacts"]] == ["file", "email"]
    world.post("/people/ana/contacts/order", {"contacts": ["email"]})
    assert [way["id"] for way in world.get("/people/ana")["contacts"]] == ["email", "file"]


def test_a_way_that_is_taken_away_takes_its_rules_along_and_no_proof_of_others(world: World) -> None:
    world.post(
        "/people/ana",
        {
            **ANA,
            "contacts": [*ANA["contacts"], {"kind": "sms", "value": "+351912345678"}],
            "rules": [{"contact": "sms"}, {"contact": "file"}],
        },
    )
    world.post("/people/ana/contacts/code", {"contact": "file"})
    world.post("/people/ana/contacts/confirm", {"contact": "file", "code": code_sent(world)})
    world.post("/people/ana/contacts/remove", {"contact": "sms"})
    found = world.get("/people/ana")
    assert [rule["contact"] for rule in found["rules"]] == ["file"]
    assert found["contacts"][0]["verified_at"]


def test_an_address_that_its_channel_cannot_send_to_is_refused_and_one_that_was_there_stays(world: World) -> None:
    assert problem("sms", "12")
    world.post("/people/ana", ANA)
    refused = world.refused("/people/ana/contacts", {"kind": "sms", "value": "12"})
    assert (refused["field"], "telephone number" in refused["detail"]) == ("contacts[1].value", True)
    assert world.send("GET", "/people/ana").json["contacts"][0]["value"] == "ana"


def test_a_way_is_added_and_proved_on_the_page(world: World) -> None:
    world.post("/people/ana", {**ANA, "contacts": []})
    assert "No page arrives" in world.page(PAGE, "ana").text
    assert world.form(PAGE, f"{PAGE}/contacts/add", {"kind": "file", "value": "desk"}, person="ana").status == 303
    assert "A page may not arrive" in world.page(PAGE, "ana").text
    assert world.form(PAGE, f"{PAGE}/contacts/code", person="ana").status == 303
    wrong = world.form(PAGE, f"{PAGE}/contacts/confirm", {"code": "nonsense"}, person="ana")
    assert (wrong.status, "tries are left" in wrong.text) == (409, True)
    assert world.form(PAGE, f"{PAGE}/contacts/confirm", {"code": code_sent(world)}, person="ana").status == 303
    assert "proved" in world.page(PAGE, "ana").text


def test_a_test_page_shows_what_became_of_each_message(world: World) -> None:
    world.post("/people/ana", ANA)
    assert world.form(PAGE, f"{PAGE}/test", {"urgency": "high"}, person="ana").status == 303
    world.app.runtime.settle()
    text = world.page(PAGE, "ana").text
    assert "delivered" in text
    assert world.get("/pages")["pages"][0]["origin"] == "test"


def test_the_page_says_what_a_page_does_at_three_in_the_morning(world: World) -> None:
    world.post("/people/ana", {**ANA, "quiet": [{"start": "22:00", "end": "07:00"}], "rules": [{"contact": "file", "after": "5m"}]})
    text = world.page(PAGE, "ana").text
    assert "after 5 min" in text
    assert "quiet hours hold it until 07:00" in text
    assert "quiet hours hold it" not in world.page(f"{PAGE}?at=12:00", "ana").text


def test_rules_and_quiet_hours_are_written_down_on_the_page(world: World) -> None:
    world.post("/people/ana", ANA)
    assert (
        filled(
            world, PAGE, f"{PAGE}/rules", {"rule_contact": ["file", ""], "rule_after": ["2m", "0m"], "rule_urgency": ["high", "any"]}
        ).status
        == 303
    )
    assert world.get("/people/ana")["rules"] == [{"contact": "file", "after": "2m", "urgency": "high"}]
    hours = {"quiet_start": ["22:00"], "quiet_end": ["06:30"], "quiet_days_0": ["sat", "sun"]}
    assert filled(world, PAGE, f"{PAGE}/quiet", hours).status == 303
    assert world.get("/people/ana")["quiet"] == [{"start": "22:00", "end": "06:30", "days": ["sat", "sun"]}]
    assert filled(world, PAGE, f"{PAGE}/quiet", {"quiet_start": ["22:00"], "quiet_end": ["22:00"]}).status == 422


def test_an_earlier_version_of_a_person_is_put_back(world: World) -> None:
    world.post("/people/ana", ANA)
    world.post("/people/ana/change", {"name": "Ana R."})
    assert "Ana Reyes</del>" in world.page(PAGE).text
    assert world.form(PAGE, f"{PAGE}/restore").status == 303
    assert world.get("/people/ana")["name"] == "Ana Reyes"


def test_a_push_subscription_is_neither_shown_nor_kept_in_the_history_of_the_page(world: World) -> None:
    value = '{"endpoint": "https://push.example/abc", "keys": {"p256dh": "secret-one", "auth": "secret-two"}}'
    world.post("/people/ana", {**ANA, "contacts": [{"kind": "push", "value": value}]})
    text = world.page(PAGE).text
    assert "secret-one" not in text
    assert "subscription" in text


def test_people_are_listed_with_how_well_each_is_reached(world: World) -> None:
    world.post("/people/ana", ANA)
    world.post("/people/bo", {"name": "Bo"})
    text = world.page("/settings/people").text
    assert "0 of 2 are reached by a way that was proved" in text
    assert "by nothing" in text
    assert (
        world.form("/settings/people", "/settings/people", {"name": "Cy Okafor", "email": "cy@example.com"}).headers["location"]
        == "/settings/people/cy-okafor"
    )
    assert world.form("/settings/people", "/settings/people", {"name": "山田"}).status == 422


def test_a_team_shows_who_is_in_it_by_name_and_what_it_owns(world: World) -> None:
    world.post("/people/ana", ANA)
    assert (
        filled(world, "/settings/teams", "/settings/teams", {"name": "Payments", "member": ["ana"]}).headers["location"]
        == "/settings/teams/payments"
    )
    world.post("/services/api", {"name": "Payment API", "owner": "payments"})
    world.post("/schedules/duty", {"name": "Duty", "team": "payments", "layers": [{"id": "w", "groups": [["ana"]]}]})
    text = world.page("/settings/teams/payments").text
    for words in ("Ana Reyes", "Payment API", "Duty"):
        assert words in text
    assert filled(world, "/settings/teams/payments", "/settings/teams/payments/save", {"member": []}).status == 303
    assert "reaches nobody" in world.page("/settings/teams/payments").text


def test_an_owner_that_is_no_team_is_named(world: World) -> None:
    assert world.post("/services/api", {"name": "API", "owner": "ghosts"})["warnings"] == ["There is no team ghosts."]
    assert "ghosts" in world.page("/settings/teams").text
