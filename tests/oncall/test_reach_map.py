"""The reachability map: what it shows of every service, why, and that it is worked out anew when something changes."""

from tests.world import World
from tocsin.oncall.reach_map import Names, mends
from tocsin.paging import reach_queries

NAMES = Names({"ana": "Ana Reyes"}, {"payments": "Payments"}, {"core": "Core"})


def prove(world: World, person: str) -> None:
    world.post(f"/people/{person}/contacts/code", {"contact": "file"})
    code = [message for message in world.outbox() if message["kind"] == "person.verify"][-1]["values"]["code"]
    world.post(f"/people/{person}/contacts/confirm", {"contact": "file", "code": code})


def test_a_service_that_nobody_is_paged_for_says_so_and_where_it_is_mended(payments: World) -> None:
    payments.post("/services/blog", {"name": "Blog"})
    text = payments.page("/on-call/reach").text
    assert "1 of 1 service has hours" in text
    assert "Name who is paged" in text
    assert 'href="/settings/services/blog#change"' in text


def test_ways_that_nobody_proved_are_not_certain_and_a_proof_mends_the_map(payments: World) -> None:
    payments.post("/policies/pay", {"steps": [{"to": ["schedule:payments"]}]})
    payments.post("/services/api", {"name": "Payment API", "policy": "pay"})
    text = payments.page("/on-call/reach").text
    assert "Nobody for certain" in text
    assert "no way was ever proved" in text
    for person in ("ana", "bo", "cy"):
        prove(payments, person)
    assert "At every hour of the coming week a page of every service reaches somebody" in payments.page("/on-call/reach").text


def test_a_gap_of_a_schedule_is_a_hole_of_its_services(payments: World) -> None:
    prove(payments, "ana")
    payments.post(
        "/schedules/office",
        {"zone": "UTC", "name": "Office", "layers": [{"id": "d", "groups": [["ana"]], "hours": [{"start": "08:00", "end": "18:00"}]}]},
    )
    payments.post("/policies/office", {"steps": [{"to": ["schedule:office"]}], "waive": "Nights are not covered."})
    payments.post("/services/build", {"name": "Build farm", "policy": "office"})
    text = payments.page("/on-call/reach").text
    assert "Nobody is on call in Office." in text
    assert 'href="/on-call/office"' in text
    assert 'fill="url(#reach-nobody)"' in text
    assert "Build farm" in payments.page("/on-call/reach?holes=1&urgency=low").text
    assert "None fits" in payments.page("/on-call/reach?text=nothing").text


def test_the_week_is_worked_out_once_until_something_changes(payments: World) -> None:
    payments.post("/services/api", {"name": "Payment API", "page": ["schedule:payments"]})
    weeks = reach_queries.Weeks()
    runtime = payments.app.runtime
    with runtime.reading() as reader:
        first = reach_queries.week(weeks, reader, "high")
        assert reach_queries.week(weeks, reader, "high") is first
    payments.post("/people/ana/change", {"zone": "UTC"})
    with runtime.reading() as reader:
        assert reach_queries.week(weeks, reader, "high") is not first


def test_every_reason_is_a_sentence_with_names_and_a_page() -> None:
    found = mends(
        "schedule:payments: nobody is on call; ana: sms is not proved; team:core: nobody is in this team; person:zoe: there is no such person",
        "api",
        "pay",
        NAMES,
    )
    assert [(one.says, one.href) for one in found] == [
        ("Nobody is on call in Payments.", "/on-call/payments"), ("Ana Reyes: no way was ever proved.", "/settings/people/ana"),
        ("Team Core: nobody is in this team.", "/settings/teams/core"), ("zoe: there is no such person.", "/settings/people"),
    ]  # fmt: skip
