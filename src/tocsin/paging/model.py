"""An escalation policy, a page and its notifications, as values."""

from __future__ import annotations

import msgspec


class Policy(msgspec.Struct, frozen=True, omit_defaults=True):
    """Who is called, in which order, and how long each step waits."""

    id: str
    name: str = ""
