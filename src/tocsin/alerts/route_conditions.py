"""Expressions on an alert (``if:`` of a route): the playbooks' conditions, with labels. Pure.

``labels.team`` and ``labels["team"]`` are texts, empty where the alert has no such label. Each becomes a variable of its own before the
expression is compiled, so that it is checked and bounded as any other.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from tocsin.alerts.matchers import Subject, Test, getter
from tocsin.engine.errors import Refused
from tocsin.playbooks.condition_text import Kind, Token, tokens_of
from tocsin.playbooks.expressions import ConditionFailed, ConditionRefused, compile_condition

NAMES: Final[tuple[str, ...]] = ("source", "service", "level", "severity", "title", "how")
_MAP: Final = "labels"


class WrongCondition(Refused):
    """An expression on alerts that cannot be used."""

    code = "condition.wrong"


def compile_alert_condition(text: str, field: str = "if") -> Test:
    """Return an expression as a function of an alert. What cannot be decided does not hold.

    Raises:
        WrongCondition: it says what is wrong and what to write.

    """
    plain, labels = _without_labels(text)
    variables: Mapping[str, Kind] = {**dict.fromkeys(NAMES, "text"), **dict.fromkeys(labels, "text")}
    try:
        condition = compile_condition(plain, variables)
    except ConditionRefused as refused:
        what, remedy = refused.what, refused.remedy
        for variable, name in labels.items():
            what, remedy = what.replace(variable, f"labels.{name}"), remedy.replace(variable, f"labels.{name}")
        raise WrongCondition(f"{field}: {what}.", fix=remedy, field=field) from refused
    if condition.constant is not None:
        return _always if condition.constant else _never
    getters: dict[str, Callable[[Subject], str]] = {name: getter(f"alert.{name}") for name in NAMES}
    getters |= {variable: _label(name) for variable, name in labels.items()}
    wanted = tuple((name, getters[name]) for name in condition.names)

    def test(subject: Subject) -> bool:
        try:
            return condition.holds({name: get(subject) for name, get in wanted})
        except ConditionFailed:
            return False

    return test


def _label(name: str) -> Callable[[Subject], str]:
    return lambda subject: subject.labels.get(name, "")


def _always(_subject: Subject) -> bool:
    return True


def _never(_subject: Subject) -> bool:
    return False


def _without_labels(text: str) -> tuple[str, dict[str, str]]:
    """Return the expression with each label as a variable of its own, and which label each variable is."""
    tokens = tokens_of(text)
    variables: dict[str, str] = {}
    parts: list[str] = []
    at = end = 0
    while at < len(tokens):
        name, size = _label_at(tokens, at)
        if not size:
            at += 1
            continue
        variable = next((known for known, label in variables.items() if label == name), f"label_{len(variables)}_")
        variables[variable] = name
        parts += [text[end : tokens[at].start()], variable]
        end = tokens[at + size - 1].end()
        at += size
    return "".join(parts) + text[end:], variables


def _label_at(tokens: list[Token], at: int) -> tuple[str, int]:
    """Return the label that stands at a place, and how many tokens it takes; none of them where there is no label."""
    if tokens[at].group() != _MAP or (at and tokens[at - 1].group() == "."):
        return "", 0
    after = tokens[at + 1 : at + 4]
    if len(after) >= 2 and after[0].group() == "." and after[1].lastgroup == "name":  # noqa: PLR2004 (two tokens)
        return after[1].group(), 3
    if len(after) == 3 and after[0].group() == "[" and after[1].lastgroup == "text" and after[2].group() == "]":  # noqa: PLR2004
        return after[1].group().lstrip("rR")[1:-1], 4
    return "", 0
