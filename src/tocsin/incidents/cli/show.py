"""An incident on a screen: what it is, who is on it, what is due, and what its gates still want."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from tocsin.cli import output

OPEN_STATES = ("open", "warned", "overdue")


def show_incident(view: dict[str, Any]) -> None:
    """Print an incident as the API describes it."""
    now = output.moment(view["as_of"])
    assert now is not None
    playbook = view["playbook"]
    output.say(f"{output.strong(view['id'])}  {view['title']}")
    output.pairs(
        [
            ("Severity", view["severity"] or "not stated"),
            ("Stage", f"{view.get('stage_name', view['stage'])}, since {output.when(view['stage_since'], now)}"),
            ("Merged into", view["merged_into"]),
            (
                "Running for" if not view["ended"] and view["stage_kind"] in ("open", "mitigated") else "Lasted",
                output.lasting(view["running_seconds"]),
            ),
            ("Impact", view["impact"]),
            ("Service", view["service"]),
            ("Cause", view["cause"]),
            ("Detected by", view["detected_by"]),
            ("Lead", view["lead"] or "nobody"),
            ("Channel", view.get("channel")),
            ("Bridge", view.get("bridge")),
            ("Playbook", playbook and f"{playbook['id']} v{playbook['version']}"),
            ("Marks", ", ".join(name for name, value in view["marks"].items() if value)),
        ],
    )
    _roles(view, now)
    _milestones(view, now)
    _mitigations(view, now)
    _duties(view, now)
    _windows(view, now)
    _ways(view)


def _roles(view: dict[str, Any], now: datetime) -> None:
    missing = view.get("missing_roles", [])
    rows = [
        (
            role["short"],
            role["person"] or (output.tone("wanted", "warn") if role["role"] in missing else ""),
            role["since"] and output.when(role["since"], now),
        )
        for role in view.get("roles", [])
        if role["person"] or role["role"] in missing
    ]
    if rows:
        output.heading("Roles")
        output.table(("Role", "Person", "Since"), rows)
        for sentence in view.get("role_conflicts", []):
            output.say(output.tone(f"{sentence}.", "warn"))


def _milestones(view: dict[str, Any], now: datetime) -> None:
    if view["milestones"]:
        output.heading("Milestones")
        output.table(("Milestone", "When", ""), milestone_rows(view["milestones"], now))


def milestone_rows(milestones: list[dict[str, Any]], now: datetime) -> list[tuple[str, str, str]]:
    """Return milestones as rows: name, time, and how sure it is."""
    rows = []
    for one in sorted(milestones, key=lambda m: m["at"]):
        precision = one.get("precision", "exact")
        sure = "" if precision == "exact" else f"until {output.when(one.get('until'), now)}" if precision == "range" else precision
        rows.append((one["id"].replace("_", " "), output.when(one["at"], now), f"{sure} {one.get('note', '')}".strip() or " "))
    return rows


def _mitigations(view: dict[str, Any], now: datetime) -> None:
    if view["mitigations"]:
        output.heading("Mitigations")
        output.table(("", "Kind", "Begun", "Result", "What"), [mitigation_row(m, now) for m in view["mitigations"]])


def mitigation_row(one: dict[str, Any], now: datetime) -> tuple[str, ...]:
    """Return a mitigation as a row of a table."""
    if one.get("effective") is not None:
        result = output.tone("helped", "good") if one["effective"] else output.tone("did not help", "warn")
    else:
        result = "in place" if one.get("completed_at") else "under way"
    change = f" ({one.get('before') or '?'} → {one['after']})" if one.get("after") else ""
    return one["id"], one["kind"], output.when(one["started_at"], now), result, one["text"] + change


def _duties(view: dict[str, Any], now: datetime) -> None:
    due = sorted((d for d in view.get("obligations", []) if d["state"] in OPEN_STATES), key=lambda d: d["due_at"])
    if due:
        output.heading("Duties")
        output.table(
            ("Due", "State", "What", "Who"), [(output.when(d["due_at"], now), output.state(d["state"]), d["name"], d["owner"]) for d in due]
        )


def _windows(view: dict[str, Any], now: datetime) -> None:
    for window in view.get("windows", []):
        if window["until"]:
            said = "elapsed" if window["elapsed"] else f"until {output.when(window['until'], now)}"
            again = f", restarted {window['restarts']} ×" if window["restarts"] else ""
            output.say()
            output.say(f"{window['name']}: {said}{again}")


def _ways(view: dict[str, Any]) -> None:
    ways = [way for way in view.get("ways", []) if not view["ended"] or way["backward"]]
    if not ways:
        return
    output.heading("Ways on")
    for way in ways:
        back = " (back)" if way["backward"] else ""
        output.say(f"  {way['to']}{back}{': ' + way['ask'] if way['ask'] else ''}")
        for want in way["missing"]:
            output.say(f"      wants: {want}")
        if way["confirm"]:
            output.say(f"      asks you to confirm: {way['confirm']}")
