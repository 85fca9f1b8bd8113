"""A log of incidents by quarter: every number says which two moments it is taken from, and means are taken over what is known."""

from __future__ import annotations

from typing import Any

import pytest

from tests.cases.files import of_kind, skip_deviation
from tests.world import World
from tocsin.insights.aggregates import statistics

Case = dict[str, Any]
CASES = pytest.mark.parametrize("case", of_kind("incident-log"))
WORDS = {"fault": "impact_started", "repaired": "mitigated"}
"""The log's words for milestones, where they are not ours."""


def rows(world: World, case: Case) -> list[tuple[dict[str, Any], str]]:
    """Take in a log; return each row with the incident that was made of it."""
    made = world.post("/incidents/import/file", case)["incidents"]
    given = [row for quarter in case["quarters"] for row in quarter["incidents"]]
    assert len(made) == len(given)
    return list(zip(given, [one["incident"] for one in made], strict=True))


def differences(world: World, row: dict[str, Any], incident: str) -> dict[str, dict[str, Any]]:
    """Return our durations for the pairs of moments that the row names."""
    found = {}
    for name in row["wall_clock"]:
        start, _, end = name.removesuffix("_min").partition("_to_")
        found[name] = world.get(f"/incidents/{incident}/metrics", metric=f"{WORDS.get(start, start)}..{WORDS.get(end, end)}")
    return found


@CASES
def test_each_difference_of_a_row_is_our_number_or_is_not_available(archive: World, case: Case) -> None:
    skip_deviation(case, "differences")
    for row, incident in rows(archive, case):
        for name, ours in differences(archive, row, incident).items():
            minutes = row["wall_clock"][name]
            if minutes is None:
                assert ours["missing"], f"{row['title']}: {name}"
            elif minutes < 0:
                assert "lies before" in ours["reason"], f"{row['title']}: {name}"
                assert ours["seconds"] is None
            else:
                assert ours["seconds"] // 60 == minutes, f"{row['title']}: {name}"


@CASES
def test_a_stated_time_that_agrees_is_one_of_our_numbers_and_one_that_does_not_is_none(archive: World, case: Case) -> None:
    skip_deviation(case, "stated")
    for row, incident in rows(archive, case):
        ours = {one["seconds"] // 60 for one in differences(archive, row, incident).values() if one["available"]}
        for name, agrees in row["stated_equals_a_wall_clock_difference"].items():
            if agrees is not None:
                assert (row[f"stated_time_to_{name}_min"] in ours) == agrees, f"{row['title']}: {name}"


@CASES
@pytest.mark.parametrize("name", ["repair", "resolve"])
def test_the_mean_of_a_quarter_is_the_mean_of_its_values_in_whole_minutes(case: Case, name: str) -> None:
    skip_deviation(case, "means")
    for quarter in case["quarters"]:
        values = [row[f"stated_time_to_{name}_min"] for row in quarter["incidents"] if row[f"stated_time_to_{name}_min"] is not None]
        mean = statistics([minutes * 60 for minutes in values]).mean
        assert mean is not None
        assert mean // 60 == quarter[f"mean_of_stated_{name}_min"], quarter["quarter"]
        assert (mean // 60 == quarter[f"stated_mean_time_to_{name}_min"]) == quarter["means_agree"][name], quarter["quarter"]


@CASES
def test_what_the_log_states_is_kept_beside_what_its_times_give(archive: World, case: Case) -> None:
    for row, incident in rows(archive, case):
        taken = next(line for line in archive.get(f"/incidents/{incident}/timeline") if line["kind"] == "incident.imported")
        stated = {one["what"]: one["seconds"] / 60 for one in taken["data"]["stated"]}
        for what, column in (("time to repair", "stated_time_to_repair_min"), ("time to resolve", "stated_time_to_resolve_min")):
            assert stated.get(what) == row[column]
