"""What a channel has to say, before it is cut to the channel's form: one value that every channel makes its message from. Pure."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from typing import Final, Literal

import msgspec

from tocsin.engine.ports import Message

_SPACE: Final = re.compile(r"\s+")
_UNSEEN: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2028\u2029\u2066-\u2069\ud800-\udfff]")
"""Control letters, and those that turn the direction of what follows: with them a title could pretend to be something else."""


class Notice(msgspec.Struct, frozen=True, omit_defaults=True):
    """Something to tell one person or audience. All texts are plain; addresses are absolute where the server knows its own."""

    key: str
    """The same for every try of one message."""
    kind: Literal["page", "status", "code", "test", "other"]
    subject: str
    """One line."""
    word: str = ""
    """The word that the subject begins with, before a colon: how bad it is."""
    body: str = ""
    """What follows, without facts and addresses."""
    facts: tuple[tuple[str, str], ...] = ()
    """Label and value, such as ``("Threshold", "5%")``."""
    short: str = ""
    """Everything that matters in one line, for channels that carry little; the subject where it is empty."""
    spoken: str = ""
    """The same to be listened to."""
    urgent: bool = False
    topic: str = ""
    """What it is about: a later notice of the same topic takes the place of an earlier one."""
    link: str = ""
    """A page with one button; opening it changes nothing."""
    link_says: str = ""
    """What the button that leads there says; without a word it acknowledges a page."""
    unsubscribe: str = ""
    """The address at which its reader can leave: opened, it asks; posted to (RFC 8058), it ends the subscription."""
    acknowledge: str = ""
    """The address that acknowledges by POST."""
    links: tuple[tuple[str, str], ...] = ()
    """Other addresses: label and URL."""
    number: str = ""
    """What a reply names it by."""
    page: str = ""
    person: str = ""
    at: str = ""
    """When it was decided, RFC 3339 UTC."""
    stream: str = ""
    """The record that it belongs to."""


Compose = Callable[[Message, str], Notice]
"""Message and channel's name -> notice, made when the message is sent: tokens of links are made here, and stand in no row."""


def plain(message: Message, _channel: str = "") -> Notice:
    """Return what a message says as it is, for kinds that have no form of their own."""
    return Notice(
        key=message.key, kind="other", subject=line(message.subject), body=clean(message.body), topic=message.stream, at=message.at, stream=message.stream,
    )  # fmt: skip


def long_text(notice: Notice) -> str:
    """Return the whole as lines of text: body, facts, addresses."""
    parts = [notice.body.strip()] if notice.body.strip() else []
    if notice.facts:
        parts.append("\n".join(f"{label}: {value}" for label, value in notice.facts))
    addresses = [(notice.link_says or "Acknowledge", notice.link)] if notice.link else []
    addresses += notice.links
    if addresses:
        parts.append("\n".join(f"{label}: {url}" for label, url in addresses))
    return "\n\n".join(parts)


def short_text(notice: Notice) -> str:
    """Return the one line of channels that carry little."""
    return notice.short or notice.subject


def clean(text: str) -> str:
    """Return a text without letters that no message may carry; every line end becomes a plain one."""
    return _UNSEEN.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def line(text: str) -> str:
    """Return a text as one line, so that nothing in it can begin another line or header."""
    return _SPACE.sub(" ", clean(text)).strip()


def cut(text: str, most: int) -> str:
    """Return at most this many characters; what is missing is shown by ``…``."""
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"


def cut_bytes(text: str, most: int) -> str:
    """Return at most this many bytes of UTF-8, never half a letter; what is missing is shown by ``…``."""
    raw = text.encode()
    if len(raw) <= most:
        return text
    return raw[: most - 3].decode(errors="ignore").rstrip() + "…"


def digest(key: str, letters: int = 32) -> str:
    """Return a short, stable name made of a key: hexadecimal, at most 64 letters."""
    return hashlib.sha256(key.encode()).hexdigest()[:letters]
