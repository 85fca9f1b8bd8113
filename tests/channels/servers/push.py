"""A push service and a browser behind it: RFC 8030 (delivery), RFC 8188 and RFC 8291 (encryption), RFC 8292 (who sends).

The decryption is written from the RFCs on the bare primitives, so that it agrees with no library by sharing its mistakes.
"""

from __future__ import annotations

import base64
import json
import re
import time
from typing import Any

import trustme
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from tests.channels.servers.web import Received, Reply, WebServer


def unbase64(text: str) -> bytes:
    """Return bytes of URL-safe base64 without padding."""
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def base64url(raw: bytes) -> str:
    """Return URL-safe base64 without padding."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def point(key: ec.EllipticCurvePublicKey) -> bytes:
    """Return a public key as 65 bytes."""
    return key.public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)


def _hkdf(salt: bytes, secret: bytes, info: bytes, length: int) -> bytes:
    return HKDF(hashes.SHA256(), length, salt, info).derive(secret)


class Browser:
    """A browser that has subscribed: it keeps the private key, and can read what comes."""

    def __init__(self, private: ec.EllipticCurvePrivateKey | None = None, auth: bytes = b"0123456789abcdef") -> None:
        self.private = private or ec.generate_private_key(ec.SECP256R1())
        self.auth = auth

    def subscription(self, endpoint: str) -> str:
        """Return what ``pushManager.subscribe`` gives to a page."""
        keys = {"p256dh": base64url(point(self.private.public_key())), "auth": base64url(self.auth)}
        return json.dumps({"endpoint": endpoint, "expirationTime": None, "keys": keys})

    def read(self, body: bytes) -> bytes:
        """Decrypt a message (RFC 8291, section 3.4; RFC 8188, section 2)."""
        salt, size, length = body[:16], int.from_bytes(body[16:20], "big"), body[20]
        sender, sealed = body[21 : 21 + length], body[21 + length :]
        assert length == 65, "the key id is the sender's public key"
        assert len(sealed) <= size, "one record only"
        shared = self.private.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), sender))
        info = b"WebPush: info\x00" + point(self.private.public_key()) + sender
        input_key = _hkdf(self.auth, shared, info, 32)
        key = _hkdf(salt, input_key, b"Content-Encoding: aes128gcm\x00", 16)
        nonce = _hkdf(salt, input_key, b"Content-Encoding: nonce\x00", 12)
        opened = AESGCM(key).decrypt(nonce, sealed, None).rstrip(b"\x00")
        assert opened[-1:] == b"\x02", "the last record ends with 2"
        return opened[:-1]


class PushService:
    """Takes messages for one browser. ``shown`` is what the browser's service worker was given."""

    def __init__(self, certificate: trustme.LeafCert | None = None) -> None:
        self.browser = Browser()
        self.shown: list[dict[str, Any]] = []
        self.gone = False
        self.server_key = ""
        """The ``applicationServerKey`` that the browser subscribed with; any, where it is empty."""
        self.web = WebServer(self._judge, certificate)

    @property
    def contact(self) -> str:
        """The value of a person's contact."""
        return self.browser.subscription(f"{self.web.url}/push/s3cretdevice")

    def _judge(self, got: Received) -> Reply:
        if self.gone:
            return Reply(410, b"", media="text/plain")
        if got.path != "/push/s3cretdevice":
            return Reply(404, b"", media="text/plain")
        if not got.headers.get("ttl", "").isdigit():  # RFC 8030, section 5.2: "MUST include"
            return Reply(400, b"TTL is missing", media="text/plain")
        if got.headers.get("urgency", "normal") not in ("very-low", "low", "normal", "high"):
            return Reply(400, b"Urgency", media="text/plain")
        if not re.fullmatch(r"[A-Za-z0-9_-]{0,32}", got.headers.get("topic", "")):  # section 5.4
            return Reply(400, b"Topic", media="text/plain")
        if got.headers.get("content-encoding") != "aes128gcm":
            return Reply(415, b"", media="text/plain")
        if len(got.body) > 4096:  # RFC 8030, section 7.2: 4,096 bytes is what must be taken
            return Reply(413, b"", media="text/plain")
        wrong = self._not_signed(got)
        if wrong:
            return Reply(403, wrong.encode(), media="text/plain")
        self.shown.append(json.loads(self.browser.read(got.body)))
        return Reply(201, b"", {"Location": f"{self.web.url}/message/m{len(self.shown)}"}, media="text/plain")

    def _not_signed(self, got: Received) -> str:
        """Return why the Authorization is not good (RFC 8292)."""
        found = re.fullmatch(r"vapid t=([\w-]+)\.([\w-]+)\.([\w-]+), ?k=([\w-]+)", got.headers.get("authorization", ""))
        if found is None:
            return "no vapid"
        head, claims, proof, key = found.groups()
        if self.server_key and key != self.server_key:
            return "another key than the one that was subscribed with"
        if json.loads(unbase64(head)) != {"typ": "JWT", "alg": "ES256"}:
            return "alg"
        raw = unbase64(proof)
        public = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), unbase64(key))
        signature = encode_dss_signature(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))
        try:
            public.verify(signature, f"{head}.{claims}".encode(), ec.ECDSA(hashes.SHA256()))
        except InvalidSignature:
            return "signature"
        said = json.loads(unbase64(claims))
        if said["aud"] != self.web.url or not 0 < said["exp"] - time.time() <= 24 * 3600:
            return "aud or exp"
        return "" if said["sub"].startswith(("mailto:", "https://")) else "sub"

    def close(self) -> None:
        """Stop."""
        self.web.close()
