"""Random commands against every shipped playbook. After each one the record must make sense, whatever was sent."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule, run_state_machine_as_test

from tests.incidents.bench_of_facts import ALICE, Bench, refold
from tocsin.engine.errors import Refused
from tocsin.engine.model import Actor, Command
from tocsin.incidents import commands as c
from tocsin.incidents import decide_timer, escalations, events, milestones, obligations, timeline, views
from tocsin.incidents.decide_lifecycle import ways
from tocsin.incidents.model import Incident, Reading
from tocsin.playbooks.shelf import load_shipped, shipped

PEOPLE = st.sampled_from(["alice", "bob", "charlie", "diana"])
CONFIRMED = "checked"


def machine_for(playbook_id: str) -> type[RuleBasedStateMachine]:
    """Return a simulation of one playbook."""
    loaded = load_shipped(playbook_id)
    book = loaded.playbook
    stages = st.sampled_from([s.id for s in book.lifecycle.stages])
    items = [f"{cl.id}.{item.id}" for cl in book.checklists for item in cl.items] or ["none.none"]
    measures = [m.id for m in book.measures] or ["none"]

    class Simulation(RuleBasedStateMachine):
        def __init__(self) -> None:
            super().__init__()
            self.bench = Bench(loaded)
            self.answers = 0

        def send(self, command: Command, actor: Actor = ALICE) -> None:
            before = self.bench.state
            try:
                self.bench.send(command, actor)
                self.answers += 1
            except Refused:
                assert self.bench.state == before, "a refusal writes nothing"

        @initialize(severity=st.sampled_from([s.id for s in book.severities]), triage=st.booleans(), minutes=st.integers(0, 30))
        def declare(self, severity: str, triage: bool, minutes: int) -> None:
            started = self.bench.now - timedelta(minutes=minutes)
            self.bench.send(c.Declare("Something broke", severity=severity, started_at=started, triage=triage, service="shop"))

        @rule(minutes=st.sampled_from([0.5, 1, 4, 11, 16, 31, 65, 400, 3000]))
        def wait(self, minutes: float) -> None:
            self.bench.wait(minutes)

        @rule(
            kind=st.sampled_from([t.id for t in book.entry_types]),
            by=PEOPLE,
            back=st.integers(0, 90),
            measure=st.sampled_from(measures),
            value=st.none() | st.floats(0, 100),
        )
        def log(self, kind: str, by: str, back: int, measure: str, value: float | None) -> None:
            reading = None if value is None else Reading(measure, value)
            self.send(c.LogEntry(kind, "seen", by, self.bench.now - timedelta(minutes=back), reading))

        @rule(which=st.integers(1, 60), back=st.integers(0, 60))
        def correct(self, which: int, back: int) -> None:
            self.send(c.CorrectEntry(which, "corrected", self.bench.now - timedelta(minutes=back)))

        @rule(role=st.sampled_from([r.id for r in book.roles]), person=PEOPLE)
        def assign(self, role: str, person: str) -> None:
            self.send(c.AssignRole(role, person))

        @rule(person=PEOPLE)
        def acknowledge(self, person: str) -> None:
            self.send(c.Acknowledge(person))

        @rule(severity=st.sampled_from([s.id for s in book.severities]), reason=st.sampled_from(["", "we know more"]))
        def change_severity(self, severity: str, reason: str) -> None:
            self.send(c.ChangeSeverity(severity, reason))

        @rule(stage=stages)
        def move(self, stage: str) -> None:
            self.send(c.MoveStage(stage, confirm=CONFIRMED))

        @rule(item=st.sampled_from(items), waive=st.booleans())
        def check(self, item: str, waive: bool) -> None:
            self.send(c.Waive(item, "good enough") if waive else c.Tick(item, "seen"))

        @rule()
        def tick_everything(self) -> None:
            for item in items:
                self.send(c.Tick(item, "seen"))
                self.send(c.Waive(item, "not measured"))

        @rule(
            command=st.sampled_from(
                [
                    c.Resolve(confirm=CONFIRMED),
                    c.Close(confirm=CONFIRMED),
                    c.Reopen("it is back"),
                    c.Relapse("worse again"),
                    c.Dismiss("nothing"),
                ]
            )
        )
        def step(self, command: Command) -> None:
            self.send(command)

        @rule(message=st.sampled_from([m.id for m in book.messages]), minutes=st.integers(1, 60))
        def tell(self, message: str, minutes: int) -> None:
            template = book.message(message)
            assert template is not None
            fields: dict[str, Any] = {}
            for field in template.fields:
                fields[field.id] = {"list": ["one"], "choice": field.choices[0] if field.choices else "", "number": 1}.get(
                    field.kind, "text"
                )
            status = template.statuses[0] if template.statuses else ""
            self.send(
                c.PostUpdate(
                    message,
                    fields,
                    status,
                    next_at=self.bench.now + timedelta(minutes=minutes),
                    when_resolved=minutes % 2 == 0,
                    eta="unknown",
                )
            )

        @rule(kind=st.sampled_from([m.id for m in book.mitigations]), done=st.booleans())
        def mitigate(self, kind: str, done: bool) -> None:
            self.send(c.StartMitigation(kind, "try it", done=done, confirmed=CONFIRMED))

        @precondition(lambda self: self.bench.state.mitigations)
        @rule(effective=st.booleans())
        def verify(self, effective: bool) -> None:
            last = list(self.bench.state.mitigations)[-1]
            self.send(c.CompleteMitigation(last))
            self.send(c.VerifyMitigation(last, effective))

        @rule(
            milestone=st.sampled_from([m.id for m in book.milestones] + ["detected", "cause_identified", "fix_deployed"]),
            back=st.integers(0, 100),
        )
        def set_milestone(self, milestone: str, back: int) -> None:
            self.send(c.SetMilestone(milestone, self.bench.now - timedelta(minutes=back)))

        @rule(data=st.data())
        def settle_a_duty(self, data: st.DataObject) -> None:
            duties = obligations.plan(self.bench.state, book, self.bench.now)
            if duties:
                duty = data.draw(st.sampled_from([d.id for d in duties]))
                self.send(c.MarkDone(duty, "done") if data.draw(st.booleans()) else c.WaiveObligation(duty, "not needed"))

        # -- what must always hold ---------------------------------------------------------------

        @invariant()
        def the_state_is_the_fold_of_its_facts_and_survives_a_snapshot(self) -> None:
            state = self.bench.state
            assert refold(self.bench.facts, state.id) == state
            assert msgspec.json.decode(msgspec.json.encode(state), type=Incident) == state

        @invariant()
        def duties_never_lie_in_an_impossible_order(self) -> None:
            now = self.bench.now
            duties = obligations.plan(self.bench.state, book, now)
            assert len({d.id for d in duties}) == len(duties), "two duties share an id"
            for duty in duties:
                assert duty.from_at <= duty.due_at, duty
                assert duty.warn_at is None or duty.from_at <= duty.warn_at <= duty.due_at, duty
                match duty.state:
                    case "kept":
                        assert duty.done_at is not None
                        assert duty.done_at <= duty.due_at, duty
                    case "late":
                        assert duty.done_at is not None
                        assert duty.done_at > duty.due_at, duty
                    case "overdue":
                        assert now >= duty.due_at, duty
                    case "open" | "warned":
                        assert now < duty.due_at, duty

        @invariant()
        def every_open_duty_has_a_timer_or_was_recorded(self) -> None:
            wake = decide_timer.wake(self.bench.state, book, self.bench.now)
            for duty in obligations.plan(self.bench.state, book, self.bench.now):
                if duty.state in ("open", "warned", "overdue") and duty.id not in self.bench.state.breached:
                    assert wake is not None, duty
                    assert wake <= max(duty.due_at, self.bench.now), duty
            for call in escalations.plan(self.bench.state, book):
                assert wake is not None
                assert wake <= max(call.due_at, self.bench.now)

        @invariant()
        def no_reachable_stage_is_without_a_way_out(self) -> None:
            state = self.bench.state
            if state.version and not state.ended:
                assert ways(state, book), f"{state.stage} has no way out at {state.severity}"

        @invariant()
        def everything_can_be_shown(self) -> None:
            state = self.bench.state
            if not state.version:
                return
            msgspec.json.encode(views.incident_view(state, book, self.bench.now))
            lines = timeline.lines(self.bench.facts, book)
            assert sum(line.entry for line in lines) == sum(isinstance(f.event, events.EntryLogged) for f in self.bench.facts)
            assert [line.at for line in lines] == sorted(line.at for line in lines)
            for moment in milestones.known(state, book).values():
                assert moment.at <= self.bench.now

    return Simulation


@pytest.mark.parametrize("playbook_id", shipped())
def test_random_commands_never_break_the_record(playbook_id: str) -> None:
    run_state_machine_as_test(
        machine_for(playbook_id),
        settings=settings(max_examples=25, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)),
    )


@pytest.mark.torture
@pytest.mark.parametrize("playbook_id", shipped())
def test_many_random_commands_never_break_the_record(playbook_id: str) -> None:
    run_state_machine_as_test(
        machine_for(playbook_id),
        settings=settings(max_examples=400, stateful_step_count=60, deadline=None, suppress_health_check=list(HealthCheck)),
    )
