"""What lint finds: a place where a procedure contradicts itself or leaves something open."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import msgspec

from tocsin.playbooks.expressions import incident_condition
from tocsin.playbooks.load import Loaded
from tocsin.playbooks.model import Playbook
from tocsin.playbooks.places import Path
from tocsin.playbooks.process import Obligation
from tocsin.playbooks.record import Accepted
from tocsin.playbooks.scale import Severity

OTHER: Final = "other"
"""The kind of what no machine finds and a person accepted all the same."""

_FREE_TEXTS: Final = ("service", "detected_by", "cause")
_MOST_CIRCUMSTANCES: Final = 1024


class Finding(msgspec.Struct, frozen=True):
    """One finding. ``id`` is stable, so that the playbook can accept it; ``accepted`` is that acceptance."""

    id: str
    kind: str
    file: str
    line: int
    column: int
    what: str
    remedy: str
    accepted: Accepted | None = None

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}: {self.id}: {self.what}. {self.remedy}"


@dataclass(frozen=True, slots=True)
class Draft:
    """A finding before its place in the file and its acceptance are looked up. ``about``: the ids that follow the kind."""

    kind: str
    about: tuple[str, ...]
    path: Path
    what: str
    remedy: str

    @property
    def id(self) -> str:
        """The finding's id: its kind and what it is about."""
        return ":".join((self.kind, *self.about))


class Subject:
    """A playbook under examination, and which of its conditions hold at which level."""

    def __init__(self, loaded: Loaded) -> None:
        self.loaded = loaded

    @cached_property
    def playbook(self) -> Playbook:
        """The playbook."""
        return self.loaded.playbook

    def may_hold(self, level: Severity, *conditions: str) -> bool:
        """Say whether in some circumstances all of the conditions hold at a level."""
        return any(all(answers) for answers in self._answers(level, conditions))

    def surely_holds(self, level: Severity, *conditions: str) -> bool:
        """Say whether in all circumstances all of the conditions hold at a level."""
        return all(all(answers) for answers in self._answers(level, conditions))

    def levels(self, *conditions: str) -> tuple[Severity, ...]:
        """Return the levels at which all of the conditions can hold together, worst first."""
        return tuple(level for level in self.playbook.severities if self.may_hold(level, *conditions))

    def due(self, **done: str) -> Iterator[tuple[int, Obligation]]:
        """Yield the obligations that are kept by this (``milestone="acknowledged"``), with their place in the list."""
        ((key, value),) = done.items()
        for index, obligation in enumerate(self.playbook.obligations):
            if getattr(obligation.done, key) == value:
                yield index, obligation

    @staticmethod
    def _answers(level: Severity, conditions: Sequence[str]) -> Iterator[list[bool]]:
        """Yield what the conditions say in each circumstance that could tell them apart: marks set or not, each word that they name."""
        compiled = [incident_condition(condition) for condition in conditions]
        fixed: dict[str, object] = {"rank": level.rank, "severity": level.id, "mode": level.mode}
        marks = sorted({mark for condition in compiled for mark in condition.marks})
        texts = sorted({name for condition in compiled for name in condition.names if name in _FREE_TEXTS})
        words = [["", *{str(one.value) for condition in compiled for one in condition.comparisons if one.name == name}] for name in texts]
        choices = itertools.product(*([False, True] for _ in marks), *words)
        for picked in itertools.islice(choices, _MOST_CIRCUMSTANCES):
            values = {**fixed, "marks": dict(zip(marks, picked, strict=False)), **dict(zip(texts, picked[len(marks) :], strict=True))}
            yield [condition.holds(values) for condition in compiled]


def listed(names: tuple[str, ...] | list[str]) -> str:
    """Return names as people list them: ``a``, ``a and b``, ``a, b and c``."""
    return " and ".join((", ".join(names[:-1]), names[-1])) if len(names) > 1 else "".join(names)
