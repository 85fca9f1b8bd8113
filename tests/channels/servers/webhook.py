"""A receiver of our signed webhooks, as docs/reference/channels.md tells people to write one."""

from __future__ import annotations

import hashlib
import hmac
import json

import trustme

from tests.channels.servers.web import Received, Reply, WebServer

SECRET = b"a-webhook-secret"


def webhook_receiver(certificate: trustme.LeafCert | None = None) -> WebServer:
    """Return a receiver that takes what is signed with SECRET, each key once."""

    def judge(got: Received) -> Reply:
        if got.method != "POST":
            return Reply(405)
        proof = "sha256=" + hmac.new(SECRET, got.body, hashlib.sha256).hexdigest()
        if not hmac.compare_digest(proof, got.headers.get("x-tocsin-signature", "")):
            return Reply(401, b'{"error":"the signature is wrong"}')
        if got.headers.get("content-type") != "application/json" or not isinstance(json.loads(got.body), dict):
            return Reply(415)
        if not got.headers.get("idempotency-key"):
            return Reply(400, b'{"error":"there is no key"}')
        return Reply(202)

    return WebServer(judge, certificate)
