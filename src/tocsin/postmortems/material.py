"""Everything a postmortem is made from, gathered once: record, playbook, duties, action items, what people wrote. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import msgspec

from tocsin.actions.model import Listed
from tocsin.engine.model import Fact
from tocsin.incidents import events as ie
from tocsin.incidents import milestones, obligations, timeline
from tocsin.incidents.model import Incident, Moment
from tocsin.incidents.obligations import Duty
from tocsin.incidents.timeline import Line
from tocsin.playbooks.model import Playbook
from tocsin.playbooks.record import PostmortemKind
from tocsin.postmortems.model import Postmortem

NOT_SHOWN: Final = ("incident.postmortem_moved", "incident.delivery_failed", "incident.obligation_warned", "incident.imported")
"""What the log has and a reader of the postmortem does not want."""


class Material(msgspec.Struct, frozen=True):
    """The material of one postmortem."""

    incident: Incident
    playbook: Playbook
    kind: PostmortemKind
    state: Postmortem
    facts: Sequence[Fact]
    lines: Sequence[Line]
    moments: dict[str, Moment]
    duties: Sequence[Duty]
    actions: Sequence[Listed]
    people: dict[str, str]
    """Ids of people to their names."""
    teams: dict[str, str]
    as_of: datetime
    """The last moment at which anything of this was recorded: the same record gives the same text, whenever it is read."""
    imported: ie.Imported | None = None
    sanitised: bool = False
    days: bool = False
    """Whether the timeline covers more than one day, so that a clock time needs its date."""

    def clock(self, at: datetime) -> str:
        """Return a moment as short as it can be told apart: ``14:37``, or ``2025-10-27 14:37``."""
        return f"{at:%Y-%m-%d %H:%M}" if self.days else f"{at:%H:%M}"

    @property
    def given(self) -> dict[str, Any]:
        """What the source of an imported record states."""
        return self.imported.given if self.imported else {}

    @property
    def origin(self) -> tuple[str, datetime] | None:
        """The moment from which relative times count, and its name."""
        for name in ("impact_started", "detected", "alerted", "declared"):
            if name in self.moments:
                return name.replace("_", " "), self.moments[name].at
        return ("the first entry", self.lines[0].at) if self.lines else None

    def has(self, content: str) -> bool:
        """Tell whether the kind has a section of this content."""
        return any(section.content == content for section in self.kind.sections)

    def name(self, person: str) -> str:
        """Return a person's name, where it is known; the id otherwise."""
        return self.people.get(person) or person


def gather(
    incident: Incident, playbook: Playbook, kind: PostmortemKind, state: Postmortem, facts: Sequence[Fact], recorded: datetime,
    actions: Sequence[Listed], people: dict[str, str], teams: dict[str, str],
) -> Material:  # fmt: skip
    """Return the material. facts: all of the incident, in recorded order. recorded: when the postmortem's last fact was recorded."""
    times = [recorded, *(fact.recorded_at for fact in facts[-1:]), *(item.changed_at for item in actions)]
    as_of = max(times)
    imported = next((fact.event for fact in facts if isinstance(fact.event, ie.Imported)), None)
    lines = [line for line in timeline.lines(facts, playbook, people) if line.kind not in NOT_SHOWN]
    return Material(
        incident=incident, playbook=playbook, kind=kind, state=state, facts=facts, lines=lines,
        moments=milestones.known(incident, playbook), duties=obligations.plan(incident, playbook, as_of), actions=actions, people=people, teams=teams,
        as_of=as_of, imported=imported, days=imported is not None or len({line.at.date() for line in lines}) > 1,
    )  # fmt: skip


def persons(material: Material) -> set[str]:
    """Return every id and name of a person that the record, the action items or the list of people know; teams and roles are none."""
    incident, state = material.incident, material.state
    found: set[str] = {*material.people, *material.people.values(), *incident.engaged, *state.authors, *state.attendees}
    found.update(holding.person for holding in incident.roles.values())
    found.update(line.by for line in material.lines if line.entry)
    found.update(fact.actor.id for fact in material.facts if fact.actor.kind == "person")
    found.update(
        fact.event.person for fact in material.facts if isinstance(fact.event, ie.RoleAssigned | ie.PersonJoined | ie.Acknowledged)
    )
    found.update(signature.by for signature in state.signed.values())
    found.update(text.by for text in state.texts.values())
    others = {
        "tocsin", "administrator", "system", "anonymous", *(r.id for r in material.playbook.roles), *(r.name for r in material.playbook.roles),
        *(c.id for c in material.playbook.contacts), *(c.name for c in material.playbook.contacts), *material.teams, *material.teams.values(),
    }  # fmt: skip
    return {name for name in found if name.strip() and name not in others}
