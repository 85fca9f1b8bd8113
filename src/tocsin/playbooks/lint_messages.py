"""Messages and numbers: promises against duties, stated figures against definitions."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from tocsin.playbooks.durations import format_span
from tocsin.playbooks.finding import Draft, Subject
from tocsin.playbooks.record import Message


def findings(subject: Subject) -> Iterator[Draft]:
    """Yield promises that no duty asks for, and figures that a definition does not give."""
    for index, message in enumerate(subject.playbook.messages):
        if message.next_update_default is not None:
            yield from _promise(subject, index, message, message.next_update_default)
    for index, metric in enumerate(subject.playbook.metrics):
        if metric.claims:
            reason = f" ({metric.claims_because.rstrip('.')})" if metric.claims_because else ""
            what = f"the procedure states {metric.claims.rstrip('.')} for `{metric.id}`, which its definition does not give{reason}"
            remedy = "Take the claim out, or accept it and say which definition is in force."
            yield Draft("metric-claim", (metric.id,), ("metrics", index), what, remedy)


def _promise(subject: Subject, index: int, message: Message, promised: timedelta) -> Iterator[Draft]:
    """A default promise agrees where it is the interval of a level at which the message is sent, and longer than none of them."""
    intervals: dict[str, timedelta] = {}
    for duty in subject.playbook.obligations:
        if duty.every is None or not set(duty.done.update_to or ()) & set(message.audiences):
            continue
        for level in subject.levels(duty.if_, message.if_):
            intervals[level.id] = min(duty.every, intervals.get(level.id, duty.every))
    if not intervals or (promised in intervals.values() and promised <= min(intervals.values())):
        return
    listing = ", ".join(f"{format_span(every)} at {level}" for level, every in intervals.items())
    what = f"`{message.id}` promises the next update after {format_span(promised)}, and the duty to its audience is {listing}"
    remedy = "Take `next_update_default` out (the duty then gives the time), or accept it and say which is in force."
    yield Draft("promise-cadence-mismatch", (message.id,), ("messages", index, "next_update_default"), what, remedy)
