"""Charts of duties kept, of what on-call costs people, of action items, of what comes back and of alerts. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from tocsin.insights import burden, completion, duties, noise
from tocsin.insights.burden import DAYS, HOURS, Felt
from tocsin.insights.cases import Case
from tocsin.insights.charts import NOT_KNOWN, Behind, Chart, Tile, address, against, share, trust
from tocsin.insights.completion import Item
from tocsin.insights.drawing import bars, heat, lines, shares
from tocsin.insights.duties import Judged, Month
from tocsin.insights.noise import Group
from tocsin.insights.period import Period
from tocsin.insights.recurrence import Recurrence
from tocsin.insights.sheets import Column, Row, Sheet
from tocsin.oncall.model import Hours

# -- duties and promises --------------------------------------------------------------------------


def duty_tiles(now: Judged, before: Judged) -> list[Tile]:
    """Return how duties and promises were kept."""
    kept, kept_tone = against(now.share, before.share, share(before.share), "more")
    told, told_tone = against(now.promised, before.promised, share(before.promised), "more")
    criteria = now.ticked + now.ticks_waived
    return [
        Tile("Duties kept in time", share(now.share), f"{now.kept:,} of {now.due:,} that fell due", kept, kept_tone),
        Tile("Promised updates in time", share(now.promised), f"{now.promises_kept:,} of {now.promises_due:,} promises", told, told_tone),
        Tile("Missed or overdue", f"{now.missed + now.overdue:,}", f"of {now.due:,}; {now.late:,} more were late"),
        Tile("Waived", f"{now.waived:,}", "duties, each with a reason"),
        Tile(
            "Gate criteria", f"{now.ticked:,}", f"verified of {criteria:,}; {now.ticks_waived:,} waived" if criteria else "none judged yet"
        ),
    ]


_FATES = (("kept", "kept"), ("late", "late"), ("missed", "missed or overdue"), ("waived", "waived"))


def duties_over_time(months: Sequence[Month], every: Judged, period: Period, behind: Behind) -> Chart:
    """Return what became of duties, by when their incident was declared."""
    values = []
    for one in months:
        href, own = behind(begin=one.begin, end=one.end), one.judged
        counts = (own.kept, own.late, own.missed + own.overdue, own.waived)
        values.append([(float(count), f"{one.name}: {count} {name}", href) for count, (_, name) in zip(counts, _FATES, strict=True)])
    sheet = Sheet(
        (Column(period.step.title()), Column("Kept", "count"), Column("Late", "count"), Column("Missed", "count"), Column("Overdue", "count"),
         Column("Waived", "count"), Column("Kept in time", "share")),
        tuple(
            Row((one.name, one.judged.kept, one.judged.late, one.judged.missed, one.judged.overdue, one.judged.waived, one.judged.share), behind(begin=one.begin, end=one.end))
            for one in months
        ),
    )  # fmt: skip
    return Chart(
        "duties", "What became of duties", f"Duties that fell due or were waived, by {period.step} of declaration.", f"{every.due:,} duties of {every.incidents:,} incidents",
        sheet, bars([one.name for one in months], _FATES, values) if every.due + every.waived else None,
        trust(every.due, "Share"), "", "No duty has fallen due in this period. A playbook's obligations are counted here once an incident is declared under it.",
    )  # fmt: skip


def promises_over_time(months: Sequence[Month], every: Judged, period: Period, behind: Behind) -> Chart:
    """Return how many promised updates came in time."""
    points = [
        (one.judged.promised, f"{one.name}: {share(one.judged.promised)}, {one.judged.promises_kept} of {one.judged.promises_due}",
         behind(begin=one.begin, end=one.end), one.judged.promises_due < 5)  # noqa: PLR2004 (as ``cases.FEW``)
        for one in months
    ]  # fmt: skip
    sheet = Sheet(
        (Column(period.step.title()), Column("In time", "count"), Column("Due", "count"), Column("Share", "share")),
        tuple(
            Row((one.name, one.judged.promises_kept, one.judged.promises_due, one.judged.promised), behind(begin=one.begin, end=one.end))
            for one in months
        ),
    )
    return Chart(
        "promises", "Promised updates that came in time", f"Share of promised times that were kept, by {period.step} of declaration.",
        f"{every.promises_kept:,} of {every.promises_due:,} promises", sheet,
        lines(shares(), [one.name for one in months], (("median", "in time", points),)) if every.promises_due else None,
        trust(every.promises_due, "Share"), "", "No update has promised a next one in this period.",
    )  # fmt: skip


def duties_by_rule(cases: Sequence[Case], names: Mapping[tuple[str, str], str], behind: Behind) -> Chart:
    """Return each duty with how often it was kept, the one that is missed most often first."""
    rules = duties.by_rule(cases)
    sheet = Sheet(
        (Column("Duty"), Column("Playbook"), Column("Due", "count"), Column("Kept", "count"), Column("Late", "count"), Column("Missed", "count"),
         Column("Overdue", "count"), Column("Waived", "count"), Column("Kept in time", "share")),
        tuple(
            Row(
                (duties.named(one, names), one.playbook, one.judged.due, one.judged.kept, one.judged.late, one.judged.missed, one.judged.overdue,
                 one.judged.waived, one.judged.share),
                behind(playbook=one.playbook, duty=one.rule),
            )
            for one in rules
        ),
    )  # fmt: skip
    return Chart(
        "rules",
        "Which duties are kept",
        "One row for each rule of a playbook; the one most often not kept first.",
        f"{len(rules)} duties",
        sheet,
        table=True,
        empty="No duty has fallen due in this period.",
    )


# -- on call --------------------------------------------------------------------------------------


def load_tiles(
    now: Sequence[burden.Person], before: Sequence[burden.Person], night: Hours | None, hours: Mapping[str, float] | None
) -> list[Tile]:
    """Return what being on call came to. now, before: each person's share of this period and of the one before it."""
    pages, was = (sum(one.pages for one in shares) for shares in (now, before))
    said, tone = against(pages, was, f"{was:,}", "less")
    broke, broken = sum(one.interruptions for one in now), sum(one.interruptions for one in before)
    broke_said, broke_tone = against(broke, broken, f"{broken:,}", "less")
    people = sum(one.pages > 0 for one in now)
    nights = None if night is None else sum(one.nights or 0 for one in now)
    nights_before = None if night is None else sum(one.nights or 0 for one in before)
    nights_said, nights_tone = against(nights, nights_before, f"{nights_before:,}", "less") if nights_before is not None else ("", "")
    when = "nobody has said which hours are night" if night is None else f"pages from {night.start} to {night.end}, their clock"
    return [
        Tile("Pages", f"{pages:,}", f"that called {people} {'person' if people == 1 else 'people'}", said, tone),
        Tile("Interruptions", f"{broke:,}", "pages that overlap count once", broke_said, broke_tone),
        Tile("At night", NOT_KNOWN if nights is None else f"{nights:,}", when, nights_said, nights_tone),
        Tile("Hours on call", f"{sum(hours.values()):,.0f}", f"of {len(hours)} {'person' if len(hours) == 1 else 'people'}") if hours is not None else Tile("Hours on call", NOT_KNOWN, "a schedule is of no one service or team"),
    ]  # fmt: skip


def load_by_person(people: Sequence[burden.Person], names: Mapping[str, str]) -> Chart:
    """Return each person's share."""
    sheet = Sheet(
        (Column("Person"), Column("Interruptions", "count"), Column("Pages", "count"), Column("At night", "count"), Column("At weekends", "count"),
         Column("On call", "hours"), Column("Pages per 100 h", "rate")),
        tuple(
            Row(
                (names.get(one.person, one.person), one.interruptions, one.pages, one.nights, one.weekends, one.hours,
                 one.pages * 100 / one.hours if one.hours else None),
                address("/pages", {"person": one.person, "state": "all"}),
            )
            for one in people
        ),
    )  # fmt: skip
    return Chart(
        "people", "By person", "Interruptions: stretches in which a page waited for them, until it was acknowledged. Hours: on call in any schedule.",
        f"{sum(one.pages for one in people):,} pages, {len(people)} people", sheet, table=True, empty="Nobody was on call or called in this period.",
    )  # fmt: skip


def load_over_time(calls: Sequence[Felt], period: Period, night: Hours | None) -> Chart:
    """Return pages over time, those at night apart."""
    weeks = burden.over_time(calls, period, night)
    kinds = (("night", "at night"), ("day", "by day")) if night is not None else (("day", "pages"),)
    values = []
    for one in weeks:
        nights = one.nights or 0
        both = [
            (float(nights), f"{one.name}: {nights} at night", ""),
            (float(one.pages - nights), f"{one.name}: {one.pages - nights} by day", ""),
        ]
        values.append(both if night is not None else [(float(one.pages), f"{one.name}: {one.pages} pages", "")])
    sheet = Sheet(
        (Column(period.step.title()), Column("Pages", "count"), Column("At night", "count"), Column("Interruptions", "count")),
        tuple(Row((one.name, one.pages, one.nights, one.interruptions)) for one in weeks),
    )
    return Chart(
        "pages", "Pages over time", f"Pages that called somebody, by {period.step}; a page that called two people counts twice.", f"{len(calls):,} pages", sheet,
        bars([one.name for one in weeks], kinds, values) if calls else None, "", "", "No page has called anybody in this period.",
    )  # fmt: skip


def load_by_hour(calls: Sequence[Felt]) -> Chart:
    """Return pages by hour of the week."""
    grid = burden.by_hour(calls)
    says = [
        [f"{day} {hour:02}:00: {count} {'page' if count == 1 else 'pages'}" for hour, count in enumerate(row)]
        for day, row in zip(DAYS, grid, strict=True)
    ]
    words = [f"{hour:02}" if hour % 3 == 0 else "" for hour in range(HOURS)]
    sheet = Sheet(
        (Column("Day"), *(Column(f"{hour:02}", "count") for hour in range(HOURS))),
        tuple(Row((day, *row)) for day, row in zip(DAYS, grid, strict=True)),
    )
    return Chart(
        "hours", "When pages come", "Pages by hour of the week, on the clock of who was called.", f"{len(calls):,} pages", sheet,
        heat(DAYS, grid, says, words) if calls else None, "", "", "No page has called anybody in this period.",
    )  # fmt: skip


# -- follow-up ------------------------------------------------------------------------------------


def action_tiles(items: Sequence[Item], period: Period, now: datetime) -> list[Tile]:
    """Return what became of action items."""
    found, before = completion.completion(items, period, now), completion.completion(items, period.before, now)
    done, was = (one.done / one.written if one.written else None for one in (found, before))
    done_said, done_tone = against(done, was, share(was), "more")
    in_time, in_time_was = (one.in_time / one.dated if one.dated else None for one in (found, before))
    in_time_said, in_time_tone = against(in_time, in_time_was, share(in_time_was), "more")
    days = found.days.median
    return [
        Tile("Done", share(done), f"{found.done} of {found.written} written down", done_said, done_tone),
        Tile("Done by their date", share(in_time), f"{found.in_time} of {found.dated} whose date has come", in_time_said, in_time_tone),
        Tile("Open", f"{found.open:,}", f"{found.overdue} past their date", href="/actions"),
        Tile("Time to done", NOT_KNOWN if days is None else f"{days:.0f} d", f"median of {found.days.count}"),
        Tile("Dropped", f"{found.dropped:,}", "each with a reason"),
    ]


def actions_over_time(items: Sequence[Item], period: Period, now: datetime) -> Chart:
    """Return how many action items were open and overdue at the end of each week or month."""
    steps = completion.over_time(items, period, now)
    kinds = (("missed", "past their date"), ("open", "open, not due yet"))
    values = [
        [(float(one.overdue), f"{one.name}: {one.overdue} past their date", "/actions"), (float(one.open - one.overdue), f"{one.name}: {one.open - one.overdue} open", "/actions")]
        for one in steps
    ]  # fmt: skip
    sheet = Sheet(
        (Column(period.step.title()), Column("Written down", "count"), Column("Closed", "count"), Column("Open at its end", "count"), Column("Past their date", "count")),
        tuple(Row((one.name, one.opened, one.closed, one.open, one.overdue)) for one in steps),
    )  # fmt: skip
    return Chart(
        "actions", "Action items that wait", f"Open at the end of each {period.step}, those past their date below.", f"{len(items):,} items", sheet,
        bars([one.name for one in steps], kinds, values) if any(one.open for one in steps) else None, "", "",
        "No action item waits. They are written down in a postmortem or on an incident.",
    )  # fmt: skip


def recurrence_tiles(found: Recurrence, before: Recurrence) -> list[Tile]:
    """Return how much came back."""
    said, tone = against(found.share, before.share, share(before.share), "less")
    like = "service and cause" if found.like == "cause" else "service"
    return [
        Tile("Came back", share(found.share), f"{found.repeats} of {found.counted} within {found.days} days, same {like}", said, tone),
        Tile(
            "Not comparable",
            f"{found.unknown:,}",
            "incidents whose " + ("service or cause" if found.like == "cause" else "service") + " is not recorded",
        ),
    ]


def recurrences(found: Recurrence, names: Mapping[str, str], behind: Behind) -> Chart:
    """Return what came back, the longest chain first."""
    sheet = Sheet(
        (Column("Service"), Column("Cause"), Column("Times", "count"), Column("First", "time"), Column("Newest", "time"), Column("Newest incident")),
        tuple(
            Row(
                (names.get(one.service, one.service), one.cause or "any", len(one.cases), one.cases[0].at, one.cases[-1].at, one.cases[-1].title),
                behind(service=one.service, cause=one.cause or None, begin=one.cases[0].at, end=one.cases[-1].at),
            )
            for one in found.chains
        ),
    )  # fmt: skip
    return Chart(
        "recurrence", "What comes back", f"Incidents of one {'service and cause' if found.like == 'cause' else 'service'}, each declared within {found.days} days after the one before was resolved.",
        f"{found.repeats:,} of {found.counted:,} incidents", sheet, table=True, empty="Nothing came back within these days.",
    )  # fmt: skip


# -- alerts ---------------------------------------------------------------------------------------


def noise_tiles(groups: Sequence[Group], earlier: Sequence[Group]) -> list[Tile]:
    """Return how much of what the monitoring said mattered."""
    now, before = noise.total(groups), noise.total(earlier)
    said, tone = against(now.groups, before.groups, f"{before.groups:,}", "less")
    led, led_tone = against(now.share, before.share, share(before.share), "more")
    return [
        Tile("Groups of alerts", f"{now.groups:,}", "opened in this period", said, tone),
        Tile("Became incidents", share(now.share), f"{now.incidents:,} of {now.groups:,} groups", led, led_tone),
        Tile("Called somebody", f"{now.paged:,}", f"of {now.groups:,} groups"),
        Tile("Called in vain", f"{now.ignored:,}", "called somebody; nobody took them and no incident followed"),
    ]


def noise_over_time(groups: Sequence[Group], period: Period) -> Chart:
    """Return groups over time by what they led to."""
    steps = noise.over_time(groups, period)
    kinds = (("incident", "became an incident"), ("paged", "called somebody"), ("quiet", "called nobody"))
    values = []
    for one in steps:
        paged = max(0, one.paged - one.incidents)
        counts = (one.incidents, paged, max(0, one.groups - one.incidents - paged))
        href = address("/groups", {"from": f"{one.begin:%Y-%m-%d}", "to": f"{one.end:%Y-%m-%d}", "state": "all"})
        values.append([(float(count), f"{one.name}: {count} {name}", href) for count, (_, name) in zip(counts, kinds, strict=True)])
    sheet = Sheet(
        (Column(period.step.title()), Column("Groups", "count"), Column("Called somebody", "count"), Column("Became incidents", "count"), Column("Share", "share")),
        tuple(Row((one.name, one.groups, one.paged, one.incidents, one.share)) for one in steps),
    )  # fmt: skip
    return Chart(
        "groups", "Groups of alerts over time", f"Groups by the {period.step} in which they opened, and what they led to.", f"{len(groups):,} groups", sheet,
        bars([one.name for one in steps], kinds, values) if groups else None, trust(len(groups), "Share"), "",
        "No alert has arrived in this period. Settings has an address to which a monitoring tool can send.",
    )  # fmt: skip


def noisiest(groups: Sequence[Group], names: Mapping[str, str], most: int = 25) -> Chart:
    """Return the alerts that led nowhere most often. most: rows."""
    found = [one for one in noise.by(groups, lambda group: f"{group.title}\n{group.service}") if one.incidents < one.groups]
    rows = []
    for one in found[:most]:
        title, _, service = one.name.partition("\n")
        rows.append(
            Row(
                (title, names.get(service, service) or "no service", one.groups, one.paged, one.incidents, one.ignored, one.share),
                f"/groups/{one.newest}",
            )
        )
    sheet = Sheet(
        (Column("Alert"), Column("Service"), Column("Groups", "count"), Column("Called somebody", "count"), Column("Became incidents", "count"),
         Column("In vain", "count"), Column("Share", "share")),
        tuple(rows),
    )  # fmt: skip
    left = len(found) - len(rows)
    return Chart(
        "noisiest", "The noisiest alerts", "Those that most often led to no incident; a line leads to the newest group." + (f" {left} more are left out." if left > 0 else ""),
        f"{len(groups):,} groups", sheet, table=True, empty="Every group of alerts led to an incident." if groups else "No alert has arrived in this period.",
    )  # fmt: skip
