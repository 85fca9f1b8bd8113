"""The check of a signed request as a kind of record."""

from __future__ import annotations

from tocsin.alerts.proofs.model import Checked, ProofAsked, ProofFound, decide, evolve
from tocsin.engine.kinds import Kind


def proof_kind() -> Kind:
    """Return the check of a signed request as a kind of record."""
    return Kind(
        name="proof", state=Checked, events=(ProofAsked, ProofFound), fold_version=1, initial=Checked, evolve=evolve, decide=decide,
    )  # fmt: skip
