"""Who reads a private incident: those whom it names; it can be made private and public again, and people can be asked out."""

from __future__ import annotations

import asyncio
from typing import Any
from urllib.parse import urlencode

import pytest
from sqlalchemy import select

from tests.world import World, forms_of
from tocsin.engine import rebuild
from tocsin.engine.model import Viewer
from tocsin.incidents import feed_queries
from tocsin.incidents.belonging_queries import hidden_streams
from tocsin.incidents.tables import incident_readers


def raised(world: World, name: str) -> dict[str, Any]:
    body = {"title": name, "service": name, "severity": "critical", "labels": {"alertname": name}}
    return dict(world.post("/alerts", body)["alerts"][0])


def readers(world: World, incident: str) -> set[str]:
    """Return who reads a private incident, by the read table."""
    with world.app.runtime.reading() as reader:
        return {row.person for row in reader.rows(select(incident_readers).where(incident_readers.c.incident == incident))}


def listed(world: World, person: str) -> set[str]:
    """Return the incidents that somebody is shown."""
    return {row["id"] for row in world.send("GET", "/incidents", person=person).json["incidents"]}


def rebuilds(world: World) -> None:
    """Read tables equal a rebuild."""
    with world.app.runtime.database.reading() as connection:
        wrong = rebuild.differences(connection, world.app.runtime.registry)
    assert [one for one in wrong if one.startswith(("incident_readers", "incident_attachments", "incidents:"))] == []


@pytest.fixture
def private(world: World) -> str:
    """An incident that alice declared as private."""
    return world.declare(private=True)


def test_a_private_incident_is_read_by_whom_it_names_and_by_nobody_else(world: World, private: str) -> None:
    world.post(f"/incidents/{private}/roles", {"role": "tech_lead", "person": "bob"})
    world.post(f"/incidents/{private}/invitations", {"people": ["carol"]})
    world.post(f"/incidents/{private}/entries", {"kind": "OBSERVATION", "text": "seen", "by": "dora"})
    assert {"alice", "bob", "carol", "dora"} <= readers(world, private)
    for person in ("alice", "bob", "carol", "dora"):
        assert listed(world, person) == {private}
    assert listed(world, "eve") == set()
    rebuilds(world)


def test_who_held_a_role_once_still_reads_it(world: World, private: str) -> None:
    world.post(f"/incidents/{private}/roles", {"role": "tech_lead", "person": "bob"})
    world.post(f"/incidents/{private}/roles", {"role": "tech_lead", "person": "carol"})
    assert {"bob", "carol"} <= readers(world, private)


def test_whoever_its_pages_call_reads_it(world: World, private: str) -> None:
    world.post("/people/frank", {"name": "Frank", "contacts": [{"kind": "console", "value": "frank"}]})
    assert "frank" not in readers(world, private)
    world.post("/pages", {"title": "Come", "targets": ["person:frank"], "incident": private})
    assert "frank" in readers(world, private)
    assert listed(world, "frank") == {private}
    rebuilds(world)


def test_a_page_is_seen_by_whom_it_calls_and_not_by_others(world: World, private: str) -> None:
    world.post("/people/frank", {"name": "Frank", "contacts": [{"kind": "console", "value": "frank"}]})
    page = world.post("/pages", {"title": "Come", "targets": ["person:frank"], "incident": private})["page"]
    assert world.send("GET", f"/pages/{page}", person="frank").status == 200
    hidden, nothing = world.send("GET", f"/pages/{page}", person="eve"), world.send("GET", "/pages/P-NOBODY", person="eve")
    assert hidden.status == nothing.status == 404
    assert hidden.text == nothing.text.replace("P-NOBODY", page)


def test_what_one_may_not_read_looks_like_what_does_not_exist(world: World, private: str) -> None:
    for path in ("", "/timeline", "/metrics", "/postmortem", "/actions", "/evidence", "/verify"):
        hidden = world.send("GET", f"/incidents/{private}{path}", person="eve")
        nothing = world.send("GET", f"/incidents/INC-20251027-NOBODY{path}", person="eve")
        assert hidden.status == nothing.status == 404
        assert hidden.text == nothing.text.replace("INC-20251027-NOBODY", private)
        assert {**hidden.headers, "content-length": ""} == {**nothing.headers, "content-length": ""}


def test_nobody_lets_themselves_in(world: World, private: str) -> None:
    for path, body in (
        ("participants", {"person": "eve"}), ("invitations", {"people": ["eve"]}), ("acknowledge", {"person": "eve"}),
        ("roles", {"role": "ic", "person": "eve"}), ("entries", {"kind": "OBSERVATION", "text": "me", "by": "eve"}),
        ("privacy", {"private": False, "reason": "I want to see"}),
    ):  # fmt: skip
        assert world.refused(f"/incidents/{private}/{path}", body, person="eve")["status"] == 404
    assert "eve" not in readers(world, private)


def test_its_lead_makes_it_private_and_public_with_a_reason_that_stays(world: World) -> None:
    incident = world.declare(lead="alice")
    assert incident in listed(world, "eve")
    world.post(f"/incidents/{incident}/privacy", {"private": True, "reason": "Personal data is in it"})
    assert incident not in listed(world, "eve")
    assert "alice" in readers(world, incident)
    said = [line["text"] for line in world.get(f"/incidents/{incident}/timeline")]
    assert any("Private now" in text and "Personal data is in it" in text for text in said)
    world.post(f"/incidents/{incident}/privacy", {"private": False, "reason": "It was not"})
    assert incident in listed(world, "eve")
    assert readers(world, incident) == set()
    rebuilds(world)


def test_a_reason_is_asked_for(world: World) -> None:
    incident = world.declare(lead="alice")
    assert world.refused(f"/incidents/{incident}/privacy", {"private": True, "reason": " "})["field"] == "reason"


def test_who_makes_an_incident_private_reads_it(world: World) -> None:
    incident = world.declare()
    world.post(f"/incidents/{incident}/privacy", {"private": True, "reason": "Hush"}, person="mallory")
    assert "mallory" in readers(world, incident)


def test_the_form_of_a_room_says_who_reads_it(world: World) -> None:
    incident = world.declare(lead="alice")
    token = next(form.fields["csrf"] for form in forms_of(world.page("/incidents").text) if "csrf" in form.fields)

    def send(path: str, **fields: str) -> int:
        return world.send_form(f"/incidents/{incident}/{path}", {**fields, "csrf": token}).status

    assert send("privacy", private="yes", reason="Hush") == 303
    assert incident not in listed(world, "eve")
    assert send("privacy", private="perhaps", reason="Hush") == 422
    assert send("privacy", private="no") == 422
    assert send("uninvite", person="nobody") == 422
    assert world.page(f"/incidents/{incident}/privacy").status == 303


def test_who_holds_no_role_can_be_asked_out_and_in_again(world: World, private: str) -> None:
    world.post(f"/incidents/{private}/invitations", {"people": ["carol"]})
    world.post(f"/incidents/{private}/invitations/remove", {"person": "carol", "reason": "Not needed"})
    assert "carol" not in readers(world, private)
    world.post(f"/incidents/{private}/entries", {"kind": "OBSERVATION", "text": "carol saw it earlier", "by": "carol"})
    assert "carol" not in readers(world, private), "being mentioned is no invitation"
    world.post(f"/incidents/{private}/invitations", {"people": ["carol"]})
    assert "carol" in readers(world, private)
    rebuilds(world)


def test_who_holds_a_role_cannot_be_asked_out(world: World, private: str) -> None:
    world.post(f"/incidents/{private}/roles", {"role": "tech_lead", "person": "bob"})
    problem = world.refused(f"/incidents/{private}/invitations/remove", {"person": "bob"})
    assert problem["status"] == 409
    assert "tech_lead" in problem["detail"]


def test_the_last_who_reads_it_cannot_be_asked_out(world: World) -> None:
    incident = world.declare(private=True, triage=True)
    only = readers(world, incident)
    if only == {"alice"}:
        assert world.refused(f"/incidents/{incident}/invitations/remove", {"person": "alice"})["status"] == 409


def test_a_private_incident_is_not_merged_with_a_public_one(world: World, private: str) -> None:
    public = world.declare()
    for one, other in ((private, public), (public, private)):
        problem = world.refused(f"/incidents/{one}/merge", {"into": other})
        assert "private" in problem["detail"]
    hidden = world.refused(f"/incidents/{public}/merge", {"into": private}, person="eve")
    nothing = world.refused(f"/incidents/{public}/merge", {"into": "INC-20251027-NOBODY"}, person="eve")
    assert hidden == {**nothing, "detail": nothing["detail"].replace("INC-20251027-NOBODY", private)}


def test_readers_stay_the_same_through_redaction_and_a_rebuild(world: World, private: str) -> None:
    entry = world.post(f"/incidents/{private}/entries", {"kind": "OBSERVATION", "text": "the key is hunter2", "by": "dora"})["entry"]
    world.post(f"/incidents/{private}/entries/redact", {"fact": entry, "reason": "A leaked key"})
    world.restart()
    assert "dora" in readers(world, private)
    rebuilds(world)


def test_an_attachment_is_as_private_as_its_incident(world: World, private: str) -> None:
    def attach(incident: str, content: bytes) -> str:
        digest = str(world.send("POST", "/blobs?name=a.txt", raw=content, headers={"content-type": "text/plain"}).json["digest"])
        world.post(f"/incidents/{incident}/entries", {"kind": "OBSERVATION", "text": "see this", "attachments": [digest]})
        return digest

    secret, both = attach(private, b"secret"), attach(private, b"known to all")
    attach(world.declare(), b"known to all")
    assert world.send("GET", f"/blobs/{secret}", person="alice").status == 200
    assert world.send("GET", f"/blobs/{secret}", person="eve").status == 404
    assert world.send("GET", f"/blobs/{secret}", person="eve", headers={"if-none-match": f'"{secret}"'}).status == 404
    assert world.send("GET", f"/blobs/{both}", person="eve").status == 200
    rebuilds(world)


def test_what_belongs_to_a_private_incident_comes_back_when_it_is_public(world: World) -> None:
    receipt = world.post(
        "/intake/alertmanager/x",
        {"alerts": [{"status": "firing", "labels": {"alertname": "Disk", "service": "payment-api"}, "annotations": {}}]},
    )
    alert = receipt["alerts"][0]["alert"]
    incident = world.declare(private=True, alerts=[alert], lead="alice")

    def sees(person: str) -> list[bool]:
        alerts = {row["id"] for row in world.send("GET", "/alerts", person=person).json["alerts"]}
        receipts = {row["id"] for row in world.send("GET", "/receipts", person=person).json["receipts"]}
        return [alert in alerts, receipt["receipt"] in receipts, world.send("GET", f"/alerts/{alert}", person=person).status == 200]

    assert sees("alice") == [True] * 3
    assert sees("eve") == [False] * 3
    world.post(f"/incidents/{incident}/privacy", {"private": False, "reason": "Not needed any more"})
    assert sees("eve") == [True] * 3


def test_metrics_and_public_counts_leave_private_incidents_out(world: World, private: str) -> None:
    assert private not in world.send("GET", "/metrics", person="").text
    assert "tocsin_incidents_open{" not in world.send("GET", "/metrics", person="").text


def test_a_role_that_is_handed_over_in_private_is_told_to_no_audience(world: World, private: str) -> None:
    def told() -> list[str]:
        return [str(message["to"]) for message in world.outbox() if message["values"].get("message") == "roles"]

    before = told()
    world.post(f"/incidents/{private}/roles/offer", {"role": "ic", "person": "bob"})
    world.post(f"/incidents/{private}/roles/accept", {"role": "ic"}, person="bob")
    assert next(role["person"] for role in world.get(f"/incidents/{private}")["roles"] if role["role"] == "ic") == "bob"
    assert told() == before


def test_however_many_incidents_are_private_alerts_are_listed_for_everybody(world: World) -> None:
    hidden = raised(world, "hidden")
    for number in range(120):
        private = world.declare(title=f"private {number}", private=True)
        if number in (3, 90):
            world.post(f"/incidents/{private}/alerts", {"alert": hidden["alert"]})
    open_to_all = raised(world, "shown")
    for path in ("/alerts", "/groups", "/receipts"):
        assert world.page(path, "carol").status == 200
    listed_now = str(world.send("GET", "/alerts", person="carol").json)
    assert open_to_all["alert"] in listed_now
    assert world.send("GET", f"/alerts/{hidden['alert']}", person="carol").status == 404
    assert world.send("GET", f"/alerts/{open_to_all['alert']}", person="carol").status == 200


def test_an_alert_that_belongs_to_a_readable_incident_too_is_shown(world: World) -> None:
    alert = raised(world, "both")["alert"]
    for private in (True, False):
        world.post(f"/incidents/{world.declare(private=private)}/alerts", {"alert": alert})
    assert world.send("GET", f"/alerts/{alert}", person="carol").status == 200


def test_no_form_reaches_what_is_hidden_by_naming_it_before_something_else(world: World) -> None:
    hidden, own = raised(world, "hidden")["alert"], raised(world, "own")["alert"]
    world.post(f"/incidents/{world.declare(private=True)}/alerts", {"alert": hidden})
    incident = world.declare()
    fields = next(form for form in forms_of(world.page(f"/declare?alert={own}", "carol").text) if form.action.startswith("/declare")).fields
    body = urlencode([("csrf", fields["csrf"]), ("incident", incident), ("alert", hidden), ("alert", own)]).encode()
    headers = {"content-type": "application/x-www-form-urlencoded", "x-tocsin-person": "carol", "accept": "text/html"}
    assert asyncio.run(world._call("POST", "/declare/attach", headers, body)).status == 422
    assert world.send("GET", f"/alerts/{hidden}", person="carol").status == 404


def test_no_page_is_opened_for_a_group_that_one_may_not_see(world: World) -> None:
    group = raised(world, "hidden")["group"]
    world.post(f"/groups/{group}/link", {"incident": world.declare(private=True)})
    world.post("/people/carol", {"name": "Carol"})
    refused = world.send("POST", "/pages", {"title": "x", "targets": ["person:carol"], "group": group}, person="carol")
    assert (refused.status, refused.json["field"]) == (422, "group")


def test_a_page_that_was_opened_for_a_hidden_group_is_told_by_no_feed_and_in_no_list_of_records(world: World) -> None:
    group = raised(world, "hidden")["group"]
    private = world.declare(private=True)
    world.post(f"/groups/{group}/link", {"incident": private})
    page = world.post("/pages", {"title": "x", "targets": ["person:alice"], "group": group})["page"]
    with world.app.runtime.reading() as reader:
        assert f"page:{page}" in feed_queries.secret(reader, [f"page:{page}"])
        assert f"page:{page}" in hidden_streams(reader, Viewer("person", "carol"))
        assert f"page:{page}" not in hidden_streams(reader, Viewer("person", "alice"))
