"""What the pages show: what is going on, the list, an incident at a glance and in full, as of an earlier moment."""

from __future__ import annotations

import re
from html import unescape

from tests.insights.scenario import Walkthrough
from tests.world import World


def words(page: str) -> str:
    """Return what a page says, without its tags."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", re.sub(r"(?s)<(script|style)\b.*?</\1>", " ", page))).split())


def test_nothing_going_on_teaches_with_one_command(world: World) -> None:
    shown = words(world.page("/").text)
    assert "Nothing is on fire" in shown
    assert 'tocsin incident declare --title "' in shown
    assert " --as NAME" in shown


def test_the_first_page_tells_severity_stage_lead_running_time_and_what_is_due_next(world: World) -> None:
    world.at("14:30")
    incident = world.declare(started_at="2025-10-27T14:20:00Z")
    world.at("14:33")
    page = world.page("/")
    shown = words(page.text)
    assert "SEV-1" in shown
    assert "Investigating" in shown
    assert "IC alice" in shown
    assert "running 13:00" in shown
    assert "First post in the war room in 02:00" in shown
    assert f'href="/incidents/{incident}"' in page.text
    world.at("14:37")
    assert "First post in the war room 02:00 late" in words(world.page("/").text)


def test_the_worst_incident_stands_first_and_an_ended_one_below(world: World) -> None:
    minor = world.declare(title="A logo is wrong", severity="SEV-3", id="INC-20251027-AAAAAA")
    worse = world.declare(title="Nobody can pay", severity="SEV-1", id="INC-20251027-BBBBBB")
    gone = world.declare(title="A false alarm", severity="SEV-2", id="INC-20251027-CCCCCC")
    world.post(f"/incidents/{gone}/dismiss", {"reason": "a test"})
    page = world.page("/").text
    assert page.index(worse) < page.index(minor) < page.index("Recently ended") < page.index(gone)


def test_the_list_is_filtered_by_its_address_and_the_filters_are_shown_again(world: World) -> None:
    world.declare(title="Nobody can pay", severity="SEV-1")
    world.declare(title="A logo is wrong", severity="SEV-3", service="invoices")
    page = world.page("/incidents?severity=SEV-3&service=invoices&state=open").text
    assert "A logo is wrong" in page
    assert "Nobody can pay" not in page
    assert re.search(r"<option[^>]* selected>SEV-3</option>", page)
    assert 'name="service" value="invoices"' in page
    assert "No incident fits" in world.page("/incidents?severity=SEV-9").text


def test_a_long_list_goes_on_where_the_page_before_ended(world: World) -> None:
    for number in range(52):
        world.declare(title=f"Number {number}.", id=f"INC-20251027-X{number:03}")
        world.advance(minutes=1)
    first = world.page("/incidents?state=open").text
    older = re.search(r'href="(/incidents\?[^"]+)">Older', first)
    assert older
    second = world.page(unescape(older.group(1))).text
    assert "Number 51." in first
    assert "Number 1." not in first
    assert "Number 1." in second
    assert "Number 51." not in second


def test_an_incident_tells_at_a_glance_what_how_bad_who_how_long_and_what_next(world: World) -> None:
    world.at("14:30")
    incident = world.declare(started_at="2025-10-27T14:20:00Z", impact="Half of the payments fail")
    world.at("14:32")
    page = world.page(f"/incidents/{incident}").text
    head = words(page[page.index('id="head"') : page.index('class="tools"')])
    assert "SEV-1" in head
    assert "High error rate in payment API" in head
    assert "Half of the payments fail" in head
    assert "Running 12:00" in head
    assert "Stage Investigating" in head
    assert "IC alice" in head
    assert "Next: First post in the war room in 03:00" in head


def test_entries_are_marked_by_kind_a_decision_apart_and_one_written_down_late_says_so(world: World) -> None:
    world.at("14:40")
    incident = world.declare()
    world.post(f"/incidents/{incident}/entries", {"kind": "DECISION", "text": "Roll back"})
    world.post(f"/incidents/{incident}/entries", {"kind": "OBSERVATION", "text": "It began here", "at": "2025-10-27T14:28:00Z"})
    reading = {"kind": "OBSERVATION", "text": "Falling", "reading": {"measure": "error_rate", "value": 22}}
    world.post(f"/incidents/{incident}/entries", reading)
    page = world.page(f"/incidents/{incident}").text
    assert re.search(r'<li class="row look-ruling"(?:(?!</li>).)*Roll back', page, re.DOTALL)
    late = re.search(r'<li class="row look-entry"(?:(?!</li>).)*It began here(?:(?!</li>).)*</li>', page, re.DOTALL)
    assert late
    assert "written down 14:40" in late.group()
    assert "Error rate 22 %" in words(page)
    assert page.index("It began here") < page.index("Roll back")


def test_a_correction_shows_what_was_said_before_and_why(world: World) -> None:
    incident = world.declare()
    entry = world.post(f"/incidents/{incident}/entries", {"kind": "OBSERVATION", "text": "30 connections"})["entry"]
    world.post(f"/incidents/{incident}/entries/correct", {"entry": entry, "text": "80 connections", "reason": "misread"})
    row = world.page(f"/incidents/{incident}").text.split(f'id="f{entry}"')[1].split("</li>")[0]
    assert "80 connections" in row
    assert "corrected" in row
    assert re.search(r"<s>[^<]*30 connections</s>", row)
    assert "misread" in row


def test_quiet_facts_in_a_row_are_folded_into_one_line_that_opens(world: World) -> None:
    incident = world.declare()
    world.post(f"/incidents/{incident}/invitations", {"people": ["bob", "dora", "eve"]})
    page = world.page(f"/incidents/{incident}").text
    folded = re.search(r'<li class="row look-fold".*?</ol>', page, re.DOTALL)
    assert folded
    assert "3 people invited" in folded.group()
    assert folded.group().count("Invited ") == 3


def test_a_message_can_be_opened_exactly_as_it_was_sent(world: World) -> None:
    world.at("14:30")
    incident = world.declare(impact="Payments fail")
    fields = {"headline": "Payments & cards", "impact": ["<b>Checkout</b> fails"]}
    world.post(
        f"/incidents/{incident}/updates", {"message": "customer_initial", "fields": fields, "next_in": "30m", "status": "Investigating"}
    )
    sent = next(message for message in world.outbox() if "Payments & cards" in message["subject"])
    page = world.page(f"/incidents/{incident}").text
    shown = re.search(r'<p class="message-subject"[^>]*>(.*?)</p><pre[^>]*>(.*?)</pre>', page, re.DOTALL)
    assert shown
    assert (unescape(shown.group(1)), unescape(shown.group(2))) == (sent["subject"], sent["body"])
    assert "<b>Checkout</b>" not in page
    assert "promised next: 15:00 UTC" in words(page)


def test_duties_show_what_was_kept_missed_and_waived_and_the_gate_what_it_wants(world: World) -> None:
    world.at("14:30")
    incident = world.declare()
    world.post(f"/incidents/{incident}/obligations/waive", {"obligation": "support_told", "reason": "they told us"})
    world.at("14:40")
    shown = words(world.page(f"/incidents/{incident}").text)
    assert "Tell the support team waived" in shown
    assert "they told us (alice)" in shown
    assert re.search(r"First post in the war room 05:00 late .*?overdue", shown)
    assert re.search(r"\d+ kept", shown)
    for stage in ("mitigating", "monitoring"):
        world.post(f"/incidents/{incident}/stage", {"stage": stage})
    shown = words(world.page(f"/incidents/{incident}").text)
    assert "0 of 11" in shown
    assert "Resolution criteria, still missing:" in shown
    assert "Error rate at its baseline" in shown


def test_mitigations_milestones_durations_and_figures_are_shown(world: World) -> None:
    world.at("14:30")
    incident = world.declare(started_at="2025-10-27T14:20:00Z")
    world.post(f"/incidents/{incident}/mitigations", {"kind": "rollback", "text": "Back to v2.3.0", "before": "v2.3.1"})
    world.at("14:35")
    world.post(f"/incidents/{incident}/mitigations/complete", {"mitigation": "M1", "after": "v2.3.0"})
    shown = words(world.page(f"/incidents/{incident}").text)
    assert "M1 Back to v2.3.0" in shown
    assert "14:30 – 14:35 (5 min)" in shown
    assert "v2.3.1 → v2.3.0" in shown
    assert "Impact started 14:20 +0 s" in shown
    assert "Declared 14:30 +10 min" in shown


def test_the_past_is_shown_as_it_had_happened_or_as_it_was_known(world: World) -> None:
    world.at("14:30")
    incident = world.declare()
    world.at("14:50")
    world.post(f"/incidents/{incident}/entries", {"kind": "OBSERVATION", "text": "Told afterwards", "at": "2025-10-27T14:35:00Z"})
    happened = world.page(f"/incidents/{incident}?at=2025-10-27T14:40Z")
    known = world.page(f"/incidents/{incident}?at=2025-10-27T14:40&reading=known_by")
    assert "Told afterwards" in happened.text
    assert "Told afterwards" not in known.text
    for page in (happened, known):
        assert 'class="room past ' in page.text
        assert "As of 2025-10-27 14:40:00 UTC" in words(page.text)
        assert f'href="/incidents/{incident}">Back to now' in page.text
        assert 'id="composer"' not in page.text
        assert f'action="/incidents/{incident}/' not in page.text
        assert "data-feed" not in page.text
    assert "Running 10:00" in words(happened.text)


def test_the_slider_leads_to_an_address_that_can_be_shared(world: World) -> None:
    incident = world.declare()
    world.advance(minutes=30)
    answer = world.page(f"/incidents/{incident}?start=2025-10-27T14:25:00Z&step=12&reading=known_by")
    assert (answer.status, answer.headers["location"]) == (303, f"/incidents/{incident}?at=2025-10-27T14%3A37Z&reading=known_by")


def test_the_weeks_after_the_resolution_take_little_of_the_slider(world: World) -> None:
    incident = Walkthrough(world).play()
    world.advance(days=30)
    world.post(f"/incidents/{incident}/entries", {"kind": "OBSERVATION", "text": "a look back"})
    page = world.page(f"/incidents/{incident}").text
    slider = re.search(r'name="step" min="0" max="(\d+)"[^>]* data-start="([^"]+)" data-bend="(\d+)" data-coarse="(\d+)"', page)
    assert slider is not None
    steps, begun, bend, coarse = slider.groups()
    assert 50 <= int(bend) <= 60, "the 47 minutes until it was resolved, and a little"
    assert int(bend) < int(steps) < int(bend) * 1.3
    query = f"start={begun}&bend={bend}&coarse={coarse}"
    assert "2025-10-27T14%3A40Z" in world.page(f"/incidents/{incident}?{query}&step=20").headers["location"]
    assert "2025-11-2" in world.page(f"/incidents/{incident}?{query}&step={steps}").headers["location"]


def test_nonsense_in_an_address_is_a_refusal_and_no_failure(world: World) -> None:
    incident = world.declare()
    for query in ("at=yesterday", "at=0001-01-01T00:00%2B14:00", "at=2025-10-27T14:20Z"):
        answer = world.page(f"/incidents/{incident}?{query}")
        assert answer.status in (404, 422)
        assert "There is nothing here" in answer.text or "This was refused" in answer.text
    for query in ("since=%C2%B2", "since=" + "9" * 5000, "step=99999999999&start=9999-12-31T00:00Z", "entries=none"):
        assert world.page(f"/incidents/{incident}?{query}").status == 200


def test_a_page_that_is_open_is_sent_only_what_changed(world: World) -> None:
    incident = world.declare()
    first = world.post(f"/incidents/{incident}/entries", {"kind": "OBSERVATION", "text": "the old entry"})["entry"]
    version = world.get(f"/incidents/{incident}")["version"]
    world.post(f"/incidents/{incident}/entries", {"kind": "OBSERVATION", "text": "the new entry"})
    part = world.page(f"/incidents/{incident}?since={version}").text
    assert "the new entry" in part
    assert "the old entry" not in part
    version = world.get(f"/incidents/{incident}")["version"]
    world.post(f"/incidents/{incident}/entries/correct", {"entry": first, "text": "the old entry, mended"})
    part = world.page(f"/incidents/{incident}?since={version}").text
    assert "the old entry, mended" in part
    assert "the new entry" not in part


def test_a_very_long_timeline_shows_its_end_first_and_the_rest_on_demand(world: World) -> None:
    incident = world.declare()
    for number in range(420):
        world.post(f"/incidents/{incident}/entries", {"kind": "OBSERVATION", "text": f"entry {number};"})
    page = world.page(f"/incidents/{incident}").text
    assert "entry 419;" in page
    assert "entry 3;" not in page
    assert "earlier rows" in page
    assert "entry 3;" in world.page(f"/incidents/{incident}?entries=all").text


def test_an_unknown_incident_or_address_is_answered_with_a_page_and_a_program_with_a_problem(world: World) -> None:
    page = world.page("/incidents/INC-20251027-NONE00")
    assert page.status == 404
    assert "There is nothing here" in page.text
    assert world.page("/nowhere").status == 404
    problem = world.send("GET", "/nowhere")
    assert problem.headers["content-type"] == "application/problem+json"
    assert problem.json["status"] == 404


def test_alerts_have_a_page_whose_link_changes_nothing_and_whose_button_acknowledges(world: World) -> None:
    key = world.get("/intake")["intake"][0]["url"].rpartition("/")[2]
    alert = {
        "status": "firing", "labels": {"alertname": "HighErrorRate", "service": "payment-api", "severity": "critical"},
        "annotations": {"summary": "Error rate <35 %>"}, "startsAt": "2025-10-27T14:25:00Z", "endsAt": "0001-01-01T00:00:00Z",
        "fingerprint": "aa11", "generatorURL": "http://prometheus.example/graph",
    }  # fmt: skip
    body = {
        "version": "4", "groupKey": "g", "status": "firing", "receiver": "tocsin", "groupLabels": {}, "commonLabels": {}, "commonAnnotations": {},
        "externalURL": "http://am", "truncatedAlerts": 0, "alerts": [alert],
    }  # fmt: skip
    assert world.send("POST", f"/intake/alertmanager/{key}", body).status == 200
    name = world.get("/alerts")["alerts"][0]["id"]
    assert "Error rate &lt;35 %&gt;" in world.page("/alerts").text
    assert "Acknowledge" in world.page(f"/alerts/{name}").text
    assert world.get(f"/alerts/{name}")["acknowledged_at"] is None
    assert world.form(f"/alerts/{name}", f"/alerts/{name}/acknowledge", person="bob").status == 303
    assert world.get(f"/alerts/{name}")["acknowledged_by"] == "bob"
    assert "bob is on it" in words(world.page(f"/alerts/{name}").text)
