"""What the engine wants of the outside: a channel that sends, a function that renders. Values only, no I/O."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

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
    """A channel could not send. ``permanent``: trying again will not help."""

    def __init__(self, what: str, *, permanent: bool = False) -> None:
        self.permanent = permanent
        super().__init__(what)


class Channel(Protocol):
    """A way to reach people or systems."""

    name: str

    def send(self, message: Message) -> str:
        """Send, and return the receiver's own id of the message (or an empty text).

        Raises:
            ChannelFailed: it was not sent.

        """
        ...


Renderer = Callable[[str, str, dict[str, Any]], tuple[str, str]]
"""Delivery kind, target and frozen values -> subject and body."""
