"""A notification service on this machine: a certificate of its own, addresses for it and for confirmations, and signed requests.

It keeps the contract of https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html: the certificate is a PEM at an https address,
signatures are RSA over the named fields, a subscription is confirmed by GET with its token, and a wrong token is refused.
"""

from __future__ import annotations

import base64
import json
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import NameOID

from tocsin.alerts.sources.cloudwatch_sns import SIGNED

TOPIC = "arn:aws:sns:eu-central-1:111122223333:ops"
TOKEN = "a-token"
_KEYS = [rsa.generate_private_key(public_exponent=65537, key_size=2048) for _ in range(2)]


def certificate(key: rsa.RSAPrivateKey, since: datetime, until: datetime) -> bytes:
    """A certificate that the service signs with, as PEM."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sns.example")])
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(x509.random_serial_number())
        .not_valid_before(since).not_valid_after(until).sign(key, hashes.SHA256())
    )  # fmt: skip
    return made.public_bytes(serialization.Encoding.PEM)


class Service:
    """The service: what it was asked, and whether it answers at all."""

    def __init__(self, now: datetime) -> None:
        self.key, self.stranger = _KEYS
        self.pem = certificate(self.key, now - timedelta(days=1), now + timedelta(days=365))
        self.asked: list[str] = []
        self.confirmed = 0
        self.down = False
        self.elsewhere = ""
        """Where the certificate's address points to instead of answering."""
        self._authority = trustme.CA()
        service = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                service.asked.append(self.path)
                status, body = service.answer(self.path)
                self.send_response(status)
                if status == 302:
                    self.send_header("Location", service.elsewhere)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_args: Any) -> None:
                return

        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._authority.issue_cert("localhost").configure_cert(context)
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.base = f"https://localhost:{self.server.server_port}"

    def answer(self, path: str) -> tuple[int, bytes]:
        parts = urlsplit(path)
        if self.down:
            return 503, b"later"
        if parts.path.endswith(".pem"):
            return (302, b"") if self.elsewhere else (200, self.pem)
        if parse_qs(parts.query).get("Action") == ["ConfirmSubscription"]:
            if parse_qs(parts.query).get("Token") != [TOKEN]:
                return 400, b"InvalidParameter"
            self.confirmed += 1
            return 200, b"<ConfirmSubscriptionResponse/>"
        return 404, b""

    def context(self) -> ssl.SSLContext:
        """What a client trusts this service with."""
        made = ssl.create_default_context()
        self._authority.configure_trust(made)
        return made

    def own(self, url: str) -> bool:
        """Is an address the service's own? What ``provider_host`` says of the real one."""
        return url.startswith(f"{self.base}/")

    def notification(self, alarm: str, state: str, at: str, *, version: str = "2", forged: bool = False, **changed: str) -> dict[str, Any]:
        """A signed notification of an alarm. changed: fields that somebody changed after it was signed."""
        message = json.dumps(
            {"AlarmName": alarm, "NewStateValue": state, "NewStateReason": "because", "StateChangeTime": at, "Region": "EU"}
        )
        fields = {
            "Type": "Notification",
            "MessageId": f"m-{alarm}-{state}",
            "TopicArn": TOPIC,
            "Subject": f"{state}: {alarm}",
            "Message": message,
            "Timestamp": at,
        }
        return {**self.signed(fields, version, forged=forged), **changed}

    def confirmation(self, *, token: str = TOKEN, host: str = "", forged: bool = False) -> dict[str, Any]:
        """A signed request to confirm a subscription."""
        url = f"{host or self.base}/?Action=ConfirmSubscription&TopicArn={TOPIC}&Token={token}"
        fields = {
            "Type": "SubscriptionConfirmation", "MessageId": "c", "TopicArn": TOPIC, "Token": token, "Message": "Visit the address.", "SubscribeURL": url,
            "Timestamp": "2025-10-27T14:25:00.000Z",
        }  # fmt: skip
        return self.signed(fields, "1", forged=forged)

    def signed(self, fields: dict[str, str], version: str, *, forged: bool = False) -> dict[str, Any]:
        text = "".join(f"{name}\n{fields[name]}\n" for name in SIGNED[fields["Type"]] if name in fields)
        digest = hashes.SHA1() if version == "1" else hashes.SHA256()
        key = self.stranger if forged else self.key
        signature = base64.b64encode(key.sign(text.encode(), padding.PKCS1v15(), digest)).decode()
        return {
            **fields,
            "SignatureVersion": version,
            "Signature": signature,
            "SigningCertURL": f"{self.base}/SimpleNotificationService-1.pem",
        }


@contextmanager
def running(now: datetime) -> Iterator[Service]:
    """A service that answers."""
    service = Service(now)
    thread = threading.Thread(target=service.server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield service
    finally:
        service.server.shutdown()
        service.server.server_close()
        thread.join()
