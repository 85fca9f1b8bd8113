"""What a page of numbers shows: tiles and charts, each with its unit, how many cases it is of, its table, and what is behind it. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final, Literal
from urllib.parse import urlencode

import msgspec

from tocsin.insights.cases import FEW, Case, Measured, Slice, by_severity, change, over_time, values, whole
from tocsin.insights.cases import by_service as slices_by_service
from tocsin.insights.drawing import Bars, Heat, Label, Lines, Point, Scale, lines, spans
from tocsin.insights.period import Period
from tocsin.insights.sheets import Column, Row, Sheet

_MOST_STRIPS: Final = 12
_MOST_ON_A_STRIP: Final = 40
_STEADY: Final = 0.005
"""A change of less than half a percent is none."""
_LOUD: Final = 0.1
"""A change of less than a tenth is said, and not called better or worse."""
_MINUTE: Final = 60
_HOUR: Final = 3600
_DAY: Final = 86400
NOT_KNOWN: Final = "not known"

Better = Literal["less", "more", ""]
"""Which way a figure gets better; empty where neither is."""


class Tile(msgspec.Struct, frozen=True):
    """One figure, what it is of, and what it was in the period before."""

    name: str
    value: str
    of: str
    """``median of 14``."""
    before: str = ""
    tone: Literal["kept", "missed", ""] = ""
    href: str = ""
    chosen: bool = False


class Strip(msgspec.Struct, frozen=True):
    """A row of a chart of strips: the single values, and what they come to."""

    name: str
    rank: int
    href: str
    of: str
    median: str
    p90: str
    at_median: float | None
    """Percent across."""
    at_p90: float | None
    points: tuple[tuple[float, str, str], ...]
    """Percent across, what it says, what is behind it."""
    few: bool


class Strips(msgspec.Struct, frozen=True):
    """A chart of strips on one scale."""

    labels: tuple[Label, ...]
    rows: tuple[Strip, ...]
    left_out: int
    """Rows that stand in the table only."""


class Chart(msgspec.Struct, frozen=True):
    """A chart with all that it has to say of itself."""

    id: str
    title: str
    says: str
    """Unit, scale and how it is counted."""
    of: str
    """How many cases, such as ``median of 14``."""
    sheet: Sheet
    drawing: Lines | Bars | Heat | Strips | None = None
    warn: str = ""
    points: str = ""
    """The address of the single values, where a script may draw them behind the lines."""
    empty: str = ""
    """What to read where there is nothing to draw."""
    table: bool = False
    """Whether the table is all there is: nothing is drawn."""

    @property
    def form(self) -> str:
        """Which macro draws it."""
        return type(self.drawing).__name__.lower() if self.drawing is not None else "none"


class Behind(msgspec.Struct, frozen=True):
    """Makes the addresses of what is behind a value: the query of the page, changed in part."""

    query: Mapping[str, str]

    def __call__(self, **changes: str | datetime | None) -> str:
        """Return the address of the list of incidents."""
        return address("/insights/incidents", self.query, **changes)


def address(path: str, query: Mapping[str, str], **changes: str | datetime | None) -> str:
    """Return an address with a query in which some values are others; None takes one out. ``begin`` and ``end`` name half-open days."""
    found = dict(query)
    begin, end = changes.pop("begin", None), changes.pop("end", None)
    if isinstance(begin, datetime) and isinstance(end, datetime):
        last = end - timedelta(microseconds=1)
        found |= {"from": f"{begin:%Y-%m-%d}", "to": f"{last:%Y-%m-%d}"}
        found.pop("last", None)
    for name, value in changes.items():
        found[name] = str(value) if value is not None else ""
    kept = {name: value for name, value in found.items() if value}
    return f"{path}?{urlencode(kept)}" if kept else path


# -- words ----------------------------------------------------------------------------------------


def span(seconds: float | None) -> str:
    """Return a duration for people, as the other pages write it: ``40 s``, ``47 min``, ``1 h 05 min``, ``2 d 3 h``."""
    if seconds is None:
        return NOT_KNOWN
    whole_ = int(seconds)
    if whole_ < _MINUTE:
        return f"{whole_} s"
    if whole_ < _HOUR:
        return f"{whole_ // _MINUTE} min"
    if whole_ < _DAY:
        return f"{whole_ // _HOUR} h {whole_ % _HOUR // _MINUTE:02} min"
    hours = whole_ % _DAY // _HOUR
    return f"{whole_ // _DAY} d" + (f" {hours} h" if hours else "")


def share(value: float | None) -> str:
    """Return a share as percent."""
    return NOT_KNOWN if value is None else f"{value * 100:.0f} %"


def against(
    now: float | None, before: float | None, said: str, better: Better, cases: int = FEW
) -> tuple[str, Literal["kept", "missed", ""]]:
    """Return how a figure compares with the period before, and whether that is better or worse.

    said: the earlier figure in words. cases: how many the scarcer of the two figures is of; few say nothing.
    """
    moved = change(now, before)
    if before is None:
        return "nothing to compare with before", ""
    if moved is None or abs(moved) < _STEADY:
        return f"{said} before", ""
    tone: Literal["kept", "missed", ""] = (
        "" if not better or abs(moved) < _LOUD or cases < FEW else "kept" if (moved < 0) == (better == "less") else "missed"
    )
    return f"{said} before, {'+' if moved > 0 else '−'}{abs(moved) * 100:.0f} %", tone


def trust(count: int, what: str) -> str:
    """Return a warning where so few cases cannot be trusted; empty where they can."""
    return f"{what} of {count}: too few to trust a trend." if 0 < count < FEW else ""


# -- durations ------------------------------------------------------------------------------------


def duration_tiles(
    cases: Sequence[Case], earlier: Sequence[Case], measures: Sequence[tuple[str, str]], behind: Behind, chosen: str
) -> list[Tile]:
    """Return a tile for every canonical duration. measures: id and name, in the order of ``Case.canonical``."""
    made = []
    for number, (metric, name) in enumerate(measures):
        now, unknown = values(cases, number)
        before, _ = values(earlier, number)
        text, tone = against(now.median, before.median, span(before.median), "less", min(now.count, before.count))
        of = f"median of {now.count:,}" + (f", {unknown:,} not known" if unknown else "")
        made.append(Tile(name, span(now.median), of, text, tone, address("/insights", behind.query, metric=metric), chosen == metric))
    return made


def durations_over_time(name: str, definition: str, cases: Sequence[Measured], period: Period, behind: Behind) -> Chart:
    """Return a duration's median and 90th percentile in each week or month."""
    slices = over_time(cases, period)
    every = whole(cases)
    scale = spans([one.seconds for one in every.cases if one.seconds is not None])

    def points(kind: str, value: Callable[[Slice], float | None]) -> list[Point]:
        return [(value(one), _said(one, kind), behind(begin=one.begin, end=one.end), one.few) for one in slices]

    series = (
        ("p90", "90 %", points("90 %", lambda one: one.found.p90)),
        ("median", "median", points("median", lambda one: one.found.median)),
    )
    sheet = Sheet(
        (Column(period.step.title()), Column("Incidents", "count"), Column("Median", "seconds"), Column("90 %", "seconds"), Column("Not known", "count")),
        tuple(
            Row((one.name, one.found.count, one.found.median, one.found.p90, one.unknown), behind(begin=one.begin, end=one.end)) for one in slices
        ),
    )  # fmt: skip
    scale_says = "Equal ratios on the scale. " if scale.log else ""
    return Chart(
        "durations", f"{name} over time", f"{definition.capitalize()}. By {period.step} of declaration. {scale_says}A gap is a {period.step} without a known value.",
        _of(every), sheet, lines(scale, [one.name for one in slices], series) if every.found.count else None, trust(every.found.count, "Median"),
        address("/insights/points", behind.query), f"No incident of this period has a known {name.lower()}.",
    )  # fmt: skip


def durations_by(
    id_: str, title: str, slices: Sequence[Slice], behind: Callable[[Slice], str], names: Mapping[str, str], absent: str
) -> Chart:
    """Return a duration by service or severity: the single incidents on a strip, median and 90th percentile marked."""
    scale = spans([case.seconds for one in slices for case in one.cases if case.seconds is not None])
    shown = [one for one in slices if one.found.count][:_MOST_STRIPS]
    rows = tuple(_strip(one, names.get(one.name, one.name) or absent, behind(one), scale) for one in shown)
    sheet = Sheet(
        (Column(title.rpartition(" ")[2].title()), Column("Incidents", "count"), Column("Median", "seconds"), Column("90 %", "seconds"),
         Column("Shortest", "seconds"), Column("Longest", "seconds"), Column("Not known", "count")),
        tuple(
            Row((names.get(one.name, one.name) or absent, one.found.count, one.found.median, one.found.p90, one.found.least, one.found.most, one.unknown), behind(one))
            for one in slices
        ),
    )  # fmt: skip
    ticks = tuple(
        Label(
            round(100 * (1 - tick.y / scale.height), 3),
            tick.text,
            "start" if tick.y == scale.height else "end" if tick.y == 0 else "middle",
        )
        for tick in scale.ticks
    )
    count = sum(one.found.count for one in slices)
    return Chart(
        id_, title, f"Each dot is an incident, of the newest {_MOST_ON_A_STRIP}; the upright line is the median, the thin one the 90th percentile.",
        f"{count:,} incidents", sheet, Strips(ticks, rows, len(slices) - len(shown)) if rows else None, "", "",
        "Nothing to compare yet.",
    )  # fmt: skip


def by_service(cases: Sequence[Measured], behind: Behind, names: Mapping[str, str]) -> Chart:
    """Return a duration by service."""
    return durations_by("services", "By service", slices_by_service(cases), lambda one: behind(service=one.name), names, "no service")


def by_level(cases: Sequence[Measured], behind: Behind) -> Chart:
    """Return a duration by severity."""
    return durations_by("severities", "By severity", by_severity(cases), lambda one: behind(severity=one.name), {}, "no level")


def _strip(one: Slice, name: str, href: str, scale: Scale) -> Strip:
    newest = one.cases[-_MOST_ON_A_STRIP:]
    points = tuple(
        (
            _across(scale, seconds),
            f"{case.title}: {span(seconds)}{', estimated' if estimated else ''}",
            f"/incidents/{case.incident}",
        )
        for case, seconds, estimated, _ in newest
        if seconds is not None
    )
    found = one.found
    return Strip(
        name, one.rank, href, f"{found.count:,}", span(found.median), span(found.p90), None if found.median is None else _across(scale, found.median),
        None if found.p90 is None else _across(scale, found.p90), points, one.few,
    )  # fmt: skip


def _across(scale: Scale, value: float) -> float:
    return round(scale.share(value) * 100, 2)


def _of(one: Slice) -> str:
    missing = f", {one.unknown:,} not known" if one.unknown else ""
    return f"median of {one.found.count:,}{missing}"


def _said(one: Slice, kind: str) -> str:
    value = one.found.median if kind == "median" else one.found.p90
    return f"{one.name}: {kind} {span(value)} of {one.found.count}" + (f", {one.unknown} not known" if one.unknown else "")
