"""Does a playbook hold together: every reference, condition, template, calendar and number, each problem with its place and remedy."""

from __future__ import annotations

from tocsin.playbooks.check_conditions import check_conditions
from tocsin.playbooks.check_ids import check_ids
from tocsin.playbooks.check_lifecycle import check_lifecycle
from tocsin.playbooks.check_messages import check_messages
from tocsin.playbooks.check_process import check_process
from tocsin.playbooks.check_references import check_references
from tocsin.playbooks.check_times import check_times
from tocsin.playbooks.checking import Checker
from tocsin.playbooks.errors import PlaybookRefused, Problem
from tocsin.playbooks.load import Loaded, load_text


def check(loaded: Loaded) -> list[Problem]:
    """Return everything that would make the playbook fail in use, in the order of the file; an empty list where it holds together."""
    checker = Checker(loaded)
    check_ids(checker)
    check_references(checker)
    check_lifecycle(checker)
    check_process(checker)
    check_conditions(checker)
    check_messages(checker)
    check_times(checker)
    return checker.problems()


def load_checked(text: str, file: str = "<text>") -> Loaded:
    """Read a playbook and check that it holds together.

    Raises:
        PlaybookRefused: with every problem found in the text, the schema or, where those are right, the references.

    """
    loaded = load_text(text, file)
    if problems := check(loaded):
        raise PlaybookRefused(problems)
    return loaded
