"""Why a playbook, or an answer to its questions, is refused."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from typing import Final

import msgspec


class Problem(msgspec.Struct, frozen=True):
    """One problem: where it stands (line and column from 1), what is wrong and what to write instead."""

    file: str
    line: int
    column: int
    path: str
    what: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}: {self.what}. {self.remedy}"


class PlaybookRefused(Exception):
    """The playbook cannot be used; ``problems`` says why, one by one."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = list(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


class NoSuchPlaybook(LookupError):
    """No playbook of this id ships with the product; the message names those that do."""

    def __init__(self, playbook: str, known: Sequence[str]) -> None:
        self.playbook = playbook
        remedy = did_you_mean(playbook, known, f"There are: {', '.join(known)}.")
        super().__init__(f"There is no shipped playbook {playbook!r}. {remedy}")


MOST_PROBLEMS: Final = 200
"""How many problems of one file are looked for; whoever mends those sees the next ones."""


class BadAnswer(msgspec.Struct, frozen=True):
    """An answer that cannot be used: to which question, what is wrong and what to write."""

    field: str
    what: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.field}: {self.what}. {self.remedy}"


class AnswersRefused(ValueError):
    """Answers to a classification that cannot be used; ``answers`` names each with its remedy."""

    def __init__(self, answers: Sequence[BadAnswer]) -> None:
        self.answers = list(answers)
        super().__init__("\n".join(str(answer) for answer in self.answers))


class NeverDue(ValueError):
    """A calendar in which the time asked for never passes, such as one whose every day is a holiday."""


def did_you_mean(word: str, known: Iterable[str], otherwise: str) -> str:
    """Return ``Did you mean `x`?`` for the nearest of the known words, or ``otherwise`` where none is near."""
    names = sorted(known)
    folded = {name.casefold(): name for name in reversed(names)}
    close = difflib.get_close_matches(word.casefold(), folded, n=1, cutoff=0.6)
    return f"Did you mean `{folded[close[0]]}`?" if close else otherwise
