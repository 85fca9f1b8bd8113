"""The mail door: an SMTP server that takes e-mails in as alerts. The local part of the recipient is the intake key.

Each mail is on disk before it is answered with 250; what cannot be kept now is answered with 451, so that the sender tries again.
"""

from __future__ import annotations

import ssl
from typing import Any, Final

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from tocsin.alerts import handlers
from tocsin.alerts.errors import WrongBody
from tocsin.alerts.keys import IntakeKey
from tocsin.alerts.model import receipt_id
from tocsin.alerts.reading import Sent
from tocsin.alerts.sources import email
from tocsin.engine.errors import Refused
from tocsin.engine.runtime import Runtime

LARGEST_MAIL: Final = 5_000_000
"""Bytes."""
_MOST_RECIPIENTS: Final = 20
_DEADLINE: Final = 60
"""Seconds after which a sender that says nothing is cut off."""


class _Handler:
    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime

    async def handle_RCPT(  # noqa: N802 (the library's name)
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if self._key(address) is None:
            return "550 5.1.1 This address takes no mail: before the @ stands an intake key, as `tocsin intake list` shows them"
        if len(envelope.rcpt_tos) >= _MOST_RECIPIENTS:
            return "452 4.5.3 Too many recipients"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, _server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 (as above)
        peer: Any = session.peer
        peer = str(peer[0]) if isinstance(peer, tuple) else ""
        content: Any = envelope.content
        content = content if isinstance(content, bytes) else str(content or "").encode("utf-8", "surrogateescape")
        kept = []
        for address in envelope.rcpt_tos:
            key = self._key(address)
            if key is None:  # it was taken away since the recipient was named
                continue
            sent = Sent(content, self._runtime.clock.now(), "message/rfc822", options=key.saved.options)
            try:
                kept.append(receipt_id((await handlers.receive(self._runtime, email.NAME, key, sent, peer)).receipt))
            except WrongBody as refusal:
                return f"554 5.6.0 {_line(refusal)}"
            except Refused as refusal:
                return f"451 4.3.0 {_line(refusal)}"
        return f"250 2.0.0 Kept as {', '.join(kept)}" if kept else "550 5.1.1 This address takes no mail any more"

    def _key(self, address: str) -> IntakeKey | None:
        secret = address.strip().strip("<>").rpartition("@")[0]
        return handlers.key_for(self._runtime, secret, email.NAME) if secret else None


def _line(refusal: Refused) -> str:
    return " ".join(str(refusal).split())[:400]


def mail_door(runtime: Runtime, host: str, port: int, certificate: str = "", key: str = "") -> Controller:
    """Return the SMTP server; ``start`` and ``stop`` bracket its life. It speaks STARTTLS where there is a certificate (PEM files)."""
    more: dict[str, Any] = {}
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key or None)
        more["tls_context"] = context
    return Controller(
        _Handler(runtime),
        hostname=host,
        port=port,
        ident="Tocsin",
        data_size_limit=LARGEST_MAIL,
        timeout=_DEADLINE,
        enable_SMTPUTF8=True,
        **more,
    )
