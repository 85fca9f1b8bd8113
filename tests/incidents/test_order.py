"""Facts that do not name one another give the same registers, milestones and durations in whatever order they are recorded."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.incidents.bench_of_facts import ALICE, START, refold
from tocsin.engine.model import Fact
from tocsin.incidents import events as e
from tocsin.incidents import milestones, obligations
from tocsin.incidents.model import Incident, Pin, Reading
from tocsin.playbooks.shelf import load_shipped

LOADED = load_shipped("payments-sev1")
PIN = Pin("payments-sev1", 1, LOADED.digest)
PEOPLE = ("alice", "bob", "charlie", "diana")

events = st.one_of(
    st.builds(lambda k, t, by, v: e.EntryLogged(k, t, by, Reading("error_rate", v, "%"), progress=k == "ACTION", sets=("below_threshold",) if v < 5 else ()),
              st.sampled_from(["OBSERVATION", "DECISION", "ACTION"]), st.text(min_size=1, max_size=5), st.sampled_from(PEOPLE), st.integers(0, 40)),
    st.builds(e.Acknowledged, st.sampled_from(PEOPLE)),
    st.builds(lambda role, who: e.RoleAssigned(role, who, leads=role == "ic", sets=("lead_assigned",) if role == "ic" else ()), st.sampled_from(["ic", "scribe"]), st.sampled_from(PEOPLE)),
    st.builds(lambda level: e.SeverityChanged(level[0], level[1], level[2], previous=""), st.sampled_from([("SEV-1", 1, "full"), ("SEV-2", 2, "full"), ("SEV-3", 3, "single_responder")])),
    st.builds(e.MarkSet, st.sampled_from(["deployment_correlates", "other"]), st.booleans()),
    st.builds(e.PersonJoined, st.sampled_from(PEOPLE)),
    st.builds(lambda m: e.MitigationStarted("M1", m, "text"), st.sampled_from(["rollback", "capacity"])),
)  # fmt: skip


def _summary(state: Incident, minutes: int) -> dict[str, Any]:
    """What must not depend on the order: everything but the numbers of the facts themselves."""
    known = milestones.known(state, LOADED.playbook)
    duties = obligations.plan(state, LOADED.playbook, START + timedelta(minutes=minutes))
    return {
        "severity": state.severity,
        "circumstances": [c.values() | {"at": c.at} for c in state.circumstances],
        "roles": {role: (h.person, h.since) for role, h in state.roles.items()},
        "first_held": {role: (d.by, d.at) for role, d in state.first_held.items()},
        "engaged": state.engaged,
        "milestones": {name: m.at for name, m in known.items()},
        "readings": {m: (s.first.value, s.last.value, s.largest.value) for m, s in state.readings.items()},
        "last": {kind: (s.at, s.text) for kind, s in state.last.items()},
        "progress": state.progress_at,
        "duties": [(d.id, d.from_at, d.due_at, d.state, d.done_at) for d in duties],
    }


@given(made=st.lists(events, min_size=2, max_size=14), seed=st.integers(0, 10_000))
def test_any_recorded_order_gives_the_same_registers_milestones_and_duties(made: list[Any], seed: int) -> None:
    declared = Fact("incident:I", 1, e.Declared("x", PIN, "SEV-1", 1, "full", "investigating", "open"), START, START, ALICE)
    later = START + timedelta(minutes=len(made) + 1)
    seen_mitigation = False
    facts = []
    for number, event in enumerate(made):
        if isinstance(event, e.MitigationStarted):
            if seen_mitigation:
                continue
            seen_mitigation = True
        facts.append(Fact("incident:I", 0, event, START + timedelta(minutes=number + 1), later, ALICE))
    shuffled = facts[:]
    random.Random(seed).shuffle(shuffled)
    one, other = refold([declared, *facts], "I"), refold([declared, *shuffled], "I")
    assert _summary(one, 60) == _summary(other, 60)


def test_typing_an_entry_late_changes_no_milestone() -> None:
    declared = Fact("incident:I", 1, e.Declared("x", PIN, "SEV-1", 1, "full", "investigating", "open"), START, START, ALICE)
    state = refold([declared], "I")
    late = Fact("incident:I", 2, e.EntryLogged("OBSERVATION", "seen before"), START - timedelta(hours=1), START + timedelta(hours=9), ALICE)
    after = refold([declared, late], "I")
    assert milestones.known(after, LOADED.playbook) == milestones.known(state, LOADED.playbook)
