"""Incidents that were written down elsewhere are taken in as they stand."""

from __future__ import annotations

from typing import Any

import pytest

from tests.world import World
from tocsin.engine.errors import Refused
from tocsin.incidents import importing


def write_up(**more: Any) -> dict[str, Any]:
    return {
        "kind": "incident", "id": "case-1", "title": "A disk is full", "source": {"repo": "a/b", "path": "log.md", "commit": "abc"},
        "severity_stated": None, "impact": {"users": 12, "failed_requests": 900}, "milestones": {
            "impact_started": {"at": "2025-10-01T10:00:00Z", "source_wording": "at ten"}, "detected": None,
            "resolved": {"at": "2025-10-01T11:00:00Z", "source_wording": "an hour later", "approximate": True},
        },
        "timeline": [{"at": "2025-10-01T10:10:00Z", "type": "hunch", "text": "the logs?"}], "stated_durations": [],
        "computed_from_milestones": {"time_to_resolve_s": 3600}, "contributing_factors": ["no alert"], "action_items": ["an alert"], **more,
    }  # fmt: skip


def taken(world: World, document: Any) -> str:
    return str(world.post("/incidents/import/file", document)["incidents"][0]["incident"])


def test_a_record_that_was_taken_in_says_where_from_and_keeps_all_that_it_was_given(world: World) -> None:
    incident = taken(world, write_up())
    view = world.get(f"/incidents/{incident}")
    assert (view["imported"], view["severity"], view["rank"], view["declared_at"], view["stage"]) == (True, None, None, None, "resolved")
    assert view["stage_since"] == "2025-10-01T11:00:00Z"
    lines = world.get(f"/incidents/{incident}/timeline")
    assert not [line for line in lines if line["kind"] == "incident.declared"]
    given = next(line for line in lines if line["kind"] == "incident.imported")
    assert given["text"] == "Taken in from a/b log.md"
    assert given["at"] == "2025-10-27T14:25:00Z"
    assert given["data"]["factors"] == ["no alert"]
    assert given["data"]["action_items"] == ["an alert"]
    assert given["data"]["not_stated"] == ["detected"]
    assert given["data"]["computed_from_milestones"] == {"time_to_resolve_s": 3600}
    entry = next(line for line in lines if line.get("entry"))
    assert (entry["kind"], entry["text"], entry["by"]) == ("hunch", "the logs?", "")


def test_figures_that_the_playbook_knows_are_recorded_with_their_source(world: World) -> None:
    view = world.get(f"/incidents/{taken(world, write_up())}")
    assert {name: (f["value"], f["source"]) for name, f in view["figures"].items()} == {"failed_requests": (900, "a/b log.md")}
    assert view["impact"] == "users: 12; failed requests: 900"


def test_a_level_that_the_playbook_knows_is_set_and_another_word_is_kept_as_text(world: World) -> None:
    known, other = taken(world, write_up(severity_stated="sev1")), taken(world, write_up(severity_stated="high severity"))
    assert world.get(f"/incidents/{known}")["severity"] == "SEV-1"
    assert world.get(f"/incidents/{other}")["severity"] is None
    given = next(line for line in world.get(f"/incidents/{other}/timeline") if line["kind"] == "incident.imported")
    assert given["data"]["severity_stated"] == "high severity"


def test_a_past_incident_with_a_level_has_no_duties_at_any_moment_and_calls_nobody(world: World) -> None:
    incident = taken(world, write_up(severity_stated="SEV-1", milestones={"detected": {"at": "2025-10-27T14:00:00Z"}}))
    world.advance(hours=3)
    assert world.get(f"/incidents/{incident}")["obligations"] == []
    assert world.get(f"/incidents/{incident}", at="2025-10-27T14:10:00Z")["obligations"] == []
    assert world.outbox() == []


def test_an_entry_of_a_foreign_kind_can_be_corrected_and_keeps_its_kind(world: World) -> None:
    incident = taken(world, write_up())
    entry = next(line for line in world.get(f"/incidents/{incident}/timeline") if line.get("entry"))
    world.post(f"/incidents/{incident}/entries/correct", {"entry": entry["fact"], "text": "the logs, sure"})
    corrected = next(line for line in world.get(f"/incidents/{incident}/timeline") if line.get("entry"))
    assert (corrected["kind"], corrected["text"], corrected["corrected"]) == ("hunch", "the logs, sure", True)


def test_a_second_correction_keeps_what_the_first_one_changed(world: World) -> None:
    incident = taken(world, write_up())
    entry = next(line for line in world.get(f"/incidents/{incident}/timeline") if line.get("entry"))["fact"]
    world.post(f"/incidents/{incident}/entries/correct", {"entry": entry, "at": "2025-10-01T10:15:00Z"})
    world.post(f"/incidents/{incident}/entries/correct", {"entry": entry, "text": "the logs, sure"})
    corrected = next(line for line in world.get(f"/incidents/{incident}/timeline") if line.get("entry"))
    assert (corrected["at"], corrected["text"]) == ("2025-10-01T10:15:00Z", "the logs, sure")


def test_of_a_list_nothing_is_taken_in_if_one_of_it_cannot_be(world: World) -> None:
    future = write_up(id="case-2", milestones={"resolved": {"at": "2031-01-01T00:00:00Z"}})
    problem = world.refused("/incidents/import/file", [write_up(), future])
    assert problem["field"] == "incidents[1].at"
    assert "case-2" in problem["detail"]
    assert world.get("/incidents")["incidents"] == []
    assert world.post("/incidents/import/file", [write_up(), write_up(id="case-3")])["count"] == 2


def test_a_file_sent_twice_with_one_key_is_taken_in_once(world: World) -> None:
    files = [write_up(), write_up(id="case-2")]
    first = world.post("/incidents/import/file", files, headers={"idempotency-key": "k"})
    assert world.post("/incidents/import/file", files, headers={"idempotency-key": "k"}) == first
    assert len(world.get("/incidents")["incidents"]) == 2


def test_the_playbook_to_pin_can_be_named(world: World) -> None:
    made = world.post("/incidents/import/file?playbook=house", write_up())["incidents"][0]["incident"]
    assert world.get(f"/incidents/{made}")["playbook"]["id"] == "house"
    assert world.refused("/incidents/import/file?playbook=nowhere", write_up())["field"] == "playbook"


@pytest.mark.parametrize(
    ("document", "field"),
    [
        ({"kind": "novel"}, "kind"),
        (write_up(milestones={"detected": {"at": "yesterday"}}), "milestones[...].at"),
        (write_up(milestones={"detected": {"at": "2025-10-01T10:00:00"}}), "milestones[...].at"),
        (write_up(timeline=[{"at": "2025-10-01T10:00:00Z"}]), "timeline[0]"),
        (
            {"kind": "incident-log", "quarters": [{"quarter": "Q1", "incidents": [{"title": "a", "fault": 5, "resolved": "x"}]}]},
            "quarters[0].incidents[0]",
        ),
    ],
)
def test_a_file_that_cannot_be_read_names_the_place(document: dict[str, Any], field: str) -> None:
    with pytest.raises(Refused) as refused:
        importing.read(document)
    assert refused.value.field.startswith(field)
    assert refused.value.fix


def test_what_was_over_when_it_was_taken_in_is_not_among_what_is_open(world: World) -> None:
    over = {"impact_started": {"at": "2024-03-01T10:00:00Z"}, "resolved": {"at": "2024-03-01T11:00:00Z"}}
    past = world.post("/incidents/import", {"title": "Years ago", "milestones": over})["incident"]
    assert past not in str(world.get("/incidents", state="open"))
    assert past in str(world.get("/incidents", state="ended"))
    now = world.page("/").text
    assert past not in now[: now.index("Recently ended")]
    assert past in now[now.index("Recently ended") :]
