"""What the result of a check means to alerts: the receipt is marked, held alerts come through. Pure; wired in ``app.py``."""

from __future__ import annotations

from typing import Any, Final

from tocsin.alerts.commands import MarkReceipt, Tell
from tocsin.alerts.model import Signal
from tocsin.alerts.proofs.model import FORGED, Checked, ProofFound
from tocsin.engine.kinds import Follow, Reaction
from tocsin.engine.model import Fact

JOURNAL: Final = ""
OWN: Final = "tocsin"
"""The source of what the installation reports of itself."""


def _found(fact: Fact, checked: Any) -> list[Follow]:
    assert isinstance(checked, Checked)
    assert isinstance(fact.event, ProofFound)
    asked, good, why = checked.asked, fact.event.good, fact.event.why
    through = asked.held if good else ()
    follows = [Follow("alert", JOURNAL, MarkReceipt(asked.receipt, good, why, asked.source, asked.key, asked.service, through))]
    if asked.held and not good and not why.startswith(FORGED):
        follows.append(Follow("alert", JOURNAL, Tell(OWN, (_stuck(checked, why),))))
    return follows


def _stuck(checked: Checked, why: str) -> Signal:
    """Return the alert that others are held: nobody may wait for them in vain."""
    asked = checked.asked
    return Signal(
        fingerprint=f"held:{asked.source}:{asked.key}",
        status="firing",
        title=f"Alerts of {asked.source} are held: their signatures cannot be checked",
        labels={"source": asked.source, "intake_key": asked.key, "receipt": asked.receipt},
        severity="high",
        level="high",
        service=asked.service or asked.held[0].service,
        how="other",
        summary=f"{why} The first of them says: {asked.held[0].title}",
    )


REACTIONS: Final[tuple[Reaction, ...]] = (Reaction("signature checked: mark the receipt, let held alerts through", ProofFound, _found),)
