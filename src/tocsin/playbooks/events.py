"""What can happen to a playbook: a version of it is published. Playbooks are configuration, and configuration is facts."""

from __future__ import annotations

import msgspec

from tocsin.engine.model import Command, Event


class Published(Event, frozen=True, tag="playbook.published"):
    """A version is in force for incidents declared from now on."""

    version: int
    digest: str
    title: str
    text: str
    shipped: bool = False
    note: str = ""
    """Why it was published, in the words of whoever did."""


class Publish(Command, frozen=True):
    """Put a playbook in force. It has been checked before it comes here."""

    version: int
    digest: str
    title: str
    text: str
    shipped: bool = False
    note: str = ""


class Current(msgspec.Struct, frozen=True):
    """The version of a playbook that is in force."""

    id: str
    version: int = 0
    """The number in the playbook itself."""
    facts: int = 0
    digest: str = ""
    title: str = ""
    shipped: bool = False
