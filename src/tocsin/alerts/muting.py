"""What keeps an alert quiet: silences and maintenance windows, compiled, at a moment. (Inhibition: ``inhibition``.) Pure.

For the alerts' journal::

    muting = muting.changed(silence)             # after each fact of `silence:`, `maintenance:`, `inhibitions:main` (or `Muting.of` at the start)
    mute = muting.quiet(subject, group, now)     # the Mute that lasts longest, or None
    muting.inhibitor.source_keys(subject) ...    # see inhibition.py; `inhibition_mute(key, source)` makes the Mute of it
    muting.next_change(now)                      # when a silence or window next begins or ends: judge again then, and after each change
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Literal

import msgspec

from tocsin.alerts import maintenance
from tocsin.alerts.inhibition import Inhibitions, Inhibitor, Key, compile_inhibitions, rule_of
from tocsin.alerts.maintenance_model import Maintenance
from tocsin.alerts.matchers import Subject, Test, compile_matchers
from tocsin.alerts.silence_model import Silence

How = Literal["silence", "maintenance", "inhibition"]


class Mute(msgspec.Struct, frozen=True, omit_defaults=True):
    """Why an alert calls nobody."""

    how: How
    id: str
    """The silence, the maintenance, or the rule."""
    says: str
    """In a sentence: who or what, and why."""
    until: datetime | None = None
    """None: as long as the other alert fires."""


class _Quiet(msgspec.Struct, frozen=True):
    test: Test
    record: Silence | Maintenance


class Muting(msgspec.Struct, frozen=True):
    """Everything that keeps alerts quiet, ready to be asked. It never changes; ``changed`` returns another."""

    silences: Mapping[str, _Quiet] = {}
    plans: Mapping[str, _Quiet] = {}
    inhibitor: Inhibitor = Inhibitor()

    @classmethod
    def of(cls, silences: Iterable[Silence], plans: Iterable[Maintenance], inhibitions: Inhibitions | None = None) -> Muting:
        """Return what the records say together."""
        made = {one.id: _Quiet(_test_of_silence(one), one) for one in silences}
        planned = {one.id: _Quiet(_test_of_plan(one), one) for one in plans}
        return cls(made, planned, compile_inhibitions(inhibitions.rules) if inhibitions else Inhibitor())

    def changed(self, record: Silence | Maintenance | Inhibitions) -> Muting:
        """Return the same with one record as it is now."""
        match record:
            case Silence():
                return msgspec.structs.replace(self, silences={**self.silences, record.id: _Quiet(_test_of_silence(record), record)})
            case Maintenance():
                return msgspec.structs.replace(self, plans={**self.plans, record.id: _Quiet(_test_of_plan(record), record)})
            case Inhibitions():
                return msgspec.structs.replace(self, inhibitor=compile_inhibitions(record.rules))

    def living(self, now: datetime) -> Muting:
        """Return the same without what can never mute anything any more."""
        return msgspec.structs.replace(
            self,
            silences={name: one for name, one in self.silences.items() if _silence(one).state(now) != "expired"},
            plans={name: one for name, one in self.plans.items() if maintenance.state_of(_plan(one), now) in ("planned", "active")},
        )

    def quiet(self, subject: Subject, group: str, now: datetime) -> Mute | None:
        """Return the silence or window that keeps an alert quiet for longest; None where nothing does.

        group: the group that it belongs to; empty for one that is about to open.
        """
        if not self.silences and not self.plans:
            return None
        return max(self.all_quiet(subject, group, now), key=_ends, default=None)

    def all_quiet(self, subject: Subject, group: str, now: datetime) -> list[Mute]:
        """Return every silence and window that keeps an alert quiet now."""
        found: list[Mute] = []
        for one in self.silences.values():
            if not one.test(subject):  # nearly always, and cheaper than the times
                continue
            silence = _silence(one)
            if silence.state(now) == "active" and (not silence.group or silence.group == group):
                found.append(mute_of(silence))
        for one in self.plans.values():
            plan = _plan(one)
            if one.test(subject) and (window := maintenance.window_at(plan, now)) is not None:
                found.append(Mute("maintenance", plan.id, f"Maintenance {plan.id}: {plan.title}", window.until))
        return found

    def next_change(self, now: datetime) -> datetime | None:
        """Return when a silence or window next begins or ends, after now."""
        moments: list[datetime] = []
        for one in self.silences.values():
            silence = _silence(one)
            moments += [at for at in (silence.since, silence.until) if at is not None and at > now][:1]
        moments += [at for one in self.plans.values() if (at := maintenance.next_change(_plan(one), now)) is not None]
        return min(moments, default=None)


def mute_of(silence: Silence) -> Mute:
    """Return a silence as the reason why an alert is quiet."""
    return Mute("silence", silence.id, f"{silence.by or 'Somebody'} silenced it ({silence.id}): {silence.why}", silence.until)


def inhibition_mute(key: Key, source: str) -> Mute:
    """Return an inhibition as the reason why an alert is quiet. source: the id of an alert that fires under the key."""
    rule = rule_of(key)
    return Mute("inhibition", rule, f"It follows from {source} while that fires (rule {rule})")


def _ends(mute: Mute) -> float:
    return mute.until.timestamp() if mute.until is not None else float("inf")


def _silence(one: _Quiet) -> Silence:
    assert isinstance(one.record, Silence)
    return one.record


def _plan(one: _Quiet) -> Maintenance:
    assert isinstance(one.record, Maintenance)
    return one.record


def _test_of_silence(silence: Silence) -> Test:
    test = compile_matchers(silence.matchers)
    if not silence.service:
        return test
    service = silence.service
    return lambda subject: subject.service == service and test(subject)


def _test_of_plan(plan: Maintenance) -> Test:
    test = compile_matchers(plan.matchers)
    services = frozenset(plan.services)
    if not services:
        return test
    return lambda subject: subject.service in services and test(subject)
