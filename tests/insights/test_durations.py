"""A duration is what two known milestones say, or it is not available; it is never 0 or negative instead."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from tests.insights.scenario import Walkthrough, at
from tests.world import World
from tocsin.incidents.model import Moment
from tocsin.insights.durations import CANONICAL, between

NOON = datetime(2025, 10, 27, 12, tzinfo=UTC)


def minutes(number: float) -> datetime:
    return NOON + timedelta(minutes=number)


def test_a_milestone_that_is_not_known_is_named_and_there_is_no_number() -> None:
    found = between({"detected": Moment(NOON, 1)}, "impact_started", "mitigated", metric="m", name="M")
    assert (found.available, found.seconds, found.missing) == (False, None, ("impact_started", "mitigated"))
    assert found.text == "not available: impact started is not known and mitigated is not known"


def test_milestones_the_wrong_way_round_give_a_reason_and_no_negative_number() -> None:
    moments = {"detected": Moment(minutes(-1), 4), "impact_started": Moment(NOON, 3)}
    found = between(moments, "impact_started", "detected", metric="m", name="M")
    assert (found.available, found.seconds, found.reason) == (False, None, "detected lies before impact started")
    assert found.facts == (3, 4)


def test_two_milestones_in_one_moment_are_zero_and_not_unknown() -> None:
    moments = {"detected": Moment(NOON, 4), "impact_started": Moment(NOON, 3)}
    found = between(moments, "impact_started", "detected", metric="m", name="M")
    assert (found.available, found.seconds, found.text) == (True, 0, "0m")


def test_an_estimated_milestone_marks_the_number_as_estimated() -> None:
    moments = {"impact_started": Moment(NOON, 3, "estimated"), "resolved": Moment(minutes(30), 4)}
    found = between(moments, "impact_started", "resolved", metric="m", name="M")
    assert (found.seconds, found.precision, found.text) == (1800, "estimated", "about 30m")


def test_a_range_bounds_the_number() -> None:
    moments = {"impact_started": Moment(NOON, 3, "range", minutes(10)), "resolved": Moment(minutes(30), 4)}
    found = between(moments, "impact_started", "resolved", metric="m", name="M")
    assert (found.precision, found.low, found.high, found.text) == ("range", 1200, 1800, "20m to 30m")


def test_a_target_is_kept_up_to_its_last_second() -> None:
    moments = {"alerted": Moment(NOON, 1), "acknowledged": Moment(minutes(5), 2)}

    def kept(seconds: int) -> bool | None:
        target = timedelta(seconds=seconds)
        return between(moments, "alerted", "acknowledged", metric="m", name="M", target=target).target_kept

    assert (kept(300), kept(299)) == (True, False)


@given(
    st.dictionaries(
        st.sampled_from(sorted({m for one in CANONICAL for m in (one.start, one.end)})),
        st.datetimes(datetime(2020, 1, 1), datetime(2020, 1, 3), timezones=st.just(UTC)),  # noqa: DTZ001 (Hypothesis adds the zone)
    ),
)
def test_no_choice_of_milestones_gives_a_number_that_is_not_their_difference(times: dict[str, datetime]) -> None:
    moments = {name: Moment(when, number) for number, (name, when) in enumerate(times.items(), 1)}
    for one in CANONICAL:
        found = between(moments, one.start, one.end, metric=one.id, name=one.name)
        if one.start in times and one.end in times and times[one.start] <= times[one.end]:
            assert found.seconds == (times[one.end] - times[one.start]) // timedelta(seconds=1)
            assert found.facts == tuple(dict.fromkeys((moments[one.start].source, moments[one.end].source)))
        else:
            assert found.seconds is None
            assert found.reason


def test_correcting_a_milestone_moves_every_number_and_names_the_new_fact(world: World) -> None:
    incident = Walkthrough(world).play()
    before = {one["id"]: one for one in world.get(f"/incidents/{incident}/metrics")["metrics"]}
    world.post(f"/incidents/{incident}/milestones", {"milestone": "alerted", "when": at("14:22"), "note": "by the log"})
    after = {one["id"]: one for one in world.get(f"/incidents/{incident}/metrics")["metrics"]}
    assert after["time_to_detect"]["seconds"] == 120
    assert after["time_to_repair_from_alert"]["seconds"] == before["time_to_repair_from_alert"]["seconds"] + 180
    assert after["time_to_repair"] == before["time_to_repair"]
    assert after["time_to_detect"]["to_fact"] > before["time_to_detect"]["to_fact"]


def test_the_number_as_it_was_known_at_a_moment_can_still_be_asked_for(world: World) -> None:
    incident = Walkthrough(world).play()
    then = world.now
    world.advance(minutes=5)
    world.post(f"/incidents/{incident}/milestones", {"milestone": "alerted", "when": at("14:22")})
    known = world.get(f"/incidents/{incident}/metrics", at=then.isoformat(), reading="known_by", metric="alerted..resolved")
    assert known["seconds"] == 42 * 60
    assert world.get(f"/incidents/{incident}/metrics", metric="alerted..resolved")["seconds"] == 45 * 60


def test_a_duration_between_milestones_that_do_not_exist_is_refused_with_those_that_do(world: World) -> None:
    incident = world.declare()
    answer = world.send("GET", f"/incidents/{incident}/metrics?metric=detected..mended")
    assert answer.status == 422
    assert "mitigated" in answer.json["fix"]
