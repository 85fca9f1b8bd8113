"""A real mail server (aiosmtpd), which greylists, is full, wants TLS or a password when it is told to."""

from __future__ import annotations

import asyncio
import ssl
import threading
import warnings
from collections import deque
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

import trustme
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

USER, PASSWORD = "tocsin", "s3cret-mail-word"


class _Handler:
    """What the server asks; the names are aiosmtpd's."""

    def __init__(self, owner: MailServer) -> None:
        self._owner = owner

    async def handle_EHLO(self, server: SMTP, session: Session, _envelope: Envelope, hostname: str, responses: list[str]) -> list[str]:  # noqa: N802
        self._owner.sessions += 1
        session.host_name = hostname
        return responses

    async def handle_RCPT(self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]) -> str:  # noqa: N802
        if self._owner.recipients:
            told = self._owner.recipients.popleft()
            if told:
                return told
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        if self._owner.data:
            told = self._owner.data.popleft()
            if told:
                return told
        content = envelope.content
        assert isinstance(content, bytes)
        assert all(len(line) <= 998 for line in content.split(b"\r\n")), "RFC 5322, section 2.1.1"
        self._owner.raw.append(content)
        parsed: Any = message_from_bytes(content, policy=default)
        self._owner.mails.append(parsed)
        self._owner.envelopes.append((str(envelope.mail_from), list(envelope.rcpt_tos)))
        return f"250 2.0.0 Ok: queued as {len(self._owner.mails):08X}"


class MailServer:
    """Listens on 127.0.0.1. ``recipients`` and ``data`` are answers to the next RCPT and DATA; None takes what comes."""

    def __init__(
        self, certificate: trustme.LeafCert | None = None, *, implicit: bool = False, auth: bool = False, utf8: bool = True
    ) -> None:
        self.mails: list[EmailMessage] = []
        self.raw: list[bytes] = []
        self.envelopes: list[tuple[str, list[str]]] = []
        self.recipients: deque[str | None] = deque()
        self.data: deque[str | None] = deque()
        self.sessions = 0
        self._conversations: list[SMTP] = []
        context = None
        if certificate is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            certificate.configure_cert(context)
        more: dict[str, Any] = {"enable_SMTPUTF8": utf8, "hostname": "mail.example.com"}
        if context is not None and not implicit:
            more |= {"tls_context": context, "require_starttls": True}
        if auth:
            more |= {"authenticator": self._check, "auth_required": True, "auth_require_tls": context is not None and not implicit}

        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()

        def made() -> SMTP:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # it warns of passwords without STARTTLS, which implicit TLS does not need
                self._conversations.append(SMTP(_Handler(self), loop=self._loop, **more))
            return self._conversations[-1]

        async def listen() -> asyncio.Server:
            tls = context if implicit else None
            return await self._loop.create_server(made, "127.0.0.1", 0, ssl=tls)

        self._server = asyncio.run_coroutine_threadsafe(listen(), self._loop).result()
        self.port: int = self._server.sockets[0].getsockname()[1]
        self.address = f"127.0.0.1:{self.port}"

    def _check(self, _server: SMTP, _session: Session, _envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
        good = isinstance(data, LoginPassword) and (data.login, data.password) == (USER.encode(), PASSWORD.encode())
        return AuthResult(success=good, handled=False)

    def close(self) -> None:
        """Stop."""

        async def stop() -> None:
            self._server.close()
            for conversation in self._conversations:
                for transport in (conversation.transport, getattr(conversation, "_original_transport", None)):
                    if isinstance(transport, asyncio.WriteTransport):
                        transport.abort()
            here = asyncio.current_task()
            others = [task for task in asyncio.all_tasks() if task is not here]
            for task in others:
                task.cancel()
            await asyncio.gather(*others, return_exceptions=True)
            await asyncio.sleep(0.01)  # what was aborted is let go in the loop's next round
            await self._loop.shutdown_default_executor()

        asyncio.run_coroutine_threadsafe(stop(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
