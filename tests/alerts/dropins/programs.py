"""Programs of others, as Debian packs them, run on loopback; tests skip where one is not installed."""

from __future__ import annotations

import http.client
import json
import shutil
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

import pytest

ALERTMANAGER, AMTOOL, PROMETHEUS = "prometheus-alertmanager", "amtool", "prometheus"


def needs(*programs: str) -> pytest.MarkDecorator:
    """Skip a test where one of the programs is not installed."""
    missing = [name for name in programs if shutil.which(name) is None]
    return pytest.mark.skipif(bool(missing), reason=f"{', '.join(missing)} of Debian is not installed")


def free_port() -> int:
    """Return a port of the loopback address that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def until(what: Callable[[], Any], seconds: float = 20) -> Any:
    """Ask again and again until something is so, and return it."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := what():
            return found
        time.sleep(0.05)
    raise AssertionError(f"not within {seconds} seconds: the last answer was {what()!r}")


class Program:
    """A server of others on a free port, from its start until the end of the block."""

    def __init__(self, folder: Path, program: str, config: str, *more: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.port = free_port()
        self.config = folder / f"{program}.yml"
        self.config.write_text(config)
        self.log = folder / f"{program}.log"
        self._more = more
        self._program = program
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(
                [self._program, f"--config.file={self.config}", f"--web.listen-address=127.0.0.1:{self.port}", *self._more],
                stdout=log, stderr=log, cwd=self.config.parent,
            )  # fmt: skip
        try:
            until(self._ready)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def _ready(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, self.log.read_text()[-2000:]
        try:
            return self.request("GET", "/-/ready")[0] == 200
        except OSError:
            return False

    def request(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        """Send one request; return status and decoded body."""
        link = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            link.request(method, path, None if body is None else json.dumps(body), {"Content-Type": "application/json"})
            answer = link.getresponse()
            raw = answer.read()
        finally:
            link.close()
        try:
            return answer.status, json.loads(raw)
        except ValueError:
            return answer.status, raw.decode("utf-8", "replace")
