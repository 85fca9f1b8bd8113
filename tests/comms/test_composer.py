"""The composer: the audience that is due first, fields from the record, the playbook's rhythm, a preview to the letter, what was sent."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.status.scene import components
from tests.web_pages.test_pages import words
from tests.world import World, forms_of


@pytest.fixture
def house(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path / "data", playbook="house")
    components(made)
    made.at("14:30")
    yield made
    made.close()


@pytest.fixture
def incident(house: World) -> str:
    return house.declare(
        title="payment-api 5xx",
        service="payment-api",
        severity="SEV1",
        impact="Half of the payments fail",
        started_at="2025-10-27T14:20:00Z",
    )


def composer(world: World, incident: str, message: str = "customer_initial", **more: Any) -> str:
    answer = world.page(f"/incidents/{incident}/updates/{message}", **more)
    assert answer.status == 200, words(answer.text)
    return answer.text


def send(world: World, incident: str, message: str, **fields: str) -> Any:
    path = f"/incidents/{incident}/updates/{message}"
    return world.form(path, path, {"do": "send", **fields})


def test_it_opens_with_what_is_due_first_and_every_audience_with_its_countdown(house: World, incident: str) -> None:
    answer = house.page(f"/incidents/{incident}/updates")
    assert answer.headers["location"] == f"/incidents/{incident}/updates/first_post"
    text = words(composer(house, incident, "first_post"))
    assert all(name in text for name in ("Room", "Stakeholders", "Executives", "Customers"))
    send(house, incident, "first_post", **{"f.next": "look at the deploy"})
    later = house.page(f"/incidents/{incident}/updates").headers["location"]
    assert later != f"/incidents/{incident}/updates/first_post"


def test_fields_come_from_the_record_with_their_source(house: World, incident: str) -> None:
    house.post(f"/incidents/{incident}/entries", {"kind": "ACTION", "text": "Rolling back 4.12"})
    text = words(composer(house, incident, "stakeholder_update"))
    assert "Half of the payments fail" in text
    assert "from the impact of the incident" in text
    assert "Rolling back 4.12" in text
    assert "from the timeline 14:30" in text


def test_what_lasts_from_update_to_update_need_not_be_typed_again_and_news_must(house: World, incident: str) -> None:
    send(house, incident, "customer_initial", **{"f.headline": "Cards are refused", "f.workaround": "Pay in cash"})
    form = next(one for one in forms_of(composer(house, incident, "customer_update")) if one.action.endswith("customer_update"))
    assert (form.fields["f.headline"], form.fields["f.workaround"], form.fields["f.news"]) == ("Cards are refused", "Pay in cash", "")
    assert "as in the last update 14:30" in words(composer(house, incident, "customer_update"))


def test_the_promises_offered_are_the_rhythm_of_the_playbook_and_the_usual_one_is_chosen(house: World, incident: str) -> None:
    text = composer(house, incident, "customer_initial")
    offered = re.findall(r'name="next" value="([^"]+)"', text)
    book = house.get("/playbooks/house")
    rhythm = (
        {rule["every"] for rule in book["obligations"] if rule.get("every") and "customers" in (rule["done"].get("update_to") or [])}
        if "obligations" in book
        else {"30m", "1h"}
    )
    assert [one for one in offered if one not in ("resolved", "own")] == sorted(rhythm, key=lambda one: (one.endswith("h"), one))
    assert re.search(r'name="next" value="30m" checked', text)
    sent = send(house, incident, "customer_initial", **{"f.headline": "Cards are refused"})
    assert sent.status == 303
    assert house.get(f"/incidents/{incident}/updates")["updates"][0]["next_at"] == "2025-10-27T15:00:00Z"


def test_the_preview_without_a_script_shows_each_form_and_advises_on_wording(house: World, incident: str) -> None:
    path = f"/incidents/{incident}/updates/customer_initial"
    answer = house.form(
        path, path, {"do": "preview", "f.headline": "We think bob broke db-7", "f.impact": "See https://grafana.internal/x"}
    )
    text = words(answer.text)
    assert answer.status == 200
    assert "We think bob broke db-7" in text
    assert all(name in text for name in ("Status page", "Mail", "Webhook"))
    assert "This reads as a guess." in text
    assert text.count("Only the house knows this.") == 2
    assert house.get(f"/incidents/{incident}/updates")["updates"] == []


def test_the_live_preview_is_a_fragment_and_also_says_what_the_button_will_do(house: World, incident: str) -> None:
    path = f"/incidents/{incident}/updates/customer_initial"
    form = next(one for one in forms_of(house.page(path).text) if one.action == path)
    answer = house.send_form(f"{path}/preview", {**form.fields, "f.headline": "Cards are refused"})
    assert answer.status == 200
    assert "<html" not in answer.text
    assert "Cards are refused" in answer.text
    assert '<span id="effect" hx-swap-oob="true">Publish on the status page</span>' in answer.text
    empty = house.send_form(f"{path}/preview", {**form.fields, "f.headline": ""})
    assert "needs: “What does not work, in the words of a customer”" in words(empty.text)


def test_the_preview_is_what_is_sent(house: World, incident: str) -> None:
    path = f"/incidents/{incident}/updates/stakeholder_update"
    shown = words(composer(house, incident, "stakeholder_update"))
    house.form(path, path, {"do": "send"})
    message = next(one for one in house.outbox() if one["kind"] == "incident.update")
    assert words(message["body"]) in shown


def test_the_button_names_whom_it_reaches(house: World, incident: str) -> None:
    assert "Send to Stakeholders" in words(composer(house, incident, "stakeholder_update"))
    house.post("/api/v1/status-page", {"name": "Us", "on": False})
    text = words(composer(house, incident, "customer_initial"))
    assert "The status page is off, so nobody outside reads this." in text
    assert "Send to Customers" in text


def test_an_incident_that_is_private_says_that_nothing_goes_outside(house: World) -> None:
    secret = house.declare(title="Secret", severity="SEV1", private=True)
    text = words(composer(house, secret, "customer_initial"))
    assert "This incident is private: nothing of it reaches the status page or its subscribers." in text
    assert "On the status page" not in text


def test_what_each_system_becomes_is_chosen_in_the_form_and_kept(house: World, incident: str) -> None:
    send(
        house,
        incident,
        "customer_initial",
        **{
            "f.headline": "Cards are refused",
            "c.payment-api": "major_outage",
            "c.checkout": "degraded_performance",
            "headline": "Payments are down",
        },
    )
    form = next(one for one in forms_of(composer(house, incident, "customer_update")) if one.action.endswith("customer_update"))
    assert (form.fields["c.payment-api"], form.fields["c.checkout"], form.fields["c.search"]) == (
        "major_outage",
        "degraded_performance",
        "",
    )
    assert "Payments are down" in house.page("/status", person="").text


def test_the_status_that_was_told_last_is_not_taken_back_by_the_form(house: World, incident: str) -> None:
    send(house, incident, "customer_initial", **{"f.headline": "x", "status": "Identified"})
    form = next(one for one in forms_of(composer(house, incident, "customer_update")) if one.action.endswith("customer_update"))
    assert form.fields["status"] == "Identified"


def test_a_correction_begins_with_the_old_words_and_is_sent_as_one(house: World, incident: str) -> None:
    send(house, incident, "customer_initial", **{"f.headline": "Cards are refused", "f.impact": "90 % fail"})
    fact = house.get(f"/incidents/{incident}/updates")["updates"][0]["fact"]
    house.advance(minutes=4)
    path = f"/incidents/{incident}/updates/customer_initial?corrects={fact}"
    form = next(one for one in forms_of(house.page(path).text) if one.action.endswith("customer_initial"))
    assert (form.fields["f.impact"], form.fields["corrects"]) == ("90 % fail", str(fact))
    house.send_form(form.action, {**form.fields, "f.impact": "40 % fail", "do": "send"})
    sent = [one for one in house.outbox() if one["kind"] == "incident.update"]
    assert sent[-1]["subject"] == "Correction: Cards are refused"
    assert sent[-1]["body"].startswith("This corrects what we said at 14:30 UTC.")


def test_what_was_told_shows_promises_and_failed_messages_with_a_button_that_sends_them_again(house: World, incident: str) -> None:
    send(house, incident, "customer_initial", **{"f.headline": "Cards are refused"})
    house.app.runtime.settle()
    house.app.runtime.write(_fail)
    house.advance(minutes=31)
    text = words(composer(house, incident, "customer_update"))
    assert "Customers were promised an update by 15:00 UTC." in text
    assert "file: failed" in text
    assert "the disk is full" in text
    before = len(house.outbox())
    path = f"/incidents/{incident}/updates/customer_update"
    assert house.form(path, f"/incidents/{incident}/updates/again").status == 303
    assert len(house.outbox()) == before + 1
    assert "file: failed" not in words(composer(house, incident, "customer_update"))


def _fail(connection: Any) -> dict[str, Any]:
    """Have the message that the file channel wrote be one that it could not write."""
    table = __import__("tocsin.engine.tables", fromlist=["deliveries"]).deliveries
    connection.execute(
        table.update().where(table.c.channel == "file", table.c.kind == "incident.update").values(state="failed", error="the disk is full")
    )
    return {}


def test_a_refused_form_keeps_what_was_typed(house: World, incident: str) -> None:
    path = f"/incidents/{incident}/updates/customer_initial"
    answer = house.form(
        path, path, {"do": "send", "f.headline": "Cards", "next": "own", "next_own": "25:99", "c.checkout": "partial_outage"}
    )
    assert answer.status == 422
    form = next(one for one in forms_of(answer.text) if one.action == path)
    assert (form.fields["f.headline"], form.fields["next_own"], form.fields["c.checkout"]) == ("Cards", "25:99", "partial_outage")


def test_who_may_not_read_the_incident_may_not_see_its_composer(house: World) -> None:
    secret = house.declare(title="Secret", severity="SEV1", private=True)
    for path in ("updates", "updates/customer_initial"):
        assert house.page(f"/incidents/{secret}/{path}", person="mallory").status == 404
