"""What a channel says of itself beside its name: how much at once, how long, and who limits its rate."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit

from tocsin.engine.ports import AT_ONCE, TIMEOUT_SECONDS, Channel


def at_once(channel: Channel | None) -> int:
    """Return how many messages it sends at the same time."""
    return max(1, int(getattr(channel, "at_once", AT_ONCE)))


def timeout_seconds(channel: Channel | None) -> float:
    """Return the seconds that one message may take."""
    return float(getattr(channel, "timeout_seconds", TIMEOUT_SECONDS))


def place(channel: Channel | None, target: str) -> str:
    """Return who limits the rate of messages to this target: the channel's word, or the host of a URL; "" is the whole channel."""
    named: Callable[[str], str] | None = getattr(channel, "place", None)
    try:
        if named is not None:
            return named(target)
        return urlsplit(target).netloc.rpartition("@")[2] if "://" in target else ""
    except ValueError:  # no place can be made of it; its sending will say why
        return ""
