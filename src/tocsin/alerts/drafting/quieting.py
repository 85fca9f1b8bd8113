"""What keeps alerts quiet, within one transaction: judged when they begin, and again when a silence, a window or another alert changes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from tocsin.alerts.drafting.gathering import Gathering
from tocsin.alerts.drafting.joining import Joining
from tocsin.alerts.live import Live
from tocsin.alerts.matchers import Subject
from tocsin.alerts.model import ENDED, What, alert_id
from tocsin.alerts.muting import Mute, inhibition_mute
from tocsin.alerts.routing import rank
from tocsin.alerts.store import AT, subject_of
from tocsin.engine.model import micros
from tocsin.paging.commands import Urgency

AT_ONCE: Final = 2000
"""Alerts that are judged again in one transaction; the rest follows in the next."""
MUTED: Final[dict[str, What]] = {"silence": "silenced", "maintenance": "maintenance", "inhibition": "inhibited"}


class Quieting:
    """Silences, maintenance windows and inhibitions as this transaction sees them."""

    def __init__(self, gathering: Gathering, joining: Joining) -> None:
        self._g = gathering
        self._joining = joining
        self.begin()

    def begin(self) -> None:
        """Begin with what the journal knows."""
        journal = self._g.journal
        self.muting = journal.muting
        self.changed = False
        self.rules_changed = False
        self.again = list(journal.again)
        """Alerts that are to be judged again, in this transaction or the next ones."""
        self._tallied: list[tuple[bool, bool, str, int]] = []
        """Changes of the tallies of inhibition: whether added, whether of sources, key, alert."""

    def mute(self, subject: Subject, group: str, number: int) -> Mute | None:
        """Return what keeps an alert quiet now."""
        mute = self.muting.quiet(subject, group, self._g.at)
        if mute is not None or not self.muting.inhibitor.rules:
            return mute
        for key in self.muting.inhibitor.target_keys(subject):
            for source in self._members(key, sources=True):
                if source != number:
                    return inhibition_mute(key, alert_id(source))
        return None

    # -- alerts that mute others ------------------------------------------------------------------

    def begins(self, number: int, subject: Subject) -> None:
        """Count an alert that fires among those that mute others, and those that others mute."""
        inhibitor = self.muting.inhibitor
        if inhibitor.rules:
            self._tally(number, inhibitor.source_keys(subject), inhibitor.target_keys(subject), firing=True)

    def ends(self, number: int) -> None:
        """Take an alert that fires no more out of these counts."""
        if self.muting.inhibitor.rules:
            sources, targets = self._g.journal.tally.keys_of(number)
            sources += tuple(key for added, of_sources, key, one in self._tallied if added and of_sources and one == number)
            targets += tuple(key for added, of_sources, key, one in self._tallied if added and not of_sources and one == number)
            self._tally(number, sources, targets, firing=False)

    def _tally(self, number: int, sources: Sequence[str], targets: Sequence[str], *, firing: bool) -> None:
        turned = [key for key in sources if len(self._members(key, sources=True)) == (0 if firing else 1)]
        for key in targets:
            self._g.undo.add(self._tallied, (firing, False, key, number))
        for key in sources:
            self._g.undo.add(self._tallied, (firing, True, key, number))
        self._judge_some([one for key in turned for one in self._members(key, sources=False) if one != number])

    def _members(self, key: str, *, sources: bool) -> dict[int, None]:
        tally = self._g.journal.tally
        found = dict((tally.sources if sources else tally.targets).get(key, {}))
        for added, of_sources, name, number in self._tallied:
            if of_sources == sources and name == key:
                if added:
                    found[number] = None
                else:
                    found.pop(number, None)
        return found

    # -- judging again ----------------------------------------------------------------------------

    def take_over(self, record: str) -> None:
        """Take over a silence, a window or the rules as they now are, and judge the alerts that fire again."""
        state = self._g.tx.state(record)
        if state is None:
            return
        self.muting = self.muting.changed(state)
        self.changed = True
        if record.startswith("inhibitions:"):  # the tallies are made anew first, after the commit
            self.rules_changed = True
            return
        self._judge_some(self._g.firing())

    def on_time(self) -> None:
        """Judge what is to be judged again: silences and windows have begun or ended, or an earlier transaction left some."""
        journal = self._g.journal
        if journal.mutes_at is not None and journal.mutes_at <= self._g.at:
            self.changed = True
            self.again += self._g.firing()
        waiting, self.again = self.again, []
        self._judge_some(list(dict.fromkeys(waiting)))

    def _judge_some(self, numbers: list[int]) -> None:
        self.again += numbers[AT_ONCE:]
        numbers = numbers[:AT_ONCE]
        rows = self._g.rows_by(numbers) if numbers else {}
        for number in numbers:
            live, row = self._g.of(number), rows.get(number)
            if live is None or row is None or live.state == ENDED:
                continue
            mute = self.mute(subject_of(row), live.group.partition(" ")[0], number)
            if (mute.says if mute is not None else "") != live.muted:
                self._set(live, row[AT["level"]], row[AT["urgency"]], mute)

    def _set(self, live: Live, level: str, urgency: str, mute: Mute | None) -> None:
        was, now = bool(live.muted), live.copy()
        now.muted = mute.says if mute is not None else ""
        self._g.put(now)
        self._g.update(live.id, muted=now.muted)
        what = MUTED[mute.how] if mute is not None else "unmuted"
        self._g.event(live.id, what, self._g.now, "", 0, {"why": now.muted} if now.muted else {})
        for name in live.group.split():
            cause = self._joining.cause(name)
            if cause is None:
                continue
            self._g.undo.keep(cause)
            if mute is not None:
                cause.mute, cause.how = mute.says, mute.how
            if was != (mute is not None):
                cause.turn(self._g.at, rank(level), _urgency(urgency), muted=mute is not None)
            self._joining.moved(cause)

    # -- the transaction --------------------------------------------------------------------------

    def next_change(self) -> int:
        """Return when a silence or window next begins or ends, in microseconds; 0 where none does."""
        mutes = self.muting.next_change(self._g.at) if self.changed else self._g.journal.mutes_at
        return micros(mutes) if mutes is not None else 0

    def committed(self) -> None:
        """Make all of it known to the journal's memory."""
        journal = self._g.journal
        for added, of_sources, key, number in self._tallied:
            journal.tally.change(added=added, of_sources=of_sources, key=key, number=number)
        journal.again = self.again
        if self.changed:
            journal.muting = self.muting.living(self._g.at)
            journal.mutes_at = self.muting.next_change(self._g.at)
        if self.rules_changed:
            journal.count_again = True


def _urgency(text: str) -> Urgency | None:
    return text if text in ("high", "low") else None  # type: ignore[return-value] # these two are the urgencies
