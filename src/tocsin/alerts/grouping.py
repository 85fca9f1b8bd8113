"""Which group an alert joins: the key that alerts of one group share. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from tocsin.alerts.matchers import Subject, getter

ALONE: Final = "..."
"""In ``group_by``: each alert is a group of its own."""
_BETWEEN: Final = "\x1f"
"""Parts names and values in a key: no sender's text has it, for control characters are no part of labels that people read."""
_LONGEST_SHOWN: Final = 200

Key = Callable[[Subject], str]
"""Returns the key that the alerts of one group share. The same labels in any order give the same key."""


def compile_key(route: str, group_by: Sequence[str]) -> Key:
    """Return what makes the group's key of an alert.

    route: the route's place; alerts of different routes never share a group. A label that is missing counts as empty.
    """
    if ALONE in group_by:
        return lambda subject: f"{route}{_BETWEEN}{ALONE}{_BETWEEN}{subject.identity}"
    names = sorted(set(group_by))
    if not names:
        return lambda _subject: route
    prefix = route + _BETWEEN + ",".join(names) + _BETWEEN
    getters = [getter(name) for name in names]
    if len(getters) == 1:
        (only,) = getters
        return lambda subject: prefix + _safe(only(subject))

    def key(subject: Subject) -> str:
        return prefix + _BETWEEN.join([_safe(get(subject)) for get in getters])

    return key


def _safe(value: str) -> str:
    """Return a value in which nothing can be taken for the border between two."""
    return value if _BETWEEN not in value and "\\" not in value else value.replace("\\", "\\\\").replace(_BETWEEN, "\\u")


def labels_of(group_by: Sequence[str], subject: Subject) -> dict[str, str]:
    """Return the names and values that an alert is grouped by, for people to see."""
    return {
        name.removeprefix("alert."): value[:_LONGEST_SHOWN]
        for name in sorted(set(group_by))
        if name != ALONE and (value := getter(name)(subject))
    }
