"""Inhibition: while one alert fires, others that follow from it call nobody. One versioned record, ``inhibitions:main``. Pure.

The alerts' journal keeps two tallies by the keys that ``Inhibitor`` gives: which firing alerts are sources of a key, and which are targets.
A target is muted while its key has a source. So a rule costs two look-ups for each alert, however many fire.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from tocsin.alerts.matchers import Subject, Test, compile_matchers, getter
from tocsin.alerts.route_model import Matchers
from tocsin.alerts.routing import matchers_of
from tocsin.engine.errors import Refused
from tocsin.engine.model import Command, Event

INHIBITIONS: Literal["main"] = "main"
"""The record's id: ``inhibitions:main``."""
_BETWEEN = "\x1f"


class InhibitionRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """While an alert that fits ``source`` fires, those that fit ``target`` and have the same values of ``equal`` are muted."""

    name: Annotated[str, Meta(min_length=1, max_length=100)]
    source: Matchers
    target: Matchers
    equal: Annotated[tuple[str, ...], Meta(max_length=50)] = ()
    why: Annotated[str, Meta(max_length=1000)] = ""


class SaveInhibitions(Command, frozen=True):
    """Write down all rules as they are from now on."""

    rules: Annotated[tuple[InhibitionRule, ...], Meta(max_length=500)]
    why: Annotated[str, Meta(max_length=1000)] = ""


class InhibitionsSaved(Event, frozen=True, tag="inhibitions.saved"):
    """The rules were written down."""

    rules: tuple[InhibitionRule, ...]
    why: str = ""


class Inhibitions(msgspec.Struct, frozen=True):
    """The rules as they are now."""

    id: str
    version: int = 0
    rules: tuple[InhibitionRule, ...] = ()


Key = str
"""A rule and the values that source and target must share."""


class _Rule(msgspec.Struct, frozen=True):
    name: str
    source: Test
    target: Test
    key: Callable[[Subject], Key]


class Inhibitor(msgspec.Struct, frozen=True):
    """All rules, ready to be asked."""

    rules: tuple[_Rule, ...] = ()

    def source_keys(self, subject: Subject) -> tuple[Key, ...]:
        """Return the keys that an alert mutes while it fires."""
        return tuple([rule.key(subject) for rule in self.rules if rule.source(subject)])

    def target_keys(self, subject: Subject) -> tuple[Key, ...]:
        """Return the keys that mute an alert. What is a source of a rule itself is not muted by that rule: two alerts never mute one another."""
        return tuple([rule.key(subject) for rule in self.rules if rule.target(subject) and not rule.source(subject)])


def rule_of(key: Key) -> str:
    """Return the name of the rule that a key belongs to."""
    return key.partition(_BETWEEN)[0]


def compile_inhibitions(rules: Sequence[InhibitionRule]) -> Inhibitor:
    """Return the rules, ready to be asked.

    Raises:
        Refused: a matcher cannot be used, or a name is there twice; the refusal names its place.

    """
    names: set[str] = set()
    made: list[_Rule] = []
    for at, rule in enumerate(rules):
        if rule.name in names:
            raise Refused(f"There are two rules {rule.name!r}.", fix="Give each rule a name of its own.", field=f"rules[{at}].name")
        names.add(rule.name)
        source, target = matchers_of(rule.source, f"rules[{at}].source"), matchers_of(rule.target, f"rules[{at}].target")
        if not source or not target:
            missing = "target" if source else "source"
            raise Refused(
                f"The rule {rule.name!r} has no {missing}: it would mute every alert.", fix='Write matchers, such as severity="critical".',
                field=f"rules[{at}].{missing}",
            )  # fmt: skip
        made.append(_Rule(rule.name, compile_matchers(source), compile_matchers(target), _key(rule)))
    return Inhibitor(tuple(made))


def _key(rule: InhibitionRule) -> Callable[[Subject], Key]:
    getters = [getter(name) for name in sorted(set(rule.equal))]
    prefix = rule.name.replace(_BETWEEN, " ") + _BETWEEN

    def key(subject: Subject) -> Key:
        return prefix + _BETWEEN.join([get(subject).replace(_BETWEEN, " ") for get in getters])

    return key


def inhibited(rules: Inhibitor, subject: Subject, firing: Sequence[Subject]) -> str:
    """Return the name of the rule that mutes an alert while others fire, or nothing: the plain reading of what the journal's tallies do."""
    active = {key for other in firing for key in rules.source_keys(other)}
    return next((rule_of(key) for key in rules.target_keys(subject) if key in active), "")
