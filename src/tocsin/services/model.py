"""A service, as versioned facts."""

from __future__ import annotations

import msgspec

from tocsin.engine.model import Command, Event


class SaveService(Command, frozen=True):
    """Write down a service as it is from now on."""

    name: str
    owner: str = ""
    """The team that owns it."""
    playbook: str = ""
    """The playbook under which its incidents are declared."""
    links: dict[str, str] = {}
    """``dashboard``, ``runbook`` …"""
    aliases: tuple[str, ...] = ()
    """What other systems call it."""
    page: tuple[str, ...] = ()
    """Who is paged where the service has no escalation policy: people, teams, schedules, or bare names."""
    policy: str = ""
    """The escalation policy of its pages."""
    about: str = ""


class ServiceSaved(Event, frozen=True, tag="service.saved"):
    """A service was written down."""

    service: SaveService


class Service(msgspec.Struct, frozen=True):
    """A service as it is now."""

    id: str
    version: int = 0
    saved: SaveService | None = None

    @property
    def playbook(self) -> str:
        """The default playbook's id; empty where there is none."""
        return self.saved.playbook if self.saved else ""


def names_of(service_id: str, saved: SaveService) -> tuple[str, ...]:
    """Return every name by which a service is found, as the catalogue keeps them: without regard to letter case."""
    return tuple(dict.fromkeys(name.strip().casefold() for name in (service_id, saved.name, *saved.aliases) if name.strip()))
