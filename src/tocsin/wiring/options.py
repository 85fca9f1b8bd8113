"""What an installation is started with."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Final

from tocsin.alerts.intake import LARGEST_REQUEST
from tocsin.channels.options import ChannelOptions
from tocsin.engine.clock import Clock
from tocsin.engine.ports import Channel
from tocsin.people.passwords import Cost
from tocsin.web import blobs

DEFAULT_PLAYBOOK: Final = "house"
"""What an installation begins with; ``--playbook`` and each service may name another."""


@dataclass(frozen=True)
class Options:
    """What an installation is started with."""

    data: Path | None = None
    database_url: str = ""
    public_url: str = ""
    default_playbook: str = DEFAULT_PLAYBOOK
    clock: Clock | None = None
    console: Channel | None = None
    outbox: Path | None = None
    publish_to: str = ""
    """Where targets of postmortems are: ``target=place`` separated by spaces (or the variable TOCSIN_PUBLISH_TO); see ``postmortems.publish``."""
    audit_every: timedelta | None = None
    """How often the pager proves that every open page waits for something; a minute, and on a virtual clock a day."""
    largest_attachment: int = blobs.LARGEST_BLOB
    """Bytes."""
    receipt_days: int = 30
    """How long requests of senders are kept."""
    largest_request: int = LARGEST_REQUEST
    """Bytes of a sender's request."""
    password_cost: Cost = field(default_factory=Cost)
    """What one guess of a password costs whoever guesses."""
    channels: ChannelOptions = field(default_factory=ChannelOptions)
    """Mail server, telephone account and what else channels need."""
    gallery: bool = False
    """Serve the page of all components, for whoever works on them (or the variable TOCSIN_GALLERY=1)."""
