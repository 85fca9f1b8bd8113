"""Render a message from its template and frozen values, in a sandbox and within a budget. Runs outside the committer.

One thread sends everybody's messages, so no template may keep it: the language has neither calls nor calculation (``template_names``), and
what is left of it, loops and filters, is counted while it runs. A template that spends more than its budget fails, and the rest goes out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Final

from jinja2 import ChainableUndefined, Template, TemplateError, TemplateRuntimeError, TemplateSyntaxError, nodes, pass_context
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment

from tocsin.engine.ports import ChannelFailed
from tocsin.playbooks import template_names
from tocsin.playbooks.durations import Duration
from tocsin.playbooks.model import Playbook

_HOUR: Final = 60
_MOST_STEPS: Final = 1_000_000
"""What one text may cost: each turn of a loop costs what its body has of parts, each filter what it is given. Shipped templates: hundreds."""
_LONGEST_TEXT: Final = 2_000_000
"""Characters of a rendered text."""
_METER: Final = "the meter"
"""The name of the budget among a template's values; having a space, it is none that a template can write."""


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


class _Meter:
    """What a rendering may still cost."""

    def __init__(self) -> None:
        self.steps = _MOST_STEPS
        self.text = _LONGEST_TEXT

    def spend(self, steps: int) -> None:
        self.steps -= steps
        if self.steps < 0:
            raise TemplateRuntimeError("it repeats too often")

    def say(self, characters: int) -> None:
        self.text -= characters
        if self.text < 0:
            raise TemplateRuntimeError(f"its text grows beyond {_LONGEST_TEXT} characters")


@pass_context
def _each(context: Context, values: Iterable[Any], steps: int, characters: int) -> Iterator[Any]:
    meter: _Meter = context[_METER]
    for value in values:
        meter.spend(steps)
        meter.say(characters)
        yield value


@pass_context
def _weighed(context: Context, value: Any) -> Any:
    meter: _Meter = context[_METER]
    meter.spend(1 + (len(value) if hasattr(value, "__len__") else 1) // (64 if isinstance(value, str) else 1))
    return value


@pass_context
def _said(context: Context, value: Any) -> str:
    text = str(value)
    meter: _Meter = context[_METER]
    meter.say(len(text))
    return text


def _join(values: Iterable[Any], between: str = "", attribute: str | None = None) -> str:
    """Join texts, as Jinja does, without growing beyond what can be sent."""
    words = [
        str(getattr(value, attribute, "") if attribute and not isinstance(value, dict) else value[attribute] if attribute else value)
        for value in values
    ]
    if len(words) * len(between) > _LONGEST_TEXT:
        raise TemplateRuntimeError(f"its text grows beyond {_LONGEST_TEXT} characters")
    return str(between).join(words)


class _Sandbox(ImmutableSandboxedEnvironment):
    """Compiles templates so that every loop, filter and value counts what it costs."""

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        tree: nodes.Template = super()._parse(source, name, filename)
        try:
            template_names.refuse_costly(tree)
        except template_names.TemplateUnreadable as error:
            raise TemplateSyntaxError(error.reason, error.line) from error
        for loop in list(tree.find_all(nodes.For)):
            inside = [node for part in loop.body for node in (part, *part.find_all(nodes.Node))]
            characters = sum(len(node.data) for node in inside if isinstance(node, nodes.TemplateData))
            loop.iter = _through("count each", loop.iter, len(inside) + 1, characters)
        for called in list(tree.find_all(nodes.Filter)):
            if called.name not in _COUNTERS and called.node is not None:
                called.node = _through("weigh", called.node)
        for parent in [tree, *tree.find_all(nodes.Node)]:
            for field, value in list(parent.iter_fields()):
                if isinstance(value, nodes.Concat):
                    setattr(parent, field, _through("count text", value))
        for output in list(tree.find_all(nodes.Output)):
            output.nodes = [one if isinstance(one, nodes.TemplateData) else _through("count text", one) for one in output.nodes]
        tree.set_environment(self)
        return tree


def _through(name: str, value: nodes.Node, *arguments: int) -> nodes.Expr:
    assert isinstance(value, nodes.Expr)
    return nodes.Filter(value, name, [nodes.Const(argument) for argument in arguments], [], None, None, lineno=value.lineno)


_COUNTERS: Final[dict[str, Callable[..., Any]]] = {"count each": _each, "weigh": _weighed, "count text": _said}


def environment() -> ImmutableSandboxedEnvironment:
    """Return the sandbox in which templates run: no attributes beyond plain values, no writing, no calls, and a budget.

    A line that ends with a tag keeps its end (``IC: {% if x %}…{% endif %}``); ``-%}`` takes the end of a line away.
    """
    sandbox = _Sandbox(undefined=ChainableUndefined, lstrip_blocks=True, keep_trailing_newline=False)
    own = {name: sandbox.filters[name] for name in template_names.FILTERS}
    sandbox.filters = {**own, "join": _join, "hm": hm, "date": date, "span": span, **_COUNTERS}
    sandbox.globals.clear()
    return sandbox


_SANDBOX: Final = environment()

_UNUSABLE: Final = (TemplateError, SyntaxError, RecursionError, TypeError, ValueError, LookupError, ArithmeticError)
"""What a template can raise over values that it was not written for."""


def _rendered(template: str, values: dict[str, Any]) -> str:
    if len(template) > template_names.LONGEST:
        raise TemplateRuntimeError("it is too long")
    return _compiled(template).render({**values, _METER: _Meter()}).strip()


@lru_cache(maxsize=512)
def _compiled(template: str) -> Template:
    """Return a template made ready; there are few, and making one ready takes longer than rendering it. What cannot be read is tried each time."""
    return _SANDBOX.from_string(template)


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
            subject = _rendered(message.subject or message.name, values)
            body = _rendered(message.body, values)
        except _UNUSABLE as error:
            raise ChannelFailed(f"the template {message.id!r} cannot be rendered: {error}", permanent=True) from error
        return _correcting(values["corrects"], subject, body) if values.get("corrects") else (subject, body)

    return render


def _correcting(wrong: dict[str, Any], subject: str, body: str) -> tuple[str, str]:
    """Return a message that sets an earlier one right: it says so first, and which one."""
    which = f"update {wrong['number']} of {hm(wrong['at'])}" if wrong.get("number") else f"what we said at {hm(wrong['at'])}"
    return f"Correction: {subject}", f"This corrects {which}.\n\n{body}"


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
