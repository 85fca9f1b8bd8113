"""A real browser without a window, driven by its debugging protocol over a pipe (https://chromedevtools.github.io/devtools-protocol/)."""

from __future__ import annotations

import json
import os
import subprocess
import time
from pathlib import Path
from typing import Any


class Chromium:
    """One browser with a profile of its own."""

    def __init__(self, program: str, profile: Path) -> None:
        ours_read, theirs_write = os.pipe()
        theirs_read, ours_write = os.pipe()
        self._process = subprocess.Popen(
            ["/bin/bash", "-c", f'exec "$0" "$@" 3<&{theirs_read} 4>&{theirs_write}', program, "--headless=new", "--no-sandbox", "--disable-gpu",
             "--remote-debugging-pipe", "--no-first-run", "--disable-background-networking", "--disable-component-update",
             f"--user-data-dir={profile}", "about:blank"],
            pass_fds=(theirs_read, theirs_write), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        os.close(theirs_read)
        os.close(theirs_write)
        self._read, self._write = os.fdopen(ours_read, "rb", buffering=0), os.fdopen(ours_write, "wb", buffering=0)
        self._waiting = b""
        self._number = 0
        self.events: list[dict[str, Any]] = []

    def ask(self, method: str, session: str = "", /, **params: Any) -> dict[str, Any]:
        """Send a command and return its result."""
        self._number += 1
        number = self._number
        message = {"id": number, "method": method, "params": params} | ({"sessionId": session} if session else {})
        self._write.write(json.dumps(message).encode() + b"\0")
        until = time.monotonic() + 30
        while time.monotonic() < until:
            found = self._next()
            if found.get("id") == number:
                assert "error" not in found, f"{method}: {found['error']}"
                result: dict[str, Any] = found["result"]
                return result
            self.events.append(found)
        raise AssertionError(f"{method} was not answered")

    def _next(self) -> dict[str, Any]:
        while b"\0" not in self._waiting:
            chunk = self._read.read(65536)
            assert chunk, "the browser ended"
            self._waiting += chunk
        one, _, self._waiting = self._waiting.partition(b"\0")
        found: dict[str, Any] = json.loads(one)
        return found

    def open(self, url: str) -> str:
        """Open a page in a new tab; return its session."""
        target = self.ask("Target.createTarget", url="about:blank")["targetId"]
        session = str(self.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"])
        self.ask("Page.enable", session)
        self.ask("Runtime.enable", session)
        self.ask("Page.navigate", session, url=url)
        self.wait(session, "document.readyState === 'complete' && location.href !== 'about:blank'")
        return session

    def run(self, session: str, script: str) -> Any:
        """Evaluate a script in a page, wait for what it promises, and return it."""
        found = self.ask("Runtime.evaluate", session, expression=script, awaitPromise=True, returnByValue=True, userGesture=True)
        assert "exceptionDetails" not in found, found["exceptionDetails"]
        return found["result"].get("value")

    def wait(self, session: str, script: str) -> Any:
        """Wait until a script gives something true, and return it."""
        until = time.monotonic() + 20
        while time.monotonic() < until:
            if found := self.run(session, script):
                return found
            time.sleep(0.05)
        raise AssertionError(f"never true: {script}")

    def targets(self, kind: str) -> list[dict[str, Any]]:
        """Return what is open of a kind: ``page``, ``service_worker``."""
        return [one for one in self.ask("Target.getTargets")["targetInfos"] if one["type"] == kind]

    def close(self) -> None:
        """End the browser."""
        self._process.terminate()
        self._process.wait(20)
        self._read.close()
        self._write.close()
