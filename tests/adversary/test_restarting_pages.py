"""A long random story, once in one go and once with the installation stopped and started at every turn: nothing of it may differ."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.adversary.pagers import Pager
from tests.alerts.entering import fires, say

NAMES = "abcde"
ID = re.compile(r"\b([PS])-[A-Z2-9]{6}\b")
"""What chance has made."""
Deed = Callable[[Pager], None]


def deeds(seed: int, count: int) -> list[Deed]:
    """Return what happens: the same for the same seed, whatever ids chance gives."""
    chance = random.Random(seed)
    return [deed(chance) for _ in range(count)]


def deed(chance: random.Random) -> Deed:
    name, who, minutes = chance.choice(NAMES), chance.choice(["ana", "bo"]), chance.choice([1, 2, 3, 5, 7, 12, 31, 65])
    status = chance.choice(["firing", "firing", "firing", "resolved"])
    expires = chance.choice([None, None, 4, 45])
    kind = chance.choice(
        ["alert"] * 5
        + ["time"] * 6
        + ["acknowledge", "acknowledge", "resolve", "silence", "break", "mend", "escalate", "snooze", "leave", "come"]
    )

    def act(pager: Pager) -> None:
        pages = pager.pages("live")
        match kind:
            case "alert":
                more = {} if expires is None else {"expires_at": pager.now + timedelta(minutes=expires)}
                say(pager, fires(name, status, fingerprint=f"{name}{minutes % 2}", **more))
            case "time":
                pager.advance(minutes=minutes)
            case "acknowledge" | "resolve" | "escalate" if pages:
                pager.send("POST", f"/pages/{pages[minutes % len(pages)]['id']}/{kind}", {}, who)
            case "snooze" if pages:
                until = (pager.now + timedelta(minutes=minutes)).isoformat()
                pager.send("POST", f"/pages/{pages[minutes % len(pages)]['id']}/snooze", {"until": until}, who)
            case "silence":
                until = (pager.now + timedelta(minutes=minutes)).isoformat()
                pager.send("POST", "/silences", {"match": f'alertname="{name}"', "until": until, "why": "try"}, who)
            case "break":
                pager.broken("sms", who, for_good=minutes % 2 == 0)
            case "mend":
                pager.mended("sms", who)
            case "leave" | "come":
                person = pager.get(f"/people/{who}")
                body = {field: person[field] for field in ("name", "contacts", "rules")} | {"active": kind == "come"}
                pager.send("POST", f"/people/{who}", body)
            case _:
                pass
        pager.app.runtime.settle()

    return act


def told(pager: Pager) -> dict[str, Any]:
    """All that must be the same: what left when, how every page, group and alert stands."""
    numbers = {page["id"]: page["number"] for page in pager.pages()}
    return {
        "left": sorted((one.at, one.to, one.way, one.kind) for one in pager.log),
        "pages": [
            {
                **{
                    name: page[name]
                    for name in ("number", "title", "state", "urgency", "opened_at", "next_at", "exhausted_at", "resolved_at", "group")
                },
                "story": [(line["at"], ID.sub(r"\1", line["text"])) for line in pager.view(page["id"])["story"]],
            }
            for page in pager.pages()
        ],
        "groups": [
            {**{name: group[name] for name in ("id", "phase", "firing", "muted", "total")}, "history": _types(pager, group["id"])}
            for group in sorted(pager.get("/groups", state="all", limit=500)["groups"], key=lambda group: str(group["id"]))
        ],
        "alerts": [(one["id"], one["state"], one["started_at"], one["ended_at"]) for one in pager.get("/alerts", limit=500)["alerts"]],
        "numbers": sorted(numbers.values()),
    }


def _types(pager: Pager, group: str) -> list[tuple[str, str]]:
    return [(fact["type"], fact["at"]) for fact in pager.get(f"/groups/{group}")["history"]]


def same_with_restarts(folder: Path, seed: int, count: int) -> None:
    plain, restarted = Pager(folder / "plain"), Pager(folder / "restarted")
    try:
        for pager in (plain, restarted):
            pager.route(wait="2m", repeat="30m", reopen="10m", flapping={"changes": 5, "within": "1h", "calm": "20m"})
        for one in deeds(seed, count):
            one(plain)
            restarted.down()
            one(restarted)
        for pager in (plain, restarted):
            pager.advance(hours=3)
        one_way, other = told(plain), told(restarted)
        for name in one_way:
            assert other[name] == one_way[name], f"seed {seed}: {name} differ"
        plain.audit()
        restarted.audit()
    finally:
        plain.close()
        restarted.close()


@pytest.mark.parametrize("seed", [2])
def test_a_story_with_a_restart_at_every_turn_is_the_same_story(tmp_path: Path, seed: int) -> None:
    same_with_restarts(tmp_path, seed, 16)


@pytest.mark.torture
def test_many_stories_with_a_restart_at_every_turn_are_the_same_stories(tmp_path: Path) -> None:
    for seed in (random.randrange(10**9) for _ in range(12)):
        print(f"seed {seed}")  # noqa: T201 (shown when it fails)
        same_with_restarts(tmp_path / str(seed), seed, 60)
