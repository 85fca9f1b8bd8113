"""Four people work one incident at once, each in a browser of their own; what one does the others see in less than a second.

The torture form plays the whole of the reference procedure through the pages, from the alert to the last follow-up; the short one its main turns.
"""

from __future__ import annotations

import statistics
import sys
import time
from pathlib import Path
from typing import Any, Final

import pytest
from playwright.sync_api import Browser

from tests.browser import acting
from tests.browser.chromium import Visitor
from tests.browser.conftest import Visit
from tests.browser.house import House
from tests.server import Server
from tocsin.cli.client import HttpTransport
from tocsin.drills.model import Scenario, Step
from tocsin.drills.player import Played, Player, _filled
from tocsin.drills.player import Server as Api
from tocsin.drills.run import load_shipped

ROOM: Final = ("charlie", "alice", "diana", "eve")
"""Commander, technical lead, communications, scribe."""


def test_four_people_work_one_incident_and_see_each_other_at_once(house: House, visit: Visit) -> None:
    incident = house.declare(title="Four people work on this")
    at = f"/incidents/{incident}"
    people = {name: visit(name) for name in ROOM}
    for visitor in people.values():
        visitor.see(at)
        visitor.page.wait_for_timeout(200)
    waits: list[float] = []

    def acts(who: str, verb: str, fields: dict[str, Any], having: dict[str, str] | None = None, button: str = "button") -> None:
        before = acting.version(house.server, incident)
        acting.send(people[who].page, f"{at}/{verb}", fields, having, button)
        since = time.monotonic()
        number = acting.version(house.server, incident)
        assert number > before, f"{verb} by {who} changed nothing"
        waits.extend(acting.wait_until_seen((other for name, other in people.items() if name != who), number, since))

    acts("charlie", "roles", {"person": "charlie"}, {"role": "ic"}, "button[value='now']")
    acts("charlie", "roles", {"person": "alice"}, {"role": "tech_lead"}, "button[value='now']")
    acts("alice", "entries", {"kind": "OBSERVATION", "text": "Error rate at 35 %"}, button="button.primary")
    acts("eve", "entries", {"kind": "ACTION", "text": "Looking at the connection pool"}, button="button.primary")
    acts("charlie", "entries", {"kind": "DECISION", "text": "Roll back"}, button="button.primary")
    acts("alice", "mitigations", {"text": "Back to v2.3.0"}, {"kind": "rollback"})
    acts("diana", "links", {"system": "bridge", "url": "https://meet.example.com/1"})
    for visitor in people.values():
        text = visitor.page.locator("#timeline").inner_text()
        assert all(said in text for said in ("Error rate at 35 %", "Looking at the connection pool", "Roll back"))
    assert statistics.median(waits) < 1, waits
    assert max(waits) < 5, waits


class InPages(Player):
    """Plays a scenario as its people would: whoever has a browser acts in it, everybody else over the API."""

    def __init__(self, server: Server, people: dict[str, Visitor], given: dict[str, str]) -> None:
        super().__init__(Api(HttpTransport(f"http://127.0.0.1:{server.port}"), server.token), given)
        self.house = server
        self.people = people
        self.waits: list[float] = []
        self.by_hand = 0
        self.otherwise: list[str] = []

    def _take(self, step: Step, scenario: Scenario, known: dict[str, Any]) -> Played:
        visitor = self.people.get(step.actor or "")
        act = getattr(self, f"_{step.do}", None)
        if visitor is None or act is None or step.expect.status:
            if visitor is not None and step.do not in ("look", "wait"):
                self.otherwise.append(step.do)
            return super()._take(step, scenario, known)
        body = _filled(step.body, known)
        incident = str(known.get("incident", ""))
        before = acting.version(self.house, incident) if incident else 0
        try:
            act(visitor, incident, body, known)
        except AssertionError as error:
            return Played(step, 0, None, str(error))
        since = time.monotonic()
        self.by_hand += 1
        incident = str(known.get("incident", ""))
        number = acting.version(self.house, incident)
        if number <= before:
            return Played(step, 0, None, "it changed nothing")
        for other in self.people.values():
            if other.page.url.rpartition("/")[2].partition("?")[0] != incident:
                other.page.goto(f"/incidents/{incident}")
        self.waits += acting.wait_until_seen((other for other in self.people.values() if other is not visitor), number, since)
        view = self.server.get(f"/incidents/{incident}")
        for name, where in step.save.items():
            if where == "mitigation":
                known[name] = view["mitigations"][-1]["id"]
        return Played(step, 200, view)

    def _declare(self, visitor: Visitor, _incident: str, body: dict[str, Any], known: dict[str, Any]) -> None:
        page = visitor.see(f"/declare?alert={body['alerts'][0]}")
        acting.fill(
            page.locator("#declare-form"),
            {"title": body["title"], "service": body["service"], "impact": body["impact"], "started_at": str(body["started_at"])},
        )
        page.wait_for_timeout(600)
        acting.fill(page.locator("#declare-form"), {"severity": body["severity"]})
        page.locator("#level button, #declare-form button.primary").last.click()
        page.wait_for_url("**/incidents/INC-*", wait_until="commit")
        known["incident"] = page.url.rpartition("/")[2].partition("?")[0]

    def _log(self, visitor: Visitor, incident: str, body: dict[str, Any], _known: dict[str, Any]) -> None:
        when = body.get("happened") or body.get("at")
        text = f"[{str(when)[11:16] if 'T' in str(when) else when}] {body['text']}" if when else body["text"]
        fields: dict[str, Any] = {"kind": body["kind"]}
        if reading := body.get("reading"):
            fields |= {"measure": reading["measure"], "value": reading["value"]}
        acting.send(visitor.page, f"/incidents/{incident}/entries", {**fields, "text": text}, button="button.primary")

    def _role(self, visitor: Visitor, incident: str, body: dict[str, Any], _known: dict[str, Any]) -> None:
        acting.send(
            visitor.page,
            f"/incidents/{incident}/roles",
            {"person": body["person"], "note": body.get("note", "")},
            {"role": body["role"]},
            "button[value='now']",
        )

    def _stage(self, visitor: Visitor, incident: str, body: dict[str, Any], _known: dict[str, Any]) -> None:
        place = acting.form(visitor.page, f"/incidents/{incident}/stage", {"stage": body["stage"]})
        fields = {"confirm": True} if place.locator("[name=confirm]").count() else {}
        acting.send(visitor.page, f"/incidents/{incident}/stage", fields, {"stage": body["stage"]})

    def _resolve(self, visitor: Visitor, incident: str, _body: dict[str, Any], known: dict[str, Any]) -> None:
        self._stage(visitor, incident, {"stage": "resolved"}, known)

    def _mitigate(self, visitor: Visitor, incident: str, body: dict[str, Any], _known: dict[str, Any]) -> None:
        fields: dict[str, Any] = {name: body[name] for name in ("text", "before", "confirmed") if name in body}
        acting.send(visitor.page, f"/incidents/{incident}/mitigations", fields, {"kind": body["kind"]})

    def _mitigated(self, visitor: Visitor, incident: str, body: dict[str, Any], _known: dict[str, Any]) -> None:
        place = acting.form(visitor.page, f"/incidents/{incident}/mitigations/complete", {"mitigation": body["mitigation"]})
        fields: dict[str, Any] = {
            name: body[name] for name in ("text", "after") if name in body and place.locator(f"[name={name}]").count()
        }
        acting.send(visitor.page, f"/incidents/{incident}/mitigations/complete", fields, {"mitigation": body["mitigation"]})

    def _tick(self, visitor: Visitor, incident: str, body: dict[str, Any], _known: dict[str, Any]) -> None:
        acting.send(visitor.page, f"/incidents/{incident}/checks/tick", {"evidence": body.get("evidence", "")}, {"item": body["item"]})

    def _waive(self, visitor: Visitor, incident: str, body: dict[str, Any], _known: dict[str, Any]) -> None:
        acting.send(visitor.page, f"/incidents/{incident}/checks/waive", {"reason": body["reason"]}, {"item": body["item"]})

    def _figure(self, visitor: Visitor, incident: str, body: dict[str, Any], _known: dict[str, Any]) -> None:
        fields = {
            "value": body["value"],
            "source": body.get("source", ""),
            "estimate": bool(body.get("estimate")),
        }
        acting.send(visitor.page, f"/incidents/{incident}/figures", fields, {"figure": body["figure"]})

    def _link(self, visitor: Visitor, incident: str, body: dict[str, Any], _known: dict[str, Any]) -> None:
        acting.send(visitor.page, f"/incidents/{incident}/links", dict(body["link"]))

    def _invite(self, visitor: Visitor, incident: str, body: dict[str, Any], _known: dict[str, Any]) -> None:
        acting.send(visitor.page, f"/incidents/{incident}/invitations", {"people": " ".join(body["people"]), "why": body["why"]})

    def _milestone(self, visitor: Visitor, incident: str, body: dict[str, Any], _known: dict[str, Any]) -> None:
        when = str(body["when"])
        fields = {"milestone": body["milestone"], "when": when[11:16] if "T" in when else when, "note": body.get("note", "")}
        acting.send(visitor.page, f"/incidents/{incident}/milestones", fields)

    def _assess(self, visitor: Visitor, incident: str, body: dict[str, Any], _known: dict[str, Any]) -> None:
        acting.send(visitor.page, f"/incidents/{incident}/assessment", {f"a.{name}": text for name, text in body["answers"].items()})

    def _done(self, visitor: Visitor, incident: str, body: dict[str, Any], _known: dict[str, Any]) -> None:
        place = visitor.page.locator(f'form[action="/incidents/{incident}/obligations/done"]')
        own = place.filter(has=visitor.page.locator(f'[name="obligation"][value="{body["obligation"]}"]'))
        name = body["obligation"] if own.count() else f"{body['obligation']}"
        acting.send(visitor.page, f"/incidents/{incident}/obligations/done", {"evidence": body.get("evidence", "")}, {"obligation": name})

    def _tell(self, visitor: Visitor, incident: str, body: dict[str, Any], _known: dict[str, Any]) -> None:
        path = f"/incidents/{incident}/updates/{body['message']}"
        page = visitor.see(path)
        place = page.locator("#compose")
        fields: dict[str, Any] = {f"f.{name}": value for name, value in body.get("fields", {}).items()}
        if body.get("status") and place.locator("[name=status]").count():
            fields["status"] = body["status"]
        span, moment = body.get("next_in"), body.get("next_at")
        if span and place.locator(f'[name=next][value="{span}"]').count():
            fields["next"] = span
        elif moment:
            text = str(moment)
            fields |= {"next": "own", "next_own": text[11:16] if "T" in text else text}
        elif body.get("when_resolved"):
            fields["next"] = "resolved"
        acting.send(page, path, fields, button="button[value='send']")
        page.goto(f"/incidents/{incident}")


@pytest.mark.torture
def test_the_whole_of_the_reference_procedure_is_played_through_the_pages(
    browser: Browser, tmp_path: Path, visit: Visit, capsys: pytest.CaptureFixture[str]
) -> None:
    scenario = load_shipped("000")
    server = Server(tmp_path / "data", "--virtual-clock", scenario.starts.isoformat(), "--playbook", scenario.playbook)
    try:
        key = server.request("GET", "/api/v1/intake")[1]["intake"][0]["url"].rpartition("/")[2]
        people = {name: visit(name, server=server) for name in ROOM}
        player = InPages(server, people, {"intake_key": key})
        outcome = player.play(scenario)
        with capsys.disabled():
            sys.stdout.write(
                f"\n{player.by_hand} steps in pages, the rest over the API ({', '.join(sorted(set(player.otherwise)))}); others saw them after "
                f"{statistics.median(player.waits):.2f} s (median of {len(player.waits)}), {max(player.waits):.2f} s at most\n"
            )
        assert not outcome.failures, outcome.failures
        assert player.by_hand >= 60
        status, view = server.request("GET", f"/api/v1/incidents/{outcome.incident}")
        assert (status, view["stage"]) == (200, "closed")
        slow = [wait for wait in player.waits if wait >= 1]
        assert len(slow) <= len(player.waits) // 50, slow
    finally:
        for visitor in people.values():
            visitor.page.close()
        server.stop()
