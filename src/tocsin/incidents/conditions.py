"""Conditions of the playbook, asked of an incident's circumstances. Pure."""

from __future__ import annotations

from tocsin.incidents.model import Circumstances
from tocsin.playbooks.expressions import incident_condition


def holds(condition: str, circumstances: Circumstances | None) -> bool:
    """Tell whether a condition of the playbook holds. Without circumstances (an imported record) only ``true`` does."""
    if condition == "true":
        return True
    if circumstances is None or not circumstances.severity:
        return False
    return incident_condition(condition).holds(circumstances.values())
