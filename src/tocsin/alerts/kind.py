"""The intake key as a kind of record. Alerts are a journal, see ``journal.py``; groups have a kind of their own."""

from __future__ import annotations

from tocsin.alerts.keys import KEY_EVENTS, IntakeKey, decide_key, evolve_key
from tocsin.engine.kinds import Kind


def intake_key_kind() -> Kind:
    """Return the intake key as a kind of record."""
    return Kind(
        name="intake_key", state=IntakeKey, events=KEY_EVENTS, fold_version=1, initial=IntakeKey, evolve=evolve_key, decide=decide_key,
    )  # fmt: skip
