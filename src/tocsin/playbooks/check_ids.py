"""Ids: unique in their list, and levels in their order."""

from __future__ import annotations

import re
from typing import Final

from tocsin.playbooks.checking import ALWAYS, Checker
from tocsin.playbooks.model import CANONICAL_MILESTONES

_VARIABLE: Final = re.compile(r"[a-z][a-z0-9_]*")
_RESERVED: Final = frozenset(
    [
        "as",
        "break",
        "const",
        "continue",
        "else",
        "false",
        "for",
        "function",
        "if",
        "import",
        "in",
        "let",
        "loop",
        "namespace",
        "null",
        "package",
        "return",
        "true",
        "var",
        "void",
        "while",
    ],
)
_LEAST_RANK: Final = 4


def check_ids(checker: Checker) -> None:
    """Note ids that stand twice, names that conditions could not use, and levels out of order."""
    _check_lists(checker)
    _check_severities(checker)
    for index, question in enumerate(checker.playbook.classify.questions):
        _check_variable(checker, ("classify", "questions", index, "id"), question.id)
    for index, mark in enumerate(checker.playbook.marks):
        _check_variable(checker, ("marks", index, "id"), mark.id)
    for index, milestone in enumerate(checker.playbook.milestones):
        if milestone.id in CANONICAL_MILESTONES:
            what = f"the milestone `{milestone.id}` is built in"
            checker.say(("milestones", index, "id"), what, "Take it out, or give yours another id.")
    for index, calendar in enumerate(checker.playbook.calendars):
        if calendar.id == ALWAYS:
            what = f"the calendar `{ALWAYS}` is built in: all time counts"
            checker.say(("calendars", index, "id"), what, "Take it out, or give yours another id.")
    _check_accepted(checker)


def _check_lists(checker: Checker) -> None:
    playbook = checker.playbook
    checker.unique(("severities",), (level.id for level in playbook.severities), "severity")
    checker.unique(("classify", "questions"), (question.id for question in playbook.classify.questions), "question")
    checker.unique(("assessment",), (line.id for line in playbook.assessment), "assessment field")
    checker.unique(("marks",), (mark.id for mark in playbook.marks), "mark")
    checker.unique(("roles",), (role.id for role in playbook.roles), "role")
    checker.unique(("audiences",), (audience.id for audience in playbook.audiences), "audience")
    checker.unique(("calendars",), (calendar.id for calendar in playbook.calendars), "calendar")
    checker.unique(("escalations",), (escalation.id for escalation in playbook.escalations), "escalation")
    checker.unique(("lifecycle", "stages"), (stage.id for stage in playbook.lifecycle.stages), "stage")
    checker.unique(("gates",), (gate.id for gate in playbook.gates), "gate")
    checker.unique(("checklists",), (checklist.id for checklist in playbook.checklists), "checklist")
    for index, checklist in enumerate(playbook.checklists):
        checker.unique(("checklists", index, "items"), (item.id for item in checklist.items), "criterion")
    checker.unique(("windows",), (window.id for window in playbook.windows), "window")
    checker.unique(("measures",), (measure.id for measure in playbook.measures), "measure")
    checker.unique(("milestones",), (milestone.id for milestone in playbook.milestones), "milestone")
    checker.unique(("entry_types",), (kind.id for kind in playbook.entry_types), "entry type")
    checker.unique(("obligations",), (obligation.id for obligation in playbook.obligations), "obligation")
    checker.unique(("detectors",), (detector.id for detector in playbook.detectors), "detector")
    checker.unique(("mitigations",), (mitigation.id for mitigation in playbook.mitigations), "mitigation")
    checker.unique(("investigation",), (step.id for step in playbook.investigation), "investigation step")
    checker.unique(("messages",), (message.id for message in playbook.messages), "message")
    for index, message in enumerate(playbook.messages):
        checker.unique(("messages", index, "fields"), (entry.id for entry in message.fields), "field")
    checker.unique(("metrics",), (metric.id for metric in playbook.metrics), "metric")
    checker.unique(("figures",), (figure.id for figure in playbook.figures), "figure")
    checker.unique(("review", "kinds"), (kind.id for kind in playbook.review.kinds), "kind of postmortem")
    for index, kind in enumerate(playbook.review.kinds):
        checker.unique(("review", "kinds", index, "sections"), (section.id for section in kind.sections), "section")
    checker.unique(("review", "approvals"), (approver.id for approver in playbook.review.approvals), "approver")
    checker.unique(("review", "targets"), (target.id for target in playbook.review.targets), "target")
    checker.unique(("actions", "groups"), (group.id for group in playbook.actions.groups), "group")
    checker.unique(("actions", "follow_ups"), (follow_up.id for follow_up in playbook.actions.follow_ups), "follow-up")
    checker.unique(("on_call", "duties"), (duty.id for duty in playbook.on_call.duties), "duty")
    checker.unique(("on_call", "pay"), (pay.id for pay in playbook.on_call.pay), "pay")
    checker.unique(("contacts",), (contact.id for contact in playbook.contacts), "contact")
    checker.unique(("documents",), (document.id for document in playbook.documents), "document")
    checker.unique(("runbooks",), (runbook.id for runbook in playbook.runbooks), "runbook")


def _check_severities(checker: Checker) -> None:
    levels = checker.playbook.severities
    if not levels:
        checker.say(("severities",), "there is no severity", "Write at least one level.")
    labels: dict[str, str] = {}
    for index, level in enumerate(levels):
        if not 0 <= level.rank <= _LEAST_RANK:
            what = f"the rank of {level.id} is {level.rank}, outside the common scale"
            checker.say(("severities", index, "rank"), what, f"Write a rank from 0 (all hands) to {_LEAST_RANK} (cosmetic).")
        if index and level.rank <= levels[index - 1].rank:
            before = levels[index - 1]
            what = f"the rank of {level.id} ({level.rank}) does not lie after that of {before.id} ({before.rank}), which stands before it"
            checker.say(
                ("severities", index, "rank"), what, "List the levels from worst to least, each with a higher rank than the one before."
            )
        for at, label in enumerate((level.id, *level.aliases)):
            other = labels.setdefault(label.casefold(), level.id)
            if other != level.id:
                path = ("severities", index, "aliases", at - 1) if at else ("severities", index, "id")
                checker.say(path, f"the label `{label}` already stands for {other}", "Let each label stand for one level.")


def _check_variable(checker: Checker, path: tuple[str | int, ...], name: str) -> None:
    if name and (not _VARIABLE.fullmatch(name) or name in _RESERVED):
        what = f"`{name}` cannot be used in conditions"
        checker.say(path, what, "Write small letters, digits and `_`, beginning with a letter, and no word of the language such as `in`.")


def _check_accepted(checker: Checker) -> None:
    seen: dict[str, int] = {}
    for index, accepted in enumerate(checker.playbook.accepted):
        if accepted.finding in seen:
            line, _ = checker.loaded.position(("accepted", seen[accepted.finding], "finding"))
            what = f"the finding `{accepted.finding}` is accepted twice, first in line {line}"
            checker.say(("accepted", index, "finding"), what, "Keep one of them.")
        seen.setdefault(accepted.finding, index)
