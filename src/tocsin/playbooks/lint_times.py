"""Times that do not go together: time boxes and targets, two deadlines for one thing, windows, boundaries of criteria."""

from __future__ import annotations

import itertools
import operator
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from typing import Final

from tocsin.playbooks.durations import format_span
from tocsin.playbooks.finding import Draft, Subject, listed
from tocsin.playbooks.process import Checklist, Comparator, Done, Obligation
from tocsin.playbooks.scale import Severity

_COMPARE: Final[Mapping[Comparator, Callable[[float, float], bool]]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
}
_ABOUT_REVIEW: Final = re.compile(r"post-?\s?mortem|review meeting|\b(?<!code )review (?:is|was|has been|held)\b", re.IGNORECASE)
_REVIEW_WORDS: Final[Mapping[str, re.Pattern[str]]] = {
    "postmortem_met": re.compile(r"held|conducted|meeting|\bmet\b|took place", re.IGNORECASE),
    "postmortem_drafted": re.compile(r"draft|written|wrote", re.IGNORECASE),
    "postmortem_published": re.compile(r"publish|shared", re.IGNORECASE),
    "postmortem_approved": re.compile(r"approv|sign", re.IGNORECASE),
}
_IMMEDIATE: Final = re.compile(r"\bimmediate", re.IGNORECASE)
_FIRST_MESSAGES: Final = ("first_post", "initial")


def findings(subject: Subject) -> Iterator[Draft]:
    """Yield times that contradict one another."""
    yield from _time_boxes(subject)
    yield from _two_deadlines(subject)
    yield from _level_against_duty(subject)
    yield from _tier_against_duty(subject)
    yield from _tier_against_review(subject)
    yield from _boundaries(subject)
    yield from _stability(subject)
    yield from _response_order(subject)


def _time_boxes(subject: Subject) -> Iterator[Draft]:
    steps = subject.playbook.investigation
    most = sum(((step.time_box or step.time_box_at_least or timedelta()) for step in steps), timedelta())
    least = sum(((step.time_box_at_least or step.time_box or timedelta()) for step in steps), timedelta())
    for index, obligation in subject.due(milestone="cause_identified"):
        if obligation.within is not None and most > obligation.within:
            boxes = format_span(most) if most == least else f"{format_span(least)} to {format_span(most)}"
            what = (
                f"the time boxes of the investigation add up to {boxes}, and `{obligation.id}` wants the cause within {obligation.within}"
            )
            remedy = "Shorten the boxes, or accept it and say which time is in force."
            yield Draft("time-box-over-target", (obligation.id,), ("obligations", index, "within"), what, remedy)


def _two_deadlines(subject: Subject) -> Iterator[Draft]:
    """Two duties that are kept by the same thing, at one level, from one moment, by different times."""
    duties = list(enumerate(subject.playbook.obligations))
    for (_, one), (index, other) in itertools.combinations(duties, 2):
        if one.done != other.done or one.after != other.after or one.calendar != other.calendar:
            continue
        for key in ("within", "every"):
            first, second = getattr(one, key), getattr(other, key)
            if first is None or second is None or first == second:
                continue
            if levels := subject.levels(one.if_, other.if_):
                what = f"`{one.id}` is due {key} {first} and `{other.id}` {key} {second}, for the same thing at {_names(levels)}"
                remedy = "Keep the time that is meant, or tell the two apart with `if`; or accept it and say which is in force."
                yield Draft("deadline-conflict", (_topic(other, other.done),), ("obligations", index, key), what, remedy)


def _topic(obligation: Obligation, done: Done) -> str:
    if done.milestone is not None:
        return "postmortem" if done.milestone.startswith("postmortem_") else done.milestone
    if done.update_to is not None:
        return "-".join(done.update_to)
    return next(
        (name for name in (done.role, done.checklist, done.stage, done.approval, done.follow_up, done.entry) if name), obligation.id
    )


def _level_against_duty(subject: Subject) -> Iterator[Draft]:
    """The level's own response time against the duty that stands for it."""
    for place, level in enumerate(subject.playbook.severities):
        for milestone, key in (("acknowledged", "acknowledge_within"), ("response_started", "respond_within")):
            wanted = getattr(level.response, key)
            for _, duty in subject.due(milestone=milestone):
                if wanted is None or duty.within is None or duty.within == wanted or not subject.may_hold(level, duty.if_):
                    continue
                what = f"{level.id} is to be answered ({key}) within {wanted}, and the duty `{duty.id}` gives it {duty.within}"
                remedy = "Write the same time in both places, or accept it and say which is in force."
                yield Draft("deadline-conflict", (milestone,), ("severities", place, "response", key), what, remedy)


def _tier_against_duty(subject: Subject) -> Iterator[Draft]:
    for place, checklist in enumerate(subject.playbook.checklists):
        for _, duty in subject.due(checklist=checklist.id):
            if checklist.within is None or duty.within is None or checklist.after != duty.after or checklist.within == duty.within:
                continue
            what = f"the checklist `{checklist.id}` is due within {checklist.within}, and the duty `{duty.id}` within {duty.within}"
            remedy = "Write the same time in both places, or accept it and say which is in force."
            yield Draft("deadline-conflict", (checklist.id,), ("checklists", place, "within"), what, remedy)


def _tier_against_review(subject: Subject) -> Iterator[Draft]:
    """A criterion that wants the postmortem sooner than the duty for it."""
    for place, checklist in enumerate(subject.playbook.checklists):
        tier = _tier(subject, checklist)
        for index, item in enumerate(checklist.items):
            if tier is None or not _ABOUT_REVIEW.search(item.says):
                continue
            named = [milestone for milestone, pattern in _REVIEW_WORDS.items() if pattern.search(item.says)]
            for milestone in named or ("postmortem_met", "postmortem_published"):
                for _, duty in subject.due(milestone=milestone):
                    if (
                        duty.within is None
                        or duty.within <= tier[1]
                        or duty.after != tier[0]
                        or not subject.levels(checklist.if_, duty.if_)
                    ):
                        continue
                    what = f"`{item.says}` belongs to a tier of {format_span(tier[1])}, and the duty `{duty.id}` gives it {duty.within}"
                    remedy = "Write the same time in both places, or accept it and say which is in force."
                    yield Draft("deadline-conflict", ("postmortem",), ("checklists", place, "items", index), what, remedy)


def _tier(subject: Subject, checklist: Checklist) -> tuple[str, timedelta] | None:
    if checklist.within is not None:
        return checklist.after, checklist.within
    return next(((duty.after, duty.within) for _, duty in subject.due(checklist=checklist.id) if duty.within is not None), None)


def _boundaries(subject: Subject) -> Iterator[Draft]:
    measures = {measure.id: measure for measure in subject.playbook.measures}
    for place, checklist in enumerate(subject.playbook.checklists):
        for index, item in enumerate(checklist.items):
            measure = measures.get(item.measure)
            if item.kind != "metric" or measure is None or measure.normal is None or item.value is None:
                continue
            if not _COMPARE[item.op](measure.normal, item.value):
                unit = f" {measure.unit}" if measure.unit else ""
                normal = f"its normal value {measure.normal:g}{unit}"
                what = f"the criterion wants {measure.name} {item.op} {item.value:g}{unit}, and {normal} does not meet that"
                remedy = f"Write `op: {'<=' if item.op == '<' else '>='}`, another value, or accept it and say what is in force."
                yield Draft("comparator-boundary", (f"{checklist.id}.{item.id}",), ("checklists", place, "items", index), what, remedy)


def _stability(subject: Subject) -> Iterator[Draft]:
    """A worse level must not be watched for a shorter time than a lesser one."""
    levels = subject.playbook.severities
    watched = [_watched(subject, level) for level in levels]
    for place, level in enumerate(levels):
        longest, at = max(((watched[lesser], levels[lesser].id) for lesser in range(place + 1, len(levels))), default=(timedelta(), ""))
        if level.mode != "ticket_only" and watched[place] < longest:
            own = format_span(watched[place]) if watched[place] else "no time at all"
            what = f"{at} is watched for {format_span(longest)} before it counts as over, and the worse {level.id} for {own}"
            remedy = f"Let a window hold at {level.id} as well, or accept it and say what is in force."
            yield Draft("stability-missing", (level.id,), ("severities", place), what, remedy)


def _watched(subject: Subject, level: Severity) -> timedelta:
    """Return the longest window that holds at a level and that a stage, gate or criterion uses."""
    playbook = subject.playbook
    used = {stage.window for stage in playbook.lifecycle.stages} | {
        gate.window for gate in playbook.gates if subject.may_hold(level, gate.if_)
    }
    used |= {item.window for checklist in playbook.checklists for item in checklist.items if subject.may_hold(level, checklist.if_)}
    return max(
        (window.length for window in playbook.windows if window.id in used and subject.may_hold(level, window.if_)),
        default=timedelta(),
    )


def _response_order(subject: Subject) -> Iterator[Draft]:
    """An immediate response, and the same time for the first message as at a level that may wait."""
    levels = subject.playbook.severities
    firsts = [_first_message(subject, level) for level in levels]
    for place, level in enumerate(levels):
        immediate = _IMMEDIATE.search(level.response.says) or level.response.respond_within == timedelta()
        own = firsts[place]
        if not immediate or own is None:
            continue
        for lesser in range(place + 1, len(levels)):
            other = firsts[lesser]
            if other is not None and other <= own and not _IMMEDIATE.search(levels[lesser].response.says):
                late = f"its first message may take {format_span(own)}, as at {levels[lesser].id}"
                what = f"{level.id} is answered {level.response.says}, yet {late}"
                remedy = "Ask for the first message of the worse level sooner, or accept it and say what is in force."
                yield Draft("response-order", (level.id,), ("severities", place, "response"), what, remedy)
                break


def _first_message(subject: Subject, level: Severity) -> timedelta | None:
    return min(
        (
            duty.within
            for duty in subject.playbook.obligations
            if duty.within is not None
            and (duty.done.milestone == "first_update_sent" or duty.done.update_kind in _FIRST_MESSAGES)
            and duty.calendar == "always"
            and subject.may_hold(level, duty.if_)
        ),
        default=None,
    )


def _names(levels: tuple[Severity, ...]) -> str:
    return listed([level.id for level in levels])
