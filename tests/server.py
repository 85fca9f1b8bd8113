"""A real server in a child process, for tests of crashes and of the command line."""

from __future__ import annotations

import http.client
import json
import os
import signal
import ssl
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any


class Server:
    """``tocsin serve`` on a free port of the loopback address."""

    def __init__(self, data: Path, *more: str, preexec: Callable[[], None] | None = None, tls: ssl.SSLContext | None = None) -> None:
        """tls: what trusts the certificate that the server was given."""
        self.data = data
        self.tls = tls
        self.log = (data.parent / f"{data.name}.log").open("ab")
        environment = {name: value for name, value in os.environ.items() if not name.startswith("TOCSIN_")}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tocsin", "serve", "--data", str(data), "--port", "0", *more],
            stdout=self.log, stderr=self.log, env=environment, preexec_fn=preexec,  # noqa: PLW1509
        )  # fmt: skip
        self.port = 0
        self.token = ""
        try:
            self._wait()
        except BaseException:
            self.process.kill()
            self.process.wait()
            self.log.close()
            raise

    def _wait(self) -> None:
        until = time.monotonic() + 60
        while time.monotonic() < until:
            if self.process.poll() is not None:
                raise AssertionError(f"the server ended with {self.process.returncode}: {Path(self.log.name).read_text()[-2000:]}")
            try:
                url = json.loads((self.data / "server.json").read_text())
                if url["pid"] == self.process.pid:
                    self.port = int(url["url"].rpartition(":")[2])
                    self.token = (self.data / "token").read_text().strip()
                    if self.request("GET", "/readyz")[0] == 200:
                        return
            except (OSError, ValueError, KeyError, http.client.HTTPException):
                pass
            time.sleep(0.02)
        raise AssertionError("the server did not get ready within a minute")

    def connection(self) -> http.client.HTTPConnection:
        """Return a connection that may be used for many requests."""
        if self.tls is not None:
            return http.client.HTTPSConnection("127.0.0.1", self.port, timeout=30, context=self.tls)
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)

    def request(
        self,
        method: str,
        path: str,
        body: Any = None,
        connection: http.client.HTTPConnection | None = None,
        headers: dict[str, str] | None = None,
    ) -> tuple[int, Any]:
        """Send one request; return status and decoded body."""
        link = connection or self.connection()
        content = None if body is None else json.dumps(body)
        given = {"Authorization": f"Bearer {self.token}", "X-Tocsin-Person": "alice", "Content-Type": "application/json", **(headers or {})}
        try:
            link.request(method, path, content, given)
            answer = link.getresponse()
            raw = answer.read()
        finally:
            if connection is None:
                link.close()
        try:
            return answer.status, json.loads(raw)
        except ValueError:
            return answer.status, raw.decode()

    def kill(self) -> None:
        """End the process without a warning."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self.log.close()

    def stop(self) -> int:
        """Ask the process to end, and return its exit code."""
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(timeout=30)
        self.log.close()
        return code
