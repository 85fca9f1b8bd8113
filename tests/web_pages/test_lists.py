"""Lists: filters live in the address, several things are done at once after a second press, and every alert tells why it called people or not."""

from __future__ import annotations

import csv
import io
import re
from html import unescape

from tests.web_pages.test_mended import fire, group_of
from tests.web_pages.test_pages import words
from tests.world import World


def test_incidents_are_found_by_words_state_team_days_and_whose_they_are(world: World) -> None:
    world.post("/teams/pay", {"name": "Payments", "members": ["ana"]})
    world.post("/services/payment-api", {"name": "Payment API", "owner": "pay"})
    world.declare(title="Card payments fail")
    other = world.declare(title="The wiki is gone", service="wiki", severity="SEV-3")
    world.post(f"/incidents/{other}/roles", {"role": "ic", "person": "ana"})
    world.post(f"/incidents/{other}/dismiss", {"reason": "a test"})

    def titles(query: str, person: str = "alice") -> set[str]:
        page = world.page(f"/incidents?{query}", person=person).text
        return {title for title in ("Card payments fail", "The wiki is gone") if title in page}

    assert titles("text=wiki") == {"The wiki is gone"}
    assert titles("state=ended") == {"The wiki is gone"}
    assert titles("team=pay") == {"Card payments fail"}
    assert titles("mine=1", "ana") == {"The wiki is gone"}
    assert titles("from=2025-10-27&to=2025-10-27") == {"Card payments fail", "The wiki is gone"}
    assert titles("from=2025-10-28") == set()
    assert titles("severity=SEV-3&text=gone&state=open") == set()
    shown = words(world.page("/incidents?severity=SEV-3").text)
    assert "All 1 Open 0 Ended 1" in shown
    assert "is not a day" in world.page("/incidents?from=yesterday").text


def test_the_list_can_be_taken_away_as_csv_in_which_nothing_runs(world: World) -> None:
    world.declare(title='=HYPERLINK("http://evil","x")')
    world.declare(title="Private matter", private=True)
    answer = world.page("/incidents.csv", person="zoe")
    assert answer.headers["content-type"].startswith("text/csv")
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [row["title"][:2] for row in rows] == ["'="]
    assert rows[0]["declared_at"] == "2025-10-27T14:25:00Z"


def test_several_groups_are_acknowledged_after_a_page_that_names_how_many(world: World) -> None:
    groups = [group_of(world, fire(world, name, fingerprint=name)) for name in ("One", "Two")]
    asked = world.send_form("/groups/selected", with_guard(world, "/groups", {"do": "acknowledge", "group": groups[0]}))
    assert "Acknowledge 1 group" in words(asked.text)
    assert world.get(f"/groups/{groups[0]}")["acknowledged_by"] == ""
    sure = world.send_form(
        "/groups/selected", with_guard(world, "/groups", {"do": "acknowledge", "group": groups[0], "sure": "1", "back": "/groups"})
    )
    assert sure.headers["location"] == "/groups"
    assert world.get(f"/groups/{groups[0]}")["acknowledged_by"] == "alice"
    assert world.get(f"/groups/{groups[1]}")["acknowledged_by"] == ""


def with_guard(world: World, page: str, fields: dict[str, str]) -> dict[str, str]:
    """Return the fields with what makes them a form of this page."""
    text = world.page(page).text
    token = re.search(r'name="csrf" value="([^"]+)"', text)
    assert token
    return {"csrf": token.group(1), **fields}


def test_nothing_is_done_where_nothing_was_ticked_or_where_one_may_not_read_it(world: World) -> None:
    none = world.send_form("/groups/selected", with_guard(world, "/groups", {"do": "acknowledge"}))
    assert none.status == 422
    assert "Nothing was ticked" in none.text


def test_several_are_silenced_attached_and_declared_from(world: World) -> None:
    alert = fire(world, service="payment-api")
    group = group_of(world, alert)
    no_reason = world.send_form("/groups/selected", with_guard(world, "/groups", {"do": "silence", "group": group, "sure": "1"}))
    assert no_reason.status == 422
    assert "A silence needs a reason" in no_reason.text
    incident = world.declare(title="Payments fail", service="payment-api")
    world.send_form("/groups/selected", with_guard(world, "/groups", {"do": "attach", "group": group, "sure": "1", "incident": incident}))
    assert world.get(f"/groups/{group}")["incident"] == incident
    world.send_form(
        "/groups/selected", with_guard(world, "/groups", {"do": "silence", "group": group, "sure": "1", "for": "1h", "why": "known"})
    )
    assert [one["group"] for one in world.get("/silences")["silences"]] == [group]
    declare = world.send_form("/alerts/selected", with_guard(world, "/alerts", {"do": "declare", "alert": alert}))
    assert declare.headers["location"] == f"/declare?alert={alert}"


def test_an_alert_says_why_it_called_people_or_why_it_did_not(world: World) -> None:
    alert = fire(world)
    said = words(world.page(f"/alerts/{alert}").text)
    assert "It came" not in said
    assert "sent it, with the request R-1." in said
    quiet = fire(world, "Hushed", fingerprint="ff99")
    world.post("/silences", {"match": 'alertname="Hushed"', "until": "2025-10-28T12:00:00Z", "why": "known"})
    said = words(world.page(f"/alerts/{quiet}").text)
    assert "Hushed is firing" in said
    assert f'href="/groups/{group_of(world, alert)}"' in world.page(f"/alerts/{alert}").text


def test_alerts_are_found_by_matchers_level_and_age(world: World) -> None:
    fire(world, "DiskFull", fingerprint="aa11")
    assert "DiskFull is firing" in world.page("/alerts?label=alertname%3D%22DiskFull%22").text
    assert "No alert fits" in world.page("/alerts?label=alertname%3D%22Other%22").text
    assert world.page("/alerts?label=%7Bbroken").status == 200
    world.advance(hours=2)
    assert "No alert fits" in world.page("/alerts?age=1h").text
    assert "DiskFull is firing" in world.page("/alerts?age=24h").text


def test_a_receipt_shows_the_body_and_what_became_of_each_alert(world: World) -> None:
    alert = fire(world)
    listed = world.page("/receipts").text
    receipt = re.search(r'href="(/receipts/R-\d+)"', listed)
    assert receipt
    page = world.page(unescape(receipt.group(1)))
    said = words(page.text)
    assert "1 alert in it" in said
    assert f'href="/alerts/{alert}"' in page.text
    assert "It began, and opened a group." in said
    whole = world.page(f"{receipt.group(1)}/body")
    assert whole.headers["content-disposition"].startswith("attachment")
    assert '"alertname"' in whole.text
    assert world.page(f"/receipts?text={receipt.group(1).rpartition('/')[2]}").headers["location"] == receipt.group(1)


def test_a_silence_shows_what_it_would_keep_quiet_is_made_longer_and_ended(world: World) -> None:
    alert = fire(world)
    preview = world.page("/silences/preview?match=alertname%3D%22HighErrorRate%22").text
    assert f'href="/alerts/{alert}"' in preview
    world.form("/silences", "/silences", {"match": 'alertname="HighErrorRate"', "for": "1h", "why": "known"})
    silence = world.get("/silences")["silences"][0]["id"]
    one = f"/silences/{silence}"
    assert "1 alert is kept quiet by it now" in words(world.page(one).text)
    world.form(one, f"{one}/extend", {"for": "1h"})
    assert world.get(one)["until"] == "2025-10-27T16:25:00Z"
    world.form(one, f"{one}/expire")
    assert world.get(one)["state"] == "expired"


def test_maintenance_is_planned_changed_ended_and_cancelled_on_the_clocks_of_its_zone(world: World) -> None:
    world.post("/services/payments", {"name": "Payments"})
    fields = {
        "title": "Upgrade",
        "since": "2025-10-27T16:00",
        "until": "2025-10-27T18:00",
        "zone": "Europe/Berlin",
        "services": "payments",
        "public_title": "Short pauses",
    }
    made = world.form("/maintenance/new", "/maintenance", fields)
    assert made.status == 303
    page = made.headers["location"]
    view = world.get(page)
    assert (view["since"], view["until"], view["public"]) == ("2025-10-27T15:00:00Z", "2025-10-27T17:00:00Z", True)
    edit = world.page(f"{page}/edit").text
    assert 'value="2025-10-27T16:00"' in edit
    world.form(f"{page}/edit", page, {"until": "2025-10-27T19:00"})
    assert world.get(page)["until"] == "2025-10-27T18:00:00Z"
    wrong = world.form("/maintenance/new", "/maintenance", {**fields, "until": "2025-10-27T10:00"})
    assert wrong.status == 422
    assert 'value="Upgrade"' in wrong.text
    world.advance(hours=1)
    world.form(page, f"{page}/end")
    assert world.get(page)["state"] == "over"
    later = world.form(
        "/maintenance/new", "/maintenance", {**fields, "since": "2025-10-28T16:00", "until": "2025-10-28T18:00", "repeats": "week"}
    )
    world.form(later.headers["location"], f"{later.headers['location']}/cancel", {"why": "not needed"})
    assert world.get(later.headers["location"])["state"] == "cancelled"
