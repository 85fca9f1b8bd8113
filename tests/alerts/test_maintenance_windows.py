"""When windows of maintenance are, compared with looking at every quarter of an hour."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from tocsin.alerts.maintenance import next_change, state_of, window_at, windows
from tocsin.alerts.maintenance_model import Maintenance, Repeats, Weekday

QUARTER = timedelta(minutes=15)
DAYS: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def plans() -> st.SearchStrategy[Maintenance]:
    """Plans that begin in the weeks around a change of clocks."""
    zones = st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu"])
    begins = st.sampled_from(
        [
            datetime(2026, 3, 6, tzinfo=UTC),
            datetime(2026, 3, 27, tzinfo=UTC),
            datetime(2026, 10, 23, tzinfo=UTC),
            datetime(2026, 1, 30, tzinfo=UTC),
        ]
    )
    repeats = st.none() | st.builds(
        Repeats, st.sampled_from(["day", "week", "month"]), st.just(()), st.integers(1, 3),
    ) | st.builds(Repeats, st.just("week"), st.sets(st.sampled_from(DAYS), min_size=1).map(tuple), st.integers(1, 2))  # fmt: skip
    return st.builds(
        lambda zone, begin, quarters, length, again: Maintenance(
            "M", 1, "t", begin + quarters * QUARTER, begin + (quarters + length) * QUARTER, repeats=again, zone=zone,
        ),
        zones, begins, st.integers(0, 96), st.integers(1, 40), repeats,
    )  # fmt: skip


def slowly(plan: Maintenance, at: datetime) -> bool:
    """Whether a window is on: each day since the first is looked at, and its local time looked up minute by minute."""
    assert plan.since is not None
    assert plan.until is not None
    length = plan.until - plan.since
    if plan.repeats is None:
        return plan.since <= at < plan.until
    zone = ZoneInfo(plan.zone)
    first = plan.since.astimezone(zone)
    for number in range((at - plan.since).days + 3):
        day = first.date() + timedelta(days=number)
        if not _chosen(plan.repeats, first, day):
            continue
        wall = datetime.combine(day, first.time())
        # The first instant of the day, from a day before on, at which a clock there shows this time or a later one of the day.
        near = wall.replace(tzinfo=UTC) - timedelta(hours=15)
        begin = next(
            instant for step in range(60 * 32)
            if (instant := near + step * timedelta(minutes=1)).astimezone(zone).replace(tzinfo=None) >= wall
        )  # fmt: skip
        if plan.since <= begin <= at < begin + length:
            return True
    return False


def _chosen(repeats: Repeats, first: datetime, day: object) -> bool:
    from calendar import monthrange
    from datetime import date

    assert isinstance(day, date)
    if repeats.every == "day":
        return (day - first.date()).days % repeats.interval == 0
    if repeats.every == "week":
        wanted = repeats.days or (DAYS[first.weekday()],)
        monday = first.date() - timedelta(days=first.weekday())
        return DAYS[day.weekday()] in wanted and (day - monday).days // 7 % repeats.interval == 0
    months = (day.year - first.year) * 12 + day.month - first.month
    return months % repeats.interval == 0 and day.day == min(first.day, monthrange(day.year, day.month)[1])


@given(plans(), st.integers(0, 96 * 40))
def test_a_window_is_on_exactly_when_looking_day_by_day_says_so(plan: Maintenance, quarters: int) -> None:
    assert plan.since is not None
    at = plan.since + quarters * QUARTER
    assert (window_at(plan, at) is not None) is slowly(plan, at)


@given(plans(), st.integers(-96, 96 * 20))
def test_the_next_change_is_the_first_moment_at_which_a_window_begins_or_ends(plan: Maintenance, quarters: int) -> None:
    assert plan.since is not None
    now = plan.since + quarters * QUARTER
    change = next_change(plan, now)
    on = window_at(plan, now)
    if change is None:
        assert on is None
        assert plan.repeats is None
        assert state_of(plan, now) == "over"
        return
    assert change > now
    before = now
    while before < min(change, now + timedelta(days=2)):
        assert window_at(plan, before) == on, "nothing changes before"
        before += QUARTER
    after = window_at(plan, change)
    assert after != on or after is None


def test_a_window_that_ended_early_stays_ended_and_the_next_one_comes() -> None:
    begin = datetime(2026, 5, 4, 8, 0, tzinfo=UTC)
    plan = Maintenance(
        "M", 1, "t", begin, begin + timedelta(hours=2), repeats=Repeats("day"), ended=((begin, begin + timedelta(minutes=30)),)
    )
    assert window_at(plan, begin + timedelta(minutes=20)) == (begin, begin + timedelta(minutes=30))
    assert window_at(plan, begin + timedelta(minutes=40)) is None
    assert next_change(plan, begin + timedelta(minutes=40)) == begin + timedelta(days=1)
    assert [window.since for window in windows(plan, begin, begin + timedelta(days=3))] == [
        begin + timedelta(days=number) for number in range(3)
    ]
