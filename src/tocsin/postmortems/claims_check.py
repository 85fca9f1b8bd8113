"""The whole claims check of a postmortem. Pure."""

from __future__ import annotations

from tocsin.postmortems import claims_items, claims_times, claims_words
from tocsin.postmortems.claims import Claim, clauses
from tocsin.postmortems.material import Material


def check(material: Material) -> list[Claim]:
    """Return everything that people's texts and action items say and the record does not, in the order of the document."""
    written = clauses(material)
    found = [*claims_times.check(material, written), *claims_words.check(material, written), *claims_items.check(material)]
    order = {section.id: place for place, section in enumerate(material.kind.sections)}
    return sorted(found, key=lambda claim: (order.get(claim.section, len(order)), claim.line, claim.kind, claim.quoted, claim.record))
