"""The API in this process, for a data directory on which no server works: run what is due, execute, send, let go."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from tocsin.cli.client import Unreachable
from tocsin.cli.settings import settle


class LocalTransport:
    """Takes the lock, starts the application without a socket, and stops it again in ``close``."""

    def __init__(self, folder: Path) -> None:
        from tocsin.app import Options, build, channel_options, start  # loaded only when used
        from tocsin.channels.console.client import Quiet
        from tocsin.engine.database import DataDirectory
        from tocsin.engine.errors import Refused

        self._directory = DataDirectory(folder)
        try:
            self._directory.lock()
            settings = settle({}, os.environ, None)  # what waits leaves by the same channels as the server's
            self._app = build(
                Options(
                    data=folder, default_playbook=settings["playbook"], public_url=settings["public_url"], console=Quiet(),
                    channels=channel_options(settings.values),
                ),
            )  # fmt: skip
            start(self._app)
        except Refused as refusal:
            self._directory.release()
            raise Unreachable(str(refusal)) from refusal
        self._app.runtime.settle()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()

    def request(self, method: str, path: str, headers: Mapping[str, str], body: bytes | None) -> tuple[int, bytes, str]:
        """Send the request to the application, as the local administrator."""
        return asyncio.run_coroutine_threadsafe(self._call(method, path, headers, body), self._loop).result()

    def close(self) -> None:
        """Send what waits, then stop and give the lock back."""
        self._app.runtime.settle()
        self._app.runtime.stop()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
        self._directory.release()

    async def _call(self, method: str, path: str, headers: Mapping[str, str], body: bytes | None) -> tuple[int, bytes, str]:
        from tocsin.engine.model import Actor

        split = urlsplit(path)
        status, kind = 500, ""
        chunks: list[bytes] = []
        sent = False
        scope: dict[str, Any] = {
            "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method, "scheme": "http", "path": unquote(split.path),
            "raw_path": split.path.encode(), "query_string": split.query.encode(), "root_path": "",
            "headers": [(name.lower().encode(), value.encode()) for name, value in headers.items()],
            "client": ("local", 0), "server": ("local", 0), "tocsin.actor": Actor("token", "administrator", via="cli"),
        }  # fmt: skip

        async def receive() -> dict[str, Any]:
            nonlocal sent
            if sent:
                await asyncio.sleep(3600)
            sent = True
            return {"type": "http.request", "body": body or b"", "more_body": False}

        async def send(message: Any) -> None:
            nonlocal status, kind
            if message["type"] == "http.response.start":
                status = message["status"]
                kind = dict(message["headers"]).get(b"content-type", b"").decode()
            else:
                chunks.append(message.get("body", b""))

        await self._app.asgi(scope, receive, send)
        return status, b"".join(chunks), kind.partition(";")[0]
