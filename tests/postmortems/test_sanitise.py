"""The variant for readers outside, and the check of what may still give something away."""

from __future__ import annotations

import json

import pytest

from tests.postmortems.scene import Scene
from tests.world import World
from tocsin.engine.model import SYSTEM
from tocsin.people.model import SavePerson


@pytest.fixture
def scene(world: World) -> Scene:
    world.app.runtime.commit_now("person", "bob", SavePerson("Bob Keller"), SYSTEM)
    return Scene(world).responded().drafted()


INTERNAL = {
    "Alice and @bob": ["Alice", "bob"],
    "Keller said so": ["Keller"],
    "mail eve@example.com": ["eve@example.com"],
    "see https://wiki.corp/page?x=1": ["https://", "wiki.corp"],
    "on db-3.payments.internal": ["payments.internal"],
    "from 10.2.3.4 and fe80::1": ["10.2.3.4", "fe80::1"],
    "in #incident-room": ["#incident-room"],
    "we lost $25,000 or 25000 USD": ["25,000", "25000"],
    "with token ghp_0123456789abcdefghij": ["ghp_"],
    "password: hunter2": ["hunter2"],
}


@pytest.mark.parametrize("text", INTERNAL)
def test_what_is_internal_is_gone(scene: Scene, text: str) -> None:
    scene.write("summary", text)
    scene.entry("OBSERVATION", text, "14:29", "bob")
    cleaned = scene.document(sanitised="true")
    for word in INTERNAL[text]:
        assert word not in cleaned
        assert word in scene.document()


def test_ids_of_the_record_its_alerts_links_and_tickets_are_gone(scene: Scene) -> None:
    scene.post("links", {"link": {"system": "pager", "id": "PX12345", "url": "https://pager.example.com/PX12345"}})
    action = scene.action("Size the pool", ticket="PAY-77")
    scene.write("summary", f"See {scene.id}, PX12345, {action} and PAY-77 on pager.example.com.")
    cleaned = scene.document(sanitised="true")
    for word in (scene.id, "PX12345", action, "PAY-77", "pager.example.com"):
        assert word not in cleaned


def test_persons_become_the_roles_that_they_held(scene: Scene) -> None:
    scene.write("summary", "Charlie decided; Bob Keller rolled back.")
    assert "the Incident Commander decided; a responder rolled back." in scene.document(sanitised="true")


def test_sections_about_persons_and_the_house_and_money_are_left_out(scene: Scene) -> None:
    cleaned = scene.document(sanitised="true")
    for gone in ("Who had which role", "Duties kept and missed", "Revenue", "To write", "alice", "Overdue:"):
        assert gone not in cleaned
    for kept in ("## Timeline", "15,000 requests", "payment-api", "Roll back v2.3.1 to v2.3.0", "2 min", "SEV-1"):
        assert kept in cleaned


def test_the_plain_document_keeps_everything(scene: Scene) -> None:
    scene.write("summary", "Charlie decided.")
    assert "Charlie decided." in scene.document()


def findings(scene: Scene) -> list[tuple[str, str]]:
    return [(f["kind"], f["text"]) for f in json.loads(scene.document(sanitised="true", format="json"))["findings"]]


def test_a_clean_document_has_no_findings(scene: Scene) -> None:
    scene.write("summary", "Version 2.3.1 at 14:20:05 under SEV-1 used UTF-8 and SHA-256. Rates rose to 35.5 %.")
    assert findings(scene) == []


@pytest.mark.parametrize(
    ("text", "kind", "found"),
    [
        ("as JIRA-123 says", "ticket", "JIRA-123"),
        ("on web-prod-3 it was", "host", "web-prod-3"),
        ("at pay.example.com", "host", "pay.example.com"),
        ("key 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b", "token", "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b"),
    ],
)
def test_what_only_looks_internal_stays_and_is_reported_with_its_line(scene: Scene, text: str, kind: str, found: str) -> None:
    scene.write("summary", text)
    assert findings(scene) == [(kind, found)]
    document = json.loads(scene.document(sanitised="true", format="json"))
    line = document["findings"][0]["line"]
    assert found in document["markdown"].splitlines()[line - 1]


def test_a_name_that_is_also_a_word_is_reported_where_it_is_not_clear(world: World) -> None:
    world.app.runtime.commit_now("person", "will", SavePerson("Will"), SYSTEM)
    scene = Scene(world).drafted()
    scene.write("summary", "It will be mended by Will.")
    assert "It will be mended by a responder." in scene.document(sanitised="true")
    assert findings(scene) == [("person", "will")]


def test_publishing_with_findings_needs_somebody_to_confirm(scene: Scene) -> None:
    scene.write("summary", "as JIRA-123 says")
    problem = scene.world.refused(f"/incidents/{scene.id}/postmortem/publish", {"targets": ["blog"]})
    assert (problem["status"], problem["field"]) == (409, "confirmed")
    result = scene.post("postmortem/publish", {"targets": ["blog"], "confirmed": True})
    assert [f["text"] for f in result["findings"]] == ["JIRA-123"]
    fact = scene.world.app.runtime.facts("postmortem", scene.id)[-1]
    assert fact.event.confirmed  # type: ignore[attr-defined]
    scene.world.app.runtime.settle()
    (file,) = (scene.world.folder / "published" / "blog").iterdir()
    assert scene.id not in file.name
    assert file.name.startswith("2025-10-27-high-error-rate-in-payment-api-")
    assert file.read_text() == scene.document(sanitised="true")


def test_the_unsanitised_target_needs_no_confirmation(scene: Scene) -> None:
    scene.write("summary", "as JIRA-123 says")
    scene.post("postmortem/publish", {"targets": ["wiki"]})
