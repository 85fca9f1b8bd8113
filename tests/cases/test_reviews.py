"""A list of reviews with stated times: exact where the times agree, and their report over many through our aggregates."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from tests.cases.files import of_kind, skip_deviation
from tests.world import World
from tocsin.incidents import importing

Case = dict[str, Any]
CASES = pytest.mark.parametrize("case", of_kind("incident-reviews"))


def take_in(world: World, case: Case) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """Take in the reviews; return each row with its canonical durations by their ids."""
    made = world.post("/incidents/import/file", case)["incidents"]
    found = []
    for row, one in zip(case["incidents"], made, strict=True):
        view = world.get(f"/incidents/{one['incident']}/metrics")
        found.append((row, {duration["id"]: duration for duration in view["canonical"]}))
    return found


@CASES
def test_a_total_that_agrees_is_our_time_to_resolve_and_a_slip_is_shown_beside_it(archive: World, case: Case) -> None:
    skip_deviation(case, "totals")
    for row, ours in take_in(archive, case):
        total = ours["time_to_resolve"]
        if row["wall_clock_min"] is None:
            assert (total["available"], total["missing"]) == (False, ["resolved"]), row["title"]
            continue
        assert total["seconds"] // 60 == row["wall_clock_min"], row["title"]
        assert (total["seconds"] == row["stated_total_min"] * 60) == row["stated_equals_wall_clock"], row["title"]


@CASES
def test_an_upper_bound_of_the_detection_is_an_estimate_and_no_bound_is_unknown(archive: World, case: Case) -> None:
    skip_deviation(case, "detection")
    for row, ours in take_in(archive, case):
        detected = ours["time_to_detect"]
        if row.get("stated_time_to_detect_min") is None:
            assert (detected["seconds"], detected["missing"]) == (None, ["detected"]), row["title"]
        else:
            assert (detected["seconds"], detected["precision"]) == (row["stated_time_to_detect_min"] * 60, "estimated"), row["title"]


@CASES
def test_the_report_over_the_agreeing_rows_has_their_mean_median_and_maximum(archive: World, case: Case) -> None:
    skip_deviation(case, "aggregate")
    wanted = case["aggregate_over_agreeing_rows"]
    service = f"agreeing rows of {case['id']}"
    for row, found in zip(case["incidents"], importing.read(case), strict=True):
        if row["stated_equals_wall_clock"]:
            archive.post("/incidents/import", msgspec.to_builtins(msgspec.structs.replace(found, service=service), str_keys=True) | {})
    total = archive.get("/insights/durations", metric="time_to_resolve", service=service)["aggregate"]
    assert total["count"] == wanted["rows"]
    assert total["mean"] / 60 == pytest.approx(wanted["mean_total_min"])
    assert total["median"] / 60 == pytest.approx(wanted["median_total_min"])
    assert total["most"] / 60 == pytest.approx(wanted["max_total_min"])
    detected = archive.get("/insights/durations", metric="time_to_detect", service=service)["aggregate"]
    assert (detected["count"], detected["not_available"]) == (
        wanted["rows_with_time_to_detect"],
        wanted["rows"] - wanted["rows_with_time_to_detect"],
    )
    assert detected["mean"] / 60 == pytest.approx(wanted["mean_time_to_detect_min"])
