"""The postmortem as the engine runs it, and what an incident's facts mean to the list of reviews."""

from __future__ import annotations

from collections.abc import Callable

from tocsin.engine.kinds import Kind
from tocsin.engine.model import Command, Reader
from tocsin.incidents import beside
from tocsin.playbooks.model import Playbook
from tocsin.postmortems.decide import Found, decide, evolve
from tocsin.postmortems.events import EVENTS
from tocsin.postmortems.model import Postmortem
from tocsin.postmortems.reviews import incident_rows, postmortem_rows

PlaybookOf = Callable[[str, Reader], Playbook | None]
"""The playbook of a digest."""


def postmortem_kind(playbook_of: PlaybookOf) -> Kind:
    """Return the postmortem as a kind of record; its id is the incident's."""

    def prepare(state: Postmortem, _command: Command, reader: Reader) -> Found:
        incident = reader.state(f"incident:{state.id}")
        if incident is None:
            return Found()
        return Found(incident, playbook_of(incident.playbook.digest, reader) if incident.playbook else None)

    return Kind(
        name="postmortem", state=Postmortem, events=EVENTS, fold_version=1, initial=Postmortem, evolve=evolve, decide=decide,
        prepare=prepare, rows=postmortem_rows,
    )  # fmt: skip


def reviewing(kind: Kind, playbook_of: Callable[[str], Playbook | None]) -> Kind:
    """Return the incident's kind with what its review wants among its rows. playbook_of: the parsed playbook of a digest."""
    return beside.writing(kind, playbook_of, incident_rows)
