"""Any tool that can post something: JSON, a form or plain text, by the mapping of the intake key. Pure.

``mapping.py`` tells what a mapping says. What it leaves out, and all of it where there is none, is guessed from the names that most tools
use: ``title``, ``summary``, ``message`` … for the title, ``status``, ``state`` … for the state. A body that is a list, or has a list called
``alerts``, ``events`` or ``incidents``, is one alert per member. A text is one alert whose first line is its title.

A word for a state that is neither known nor mapped means *firing*: somebody looks at one alert too many, and none is lost.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from tocsin.alerts.errors import WrongBody
from tocsin.alerts.expressions import MOST_MEMBERS, ExpressionFailed, as_text, bounded, weight
from tocsin.alerts.mapping import OPTION, Answers, Mapped, One, Problem, WrongMapping, compiled, expires_after, expressions, mapped
from tocsin.alerts.model import Level, Signal, Status
from tocsin.alerts.reading import Reading, Sent
from tocsin.alerts.sources.fields import (
    LONGEST_LABEL,
    LONGEST_SUMMARY,
    LONGEST_TEXT,
    LONGEST_TITLE,
    WORDS,
    Fields,
    clean,
    fingerprint,
    identity,
    labels,
    level_of,
    links,
    read_any,
    scalar,
    title,
    web,
)
from tocsin.alerts.sources.times import moment

NAME: Final = "generic"
TOOL: Final = "the sender"

STATUSES: Final[Mapping[str, Status]] = {
    **dict.fromkeys(
        (
            "firing", "alerting", "alert", "alarm", "trigger", "triggered", "problem", "open", "opened", "active", "down", "critical", "warning",
            "fail", "failed", "failing", "failure", "error", "new", "created", "bad", "unhealthy", "1", "true", "on",
        ),
        "firing",
    ),
    **dict.fromkeys(
        (
            "resolved", "resolve", "ok", "okay", "close", "closed", "recovered", "recovery", "normal", "up", "success", "clear", "cleared", "inactive",
            "healthy", "fixed", "done", "good", "0", "false", "off",
        ),
        "resolved",
    ),
    **dict.fromkeys(("acknowledged", "acknowledge", "ack"), "acknowledged"),
    **dict.fromkeys(("silenced", "muted", "suppressed", "maintenance", "paused", "snoozed"), "suppressed"),
    **dict.fromkeys(("unknown", "no data", "no_data", "nodata", "pending", "insufficient_data"), "unknown"),
}  # fmt: skip
LEVELS: Final[Mapping[str, Level]] = WORDS

MOST_ALERTS: Final = MOST_MEMBERS
"""Alerts of one request."""
MOST_WORK: Final = 20_000_000
"""Characters that the expressions of one request may look at together, or so."""
_ONE_EXPRESSION: Final = 300
"""What asking an expression costs by itself, in characters."""

_LISTS: Final = ("alerts", "events", "incidents", "problems")
_IDENTITY: Final = (
    "fingerprint", "dedup_key", "dedupe_key", "alias", "incident_key", "alert_id", "alertId", "incident_id", "check_id", "monitor_id", "key", "id", "uid",
)  # fmt: skip
_STATUS: Final = ("status", "state", "event_action", "alert_status", "alert_state", "action", "current_state")
_TITLE: Final = ("title", "summary", "message", "name", "alertname", "alert_name", "subject", "check_name", "text", "description")
_SEVERITY: Final = ("severity", "level", "priority", "urgency", "criticality")
_SERVICE: Final = ("service", "service_name", "component", "application", "app")
_SUMMARY: Final = ("description", "details", "text", "message", "body", "summary")
_START: Final = ("starts_at", "started_at", "startsAt", "start_time", "start", "timestamp", "time", "created_at", "date")
_END: Final = ("ends_at", "ended_at", "endsAt", "end_time", "end", "resolved_at", "closed_at")
_LABELS: Final = ("labels", "tags", "custom_details", "details", "attributes", "context")
_RUNBOOK: Final = ("runbook_url", "runbook")
_DASHBOARD: Final = ("dashboard_url", "dashboard", "graph_url")
_SOURCE: Final = ("url", "link", "href", "source_url", "html_url", "permalink")


def read(sent: Sent) -> Reading:
    """Return the alerts of a body by the key's mapping.

    Raises:
        WrongBody: nothing in it can be an alert, or an expression that the alerts cannot do without does not work for it.

    """
    return preview(sent)[0]


def preview(sent: Sent) -> tuple[Reading, list[Problem]]:
    """Return the alerts of a body, and the expressions that gave nothing for it though they should have.

    Raises:
        WrongBody: see ``read``.

    """
    try:
        found = mapped(sent.options)
    except WrongMapping as wrong:
        raise WrongBody(f"The mapping of this key cannot be used: {wrong.what}", fix=wrong.fix, field=wrong.field) from wrong
    body = bounded(_body(sent))
    fixed = {"body": body, "headers": bounded(dict(sent.headers)), "query": bounded(dict(sent.query))}
    try:
        members = _members(found, fixed)
        _check_work(found, members, fixed)
        return _read(found, members, fixed, sent)
    except ExpressionFailed as failed:
        raise WrongBody(
            f"{failed}.", fix="Change the key's mapping; POST /api/v1/intake/preview shows what it makes of a body.", field=OPTION
        ) from failed


def _body(sent: Sent) -> Any:
    """Return the body as JSON or a form; a text that is neither is a text."""
    try:
        return read_any(sent, TOOL)
    except WrongBody:
        text = clean(sent.body.decode("utf-8", "replace")).strip()
        declared = "json" in sent.content_type.casefold()
        if declared or not text or text.startswith(("{", "[")):
            raise
        return text


def _members(found: Mapped, fixed: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """Return what each alert is made of, with its place.

    Raises:
        WrongBody: there is no list where the mapping says that one is, or it is too long.

    """
    body = fixed["body"]
    if found.alerts:
        given = Answers(found, {**fixed, "alert": body}).sure("alerts", found.alerts)
        if not isinstance(given, list):
            raise WrongBody(f"`{found.alerts}` gives no list.", fix="Let the mapping's `alerts` name a list of the body.", field="alerts")
        members = [(f"alerts[{at}].", one) for at, one in enumerate(given)]
    elif isinstance(body, list):
        members = [(f"[{at}].", one) for at, one in enumerate(body)]
    else:
        lists = [name for name in _LISTS if isinstance(body, Mapping) and isinstance(body.get(name), list) and body[name]]
        nested = [] if found.when or found.title or found.fingerprint else lists[:1]
        members = [(f"{name}[{at}].", one) for name in nested for at, one in enumerate(body[name])] or [("", body)]
    if len(members) > MOST_ALERTS:
        raise WrongBody(f"The body holds more than {MOST_ALERTS:,} alerts.", fix="Send them in several requests.", field="alerts")
    return members


def _check_work(found: Mapped, members: list[tuple[str, Any]], fixed: Mapping[str, Any]) -> None:
    """Make sure that the expressions of all alerts together are done soon.

    Raises:
        WrongBody: they are not.

    """
    asked = [compiled(text, name) for name, text in expressions(found) if name != "alerts"]
    used = {name for one in asked for name in one.names}
    heavy = {name: weight(value) for name, value in fixed.items() if name in used}
    once = sum(heavy.values()) + sum(_ONE_EXPRESSION + one.loops * sum(heavy.get(name, 0) for name in one.names) for one in asked)
    per_member = 1 + sum(one.loops for one in asked if "alert" in one.names)
    if len(members) * once + per_member * sum(weight(member) for _, member in members) > MOST_WORK:
        raise WrongBody(
            f"Reading {len(members)} alerts by this mapping is too much work.",
            fix="Let its expressions look at `alert` instead of `body`, or send fewer alerts in one request.",
            field="alerts",
        )


def _read(found: Mapped, members: list[tuple[str, Any]], fixed: Mapping[str, Any], sent: Sent) -> tuple[Reading, list[Problem]]:
    asked = [compiled(text, name) for name, text in expressions(found) if name != "alerts"]
    used = {name: value for name, value in fixed.items() if any(name in one.names for one in asked)}
    signals, problems = [], []
    for place, member in members:
        answers = Answers(found, {**used, "alert": member}, place)
        if found.when and answers.sure("when", found.when) is not True:
            continue
        signals.append(_signal(found, answers, member, sent))
        problems += answers.problems
    ignored = "" if signals else "The key's mapping lets none of it through." if members else "It holds no alerts."
    return Reading(tuple(signals), ignored=ignored), problems


def _signal(found: Mapped, answers: Answers, member: Any, sent: Sent) -> Signal:
    guess = Fields(member if isinstance(member, Mapping) else {"text": member}, "", TOOL)

    def text(name: str, names: tuple[str, ...] = (), longest: int = LONGEST_TEXT) -> str:
        one: One = getattr(found, name)
        return scalar(as_text(answers.value(name, one)), longest) if one else guess.text(*names, longest=longest)

    word = text("status", _STATUS)
    status = _status(found, word, answers)
    severity = text("severity", _SEVERITY)
    names = _labels(found, answers, guess)
    own = (
        as_text(answers.sure("fingerprint", found.fingerprint))
        if isinstance(found.fingerprint, str) and found.fingerprint
        else text("fingerprint", _IDENTITY, LONGEST_SUMMARY)
    )
    own = own or guess.text(*_IDENTITY, longest=LONGEST_LABEL)
    said = text("title", _TITLE, LONGEST_SUMMARY) or guess.text(*_TITLE, longest=LONGEST_SUMMARY)
    if not own and not names and not said:
        raise WrongBody("Nothing in it says what it is about.", fix="Send a title, or give the key a mapping.", field="title")
    starts_at = (
        moment(answers.value("starts_at", found.starts_at)) if found.starts_at else guess.time(*_START) if status != "resolved" else None
    )
    return Signal(
        fingerprint=identity(own) or fingerprint(names or {"title": _first_line(said)}),
        status=status,
        title=title(_first_line(said), own),
        labels=names,
        annotations=_texts(found.annotations, "annotations", answers),
        links=_links(found, answers, guess),
        value=text("value", ("value", "current_value")),
        threshold=text("threshold", ("threshold",)),
        severity=severity,
        level={key.casefold(): level for key, level in found.levels.items()}.get(severity.casefold()) or level_of(LEVELS, severity),
        service=text("service", _SERVICE) or scalar(names.get("service")),
        starts_at=starts_at,
        ends_at=(moment(answers.value("ends_at", found.ends_at)) if found.ends_at else guess.time(*_END)) if status == "resolved" else None,
        expires_at=sent.now + expires_after(found) if found.expires_after and status == "firing" else None,
        group=identity(text("group")),
        by=text("by"),
        note=text("note", longest=LONGEST_SUMMARY),
        how=found.how,
        summary=text("summary", _SUMMARY, LONGEST_SUMMARY),
    )


def _first_line(text: str) -> str:
    return text.strip().partition("\n")[0][:LONGEST_TITLE]


def _status(found: Mapped, word: str, answers: Answers) -> Status:
    own = {key.casefold(): status for key, status in found.statuses.items()}
    known = own.get(word.casefold()) or STATUSES.get(word.casefold())
    if known is None and word and found.status:
        text = found.status if isinstance(found.status, str) else " | ".join(found.status)
        answers.problems.append(Problem("status", text, f"{word!r} is no known state, and counts as firing; add it to `statuses`"))
    return known or "firing"


def _labels(found: Mapped, answers: Answers, guess: Fields) -> dict[str, str]:
    if found.labels:
        return _texts(found.labels, "labels", answers)
    return next((names for name in _LABELS if (names := guess.texts(name))), {})


def _texts(given: str | dict[str, One], field: str, answers: Answers) -> dict[str, str]:
    if isinstance(given, str):
        return labels(answers.value(field, given))
    return labels({name: as_text(value) for name, one in given.items() if (value := answers.value(f"{field}.{name}", one)) is not None})


def _links(found: Mapped, answers: Answers, guess: Fields) -> dict[str, str]:
    if found.links:
        return links(**{name: web(as_text(answers.value(f"links.{name}", one))) for name, one in found.links.items()})
    return links(dashboard=guess.link(*_DASHBOARD), runbook=guess.link(*_RUNBOOK), source=guess.link(*_SOURCE))
