"""An incident under one of the shipped playbooks, played over the API: when its duties fall due, what its messages say, what its gates want."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from tests.world import World
from tocsin.incidents.events import Escalated
from tocsin.playbooks import shelf
from tocsin.playbooks.model import Playbook


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def playbook(name: str) -> Playbook:
    return shelf.load_shipped(name).playbook


class Case:
    """One incident. ``alerted`` says whether an alert (at the moment of declaring) or a person told of it."""

    def __init__(self, world: World, book: str, severity: str, *, alerted: bool = True, **more: Any) -> None:
        self.world = world
        self.book = book
        self.began = world.now
        body = {"title": "The API answers with errors", "impact": "half of the calls fail", "playbook": book, "severity": severity, **more}
        self.id = str(world.post("/incidents", body)["incident"])
        if alerted:
            self.milestone("alerted")

    # -- what people do ---------------------------------------------------------------------------

    def post(self, path: str, body: Any = None, person: str = "alice") -> Any:
        return self.world.post(f"/incidents/{self.id}/{path}", body, person)

    def refused(self, path: str, body: Any = None, person: str = "alice") -> dict[str, Any]:
        return self.world.refused(f"/incidents/{self.id}/{path}", body, person)

    def wait(self, minutes: float = 0, hours: float = 0, days: float = 0) -> None:
        self.world.advance(minutes=minutes, hours=hours, days=days)

    def milestone(self, name: str, at: datetime | None = None) -> None:
        self.post("milestones", {"milestone": name, "when": (at or self.world.now).isoformat()})

    def log(self, kind: str, text: str, **more: Any) -> None:
        self.post("entries", {"kind": kind, "text": text, **more})

    def read(self, measure: str, value: float) -> None:
        self.log("OBSERVATION", f"{measure} is {value}", reading={"measure": measure, "value": value})

    def role(self, role: str, person: str) -> Any:
        return self.post("roles", {"role": role, "person": person})

    def go(self, *stages: str) -> None:
        """Move through stages; what a gate on the way wants is ticked or waived, and its sentence confirmed."""
        for stage in stages:
            self.post("stage", {"stage": stage, "confirm": "yes"})

    def satisfy(self, *, leave: tuple[str, ...] = ()) -> None:
        """Tick every criterion that people judge."""
        for checklist in self.view["checklists"]:
            for item in checklist["items"]:
                if item["state"] == "open" and item["id"] not in leave:
                    self.post("checks/tick", {"item": item["id"], "evidence": "seen"})

    def tell(self, message: str, fields: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
        """Post a message and return what was sent of it: subject and body."""
        before = len(self.world.outbox())
        self.post("updates", {"message": message, "fields": fields or {}, **more})
        sent = [one for one in self.world.outbox()[before:] if one["values"].get("message") == message]
        assert sent, f"{message} reached nobody"
        return sent[-1]

    # -- what follows ------------------------------------------------------------------------------

    @property
    def view(self) -> dict[str, Any]:
        found: dict[str, Any] = self.world.get(f"/incidents/{self.id}")
        return found

    @property
    def duties(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.view["obligations"]
        return found

    def duty(self, rule: str) -> dict[str, Any]:
        """Return the first duty of a rule that is not settled, or else the last one."""
        found = [one for one in self.duties if one["rule"] == rule]
        assert found, f"{rule} is not planned; planned are {sorted({one['rule'] for one in self.duties})}"
        return next((one for one in found if one["state"] in ("open", "warned", "overdue")), found[-1])

    def due(self, rule: str, since: datetime | None = None) -> float:
        """Return in how many minutes after its clock began (or after ``since``) the duty of a rule falls due."""
        duty = self.duty(rule)
        return (moment(duty["due_at"]) - (since or moment(duty["from_at"]))).total_seconds() / 60

    def planned(self, rule: str) -> bool:
        return any(one["rule"] == rule for one in self.duties)

    def missing(self, stage: str) -> list[str]:
        """Return what the gate before a stage still wants."""
        (way,) = [one for one in self.view["ways"] if one["to"] == stage]
        found: list[str] = way["missing"]
        return found

    def ways(self) -> set[str]:
        return {one["to"] for one in self.view["ways"]}

    def called(self) -> list[tuple[float, str]]:
        """Return whom escalations called, with the minutes since the incident began."""
        found: list[tuple[float, str]] = []
        for fact in self.world.app.runtime.facts("incident", self.id):
            if isinstance(fact.event, Escalated):
                found += [((fact.occurred_at - self.began).total_seconds() / 60, who) for who in fact.event.to]
        return found

    def timeline(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.world.get(f"/incidents/{self.id}/timeline")
        return found


def level(world: World, book: str, **answers: Any) -> str:
    """Return the level that answers lead to."""
    return str(world.post(f"/playbooks/{book}/classify", {"answers": answers})["severity"])


def in_force(book: str, finding: str) -> str:
    """Return what a playbook says is in force where its procedure contradicts itself."""
    return next(one.in_force for one in playbook(book).accepted if one.finding == finding)


def cited(book: str) -> set[str]:
    """Return the lines of the procedure that a playbook's acceptances cite."""
    return {line.strip() for one in playbook(book).accepted for line in (one.from_ or "").split(",")}
