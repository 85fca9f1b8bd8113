"""The command line of paging, as people type it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Shell, WorldTransport
from tests.paging.scene import Scene
from tocsin.cli import client as client_module


@pytest.fixture
def tocsin(scene: Scene, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Shell:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("tocsin.cli.shell.connect", lambda *given: client_module.Client(WorldTransport(scene), "", given[3] or ""))
    for name in ("ana", "bo"):
        scene.person(name, "sms")
    return Shell(scene)


def test_a_page_is_opened_shown_explained_acknowledged_and_ended(tocsin: Shell, scene: Scene) -> None:
    scene.policy("p", ["person:ana"], ["person:bo"])
    said = tocsin('page --policy p --title "Checkout errors" --urgency high').out
    page = scene.get("/pages")["pages"][0]["id"]
    assert said.startswith(f"{page} (number 1) calls ana.")
    scene.app.runtime.settle()
    assert "Checkout errors" in tocsin("pages").out
    assert "ana is notified by sms" in tocsin(f"pages show {page}").out
    explained = tocsin(f"explain page {page.lower()}").out
    assert "version 1 of p, as it was when the page was opened" in explained
    assert "message 1 by sms" in explained
    assert "calls bo" in tocsin(f"pages escalate {page}").out
    assert "handed on; calls ana" in tocsin(f"pages hand {page} --to ana").out
    assert "silent until 15:30 UTC" in tocsin(f"pages snooze {page} --until 15:30").out
    assert f"{page}: acknowledged, until " in tocsin(f"pages ack {page} --by ana").out
    assert "already acknowledged by ana" in tocsin(f"pages ack {page} --by bo").out
    assert "ended" in tocsin(f"pages resolve {page}").out
    assert tocsin("pages").out == "Nobody is being called.\n"
    assert tocsin("pages list --state all --json").json["pages"][0]["state"] == "resolved"


def test_a_page_for_an_incident_stands_on_its_timeline(tocsin: Shell, scene: Scene) -> None:
    incident = scene.declare()
    tocsin(f'page --incident {incident} --person bo --title "Look at the database"')
    texts = [line["text"] for line in scene.get(f"/incidents/{incident}/timeline")]
    assert any("Look at the database" in text for text in texts)


def test_whom_nobody_reaches_is_said_at_once(tocsin: Shell) -> None:
    said = tocsin('page --to schedule:nowhere --title "Checkout errors"').out
    assert "calls nobody" in said
    assert "not reached: schedule:nowhere: there is no such schedule" in said
    assert "it counts as unanswered" in said


def test_only_one_way_of_saying_whom_is_taken(tocsin: Shell) -> None:
    assert "Give one of" in tocsin("page --title x --policy p --person ana", code=2).err


def test_policies_are_applied_shown_rehearsed_and_retired(tocsin: Shell, tmp_path: Path) -> None:
    (tmp_path / "p.yaml").write_text("policy: p\nsteps:\n  - {to: [person:ana], wait: 5m}\n  - {to: [schedule:none]}\n")
    assert "Step 2 reaches nobody at any time" in tocsin("policy apply p.yaml", code=1).err
    assert "accepted: step 2 reaches nobody" in tocsin('policy apply p.yaml --waive "a test"').out
    assert "a hole is accepted" in tocsin("policy list").out
    assert "schedule:none" in tocsin("policy show p").out
    assert "+5 min" in tocsin("policy test p").out
    assert tocsin("policy shipped --json").json["shipped"][0] == "compact"
    assert "retired" in tocsin("policy retire p").out
    (tmp_path / "wrong.yaml").write_text("policy: p\nsteps: nobody\n")
    assert "wrong.yaml:1:1: in the policy p" in tocsin("policy apply wrong.yaml", code=1).err


def test_the_hours_at_which_nobody_is_reached_end_with_one(tocsin: Shell, scene: Scene) -> None:
    scene.post("/services/shop", {"name": "Shop", "page": ["ana"]})
    assert "somebody is reached at every hour" in tocsin("doctor reach --severity SEV1").out
    scene.post("/services/shop", {"name": "Shop", "page": ["schedule:none"]})
    said = tocsin("doctor reach --severity SEV1", code=1).out
    assert "At any time: a SEV1 on shop reaches nobody" in said
    assert tocsin("doctor reach --json", code=1).json["whole"] is False


def test_the_doctor_names_whom_playbooks_in_use_call_and_nobody_stands_for(tocsin: Shell, scene: Scene) -> None:
    scene.post("/services/shop", {"name": "Shop", "page": ["ana"], "playbook": "nine-stage"})
    said = tocsin("doctor reach").out
    assert "playbook nine-stage: Nobody stands for" in said
    assert "escalation_matrix" in said
    scene.policy("Escalation-Matrix", ["person:ana"])
    again = tocsin("doctor reach").out
    assert "escalation_matrix" not in again
    checks = {one["name"]: one for one in tocsin("--server http://127.0.0.1:1 doctor --json").json["checks"]}
    assert (checks["roles of nine-stage"]["grade"], "would page nobody" in checks["roles of house"]["says"]) == ("warn", True)


def test_the_pagers_watch_is_set_and_shown(tocsin: Shell) -> None:
    tocsin("pager set --last-resort ana --synthetic-every 1h --synthetic-to bo")
    said = tocsin("pager show").out
    assert "The pager is well." in said
    assert "every 1h to bo" in said
    tocsin("pager set --synthetic-every off")
    assert "Synthetic page  off" in tocsin("pager show").out
    assert "Last resort     ana" in tocsin("pager show").out
