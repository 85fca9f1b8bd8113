"""Requests as tools send them, small, and what our readers make of them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from tocsin.alerts.model import Signal
from tocsin.alerts.reading import Reading, Sent
from tocsin.alerts.registry import READERS

NOW = datetime(2025, 10, 27, 14, 25, tzinfo=UTC)


def read(source: str, body: Any, *, media: str = "application/json", headers: dict[str, str] | None = None, **more: Any) -> Reading:
    """Read a body; what is no bytes or text becomes JSON."""
    content = body if isinstance(body, bytes) else body.encode() if isinstance(body, str) else json.dumps(body).encode()
    return READERS[source](Sent(content, NOW, media, headers or {}, more.get("query", {}), more.get("options", {})))


def form(source: str, fields: dict[str, str]) -> Reading:
    """Read a form."""
    return read(source, urlencode(fields), media="application/x-www-form-urlencoded")


def one(source: str, body: Any, **more: Any) -> Signal:
    """Read a body that must hold exactly one alert."""
    (signal,) = read(source, body, **more).signals
    return signal


def at(text: str) -> datetime:
    """A moment in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)
