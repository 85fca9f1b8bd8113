"""A group driven by hand: commands decided and folded on a clock that the test moves, with its timer run as the engine would."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from tocsin.alerts import group_commands as c
from tocsin.alerts import group_events as e
from tocsin.alerts.group_decide import decide, wake
from tocsin.alerts.group_evolve import evolve
from tocsin.alerts.group_model import Group, Lead, Opening, attention, wants
from tocsin.alerts.group_story import GroupFound
from tocsin.alerts.lifecycle import TABLE
from tocsin.alerts.model import Level
from tocsin.alerts.notify import Members
from tocsin.alerts.route_model import Handling
from tocsin.alerts.routing import rank
from tocsin.engine.kinds import Tick
from tocsin.engine.model import Actor, Command, Context, Event, Fact
from tocsin.paging.commands import Urgency

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
ANA = Actor("person", "ana")
SYSTEM = Actor("system", "tocsin")


class Driven:
    """One group under test. Its alerts are numbers with a level; ``fire`` and ``end`` tell it as the alerts' journal does."""

    def __init__(self, urgency: Urgency | None = "high", start: datetime = START, **handling: Any) -> None:
        self.now = start
        self.group = Group("G-1")
        self.facts: list[Fact] = []
        self.firing: dict[str, tuple[Level, Urgency | None, datetime]] = {}
        self.muted: dict[str, tuple[Level, Urgency | None, datetime]] = {}
        self.found = GroupFound()
        self.told = 0
        self._names = itertools.count(1)
        self._fresh = (f"{number:06}" for number in itertools.count(1))
        self.urgency = urgency
        self.opening = Opening("key", "main", Handling(**{"reopen": 10 * MINUTE, **handling}), "payments", urgency)

    # -- alerts ----------------------------------------------------------------------------------------

    def fire(
        self,
        level: Level = "critical",
        urgency: Urgency | str | None = "as opened",
        count: int = 1,
        *,
        muted: bool = False,
        started: datetime | None = None,
    ) -> str:
        """Alerts begin; return the last one's name."""
        name = ""
        for _ in range(count):
            name = f"A-{next(self._names)}"
            where = self.muted if muted else self.firing
            where[name] = (level, self.urgency if urgency == "as opened" else urgency, started or self.now)  # type: ignore[assignment]
        self.tell(came=0 if muted else count)
        return name

    def end(self, name: str = "") -> None:
        """One alert ends; without a name all do."""
        for where in (self.firing, self.muted):
            for one in [name] if name else list(where):
                where.pop(one, None)
        self.tell()

    def mute(self, how: str = "silence") -> None:
        """Everything that fires is muted."""
        self.muted |= self.firing
        self.firing = {}
        self.tell(how=how)

    def unmute(self) -> None:
        """Nothing is muted any more."""
        came = len(self.muted)
        self.firing |= self.muted
        self.muted = {}
        self.tell(came=came)

    def tell(self, came: int = 0, how: str = "silence", *, again: bool = False) -> None:
        """Tell the group how its alerts stand, if it wants to know. again: one of them was heard of again."""
        shown = self.firing or self.muted
        lead = min(shown.items(), key=lambda item: (rank(item[1][0]), item[1][2]), default=None)
        loudest: Urgency | None = max(
            (urgency for _, urgency, _ in self.firing.values()), key=lambda u: {None: 0, "low": 1, "high": 2}[u], default=None
        )
        mind = attention(self.group)
        if self.group.version and not wants(
            mind, len(self.firing), len(self.muted), came=came, lead=rank(lead[1][0]) if lead else 9, urgency=loudest, again=again,
        ):  # fmt: skip
            return
        self.told += 1
        self.do(
            c.NoteAlerts(
                len(self.firing), len(self.muted), (self.now,) * came,
                Lead(lead[0], f"trouble of {lead[0]}", lead[1][0], started_at=lead[1][2]) if lead else None, loudest,
                self.opening if not self.group.version else None, "ana silenced it" if self.muted else "", how if self.muted else "",
                again,
            ),
        )  # fmt: skip

    # -- commands and time -------------------------------------------------------------------------------

    def do(self, command: Command, actor: Actor = SYSTEM) -> list[Event]:
        """Carry out a command; return what happened."""
        before = self.group
        ctx = Context(self.now, actor, tuple(next(self._fresh) for _ in range(4)), self.found)
        decision = decide(self.group, command, ctx)
        for happened in decision.facts:
            fact = Fact("group:G-1", self.group.version + 1, happened.event, happened.at or self.now, self.now, actor)
            self.group = evolve(self.group, fact)
            self.facts.append(fact)
        self._holds_together(before)
        return [happened.event for happened in decision.facts]

    def ack(self) -> list[Event]:
        return self.do(c.AcknowledgeGroup(), ANA)

    def advance(self, span: timedelta) -> list[Event]:
        """Let time pass; the group's timer runs when it wants to."""
        to = self.now + span
        happened: list[Event] = []
        for _ in range(10_000):
            due = wake(self.group, self.now, None)
            if due is None or due > to:
                break
            stuck = due <= self.now
            self.now = max(due, self.now)
            events = self.do(Tick())
            happened += events
            assert events or not stuck, "a group wakes again and again, and nothing happens"
        self.now = to
        return happened

    def members(self, members: Members) -> None:
        self.found = msgspec.structs.replace(self.found, members=members)

    # -- what to look at ---------------------------------------------------------------------------------

    @property
    def phase(self) -> str:
        return self.group.phase

    def of(self, kind: type[Event]) -> list[Fact]:
        return [fact for fact in self.facts if isinstance(fact.event, kind)]

    @property
    def pages(self) -> int:
        """How many times people were called."""
        return len(self.of(e.GroupPaged))

    def _holds_together(self, before: Group) -> None:
        """Whatever happens: these hold of every group."""
        group = self.group
        assert group.phase in TABLE or group.phase == "new"
        assert set(group.unanswered) <= set(group.pages)
        if group.phase in ("resolved", "closed"):
            assert not group.pages
            assert group.shows == "none"
        if group.phase == "resolved":
            assert group.closes_at is not None
        if group.phase == "acknowledged":
            assert group.acknowledged_by
        if group.phase == "muted":
            assert group.shows == "muted"
        if group.phase == "pending":
            assert group.shows == "firing"
            assert not group.acknowledged_by
        if group.phase == "flapping":
            assert group.calm_at is not None
        if before.phase == "closed":
            assert group.phase == "closed"
        if group.phase == "firing" and group.urgency is not None:  # nobody is forgotten: called, held with a time, or said why not
            assert group.pages or group.held is not None or group.because or group.paged_at is not None or self.of(e.GroupMuted), group
