"""A notice as an ntfy message (https://docs.ntfy.sh/publish/#publish-as-json). Pure."""

from __future__ import annotations

from typing import Any, Final

from tocsin.channels.notice import Notice, cut, cut_bytes, digest

_LONGEST_TITLE: Final = 200
_LARGEST: Final = 3500
"""Bytes of the text: beyond 4,096 the server makes it an attachment."""
_PRIORITY: Final = {True: 5, False: 3}
_MOST_ACTIONS: Final = 3


def content_of(notice: Notice, topic: str) -> dict[str, Any]:
    """Return what is posted to the server. ``sequence_id`` is the message's own: a repeat changes what is shown, and rings nobody again."""
    facts = "\n".join(f"{label}: {value}" for label, value in notice.facts)
    text = "\n\n".join(part for part in (facts, notice.body) if part) or notice.subject
    made: dict[str, Any] = {
        "topic": topic, "title": cut(notice.subject, _LONGEST_TITLE), "message": cut_bytes(text, _LARGEST), "priority": _PRIORITY[notice.urgent],
        "sequence_id": digest(notice.key, 48),
    }  # fmt: skip
    if notice.kind == "page":
        made["tags"] = ["rotating_light" if notice.urgent else "bell"]
    click = notice.link or next((url for _label, url in notice.links), "")
    if click:
        made["click"] = click
    actions: list[dict[str, Any]] = []
    if notice.acknowledge:
        actions.append({"action": "http", "label": "Acknowledge", "url": notice.acknowledge, "method": "POST", "clear": True})
    actions += [{"action": "view", "label": label, "url": url} for label, url in notice.links if label in ("Runbook", "Dashboard")]
    if actions:
        made["actions"] = actions[:_MOST_ACTIONS]
    return made
