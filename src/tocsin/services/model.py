"""A service, as versioned facts."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta

from tocsin.engine.model import Command, Event


class Component(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What a status page shows of a service."""

    name: Annotated[str, Meta(max_length=80)] = ""
    """What the public calls it; empty: the page does not show it."""
    group: Annotated[str, Meta(max_length=200)] = ""
    """The group that it stands in, and the groups around that: ``Payments / Cards``."""
    about: Annotated[str, Meta(max_length=300)] = ""
    """What it is, in a sentence for the public."""


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
    contacts: dict[str, str] = {}
    """Whom else one asks: ``chat``, ``supplier`` … and how each is reached, in words."""
    component: Component | None = None
    """What the status page shows of it; None: what it showed before."""


class SetComponent(Command, frozen=True):
    """Say what the status page shows of a service; everything else stays."""

    name: Annotated[str, Meta(max_length=80)] = ""
    group: Annotated[str, Meta(max_length=200)] = ""
    about: Annotated[str, Meta(max_length=300)] = ""


class RetireService(Command, frozen=True):
    """It is no more: its names are free, and alerts that still name it are those of no known service. Saving it brings it back."""

    why: Annotated[str, Meta(max_length=1000)] = ""


class ServiceSaved(Event, frozen=True, tag="service.saved"):
    """A service was written down."""

    service: SaveService


class ServiceRetired(Event, frozen=True, tag="service.retired"):
    """It is no more."""

    why: str = ""


class Service(msgspec.Struct, frozen=True):
    """A service as it is now."""

    id: str
    version: int = 0
    saved: SaveService | None = None
    retired: bool = False
    component_since: datetime | None = None
    """Since when the status page shows it."""

    @property
    def component(self) -> Component | None:
        """What the status page shows of it; None where it shows nothing."""
        found = self.saved.component if self.saved and not self.retired else None
        return found if found is not None and found.name else None

    @property
    def playbook(self) -> str:
        """The default playbook's id; empty where there is none."""
        return self.saved.playbook if self.saved else ""


def names_of(service_id: str, saved: SaveService) -> tuple[str, ...]:
    """Return every name by which a service is found, as the catalogue keeps them: without regard to letter case."""
    return tuple(dict.fromkeys(name.strip().casefold() for name in (service_id, saved.name, *saved.aliases) if name.strip()))
