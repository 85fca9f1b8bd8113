"""The evidence bundle: everything that the record says about an incident, as files for somebody who has no access. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

import msgspec

_NAME = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-"


def files(
    parts: Mapping[str, Any], messages: Sequence[Mapping[str, Any]], attachments: Mapping[str, tuple[str, bytes]], document: str,
) -> list[tuple[str, bytes]]:  # fmt: skip
    """Return names and contents in a fixed order. parts: file name without ``.json`` to plain values. attachments: digest to name and content."""
    found = [(f"{name}.json", _json(value)) for name, value in sorted(parts.items())]
    found += [(f"messages/{number:04}.json", _json(message)) for number, message in enumerate(messages, 1)]
    found += [(f"attachments/{digest[:16]}-{_safe(name)}", content) for digest, (name, content) in sorted(attachments.items())]
    if document:
        found.append(("postmortem.md", document.encode()))
    return sorted(found)


def _json(value: Any) -> bytes:
    plain = msgspec.to_builtins(value, builtin_types=(datetime, date))
    return (json.dumps(plain, ensure_ascii=False, indent=1, sort_keys=True, default=_plain) + "\n").encode()


def _plain(value: Any) -> str:
    return value.isoformat().replace("+00:00", "Z") if isinstance(value, datetime | date) else str(value)


def _safe(name: str) -> str:
    return "".join(letter if letter in _NAME else "-" for letter in name)[-80:].lstrip(".") or "file"
