"""Matchers: which alerts a route, a silence or an inhibition rule means. Written as in Alertmanager: ``team="db"``, ``env=~"prod|canary"``.

A name is a label's. Where the alert has no such label, ``source``, ``service``, ``level``, ``severity``, ``title``, ``how`` and ``group``
(the sender's own) mean the alert's own; ``alert.service`` and so on mean these in any case. A label that is missing counts as empty, so ``team=""`` finds alerts
without a team. Patterns match the whole value (``patterns``).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final, Literal

import msgspec

from tocsin.alerts import patterns
from tocsin.engine.errors import Refused

Operator = Literal["=", "!=", "=~", "!~"]
OWN: Final = ("source", "service", "level", "severity", "title", "how", "group")
"""What can be matched beside labels."""
_PREFIX: Final = "alert."
MOST_MATCHERS: Final = 50
"""In one list."""
LONGEST_NAME: Final = 200
LONGEST_VALUE: Final = 2000
"""Characters of a value that a matcher holds."""

_BARE_NAME: Final = re.compile(r"[A-Za-z_:@][\w:.@/-]*", re.ASCII)
_OPERATOR: Final = re.compile(r"\s*(=~|!~|!=|=)\s*")
_QUOTED: Final = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)
_BARE_VALUE: Final = re.compile(r"[^\s,{}\"'`=~!][^\s,{}\"'`]*")
_ESCAPE: Final = re.compile(r"\\(.)", re.DOTALL)
_CONTROL: Final = {"n": "\n", "t": "\t", "r": "\r"}


class Subject(msgspec.Struct, frozen=True, gc=False):
    """What matchers and conditions see of an alert."""

    labels: Mapping[str, str]
    source: str = ""
    """The word of the intake: ``alertmanager``, ``report`` …"""
    service: str = ""
    """The service's id in the catalogue, or the sender's word for one that it does not have."""
    level: str = ""
    severity: str = ""
    """The sender's own word."""
    title: str = ""
    how: str = "monitoring"
    group: str = ""
    """The sender's own identity of its group."""
    identity: str = ""
    """What tells the alert from all others: source and fingerprint."""


class Matcher(msgspec.Struct, frozen=True):
    """One matcher."""

    name: str
    op: Operator
    value: str

    def __str__(self) -> str:
        name = self.name if _BARE_NAME.fullmatch(self.name) else _quoted(self.name)
        return f"{name}{self.op}{_quoted(self.value)}"


Test = Callable[[Subject], bool]


class WrongMatcher(Refused):
    """A matcher that cannot be understood."""

    code = "matcher.wrong"


_FORM: Final = 'Write name="value", or !=, =~ (a pattern), !~; several are parted by commas.'


def parse(text: str) -> tuple[Matcher, ...]:
    """Read matchers: ``env="prod", team=~"db|web"``, with braces around or without. Nothing, or ``{}``, is no matcher.

    Raises:
        WrongMatcher: it cannot be read from some place on.
        PatternRefused: a pattern is not one.

    """
    inner = text.strip()
    if inner.startswith("{"):
        if not inner.endswith("}"):
            raise WrongMatcher(f"{text!r} opens a brace and does not close it.", fix=_FORM)
        inner = inner[1:-1].strip()
    found: list[Matcher] = []
    at = 0
    while at < len(inner):
        matcher, at = _one(inner, at)
        found.append(checked(matcher))
        rest = inner[at:].lstrip()
        if rest and not rest.startswith(","):
            raise WrongMatcher(f"{inner!r} cannot be read from {rest[:30]!r} on.", fix=_FORM)
        at = len(inner) - len(rest[1:].lstrip()) if rest else len(inner)
    if len(found) > MOST_MATCHERS:
        raise WrongMatcher(f"These are {len(found)} matchers, more than {MOST_MATCHERS}.", fix='Use a pattern: name=~"a|b|c".')
    return tuple(found)


def _one(text: str, at: int) -> tuple[Matcher, int]:
    if quoted := _QUOTED.match(text, at):
        name, at = _unquoted(quoted.group(1)), quoted.end()
    elif bare := _BARE_NAME.match(text, at):
        name, at = bare.group(), bare.end()
    else:
        raise WrongMatcher(f"{text[at : at + 30]!r} does not begin with a label's name.", fix=_FORM)
    sign = _OPERATOR.match(text, at)
    if sign is None:
        raise WrongMatcher(f"{name!r} is followed by no =, !=, =~ or !~.", fix=_FORM)
    at = sign.end()
    if quoted := _QUOTED.match(text, at):
        value, at = _unquoted(quoted.group(1)), quoted.end()
    elif bare := _BARE_VALUE.match(text, at):
        value, at = bare.group(), bare.end()
    elif at >= len(text) or text[at] == ",":
        value = ""
    else:
        raise WrongMatcher(f"The value of {name!r} cannot be read: {text[at : at + 30]!r}.", fix="Put it in double quotes.")
    return Matcher(name, sign.group(1), value), at  # type: ignore[arg-type] # the pattern has these four


def checked(matcher: Matcher) -> Matcher:
    """Return a matcher that can be used.

    Raises:
        WrongMatcher: its name or value is too long, or it has no name.
        PatternRefused: its pattern is not one.

    """
    if not 0 < len(matcher.name) <= LONGEST_NAME or len(matcher.value) > LONGEST_VALUE:
        raise WrongMatcher(
            f"A matcher's name has 1 to {LONGEST_NAME} characters and its value up to {LONGEST_VALUE}.", fix="Shorten it.",
        )  # fmt: skip
    if matcher.name.startswith(_PREFIX) and matcher.name.removeprefix(_PREFIX) not in OWN:
        raise WrongMatcher(f"An alert has no {matcher.name!r}.", fix=f"There are: {', '.join(_PREFIX + one for one in OWN)}.")
    if matcher.op in ("=~", "!~"):
        patterns.compiled(matcher.value)
    return matcher


def text_of(matchers: Iterable[Matcher]) -> str:
    """Return matchers as people write them; ``parse`` reads it again."""
    return "{" + ", ".join(map(str, matchers)) + "}"


def value_of(name: str, subject: Subject) -> str:
    """Return what a name means for an alert; empty where it has none."""
    if name.startswith(_PREFIX):
        return str(getattr(subject, name.removeprefix(_PREFIX)))
    found = subject.labels.get(name)
    if found is None:
        return str(getattr(subject, name)) if name in OWN else ""
    return found


def holds(matcher: Matcher, subject: Subject) -> bool:
    """Tell whether a matcher holds: the plain reading, which ``compile_matchers`` equals."""
    value = value_of(matcher.name, subject)
    match matcher.op:
        case "=":
            return value == matcher.value
        case "!=":
            return value != matcher.value
        case "=~":
            return patterns.compiled(matcher.value)(value)
        case "!~":
            return not patterns.compiled(matcher.value)(value)


def getter(name: str) -> Callable[[Subject], str]:
    """Return a quick way to what a name means."""
    if name.startswith(_PREFIX):
        return _attribute(name.removeprefix(_PREFIX))
    if name in OWN:
        own = _attribute(name)

        def either(subject: Subject) -> str:
            found = subject.labels.get(name)
            return own(subject) if found is None else found

        return either

    def label(subject: Subject) -> str:
        return subject.labels.get(name, "")

    return label


def _attribute(name: str) -> Callable[[Subject], str]:
    readers: dict[str, Callable[[Subject], str]] = {
        "source": lambda s: s.source, "service": lambda s: s.service, "level": lambda s: s.level, "severity": lambda s: s.severity,
        "title": lambda s: s.title, "how": lambda s: s.how, "group": lambda s: s.group,
    }  # fmt: skip
    return readers[name]


def compile_matcher(matcher: Matcher) -> Test:
    """Return one matcher as a function."""
    get, value = getter(matcher.name), matcher.value
    match matcher.op:
        case "=":
            return lambda subject: get(subject) == value
        case "!=":
            return lambda subject: get(subject) != value
        case "=~":
            pattern = patterns.compiled(value)
            return lambda subject: pattern(get(subject))
        case "!~":
            pattern = patterns.compiled(value)
            return lambda subject: not pattern(get(subject))


def compile_matchers(matchers: Sequence[Matcher]) -> Test:
    """Return matchers as one function: whether all of them hold. No matchers hold always."""
    tests = [compile_matcher(matcher) for matcher in matchers]
    if not tests:
        return lambda _subject: True
    if len(tests) == 1:
        return tests[0]

    def every(subject: Subject) -> bool:
        for test in tests:  # noqa: SIM110 (a generator costs as much as the tests)
            if not test(subject):
                return False
        return True

    return every


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def _unquoted(text: str) -> str:
    return _ESCAPE.sub(lambda found: _CONTROL.get(found.group(1), found.group(1)), text)
