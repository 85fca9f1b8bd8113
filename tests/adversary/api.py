"""Fuzz the API: what every answer must be, whatever was asked."""

from __future__ import annotations

import json
import logging
from typing import Final
from urllib.parse import quote

from tests.adversary.hostile import Words
from tests.world import Answer, World

_LISTS: Final = (
    "severities", "roles", "messages", "marks", "audiences", "milestones", "measures", "entry_types", "mitigations", "obligations", "figures", "assessment",
)  # fmt: skip


class Listener(logging.Handler):
    """Keeps what the product logs as an error: a defect that was swallowed still shows here."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.said: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.said.append(record.getMessage() + (f" {record.exc_info[1]!r}" if record.exc_info else ""))


def check(answer: Answer, what: str) -> None:
    """Make sure that an answer is a result, or a refusal that says what was wrong and what to do."""
    assert answer.status < 500, f"{what}: {answer.status} {answer.content[:500]!r}"
    if answer.status < 400:
        return
    assert answer.headers.get("content-type") == "application/problem+json", f"{what}: {answer.status} {answer.headers}"
    problem = json.loads(answer.content)
    assert isinstance(problem, dict), what
    assert problem["status"] == answer.status, what
    assert problem["detail"].strip(), what
    assert problem["type"].startswith("urn:tocsin:problem:"), what
    assert problem.get("fix"), f"{what}: nobody is told what to do: {problem}"
    assert len(answer.content) < 20_000, f"{what}: a refusal of {len(answer.content)} bytes"


def words_of(world: World, playbook: str, incident: str) -> Words:
    """Return the playbook's own words, by the field of a body that takes them."""
    book = world.get(f"/playbooks/{playbook}")
    ids = {name: tuple(one["id"] for one in book[name]) for name in _LISTS}
    checks = tuple(f"{one['id']}.{item['id']}" for one in book["checklists"] for item in one["items"])
    stages = tuple(one["id"] for one in book["lifecycle"]["stages"])
    review = book["review"]
    moments = ("impact_started", "detected", "alerted", "mitigated", "resolved", *ids["milestones"])
    people = ("alice", "bob", "carol")
    found: dict[str, tuple[str, ...]] = {
        "": ("Something was seen.", "A second sentence.", "30m", "rolled back", "payment-api"), "severity": ids["severities"], "role": ids["roles"], "stage": stages,
        "milestone": moments, "milestones": moments, "mark": ids["marks"], "marks": ids["marks"], "message": ids["messages"], "item": checks, "figure": ids["figures"],
        "kind": (*ids["entry_types"], *ids["mitigations"], *(one["id"] for one in review["kinds"])), "mitigation": ("M1", "M2"), "person": people, "people": people,
        "lead": people, "owner": people, "by": people, "obligation": ids["obligations"], "audiences": ids["audiences"], "answers": tuple(one["id"] for one in book["assessment"]),
        "assessment": tuple(one["id"] for one in book["assessment"]), "playbook": (playbook, "house", "compact-policy"), "service": ("payment-api", ""), "cause": ("deployment", ""),
        "id": ("INC-20251027-ABCDEF",), "into": (incident,), "alert": ("x",), "measure": ids["measures"], "section": tuple(review.get("sections") or ("causes",)),
        "group": tuple(one["id"] for one in book["actions"]["groups"]), "priority": ("P0", "P1", "high"), "approver": tuple(one["id"] for one in review["approvals"]),
        "targets": tuple(one["id"] for one in review["targets"]), "topic": ("db",), "due": ("2025-11-03", "2w"), "next_in": ("30m", "15m", "1h"), "attachments": ("0" * 64,),
        "field": ("why",), "status": tuple(book["status_labels"]), "eta": ("unknown", "15:00 UTC"), "detected_by": tuple(book["detection_sources"]),
    }  # fmt: skip
    return {name: some or ("none",) for name, some in found.items()}


def ask(world: World, method: str, path: str, raw: bytes | None = None, headers: dict[str, str] | None = None) -> Answer:
    """Send a request; an exception that leaves the application is an answer of 500."""
    try:
        return world.send(method, path, raw=raw, headers=headers)
    except Exception as error:
        raise AssertionError(f"{method} {path[:300]} {(raw or b'')[:3000]!r}: {type(error).__name__}: {error}") from error


def part(text: str) -> str:
    """Return a text as one segment of a path."""
    return quote(text, safe="")
