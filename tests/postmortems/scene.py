"""The reference incident as far as a postmortem needs it: 14:20 start, 14:25 alert, rollback 14:40 to 14:42, resolved 15:07."""

from __future__ import annotations

from typing import Any

from tests.world import World

DAY = "2025-10-27T"


class Scene:
    """One incident and its postmortem."""

    def __init__(self, world: World, **more: Any) -> None:
        self.world = world
        world.at("14:30")
        given = {"started_at": f"{DAY}14:20:00Z", "cause": "deployment", "impact": "Half of the payments fail", **more}
        self.id = world.declare(**given)
        self.milestone("alerted", "14:25")
        self.milestone("detected", "14:25")
        self.post("acknowledge", {"at": f"{DAY}14:27:00Z"})
        self.entry("OBSERVATION", "the pool is exhausted", "14:28", "bob")

    def post(self, path: str, body: Any = None, person: str = "alice") -> Any:
        return self.world.post(f"/incidents/{self.id}/{path}", body, person)

    def milestone(self, name: str, clock: str) -> None:
        self.post("milestones", {"milestone": name, "when": f"{DAY}{clock}:00Z"})

    def entry(self, kind: str, text: str, clock: str, by: str = "") -> int:
        return int(self.post("entries", {"kind": kind, "text": text, "at": f"{DAY}{clock}:00Z", "by": by})["entry"])

    def responded(self) -> Scene:
        """Go on to the end of the response: hand-over, rollback, criteria with one waiver, resolution."""
        world = self.world
        world.at("14:36")
        self.post("roles", {"role": "ic", "person": "charlie"})
        world.at("14:40")
        self.entry("DECISION", "Roll back v2.3.1 to v2.3.0", "14:40", "charlie")
        self.post("stage", {"stage": "mitigating"})
        rollback = self.post("mitigations", {"kind": "rollback", "text": "Roll back v2.3.1 to v2.3.0", "by": "bob", "before": "35 %"})[
            "mitigation"
        ]
        world.at("14:42")
        self.post("mitigations/complete", {"mitigation": rollback})
        world.at("14:45")
        self.post("mitigations/verify", {"mitigation": rollback, "effective": True, "after": "0.3 %"})
        world.at("14:50")
        self.post("stage", {"stage": "monitoring"})
        self.post("figures", {"figure": "failed_requests", "value": 15000, "source": "gateway log", "estimate": True})
        self.post("figures", {"figure": "users_affected", "value": 5000, "source": "warehouse"})
        self.post("figures", {"figure": "support_tickets", "value": 234, "source": "help desk"})
        self.post("figures", {"figure": "revenue_lost", "value": 25000, "source": "finance", "estimate": True})
        self.post("figures", {"figure": "transactions_percent", "value": 50, "source": "gateway log"})
        world.at("15:07")
        self.post("entries", {"kind": "OBSERVATION", "text": "calm", "by": "bob", "reading": {"measure": "error_rate", "value": 0.3}})
        items = [i for c in world.get(f"/incidents/{self.id}")["checklists"] if c["id"] == "resolution" for i in c["items"]]
        waived = items[-1]["id"]
        for item in items[:-1]:
            if item["state"] == "open":
                self.post("checks/tick", {"item": item["id"], "evidence": "dashboard"})
        self.post("checks/waive", {"item": waived, "reason": "the supplier is closed today"})
        self.post("resolve", {"confirm": "verified"})
        return self

    def drafted(self, **body: Any) -> Scene:
        """Draft the postmortem."""
        self.post("postmortem", {"authors": ["alice", "charlie"], **body})
        return self

    def write(self, section: str, text: str, part: str = "") -> None:
        """Write a section."""
        self.post("postmortem/sections", {"section": section, "text": text, "part": part})

    def action(self, title: str, **more: Any) -> str:
        """Write down an action item that lacks nothing."""
        return str(self.post("actions", {"title": title, "group": "prevent", "owner": "bob", "due": "2025-11-03", **more})["action"])

    def document(self, **query: str) -> str:
        """Return the document."""
        asked = "&".join(f"{name}={value}" for name, value in query.items())
        answer = self.world.send("GET", f"/incidents/{self.id}/postmortem/document?{asked}")
        assert answer.status == 200, answer.text
        return answer.text

    def view(self) -> Any:
        """Return the postmortem."""
        return self.world.get(f"/incidents/{self.id}/postmortem")

    def claims(self) -> list[dict[str, Any]]:
        """Return the contradictions."""
        found: list[dict[str, Any]] = self.world.get(f"/incidents/{self.id}/postmortem/claims")["claims"]
        return found

    def kinds(self) -> list[str]:
        """Return the kinds of the contradictions."""
        return [claim["kind"] for claim in self.claims()]
