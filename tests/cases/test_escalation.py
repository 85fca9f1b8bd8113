"""Escalation, as others have tested theirs: whom a page calls, when, by which way, and what an answer does. Nothing here names a case."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from tests.cases.calls import Play, differences, says
from tests.cases.files import deviations, of_kind, skip_deviation
from tocsin.paging.hours import opens_at
from tocsin.paging.model import Window

CASES = of_kind("escalation")
Player = Callable[..., Play]


@pytest.fixture
def play(tmp_path: Path) -> Iterator[Player]:
    made: list[Play] = []

    def begin(case: dict[str, Any], **more: Any) -> Play:
        made.append(Play(case, tmp_path / f"data{len(made)}", **more))
        return made[-1]

    yield begin
    for one in made:
        one.close()


@pytest.mark.parametrize("stop_between", [False, True], ids=["in-one-go", "stopped-and-started-between"])
@pytest.mark.parametrize("case", CASES)
def test_exactly_the_right_people_are_notified_at_the_right_minutes(case: dict[str, Any], stop_between: bool, play: Player) -> None:
    skip_deviation(case, "notifications")
    expected = case["expected"]
    if expected.get("observed_until_min") is None:
        pytest.skip("the case says nothing about notifications")
    played = play(case, stop_between=stop_between)
    played.run()
    # Whoever was notified hears of the end; a case whose people did not ask for that says nothing against it.
    unasked = {"page.status"} if (case["id"], "end-notice") in deviations() else set()
    assert differences(expected["notifications"], [one for one in played.stage.log if one.kind not in unasked]) == []
    if "alert_status" in expected:
        assert played.status() == expected["alert_status"]
    if "answer_contains" in expected:
        assert says(played.answers[-1], expected["answer_contains"]), played.answers


@pytest.mark.parametrize("case", [one for one in CASES if one.values[0] and "log" in one.values[0]["expected"]])
def test_the_story_of_a_page_says_who_did_what(case: dict[str, Any], play: Player) -> None:
    played = play(case)
    played.run()
    story = played.view()["story"]
    for line in case["expected"]["log"]:
        person = next((name for name in played.users if name in line), "")
        kinds = {
            "created": "page.opened",
            "notification": "page.notice_sent",
            "acknowledged": "page.acknowledged",
            "closed": "page.resolved",
        }
        wanted = next(kind for word, kind in kinds.items() if word in line)
        found = [one for one in story if one["type"] == wanted and person in one["text"]]
        assert len(found) == 1, f"{line}: {found}"


@pytest.mark.parametrize("case", [one for one in CASES if one.values[0] and "replies" in one.values[0]["expected"]])
def test_an_answer_does_what_it_says(case: dict[str, Any], play: Player) -> None:
    expected = case["expected"]
    played = play(case)
    played.run()
    person = next(iter(played.users))
    for wanted in expected["replies"]:
        played.alert({"id": f"for {wanted['text']}"})
        answer = played.say(person, wanted["text"])
        assert says(answer, wanted["result"]), answer
        assert played.status() == wanted["result"], wanted
    if "second_ack_contains" in expected:
        played.alert({"id": "for a second answer"})
        played.say(person, "ack")
        answer = played.say(person, "ack")
        assert all(word in answer.casefold() for word in expected["second_ack_contains"]), answer


@pytest.mark.parametrize("case", [one for one in CASES if one.values[0] and "order_of_runs" in one.values[0]["expected"]])
def test_a_step_in_turn_takes_the_next_person_each_time(case: dict[str, Any], play: Player) -> None:
    order = case["expected"]["order_of_runs"]
    played = play(case)
    played.run()
    played.let_pass(minutes=len(order) + 1)
    assert [one.to for one in played.stage.log][: len(order)] == order


@pytest.mark.parametrize("case", [one for one in CASES if one.values[0] and "runs_of_first_step" in one.values[0]["expected"]])
def test_a_policy_begins_again_as_often_as_it_says(case: dict[str, Any], play: Player) -> None:
    wanted = case["expected"]["runs_of_first_step"]
    played = play(case)
    played.run()
    played.let_pass(minutes=10 * (wanted + 2))
    first = case["input"]["policy"]["steps"][0]["targets"]
    assert [one.to for one in played.stage.log] == first * wanted
    assert played.view()["unanswered"] is True


def _windows() -> list[Any]:
    found = []
    for parameter in CASES:
        case = parameter.values[0]
        if not case or "cases" not in case["expected"]:
            continue
        zone = case["input"]["policy"].get("timezone", "UTC")
        step = next(one for one in case["input"]["policy"]["steps"] if "from" in one)
        several = [((step["from"], step["to"]), case["expected"]["cases"])]
        several += [(tuple(one["window"]), one["cases"]) for one in case["expected"].values() if isinstance(one, dict) and "window" in one]
        found += [
            pytest.param(window, zone, row, id=f"{case['id']}-{'-'.join(window)}-{row['now']}") for window, rows in several for row in rows
        ]
    return found


@pytest.mark.parametrize(("window", "zone", "row"), _windows())
def test_a_step_with_hours_waits_until_they_begin(window: tuple[str, str], zone: str, row: dict[str, Any]) -> None:
    wanted = row["next_step_not_before"]
    found = opens_at(Window(*window), zone, datetime.fromisoformat(row["now"]))
    assert found == (datetime.fromisoformat(wanted) if wanted else None)
