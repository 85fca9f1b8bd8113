"""What the API answers where a playbook, an answer or a comparison is refused: every problem at once, each with its place and remedy."""

from __future__ import annotations

from typing import Any

import msgspec

from tocsin.engine.errors import NotFound, Refused
from tocsin.playbooks.errors import AnswersRefused, PlaybookRefused, Problem, did_you_mean


class PlaybookHasProblems(Refused):
    """The playbook cannot be used; nothing was published."""

    code = "playbook.problems"

    def __init__(self, refusal: PlaybookRefused, *, of: str = "playbook") -> None:
        self.problems = shown(refusal.problems)
        count = len(self.problems)
        what = f"The {of} has {count} problem{'' if count == 1 else 's'}. {refusal.problems[0] if count else ''}".strip()
        super().__init__(what, fix="Mend each of `problems`, then send it again.", field="text" if of == "playbook" else of)


class AnswersHaveProblems(Refused):
    """Answers that cannot be used."""

    code = "playbook.answers"

    def __init__(self, refusal: AnswersRefused) -> None:
        self.problems: list[dict[str, Any]] = [msgspec.to_builtins(answer) for answer in refusal.answers]
        first = refusal.answers[0]
        super().__init__(f"{first.what}."[:1].upper() + f"{first.what}."[1:], fix=first.remedy, field=f"answers.{first.field}")


class NoPlaybook(NotFound):
    """No playbook of this id, or no such version of it."""

    code = "playbook.not_found"

    def __init__(self, name: str, known: list[str]) -> None:
        listed = f"There are: {', '.join(known)}." if known else "None is published."
        super().__init__(f"There is no playbook {name!r}.", fix=did_you_mean(name, known, listed), field="playbook")


def shown(problems: list[Problem]) -> list[dict[str, Any]]:
    """Return problems as the API shows them; ``says`` is the whole line, as compilers write it."""
    return [{**msgspec.to_builtins(problem), "says": str(problem)} for problem in problems]
