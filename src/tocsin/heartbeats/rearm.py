"""What a heartbeat tells the journal of its reports."""

from __future__ import annotations

from tocsin.engine.model import Command


class Rearm(Command, frozen=True):
    """What is expected has changed. ``every`` and ``grace`` are microseconds."""

    every: int
    grace: int
    secret: str
