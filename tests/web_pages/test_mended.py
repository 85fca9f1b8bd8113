"""From an alert to its incident, what fires and is nobody's incident, forms that speak their own words, parts that stay in view."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

from tests.web_pages.test_pages import words
from tests.world import World, forms_of


def fire(world: World, name: str = "HighErrorRate", service: str = "payment-api", fingerprint: str = "aa11") -> str:
    """Let an alert fire that began at 14:25; return its id."""
    key = world.get("/intake")["intake"][0]["url"].rpartition("/")[2]
    alert: dict[str, Any] = {
        "status": "firing", "labels": {"alertname": name, "service": service}, "annotations": {"summary": f"{name} is firing"},
        "startsAt": "2025-10-27T14:25:00Z", "endsAt": "0001-01-01T00:00:00Z", "fingerprint": fingerprint, "generatorURL": "http://p.example/g",
    }  # fmt: skip
    body = {
        "version": "4", "groupKey": "g", "status": "firing", "receiver": "tocsin", "groupLabels": {}, "commonLabels": {}, "commonAnnotations": {},
        "externalURL": "http://am", "truncatedAlerts": 0, "alerts": [alert],
    }  # fmt: skip
    assert world.send("POST", f"/intake/alertmanager/{key}", body).status == 200
    return next(str(one["id"]) for one in world.get("/alerts")["alerts"] if one["title"] == f"{name} is firing")


def group_of(world: World, alert: str) -> str:
    return str(world.get(f"/alerts/{alert}")["group"])


def test_an_incident_declared_from_an_alert_has_the_alert_its_service_its_start_and_who_is_on_it(world: World) -> None:
    world.post("/services/payment-api", {"name": "Payment API", "aliases": ["pay"]})
    world.at("14:30")
    name = fire(world, service="pay")
    world.form(f"/alerts/{name}", f"/alerts/{name}/acknowledge", person="bob")
    link = re.search(r'href="(/declare\?alert=[^"]+)"', world.page(f"/alerts/{name}").text)
    assert link
    shown = world.page(unescape(link.group(1)))
    assert "From the alert HighErrorRate is firing" in words(shown.text)
    form = next(one for one in forms_of(shown.text) if one.action == "/declare" and one.method == "post")
    assert (form.fields["alert"], form.fields["service"], form.fields["started_at"]) == (name, "payment-api", "2025-10-27 14:25:00")
    world.at("14:32")
    answer = world.send_form("/declare", form.fields, person="alice")
    assert answer.status == 303
    incident = answer.headers["location"]
    view = world.get(incident)
    moments = {one["id"]: one["at"] for one in view["milestones"]}
    assert (view["title"], view["service"], moments["impact_started"]) == ("HighErrorRate is firing", "payment-api", "2025-10-27T14:25:00Z")
    assert moments["acknowledged"] == "2025-10-27T14:30:00Z"
    page = world.page(incident).text
    assert f'href="/alerts/{name}"' in page
    assert f"{incident}/acknowledge" not in page
    assert incident.rpartition("/")[2] in world.page(f"/alerts/{name}").text


def test_a_refused_declaration_keeps_its_alert(world: World) -> None:
    name = fire(world, service="something else")
    shown = world.form(f"/declare?alert={name}", "/declare", {"started_at": "25:99"})
    assert shown.status == 422
    form = next(one for one in forms_of(shown.text) if one.action == "/declare")
    assert (form.fields["alert"], form.fields["service"], form.fields["started_at"]) == (name, "something else", "25:99")
    assert "From the alert HighErrorRate is firing" in words(shown.text)


def test_what_fires_without_an_incident_stands_on_the_first_page_who_nobody_is_on_first(world: World) -> None:
    taken = fire(world, "DiskFull", fingerprint="bb22")
    world.post(f"/alerts/{taken}/acknowledge", {"person": "bob"})
    fire(world, "Slow", fingerprint="dd44")
    open_one = fire(world, "Broken", fingerprint="cc33")
    assert world.form(f"/declare?alert={open_one}", "/declare").status == 303
    page = world.page("/").text
    firing = page[page.index('id="firing"') :].partition("</section>")[0]
    assert firing.index("Slow is firing") < firing.index("DiskFull is firing")
    assert "Broken is firing" not in firing
    assert firing.count(">Acknowledge</button>") == 1
    assert f'href="/declare?group={group_of(world, taken)}"' in firing
    assert "bob is on it" in words(firing)


def test_the_menu_counts_the_alerts_that_nobody_is_on_and_the_button_leads_back(world: World) -> None:
    assert 'class="badge"' not in world.page("/playbooks").text
    name = fire(world)
    assert "Alerts 1 1 firing that nobody is on Pages" in words(world.page("/playbooks").text)
    answer = world.form("/", f"/groups/{group_of(world, name)}/acknowledge", person="bob")
    assert (answer.status, answer.headers["location"]) == (303, "/")
    assert 'class="badge"' not in world.page("/").text
    assert "bob is on it" in words(world.page("/").text)


def test_a_button_leads_to_no_other_site(world: World) -> None:
    name = fire(world)
    answer = world.form("/", f"/groups/{group_of(world, name)}/acknowledge", {"after": "//elsewhere.example"})
    assert answer.headers["location"] == "/"


def test_declaring_chooses_the_level_for_doubt_and_asks_for_the_playbook_first(world: World) -> None:
    page = world.page("/declare?playbook=house").text
    said = words(page)
    assert "SEV1 Critical by the rule for doubt While the answer is not known, take SEV1 and lower it when it is." in said
    assert said.endswith("Declare SEV1")
    assert page.index('<select name="playbook"') < page.index('name="q.users_percent"')


def test_a_refused_message_speaks_of_what_stands_on_the_form(world: World) -> None:
    page = f"/incidents/{world.declare()}/updates/room_update"
    shown = world.form(page, page, {"f.now": "We look", "next": "", "do": "send"})
    said = words(re.search(r'(?s)<div class="banner".*?</div>\s*</div>', shown.text).group())  # type: ignore[union-attr]
    assert "Choose when the next update follows, or “when resolved”." in said
    assert "next_at" not in said
    empty = {field: "" for field in next(f for f in forms_of(shown.text) if f.action == page).fields if field.startswith("f.")}
    shown = world.form(page, page, {**empty, "next": "15m", "do": "send"})
    said = words(re.search(r'(?s)<div class="banner".*?</div>\s*</div>', shown.text).group())  # type: ignore[union-attr]
    assert "Fill in what is missing." in said
    assert re.search(r"needs: “[^”]+”", said)
    assert "fields" not in said


def test_only_what_was_filled_says_that_the_record_filled_it(world: World) -> None:
    page = world.page(f"/incidents/{world.declare()}/updates/customer_initial").text
    assert "from the impact of the incident" not in page
    page = world.page(f"/incidents/{world.declare(impact='Half of the payments fail')}/updates/customer_initial").text
    assert page.count("from the impact of the incident") == 1


def test_after_an_action_a_phone_shows_the_part_that_it_was_taken_in(world: World) -> None:
    page = f"/incidents/{world.declare()}"
    for verb, part, anchor in (("obligations/waive", "duties", "duties"), ("roles", "people", "roles"), ("stage", "people", "stage")):
        extra = {"reason": "not now"} if verb == "obligations/waive" else {"person": "eve"} if verb == "roles" else {}
        answer = world.form(page, f"{page}/{verb}", extra)
        assert answer.headers["location"] == f"{page}?part={part}#{anchor}"
        shown = world.page(answer.headers["location"].partition("#")[0]).text
        assert re.search(rf'id="seg-{part}" class="seg" checked', shown)
        assert not re.search(r'id="seg-timeline" class="seg" checked', shown)
        assert f'id="{anchor}"' in shown
    world.post(f"{page}/stage", {"stage": "monitoring"})
    answer = world.form(page, f"{page}/checks/waive", {"item": "resolution.error_rate", "reason": "close enough"})
    assert answer.headers["location"] == f"{page}?part=duties#check-resolution.error_rate"


def test_a_gate_names_all_that_it_wants_each_with_its_criterion(world: World) -> None:
    page = f"/incidents/{world.declare()}"
    for stage in ("mitigating", "monitoring"):
        world.post(f"{page}/stage", {"stage": stage})
    shown = world.page(page).text
    way = next(one for one in world.get(page)["ways"] if one["to"] == "resolved")
    listed = re.search(r'(?s)<ul class="missing">(.*?)</ul>', shown)
    assert listed
    assert listed.group(1).count("<li>") == len(way["missing"]) > 4
    assert "more" not in words(listed.group(1)).split()
    linked = re.findall(r'href="\?part=duties#(check-[^"]+)"', listed.group(1))
    assert len(linked) >= 11
    for anchor in linked:
        assert f'id="{anchor}"' in shown


def test_a_postmortem_begins_with_its_contents_and_leads_to_the_first_gap(world: World) -> None:
    incident = world.declare()
    page = f"/incidents/{incident}/postmortem"
    world.form(page, page)
    shown = world.page(page).text
    wanted = len(world.get(page)["to_write"])
    assert f'<a class="button primary" href="#gap-1">{wanted} still to be written</a>' in shown
    assert shown.count('class="gap" id="gap-') == wanted
    assert shown.index('href="#gap-1"') < shown.index('id="gap-1"')
    for section in re.findall(r'<section id="(s-[^"]+)"', shown.split('class="pm-sections"')[1]):
        assert f'href="#{section}"' in shown


def test_commands_in_a_refusal_are_shown_as_code(world: World) -> None:
    form = next(form for form in forms_of(world.page("/sign-in", person="").text) if form.action == "/sign-in")
    shown = world.send_form("/sign-in", {**form.fields, "person": "alice", "token": "wrong"}, person="").text
    assert "<code>tocsin serve</code> prints it" in shown
    assert "`" not in words(shown)
