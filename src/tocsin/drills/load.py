"""Read a scenario file: every problem with file, line, column and what to write instead."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time
from typing import Any, Final

import msgspec
from msgspec import inspect

from tocsin.drills.model import Expect, Head, Scenario, Step
from tocsin.drills.verbs import NAMED, TIMES, VERBS, Verb
from tocsin.playbooks.errors import PlaybookRefused, Problem, did_you_mean
from tocsin.playbooks.load import read_yaml
from tocsin.playbooks.mismatch import mismatches
from tocsin.playbooks.places import Path, Source, dotted

_CLOCK: Final = re.compile(r"(?:(\d{4}-\d{2}-\d{2})[T ])?(\d{1,2}):(\d{2})(?::(\d{2}))?Z?")
_OWN: Final = ("at", "as", "do", "save", "expect", "tell", "from", "happened")
"""The keys of every step; all others belong to the call. ``happened`` back-dates: it becomes the body's ``at``."""
GIVEN: Final = frozenset({"intake_key"})
"""Names that the player knows before the first step."""


class ScenarioRefused(PlaybookRefused):
    """The scenario cannot be played; ``problems`` says why, one by one."""


def load_text(text: str, file: str = "<text>") -> Scenario:
    """Read a scenario.

    Raises:
        ScenarioRefused: it is not YAML, not of the schema, uses a verb or a name that is not known, or runs back in time.

    """
    try:
        source = read_yaml(text, file)
    except PlaybookRefused as refused:
        raise ScenarioRefused(refused.problems) from refused
    return _Loader(source, file).scenario()


class _Loader:
    """One reading of one file."""

    def __init__(self, source: Source, file: str) -> None:
        self.source = source
        self.file = file
        self.problems: list[Problem] = []

    def problem(self, path: Path, what: str, remedy: str) -> None:
        at = path
        while at and at not in self.source.positions:
            at = at[:-1]
        self.problems.append(Problem(self.file, *self.source.positions.get(at, (1, 1)), dotted(path), what, remedy))

    def scenario(self) -> Scenario:
        data = self.source.data
        if not isinstance(data, dict):
            self.problem((), "a scenario is a mapping of keys", "Begin with `scenario: my-drill`.")
            raise ScenarioRefused(self.problems)
        raw = data.get("steps")
        head = self.head({key: value for key, value in data.items() if key != "steps"})
        if not isinstance(raw, list) or not raw:
            self.problem(("steps",), "a scenario has steps", "Write `steps:` and a list below it.")
            raw = []
        starts = self.starts(head.starts) if head is not None else None
        if head is None or starts is None:
            raise ScenarioRefused(self.problems)
        steps = self.steps(raw, starts)
        if self.problems:
            raise ScenarioRefused(sorted(self.problems, key=lambda p: (p.line, p.column)))
        return Scenario(head.scenario, head.title, head.playbook, starts, self.file, head.people, tuple(steps), head.from_, head.note)

    def head(self, data: dict[str, Any]) -> Head | None:
        try:
            return msgspec.convert(data, Head)
        except msgspec.ValidationError as error:
            self.problems += mismatches(Source(data, self.source.positions), Head, self.file, str(error))
            return None

    def starts(self, text: str) -> datetime | None:
        try:
            return moment(text, None)
        except ValueError as error:
            self.problem(("starts",), str(error), "Write it like 2025-10-27T14:15:00Z.")
            return None

    def steps(self, raw: list[Any], starts: datetime) -> list[Step]:
        steps: list[Step] = []
        now, day, known = starts, starts.date(), set(GIVEN)
        for index, given in enumerate(raw):
            path: Path = ("steps", index)
            if not isinstance(given, dict):
                self.problem(path, "a step is a mapping of keys", 'Write `{at: "14:30", as: alice, do: declare, …}`.')
                continue
            found = len(self.problems)
            at = self.at(given.get("at"), (*path, "at"), now, day)
            verb = self.verb(given.get("do"), path)
            expect = self.expect(given.get("expect"), (*path, "expect"))
            save = given.get("save") or {}
            if not isinstance(save, dict) or not all(isinstance(v, str) for v in save.values()):
                self.problem((*path, "save"), "save names what is kept: name and dotted path", "Write `save: {alert: alerts.0.id}`.")
                save = {}
            for key in ("as", "tell", "from"):
                if not isinstance(given.get(key, ""), str):
                    self.problem((*path, key), f"`{key}` is text", "Put it in quotes.")
            body = {key: value for key, value in given.items() if key not in _OWN}
            if "happened" in given:
                body["at"] = given["happened"]
            if verb is not None:
                body = self.times(body, path, day)
                self.body(verb, body, path)
                self.names(verb, body, path, known)
                known |= set(save) | set(verb.saves)
            if at is not None and len(self.problems) == found:
                now = at
                line = self.source.positions[path][0]
                steps.append(Step(line, at, str(given.get("as", "")), str(given["do"]), body, save, expect, str(given.get("tell", ""))))
        return steps

    def at(self, given: Any, path: Path, now: datetime, day: date) -> datetime | None:
        if given is None:
            return now
        try:
            at = moment(given, day)
        except ValueError as error:
            self.problem(path, str(error), 'Write "14:30" or "2025-10-28 10:00".')
            return None
        if at < now:
            self.problem(
                path,
                f"the step is at {at:%Y-%m-%d %H:%M}, before the one above it ({now:%Y-%m-%d %H:%M})",
                "Put the steps in order of time.",
            )
            return None
        return at

    def verb(self, given: Any, path: Path) -> Verb | None:
        if not isinstance(given, str):
            self.problem(path, "the step does nothing", f"Give `do:` one of: {', '.join(VERBS)}.")
            return None
        found = VERBS.get(given)
        if found is None:
            self.problem((*path, "do"), f"there is no verb `{given}`", did_you_mean(given, VERBS, f"The verbs are: {', '.join(VERBS)}."))
        return found

    def expect(self, given: Any, path: Path) -> Expect:
        if given is None:
            return Expect()
        try:
            return msgspec.convert(given, Expect)
        except msgspec.ValidationError as error:
            self.problem(path, f"this cannot be expected: {error}", "The keys are: status, says, missing, is.")
            return Expect()

    def times(self, body: dict[str, Any], path: Path, day: date) -> dict[str, Any]:
        changed = dict(body)
        for key, value in body.items():
            if key not in TIMES or not isinstance(value, str) or NAMED.fullmatch(value):
                continue
            try:
                changed[key] = moment(value, day).isoformat().replace("+00:00", "Z")
            except ValueError as error:
                self.problem(
                    (*path, key if key in self.source.data["steps"][path[1]] else "happened"),
                    str(error),
                    'Write "14:30" or "2025-10-28 10:00".',
                )
        return changed

    def body(self, verb: Verb, body: dict[str, Any], path: Path) -> None:
        """Compare the keys of the call with the fields of its command."""
        if verb.sends and set(body) - {verb.sends}:
            self.problem(path, f"this verb has one key, `{verb.sends}`", f"Put everything below `{verb.sends}:`.")
        if verb.body is None:
            return
        fields = {field.encode_name: field for field in _fields(verb.body)}
        for key in body:
            if key not in fields and key not in verb.needs:
                known = sorted({*fields, *_OWN, *verb.needs})
                self.problem((*path, key), f"unknown key `{key}`", did_you_mean(key, known, f"The keys here are: {', '.join(known)}."))
        for name, field in fields.items():
            if field.required and name not in body:
                self.problem(path, f"the key `{name}` is missing", f"Add `{name}:` to the step.")

    def names(self, verb: Verb, body: dict[str, Any], path: Path, known: set[str]) -> None:
        """Every name in braces must be saved by an earlier step."""
        for name in verb.needs:
            if name not in body and name not in known:
                self.problem(path, f"this needs `{name}`, which no earlier step saved", f"Give `{name}:`, or save it in an earlier step.")
        for key, name in _named(body, ()):
            if name not in known:
                self.problem((*path, *key), f"`{{{name}}}` is not known here", f"Save it in an earlier step: `save: {{{name}: …}}`.")


def _fields(kind: type[Any]) -> tuple[inspect.Field, ...]:
    shape = inspect.type_info(kind)
    assert isinstance(shape, inspect.StructType)
    return shape.fields


def _named(value: Any, path: Path) -> list[tuple[Path, str]]:
    """Return every name in braces below a value, with its path."""
    match value:
        case str():
            return [(path, name) for name in NAMED.findall(value)]
        case dict():
            return [found for key, item in value.items() for found in _named(item, (*path, key))]
        case list():
            return [found for index, item in enumerate(value) for found in _named(item, (*path, index))]
        case _:
            return []


def moment(text: Any, day: date | None) -> datetime:
    """Return the moment of a text (UTC): ``14:30`` on the given day, or with a date of its own.

    Raises:
        ValueError: it is neither.

    """
    found = _CLOCK.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        raise ValueError(f"`{text}` is not a time")
    own, hour, minute, second = found.groups()
    if own is None and day is None:
        raise ValueError(f"`{text}` has no date")
    try:
        which = date.fromisoformat(own) if own else day
        assert which is not None
        return datetime.combine(which, time(int(hour), int(minute), int(second or 0)), UTC)
    except ValueError as error:
        raise ValueError(f"`{text}` is not a time: {error}") from error
