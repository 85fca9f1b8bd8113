"""Whether a contact's value is one that its channel can send to. Pure: nothing is looked up."""

from __future__ import annotations

import ipaddress
import json
import re
from collections.abc import Callable
from typing import Any, Final
from urllib.parse import urlsplit

from tocsin.channels.abilities import ABILITIES

MAIL: Final = re.compile(
    r"[^\s@<>(),;:\"\\\[\]\x00-\x20\x7f]{1,64}@[^\s@<>(),;:\"\\\[\]\x00-\x20\x7f.]+(\.[^\s@<>(),;:\"\\\[\]\x00-\x20\x7f.]+)*"
)
_NUMBER: Final = re.compile(r"\+[1-9]\d{6,14}")
"""E.164."""
_PUNCTUATION: Final = re.compile(r"[\s().\-/]")
_TOPIC: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
_APPRISE: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://\S+")
_LONGEST: Final = 4000


def problem(kind: str, value: str) -> str:
    """Return what is wrong with a value and what to write instead; an empty text where it can be used or the kind is no channel."""
    if kind not in ABILITIES:
        return ""
    if len(value) > _LONGEST or not value.replace("\n", " ").isprintable():
        return f"it cannot be longer than {_LONGEST} letters or hold unprintable ones; write {ABILITIES[kind].address}"
    check = _CHECKS.get(kind)
    return check(value.strip()) if check else ""


def number_of(value: str) -> str:
    """Return a telephone number as E.164: without spaces, brackets and hyphens."""
    bare = _PUNCTUATION.sub("", value)
    return "+" + bare[2:] if bare.startswith("00") else bare


def subscription_of(value: str) -> dict[str, Any] | None:
    """Return a browser's push subscription: ``endpoint`` and ``keys`` with ``p256dh`` and ``auth``; None where the text is none."""
    try:
        found = json.loads(value)
    except (ValueError, RecursionError):
        return None
    keys = found.get("keys") if isinstance(found, dict) else None
    if not isinstance(keys, dict) or not all(isinstance(keys.get(name), str) and keys[name] for name in ("p256dh", "auth")):
        return None
    return found if isinstance(found.get("endpoint"), str) else None


def topic_of(value: str, server: str) -> tuple[str, str]:
    """Return an ntfy server's URL and the topic. server: that of topics without one."""
    if "://" not in value:
        return server.rstrip("/"), value
    base, _, topic = value.rstrip("/").rpartition("/")
    return base, topic


def is_inside(url: str) -> bool:
    """Tell whether the host of an address is written as this machine or an address inside; names are not looked up."""
    host = (urlsplit(url).hostname or "").rstrip(".").lower()
    if host == "localhost" or host.endswith((".localhost", ".local", ".internal")) or ("." not in host and ":" not in host):
        return True
    try:
        return not ipaddress.ip_address(host).is_global
    except ValueError:
        return False


def _mail(value: str) -> str:
    return "" if MAIL.fullmatch(value) else "it is no mail address; write one like ana@example.com"


def _telephone(value: str) -> str:
    return "" if _NUMBER.fullmatch(number_of(value)) else "it is no telephone number; write it with its country, like +351912345678"


def _push(value: str) -> str:
    found = subscription_of(value)
    if found is None:
        return "it is no push subscription; open /push on the device, and let it make one"
    return _url(found["endpoint"])


def _ntfy(value: str) -> str:
    if "://" in value and (wrong := _url(value.rstrip("/").rpartition("/")[0])):
        return wrong
    topic = topic_of(value, "")[1]
    return (
        ""
        if _TOPIC.fullmatch(topic)
        else "a topic has up to 64 letters, digits, hyphens and underscores; write it alone or as https://host/topic"
    )


def _url(value: str) -> str:
    try:
        parts = urlsplit(value)
        host = parts.hostname
        _ = parts.port
    except ValueError:
        return "it is no URL; write it like https://host/path"
    if parts.scheme not in ("http", "https") or not host or not value.isprintable() or " " in value:
        return "it is no URL; write it like https://host/path"
    return ""


def _apprise(value: str) -> str:
    return "" if _APPRISE.fullmatch(value) else "it is no Apprise URL; write one like gotify://host/token"


_CHECKS: Final[dict[str, Callable[[str], str]]] = {
    "email": _mail, "sms": _telephone, "voice": _telephone, "push": _push, "ntfy": _ntfy, "webhook": _url, "apprise": _apprise,
}  # fmt: skip
