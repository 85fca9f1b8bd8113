"""An ntfy server, as far as publishing JSON goes.

https://docs.ntfy.sh/publish/#publish-as-json (fields), #limitations (4,096 bytes of text, topic names), #action-buttons (at most three),
#updating-deleting-notifications (sequence ids), #authentication (bearer tokens). Errors are ``{"code", "http", "error", "link"}``.
"""

from __future__ import annotations

import json
import re

import trustme

from tests.channels.servers.web import Received, Reply, WebServer

TOKEN = "tk_AgQdq7mVBoFD37zQVN29RhuMzNIz2"
_FIELDS = {
    "topic", "message", "title", "tags", "priority", "actions", "click", "attach", "markdown", "icon", "filename", "delay", "email", "call", "sequence_id",
}  # fmt: skip
_TOPIC = re.compile(r"[-_A-Za-z0-9]{1,64}")


def _error(status: int, code: int, says: str) -> Reply:
    return Reply(status, json.dumps({"code": code, "http": status, "error": says, "link": "https://ntfy.sh/docs/publish/"}).encode())


def ntfy_server(certificate: trustme.LeafCert | None = None) -> WebServer:
    """Return a server whose topics that begin with ``private`` want a token."""

    def judge(got: Received) -> Reply:
        if got.method not in ("POST", "PUT") or got.path != "/":
            return _error(404, 40401, "page not found")
        try:
            said = json.loads(got.body)
        except ValueError:
            return _error(400, 40024, "invalid request: request body must be valid JSON")
        if not isinstance(said, dict) or set(said) - _FIELDS or not _TOPIC.fullmatch(str(said.get("topic", ""))):
            return _error(400, 40009, "invalid request: topic invalid")
        bearer = got.headers.get("authorization", "")
        if bearer and bearer != f"Bearer {TOKEN}":
            return _error(401, 40101, "unauthorized")
        if said["topic"].startswith("private") and not bearer:
            return _error(403, 40301, "forbidden")
        if len(said.get("message", "").encode()) > 4096:
            return _error(413, 41301, "attachment too large, or bandwidth limit reached")
        if said.get("priority", 3) not in range(1, 6):
            return _error(400, 40007, "invalid priority parameter")
        if not re.fullmatch(r"[-_A-Za-z0-9]{1,64}", said.get("sequence_id", "x")):
            return _error(400, 40049, "sequence ID invalid")
        actions = said.get("actions", [])
        if len(actions) > 3 or any(one.get("action") not in ("view", "http", "broadcast") or not one.get("label") for one in actions):
            return _error(400, 40018, "invalid request: actions invalid")
        if any(one["action"] in ("view", "http") and "://" not in one.get("url", "") for one in actions):
            return _error(400, 40018, "invalid request: actions invalid; parameter 'url' is required")
        return Reply(200, json.dumps({"id": f"ntfy{len(server.received):08}", "time": 1, "event": "message", **said}).encode())

    server = WebServer(judge, certificate)
    return server
