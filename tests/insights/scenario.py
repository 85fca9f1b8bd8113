"""The reference incident of the payments playbook, minute by minute, over the API."""

from __future__ import annotations

from typing import Any

from tests.world import World

DAY = "2025-10-27"


def at(clock: str) -> str:
    return f"{DAY}T{clock}:00Z"


class Walkthrough:
    """Posts each minute of the walk-through as it comes."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.id = ""

    def post(self, path: str, body: dict[str, Any], person: str = "alice") -> Any:
        return self.world.post(f"/incidents/{self.id}/{path}", body, person)

    def log(self, clock: str, person: str, kind: str, text: str, rate: float | None = None) -> int:
        self.world.at(clock)
        reading = {} if rate is None else {"reading": {"measure": "error_rate", "value": rate}}
        return int(self.post("entries", {"kind": kind, "text": text, "by": person, **reading}, person)["entry"])

    def play(self) -> str:
        """Play it to the end and return the incident's id."""
        self.detect()
        self.mitigate()
        self.resolve()
        return self.id

    def detect(self) -> None:
        self.world.at("14:30")
        self.id = self.world.declare(started_at=at("14:20"), impact="50 % of payment transactions failing", detected_by="monitoring")
        self.post("milestones", {"milestone": "alerted", "when": at("14:25")})
        self.post("milestones", {"milestone": "detected", "when": at("14:25")})
        self.post("acknowledge", {"person": "alice", "at": at("14:27")})
        self.log("14:31", "alice", "OBSERVATION", "error rate 35 % and climbing", 35)
        self.world.at("14:32")
        self.post("updates", {"message": "first_post", "fields": {"first_actions": ["assess a rollback"]}, "next_in": "15m"})
        self.world.at("14:33")
        self.post("invitations", {"people": ["bob", "charlie"], "why": "database errors; command"})
        self.world.at("14:35")
        self.post("updates", {"message": "customer_initial", "next_in": "30m"})
        self.world.at("14:36")
        for role, person in (
            ("ic", "charlie"),
            ("tech_lead", "alice"),
            ("database_sme", "bob"),
            ("communications", "diana"),
            ("scribe", "eve"),
        ):
            self.post("roles", {"role": role, "person": person}, "charlie")

    def mitigate(self) -> None:
        self.log("14:37", "alice", "OBSERVATION", "the deployment fits the onset")
        self.log("14:38", "alice", "OBSERVATION", "the pool is exhausted")
        self.log("14:40", "charlie", "DECISION", "roll back")
        self.post("stage", {"stage": "mitigating"}, "charlie")
        rollback = self.post("mitigations", {"kind": "rollback", "text": "undo the deployment"})["mitigation"]
        self.world.at("14:42")
        self.post("mitigations/complete", {"mitigation": rollback})
        self.log("14:43", "alice", "OBSERVATION", "still high", 30)
        self.log("14:45", "alice", "OBSERVATION", "declining", 22)
        self.post("milestones", {"milestone": "improving", "when": at("14:45")})
        self.log("14:47", "alice", "OBSERVATION", "falling", 10)
        self.log("14:48", "alice", "OBSERVATION", "under the threshold", 3)
        self.world.at("14:49")
        self.post("mitigations", {"kind": "capacity", "text": "a larger pool", "done": True}, "bob")
        self.log("14:50", "alice", "OBSERVATION", "at its baseline", 0.5)
        self.post("stage", {"stage": "monitoring"}, "charlie")
        news = {"headline": "Payments", "news": "rolled back"}
        draft = self.world.get(f"/incidents/{self.id}/updates/draft/customer_update")
        fields = {
            f["id"]: news.get(f["id"], "rolled back") for f in draft["fields"] if f["required"] and not f["value"] and f["kind"] != "list"
        }
        fields |= {f["id"]: ["rolled back"] for f in draft["fields"] if f["required"] and not f["value"] and f["kind"] == "list"}
        self.post("updates", {"message": "customer_update", "fields": fields, "next_in": "30m", "when_resolved": True}, "diana")

    def resolve(self) -> None:
        self.world.at("15:05")
        for item in self.world.get(f"/incidents/{self.id}")["checklists"][0]["items"]:
            if item["state"] == "open":
                self.post("checks/tick", {"item": item["id"], "evidence": "seen"}, "charlie")
            elif item["state"] == "unmet":
                self.post("checks/waive", {"item": item["id"], "reason": "0.5 % is its usual value"}, "charlie")
        self.world.at("15:07")
        self.post("resolve", {"confirm": "verified"}, "charlie")
        self.world.at("15:10")
        draft = self.world.get(f"/incidents/{self.id}/updates/draft/customer_resolved")
        fields = {
            f["id"]: ["rolled back"] if f["kind"] == "list" else "rolled back" for f in draft["fields"] if f["required"] and not f["value"]
        }
        self.post("updates", {"message": "customer_resolved", "fields": fields}, "diana")
