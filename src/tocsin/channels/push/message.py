"""A notice as what a service worker shows. Pure."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Final

from tocsin.channels.notice import Notice, cut, cut_bytes

_LARGEST: Final = 3000
"""Bytes of the content: every push service takes 4,096 of the encrypted message (RFC 8291, section 4), and some phones like less."""
_LONGEST_TITLE: Final = 160
_LEAST: Final = 8
_LASTS: Final = {"page": 3600, "test": 600, "code": 900, "status": 3600, "other": 86_400}
"""Seconds for which the push service keeps it for a phone that is off."""


def content_of(notice: Notice) -> bytes:
    """Return what is encrypted for the device: title, text, and the addresses of its two buttons.

    The tag makes a later notice of the same page take the place of the earlier one on the device.
    """
    facts = ", ".join(f"{label.lower()} {value}" for label, value in notice.facts if label in ("Value", "Threshold", "Service"))
    body = "\n".join(part for part in (facts, notice.body) if part)
    content: dict[str, object] = {
        "title": cut(notice.subject, _LONGEST_TITLE), "body": body, "tag": name_of(notice), "kind": notice.kind, "urgent": notice.urgent,
        "link": notice.link or next((url for _label, url in notice.links), ""), "acknowledge": notice.acknowledge, "key": notice.key[:200], "at": notice.at,
    }  # fmt: skip
    raw = _json(content)
    while len(raw) > _LARGEST and body:
        # What is over is taken off the text; letters that JSON writes longer make another round.
        keep = len(body.encode()) - (len(raw) - _LARGEST) - 8
        body = cut_bytes(body, keep) if keep > _LEAST else ""
        content["body"] = body
        raw = _json(content)
    return raw


def name_of(notice: Notice) -> str:
    """Return the ``Topic`` (RFC 8030, section 5.4): at most 32 letters of URL-safe base64. One for all notices of a page."""
    return base64.urlsafe_b64encode(hashlib.sha256((notice.topic or notice.key).encode()).digest()[:18]).decode()


def urgency_of(notice: Notice) -> str:
    """Return the ``Urgency`` (RFC 8030, section 5.3): ``high`` wakes a phone that saves its battery."""
    return "high" if notice.urgent else "normal"


def lasts(notice: Notice) -> int:
    """Return the seconds for which the message is worth delivering."""
    return _LASTS[notice.kind]


def _json(content: dict[str, object]) -> bytes:
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode(errors="replace")
