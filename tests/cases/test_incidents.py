"""Public write-ups, taken in and replayed: what they say is there, and what they do not say stays unknown."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.cases.files import of_kind, skip_deviation
from tests.world import World

Case = dict[str, Any]
CASES = pytest.mark.parametrize("case", of_kind("incident"))


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def take_in(world: World, case: Case) -> str:
    """Take in a case as its file stands, and return the incident's id."""
    return str(world.post("/incidents/import/file", case)["incidents"][0]["incident"])


def known(case: Case) -> dict[str, datetime]:
    return {name: moment(m["at"]) for name, m in case["milestones"].items() if m is not None}


def numbers(world: World, incident: str, **query: str) -> dict[str, dict[str, Any]]:
    """Return the canonical durations by their ids."""
    return {one["id"]: one for one in world.get(f"/incidents/{incident}/metrics", **query)["canonical"]}


def entries(world: World, incident: str) -> list[tuple[datetime, str, str]]:
    return [(moment(line["at"]), line["kind"], line["text"]) for line in world.get(f"/incidents/{incident}/timeline") if line.get("entry")]


@CASES
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_timeline_fed_in_any_order_comes_out_sorted_and_complete(archive: World, case: Case, seed: int) -> None:
    skip_deviation(case, "timeline")
    shuffled = list(case["timeline"])
    random.Random(seed).shuffle(shuffled)
    incident = take_in(archive, {**case, "timeline": shuffled})
    shown = entries(archive, incident)
    wanted = [(moment(entry["at"]), entry["type"], entry["text"]) for entry in case["timeline"]]
    assert [at for at, _, _ in shown] == sorted(at for at, _, _ in wanted)
    assert sorted(shown) == sorted(wanted)
    every = [moment(line["at"]) for line in archive.get(f"/incidents/{incident}/timeline")]
    assert every == sorted(every)


@CASES
def test_milestones_are_as_given_and_a_time_that_is_not_said_stays_unknown(archive: World, case: Case) -> None:
    skip_deviation(case, "milestones")
    view = archive.get(f"/incidents/{take_in(archive, case)}")
    shown = {m["id"]: m for m in view["milestones"]}
    assert {name: moment(m["at"]) for name, m in shown.items()} == known(case)
    for name, given in case["milestones"].items():
        if given is not None:
            assert (shown[name].get("precision", "exact") == "estimated") == bool(given.get("approximate")), name
            assert shown[name].get("note", "") == given.get("source_wording", "")
    assert (view["declared_at"] is None) == ("declared" not in known(case))


@CASES
def test_a_severity_that_the_playbook_does_not_know_stays_unset_and_is_kept_as_text(archive: World, case: Case) -> None:
    made = archive.post("/incidents/import/file", case)["incidents"][0]
    view = archive.get(f"/incidents/{made['incident']}")
    assert view["severity"] == made["severity"]
    assert made["severity_stated"] == case.get("severity_stated")
    if case.get("severity_stated") is None:
        assert view["severity"] is None
    taken = next(line for line in archive.get(f"/incidents/{made['incident']}/timeline") if line["kind"] == "incident.imported")
    assert taken["data"]["severity_stated"] == case.get("severity_stated")
    assert taken["data"]["reference"] == case["id"]


@CASES
def test_the_numbers_equal_those_worked_out_from_the_milestones_and_no_other_is_there(archive: World, case: Case) -> None:
    skip_deviation(case, "metrics")
    incident = take_in(archive, case)
    shown = numbers(archive, incident)
    wanted = {name.removesuffix("_s"): seconds for name, seconds in case["computed_from_milestones"].items()}
    assert set(wanted) <= set(shown)
    for name, one in shown.items():
        assert one["seconds"] == wanted.get(name), f"{name}: {one['text']}"
        assert one["available"] == (wanted.get(name) is not None)
        if not one["available"]:
            unknown = [m for m in (one["start"], one["end"]) if m not in known(case)]
            assert one["missing"] == unknown
            assert unknown or "lies before" in one["reason"], f"{name}: {one['reason']}"


@CASES
def test_a_milestone_that_is_flagged_as_out_of_order_gives_a_reason_and_no_number(archive: World, case: Case) -> None:
    shown = numbers(archive, take_in(archive, case)).values()
    wrong = [one for one in shown if "lies before" in one["reason"]]
    assert wrong or not case.get("order_flags")
    assert all(one["seconds"] is None for one in wrong)


@CASES
def test_every_number_by_the_playbook_is_the_difference_of_two_stated_milestones(archive: World, case: Case) -> None:
    view = archive.get(f"/incidents/{take_in(archive, case)}/metrics")
    times = known(case)
    for one in view["metrics"]:
        if one["form"] != "duration" or not one["available"]:
            continue
        assert one["seconds"] == (times[one["end"]] - times[one["start"]]).total_seconds() >= 0


@CASES
def test_an_approximate_moment_marks_every_number_that_is_taken_from_it(archive: World, case: Case) -> None:
    about = {name for name, m in case["milestones"].items() if m is not None and m.get("approximate")}
    for one in numbers(archive, take_in(archive, case)).values():
        if one["available"]:
            assert (one["precision"] == "estimated") == bool(about & {one["start"], one["end"]}), one["id"]


@CASES
def test_stated_durations_are_differences_of_times_and_those_of_milestones_are_our_numbers(archive: World, case: Case) -> None:
    skip_deviation(case, "stated_durations")
    incident = take_in(archive, case)
    times = known(case)
    for stated in case.get("stated_durations") or ():
        if not stated.get("from") or not stated.get("to") or stated.get("seconds") is None:
            continue
        begin, end = moment(stated["from"]), moment(stated["to"])
        assert (end - begin).total_seconds() == stated["seconds"], stated["what"]
        for start in [name for name, at in times.items() if at == begin]:
            for finish in [name for name, at in times.items() if at == end and name != start]:
                ours = archive.get(f"/incidents/{incident}/metrics", metric=f"{start}..{finish}")
                assert ours["seconds"] == stated["seconds"], stated["what"]


@CASES
def test_correcting_a_milestone_moves_the_numbers_and_leaves_the_old_value_in_the_history(archive: World, case: Case) -> None:
    times = known(case)
    incident = take_in(archive, case)
    before, then = numbers(archive, incident), archive.now
    archive.advance(minutes=1)
    corrected = max(times, key=lambda name: times[name])
    later = times[corrected] + timedelta(minutes=7)
    archive.post(f"/incidents/{incident}/milestones", {"milestone": corrected, "when": later.isoformat(), "note": "by the log"})
    after = numbers(archive, incident)
    moved = {**times, corrected: later}
    for name, one in after.items():
        start, end = moved.get(one["start"]), moved.get(one["end"])
        wanted = (end - start).total_seconds() if start and end and start <= end else None
        assert one["seconds"] == wanted, name
        if corrected in (one["start"], one["end"]) and one["available"]:
            assert one != before[name]
            assert set(one["facts"]) != set(before[name]["facts"])
    lines = archive.get(f"/incidents/{incident}/timeline")
    said = [line["text"] for line in lines if line.get("data", {}).get("milestone") == corrected]
    assert len(said) == 2
    assert any(f"{times[corrected]:%Y-%m-%d %H:%M}" in text for text in said)
    assert any("corrected to" in text and f"{later:%Y-%m-%d %H:%M}" in text for text in said)
    assert numbers(archive, incident, at=then.isoformat(), reading="known_by") == before


@CASES
def test_typing_an_entry_late_changes_no_number(archive: World, case: Case) -> None:
    incident = take_in(archive, case)
    times = sorted([*known(case).values(), *(moment(entry["at"]) for entry in case["timeline"])])
    before = archive.get(f"/incidents/{incident}/metrics")
    middle = times[0] + (times[-1] - times[0]) / 2
    archive.post(f"/incidents/{incident}/entries", {"kind": "OBSERVATION", "text": "typed late", "at": middle.isoformat()})
    after = archive.get(f"/incidents/{incident}/metrics")
    assert (after["canonical"], after["metrics"]) == (before["canonical"], before["metrics"])
    shown = entries(archive, incident)
    assert len(shown) == len(case["timeline"]) + 1
    assert shown == sorted(shown, key=lambda entry: entry[0])


@CASES
def test_an_incident_of_the_past_has_no_duties_and_calls_nobody(archive: World, case: Case) -> None:
    incident = take_in(archive, case)
    archive.advance(minutes=1)
    assert archive.get(f"/incidents/{incident}")["obligations"] == []
    assert [message for message in archive.outbox() if incident in str(message)] == []
