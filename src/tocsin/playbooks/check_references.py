"""References between the people, the scale, the messages, the review and the numbers of a playbook."""

from __future__ import annotations

from tocsin.playbooks.checking import Checker
from tocsin.playbooks.record import Metric


def check_references(checker: Checker) -> None:
    """Note every name that names nothing."""
    _check_scale(checker)
    _check_people(checker)
    _check_messages(checker)
    _check_numbers(checker)
    _check_review(checker)


def _check_scale(checker: Checker) -> None:
    playbook, names = checker.playbook, checker.names
    for index, level in enumerate(playbook.severities):
        at = ("severities", index)
        checker.known((*at, "response", "calendar"), level.response.calendar, names.calendars, "calendar")
        checker.all_known((*at, "team"), level.team, names.parties, "role or contact")
        checker.all_known((*at, "page"), level.page, names.parties, "role or contact")
        checker.all_known((*at, "mandatory_roles"), level.mandatory_roles, names.roles, "role")
    if playbook.default_severity:
        checker.known(("default_severity",), playbook.default_severity, names.severities, "severity")
    for place in ("alert", "report", "person"):
        if word := getattr(playbook.detection, place):
            checker.known(("detection", place), word, playbook.detection_sources, "detection source")
    classify = playbook.classify
    checker.known(("classify", "otherwise"), classify.otherwise, names.severities, "severity")
    checker.known(("classify", "unsure", "use"), classify.unsure.use, names.severities, "severity")
    for index, rule in enumerate(classify.rules):
        checker.known(("classify", "rules", index, "severity"), rule.severity, names.severities, "severity")
    for index, question in enumerate(classify.questions):
        if (question.kind == "choice") is not bool(question.choices):
            what = f"the question `{question.id}` is of kind {question.kind} and has {len(question.choices)} choices"
            remedy = "Add `choices: [...]`." if question.kind == "choice" else "Write `kind: choice`, or take the choices out."
            checker.say(("classify", "questions", index), what, remedy)


def _check_people(checker: Checker) -> None:
    playbook, names = checker.playbook, checker.names
    for index, role in enumerate(playbook.roles):
        checker.all_known(("roles", index, "may_share_with"), role.may_share_with, names.roles, "role")
    leads = [(index, role) for index, role in enumerate(playbook.roles) if role.lead]
    for index, role in leads[1:]:
        what = f"`{role.id}` leads, and so does `{leads[0][1].id}`"
        checker.say(("roles", index, "lead"), what, "Write `lead: true` for one role only.")
    on_call = [(index, role) for index, role in enumerate(playbook.roles) if role.on_call]
    for index, role in on_call[1:]:
        what = f"`{role.id}` is held by whoever acknowledges the page, and so is `{on_call[0][1].id}`"
        checker.say(("roles", index, "on_call"), what, "Write `on_call: true` for one role only.")
    for index, escalation in enumerate(playbook.escalations):
        checker.all_known(("escalations", index, "to"), escalation.to, names.parties, "role or contact")
        if not escalation.to:
            checker.say(("escalations", index, "to"), f"the escalation `{escalation.id}` calls nobody", "Name a role or contact in `to`.")


def _check_messages(checker: Checker) -> None:
    playbook, names = checker.playbook, checker.names
    for index, message in enumerate(playbook.messages):
        at = ("messages", index)
        checker.all_known((*at, "audiences"), message.audiences, names.audiences, "audience")
        for place, entry in enumerate(message.fields):
            if (entry.kind == "choice") is not bool(entry.choices):
                what = f"the field `{entry.id}` is of kind {entry.kind} and has {len(entry.choices)} choices"
                remedy = "Add `choices: [...]`." if entry.kind == "choice" else "Write `kind: choice`, or take the choices out."
                checker.say((*at, "fields", place), what, remedy)
        if message.next_update == "none" and message.next_update_default is not None:
            what = f"the message `{message.id}` has a default for the next update and promises none"
            checker.say((*at, "next_update_default"), what, "Write `next_update: optional` or `required`, or take the default out.")


def _check_numbers(checker: Checker) -> None:
    names = checker.names
    for index, metric in enumerate(checker.playbook.metrics):
        at = ("metrics", index)
        for key, value in (("start", metric.start), ("end", metric.end), ("after", metric.after)):
            if value is not None:
                checker.known((*at, key), value, names.milestones, "milestone")
        if metric.ratio_of is not None:
            checker.known((*at, "ratio_of"), metric.ratio_of, names.checklists, "checklist")
        if metric.cadence_to is not None:
            checker.known((*at, "cadence_to"), metric.cadence_to, names.audiences, "audience")
        if metric.mitigation is not None:
            checker.known((*at, "mitigation"), metric.mitigation, names.mitigations, "mitigation")
        if metric.from_entry is not None:
            checker.known((*at, "from_entry"), metric.from_entry, names.entry_types, "entry type")
        _check_form(checker, index, metric)


def _check_form(checker: Checker, index: int, metric: Metric) -> None:
    forms = {
        "start and end": metric.start is not None or metric.end is not None,
        "count": metric.count is not None,
        "ratio_of": metric.ratio_of is not None,
        "cadence_to": metric.cadence_to is not None,
        "mitigation": metric.mitigation is not None,
    }
    given = [form for form, there in forms.items() if there]
    if len(given) != 1:
        what = f"the metric `{metric.id}` has {' and '.join(given) or 'no form'}"
        checker.say(("metrics", index), what, f"Write exactly one of: {', '.join(forms)}.")
    elif metric.count is None and (metric.start is None) is not (metric.end is None):
        missing = "end" if metric.end is None else "start"
        checker.say(("metrics", index), f"the metric `{metric.id}` has no {missing}", f"Add `{missing}:` with a milestone.")
    elif metric.within is not None and metric.after is None:
        checker.say(("metrics", index, "within"), f"the metric `{metric.id}` does not say after what", "Add `after:` with a milestone.")


def _check_review(checker: Checker) -> None:
    review, names = checker.playbook.review, checker.names
    if "default" not in {kind.id for kind in review.kinds}:
        checker.say(
            ("review", "kinds"),
            "there is no kind of postmortem `default`",
            "Give one kind `id: default`; it serves where no other is chosen.",
        )
    checker.all_known(("review", "writers"), review.writers, names.parties, "role or contact")
    for index, approver in enumerate(review.approvals):
        checker.known(("review", "approvals", index, "by"), approver.by, names.parties, "role or contact")
