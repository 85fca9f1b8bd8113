"""How long it takes to know who is on call: run with `make bench`, or alone."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from tocsin.oncall import rotation
from tocsin.oncall.layers import who_is_on_call
from tocsin.oncall.model import Hours, Layer, Override, Rota, Schedule, plain
from tocsin.oncall.shifts import shifts
from tocsin.oncall.walltime import _segments

START = datetime(2026, 1, 5, 9, tzinfo=UTC)
ZONES = ("Europe/Lisbon", "America/Chicago", "Asia/Kolkata", "Australia/Lord_Howe", "UTC", "America/Santiago")
DAYTIME = (Hours("09:00", "17:00", ("mon", "tue", "wed", "thu", "fri")),)
NIGHTS = (Hours("22:00", "06:00"),)
SCHEDULES = 1000


def schedule(number: int) -> Schedule:
    """Return one of many different schedules: two layers by turns, a second line, and a few overrides."""
    zone = ZONES[number % len(ZONES)]
    people = tuple((f"person-{number}-{place}",) for place in range(3 + number % 5))
    layers = (
        Layer(id="week", groups=people, start=f"2026-01-05T{8 + number % 4:02}:00"),
        Layer(id="nights", priority=1, groups=people[::-1], start="2026-01-05T00:00", unit="shift", hours=NIGHTS),
        Layer(id="second", role="secondary", ahead=1, groups=people, start="2026-01-05T09:00"),
    )
    overrides = {
        str(place): Override(
            str(place), "take", START + timedelta(days=9 * place), START + timedelta(days=9 * place, hours=8), "stand-in", number=place
        )
        for place in range(number % 10)
    }
    return plain(Rota(zone=zone, layers=layers), overrides=overrides)


def daily() -> Schedule:
    """Return a schedule that changes every day, with a layer of office hours on top."""
    people = (("ana",), ("bo",), ("cy",))
    layers = (
        Layer(id="day", groups=people, start="2026-01-05T08:00", unit="day"),
        Layer(id="office", priority=1, groups=(("dina",), ("eve",)), start="2026-01-05T00:00", unit="shift", hours=DAYTIME),
    )
    return plain(Rota(zone="Europe/Berlin", layers=layers))


def cold() -> None:
    """Forget what was read and reckoned before."""
    rotation.compiled.cache_clear()
    _segments.cache_clear()


def taken(work: Callable[[], object], times: int, *, before: Callable[[], None] = lambda: None) -> float:
    """Return the median time that some work keeps a core busy, in milliseconds: it never waits, and other programs do not count."""
    found = []
    for _ in range(times):
        before()
        begin = time.process_time()
        work()
        found.append((time.process_time() - begin) * 1000)
    return statistics.median(found)


def measured(times: int = 15) -> list[tuple[str, float, float, str]]:
    """Return what was measured: what, the figure, the bound, the unit."""
    many = [schedule(number) for number in range(SCHEDULES)]
    at = START + timedelta(days=101, hours=5)
    year = timedelta(days=365)
    hourly = plain(Rota(zone="Europe/Berlin", layers=(Layer(id="h", groups=(("a",), ("b",)), start="2026-01-05T00:00", unit="hour"),)))
    weekly = schedule(1)
    return [
        ("who is on call in 1,000 schedules", taken(lambda: [who_is_on_call(one, at) for one in many], times), 50, "ms"),
        ("the same, nothing read before", taken(lambda: [who_is_on_call(one, at) for one in many], 3, before=cold), 200, "ms"),
        ("a year of shifts, weekly with nights", taken(lambda: shifts(weekly, START, START + year), times), 20, "ms"),
        ("a year of shifts, daily with office hours", taken(lambda: shifts(daily(), START, START + year), times), 20, "ms"),
        ("a year of shifts, every hour", taken(lambda: shifts(hourly, START, START + year), 5), 100, "ms"),
    ]


def main() -> None:
    """Print the figures."""
    for what, figure, bound, unit in measured():
        print(f"{what:45} {figure:8.2f} {unit}  (at most {bound:g})")


if __name__ == "__main__":
    main()
