"""Which severities of a playbook call people. Pure."""

from __future__ import annotations

from tocsin.playbooks.scale import Severity


def quiet(level: Severity) -> bool:
    """Tell whether a level asks for a ticket and wakes nobody."""
    return level.mode == "ticket_only" or level.urgency == "none"
