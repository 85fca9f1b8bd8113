"""Names built from the playbook's patterns: id, channel, bridge. Pure."""

from __future__ import annotations

import re
from datetime import datetime

from tocsin.incidents.model import Incident
from tocsin.playbooks.model import Playbook

_NOT_A_WORD = re.compile(r"[^a-z0-9]+")
_TOPIC_LENGTH = 40
_PLACE = re.compile(r"\{(?:id|id_lower|date|date_dashed|random|random_lower|topic|number)\}")


def slug(text: str) -> str:
    """Return the text as a part of a channel name: lower case, hyphens, not too long."""
    return _NOT_A_WORD.sub("-", text.lower()).strip("-")[:_TOPIC_LENGTH].strip("-") or "incident"


def incident_id(pattern: str, day: datetime, random: str) -> str:
    """Return a new id, such as INC-20251027-ABC123, by the playbook's pattern."""
    return _fill(pattern, day, random, "", "")


def channel(incident: Incident, playbook: Playbook) -> str:
    """Return the name of the incident's channel."""
    return _named(playbook.naming.channel, incident)


def bridge(incident: Incident, playbook: Playbook) -> str:
    """Return the link of the incident's call; empty where the playbook has none."""
    return _named(playbook.naming.bridge, incident)


def place(where: str, incident: Incident) -> str:
    """Return where an audience is, with the incident's own names in the pattern (``#incident-{date}-{random_lower}``); other braces stay."""
    return _PLACE.sub(lambda found: _named(found.group(), incident), where)


def _named(pattern: str, incident: Incident) -> str:
    day = incident.declared_at
    if not pattern or day is None:
        return ""
    return _fill(pattern, day, incident.id.rpartition("-")[2], incident.id, slug(incident.topic or incident.title))


def _fill(pattern: str, day: datetime, random: str, whole: str, topic: str) -> str:
    number = str(int(random, 36)) if random.isalnum() and random.isascii() else random
    values = {
        "id": whole, "id_lower": whole.lower(), "date": f"{day:%Y%m%d}", "date_dashed": f"{day:%Y-%m-%d}", "random": random, "random_lower": random.lower(),
        "topic": topic, "number": number,
    }  # fmt: skip
    # Not str.format: its fields can have a width of gigabytes, and reach into objects.
    return _PLACE.sub(lambda found: values[found.group()[1:-1]], pattern)
