"""ntfy: one JSON request to a server of one's own, or to a public one; the phone's app shows it with its buttons."""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Any, Final
from urllib.parse import urlsplit

from tocsin.channels.abilities import ABILITIES
from tocsin.channels.addresses import problem, topic_of
from tocsin.channels.notice import Compose, plain
from tocsin.channels.ntfy.message import content_of
from tocsin.channels.options import NtfyOptions
from tocsin.channels.outgoing import Outgoing, host_of, judge, told
from tocsin.channels.standing import Standing
from tocsin.engine.clock import SystemClock
from tocsin.engine.ports import ChannelFailed, Message

_SECONDS: Final = 8.0


class Ntfy:
    """Publishes to the topic that is the contact's value, on the settings' server or on the one that the value names."""

    name = "ntfy"
    abilities = ABILITIES["ntfy"]
    timeout_seconds = _SECONDS + 2

    def __init__(
        self,
        options: NtfyOptions,
        compose: Compose = plain,
        allowed: Collection[str] = (),
        seconds: float = _SECONDS,
        certificates: str = "",
    ) -> None:
        self._options = options
        self._compose = compose
        own = urlsplit(options.server).netloc.rpartition("@")[2]
        self._outgoing = Outgoing(seconds, (*allowed, own) if own else allowed, certificates)

    def place(self, target: str) -> str:
        """Return the server that limits the rate."""
        return topic_of(target.strip(), self._options.server)[0]

    def standing(self) -> Standing:
        """Tell whether topics alone have a server."""
        if not self._options.server:
            return Standing(
                ready=True,
                says="Contacts name their server themselves, as https://host/topic.",
                fix="TOCSIN_NTFY_SERVER names one for topics alone.",
            )
        return Standing(ready=True, says=f"Topics are on {host_of(self._options.server)}.")

    def send(self, message: Message) -> str:
        """Publish the message; return the server's id of it.

        Raises:
            ChannelFailed: there is no server, or it did not take the message.

        """
        target = message.target.strip()
        if wrong := problem(self.name, target):
            raise ChannelFailed(f"the contact cannot be used: {wrong}", permanent=True)
        server, topic = topic_of(target, self._options.server)
        if not server:
            raise ChannelFailed(
                "the topic names no server: write it as https://host/topic, or set TOCSIN_NTFY_SERVER for topics alone", permanent=True
            )
        headers = {"Content-Type": "application/json"}
        if self._options.token and server == self._options.server.rstrip("/"):
            headers["Authorization"] = f"Bearer {self._options.token}"
        body = json.dumps(content_of(self._compose(message, self.name), topic), ensure_ascii=False).encode(errors="replace")
        answer = self._outgoing.post(server, body, headers)
        where = host_of(server)
        said = _object(answer.text)
        judge(answer, where, SystemClock().now(), says=told(str(said.get("error", ""))).replace(topic, "…") if said.get("error") else "")
        if not isinstance(said.get("id"), str):
            raise ChannelFailed(f"{where} answered {answer.status}, but not as an ntfy server does")
        return str(said["id"])[:200]


def _object(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
