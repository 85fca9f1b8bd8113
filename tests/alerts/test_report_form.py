"""Customers and support report trouble with a form that needs no account."""

from tests.world import World
from tocsin.alerts.report_pages import Bucket

PATH = "/report/any-key"


def test_a_report_is_an_alert_that_a_customer_detected_and_the_form_says_where_it_is_kept(world: World) -> None:
    answer = world.form(PATH, PATH, {"title": "Cannot pay", "details": "Nothing happens", "contact": "kim@example.com"}, person="")
    assert answer.status == 303
    shown = world.page(answer.headers["location"], person="")
    assert "Thank you" in shown.text
    (alert,) = world.get("/alerts", source="report")["alerts"]
    assert (alert["title"], alert["how"], alert["state"]) == ("Cannot pay", "customer", "firing")
    assert alert["id"] not in shown.text


def test_what_was_typed_is_still_there_when_something_is_missing(world: World) -> None:
    answer = world.form(PATH, PATH, {"title": " ", "details": "It <b>breaks</b>"}, person="")
    assert answer.status >= 400
    assert "It &lt;b&gt;breaks&lt;/b&gt;" in answer.text
    assert world.get("/alerts")["alerts"] == []


def test_the_form_cannot_say_how_it_was_detected_or_set_labels(world: World) -> None:
    world.send_form(PATH, {"title": "x", "how": "heartbeat", "labels": "team:payments", "severity": "critical"}, person="")
    (alert,) = world.get("/alerts")["alerts"]
    assert (alert["how"], alert["severity"]) == ("customer", "")


def test_a_machine_that_fills_in_everything_makes_no_alert(world: World) -> None:
    assert world.send_form(PATH, {"title": "Buy", "website": "http://spam.example"}, person="").status == 303
    assert world.get("/alerts")["alerts"] == []
    assert len(world.get("/receipts")["receipts"]) == 1


def test_one_address_may_send_a_few_reports_at_once_and_then_one_now_and_then(world: World) -> None:
    statuses = [world.send_form(PATH, {"title": f"Report {n}"}, person="").status for n in range(12)]
    assert (statuses[:10], statuses[10:]) == ([303] * 10, [429] * 2)
    world.advance(minutes=1)
    assert world.send_form(PATH, {"title": "Later"}, person="").status == 303


def test_the_bucket_forgets_nobody_who_waits_and_lets_time_count() -> None:
    bucket = Bucket(at_once=2, per_second=0.5)
    assert [bucket.take("a", 0.0) for _ in range(3)] == [True, True, False]
    assert bucket.take("b", 0.0)
    assert [bucket.take("a", 2.0), bucket.take("a", 2.0)] == [True, False]
