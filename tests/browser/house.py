"""A server with something of everything in it: an incident that was played to its last follow-up, one that is open, one that is too much."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from tests.server import Server
from tocsin.cli.client import HttpTransport
from tocsin.drills.player import Player
from tocsin.drills.player import Server as Api
from tocsin.drills.run import load_shipped

NAMES: Final = (
    "Amélie Brontë", "محمد عبد الرحمن الهاشمي", "山田 太郎", "Ngozi Okonkwo-Featherstonehaugh", "Łukasz Żółć", "Ólafur Þór", "علی رضایی", "김민준",
)  # fmt: skip
"""Names as people have them."""
LONG: Final = "Checkout and refunds fail for customers in three regions after the certificate of the ledger's proxy was renewed at noon"
PLAYED: Final = "INC-20251027-ABC123"

PAGES: Final = {
    "sign-in": "/sign-in",
    "now": "/",
    "declare": "/declare",
    "declare from an alert": "/declare?alert={alert}",
    "incidents": "/incidents",
    "bridge": "/bridge",
    "room": "/incidents/{incident}",
    "room, extreme": "/incidents/{extreme}",
    "room, ended": "/incidents/{played}",
    "room, as of": "/incidents/{played}?at=2025-10-27T14:45:00Z",
    "bridge of a room": "/incidents/{incident}/bridge",
    "an entry": "/incidents/{incident}/entries/{entry}",
    "updates": "/incidents/{incident}/updates",
    "composer": "/incidents/{incident}/updates/customer_initial",
    "postmortem": "/incidents/{played}/postmortem",
    "publish a postmortem": "/incidents/{played}/postmortem/publish",
    "alerts": "/alerts",
    "alert": "/alerts/{alert}",
    "groups": "/groups",
    "group": "/groups/{group}",
    "receipts": "/receipts",
    "receipt": "/receipts/{receipt}",
    "silences": "/silences",
    "silence": "/silences/{silence}",
    "maintenance": "/maintenance",
    "new maintenance": "/maintenance/new",
    "one maintenance": "/maintenance/{maintenance}",
    "edit maintenance": "/maintenance/{maintenance}/edit",
    "pages": "/pages",
    "page": "/pages/{page}",
    "on-call": "/on-call",
    "my on-call": "/on-call/mine",
    "new schedule": "/on-call/new",
    "reachability": "/on-call/reach",
    "schedule": "/on-call/{schedule}",
    "edit schedule": "/on-call/{schedule}/edit",
    "fairness": "/on-call/{schedule}/fairness",
    "history of a schedule": "/on-call/{schedule}/history",
    "playbooks": "/playbooks",
    "playbook": "/playbooks/payments-sev1",
    "edit playbook": "/playbooks/payments-sev1/edit",
    "text of a playbook": "/playbooks/payments-sev1/text",
    "try a playbook": "/playbooks/payments-sev1/try",
    "versions of a playbook": "/playbooks/payments-sev1/versions",
    "compare playbooks": "/playbooks/compare",
    "crosswalk": "/playbooks/crosswalk",
    "postmortems": "/postmortems",
    "follow-up reviews": "/postmortems/follow-ups",
    "actions": "/actions",
    "new action": "/actions/new?incident={incident}",
    "action": "/actions/{action}",
    "insights": "/insights",
    "insights, 3 years": "/insights?last=3y",
    "insights, duties": "/insights/duties?last=3y",
    "insights, on-call": "/insights/on-call?last=3y",
    "insights, follow-up": "/insights/follow-up?last=3y",
    "insights, alerts": "/insights/alerts?last=3y",
    "behind a figure": "/insights/incidents?last=3y",
    "search": "/search",
    "search, found": "/search?q=rollback",
    "settings": "/settings",
    "accounts": "/settings/accounts",
    "audit": "/settings/audit",
    "heartbeats": "/settings/heartbeats",
    "heartbeat": "/settings/heartbeats/nightly",
    "my settings": "/settings/me",
    "new policy": "/settings/new-policy",
    "people": "/settings/people",
    "person": "/settings/people/person-1",
    "policies": "/settings/policies",
    "policy": "/settings/policies/payments",
    "routes": "/settings/routes",
    "services": "/settings/services",
    "service": "/settings/services/ledger",
    "sources": "/settings/sources",
    "source": "/settings/sources/tools/alertmanager",
    "status settings": "/settings/status",
    "subscribers": "/settings/subscribers",
    "teams": "/settings/teams",
    "team": "/settings/teams/night",
    "tokens": "/settings/tokens",
    "setup": "/setup",
    "push": "/push",
    "offline": "/offline",
    "status": "/status",
    "status, a month": "/status/history/2026-11",
    "subscribe": "/status/subscribe",
    "not there": "/incidents/INC-0",
}
"""Every page by a name of its own; names in braces are ids of this house."""
OUTSIDE: Final = ("sign-in", "status", "status, a month", "subscribe")
"""Pages for whoever is not signed in."""
NO_PAGES: Final = (
    "/a/", "/beat/", "/calendar/", "/static/", "/api/", "/icon-", "/favicon.ico", "/sw.js", "/healthz", "/readyz", "/metrics", "/live", "/nav",
    "/manifest.webmanifest", "/incidents.csv", "/insights/csv/", "/insights/points", "/report/", "/password/", "/receipts/{id}/body",
    "/declare/level", "/declare/questions", "/declare/similar", "/incidents/{id}/people", "/silences/preview", "/on-call/{id}/effect", "/incidents/{id}/attachments/",
    "/on-call/handoffs/", "/settings/accounts/{id}", "/settings/sources/keys/", "/setup/{step}", "/status/incidents/", "/status/subscription/",
    "/status/api/", "/status/feed", "/status.", "/gallery",
)  # fmt: skip
"""Beginnings of addresses that are no page, a part of one, or one by a secret: their own tests open those."""
SHOWN_AGAIN: Final = "/incidents/{id}/"
"""Below it, an address that also takes a form shows the room again where somebody loads it anew."""


class House:
    """The server and the ids of what is in it."""

    def __init__(self, data: Path) -> None:
        self.ids: dict[str, str] = {"played": PLAYED, "schedule": "payments"}
        self._play(data)
        self.server = Server(data)
        self._fill()

    def close(self) -> None:
        """Stop the server."""
        self.server.stop()

    def path(self, name: str) -> str:
        """Return the address of a page."""
        return PAGES[name].format(**self.ids)

    def post(self, path: str, body: Any = None, person: str = "alice") -> Any:
        """Send a command that must succeed; return its result."""
        status, answer = self.server.request("POST", "/api/v1" + path, body or {}, headers={"X-Tocsin-Person": person})
        assert status < 300, f"{path} answered {status}: {answer}"
        return answer

    def get(self, path: str) -> Any:
        """Read something that must be there."""
        status, answer = self.server.request("GET", "/api/v1" + path)
        assert status < 300, f"{path} answered {status}: {answer}"
        return answer

    def declare(self, **more: Any) -> str:
        """Declare an incident for one test and return its id."""
        body = {"title": "High error rate in payment API", "severity": "SEV-1", "service": "payment-api", "playbook": "payments-sev1"}
        return str(self.post("/incidents", {**body, **more})["incident"])

    def fire(self, name: str, service: str = "payment-api", severity: str = "critical") -> str:
        """Let an alert fire and return its id."""
        key = self.get("/intake")["intake"][0]["url"].rpartition("/")[2]
        labels = {"alertname": name, "service": service, "severity": severity}
        body = [{"labels": labels, "annotations": {"summary": f"{name} is firing"}, "startsAt": datetime.now(UTC).isoformat()}]
        status, answer = self.server.request("POST", f"/am/{key}/api/v2/alerts", body)
        assert status == 200, answer
        return next(str(one["id"]) for one in self.get("/alerts")["alerts"] if one["title"] == f"{name} is firing")

    def _play(self, data: Path) -> None:
        """Play the reference incident on a clock of its own, from its alert to the follow-up a quarter later."""
        scenario = load_shipped("000")
        server = Server(data, "--virtual-clock", scenario.starts.isoformat())
        try:
            transport = HttpTransport(f"http://127.0.0.1:{server.port}")
            _, answer = server.request("GET", "/api/v1/intake")
            key = answer["intake"][0]["url"].rpartition("/")[2]
            outcome = Player(Api(transport, server.token), {"intake_key": key}).play(scenario)
            assert not outcome.failures, outcome.failures[:3]
        finally:
            server.stop()

    def _fill(self) -> None:
        """Add what is going on at this moment."""
        now = datetime.now(UTC)
        for number, name in enumerate(NAMES):
            self.post(f"/people/person-{number}", {"name": name, "contacts": [{"kind": "file", "value": f"person-{number}"}]})
        crowd = tuple(f"person-{number}" for number in range(len(NAMES)))
        self.post("/teams/night", {"name": "Night watch", "members": list(crowd)})
        layers = [{"id": "week", "groups": [["alice"], ["bob"], ["person-1"]], "start": "2025-10-20T09:00"}]
        self.post("/schedules/payments", {"name": "Payments", "zone": "Europe/Berlin", "layers": layers})
        self.post("/policies/payments", {"steps": [{"to": ["schedule:payments"]}, {"to": ["person:charlie"]}]})
        self.post("/services/ledger", {"name": "Ledger", "owner": "night", "policy": "payments"})

        self.ids["alert"] = self.fire("HighErrorRate")
        self.ids["group"] = str(self.get("/groups")["groups"][0]["id"])
        self.fire("DiskFull", "ledger", "warning")
        self.ids["receipt"] = str(self.get("/receipts?limit=1")["receipts"][0]["id"])
        self.ids["action"] = str(self.get("/actions?limit=1&state=all")["actions"][0]["id"])
        window = {"title": "Upgrade of the ledger", "services": ["ledger"]}
        times = {"since": (now + timedelta(days=2)).isoformat(), "until": (now + timedelta(days=2, hours=2)).isoformat()}
        self.ids["maintenance"] = str(self.post("/maintenance", {**window, **times})["maintenance"])
        self.post("/heartbeats/nightly", {"name": "Nightly backup", "every": "1h"})
        silence = self.post(
            "/silences", {"match": 'alertname="KnownNoise"', "until": (now + timedelta(hours=2)).isoformat(), "why": "Known noise"}
        )
        self.ids["silence"] = str(silence["silence"])
        self.ids["page"] = str(self.post("/pages", {"title": "Checkout errors", "policy": "payments"})["page"])

        incident = self.ids["incident"] = self.declare()
        self.post(f"/incidents/{incident}/acknowledge")
        self.post(f"/incidents/{incident}/roles", {"role": "ic", "person": "charlie"})
        for kind, text in (("OBSERVATION", "Error rate at 35 %"), ("DECISION", "Roll back"), ("ACTION", "Rollback started")):
            self.post(f"/incidents/{incident}/entries", {"kind": kind, "text": text}, "charlie" if kind == "DECISION" else "alice")

        self.ids["entry"] = str(self.get(f"/incidents/{incident}/timeline")[-1]["fact"])

        extreme = self.ids["extreme"] = self.declare(title=LONG, impact="Every third customer. " * 12)
        self.post(f"/incidents/{extreme}/invitations", {"people": list(crowd), "why": "All hands"})
        for person in crowd:
            self.post(f"/incidents/{extreme}/participants", {"person": person}, person)
        link = self.server.connection()
        for number in range(150):
            text = f"{NAMES[number % len(NAMES)]}: " + (
                "https://example.com/" + "x" * 120 if number % 30 == 0 else f"reading {number} "
            ) * (1 + number % 9)
            entry = {"kind": "OBSERVATION", "text": text}
            self.server.request(
                "POST", f"/api/v1/incidents/{extreme}/entries", entry, link, {"X-Tocsin-Person": f"person-{number % len(NAMES)}"}
            )
        link.close()


def seeded(folder: Path) -> House:
    """Return a house in a folder, for whoever wants to look at it by hand."""
    house = House(folder)
    print(json.dumps({"url": f"http://127.0.0.1:{house.server.port}", "token": house.server.token, "pid": os.getpid(), **house.ids}))  # noqa: T201
    return house
