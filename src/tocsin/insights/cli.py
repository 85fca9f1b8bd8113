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
    for name, says in (("--playbook", "Only this playbook."), ("--service", "Only this service."), ("--severity", "Only this level.")):
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
