"""References and forms of what happens to an incident: milestones, checklists, windows, obligations, escalations."""

from __future__ import annotations

from tocsin.playbooks.checking import Checker
from tocsin.playbooks.places import Path
from tocsin.playbooks.process import ChecklistItem, Done, Obligation

_SET_BY_KEYS = ("hand_over_of", "assigned", "reading_of", "entry", "mitigation", "update_to")
_DONE_KEYS = ("milestone", "role", "update_to", "entry", "checklist", "stage", "mark", "approval", "follow_up", "mitigation", "assessment")
_TIMED = ("unacknowledged", "not_triaged", "age", "no_progress")


def check_process(checker: Checker) -> None:
    """Note names that name nothing and parts whose keys do not go together."""
    _check_milestones(checker)
    _check_checklists(checker)
    for index, window in enumerate(checker.playbook.windows):
        checker.known(("windows", index, "starts"), window.starts, checker.names.milestones, "milestone")
        if window.back_to:
            checker.known(("windows", index, "back_to"), window.back_to, checker.names.stages, "stage")
        if not window.length:
            checker.say(("windows", index, "length"), f"the window `{window.id}` has no length", "Write how long it lasts, such as 30m.")
    for index, obligation in enumerate(checker.playbook.obligations):
        _check_obligation(checker, ("obligations", index), obligation)
    _check_escalations(checker)
    for index, mitigation in enumerate(checker.playbook.mitigations):
        if mitigation.dangerous and not mitigation.guard:
            what = f"the mitigation `{mitigation.id}` is dangerous and has no guard"
            checker.say(("mitigations", index), what, "Add `guard:` with what to make sure of first.")


def _check_milestones(checker: Checker) -> None:
    names = checker.names
    for index, milestone in enumerate(checker.playbook.milestones):
        at: Path = ("milestones", index, "set_by")
        how = milestone.set_by
        given = [key for key in _SET_BY_KEYS if getattr(how, key) is not None]
        if len(given) > 1:
            what = f"the milestone `{milestone.id}` is set in {len(given)} ways: {', '.join(given)}"
            checker.say(at, what, "Keep one of them.")
        for key, known, of in (
            ("hand_over_of", names.roles, "role"),
            ("assigned", names.roles, "role"),
            ("reading_of", names.measures, "measure"),
            ("not_before", names.milestones, "milestone"),
            ("entry", names.entry_types, "entry type"),
            ("mitigation", names.mitigations, "mitigation"),
            ("update_to", names.audiences, "audience"),
        ):
            value = getattr(how, key)
            if value is not None:
                checker.known((*at, key), value, known, of)
        if (how.reading_of is None) is not (how.op is None) or (how.op is None) is not (how.value is None):
            what = f"the milestone `{milestone.id}` needs `reading_of`, `op` and `value` together"
            checker.say(at, what, 'Write for instance `set_by: {reading_of: error_rate, op: "<", value: 5}`.')
        if how.not_before is not None and how.reading_of is None:
            checker.say((*at, "not_before"), "`not_before` goes with `reading_of` only", "Take it out.")


def _check_checklists(checker: Checker) -> None:
    for index, checklist in enumerate(checker.playbook.checklists):
        at: Path = ("checklists", index)
        if not checklist.items:
            checker.say(at, f"the checklist `{checklist.id}` has no criteria", "Add `items:`.")
        if checklist.after:
            checker.known((*at, "after"), checklist.after, checker.names.milestones, "milestone")
        if bool(checklist.after) is not (checklist.within is not None):
            missing = "within" if checklist.after else "after"
            what = f"the checklist `{checklist.id}` has a deadline by half: `{missing}` is missing"
            checker.say(at, what, f"Add `{missing}:`, or take the other out.")
        for place, item in enumerate(checklist.items):
            _check_item(checker, (*at, "items", place), item)


def _check_item(checker: Checker, at: Path, item: ChecklistItem) -> None:
    match item.kind:
        case "metric":
            checker.known((*at, "measure"), item.measure, checker.names.measures, "measure")
            if item.value is None:
                checker.say(at, f"the criterion `{item.id}` compares with nothing", "Add `value:`, and `op:` where it is not `<`.")
        case "timer":
            checker.known((*at, "window"), item.window, checker.names.windows, "window")
        case "quiet" if item.for_ is None:
            checker.say(at, f"the criterion `{item.id}` does not say for how long", "Add `for:`, such as 15m.")
        case _:
            pass


def _check_obligation(checker: Checker, at: Path, obligation: Obligation) -> None:
    names, name = checker.names, obligation.id
    checker.known((*at, "after"), obligation.after, names.milestones, "milestone")
    checker.known((*at, "calendar"), obligation.calendar, names.calendars, "calendar")
    checker.known((*at, "owner"), obligation.owner, names.parties, "role or contact")
    checker.all_known((*at, "on_breach"), obligation.on_breach, names.parties, "role or contact")
    checker.all_known((*at, "at"), obligation.at or (), names.milestones, "milestone")
    if obligation.audience:
        checker.known((*at, "audience"), obligation.audience, names.audiences, "audience")
    if obligation.until is not None:
        checker.known((*at, "until"), obligation.until, names.milestones, "milestone")
    times = [key for key in ("within", "every", "at") if getattr(obligation, key) is not None]
    if len(times) != 1:
        what = f"the obligation `{name}` has {' and '.join(times) or 'no due time'}"
        checker.say(at, what, "Write exactly one of `within`, `every` and `at`.")
    if obligation.every is not None:
        if obligation.until is None:
            checker.say(at, f"the obligation `{name}` repeats without end", "Add `until:` with a milestone, such as `until: resolved`.")
        if not obligation.every:
            checker.say((*at, "every"), f"the obligation `{name}` repeats every {obligation.every}", "Write how often, such as 30m.")
    elif obligation.until is not None and obligation.within is None:
        checker.say(
            (*at, "until"),
            f"`until` goes with `every` or `within`, which the obligation `{name}` has not",
            "Take it out, or write `every:`.",
        )
    if obligation.grace is not None and obligation.at is None:
        checker.say((*at, "grace"), f"`grace` goes with `at`, which the obligation `{name}` has not", "Take it out, or write `at:`.")
    span = obligation.within or obligation.every or obligation.grace
    if obligation.warn is not None and span is not None and obligation.warn >= span:
        what = f"the obligation `{name}` is due after {span} and warns {obligation.warn} before, when it has not begun"
        checker.say((*at, "warn"), what, f"Write a time shorter than {span}.")
    _check_done(checker, (*at, "done"), name, obligation.done)


def _check_done(checker: Checker, at: Path, name: str, done: Done) -> None:
    names = checker.names
    given = [key for key in _DONE_KEYS if getattr(done, key) is not None]
    if len(given) != 1:
        what = f"the obligation `{name}` is kept by {' and '.join(given) or 'nothing'}"
        checker.say(at, what, f"Write exactly one of: {', '.join(_DONE_KEYS)}.")
    for key, known, of in (
        ("milestone", names.milestones, "milestone"),
        ("role", names.roles, "role"),
        ("entry", names.entry_types, "entry type"),
        ("checklist", names.checklists, "checklist"),
        ("stage", names.stages, "stage"),
        ("approval", names.approvals, "approver of the postmortem"),
        ("follow_up", names.follow_ups, "follow-up of the action items"),
        ("mitigation", names.mitigations, "mitigation"),
    ):
        value = getattr(done, key)
        if value is not None:
            checker.known((*at, key), value, known, of)
    if done.mark is not None and not done.mark.strip():
        checker.say((*at, "mark"), f"the obligation `{name}` does not say what people mark as done", "Write it in a few words.")
    if done.assessment is not None and not checker.playbook.assessment:
        what = f"the obligation `{name}` is kept by the first assessment, which has no questions"
        checker.say((*at, "assessment"), what, "Add `assessment: [...]` with the questions.")
    _check_done_by_update(checker, at, name, done)


def _check_done_by_update(checker: Checker, at: Path, name: str, done: Done) -> None:
    if done.update_to is not None:
        checker.all_known((*at, "update_to"), done.update_to, checker.names.audiences, "audience")
        if not done.update_to:
            checker.say((*at, "update_to"), f"the obligation `{name}` is kept by an update to nobody", "Name an audience.")
    if done.update_kind is None:
        return
    if done.update_to is None:
        checker.say((*at, "update_kind"), "`update_kind` goes with `update_to`", "Add `update_to: [...]` with the audiences.")
        return
    checker.known((*at, "update_kind"), done.update_kind, checker.names.message_kinds, "message of kind")
    sent_to = {audience for message in checker.playbook.messages if message.kind == done.update_kind for audience in message.audiences}
    if sent_to and not sent_to & set(done.update_to):
        what = f"no message of kind {done.update_kind} goes to {' or '.join(done.update_to)}, so the obligation `{name}` cannot be kept"
        checker.say((*at, "update_kind"), what, f"Messages of that kind go to: {', '.join(sorted(sent_to))}.")


def _check_escalations(checker: Checker) -> None:
    for index, escalation in enumerate(checker.playbook.escalations):
        at: Path = ("escalations", index)
        if escalation.when in _TIMED and escalation.after is None:
            what = f"the escalation `{escalation.id}` does not say after how long"
            checker.say(at, what, f"Add `after:`; `when: {escalation.when}` needs it.")
        elif escalation.when not in _TIMED and escalation.after is not None:
            what = f"the escalation `{escalation.id}` fires at once when its moment comes (`when: {escalation.when}`)"
            checker.say((*at, "after"), what, "Take `after` out.")
