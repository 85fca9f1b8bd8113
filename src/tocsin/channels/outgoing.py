"""Requests to other servers, for every channel that speaks HTTP: one way to guard addresses, keep deadlines and word failures.

What it keeps, whatever the channel: names are looked up once, and the address that was judged is the address that is connected to; one that lies
inside is refused unless the administrator named exactly that host; nothing is redirected; no proxy, cookie or file of this machine takes part; the whole
exchange has one deadline, however slowly the other side drips; and no error says more of an address than its host, for the rest may be a secret.
"""

from __future__ import annotations

import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, Final
from urllib.parse import urlsplit

import httpcore2

from tocsin.channels.addresses import is_inside
from tocsin.engine.ports import ChannelFailed

CONNECT_SECONDS: Final = 4.0
_LARGEST_ANSWER: Final = 65_536
"""Bytes of an answer that are read; what a receiver says beyond is of no use to us."""
_MOST: Final = 64
"""More than a channel ever has under way: how many it may have at once is for the outbox to say."""
_KEPT: Final = 10
_KEPT_SECONDS: Final = 30.0
TRY_AGAIN: Final = (408, 425, 429)
_SERVER_ERROR: Final = 500
_LONGEST_WAIT: Final = timedelta(hours=1)
"""A receiver cannot silence a channel for longer than this."""
_PORTS: Final = {"http": 80, "https": 443}


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    """Names in small letters."""
    body: bytes

    @property
    def text(self) -> str:
        """The body as text, whatever its bytes are."""
        return self.body.decode(errors="replace")


class Outgoing:
    """Sends requests for one channel, and keeps its connections. Safe to use from several threads.

    allowed: hosts (``host`` or ``host:port``) that may lie inside, and may be spoken to without TLS.
    """

    def __init__(
        self, seconds: float, allowed: Collection[str] = (), certificates: str = "", *, setting: str = "TOCSIN_ALLOW_INTERNAL"
    ) -> None:
        """``setting`` is where an administrator allows a host; refusals name it."""
        self._seconds = seconds
        self._setting = setting
        self._allowed = frozenset(host.lower() for host in allowed)
        self._certificates = certificates
        self._deadline = threading.local()
        self._made: httpcore2.ConnectionPool | None = None
        self._making = threading.Lock()

    @property
    def _pool(self) -> httpcore2.ConnectionPool:
        """The connections; made when the first is wanted, for reading all certificates of a machine takes a while."""
        with self._making:
            if self._made is None:
                context = ssl.create_default_context()
                if self._certificates:
                    context.load_verify_locations(cafile=self._certificates)
                self._made = httpcore2.ConnectionPool(
                    ssl_context=context, max_connections=_MOST, max_keepalive_connections=_KEPT, keepalive_expiry=_KEPT_SECONDS,
                    network_backend=_Guarded(self._deadline, self._is_allowed),
                )  # fmt: skip
            return self._made

    def post(self, url: str, content: bytes, headers: Mapping[str, str]) -> Answer:
        """Send a POST and return the answer, whatever its status.

        Raises:
            ChannelFailed: there was no answer.

        """
        where = self.check(url)
        parts = urlsplit(url)
        self._deadline.at = time.monotonic() + self._seconds
        wait = {"connect": min(CONNECT_SECONDS, self._seconds), "read": self._seconds, "write": self._seconds, "pool": self._seconds}
        lines = [
            ("Host", parts.netloc.rpartition("@")[2]),
            *headers.items(),
            ("Content-Length", str(len(content))),
            ("User-Agent", "Tocsin"),
        ]
        try:
            raw = [(name.encode("ascii"), value.encode("ascii")) for name, value in lines]
            address = url.partition("#")[0].encode("ascii")
        except UnicodeError as error:
            raise ChannelFailed(f"{where} is not an address that can be written in a request", permanent=True) from error
        try:
            with self._pool.stream("POST", address, headers=raw, content=content, extensions={"timeout": wait}) as answer:
                body = _read(answer.iter_stream(), _LARGEST_ANSWER)
                found = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in answer.headers}
                return Answer(answer.status, found, body)
        except httpcore2.ConnectTimeout as error:
            raise ChannelFailed(f"{where} could not be connected to in {wait['connect']:g} s") from error
        except httpcore2.TimeoutException as error:
            raise ChannelFailed(f"{where} did not answer in {self._seconds:g} s") from error
        except _Inside as error:
            raise self._inside(where) from error
        except httpcore2.ConnectError as error:
            raise ChannelFailed(f"{where} cannot be connected to: {_why(error)}") from error
        except (httpcore2.UnsupportedProtocol, httpcore2.LocalProtocolError) as error:
            raise ChannelFailed(f"{where} is not an address that can be asked", permanent=True) from error
        except httpcore2.RemoteProtocolError as error:
            raise ChannelFailed(f"{where} answered something that is not HTTP, or nothing") from error
        except (httpcore2.NetworkError, OSError) as error:
            raise ChannelFailed(f"the connection to {where} broke off") from error

    def check(self, url: str) -> str:
        """Return scheme and host of an address that may be asked, as far as it tells by itself.

        Raises:
            ChannelFailed: it is none, lies inside, or would be asked without TLS.

        """
        where = host_of(url)
        parts = urlsplit(url)
        if not self._is_allowed(parts.hostname or "", parts.port or _PORTS[parts.scheme]):
            if is_inside(url):
                raise self._inside(where)
            if parts.scheme == "http":
                raise ChannelFailed(
                    f"{where} is not asked without TLS; write https://, or let the administrator allow the host", permanent=True
                )
        return where

    def close(self) -> None:
        """Close the connections that are kept."""
        with self._making:
            made, self._made = self._made, None
        if made is not None:
            made.close()

    def _inside(self, where: str) -> ChannelFailed:
        return ChannelFailed(f"{where} is an internal address; an administrator can name it in {self._setting}", permanent=True)

    def _is_allowed(self, host: str, port: int) -> bool:
        host = host.lower().rstrip(".")
        return host in self._allowed or f"{host}:{port}" in self._allowed or f"[{host}]:{port}" in self._allowed


def host_of(url: str) -> str:
    """Return scheme and host of an address, which is all that an error may say of it.

    Raises:
        ChannelFailed: it is no address.

    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError as error:
        raise ChannelFailed("the address cannot be read; write it like https://host/path", permanent=True) from error
    if parts.scheme not in _PORTS or not host or not url.isprintable():
        raise ChannelFailed("the address is none of http:// or https://", permanent=True)
    shown = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{shown}" + (f":{port}" if port else "")


def judge(answer: Answer, where: str, now: datetime, says: str = "", final: Iterable[int] = (), again: Iterable[int] = ()) -> None:
    """Accept an answer, or say whether trying again can help.

    where: whose answer it is. says: what the receiver gave as its reason, without secrets. final, again: statuses that mean something else than usual
    with this receiver: 2xx is taken; 408, 425, 429 and 5xx are tried again; everything else is not, redirects among it.

    Raises:
        ChannelFailed: it was not taken.

    """
    status = answer.status
    if 200 <= status < 300:  # noqa: PLR2004 (HTTP's classes)
        return
    what = f"{where} answered {status}" + (f": {says}" if says else "")
    if 300 <= status < 400:  # noqa: PLR2004
        raise ChannelFailed(
            f"{where} answered {status} and points elsewhere, which is not followed; write the address itself", permanent=True
        )
    if status in tuple(final) or not (status in TRY_AGAIN or status in tuple(again) or status >= _SERVER_ERROR):
        raise ChannelFailed(what, permanent=True)
    wait = retry_after(answer.headers, now)
    if wait is not None:
        what += f"; it asks for {wait.total_seconds():.0f} s of rest"
    raise ChannelFailed(what, retry_after=wait)


def retry_after(headers: Mapping[str, str], now: datetime) -> timedelta | None:
    """Return how long a receiver asks to be left alone: ``Retry-After`` as seconds or as a date; None where it says nothing usable.

    A date is measured from the answer's own ``Date`` where it has one, so that two clocks that differ do no harm.
    """
    text = headers.get("retry-after", "").strip()
    if not text:
        return None
    if text.isascii() and text.isdigit():
        return min(timedelta(seconds=int(text[:9])), _LONGEST_WAIT)
    until = _date(text)
    if until is None:
        return None
    begin = _date(headers.get("date", "")) or now
    return min(max(until - begin, timedelta()), _LONGEST_WAIT)


def told(text: str, most: int = 160) -> str:
    """Return what a receiver said, fit to stand in an error: one line, printable, without addresses."""
    words = "".join(letter if letter.isprintable() else " " for letter in text).split()
    shown = " ".join(word for word in words if "://" not in word and "@" not in word)
    return shown if len(shown) <= most else shown[: most - 1] + "…"


def _date(text: str) -> datetime | None:
    try:
        found = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError):
        return None
    return found if found.tzinfo else None


def _read(chunks: Iterable[bytes], most: int) -> bytes:
    body = b""
    for chunk in chunks:
        body += chunk
        if len(body) >= most:
            break
    return body[:most]


def _why(error: BaseException) -> str:
    """Return the reason of a failed connection, in a word or two."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return f"its certificate is not trusted ({cause.verify_message})"
        if isinstance(cause, ssl.SSLError):
            return "TLS failed"
        if isinstance(cause, socket.gaierror):
            return "its name is not known"
        if isinstance(cause, ConnectionRefusedError):
            return "connection refused"
        if isinstance(cause, OSError) and cause.strerror:
            return cause.strerror
        cause = cause.__cause__ or cause.__context__
    return "no connection"


class _Inside(Exception):
    """An address lies inside, and nobody allowed it."""


class _Guarded(httpcore2.NetworkBackend):
    """Looks names up, judges every address behind them, and connects to one that was judged."""

    def __init__(self, deadline: threading.local, is_allowed: Any) -> None:
        self._backend = httpcore2.SyncBackend()
        self._deadline = deadline
        self._is_allowed = is_allowed

    def connect_tcp(
        self, host: str, port: int, timeout: float | None = None, local_address: str | None = None, socket_options: Any = None
    ) -> httpcore2.NetworkStream:
        allowed = self._is_allowed(host, port)
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            raise httpcore2.ConnectError(str(error)) from error
        addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
        if not allowed and not all(ipaddress.ip_address(address.partition("%")[0]).is_global for address in addresses):
            raise _Inside
        failed: Exception | None = None
        for address in addresses:
            try:
                stream = self._backend.connect_tcp(address, port, _left(self._deadline, timeout), local_address, socket_options)
                return _Timed(stream, self._deadline)
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as error:
                failed = error
        raise failed or httpcore2.ConnectError("no address")

    def connect_unix_socket(self, path: str, timeout: float | None = None, socket_options: Any = None) -> httpcore2.NetworkStream:
        raise _Inside

    def sleep(self, seconds: float) -> None:
        self._backend.sleep(seconds)


class _Timed(httpcore2.NetworkStream):
    """A connection whose every wait ends with the exchange's deadline."""

    def __init__(self, stream: httpcore2.NetworkStream, deadline: threading.local) -> None:
        self._stream = stream
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, _left(self._deadline, timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, _left(self._deadline, timeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore2.NetworkStream:
        return _Timed(self._stream.start_tls(ssl_context, server_hostname, _left(self._deadline, timeout)), self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


def _left(deadline: threading.local, timeout: float | None) -> float:
    left: float = deadline.at - time.monotonic()
    if left <= 0:
        raise httpcore2.ReadTimeout("the deadline has passed")
    return left if timeout is None else min(left, timeout)
