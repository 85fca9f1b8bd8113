"""The pages of sources: addresses, set-up lines, a test alert by the real way in, mappings; and that only administrators see secrets."""

from datetime import UTC, datetime

import pytest

from tests.world import World
from tocsin.alerts import examples, setups
from tocsin.alerts.reading import Sent
from tocsin.alerts.registry import READERS
from tocsin.alerts.sources import report

NOW = datetime(2025, 10, 27, 14, 25, tzinfo=UTC)
TOOLS = [name for name in READERS if name != report.NAME]


@pytest.mark.parametrize("tool", TOOLS)
def test_every_tools_example_is_one_alert_that_begins_and_the_same_that_ends(tool: str) -> None:
    made = examples.example(tool, NOW, "k7q2xd")
    assert made is not None
    (begun,) = READERS[tool](Sent(made.body, NOW, made.media)).signals
    assert (begun.status, "Test alert" in begun.title) == ("firing", True)
    over = examples.example(tool, NOW, "k7q2xd", firing=False)
    assert (over is not None) == examples.ends(tool)
    if over is not None:
        (ended,) = READERS[tool](Sent(over.body, NOW, over.media)).signals
        assert (ended.status, ended.fingerprint) == ("resolved", begun.fingerprint)


@pytest.mark.parametrize("tool", READERS)
def test_every_tool_says_how_it_is_set_up_with_the_address_in_it(tool: str) -> None:
    found = setups.setup(tool, f"https://t.example/intake/{tool}/KEY", "KEY", "https://t.example", "t.example")
    assert "KEY" in found.lines
    assert found.steps
    assert "{" not in found.lines.replace('{"', "").replace("{{", "") or tool in ("generic", "nagios", "prometheus")
    assert setups.notes(tool)


def test_a_key_is_made_and_shows_its_address(world: World) -> None:
    sent = world.form("/settings/sources", "/settings/sources", {"name": "Production Grafana", "source": "grafana"})
    assert sent.headers["location"] == "/settings/sources/keys/production-grafana"
    key = world.get("/intake-keys/production-grafana")
    assert f"/intake/grafana/{key['secret']}" in world.page(sent.headers["location"]).text


def test_keys_for_mails_and_reports_show_the_mail_address_and_the_page(world: World) -> None:
    for name, source in (("mails", "email"), ("customers", "report")):
        world.post(f"/intake-keys/{name}", {"source": source})
    mails, customers = world.get("/intake-keys/mails"), world.get("/intake-keys/customers")
    assert mails["urls"]["email"].startswith(f"{mails['secret']}@")
    assert customers["urls"]["report"].endswith(f"/report/{customers['secret']}")
    assert f"{mails['secret']}@test" in world.page("/settings/sources/keys/mails").text
    assert "Open the form" in world.page("/settings/sources/keys/customers").text


def test_a_test_alert_goes_the_whole_way_shows_its_receipt_and_ends(world: World) -> None:
    world.post("/intake-keys/prod", {"source": "alertmanager"})
    page = "/settings/sources/keys/prod"
    sent = world.form(page, f"{page}/test")
    assert sent.status == 303
    where = sent.headers["location"].partition("#")[0]
    text = world.page(where).text
    assert "Taken</b> as" in text
    assert "<b>recorded</b>" in text
    assert [alert["state"] for alert in world.get("/alerts")["alerts"]] == ["firing"]
    world.form(where, f"{page}/test")
    assert [alert["state"] for alert in world.get("/alerts")["alerts"]] == ["resolved"]


def test_a_key_that_refuses_unsigned_requests_shows_the_refusal_of_the_test(world: World) -> None:
    world.post("/intake-keys/strict", {"source": "sentry", "strict": True, "options": {"secret": "s3cr3t-of-sentry"}})
    page = "/settings/sources/keys/strict"
    text = world.page(world.form(page, f"{page}/test").headers["location"].partition("#")[0]).text
    assert "Refused</b> as" in text


def test_a_mapping_shows_what_comes_of_a_body_before_it_is_saved(world: World) -> None:
    page = "/settings/sources/keys/first"
    mapping = "alerts: body.events\ntitle: alert.job\nstatus: alert.state\nstatuses: {broken: firing}\n"
    tried = world.form(page, f"{page}/mapping", {"mapping": mapping, "do": "preview"})
    assert "invoices" in tried.text
    wrong = world.form(page, f"{page}/mapping", {"mapping": "titel: body.x", "do": "preview"})
    assert "no field" in wrong.text
    part = world.form(page, f"{page}/mapping", {"mapping": "title: [", "do": "preview", "part": "1"})
    assert ("not YAML" in part.text, "<html" in part.text) == (True, False)
    assert world.form(page, f"{page}/mapping", {"mapping": mapping, "do": "save"}).status == 303
    assert world.get("/intake-keys/first")["options"]["mapping"]["title"] == "alert.job"


def test_a_key_is_rotated_switched_off_and_on(world: World) -> None:
    page = "/settings/sources/keys/first"
    before = world.get("/intake-keys/first")["secret"]
    world.form(page, f"{page}/rotate")
    assert world.get("/intake-keys/first")["secret"] != before
    world.form(page, f"{page}/disable", {"why": "leaked"})
    assert "leaked" in world.page(page).text
    world.form(page, f"{page}/enable")
    assert world.get("/intake-keys/first")["disabled"] is False
    assert before not in world.page(page).text


def test_each_tool_has_a_page_with_its_notes_and_an_unknown_one_has_none(world: World) -> None:
    text = world.page("/settings/sources/tools/zabbix").text
    assert "{EVENT.NAME}" in text
    assert "Send a test alert as Zabbix would" in text
    assert world.page("/settings/sources/tools/nothing").status == 404


def test_the_list_says_when_each_key_last_sent_something(world: World) -> None:
    assert "nothing yet" in world.page("/settings/sources").text
    page = "/settings/sources/keys/first"
    world.form(page, f"{page}/test", {"tool": "grafana"})
    assert "1 recorded" in world.page("/settings/sources").text


def test_heartbeats_are_made_reported_and_changed_on_pages(world: World) -> None:
    assert (
        world.form("/settings/heartbeats", "/settings/heartbeats", {"name": "Nightly backup"}).headers["location"]
        == "/settings/heartbeats/nightly-backup"
    )
    page = "/settings/heartbeats/nightly-backup"
    assert "/beat/" in world.page(page).text
    world.form(page, f"{page}/beat")
    assert "Well" in world.page(page).text
    world.form(page, f"{page}/save", {"every": "soon"})
    world.form(page, f"{page}/save", {"every": "12h"})
    assert world.get("/heartbeats/nightly-backup")["saved"]["every"] == "12h"
    world.form(page, f"{page}/mute")
    assert world.get("/heartbeats/nightly-backup")["muted"] is True
