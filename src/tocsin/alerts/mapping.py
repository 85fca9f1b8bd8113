"""How the body of any tool becomes alerts: expressions per field, written down in the options of an intake key. Pure.

A mapping is a value like this one; every field is optional, and what it leaves out is guessed as ``sources/generic.py`` tells::

    alerts: body.events                 # a list: each member is one alert, and called `alert` (without it, `alert` is the body)
    when: alert.kind != "ping"          # only those for which it holds
    fingerprint: alert.check.id         # the identity
    status: alert.state
    statuses: {broken: firing, fixed: resolved}
    title: [alert.title, alert.check.name + " on " + alert.host]    # the first that says something
    severity: alert.priority
    levels: {sev-a: critical, sev-b: low}
    labels: {host: alert.host, team: body.team}    # or one expression that gives an object
    links: {dashboard: alert.urls.graph}
    starts_at: alert.since
    expires_after: 30m

The names are ``body`` (the JSON, the form's fields, or the text), ``alert``, ``headers`` (in lower case) and ``query``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

import msgspec

from tocsin.alerts.expressions import Expression, ExpressionFailed, Scope, compile_value
from tocsin.alerts.model import How, Level, Status
from tocsin.engine.errors import Refused
from tocsin.playbooks.condition_text import ConditionRefused
from tocsin.playbooks.durations import Duration
from tocsin.playbooks.errors import did_you_mean

NAMES: Final = ("alert", "body", "headers", "query")
OPTION: Final = "mapping"
"""The option of an intake key that holds it."""
MOST_LABELS: Final = 100

One = str | list[str]
"""An expression, or several of which the first that says something counts."""


class WrongMapping(Refused):
    """A mapping that cannot be used; ``field`` is the place in it."""

    code = "intake.wrong_mapping"


class Mapped(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What a mapping says. See the module for an example; an expression gives a text unless said otherwise."""

    alerts: str = ""
    """A list."""
    when: str = ""
    """Yes or no."""
    fingerprint: One = ""
    status: One = ""
    statuses: dict[str, Status] = {}
    title: One = ""
    severity: One = ""
    levels: dict[str, Level] = {}
    service: One = ""
    value: One = ""
    threshold: One = ""
    summary: One = ""
    group: One = ""
    by: One = ""
    note: One = ""
    labels: str | dict[str, One] = {}
    """An object, or an expression for each label."""
    annotations: str | dict[str, One] = {}
    links: dict[str, One] = {}
    """Addresses that begin with ``https://`` or ``http://``: ``dashboard``, ``runbook``, ``source`` …"""
    starts_at: One = ""
    """A time in any of the usual spellings, or a count since 1970."""
    ends_at: One = ""
    expires_after: str = ""
    """How long an alert counts unless it is heard of again, such as ``30m``; empty: until the sender says that it is over."""
    how: How = "monitoring"


class Problem(msgspec.Struct, frozen=True):
    """An expression that gave nothing for a body though it should have; the alert is taken in without it."""

    field: str
    expression: str
    why: str


def mapped(options: Mapping[str, Any]) -> Mapped:
    """Return the mapping of an intake key's options; an empty one where they have none.

    Raises:
        WrongMapping: it cannot be used; the refusal names the field.

    """
    return checked(options.get(OPTION) or {})


def checked(value: Any) -> Mapped:
    """Return a mapping whose every expression compiles.

    Raises:
        WrongMapping: it cannot be used; the refusal names the field.

    """
    if isinstance(value, Mapped):
        return value
    try:
        found = msgspec.convert(value, Mapped)
    except msgspec.ValidationError as error:
        raise _misshapen(value, error) from error
    for name, text in expressions(found):
        compiled(text, name)
    if found.expires_after:
        expires_after(found)
    for name in ("labels", "annotations", "links"):
        if len(getattr(found, name)) > MOST_LABELS and not isinstance(getattr(found, name), str):
            raise WrongMapping(f"{name} has more than {MOST_LABELS} names.", fix="Take those that people read.", field=name)
    return found


def _misshapen(value: Any, error: msgspec.ValidationError) -> WrongMapping:
    if not isinstance(value, Mapping):
        return WrongMapping("A mapping is an object of fields and expressions.", fix="Write it as in `title: body.title`.", field=OPTION)
    known = Mapped.__struct_fields__
    if unknown := [str(name) for name in value if name not in known]:
        return WrongMapping(
            f"A mapping has no field {unknown[0]!r}.",
            fix=did_you_mean(unknown[0], known, f"The fields: {', '.join(known)}."),
            field=unknown[0],
        )
    what, _, place = str(error).partition(" - at `$.")
    return WrongMapping(
        f"{place.rstrip('`') or OPTION}: {what}.".replace("`", ""), fix="Write an expression as a text.", field=place.rstrip("`") or OPTION
    )


def expressions(found: Mapped) -> Iterator[tuple[str, str]]:
    """Yield each expression of a mapping with its place, such as ``labels.host``."""
    for name in found.__struct_fields__:
        if name in ("statuses", "levels", "expires_after", "how"):
            continue
        value: Any = getattr(found, name)
        for place, one in value.items() if isinstance(value, dict) else (("", value),):
            path = f"{name}.{place}" if place else name
            if isinstance(one, list):
                yield from ((f"{path}[{at}]", text) for at, text in enumerate(one))
            elif one:
                yield path, one


def compiled(text: str, field: str) -> Expression:
    """Return an expression of a mapping.

    Raises:
        WrongMapping: it cannot be used.

    """
    try:
        return compile_value(text, NAMES)
    except ConditionRefused as refused:
        raise WrongMapping(f"{field}: {refused.what} (at character {refused.column + 1}).", fix=refused.remedy, field=field) from refused


def expires_after(found: Mapped) -> Duration:
    """Return how long an alert counts unless it is heard of again.

    Raises:
        WrongMapping: it is no duration.

    """
    try:
        return Duration.parse(found.expires_after)
    except ValueError as error:
        raise WrongMapping(
            f"expires_after is {found.expires_after!r}, which is no duration.", fix="Write it like 30m or 2h.", field="expires_after"
        ) from error


class Answers:
    """What the expressions of a mapping say of one alert."""

    def __init__(self, found: Mapped, variables: Mapping[str, Any], place: str = "") -> None:
        """Variables: bounded values. place: what the alert is called in problems, such as ``alerts[2]``."""
        self._found = found
        self._scope = Scope(variables)
        self._place = place
        self.problems: list[Problem] = []

    def value(self, field: str, one: One) -> Any:
        """Return the first value that an expression gives and that is not empty; None where none does."""
        for text in [one] if isinstance(one, str) else one:
            if text and (given := self._asked(field, text)) not in (None, "", [], {}):
                return given
        return None

    def sure(self, field: str, text: str) -> Any:
        """Return a value that the alert cannot do without.

        Raises:
            ExpressionFailed: the expression cannot be worked out.

        """
        return compiled(text, field).value(self._scope)

    def _asked(self, field: str, text: str) -> Any:
        try:
            return compiled(text, field).value(self._scope)
        except ExpressionFailed as failed:
            self.problems.append(Problem(f"{self._place}{field}", text, str(failed)))
            return None
