"""Writing escalation policies down: what is refused, what is accepted by name, and what a policy would do."""

from __future__ import annotations

from typing import Any

import pytest

from tests.paging.scene import Scene
from tocsin.engine.errors import Refused
from tocsin.paging import library, load


def test_a_policy_with_a_step_that_reaches_nobody_is_refused_naming_step_and_hour(scene: Scene) -> None:
    scene.person("ana", "sms")
    hours = [{"start": "09:00", "end": "17:00"}]
    layer = {"id": "day", "groups": [["ana"]], "start": "2025-10-27T00:00", "unit": "day", "hours": hours}
    scene.post("/schedules/payments", {"layers": [layer]})
    problem = scene.refused("/policies/p", {"steps": [{"to": ["person:ana"]}, {"to": ["schedule:payments"]}]})
    assert problem["detail"].startswith(
        "Step 2 reaches nobody Mon 2025-10-27 17:00 – Tue 2025-10-28 09:00 UTC: schedule:payments: nobody is on call"
    )
    assert problem["field"] == "steps[1].to"
    assert scene.get("/policies")["policies"] == []


def test_hours_of_a_step_count_when_it_is_tried(scene: Scene) -> None:
    scene.person("ana", "sms")
    layer = {"id": "day", "groups": [["ana"]], "start": "2025-10-27T00:00", "unit": "day", "hours": [{"start": "09:00", "end": "17:00"}]}
    scene.post("/schedules/payments", {"layers": [layer]})
    step = {"to": ["schedule:payments"], "only": {"from": "09:00", "to": "17:00"}}
    assert scene.post("/policies/p", {"steps": [step]})["holes"] == []


def test_a_named_person_can_accept_a_hole_with_a_reason_and_that_is_kept(scene: Scene) -> None:
    answer = scene.post("/policies/p", {"steps": [{"to": ["schedule:nowhere"]}], "waive": "the rota comes on Monday"}, person="ana")
    assert answer["holes"] == ["step 1 reaches nobody at any time: schedule:nowhere: there is no such schedule"]
    waiver = scene.get("/policies/p")["policy"]["waiver"]
    assert (waiver["by"], waiver["reason"]) == ("ana", "the rota comes on Monday")


def test_a_hole_cannot_be_accepted_without_a_name(scene: Scene) -> None:
    answer = scene.send("POST", "/policies/p", {"steps": [{"to": ["schedule:nowhere"]}], "waive": "because"}, person="")
    assert answer.status == 422
    assert answer.json["field"] == "waive"


def test_ways_that_were_never_proved_are_mentioned(scene: Scene) -> None:
    scene.person("ana", "sms", proved=False)
    assert scene.post("/policies/p", {"steps": [{"to": ["person:ana"]}]})["warnings"] == ["step 1: no way of ana was proved yet"]


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"steps": []}, "steps"),
    ({"steps": [{"to": []}]}, "steps[0].to"),
    ({"steps": [{"to": ["group:ana"]}]}, "steps[0].to[0]"),
    ({"steps": [{"to": ["person:ana"], "wait": "soon"}]}, "steps[0].wait"),
    ({"steps": [{"to": ["person:ana"], "at_age": "5"}]}, "steps[0].at_age"),
    ({"steps": [{"to": ["person:ana"], "at_age": "5m"}]}, "steps"),
    ({"steps": [{"to": ["person:ana"], "acknowledgements": 0}]}, "steps[0].acknowledgements"),
    ({"steps": [{"to": ["person:ana"], "only": {"from": "25:00", "to": "09:00"}}]}, "steps[0].only.from"),
    ({"steps": [{"to": ["person:ana"], "only": {"from": "09:00", "to": "09:00"}}]}, "steps[0].only.to"),
    ({"steps": [{"to": ["person:ana"], "only": {"from": "09:00", "to": "17:00", "zone": "Mars/Base"}}]}, "steps[0].only.zone"),
    ({"steps": [{"to": ["person:ana"]}], "repeat": 10_000}, "repeat"),
    ({"steps": [{"to": ["person:ana"]}], "lease": "a while"}, "lease"),
    ({"steps": [{"to": ["person:ana"]}], "zone": "Nowhere"}, "zone"),
    ({"steps": [{"to": ["person:ana"]}], "last_resort": ["thing:x"]}, "last_resort[0]"),
]


def test_what_cannot_be_used_is_refused_by_its_field(scene: Scene) -> None:
    scene.person("ana", "sms", proved=False)
    for body, field in WRONG:
        assert scene.refused("/policies/p", body)["field"] == field
    assert scene.get("/policies")["policies"] == []


def test_every_version_is_kept_and_the_same_words_again_change_nothing(scene: Scene) -> None:
    scene.person("ana", "sms", proved=False)
    assert [scene.post("/policies/p", {"steps": [{"to": ["person:ana"], "wait": wait}]})["changed"] for wait in ("5m", "5m", "9m")] == [
        True, False, True,
    ]  # fmt: skip
    history = scene.get("/policies/p/history")["history"]
    assert [(one["version"], one["policy"]["steps"][0].get("wait", "5m")) for one in history] == [(1, "5m"), (2, "9m")]


def test_a_policy_that_is_retired_is_used_by_no_new_page(scene: Scene) -> None:
    scene.person("ana", "sms")
    scene.policy("p", ["person:ana"])
    scene.post("/policies/p/retire", {"why": "replaced"})
    assert scene.refused("/pages", {"title": "x", "policy": "p"})["field"] == "policy"
    assert scene.get("/policies")["policies"] == []
    scene.policy("p", ["person:ana"])
    assert scene.call(policy="p")


def test_a_rehearsal_shows_who_would_be_called_when_and_sends_nothing(scene: Scene) -> None:
    scene.person("ana", "sms", "voice", rules=[("sms", "0m"), ("voice", "2m")])
    scene.person("bo", "email", proved=False)
    scene.policy("p", {"to": ["person:ana"], "wait": "5m"}, {"to": ["person:bo"], "wait": "5m"}, last_resort=["person:ana"])
    found = scene.get("/policies/p/rehearsal", at="2025-10-27T20:00:00Z")
    lines = [(line["at"][11:16], line["person"], line["way"], line["verified"]) for line in found["lines"] if line["person"]]
    assert lines == [
        ("20:00", "ana", "sms", True), ("20:02", "ana", "voice", True), ("20:05", "bo", "email", False),
        ("20:10", "ana", "sms", True), ("20:12", "ana", "voice", True),
    ]  # fmt: skip
    assert scene.calls() == []


def test_what_a_rehearsal_says_is_what_happens(scene: Scene) -> None:
    scene.person("ana", "sms", "voice", rules=[("sms", "0m"), ("voice", "2m")])
    scene.person("bo", "sms")
    steps = [{"to": ["person:ana"], "wait": "5m"}, {"to": ["person:bo", "person:ana"], "wait": "5m"}, {"to": ["person:bo"], "at_age": "4m"}]
    scene.policy("p", *steps)
    said = scene.get("/policies/p/rehearsal")["lines"]
    scene.call(policy="p")
    scene.advance(hours=1)
    begin = scene.log[0].at
    rehearsed = sorted(
        f"{(_moment(line['at']) - begin).total_seconds() / 60:g} {line['person']} {line['way']}" for line in said if line["person"]
    )
    assert rehearsed == sorted(scene.calls())


def _moment(text: str) -> Any:
    from datetime import datetime

    return datetime.fromisoformat(text)


@pytest.mark.parametrize("name", library.names())
def test_every_policy_that_ships_can_be_read_and_its_terms_hold(name: str, scene: Scene) -> None:
    for policy_id, body in load.read(library.text(name), f"{name}.yaml"):
        answer = scene.post(f"/policies/{policy_id}", {**body, "waive": "nobody is written down yet"})
        assert answer["changed"] is True
    assert library.about(name).startswith("For the playbook ")


def test_a_file_that_is_wrong_is_refused_with_its_line(scene: Scene) -> None:
    for text, says in (
        ("policy: p\nsteps: [", "p.yaml:3:1: this is not YAML"),
        ("steps: []", "a policy is a mapping with the key `policy`"),
        ("policies:\n  - policy: p\n    steps: [{to: [x], waits: 5m}]", "p.yaml:2:5: in the policy p"),
        ("policies: {}", "`policies` is a list"),
    ):
        with pytest.raises(Refused) as refusal:
            load.read(text, "p.yaml")
        assert says in str(refusal.value)
