"""What follows from a command on an incident. Pure: state, command and context in, facts out."""

from __future__ import annotations

from typing import Final

from tocsin.engine.errors import NotFound, Refused
from tocsin.engine.kinds import Tick as TimerTick
from tocsin.engine.model import Command, Context, Decision
from tocsin.incidents import commands as c
from tocsin.incidents import decide_import, decide_lifecycle, decide_privacy, decide_record, decide_response, decide_room, decide_timer
from tocsin.incidents.decide_base import Found, Handler
from tocsin.incidents.model import Incident

HANDLERS: Final[dict[type[Command], Handler]] = {
    **decide_lifecycle.HANDLERS,
    **decide_record.HANDLERS,
    **decide_response.HANDLERS,
    **decide_room.HANDLERS,
    **decide_privacy.HANDLERS,
    TimerTick: decide_timer.tick,
}


def decide(incident: Incident, command: Command, ctx: Context) -> Decision:
    """Return what follows from the command.

    Raises:
        Refused: it cannot be carried out; the message says why and what to do.

    """
    found: Found = ctx.found
    if isinstance(command, c.Declare):
        return decide_lifecycle.declare(incident, command, ctx, found)
    if isinstance(command, c.Import):
        return decide_import.take_in(incident, command, ctx, found)
    if incident.version == 0:
        raise NotFound(f"There is no incident {incident.id}.", fix="Check the id; `tocsin incident list` shows them.")
    if found.playbook is None:
        raise Refused(f"The playbook of {incident.id} cannot be read.", fix="Publish it again with `tocsin playbook publish`.")
    return HANDLERS[type(command)](incident, command, ctx, found.playbook)
