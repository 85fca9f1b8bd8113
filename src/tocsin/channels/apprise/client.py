"""Apprise: the long tail of services, each message in a process of its own that ends when its time is over."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Collection
from typing import Any, Final

from tocsin.channels.abilities import ABILITIES
from tocsin.channels.addresses import problem
from tocsin.channels.apprise.message import kind_of, text_of
from tocsin.channels.notice import Compose, plain
from tocsin.channels.outgoing import TRY_AGAIN
from tocsin.channels.standing import Standing
from tocsin.engine.ports import ChannelFailed, Message

_SECONDS: Final = 20.0
_SERVER_ERROR: Final = 500
_CHILD: Final = "tocsin.channels.apprise.child"


class Apprise:
    """Hands a message to the service that the contact's URL names."""

    name = "apprise"
    abilities = ABILITIES["apprise"]
    at_once = 2  # each is a process that loads a large library
    timeout_seconds = _SECONDS + 3

    def __init__(self, compose: Compose = plain, allowed: Collection[str] = (), seconds: float = _SECONDS, certificates: str = "") -> None:
        self._compose = compose
        self._allowed = tuple(allowed)
        self._seconds = seconds
        self._certificates = certificates

    def place(self, target: str) -> str:
        """Return the service, as far as the URL's first word tells."""
        return target.partition("://")[0].lower()

    def standing(self) -> Standing:
        """It needs no settings."""
        return Standing(ready=True, says="Contacts are Apprise URLs.")

    def send(self, message: Message) -> str:
        """Send the message; Apprise knows no receipts.

        Raises:
            ChannelFailed: the URL is none that Apprise knows, the service did not take it, or it took too long.

        """
        url = message.target.strip()
        if wrong := problem(self.name, url):
            raise ChannelFailed(f"the contact cannot be used: {wrong}", permanent=True)
        notice = self._compose(message, self.name)
        title, body = text_of(notice)
        service = self.place(url)
        found = self._run({"url": url, "title": title, "body": body, "type": kind_of(notice), "allowed": self._allowed}, service)
        if found.get("ok"):
            return f"handed to {service}"
        if found.get("unknown"):
            raise ChannelFailed(f"Apprise knows no address like this {service}:// one", permanent=True)
        if found.get("inside"):
            raise ChannelFailed(
                f"the {service}:// address leads inside this network; an administrator can name the host in TOCSIN_ALLOW_INTERNAL",
                permanent=True,
            )
        status = int(found.get("status") or 0)
        if status and not (status in TRY_AGAIN or status >= _SERVER_ERROR):
            raise ChannelFailed(f"{service} answered {status}", permanent=True)
        raise ChannelFailed(f"{service} answered {status}" if status else f"{service} could not be reached")

    def _run(self, job: dict[str, Any], service: str) -> dict[str, Any]:
        """Run the child with nothing of this process's settings, and return what it found out."""
        kept = {name: os.environ[name] for name in ("PATH", "PYTHONPATH", "VIRTUAL_ENV", "LANG") if name in os.environ}
        certificates = {"REQUESTS_CA_BUNDLE": self._certificates, "SSL_CERT_FILE": self._certificates} if self._certificates else {}
        try:
            done = subprocess.run(  # noqa: S603 (our own module, no shell; the job comes by its input)
                [sys.executable, "-P", "-m", _CHILD], input=json.dumps(job).encode(), capture_output=True, timeout=self._seconds, check=False,
                env={**kept, **certificates, "HOME": os.devnull, "PYTHONDONTWRITEBYTECODE": "1"},
            )  # fmt: skip
        except subprocess.TimeoutExpired as error:
            raise ChannelFailed(f"{service} did not answer in {self._seconds:g} s") from error
        try:
            found = json.loads(done.stdout)
        except ValueError as error:
            raise ChannelFailed(f"{service} broke while it sent (exit code {done.returncode})") from error
        return found if isinstance(found, dict) else {}
