"""What the API does with playbooks: check a text, publish it, run its tests, compare, classify."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from typing import Annotated, Any, Final

import msgspec

from tocsin.engine.errors import Conflict
from tocsin.engine.model import Actor, Command, Reader, Viewer
from tocsin.engine.runtime import Runtime
from tocsin.incidents.rehearsal import dues
from tocsin.playbooks import crosswalk as levels
from tocsin.playbooks import diff, queries, selftest
from tocsin.playbooks.check import check, load_checked
from tocsin.playbooks.classify import Answer, classify, parse_answers, read_answers
from tocsin.playbooks.errors import AnswersRefused, PlaybookRefused, Problem
from tocsin.playbooks.finding import Finding
from tocsin.playbooks.kind import publication
from tocsin.playbooks.lint import lint, unaccepted
from tocsin.playbooks.load import Loaded, load_text
from tocsin.playbooks.model import Playbook
from tocsin.playbooks.queries import Bookshelf
from tocsin.playbooks.refusals import AnswersHaveProblems, NoPlaybook, PlaybookHasProblems, shown
from tocsin.playbooks.textdiff import renumbered

_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
YAML: Final = "playbook.yaml"
"""What problems call a text that came without the name of a file."""

FileName = Annotated[str, msgspec.Meta(max_length=300)]
Word = Annotated[str, msgspec.Meta(max_length=1000)]
_MOST_VERSIONS: Final = 1_000_000


class PlaybookText(Command, frozen=True):
    """A playbook as YAML text. ``file``: what problems call it."""

    text: str
    file: FileName = YAML
    note: Word = ""
    """Why it is published; it stands beside the version."""


class Restore(Command, frozen=True):
    """Put an earlier version in force again: its text is published under the next number."""

    version: Annotated[int, msgspec.Meta(ge=1, le=_MOST_VERSIONS)]
    note: Word = ""


class CheckPlaybook(Command, frozen=True):
    """A playbook as YAML text and, where there are any, its tests."""

    text: str
    file: FileName = YAML
    tests: str = ""
    tests_file: FileName = "playbook.tests.yaml"


class Classify(Command, frozen=True):
    """Answers to a playbook's questions; a question that is left out or null is not known."""

    answers: dict[Word, bool | int | float | Word | None] = {}


async def publish(runtime: Runtime, body: PlaybookText, actor: Actor, key: str, request: str) -> dict[str, Any]:
    """Put a playbook in force; what lint finds and the playbook does not accept comes back as ``warnings``.

    Raises:
        PlaybookHasProblems: it would fail in use; nothing is published.
        Conflict: a version of this number or a higher one is in force.

    """
    loaded, warnings = await asyncio.to_thread(_checked, body)
    result = await runtime.commit("playbook", loaded.playbook.playbook, publication(loaded, note=body.note.strip()), actor, key, request)
    return {**result, "digest": loaded.digest, "warnings": warnings}


def _checked(body: PlaybookText) -> tuple[Loaded, list[dict[str, Any]]]:
    try:
        loaded = load_checked(body.text, body.file)
    except PlaybookRefused as refusal:
        raise PlaybookHasProblems(refusal) from refusal
    if not _ID.fullmatch(loaded.playbook.playbook):
        line, column = loaded.position(("playbook",))
        what, remedy = "the id cannot stand in an address", "Use up to 64 letters, digits, dots, hyphens and underscores."
        raise PlaybookHasProblems(PlaybookRefused([Problem(body.file, line, column, "playbook", what, remedy)]))
    return loaded, findings(unaccepted(lint(loaded)))


async def restore(
    runtime: Runtime, shelf: Bookshelf, playbook_id: str, body: Restore, actor: Actor, key: str, request: str
) -> dict[str, Any]:
    """Publish the text of an earlier version again, under the next number.

    Raises:
        NoPlaybook: there is no such playbook or version.
        Conflict: it is the one in force.

    """
    text, version = await asyncio.to_thread(_earlier, runtime, shelf, playbook_id, body.version)
    note = body.note.strip() or f"Version {body.version} again"
    return await publish(runtime, PlaybookText(renumbered(text, version), f"{playbook_id}.yaml", note), actor, key, request)


def _earlier(runtime: Runtime, shelf: Bookshelf, playbook_id: str, version: int) -> tuple[str, int]:
    with runtime.reading() as reader:
        loaded, current = opened(shelf, reader, f"{playbook_id}@{version}"), opened(shelf, reader, playbook_id)
    if loaded.digest == current.digest:
        raise Conflict(f"Version {version} of {playbook_id} is in force already.", fix="Name an earlier one.", field="version")
    return loaded.text, current.playbook.version + 1


def running(runtime: Runtime, viewer: Viewer, playbook_id: str, limit: int) -> list[dict[str, Any]]:
    """Return the open incidents of a playbook that the viewer may read, newest first, each with the digest and version that it pins."""
    found = []
    with runtime.reading() as reader:
        for incident_id, title in queries.open_incidents(reader, viewer, playbook_id, limit):
            incident = reader.state(f"incident:{incident_id}")
            if incident is not None and incident.playbook is not None:
                found.append({"id": incident_id, "title": title, "digest": incident.playbook.digest, "version": incident.playbook.version})
    return found


def examine(body: CheckPlaybook) -> dict[str, Any]:
    """Return every problem of a text and, where it has none, what lint finds and how its tests end. Nothing is published."""
    answer: dict[str, Any] = {"playbook": None, "version": None, "digest": None, "problems": [], "findings": [], "results": []}
    try:
        loaded = load_text(body.text, body.file)
        answer |= {"playbook": loaded.playbook.playbook, "version": loaded.playbook.version, "digest": loaded.digest}
        answer["problems"] = shown(check(loaded))
        if not answer["problems"]:
            answer["findings"] = findings(lint(loaded))
            if body.tests:
                answer["results"] = selftest.run_tests(loaded.playbook, body.tests, body.tests_file, dues)
    except PlaybookRefused as refusal:
        answer["problems"] = shown(refusal.problems)
    answer["ok"] = not answer["problems"]
    return answer


def findings(found: list[Finding]) -> list[dict[str, Any]]:
    """Return what lint found as the API shows it."""
    return [{**msgspec.to_builtins(finding), "says": str(finding)} for finding in found]


def read_text(text: str) -> Playbook:
    """Return a text that need not be published as a playbook.

    Raises:
        PlaybookHasProblems: it is not of the schema.

    """
    try:
        return load_text(text, YAML).playbook
    except PlaybookRefused as refusal:
        raise PlaybookHasProblems(refusal) from refusal


def opened(shelf: Bookshelf, reader: Reader, name: str) -> Loaded:
    """Return a playbook by its id (the version in force) or as ``id@version``.

    Raises:
        NoPlaybook: there is none.

    """
    playbook_id, _, version = name.partition("@")
    digest = shelf.digest(playbook_id, version, reader)
    loaded = shelf.loaded(digest, reader) if digest else None
    if loaded is None:
        raise NoPlaybook(name, shelf.ids(reader))
    return loaded


def all_in_force(shelf: Bookshelf, reader: Reader) -> list[Playbook]:
    """Return every playbook in force, by id."""
    return [opened(shelf, reader, name).playbook for name in shelf.ids(reader)]


def run_tests(loaded: Loaded, text: str | None, file: str) -> list[selftest.Result]:
    """Return how a playbook's tests end, those of its obligations included; none where it has no tests.

    Raises:
        PlaybookHasProblems: the tests cannot be read.

    """
    if text is None:
        return []
    try:
        return selftest.run_tests(loaded.playbook, text, file, dues)
    except PlaybookRefused as refusal:
        raise PlaybookHasProblems(refusal, of="tests") from refusal


def compare(before: Playbook, after: Playbook) -> dict[str, Any]:
    """Return what differs between two playbooks, and whether each change asks more of people or less."""
    found = diff.diff(before, after)
    return {
        "before": {"playbook": before.playbook, "version": before.version}, "after": {"playbook": after.playbook, "version": after.version},
        "differences": [
            {"path": one.path, "before": one.before, "after": one.after, "weight": one.weight, "says": str(one)} for one in found
        ],
    }  # fmt: skip


def compare_text(before: Playbook, body: PlaybookText) -> dict[str, Any]:
    """Compare a playbook in force with a text that need not be published.

    Raises:
        PlaybookHasProblems: the text cannot be read.

    """
    try:
        return compare(before, load_text(body.text, body.file).playbook)
    except PlaybookRefused as refusal:
        raise PlaybookHasProblems(refusal) from refusal


def level(playbook: Playbook, given: Mapping[str, Answer], others: list[Playbook]) -> dict[str, Any]:
    """Return the level that answers lead to, why, what would change it, and what it is called in the other playbooks.

    Raises:
        AnswersHaveProblems: an answer cannot be used.

    """
    try:
        typed = {name: text for name, text in given.items() if isinstance(text, str)}
        answers = {**read_answers(playbook, {n: a for n, a in given.items() if n not in typed}), **parse_answers(playbook, typed)}
        found = classify(playbook, answers, others)
    except AnswersRefused as refusal:
        raise AnswersHaveProblems(refusal) from refusal
    severity = playbook.severity(found.severity)
    shown_level = {"name": severity.name, "definition": severity.definition} if severity else {}
    return {"playbook": playbook.playbook, "version": playbook.version, **msgspec.to_builtins(found), **shown_level}


def questions(playbook: Playbook) -> dict[str, Any]:
    """Return all that is asked before an incident is declared: the classification, the first assessment, the circumstances."""
    return {
        "playbook": playbook.playbook, "version": playbook.version, "questions": playbook.classify.questions,
        "unsure": playbook.classify.unsure, "assessment": playbook.assessment, "marks": playbook.marks, "declare": playbook.declare,
        "severities": [{"id": one.id, "name": one.name, "rank": one.rank, "definition": one.definition} for one in playbook.severities],
    }  # fmt: skip


def crosswalk(playbooks: list[Playbook]) -> dict[str, Any]:
    """Return every level of every playbook, worst first, with what it is called in each."""
    return {"playbooks": [p.playbook for p in playbooks], "rows": levels.table(playbooks)}
