"""Over many incidents: median, mean, nearest-rank percentile, and what is not available counted apart."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.world import World
from tocsin.insights.aggregates import statistics

NUMBERS = st.lists(st.integers(0, 10**7), min_size=1, max_size=60)


def slow_median(values: list[int]) -> Fraction:
    """Throw away the least and the greatest until one or two are left."""
    left = sorted(values)
    while len(left) > 2:
        left = left[1:-1]
    return Fraction(sum(left), len(left))


def slow_p90(values: list[int]) -> int:
    """The smallest value that at least nine in ten do not exceed."""
    return min(v for v in values if sum(other <= v for other in values) * 10 >= 9 * len(values))


@given(NUMBERS)
def test_the_figures_equal_what_counting_by_hand_gives(values: list[int]) -> None:
    found = statistics([float(v) for v in values])
    assert found.count == len(values)
    assert found.mean is not None
    assert found.median is not None
    assert abs(Fraction(found.mean) - Fraction(sum(values), len(values))) < Fraction(1, 1000)
    assert Fraction(found.median) == slow_median(values)
    assert (found.p90, found.least, found.most) == (slow_p90(values), min(values), max(values))


def test_of_nothing_there_is_no_mean() -> None:
    found = statistics([])
    assert (found.count, found.mean, found.median, found.p90) == (0, None, None, None)


def taken_in(world: World, name: str, **milestones: str) -> str:
    body = {"title": name, "service": "shop", "milestones": {m: {"at": at} for m, at in milestones.items()}}
    return str(world.post("/incidents/import", body)["incident"])


def three(world: World) -> list[str]:
    return [
        taken_in(world, "a", impact_started="2025-10-01T10:00:00Z", resolved="2025-10-01T10:10:00Z"),
        taken_in(world, "b", impact_started="2025-10-02T10:00:00Z", resolved="2025-10-02T11:00:00Z"),
        taken_in(world, "c", impact_started="2025-10-03T10:00:00Z"),
    ]


def test_what_is_not_available_is_counted_apart_and_never_as_zero(world: World) -> None:
    ids = three(world)
    found = world.get("/insights/durations", metric="time_to_resolve")
    assert found["aggregate"]["text"] == "median 35m of 2, 1 not available"
    assert (found["aggregate"]["mean"], found["aggregate"]["least"], found["aggregate"]["most"]) == (2100, 600, 3600)
    assert [(p["incident"], p["seconds"], p["at"]) for p in found["points"]] == [
        (ids[0], 600, "2025-10-01T10:00:00Z"), (ids[1], 3600, "2025-10-02T10:00:00Z"),
    ]  # fmt: skip
    assert [(a["incident"], a["reason"]) for a in found["not_available"]] == [(ids[2], "resolved is not known")]


def test_the_filter_takes_incidents_that_began_within_a_half_open_span(world: World) -> None:
    ids = three(world)

    def seen(**query: str) -> list[str]:
        return [p["incident"] for p in world.get("/insights/durations", metric="time_to_resolve", **query)["points"]]

    assert seen(**{"from": "2025-10-02T10:00:00Z"}) == [ids[1]]
    assert seen(to="2025-10-02T10:00:00Z") == [ids[0]]
    assert seen(service="shop") == ids[:2]
    assert seen(service="other") == []
    assert seen(severity="SEV-1") == []
    assert seen(playbook="payments-sev1") == ids[:2]


def test_a_correction_moves_the_aggregate(world: World) -> None:
    ids = three(world)
    assert world.get("/insights/durations", metric="time_to_resolve")["aggregate"]["mean"] == 2100
    world.post(f"/incidents/{ids[0]}/milestones", {"milestone": "resolved", "when": "2025-10-01T10:20:00Z"})
    assert world.get("/insights/durations", metric="time_to_resolve")["aggregate"]["mean"] == 2400


def test_a_playbooks_own_metric_is_named_with_its_playbook_where_the_id_is_canonical_too(world: World) -> None:
    taken_in(world, "a", impact_started="2025-10-01T10:00:00Z", alerted="2025-10-01T10:05:00Z", detected="2025-10-01T10:01:00Z")
    assert world.get("/insights/durations", metric="time_to_detect")["aggregate"]["mean"] == 60
    own = world.get("/insights/durations", metric="payments-sev1:time_to_detect")["aggregate"]
    assert (own["mean"], own["definition"]) == (300, "from impact started to alerted")


def test_a_metric_that_two_playbooks_define_differently_is_not_counted_together(world: World) -> None:
    for playbook in ("nine-stage", "compact"):
        world.post(
            "/incidents/import", {"title": playbook, "playbook": playbook, "milestones": {"alerted": {"at": "2025-10-01T10:00:00Z"}}}
        )
    same = world.get("/insights/durations", metric="time_to_acknowledge")
    assert same["aggregate"]["not_available"] == 2
    for playbook in ("house", "payments-sev1"):
        world.post(
            "/incidents/import", {"title": playbook, "playbook": playbook, "milestones": {"alerted": {"at": "2025-10-01T10:00:00Z"}}}
        )
    answer = world.send("GET", "/insights/durations?metric=time_to_lead")
    assert answer.status == 422
    assert "more than one way" in answer.json["detail"]
    assert world.get("/insights/durations", metric="house:time_to_lead")["aggregate"]["not_available"] == 1


def test_a_word_that_is_no_metric_is_refused_with_those_that_are(world: World) -> None:
    answer = world.send("GET", "/insights/durations?metric=mttr")
    assert answer.status == 422
    assert "time_to_resolve" in answer.json["fix"]
    assert world.send("GET", "/insights/durations?metric=detected..mended").status == 422


def test_without_a_metric_every_canonical_duration_is_aggregated(world: World) -> None:
    three(world)
    found = {one["metric"]: one["count"] for one in world.get("/insights/durations")["durations"]}
    assert found["time_to_resolve"] == 2
    assert found["time_to_detect"] == 0


def test_the_summary_counts_levels_promises_duties_and_action_items(world: World) -> None:
    three(world)
    incident = world.declare()
    world.post(
        f"/incidents/{incident}/updates", {"message": "first_post", "fields": {"impact": ["x"], "first_actions": ["y"]}, "next_in": "15m"}
    )
    world.advance(minutes=16)
    found: dict[str, Any] = world.get("/insights/summary")
    assert found["incidents"] == 4
    assert found["by_severity"] == {"SEV-1": 1, "unset": 3}
    assert found["promises"] == {"kept": 0, "due": 1}
    adherence = world.get(f"/incidents/{incident}/adherence")
    assert found["adherence"]["mean"] == adherence["total"]["score"]
    assert found["obligations"]["overdue"] == adherence["total"]["overdue"] > 0
    assert {one["incident"] for one in found["obligations"]["each_overdue"]} == {incident}
    assert found["action_items"]["open"] == 0


def test_a_merged_incident_is_counted_once(world: World) -> None:
    one, other = world.declare(), world.declare()
    world.post(f"/incidents/{one}/merge", {"into": other})
    assert world.get("/insights/summary")["incidents"] == 1
