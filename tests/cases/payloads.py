"""The requests of monitoring tools in the cases: how each is sent, and what our readers make of it."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, urlencode

from tests.world import Answer, World
from tocsin.alerts.reading import Reading, Sent
from tocsin.alerts.registry import READERS

Case = dict[str, Any]
KEY = "a-key-of-the-cases"
NOW = datetime(2026, 11, 1, 9, 0, tzinfo=UTC)

_CALL = re.compile(r"POST (/v2/[^\s?,]+)")
"""An interface that is called by its own path, which such a case's format names."""
_EVENTS = ("/v2/enqueue", "/v2/change/enqueue")


@dataclass(frozen=True)
class Request:
    """A request of a case, ready to be sent."""

    path: str
    body: bytes
    headers: dict[str, str]
    query: dict[str, str]

    def sent_to(self, world: World, body: bytes | None = None) -> Answer:
        """Send it, or another body in its place."""
        return world.send("POST", self.path, raw=self.body if body is None else body, headers=self.headers, person="")


def request_of(case: Case, key: str = KEY) -> Request:
    """Return the request of a case, as its sender would send it to the address of the vendor."""
    given = case["request"]
    body = given["body_text"].encode() if "body_text" in given else json.dumps(given.get("body")).encode()
    headers = {"content-type": given.get("content_type", ""), **given.get("headers", {})}
    query = given.get("query") or {}
    path, rest = f"/intake/{case['vendor']}/{key}", dict(query)
    if call := _CALL.match(case.get("format", "")):
        path = re.sub(r"\{(\w+)\}", lambda part: quote(str(rest.pop(part.group(1))), safe=""), call.group(1))
        headers["Authorization"] = f"GenieKey {key}"
    elif case["vendor"] == "pagerduty-events-v2":
        path = _EVENTS["change" in case.get("format", "")]
    asked = f"?{urlencode(rest, doseq=True)}" if rest else ""
    flat = {name: value[-1] if isinstance(value, list) else str(value) for name, value in query.items()}
    return Request(path + asked, body, {name: text for name, text in headers.items() if text}, flat)


def read(case: Case) -> Reading:
    """Return what our reader of the vendor makes of a case's request."""
    request = request_of(case)
    query = dict(request.query)
    if (call := _CALL.match(case.get("format", ""))) and "}/" in call.group(1):
        query["action"] = call.group(1).rpartition("/")[2]
    headers = {name.lower(): text for name, text in request.headers.items()}
    return READERS[case["vendor"]](Sent(request.body, NOW, request.headers.get("content-type", ""), headers, query))
