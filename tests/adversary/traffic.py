"""Random traffic of several people against a real server, and what must hold of the database afterwards, whatever they did."""

from __future__ import annotations

import contextlib
import http.client
import random
import threading
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import msgspec
from sqlalchemy import Connection, create_engine, func, select

from tests.server import Server
from tocsin.app import Options, build
from tocsin.channels.console.client import Quiet
from tocsin.engine import ledger, log, rebuild, tables
from tocsin.engine.kinds import Registry

PLAYBOOKS: Final = ("payments-sev1", "house", "nine-stage", "compact", "service-levels", "rota-and-runbooks")
PEOPLE: Final = ("alice", "bob", "carol", "dave")
CLIENTS: Final = 6
_TEXTS: Final = ("error rate at 4 %", "é🔥 \u202e", "{{ 7 * 7 }}", "a | b\nc", "x" * 400)


class Records:
    """What the clients share: ids that exist, the playbooks' words, and what went wrong."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.incidents: list[str] = []
        self.actions: list[str] = []
        self.alerts: list[str] = []
        self.intake = server.request("GET", "/api/v1/intake")[1]["intake"][0]["url"].rpartition("/")[2]
        self.books: dict[str, Any] = {name: server.request("GET", f"/api/v1/playbooks/{name}")[1] for name in PLAYBOOKS}
        self.wrong: list[str] = []
        self.answers: Counter[int] = Counter()
        self.stop = threading.Event()


class Client(threading.Thread):
    """Sends one random command after the other until it is stopped or the server goes away."""

    def __init__(self, records: Records, seed: int) -> None:
        super().__init__(daemon=True)
        self.records, self.random = records, random.Random(seed)
        self.book = records.books[self.random.choice(PLAYBOOKS)]

    def run(self) -> None:
        with contextlib.closing(self.records.server.connection()) as link:
            while not self.records.stop.is_set():
                try:
                    self._step(link)
                except (OSError, http.client.HTTPException):
                    return

    def _step(self, link: http.client.HTTPConnection) -> None:
        method, path, body = self._request()
        headers = {"X-Tocsin-Person": self.random.choice(PEOPLE)}
        if self.random.random() < 0.5:
            headers["Idempotency-Key"] = f"k{self.random.randrange(50)}" if self.random.random() < 0.1 else f"{self.random.random()}"
        status, answer = self.records.server.request(method, path, body, link, headers)
        self.records.answers[status] += 1
        if status >= 500:
            self.records.wrong.append(f"{method} {path} {body}: {status} {str(answer)[:500]}")
        if status == 201 and isinstance(answer, dict):
            if path == "/api/v1/incidents":
                self.records.incidents.append(answer["incident"])
            elif path.endswith("/actions"):
                self.records.actions.append(answer.get("action") or answer["id"])
        elif status == 200 and path.startswith("/intake/"):
            self.records.alerts += [alert["alert"] for alert in answer["alerts"] if alert.get("alert")]

    def _one(self, several: list[Any], name: str = "id") -> Any:
        return self.random.choice(several)[name] if several else "none"

    def _at(self) -> dict[str, Any]:
        if self.random.random() < 0.6:
            return {}
        moment = datetime.now(UTC) - timedelta(seconds=self.random.randrange(7200))
        return {"at": moment.isoformat()}

    def _request(self) -> tuple[str, str, Any]:
        pick, book, text = self.random, self.book, self.random.choice(_TEXTS)
        if not self.records.incidents or pick.random() < 0.04:
            body = {
                "title": text[:200],
                "playbook": book["playbook"],
                "severity": self._one(book["severities"]),
                "topic": "db",
                **self._at(),
            }
            return "POST", "/api/v1/incidents", body
        if pick.random() < 0.06:
            alert = {
                "status": pick.choice(["firing", "firing", "resolved"]), "labels": {"alertname": f"A{pick.randrange(5)}", "service": "payment-api"},
                "annotations": {"summary": text[:50]}, "startsAt": f"2025-10-27T14:2{pick.randrange(10)}:00Z",
            }  # fmt: skip
            return "POST", f"/intake/alertmanager/{self.records.intake}", {"alerts": [alert]}
        kinds = book["entry_types"]
        checks = [f"{c['id']}.{i['id']}" for c in book["checklists"] for i in c["items"]] or ["x.y"]
        wanted: list[tuple[str, Any]] = [
            ("entries", {"kind": self._one(kinds), "text": text, **self._at()}),
            (
                "entries",
                {
                    "kind": self._one(kinds),
                    "text": text,
                    "reading": {"measure": self._one(book["measures"]), "value": pick.random() * 10},
                    **self._at(),
                },
            ),
            ("entries/correct", {"entry": pick.randrange(1, 30), "text": text, **self._at()}),
            ("severity", {"severity": self._one(book["severities"]), "reason": text, **self._at()}),
            ("roles", {"role": self._one(book["roles"]), "person": pick.choice(PEOPLE), **self._at()}),
            ("roles/vacate", {"role": self._one(book["roles"]), **self._at()}),
            ("acknowledge", {**self._at()}),
            ("participants", {"person": pick.choice(PEOPLE), **self._at()}),
            ("invitations", {"people": [pick.choice(PEOPLE)], "why": text}),
            ("update", {"title": text[:100], "impact": text}),
            ("marks", {"mark": self._one(book["marks"]), "value": pick.random() < 0.5}),
            (
                "mitigations",
                {"kind": self._one(book["mitigations"]), "text": text, "done": pick.random() < 0.7, "confirmed": "yes", **self._at()},
            ),
            ("mitigations/complete", {"mitigation": f"M{pick.randrange(1, 4)}", **self._at()}),
            (
                "mitigations/verify",
                {"mitigation": f"M{pick.randrange(1, 4)}", "effective": pick.random() < 0.6, "text": text, **self._at()},
            ),
            (
                "milestones",
                {
                    "milestone": pick.choice(["impact_started", "detected", "mitigated"]),
                    "when": self._at().get("at", "2025-10-27T14:20:00Z"),
                },
            ),
            ("stage", {"stage": self._one(book["lifecycle"]["stages"]), "reason": text, "confirm": "yes", **self._at()}),
            ("resolve", {"reason": text, "confirm": "yes", **self._at()}),
            ("close", {"reason": text, "confirm": "yes"}),
            ("reopen", {"reason": text}),
            ("relapse", {"text": text}),
            ("checks/tick", {"item": pick.choice(checks), "evidence": text, **self._at()}),
            ("checks/waive", {"item": pick.choice(checks), "reason": text}),
            ("checks/untick", {"item": pick.choice(checks), "reason": text}),
            ("figures", {"figure": self._one(book["figures"]), "value": pick.randrange(10_000)}),
            ("obligations/waive", {"obligation": self._one(book["obligations"]), "reason": text}),
            ("obligations/done", {"obligation": self._one(book["obligations"]), **self._at()}),
            ("updates", {"message": self._one(book["messages"]), "fields": {}, "next_in": "30m", "eta": "unknown", **self._at()}),
            ("updates", self._update()),
            ("alerts", {"alert": pick.choice(self.records.alerts or ["none"])}),
            ("postmortem", {"authors": [pick.choice(PEOPLE)]}),
            ("actions", {"title": text[:100], "group": self._one(book["actions"]["groups"]), "owner": pick.choice(PEOPLE)}),
        ]
        if pick.random() < 0.01:
            wanted = [("merge", {"into": pick.choice(self.records.incidents), "reason": text}), ("dismiss", {"reason": text})]
        if pick.random() < 0.03:
            wanted = [("entries/redact", {"fact": pick.randrange(1, 30), "reason": "a secret"})]
        incident = pick.choice(self.records.incidents[-20:])
        if pick.random() < 0.1:
            return (
                "GET",
                f"/api/v1/incidents/{incident}" + pick.choice(["", "/timeline", "/metrics", "/health", "/adherence", "/postmortem"]),
                None,
            )
        if self.records.actions and pick.random() < 0.04:
            verb, body = pick.choice([("done", {"evidence": text}), ("drop", {"reason": text}), ("reopen", {"reason": text})])
            return "POST", f"/api/v1/actions/{pick.choice(self.records.actions)}/{verb}", body
        path, body = pick.choice(wanted)
        return "POST", f"/api/v1/incidents/{incident}/{path}", body

    def _update(self) -> dict[str, Any]:
        message = self.random.choice(self.book["messages"])
        values = {
            field["id"]: [text] if field["kind"] == "list" else field["choices"][0] if field["choices"] else text
            for field in message["fields"]
            for text in [self.random.choice(_TEXTS)]
        }
        return {"message": message["id"], "fields": values, "next_in": "30m", "eta": "unknown"}


def run(folder: Path, seconds: float, *, kills: int, seed: int, database: str = "") -> Counter[int]:
    """Send traffic for so long, killing the server on the way; then let everything come to rest, and look at the database."""
    more = ("--database", database) if database else ()
    answers: Counter[int] = Counter()
    known: list[str] = []
    for number in range(kills + 1):
        server = Server(folder, *more)
        try:
            answers += _storm(server, known, seconds / (kills + 1), seed * 1000 + number * 100, kill=number < kills)
            if number == kills:
                _wait_until_sent(database or f"sqlite:///{folder / 'tocsin.db'}")
                assert server.stop() == 0
        finally:
            if server.process.poll() is None:
                server.kill()
    look(folder, database)
    return answers


def _storm(server: Server, known: list[str], seconds: float, seed: int, *, kill: bool) -> Counter[int]:
    records = Records(server)
    records.incidents = known
    clients = [Client(records, seed + client) for client in range(CLIENTS)]
    for client in clients:
        client.start()
    time.sleep(seconds)
    if kill:
        server.kill()
    records.stop.set()
    for client in clients:
        client.join(timeout=60)
        assert not client.is_alive()
    assert records.wrong == [], records.wrong[:5]
    return records.answers


def _wait_until_sent(url: str) -> None:
    engine = create_engine(url)
    waiting = select(func.count()).select_from(tables.deliveries).where(tables.deliveries.c.state == "waiting")
    until = time.monotonic() + 120
    try:
        while time.monotonic() < until:
            with engine.connect() as connection:
                if not connection.execute(waiting).scalar():
                    return
            time.sleep(0.1)
    finally:
        engine.dispose()
    raise AssertionError("messages wait still")


def look(folder: Path, database: str = "") -> None:
    """Open the database that was left, and hold it against its own log."""
    app = build(Options(data=folder, database_url=database, console=Quiet()))
    registry = app.runtime.registry
    try:
        with app.runtime.database.reading() as connection:
            wrong = ledger.verify_all(connection, registry) + rebuild.differences(connection, registry)
            assert not wrong, "\n".join(str(one) for one in wrong[:5])
            for stream in connection.execute(select(tables.streams.c.stream)).scalars().all():
                state, head = log.load(connection, registry, stream)
                folded = log.fold(registry.kind_of(stream), stream, log.read_facts(connection, registry, stream))
                assert msgspec.to_builtins(state) == msgspec.to_builtins(folded), stream
                facts = connection.execute(select(func.count()).select_from(tables.facts).where(tables.facts.c.stream == stream)).scalar()
                assert head.version == facts, stream
            sent = tables.deliveries.c
            left = connection.execute(select(sent.stream, sent.state, sent.error).where(sent.state.not_in(("sent", "redacted")))).all()
            # What waited while the server was gone is taken back where the page it was for has ended meanwhile, and nowhere else.
            assert [tuple(row) for row in left if not (row.state == "cancelled" and _page_is_over(connection, registry, row.stream))] == []
            refused = connection.execute(select(tables.refusals.c.reaction, tables.refusals.c.why)).all()
            assert [tuple(row) for row in refused if not _expected(row.why)] == []
    finally:
        app.runtime.database.close()


def _page_is_over(connection: Connection, registry: Registry, stream: str) -> bool:
    return stream.startswith("page:") and log.load(connection, registry, stream)[0].state != "open"


def _expected(why: str) -> bool:
    """Tell whether a reaction may be refused for this reason: the other record has ended meanwhile."""
    return "has ended" in why or "is over" in why or "was merged" in why
