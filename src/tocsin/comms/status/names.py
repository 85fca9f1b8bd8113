"""What the public calls things: ids that say nothing of what they are called inside. Pure."""

from __future__ import annotations

import hashlib
import re
from typing import Final

_LETTERS: Final = 12
_BETWEEN: Final = re.compile(r"\s+/\s+")


def public_id(name: str) -> str:
    """Return the id of an incident, a component, a group or a maintenance window on the status page; always the same for the same name."""
    return hashlib.sha256(f"status page\n{name}".encode()).hexdigest()[:_LETTERS]


def path_of(group: str) -> tuple[str, ...]:
    """Return the names of a group within a group within …: ``Payments / Cards``."""
    return tuple(part.strip() for part in _BETWEEN.split(group.strip()) if part.strip())


def mailing_id(incident: str, fact: int) -> str:
    """Return the id of the mailing that carries an update to subscribers."""
    return f"{incident}.{fact}"
