"""Secrets that the installation makes for itself and keeps in its database, so that every node has the same. Pure."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

LINK_KEY: Final = "link_key"
"""The setting with the key that links of messages are signed with."""
PUSH_KEY: Final = "push_key"
"""The setting with the private key by which push services know this installation (VAPID)."""


def kept(name: str, setting: Callable[[str], str | None], keep: Callable[[str, str], None], make: Callable[[], str]) -> Callable[[], str]:
    """Return a function that gives a secret; it is made at its first use. It is read each time: another node may have made it meanwhile.

    keep: keeps it unless there is one already, for two messages that leave at the same moment ask for it at the same moment.
    """

    def secret() -> str:
        known = setting(name)
        if known is None:
            keep(name, make())
            known = setting(name) or ""
        return known

    return secret
