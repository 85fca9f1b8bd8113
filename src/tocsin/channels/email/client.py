"""E-mail by SMTP. Connections are kept and used again; protection is what the settings say, and never less."""

from __future__ import annotations

import smtplib
import socket
import ssl
import threading
import time
from contextlib import suppress
from email.message import EmailMessage
from email.utils import parseaddr
from typing import Final, Self

from tocsin.channels.abilities import ABILITIES
from tocsin.channels.addresses import MAIL
from tocsin.channels.email.message import mail
from tocsin.channels.notice import Compose, plain
from tocsin.channels.options import MailOptions
from tocsin.channels.outgoing import told
from tocsin.channels.standing import Standing, not_ready
from tocsin.engine.ports import ChannelFailed, Message

_SECONDS: Final = 12.0
_PORTS: Final = {"starttls": 587, "tls": 465, "none": 25}
_IDLE_SECONDS: Final = 20.0
"""A connection that rested longer is opened anew: many servers hang up after some seconds."""
_MOST_KEPT: Final = 2
_FINAL: Final = 500


class Email:
    """Sends one mail per message to the address that is the contact's value."""

    name = "email"
    abilities = ABILITIES["email"]
    at_once = 4
    timeout_seconds = _SECONDS + 3

    def __init__(self, options: MailOptions, compose: Compose = plain, seconds: float = _SECONDS) -> None:
        self._options = options
        self._compose = compose
        self._seconds = seconds
        self._kept: list[tuple[smtplib.SMTP, float]] = []
        self._lock = threading.Lock()
        host, colon, port = options.server.rpartition(":")
        self._host, self._port = (
            (host.strip("[]"), int(port)) if colon and port.isdigit() else (options.server.strip("[]"), _PORTS[options.security])
        )

    def place(self, _target: str) -> str:
        """All mail goes through one server."""
        return self._host

    def standing(self) -> Standing:
        """Tell whether there is a mail server and an address to send from."""
        if not self._options.server:
            return Standing(
                ready=False, says="There is no mail server.", fix="Name one in TOCSIN_MAIL_SERVER, and the sender in TOCSIN_MAIL_FROM."
            )
        if not MAIL.fullmatch(parseaddr(self._options.sender)[1]):
            return Standing(
                ready=False, says="There is no address to send from.", fix="Write one into TOCSIN_MAIL_FROM, such as tocsin@example.com."
            )
        how = {"starttls": "STARTTLS", "tls": "TLS", "none": "no protection"}[self._options.security]
        return Standing(ready=True, says=f"Mail goes through {self._host}:{self._port} with {how}.")

    def send(self, message: Message) -> str:
        """Send the mail; return its Message-ID.

        Raises:
            ChannelFailed: the server did not take it.

        """
        if not (standing := self.standing()).ready:
            raise not_ready("E-mail", standing)
        to = message.target.strip()
        if not MAIL.fullmatch(to):
            raise ChannelFailed("the contact is no mail address; write one like ana@example.com", permanent=True)
        made = mail(self._compose(message, self.name), self._options.sender, to)
        with _Deadline(self._seconds) as deadline:
            try:
                server = self._server(deadline)
            except _FAILURES as error:
                raise self._failed(error, "connecting", deadline) from error
            try:
                self._hand_over(server, made, to)
            except _FAILURES as error:
                server.close()
                raise self._failed(error, "the mail", deadline) from error
            except BaseException:
                server.close()
                raise
        self._keep(server)
        return str(made["Message-ID"])

    def _hand_over(self, server: smtplib.SMTP, made: EmailMessage, to: str) -> None:
        if not to.isascii() and not server.has_extn("smtputf8"):
            raise smtplib.SMTPNotSupportedError("the server takes no address with letters beyond ASCII")
        server.send_message(made, parseaddr(self._options.sender)[1], [to])

    def _server(self, deadline: _Deadline) -> smtplib.SMTP:
        """Return a connection that is signed in: a kept one that still answers, or a new one."""
        while True:
            with self._lock:
                kept = self._kept.pop() if self._kept else None
            if kept is None:
                return self._connect(deadline)
            server, since = kept
            deadline.sockets.append(server.sock)
            try:
                if time.monotonic() - since < _IDLE_SECONDS and server.noop()[0] == 250:  # noqa: PLR2004 (SMTP's "fine")
                    return server
            except (smtplib.SMTPException, OSError):
                pass
            server.close()

    def _connect(self, deadline: _Deadline) -> smtplib.SMTP:
        options = self._options
        name = parseaddr(options.sender)[1].rpartition("@")[2]  # said in EHLO; asked of the machine, it may take a name server's time
        tls = self._context() if options.security == "tls" else None
        server = _Server(self._host, self._port, name, self._seconds, tls, deadline)
        try:
            server.ehlo_or_helo_if_needed()
            if options.security == "starttls":
                server.starttls(context=self._context())
                deadline.sockets.append(server.sock)
                server.ehlo()
            if options.user:
                server.login(options.user, options.password)
        except BaseException:
            server.close()
            raise
        return server

    def _context(self) -> ssl.SSLContext:
        context = ssl.create_default_context()
        if self._options.certificates:
            context.load_verify_locations(cafile=self._options.certificates)
        return context

    def _keep(self, server: smtplib.SMTP) -> None:
        with self._lock:
            if len(self._kept) < _MOST_KEPT:
                self._kept.append((server, time.monotonic()))
                return
        server.close()

    def close(self) -> None:
        """Hang up."""
        with self._lock:
            kept, self._kept = self._kept, []
        for server, _since in kept:
            server.close()

    def _failed(self, error: Exception, doing: str, deadline: _Deadline) -> ChannelFailed:
        """Return what went wrong: 4xx and trouble of the connection are tried again, 5xx are not."""
        where = f"the mail server {self._host}"
        if deadline.passed:
            return ChannelFailed(f"{where} did not answer in {self._seconds:g} s")
        match error:
            case smtplib.SMTPRecipientsRefused():
                code, said = next(iter(error.recipients.values()))
                return self._answered(f"{where} did not take the recipient", code, said)
            case smtplib.SMTPAuthenticationError():
                return self._answered(f"{where} did not accept user and password", error.smtp_code, b"")  # what it says may quote them
            case smtplib.SMTPResponseException():
                return self._answered(f"{where} did not take {doing}", error.smtp_code, error.smtp_error)
            case smtplib.SMTPNotSupportedError():
                if self._options.security == "starttls" and "STARTTLS" in str(error):
                    return ChannelFailed(f"{where} offers no STARTTLS, and nothing is sent without it")
                return ChannelFailed(f"{where} cannot do what is needed: {told(str(error))}", permanent=True)
            case ssl.SSLCertVerificationError():
                return ChannelFailed(f"the certificate of {where} is not trusted ({error.verify_message})")
            case ssl.SSLError():
                return ChannelFailed(f"TLS with {where} failed")
            case TimeoutError():
                return ChannelFailed(f"{where} did not answer in {self._seconds:g} s")
            case ConnectionRefusedError():
                return ChannelFailed(f"{where} cannot be connected to: connection refused")
            case OSError() if not isinstance(error, smtplib.SMTPException):
                return ChannelFailed(f"{where} cannot be connected to: {error.strerror or 'no connection'}")
            case _:
                return ChannelFailed(f"{where} hung up, or answered something that is not SMTP")

    def _answered(self, what: str, code: int, said: bytes | str) -> ChannelFailed:
        text = said.decode(errors="replace") if isinstance(said, bytes) else said
        for secret in (self._options.password, self._options.user):
            text = text.replace(secret, "…") if secret else text
        shown = told(text)
        return ChannelFailed(f"{what}: {code}" + (f" {shown}" if shown else ""), permanent=code >= _FINAL)


_FAILURES: Final = (smtplib.SMTPException, OSError, ValueError)
"""What smtplib raises; ValueError for answers that it cannot read."""


class _Deadline:
    """Ends a conversation that takes too long, however slowly the other side drips: after the time its sockets are shut."""

    def __init__(self, seconds: float) -> None:
        self.sockets: list[socket.socket | None] = []
        self.passed = False
        self._timer = threading.Timer(seconds, self._pass)
        self._timer.daemon = True

    def __enter__(self) -> Self:
        self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()

    def _pass(self) -> None:
        self.passed = True
        for one in self.sockets:
            if one is not None:
                with suppress(OSError):
                    one.shutdown(socket.SHUT_RDWR)


class _Server(smtplib.SMTP):
    """A connection whose socket the deadline knows from its first moment."""

    def __init__(self, host: str, port: int, name: str, seconds: float, tls: ssl.SSLContext | None, deadline: _Deadline) -> None:
        self._tls = tls
        self._deadline = deadline
        super().__init__(host, port, name, timeout=seconds)

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        raw = socket.create_connection((host, port), timeout)
        self._deadline.sockets.append(raw)
        if self._tls is None:
            return raw
        wrapped = self._tls.wrap_socket(raw, server_hostname=host, do_handshake_on_connect=False)
        self._deadline.sockets.append(wrapped)
        try:
            wrapped.do_handshake()
        except BaseException:
            wrapped.close()
            raise
        return wrapped
