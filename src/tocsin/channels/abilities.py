"""What each channel can do. The core asks for an ability, never for a channel's name. Pure, so that decisions may ask."""

from __future__ import annotations

from typing import Final, Literal

import msgspec

Text = Literal["long", "short", "spoken"]


class Abilities(msgspec.Struct, frozen=True):
    """What one channel is good for."""

    pages: bool = False
    """It can call a person."""
    updates: bool = False
    """It can carry what an audience is told."""
    codes: bool = False
    """It can carry a code that proves that it reaches the person."""
    replies: bool = False
    """A person can answer by it (button, reply or keypad) without opening anything else."""
    documents: bool = False
    """It publishes documents, and reaches nobody."""
    text: Text = "long"
    """How much it can say."""
    address: str = ""
    """What a contact's value is, for people."""
    key_travels: str = ""
    """How the stable key of a message reaches the receiver, so that a repeat can be told from a new message."""


ABILITIES: Final[dict[str, Abilities]] = {
    "console": Abilities(pages=True, updates=True, address="any word; it stands before the text", key_travels="nothing: a screen shows what comes"),
    "file": Abilities(pages=True, updates=True, codes=True, address="any word; the file names it", key_travels="the file's name: a repeat overwrites it"),
    "email": Abilities(pages=True, updates=True, codes=True, address="a mail address", key_travels="Message-ID"),
    "push": Abilities(
        pages=True, codes=True, replies=True, text="short", address="a browser's push subscription (JSON); the page /push makes it",
        key_travels="Topic, and the notification's tag",
    ),
    "ntfy": Abilities(
        pages=True, updates=True, codes=True, replies=True, text="short", address="a topic, or the URL of one on another server",
        key_travels="sequence_id",
    ),
    "webhook": Abilities(pages=True, updates=True, codes=True, address="an https:// URL", key_travels="Idempotency-Key"),
    "apprise": Abilities(
        pages=True, updates=True, codes=True, address="an Apprise URL, such as gotify://host/token", key_travels="a reference at the end of the text",
    ),
    "sms": Abilities(
        pages=True, codes=True, replies=True, text="short", address="a telephone number, such as +351912345678",
        key_travels="the address of the status callback",
    ),
    "voice": Abilities(
        pages=True, codes=True, replies=True, text="spoken", address="a telephone number, such as +351912345678",
        key_travels="the address of the status callback",
    ),
    "publish_folder": Abilities(documents=True, address="a path", key_travels="the file's name: a repeat overwrites it"),
    "publish_git": Abilities(documents=True, address="a repository", key_travels="the content: a repeat makes no commit"),
    "publish_webhook": Abilities(documents=True, address="an https:// URL", key_travels="Idempotency-Key"),
}  # fmt: skip
"""Channel -> what it can do."""

_NONE: Final = Abilities()


def of(channel: str) -> Abilities:
    """Return what a channel can do; nothing for a word that is no channel."""
    return ABILITIES.get(channel, _NONE)


def able(ability: str) -> tuple[str, ...]:
    """Return the channels that have an ability: ``pages``, ``updates``, ``codes``, ``replies`` or ``documents``."""
    return tuple(name for name, has in ABILITIES.items() if getattr(has, ability))
