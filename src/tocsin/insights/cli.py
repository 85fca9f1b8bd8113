"""``tocsin metrics``, ``adherence``, ``health`` and ``insights``: the numbers, each with its definition and the facts it came from."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import click

from tocsin.cli import output
from tocsin.cli.shell import Session, group, on_incident, pass_session, single

insights = group("insights", "Figures over many incidents.")


def _facts(one: dict[str, Any]) -> str:
    return ", ".join(map(str, one.get("facts") or ()))


@single("metrics")
@on_incident()
@click.option("--explain", is_flag=True, help="Also print the definitions and the facts that the numbers came from.")
@pass_session
def metrics(session: Session, incident: str, explain: bool) -> None:
    """Show the durations, counts and figures of one incident. A number that is not known says why."""
    found = session.api.get(f"/incidents/{incident}/metrics")

    def people() -> None:
        for title, key in (("Durations", "canonical"), ("By the playbook", "metrics")):
            if found.get(key):
                output.heading(f"{title} ({found['playbook']})" if key == "metrics" else title)
                columns = ("Metric", "Value", "Target", *(("Definition", "Facts") if explain else ()))
                output.table(columns, [_metric(one, explain=explain) for one in found[key]])
        if found.get("figures"):
            output.heading("Figures")
            output.table(
                ("Figure", "Value", "Source", "By"), [(one["name"], one["text"], one["source"], one["by"]) for one in found["figures"]]
            )
        if found.get("figures_missing"):
            output.say(output.tone(f"Not recorded yet: {', '.join(found['figures_missing'])}", "warn"))

    session.show(found, people)


def _metric(one: dict[str, Any], *, explain: bool) -> tuple[str, ...]:
    target = ""
    if one.get("target") is not None:
        kept = one.get("target_kept")
        word = "" if kept is None else output.tone(" kept", "good") if kept else output.tone(" missed", "bad")
        target = output.lasting(one["target"]) + word
    value = one["text"] if one.get("available", True) else output.faint(one["text"])
    if one.get("claims"):
        value += f" (the procedure says {one['claims']})"
    return one["name"], value, target or " ", *((one["definition"], _facts(one)) if explain else ())


@single("adherence")
@on_incident()
@click.option("--all", "every", is_flag=True, help="Also the duties that were kept.")
@pass_session
def adherence(session: Session, incident: str, every: bool) -> None:
    """Show which duties of an incident were kept, late, missed or waived."""
    found = session.api.get(f"/incidents/{incident}/adherence")

    def people() -> None:
        now = output.moment(found["as_of"])
        assert now is not None
        total = found["total"]
        score = NO_SCORE if total.get("score") is None else f"{total['score']:.0%}"
        words = ("kept", "late", "missed", "waived", "open", "overdue")
        output.say(
            f"{output.strong(incident)}: {score} kept in time ({', '.join(f'{total.get(word, 0)} {word}' for word in words if total.get(word))})"
        )
        if found["promises"]["due"]:
            output.say(f"Promised updates: {found['promises']['text']}")
        duties = [d for d in found["obligations"] if every or d["state"] in ("late", "missed", "overdue", "waived")]
        if duties:
            output.say()
            output.table(("Due", "State", "By", "What", "Who"), [_duty(d, now) for d in duties])
        if found.get("note"):
            output.say(found["note"])

    session.show(found, people)


NO_SCORE = "nothing judged yet"


def _duty(one: dict[str, Any], now: datetime) -> tuple[str, ...]:
    late = f"{output.span(one['late_by'])} late" if one.get("late_by") else " "
    reason = f" ({one['reason']})" if one.get("reason") else ""
    return output.when(one["due_at"], now), output.state(one["state"]), late, one["name"] + reason, one["owner"]


@single("health")
@on_incident()
@pass_session
def health(session: Session, incident: str) -> None:
    """Show the anti-patterns that the record of an incident shows, and what to do about them."""
    found = session.api.get(f"/incidents/{incident}/health")

    def people() -> None:
        if not found["findings"]:
            output.say(f"{incident}: no anti-pattern shows in the record.")
        for one in found["findings"]:
            output.say(f"{output.tone(one['name'], 'warn')}: {one['sentence']}")
            output.say(f"    {one['remedy']}" + output.faint(f"  (facts {_facts(one)})"))
        for title, key in (("To watch for", "reminders"), ("Not judged", "not_judged")):
            if found.get(key):
                output.heading(title)
                for one in found[key]:
                    output.say(f"  {one['name']}: {one.get('why') or one['says']}")

    session.show(found, people)


def _period(function: Any) -> Any:
    for name, says in (
        ("--team", "Only services that this team owns."), ("--playbook", "Only this playbook."), ("--service", "Only this service."),
        ("--severity", "Only this level."),
    ):  # fmt: skip
        function = click.option(name, default="", help=says)(function)
    function = click.option("--to", "to", metavar="TIME", help="Incidents declared before this time.")(function)
    return click.option("--from", "from_", metavar="TIME", help="Incidents declared from this time on.")(function)


def _moment(text: str | None) -> str | None:
    """Return a date as the start of its day in UTC; other times as they are."""
    return f"{text}T00:00:00Z" if text and len(text) == len("2026-01-31") and "T" not in text else text


@insights.command("durations")
@click.option("--metric", default="", help="A duration by its id, PLAYBOOK:METRIC, or two milestones: detected..mitigated.")
@click.option("--each", is_flag=True, help="Also list every incident's value.")
@_period
@pass_session
def durations(session: Session, /, metric: str, each: bool, from_: str | None, to: str | None, **query: str) -> None:
    """Show a duration over many incidents: how many, median, 90th percentile, mean."""
    found = session.api.get("/insights/durations", metric=metric, **{"from": _moment(from_)}, to=_moment(to), **query)

    def people() -> None:
        if not metric:
            lines = [
                (a["name"], a["count"], *(output.lasting(a[kind]) for kind in ("median", "p90", "mean")), a["not_available"] or "")
                for a in found["durations"]
            ]
            output.table(("Duration", "Incidents", "Median", "90 %", "Mean", "Not available"), lines, "There is no incident yet.")
            return
        one = found["aggregate"]
        output.say(f"{output.strong(one['name'])}, {one['definition']}")
        output.pairs(
            [
                ("Incidents", f"{one['count']}, {one['estimated']} of them estimated" if one["estimated"] else one["count"]),
                ("Median", output.lasting(one["median"])),
                ("90 %", output.lasting(one["p90"])),
                ("Mean", output.lasting(one["mean"])),
                ("Least, most", f"{output.lasting(one['least'])}, {output.lasting(one['most'])}" if one["count"] else ""),
                ("Not available", one["not_available"] or ""),
            ],
        )
        if each:
            output.say()
            rows = [
                (p["incident"], p["severity"], output.lasting(p["seconds"]), "estimated" if p["estimated"] else " ", p["title"])
                for p in found["points"]
            ]
            output.table(("Incident", "Severity", "Value", "", "Title"), rows, "No incident has this duration.")
            for absent in found["not_available"]:
                output.say(f"{absent['incident']}: {absent['reason']}")

    session.show(found, people)


@insights.command("summary")
@_period
@pass_session
def summary(session: Session, /, from_: str | None, to: str | None, **query: str) -> None:
    """Show how many incidents there were, of which level, and how they went."""
    found = session.api.get("/insights/summary", **{"from": _moment(from_)}, to=_moment(to), **query)
    session.show(found, lambda: output.pairs(_summary(found)))


def _summary(found: dict[str, Any]) -> list[tuple[str, Any]]:
    promises, adherence, duties, items = found["promises"], found["adherence"], found["obligations"], found["action_items"]
    judged = f"{adherence['mean']:.0%} in the mean, {adherence['least']:.0%} at worst" if adherence["mean"] is not None else NO_SCORE
    return [
        ("Incidents", found["incidents"]),
        ("By severity", ", ".join(f"{name} {count}" for name, count in found["by_severity"].items())),
        ("By stage", ", ".join(f"{name} {count}" for name, count in found["by_stage_kind"].items())),
        ("Promises kept", f"{promises['kept']} of {promises['due']}"),
        ("Duties kept in time", judged),
        ("Duties open", f"{duties['open']}, {duties['overdue']} overdue"),
        ("Action items", ", ".join(f"{name} {count}" for name, count in items.items())),
    ]


def _by(function: Any) -> Any:
    return click.option("--by", type=click.Choice(["week", "month"]), help="Steps; weeks for up to 120 days.")(function)


def _asked(from_: str | None, to: str | None) -> dict[str, str | None]:
    return {"from": _moment(from_), "to": _moment(to)}


def _share(value: float | None) -> str:
    return "not known" if value is None else f"{value:.0%}"


def _span(one: dict[str, Any]) -> str:
    return str(one["from"])[:10]


@insights.command("trend")
@click.option("--metric", default="", help="As for durations; time_to_resolve without it.")
@_by
@_period
@pass_session
def trend(session: Session, /, metric: str, by: str | None, from_: str | None, to: str | None, **query: str) -> None:
    """Show the median and 90th percentile of a duration in each week or month."""
    found = session.api.get("/insights/trend", metric=metric, by=by, **_asked(from_, to), **query)

    def people() -> None:
        output.say(f"{output.strong(found['name'])}, {found['definition']}")
        lines = [
            (_span(one), one["count"], output.lasting(one["median"]), output.lasting(one["p90"]), one["not_available"] or "")
            for one in found["steps"]
        ]
        output.table((f"{found['by'].title()} from", "Incidents", "Median", "90 %", "Not available"), lines)

    session.show(found, people)


@insights.command("duties")
@_by
@_period
@pass_session
def duties(session: Session, /, by: str | None, from_: str | None, to: str | None, **query: str) -> None:
    """Show which duties were kept, late, missed and waived, over time and by rule."""
    found = session.api.get("/insights/duties", by=by, **_asked(from_, to), **query)
    words = ("kept", "late", "missed", "overdue", "waived")

    def people() -> None:
        output.say(f"Kept in time: {_share(found['total']['score'])}; incidents: {found['total']['incidents']}")
        lines = [(_span(one), *(one[word] for word in words), _share(one["score"])) for one in found["steps"]]
        output.table((f"{found['by'].title()} from", *(word.title() for word in words), "In time"), lines)
        output.say()
        rows = [(one["name"], one["playbook"], *(one[word] for word in words), _share(one["score"])) for one in found["duties"]]
        output.table(("Duty", "Playbook", *(word.title() for word in words), "In time"), rows, "No duty has fallen due.")

    session.show(found, people)


@insights.command("load")
@click.option("--night", default="", metavar="22:00-06:00", help="Which hours are night, on the clock of who was called.")
@click.option("--team", default="", help="Only services that this team owns.")
@click.option("--service", default="", help="Only this service.")
@_by
@click.option("--to", "to", metavar="TIME", help="Pages before this time.")
@click.option("--from", "from_", metavar="TIME", help="Pages from this time on.")
@pass_session
def load(session: Session, /, by: str | None, from_: str | None, to: str | None, **query: str) -> None:
    """Show what on-call costs: pages, nights, interruptions and hours of each person."""
    found = session.api.get("/insights/load", by=by, **_asked(from_, to), **query)
    unknown = output.faint("not known")
    rows = [
        (
            one["person"], one["interruptions"], one["pages"], unknown if one.get("nights") is None else one["nights"], one["weekends"],
            unknown if one.get("hours") is None else f"{one['hours']:,.0f} h",
        )
        for one in found["people"]
    ]  # fmt: skip
    columns = ("Person", "Interruptions", "Pages", "At night", "At weekends", "On call")
    session.show(found, lambda: output.table(columns, rows, "Nobody was on call or called."))


@insights.command("follow-up")
@_by
@_period
@pass_session
def follow_up(session: Session, /, by: str | None, from_: str | None, to: str | None, **query: str) -> None:
    """Show action items written down, closed, open and overdue."""
    found = session.api.get("/insights/follow-up", by=by, **_asked(from_, to), **query)
    total = found["total"]
    rows = [(_span(one), one["written"], one["closed"], one["open"], one["overdue"]) for one in found["steps"]]

    def people() -> None:
        output.say(
            f"{total['done']} of {total['written']} done, {total['in_time']} of {total['dated']} by their date, {total['overdue']} overdue"
        )
        output.table((f"{found['by'].title()} from", "Written down", "Closed", "Open", "Overdue"), rows)

    session.show(found, people)


@insights.command("recurrence")
@click.option("--days", default=30, show_default=True, help="Within how many days after the one before was resolved.")
@click.option(
    "--like", type=click.Choice(["cause", "service"]), default="cause", show_default=True, help="Alike in service and cause, or in service."
)
@_period
@pass_session
def recurrence(session: Session, /, days: int, like: str, from_: str | None, to: str | None, **query: str) -> None:
    """Show incidents that came back."""
    found = session.api.get("/insights/recurrence", days=days, like=like, **_asked(from_, to), **query)

    def people() -> None:
        output.say(
            f"{found['repeats']} of {found['counted']} came back within {days} days; {found['not_comparable']} could not be compared"
        )
        rows = [
            (one["service"], one["cause"] or "any", len(one["incidents"]), ", ".join(case["incident"] for case in one["incidents"]))
            for one in found["chains"]
        ]
        output.table(("Service", "Cause", "Times", "Incidents"), rows, "Nothing came back.")

    session.show(found, people)


@insights.command("noise")
@click.option("--limit", default=25, show_default=True, help="How many alerts.")
@click.option("--team", default="", help="Only services that this team owns.")
@click.option("--service", default="", help="Only this service.")
@_by
@click.option("--to", "to", metavar="TIME", help="Groups before this time.")
@click.option("--from", "from_", metavar="TIME", help="Groups from this time on.")
@pass_session
def noise(session: Session, /, limit: int, by: str | None, from_: str | None, to: str | None, **query: str) -> None:
    """Show how many groups of alerts mattered, and which alerts are the noisiest."""
    found = session.api.get("/insights/noise", limit=limit, by=by, **_asked(from_, to), **query)
    total = found["total"]

    def people() -> None:
        output.say(
            f"Groups: {total['groups']}; called somebody: {total['paged']}; became incidents: {total['incidents']} ({_share(total['share'])})"
        )
        rows = [
            (one["title"], one["service"], one["groups"], one["paged"], one["incidents"], _share(one["share"])) for one in found["alerts"]
        ]
        output.table(("Alert", "Service", "Groups", "Called", "Incidents", "Share"), rows, "No alert has arrived.")

    session.show(found, people)
