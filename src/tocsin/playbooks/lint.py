"""Where does a procedure contradict itself or leave something open: findings with stable ids, which a playbook may accept with a reason.

``check`` refuses what cannot work; lint points out what works and may not be meant. A playbook accepts a finding by its id
(``accepted: [{finding, because, in_force}]``); an acceptance whose finding is gone is itself a finding. The kinds are in ``KINDS``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from tocsin.playbooks import lint_messages, lint_people, lint_scale, lint_times
from tocsin.playbooks.errors import did_you_mean
from tocsin.playbooks.finding import OTHER, Draft, Finding, Subject
from tocsin.playbooks.load import Loaded

KINDS: Final[Mapping[str, str]] = {
    "coverage-gap": "answers that no rule covers",
    "overlap": "one sign or one answer stands at two levels",
    "no-definition": "nothing says when a level applies",
    "time-box-over-target": "the investigation's time boxes add up to more than the target for the cause",
    "deadline-conflict": "two deadlines for one thing",
    "comparator-boundary": "a criterion that the normal value does not meet",
    "stability-missing": "a worse level is watched for a shorter time than a lesser one, or not at all",
    "response-order": "an immediate response, and a first message that may wait as long as at lesser levels",
    "team-mismatch": "somebody of a level's team whom nobody calls",
    "escalation-adds-nobody": "a later step calls nobody new",
    "escalation-before-target": "a step fires before the level's own target has run out",
    "review-writer-unassigned": "a review is required and nobody is sure to write it",
    "declare-without-lead": "a level that is declared and has no lead",
    "undefined-terms": "a word that money or a deadline hangs on, without a definition",
    "promise-cadence-mismatch": "a message promises another time than the duty to its audience asks for",
    "metric-claim": "the procedure states a figure that its definition does not give",
    "stale-acceptance": "an acceptance without a finding",
}

_DETECTORS: Final[tuple[Callable[[Subject], Iterator[Draft]], ...]] = (
    lint_scale.findings,
    lint_times.findings,
    lint_people.findings,
    lint_messages.findings,
)


def lint(loaded: Loaded) -> list[Finding]:
    """Return every finding in the order of the file, those that the playbook accepts included (with their acceptance).

    The playbook must have passed ``check``.
    """
    subject = Subject(loaded)
    drafts: dict[str, Draft] = {}
    for detect in _DETECTORS:
        for draft in detect(subject):
            drafts.setdefault(draft.id, draft)
    accepted = {acceptance.finding: acceptance for acceptance in loaded.playbook.accepted}
    for draft in _stale(subject, drafts):
        drafts.setdefault(draft.id, draft)
    findings = [
        Finding(draft.id, draft.kind, loaded.file, *loaded.position(draft.path), draft.what, draft.remedy, accepted.get(draft.id))
        for draft in drafts.values()
    ]
    return sorted(findings, key=lambda finding: (finding.line, finding.column, finding.id))


def unaccepted(findings: list[Finding]) -> list[Finding]:
    """Return the findings that the playbook does not accept."""
    return [finding for finding in findings if finding.accepted is None]


def _stale(subject: Subject, drafts: Mapping[str, Draft]) -> Iterator[Draft]:
    """An acceptance without a finding; of a word that the playbook has come to define, it tells whose definition that is."""
    accepted = {acceptance.finding for acceptance in subject.playbook.accepted}
    for index, acceptance in enumerate(subject.playbook.accepted):
        name = acceptance.finding
        kind, _, about = name.partition(":")
        if name in drafts or kind == OTHER or (kind == "undefined-terms" and lint_people.defines(subject, about)):
            continue
        free = [draft for draft in drafts if draft.partition(":")[0] == kind and draft not in accepted]
        own_name = f"{OTHER}:{name.replace(':', '-')}"
        remedy = did_you_mean(name, free, f"Take it out, or call it `{own_name}` where it is something that lint cannot see.")
        what = f"lint does not find `{name}`, which is accepted here"
        yield Draft("stale-acceptance", (name,), ("accepted", index, "finding"), what, remedy)
