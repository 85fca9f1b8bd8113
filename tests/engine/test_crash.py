"""What the server answered is on disk: it is killed in the middle of a stream of commands, again and again."""

from __future__ import annotations

import contextlib
import http.client
import random
import threading
import time
from pathlib import Path

import pytest

from tests.server import Server

CLIENTS = 6


class Writer(threading.Thread):
    """Sends entries one after the other, each under its own key, and keeps what was answered and what was not."""

    def __init__(self, server: Server, incident: str, name: str) -> None:
        super().__init__(daemon=True)
        self.server, self.incident, self.label = server, incident, name
        self.answered: list[str] = []
        self.unsure: list[str] = []

    def run(self) -> None:
        with contextlib.closing(self.server.connection()) as link:
            self._write(link)

    def _write(self, link: http.client.HTTPConnection) -> None:
        for number in range(100_000):
            text = f"{self.label}-{number}"
            try:
                status, _ = self.server.request(
                    "POST",
                    f"/api/v1/incidents/{self.incident}/entries",
                    {"kind": "OBSERVATION", "text": text},
                    link,
                    headers={"Idempotency-Key": text},
                )
            except (OSError, http.client.HTTPException):
                self.unsure.append(text)
                return
            assert status == 200
            self.answered.append(text)


def kill_and_look(folder: Path, rounds: int) -> None:
    """Kill the server ``rounds`` times under load; after each start everything answered must be there, nothing twice, and the chain whole."""
    answered: list[str] = []
    server = Server(folder)
    _, made = server.request("POST", "/api/v1/incidents", {"title": "crash", "playbook": "house"})
    incident = made["incident"]
    for number in range(rounds):
        writers = [Writer(server, incident, f"r{number}c{client}") for client in range(CLIENTS)]
        for writer in writers:
            writer.start()
        time.sleep(random.uniform(0.15, 0.5))
        server.kill()
        for writer in writers:
            writer.join(timeout=30)
            answered += writer.answered
        server = Server(folder)
        _, timeline = server.request("GET", f"/api/v1/incidents/{incident}/timeline")
        texts = [line["text"] for line in timeline if line.get("entry")]
        assert len(texts) == len(set(texts)), "an entry is there twice"
        assert set(answered) <= set(texts), "an answered entry is lost"
        assert set(texts) <= set(answered) | {text for writer in writers for text in writer.unsure} | set(answered)
        answered = texts
        for text in [text for writer in writers for text in writer.unsure]:  # whoever got no answer sends it again, under the same key
            status, _ = server.request(
                "POST",
                f"/api/v1/incidents/{incident}/entries",
                {"kind": "OBSERVATION", "text": text},
                headers={"Idempotency-Key": text},
            )
            assert status == 200
            answered.append(text)
        answered = sorted(set(answered))
        _, timeline = server.request("GET", f"/api/v1/incidents/{incident}/timeline")
        assert sorted(line["text"] for line in timeline if line.get("entry")) == answered
        assert server.request("GET", f"/api/v1/incidents/{incident}/verify")[1]["whole"] is True
    assert len(answered) > rounds, "the clients wrote too little for this to mean anything"
    assert server.stop() == 0


def test_nothing_answered_is_lost_when_the_server_is_killed_five_times(tmp_path: Path) -> None:
    kill_and_look(tmp_path / "data", rounds=5)


@pytest.mark.torture
def test_nothing_answered_is_lost_when_the_server_is_killed_fifty_times(tmp_path: Path) -> None:
    kill_and_look(tmp_path / "data", rounds=50)
