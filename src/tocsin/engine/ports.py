"""What the engine wants of the outside: a channel that sends, a function that renders. Values only, no I/O."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final, Protocol

import msgspec


class Message(msgspec.Struct, frozen=True):
    """A rendered message."""

    key: str
    stream: str
    kind: str
    target: str
    subject: str
    body: str
    values: dict[str, Any]
    at: str
    """When it was decided, RFC 3339 UTC."""


class ChannelFailed(Exception):
    """A channel could not send.

    permanent: trying again will not help.
    retry_after: how long the receiver asks to be left alone (a rate limit); everything for the same place waits that long.
    """

    def __init__(self, what: str, *, permanent: bool = False, retry_after: timedelta | None = None) -> None:
        self.permanent = permanent
        self.retry_after = retry_after
        super().__init__(what)


AT_ONCE: Final = 4
"""Messages that a channel sends at the same time, unless its class says otherwise (``at_once``)."""
TIMEOUT_SECONDS: Final = 10.0
"""Seconds after which a message that is being sent counts as failed for now, unless the channel's class says otherwise."""


class Channel(Protocol):
    """A way to reach people or systems.

    A class may say more about itself: ``at_once: int`` (default ``AT_ONCE``), ``timeout_seconds: float`` (default ``TIMEOUT_SECONDS``), and
    ``place(target) -> str``: who limits the rate of messages to this target (default: the host of a URL, otherwise the whole channel).
    """

    name: str

    def send(self, message: Message) -> str:
        """Send, and return the receiver's own id of the message (or an empty text).

        Raises:
            ChannelFailed: it was not sent.

        """
        ...


Renderer = Callable[[str, str, dict[str, Any]], tuple[str, str]]
"""Delivery kind, target and frozen values -> subject and body."""
