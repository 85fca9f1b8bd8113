"""A notice as the JSON of a webhook. Pure."""

from __future__ import annotations

from typing import Any

from tocsin.channels.notice import Notice, cut, long_text, short_text

_LONGEST: dict[str, int] = {"subject": 500, "body": 20_000}
"""Characters."""


def content_of(notice: Notice) -> dict[str, Any]:
    """Return what is posted. Names stay; new ones may come."""
    return {
        "version": 1, "kind": notice.kind, "key": notice.key, "at": notice.at, "urgent": notice.urgent, "subject": cut(notice.subject, _LONGEST["subject"]),
        "short": cut(short_text(notice), _LONGEST["subject"]), "body": cut(long_text(notice), _LONGEST["body"]), "facts": dict(notice.facts),
        "links": dict(notice.links), "page": notice.page, "person": notice.person, "number": notice.number, "link": notice.link,
        "acknowledge": notice.acknowledge,
    }  # fmt: skip
