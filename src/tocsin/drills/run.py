"""The server of a drill in a child process, and the scenarios and reports that go with it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Collection
from datetime import datetime
from importlib import resources
from pathlib import Path
from typing import Any, Final

from tocsin.drills.load import load_text
from tocsin.drills.model import Scenario
from tocsin.drills.player import Server
from tocsin.drills.verbs import API

_FOLDER: Final = "tocsin.drills.scenarios"
_START_SECONDS: Final = 60.0
_STOP_SECONDS: Final = 10.0
_LOOK_EVERY: Final = 0.05


class DrillFailed(Exception):
    """The drill could not be run; the message says why and what to do."""


def shipped() -> list[str]:
    """Return the ids of the shipped scenarios, in order."""
    return sorted(entry.name.removesuffix(".yaml") for entry in resources.files(_FOLDER).iterdir() if entry.name.endswith(".yaml"))


def load_shipped(scenario: str) -> Scenario:
    """Return a shipped scenario."""
    file = f"{scenario}.yaml"
    return load_text(resources.files(_FOLDER).joinpath(file).read_text(encoding="utf-8"), file)


class Child:
    """A server on a virtual clock in a process of its own; ``stop`` ends it."""

    def __init__(self, data: Path, starts: datetime, port: int, playbook: str) -> None:
        data.mkdir(parents=True, exist_ok=True)
        self.data = data
        self.url = ""
        """Where it listens, once ``wait`` has returned."""
        self.log = data / "server.log"
        command = [
            sys.executable, "-m", "tocsin", "serve", "--data", str(data), "--port", str(free(port)), "--playbook", playbook,
            "--virtual-clock", starts.isoformat(),
        ]  # fmt: skip
        with self.log.open("wb") as log:
            # A session of its own: Ctrl-C goes to the demo, which ends the server in order.
            self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)  # noqa: S603 (our own program)

    def wait(self) -> str:
        """Wait until the server takes connections and return its URL.

        Raises:
            DrillFailed: it ended, or does not answer in time.

        """
        found = self.data / "server.json"
        until = time.monotonic() + _START_SECONDS
        while time.monotonic() < until:
            if self._process.poll() is not None:
                raise DrillFailed(f"The server ended before it answered. {self._last_words()}")
            if found.exists():
                try:
                    url = str(json.loads(found.read_text())["url"])
                    split = url.rpartition(":")
                    with socket.create_connection((split[0].removeprefix("http://").strip("[]"), int(split[2])), timeout=1):
                        self.url = url
                        return url
                except (OSError, ValueError, KeyError):
                    pass
            time.sleep(_LOOK_EVERY)
        raise DrillFailed(f"The server does not answer after {_START_SECONDS:.0f} seconds. {self._last_words()}")

    @property
    def token(self) -> str:
        """The administrator's token of a fresh data directory; empty where there is none."""
        try:
            return (self.data / "token").read_text().strip()
        except OSError:
            return ""

    @property
    def outbox(self) -> Path:
        """The folder in which the server leaves each message."""
        return self.data / "outbox"

    def running(self) -> bool:
        """Tell whether the server still runs."""
        return self._process.poll() is None

    def port_was_taken(self) -> bool:
        """Tell whether the server ended because something listens at its port."""
        return not self.running() and "Cannot listen on" in self._last_words()

    def stop(self) -> None:
        """End the server and wait for it; what it accepted is on disk."""
        if self._process.poll() is not None:
            return
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _last_words(self) -> str:
        try:
            lines = self.log.read_text(errors="replace").strip().splitlines()
        except OSError:
            lines = []
        return f"It said: {' / '.join(lines[-3:])}" if lines else "It said nothing."


def free(port: int) -> int:
    """Return the port if nothing listens there, 0 (any free one) otherwise."""
    with socket.socket(socket.AF_INET) as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind(("127.0.0.1", port))
        except OSError:
            return 0
    return port


def fresh(data: Path) -> None:
    """Make sure that a drill may use a folder: it is new or empty.

    Raises:
        DrillFailed: something lies there.

    """
    if data.exists() and any(data.iterdir()):
        raise DrillFailed(f"{data} is not empty, and a drill must not touch a real installation. Name a new folder.")


def messages_of(outbox: Path, records: Collection[str] = (), known: set[str] | None = None) -> list[tuple[str, dict[str, Any]]]:
    """Return the messages that lie in an outbox, in the order in which they were decided; those known already are left out.

    records: only theirs (``incident:INC-…``); all messages without any. Each comes with the name of its file.
    """
    found = []
    if not outbox.is_dir():
        return []
    for entry in os.scandir(outbox):
        if not entry.name.endswith(".json") or (known is not None and entry.name in known):
            continue
        message = json.loads(Path(entry.path).read_text(encoding="utf-8"))
        if known is not None:
            known.add(entry.name)
        if not records or message.get("record") in records:
            found.append((entry.name, message))
    return sorted(found, key=lambda item: (str(item[1].get("at")), str(item[1].get("key"))))


def report(server: Server, incident: str, outbox: Path, folder: Path) -> list[str]:
    """Write what is known of an incident into a folder; return what could not be had.

    ``metrics.json``, ``timeline.json``, ``obligations.json``, ``postmortem.md`` and ``messages/``, one JSON file per message of the incident
    and of its pages.
    """
    folder.mkdir(parents=True, exist_ok=True)
    wrong: list[str] = []

    def write(name: str, value: Any) -> None:
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, indent=1) + "\n"
        (folder / name).write_text(text, encoding="utf-8")

    def get(path: str) -> Any:
        status, answer = server.call("GET", f"{API}/incidents/{incident}{path}")
        if status >= 400:  # noqa: PLR2004 (refused)
            wrong.append(f"{incident}{path} answered {status}")
            return None
        return answer

    if (measured := get("/metrics")) is not None:
        write("metrics.json", metrics(incident, measured))
    if (timeline := get("/timeline/export")) is not None:
        write("timeline.json", timeline)
    records = {f"incident:{incident}"}
    if (view := get("")) is not None:
        status, answer = server.call("GET", f"{API}/pages?incident={incident}&limit=500")
        records |= {f"page:{page['id']}" for page in answer["pages"]} if status < 400 else set()  # noqa: PLR2004 (refused)
        write("obligations.json", {"incident": incident, "obligations": view["obligations"]})
    if (document := get("/postmortem/document?format=md")) is not None:
        write("postmortem.md", document if isinstance(document, str) else str(document))
    shutil.rmtree(folder / "messages", ignore_errors=True)
    (folder / "messages").mkdir()
    for name, message in messages_of(outbox, records):
        write(f"messages/{name}", message)
    return wrong


def metrics(incident: str, measured: dict[str, Any]) -> dict[str, Any]:
    """Return the durations of an incident for a file; those that are not available are listed apart, with the reason.

    measured: the answer of ``/incidents/{id}/metrics``. ``from`` and ``to`` are milestones, ``from_fact`` and ``to_fact`` the facts that they
    came from. A playbook's own definition goes before the canonical one of the same id.
    """
    own = [metric for metric in measured["metrics"] if metric["form"] in ("duration", "mitigation")]
    names = {metric["id"] for metric in own}
    durations: list[dict[str, Any]] = []
    absent: list[dict[str, str]] = []
    for metric in [*own, *(metric for metric in measured["canonical"] if metric["id"] not in names)]:
        if not metric.get("available", True):
            absent.append({"id": metric["id"], "why": metric.get("reason", "")})
        elif metric["form"] == "duration":
            durations.append(_row(metric["id"], metric["start"], metric["end"], metric))
        else:
            done = [each for each in metric["each"] if each.get("seconds") is not None]
            for number, each in enumerate(done):
                name = metric["id"] if number == 0 else f"{metric['id']}:{each['mitigation']}"
                durations.append(_row(name, "mitigation_started", "mitigation_completed", each))
    return {"incident": incident, "durations": durations, **({"not_available": absent} if absent else {})}


def _row(name: str, start: str, end: str, found: dict[str, Any]) -> dict[str, Any]:
    return {"id": name, "from": start, "to": end, "seconds": found["seconds"], "from_fact": found["from_fact"], "to_fact": found["to_fact"]}
