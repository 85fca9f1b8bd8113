"""Render a message from its template and frozen values, in a sandbox. Runs outside the committer."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final

from jinja2 import ChainableUndefined, TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from tocsin.engine.ports import ChannelFailed
from tocsin.playbooks.durations import Duration
from tocsin.playbooks.model import Playbook

_HOUR: Final = 60


def hm(value: object) -> str:
    """Return a time as ``14:20 UTC``; an empty text for an unknown one."""
    return f"{_moment(value):%H:%M} UTC" if value else ""


def date(value: object) -> str:
    """Return the day of a time as ``2025-10-27``; an empty text for an unknown one."""
    return f"{_moment(value):%Y-%m-%d}" if value else ""


def span(value: object) -> str:
    """Return a duration (seconds) in words: ``47 minutes``, ``1 hour 5 minutes``, ``13 days 16 hours``."""
    if value is None or value == "":
        return "unknown"
    if isinstance(value, str):
        return value
    minutes = round(float(value.total_seconds() if isinstance(value, Duration) else value) / 60)  # type: ignore[arg-type]
    days, hours, left = minutes // 1440, minutes // _HOUR % 24, minutes % _HOUR
    parts = [_many(days, "day"), _many(hours, "hour"), _many(left, "minute") if not days else ""]
    return " ".join(part for part in parts if part) or "0 minutes"


def _many(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}" if number else ""


def _moment(value: object) -> datetime:
    return value if isinstance(value, datetime) else datetime.fromisoformat(str(value)).astimezone(UTC)


def environment() -> ImmutableSandboxedEnvironment:
    """Return the sandbox in which templates run: no attributes beyond plain values, no writing.

    A line that ends with a tag keeps its end (``IC: {% if x %}…{% endif %}``); ``-%}`` takes the end of a line away.
    """
    sandbox = ImmutableSandboxedEnvironment(undefined=ChainableUndefined, lstrip_blocks=True, keep_trailing_newline=False)
    sandbox.filters |= {"hm": hm, "date": date, "span": span}
    return sandbox


_SANDBOX: Final = environment()

Templates = Callable[[str], Playbook | None]
"""The playbook of a digest."""


def renderer(playbook_of: Templates) -> Callable[[str, str, dict[str, Any]], tuple[str, str]]:
    """Return the function that the outbox renders with: delivery kind, target and values to subject and body."""

    def render(kind: str, _target: str, values: dict[str, Any]) -> tuple[str, str]:
        if kind != "incident.update":
            return _built_in(kind, values)
        playbook = playbook_of(values["template"]["playbook"])
        message = playbook.message(values["message"]) if playbook else None
        if message is None:
            raise ChannelFailed(f"the template {values['message']!r} is not in the pinned playbook", permanent=True)
        try:
            subject = _SANDBOX.from_string(message.subject or message.name).render(values).strip()
            body = _SANDBOX.from_string(message.body).render(values).strip()
        except TemplateError as error:
            raise ChannelFailed(f"the template {message.id!r} cannot be rendered: {error}", permanent=True) from error
        return subject, body

    return render


def _built_in(kind: str, values: dict[str, Any]) -> tuple[str, str]:
    """Render what the product itself says: pages and reminders."""
    incident = values.get("incident", {})
    head = f"{incident.get('severity', '')} {incident.get('id', '')}: {incident.get('title', '')}".strip()
    match kind:
        case "alert.page":
            lines = [
                f"{label}: {values[name]}"
                for label, name in (
                    ("Value", "value"),
                    ("Threshold", "threshold"),
                    ("Dashboard", "dashboard"),
                    ("Runbook", "runbook"),
                    ("Acknowledge", "link"),
                )
                if values.get(name)
            ]
            return f"{values.get('word', '')}: {values.get('title', '')}".strip(": "), "\n".join([str(values.get("title", "")), *lines])
        case "incident.duty_warning":
            return (
                f"Due {hm(values['due_at'])}: {values['duty']}",
                f"{head}\n{values['duty']} is due at {hm(values['due_at'])} ({values['owner']}).",
            )
        case "incident.duty_breach":
            return f"Overdue: {values['duty']}", f"{head}\n{values['duty']} was due at {hm(values['due_at'])} ({values['owner']})."
        case "incident.escalation":
            return f"You are called: {incident.get('title', '')}", f"{head}\n{values['says'] or values['when'].replace('_', ' ')}."
        case _:
            raise ChannelFailed(f"nothing knows how to render {kind!r}", permanent=True)
