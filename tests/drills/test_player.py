"""The player against a whole installation in this process."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.world import World
from tocsin.drills.load import load_text
from tocsin.drills.player import Played, Player, Server

HEAD = """\
scenario: try
title: A try
playbook: payments-sev1
starts: "2025-10-27T14:15:00Z"
people: [{id: alice, name: Alice}]
steps:
  - {at: "14:30", as: alice, do: declare, title: Payments fail, severity: SEV-1, id: INC-20251027-TRY000}
"""


class InProcess:
    """The world as a transport."""

    def __init__(self, world: World) -> None:
        self.world = world

    def request(self, method: str, path: str, headers: Mapping[str, str], body: bytes | None) -> tuple[int, bytes, str]:
        lower = {name.lower(): value for name, value in headers.items()}
        answer = self.world.send(method, path, person="", headers=lower, raw=body or b"")
        return answer.status, answer.content, answer.headers.get("content-type", "")


@pytest.fixture
def drill(tmp_path: Path) -> Iterator[World]:
    world = World(tmp_path / "data", start_at=datetime(2025, 10, 27, 14, 15, tzinfo=UTC))
    yield world
    world.close()


def play(world: World, steps: str) -> tuple[tuple[str, ...], list[Played]]:
    played: list[Played] = []
    player = Player(Server(InProcess(world)), {"intake_key": "try"}, after=lambda one, _incident: played.append(one))
    return player.play(load_text(HEAD + steps, "try.yaml")).failures, played


def test_steps_happen_at_their_time_in_the_name_of_who_takes_them(drill: World) -> None:
    failures, _ = play(drill, '  - {at: "14:37", as: bob, do: log, kind: OBSERVATION, text: 95 connections}\n')
    assert failures == ()
    entry = next(line for line in drill.get("/incidents/INC-20251027-TRY000/timeline") if line.get("entry"))
    assert (entry["at"], entry["by"], entry["text"]) == ("2025-10-27T14:37:00Z", "bob", "95 connections")


def test_a_back_dated_step_happened_earlier_than_it_was_recorded(drill: World) -> None:
    play(drill, '  - {at: "14:37", as: bob, do: log, happened: "14:31", kind: OBSERVATION, text: seen}\n')
    entry = next(line for line in drill.get("/incidents/INC-20251027-TRY000/timeline") if line.get("entry"))
    assert (entry["at"], entry["recorded_at"]) == ("2025-10-27T14:31:00Z", "2025-10-27T14:37:00Z")


def test_what_is_saved_is_used_by_later_steps(drill: World) -> None:
    failures, _ = play(
        drill,
        """\
  - {as: bob, do: mitigate, kind: rollback, text: Back, save: {back: mitigation}}
  - {as: bob, do: mitigated, mitigation: "{back}", text: done}
""",
    )
    assert failures == ()
    assert drill.get("/incidents/INC-20251027-TRY000")["mitigations"][0]["completed_at"]


def test_a_refusal_that_is_expected_is_shown_as_such_and_one_that_is_not_names_its_line(drill: World) -> None:
    failures, played = play(
        drill,
        """\
  - {as: alice, do: resolve, expect: {status: 409}}
  - {as: alice, do: stage, stage: nowhere}
""",
    )
    assert played[1].refused
    assert len(failures) == 1
    assert failures[0].startswith("try.yaml:9: 2025-10-27 14:30 stage: refused (422)")


def test_an_expectation_that_is_not_met_is_a_failure(drill: World) -> None:
    failures, _ = play(
        drill,
        """\
  - {as: alice, do: resolve, expect: {status: 409, says: the moon}}
  - {do: look, path: "/incidents/{incident}", expect: {is: {severity: SEV-9}}}
  - {do: look, path: "/incidents/{incident}", expect: {is: {severity: SEV-1, lead: alice, roles.0.person: alice}}}
  - {as: bob, do: log, kind: OBSERVATION, text: fine, expect: {status: 409}}
""",
    )
    assert [failure.split(":")[1] for failure in failures] == ["8", "9", "11"]
    assert "expected severity to be 'SEV-9', got 'SEV-1'" in failures[1]


def test_a_step_that_needs_what_a_failed_one_saves_says_so(drill: World) -> None:
    failures, _ = play(
        drill,
        """\
  - {as: bob, do: mitigate, kind: prayer, text: Please, save: {help: mitigation}}
  - {as: bob, do: mitigated, mitigation: "{help}"}
""",
    )
    assert "prayer" in failures[0]
    assert "{help} is not known: an earlier step failed" in failures[1]


def test_people_act_before_what_falls_due_in_the_same_minute(drill: World) -> None:
    """The first post is due 5 minutes after the declaration; done in that minute it is in time and nothing is overdue."""
    steps = '  - {at: "14:35", as: alice, do: tell, message: first_post, next_in: 15m, fields: {impact: [x], first_actions: [y]}}\n'
    failures, _ = play(drill, steps)
    assert failures == ()
    duty = next(o for o in drill.get("/incidents/INC-20251027-TRY000")["obligations"] if o["id"] == "first_post")
    assert (duty["state"], duty["due_at"], duty["done_at"]) == ("kept", "2025-10-27T14:35:00Z", "2025-10-27T14:35:00Z")
    assert not [line for line in drill.get("/incidents/INC-20251027-TRY000/timeline") if "Overdue: First post" in line["text"]]


def test_duties_fall_due_between_two_steps(drill: World) -> None:
    play(drill, '  - {at: "15:00", do: wait}\n')
    overdue = [line for line in drill.get("/incidents/INC-20251027-TRY000/timeline") if line["kind"] == "incident.obligation_breached"]
    assert ("2025-10-27T14:35:00Z", "Overdue: First post in the war room (was due 14:35 UTC)") in [(o["at"], o["text"]) for o in overdue]


def test_a_scenario_that_begins_before_the_clock_is_refused(drill: World) -> None:
    drill.at("16:00")
    with pytest.raises(RuntimeError, match="the clock cannot be moved"):
        play(drill, "  - {do: wait}\n")
