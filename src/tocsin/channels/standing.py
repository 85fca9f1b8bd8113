"""Whether a channel can work, and what to do where it cannot. Pure."""

from __future__ import annotations

import msgspec

from tocsin.engine.ports import ChannelFailed


class Standing(msgspec.Struct, frozen=True):
    """How a channel stands."""

    ready: bool
    says: str
    """One sentence, without any secret."""
    fix: str = ""


def standing_of(channel: object) -> Standing:
    """Return how a channel stands; one that says nothing of it is there."""
    say = getattr(channel, "standing", None)
    found: Standing = say() if say is not None else Standing(ready=True, says="It is there.")
    return found


def not_ready(name: str, standing: Standing) -> ChannelFailed:
    """Return the failure of a channel that has no settings: trying again will not help."""
    return ChannelFailed(f"{name} is not set up: {standing.says} {standing.fix}".strip(), permanent=True)
