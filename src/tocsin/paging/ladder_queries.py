"""An escalation policy as a ladder: each step with who it means at a moment, by name, and what keeps it from reaching them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from tocsin.engine.model import Reader
from tocsin.oncall.model import Schedule
from tocsin.paging import queries, steps
from tocsin.paging.calling import Resolved, call
from tocsin.paging.meaning_queries import meaning
from tocsin.paging.model import Policy, Urgency, Window
from tocsin.people.model import Person, Team
from tocsin.playbooks.durations import Duration, format_span


def ladder(reader: Reader, policy: Policy, at: datetime, urgency: Urgency = "high") -> list[dict[str, Any]]:
    """Return the steps of a policy, and its last resort, with who each means at a moment. Their times are those of a page opened then."""
    found: list[dict[str, Any]] = []
    begins = timedelta(0)
    for index, step in enumerate(policy.steps):
        resolved = queries.resolve_step(reader, policy, index, at)
        people = _people(resolved, step.urgency or urgency, at)
        after = Duration.parse(step.at_age) if step.at_age else begins
        found.append(
            {
                "number": index + 1, "name": step.name, "after": format_span(after), "wait": "" if step.at_age else format_span(steps.wait_of(step)),
                "by_age": bool(step.at_age), "to": [target_of(reader, target) for target in step.to], "people": people,
                "missing": [{**target_of(reader, one.target), "why": one.why} for one in resolved.missing], "pick": step.pick,
                "acknowledgements": step.acknowledgements, "only": _hours(step.only), "urgency": step.urgency or "", "note": step.note, "reaches": any(who["reached"] for who in people),
            }
        )  # fmt: skip
        if not step.at_age:
            begins += steps.wait_of(step)
    if policy.last_resort:
        resolved = queries.resolve(reader, policy.last_resort, at)
        people = _people(resolved, urgency, at)
        found.append(
            {
                **dict.fromkeys(("name", "wait", "only", "urgency", "note", "pick"), ""), "number": 0, "after": format_span(begins), "by_age": False,
                "to": [target_of(reader, target) for target in policy.last_resort], "people": people, "acknowledgements": 1,
                "missing": [{**target_of(reader, one.target), "why": one.why} for one in resolved.missing], "reaches": any(who["reached"] for who in people),
            }
        )  # fmt: skip
    return found


def _people(resolved: Resolved, urgency: Urgency, at: datetime) -> list[dict[str, Any]]:
    """Return whom a step means: by which way each is notified first, how soon, and what is wrong."""
    found = []
    for who in resolved.people:
        called = call(who, urgency, at)
        planned = sorted(called.planned, key=lambda one: one.due_at)
        problem = "is a name and nobody here" if called.named_only else "; ".join(who.problems) if not planned else ""
        if planned and not called.named_only and not any(one.way.verified for one in planned):
            problem = "has no way that was proved"
        found.append(
            {
                "id": who.person, "name": who.name, "because": who.because, "named_only": called.named_only, "problem": problem,
                "ways": [
                    {
                        "kind": one.way.kind, "contact": one.way.contact, "verified": one.way.verified, "after": format_span(one.due_at - at) if one.due_at > at else "",
                        "held": one.held_from is not None,
                    }
                    for one in planned
                ] if not called.named_only else [],
                "reached": bool(planned) and not called.named_only,
            }
        )  # fmt: skip
    return found


def target_of(reader: Reader, target: str) -> dict[str, str]:
    """Return a target of a step as people read it: its kind, its name, and the page where it is changed (empty: there is none)."""
    kind, _, name = target.partition(":")
    if not name:
        found = meaning(reader, target)
        kind, name = found.kind if found.kind != "policy" else "", found.id or target
    match kind:
        case "person":
            person: Person | None = reader.state(f"person:{name}")
            said = person.saved.name if person is not None and person.saved is not None else name
            return {
                "target": target,
                "kind": kind,
                "id": name,
                "name": said,
                "href": f"/settings/people/{name}" if person is not None else "",
                "says": said,
            }
        case "schedule":
            following = name.endswith(queries.NEXT)
            schedule_id, _, role = name.removesuffix(queries.NEXT).partition("#")
            schedule: Schedule | None = reader.state(f"schedule:{schedule_id}")
            said = (schedule.rota.name if schedule is not None else "") or schedule_id
            line = f", {role}" if role else ""
            says = f"{'next on call' if following else 'on call'} in {said}{line}"
            return {
                "target": target,
                "kind": kind,
                "id": schedule_id,
                "name": said,
                "href": f"/on-call/{schedule_id}" if schedule is not None else "",
                "says": says,
            }
        case "team":
            team: Team | None = reader.state(f"team:{name}")
            said = team.saved.name if team is not None and team.saved is not None else name
            return {
                "target": target,
                "kind": kind,
                "id": name,
                "name": said,
                "href": f"/settings/teams/{name}" if team is not None else "",
                "says": f"everybody in {said}",
            }
        case _:
            return {"target": target, "kind": "", "id": target, "name": target, "href": "", "says": target}


def _hours(window: Window | None) -> str:
    """Return the hours of a step in words; an empty text where it has none."""
    if window is None:
        return ""
    days = "" if len(set(window.days)) == 7 else f" on {', '.join(window.days)}"  # noqa: PLR2004 (days of the week)
    zone = f" ({window.zone})" if window.zone else ""
    return f"only {window.from_} to {window.to}{days}{zone}; outside of it {'it waits' if window.otherwise == 'wait' else 'the next step begins at once'}"
