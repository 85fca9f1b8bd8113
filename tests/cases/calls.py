"""An escalation case played against a whole installation: its people, rules and policy become ours, its events happen, and what left is kept.

The network's edge are recorders in place of the channels; everything between the intake and them is the product. A case names ways of its own
(sms, voice); the recorders stand in for those.
"""

from __future__ import annotations

import asyncio
import copy
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec

from tests.world import World
from tocsin.alerts.maintenance_model import SaveMaintenance
from tocsin.app import App, Options, build, start
from tocsin.channels.console.client import Quiet
from tocsin.engine.model import Actor
from tocsin.engine.ports import Message
from tocsin.paging.handlers import reply

BEGIN = datetime(2024, 5, 6, 8, 0, tzinfo=UTC)
SERVICE = "the-service"
CHAT = "chat"
WORDS = {
    "closed": ("closed", "over", "ended", "resolved"),
    "heartbeat": ("heartbeat",),
    "on-call": ("on call", "on-call"),
}
"""A word of the cases -> the words that we have for it."""
_NUMBER = re.compile(r"\d+")
_LATENESS = 1.0


@dataclass
class Sent:
    """One message that left."""

    at_min: float
    to: str
    via: str
    text: str
    kind: str
    """What renders it, such as ``page.status``."""


@dataclass
class Recorder:
    """A channel that keeps what it is given; it outlives the installation, as a telephone does."""

    name: str
    people: dict[str, str]
    """Address -> person."""
    log: list[Sent]
    now: Any
    keys: set[str] = field(default_factory=set)

    def send(self, message: Message) -> str:
        assert message.key not in self.keys, f"{message.key} was sent twice"
        self.keys.add(message.key)
        minutes = (self.now() - BEGIN).total_seconds() / 60
        text = f"{message.subject}\n{message.body}"
        self.log.append(Sent(minutes, self.people.get(message.target, message.target), self.name, text, message.kind))
        return f"R{len(self.log)}"


class Stage(World):
    """An installation whose ways to reach people are recorders."""

    def __init__(self, folder: Path, people: dict[str, str], ways: set[str]) -> None:
        self.log: list[Sent] = []
        self.recorders = {way: Recorder(way, people, self.log, self._now) for way in ways}
        super().__init__(folder, BEGIN, playbook="house")

    def _now(self) -> datetime:
        return self.now

    def _build(self) -> App:
        app = build(Options(data=self.folder, default_playbook=self.playbook, clock=self.clock, console=Quiet()))
        channels: Any = app.runtime.channels
        channels.update(self.recorders)
        start(app)
        return app


class Play:
    """A case under way."""

    def __init__(self, case: dict[str, Any], folder: Path, *, stop_between: bool = False) -> None:
        self.case = case
        self.given = copy.deepcopy(case["input"])
        self.stop_between = stop_between
        self.users: dict[str, Any] = {**{name: {"rules": []} for name in self._named_in_steps()}, **self.given.get("users", {})}
        numbers = {f"+3519100000{index:02}": name for index, name in enumerate(self.users)}
        self.number_of = {name: number for number, name in numbers.items()}
        ways = {rule["via"] for user in self.users.values() for rule in user["rules"]} | {"sms", "voice"}
        ways |= {CHAT} | {event["via"] for event in self.given.get("events", []) if event.get("via")}
        self.stage = Stage(folder, numbers, ways)
        self.pages: dict[str, str] = {}
        """Title -> page that is or was open for it."""
        self.began: dict[str, str] = {}
        self.listening = False
        self.answers: list[str] = []
        self._set_up()

    def _named_in_steps(self) -> list[str]:
        policy = self.given.get("policy", {})
        several = [one for one in policy.values() if isinstance(one, dict)]
        return [target for one in (policy, *several) for step in one.get("steps", []) for target in step.get("targets", [])]

    def close(self) -> None:
        self.stage.close()

    # -- setting up -------------------------------------------------------------------------------

    def _set_up(self) -> None:
        for name in self.users:
            self._save_person(name)
        policy = self.given.get("policy", {})
        if "steps" in policy:
            self._save_policy("the-policy", policy)
            self._use("the-policy")
        elif "start" in policy:
            for name, one in policy.items():
                if isinstance(one, dict):
                    self._save_policy(name, one)
            self._use(policy["start"])

        for name, monitor in self.given.get("monitors", {}).items():
            body = {"name": name, "every": f"{monitor['interval_min']}m", "service": SERVICE, "muted": bool(monitor.get("muted"))}
            self.stage.post(f"/heartbeats/{name}", body)

    def _save_person(self, name: str) -> None:
        rules = self.users[name]["rules"]
        ways = dict.fromkeys([rule["via"] for rule in rules] or ["sms"])
        self.stage.post(
            f"/people/{name}",
            {
                "name": name.capitalize(),
                "contacts": [{"kind": way, "value": self.number_of[name]} for way in ways],
                "rules": [{"contact": rule["via"], "after": f"{rule['after_min']}m"} for rule in rules],
            },
        )

    def _save_policy(self, name: str, given: dict[str, Any]) -> None:
        self.stage.post(f"/policies/{name}", our_policy(given))

    def _use(self, policy: str) -> None:
        self.stage.post(f"/services/{SERVICE}", {"name": "The service", "policy": policy})

    # -- playing ----------------------------------------------------------------------------------

    def run(self) -> None:
        """Let everything happen until the case looks no further."""
        for event in self.given.get("events", []):
            self._until(event["at_min"])
            self._do(event)
            if self.stop_between:
                self.stage.restart()
        until = self.case["expected"].get("observed_until_min")
        if until is not None:
            self._until(until)

    def _until(self, minute: float) -> None:
        to = BEGIN + timedelta(minutes=minute)
        while self.stop_between and self.stage.now < to - timedelta(minutes=1):
            # between any two events: what is due next happens in a process that did not see the last
            step = min(to, self.stage.now + timedelta(minutes=max(1.0, (to - self.stage.now).total_seconds() / 60 / 4)))
            self.stage.app.runtime.advance(step)
            self.stage.restart()
        self.stage.app.runtime.advance(max(to, self.stage.now))

    def _do(self, event: dict[str, Any]) -> None:
        do = {
            "alert": self.alert, "ack": self._ack, "reply": self._reply, "escalate": self._escalate, "close": self._close, "add-rule": self._add_rule,
            "set-policy": lambda e: self._use(e["policy"]), "maintenance-on": self._maintenance, "beat": self._beat, "on-call": self._on_call,
        }[event["do"]]  # fmt: skip
        do(event)
        self.stage.app.runtime.settle()

    def alert(self, event: dict[str, Any], status: str = "firing") -> None:
        """Have a monitoring tool report an alert, or its end; what pages it opened is looked up afterwards."""
        name = event.get("summary") or event.get("id") or "an alert"
        now = self.stage.now.isoformat()
        self.began.setdefault(name, now)
        alert = {
            "status": status, "labels": {"alertname": name, "service": SERVICE}, "annotations": {"summary": name}, "startsAt": self.began[name],
            "endsAt": now if status == "resolved" else "0001-01-01T00:00:00Z", "fingerprint": name,
        }  # fmt: skip
        body = {
            "version": "4", "groupKey": name, "status": status, "receiver": "tocsin", "groupLabels": {"alertname": name}, "commonLabels": alert["labels"],
            "commonAnnotations": alert["annotations"], "externalURL": "http://alertmanager.example", "truncatedAlerts": 0, "alerts": [alert],
        }  # fmt: skip
        url = next(one["url"] for one in self.stage.get("/intake")["intake"] if one["source"] == "alertmanager")
        answer = self.stage.send("POST", urlsplit(url).path, body)
        assert answer.status < 300, answer.text
        pages = self.stage.get("/pages")["pages"]
        self.pages |= {one["title"]: one["id"] for one in pages if one["title"] == name and one["state"] != "resolved"}

    def page(self, name: str = "") -> str:
        """Return the page of an alert; without a name, the newest."""
        return self.pages[name] if name else str(self.stage.get("/pages", limit=1)["pages"][0]["id"])

    def _ack(self, event: dict[str, Any]) -> None:
        self.stage.post(f"/pages/{self.page()}/acknowledge", {"person": event["by"]}, event["by"])

    def _escalate(self, event: dict[str, Any]) -> None:
        self.stage.post(f"/pages/{self.page()}/escalate", {})

    def _close(self, event: dict[str, Any]) -> None:
        if event.get("by") in self.users:
            self.stage.post(f"/pages/{self.page(event.get('summary', ''))}/resolve", {}, event["by"])
        else:
            self.alert(event, "resolved")

    def _reply(self, event: dict[str, Any]) -> None:
        self.answers.append(self.say(event["by"], event["text"]))

    def say(self, person: str, text: str) -> str:
        """Answer a message; a number in it stands for the one that our message gave."""
        number = str(self.stage.get(f"/pages/{self.page()}")["number"])
        return asyncio.run(reply(self.stage.app.runtime, person, _NUMBER.sub(number, text), "sms"))

    def _add_rule(self, event: dict[str, Any]) -> None:
        self.users[event["user"]]["rules"].append({"after_min": event["after_min"], "via": event["via"]})
        self._save_person(event["user"])

    def _maintenance(self, event: dict[str, Any]) -> None:
        now = self.stage.now
        until = now + timedelta(minutes=event["for_min"])
        window = {"title": "Work", "since": now.isoformat(), "until": until.isoformat(), "services": [SERVICE]}
        self.stage.app.runtime.commit_now("maintenance", "work", msgspec.convert(window, SaveMaintenance), Actor("person", "alice"))

    def _beat(self, event: dict[str, Any]) -> None:
        self.stage.post(f"/heartbeats/{event['monitor']}/beat")

    def _on_call(self, event: dict[str, Any]) -> None:
        """Have these people on call from now on; whoever is to hear of it begins to listen with the first."""
        schedule = self.given["policy"]["schedule"]
        layer = {"id": "all", "groups": [event["users"]], "start": BEGIN.strftime("%Y-%m-%dT%H:%M")}
        self.stage.post(f"/schedules/{schedule}", {"name": schedule, "layers": [layer]})
        self.stage.app.runtime.settle()
        for channel in self.given["policy"].get("channels", []) if not self.listening else ():
            self.stage.post(f"/schedules/{schedule}/subscribers", {"channel": CHAT, "target": f"#{channel}"})
        self.listening = True

    # -- looking ----------------------------------------------------------------------------------

    def status(self) -> str:
        """Return how the newest page stands, in the words of the cases."""
        words = {"open": "active", "acknowledged": "acknowledged", "resolved": "closed"}
        return words[self.view()["state"]]

    def let_pass(self, minutes: float) -> None:
        """Let time pass."""
        self.stage.advance(minutes=minutes)

    def view(self, name: str = "") -> dict[str, Any]:
        found: dict[str, Any] = self.stage.get(f"/pages/{self.page(name)}")
        return found


def our_policy(given: dict[str, Any]) -> dict[str, Any]:
    """Return a policy of a case as we write it."""
    steps: list[dict[str, Any]] = []
    window: dict[str, Any] | None = None
    repeats: Any = given.get("repeat")
    for step in given["steps"]:
        match step.get("kind", "notify"):
            case "continue-only-between":
                window = {"from": step["from"], "to": step["to"]}
                continue
            case "repeat":
                repeats = "forever" if repeats is None else repeats
                continue
            case "one-of-list-in-turn":
                more: dict[str, Any] = {"pick": "in_turn"}
            case _:
                more = {}
        wait = step.get("next_step_after_min")
        steps.append(
            {
                "to": [f"person:{name}" for name in step["targets"]], "wait": f"{wait}m" if wait is not None else "1m",
                **({"acknowledgements": "everyone"} if step.get("everyone_acknowledges") else {}), **({"only": window} if window else {}), **more,
            }
        )  # fmt: skip
        window = None
    return {"steps": steps, "repeat": repeats or 0, "zone": given.get("timezone", "UTC")}


def differences(expected: list[dict[str, Any]], sent: list[Sent]) -> list[str]:
    """Return what is missing, late or too much; the order of what leaves in one minute does not count."""
    left = sorted(sent, key=lambda one: one.at_min)
    wrong = []
    for wanted in sorted(expected, key=lambda one: one["at_min"]):
        found = next((one for one in left if _fits(wanted, one)), None)
        if found is None:
            wrong.append(f"missing: {wanted}")
        else:
            left.remove(found)
    return wrong + [f"too much: {one}" for one in left]


def _fits(wanted: dict[str, Any], one: Sent) -> bool:
    if not wanted["at_min"] <= one.at_min <= wanted["at_min"] + _LATENESS:
        return False
    return (one.to, one.via) == (wanted["to"], wanted["via"]) and all(says(one.text, word) for word in wanted.get("contains", []))


def says(text: str, word: str) -> bool:
    """Tell whether a text has a word of the cases, in our words."""
    low = text.casefold()
    return any(one.casefold() in low for one in WORDS.get(word, (word,)))
