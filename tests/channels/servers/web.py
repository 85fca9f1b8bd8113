"""A web server on this machine for the fakes at the network's edge: it keeps what came, and misbehaves when it is told to."""

from __future__ import annotations

import ssl
import threading
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal
from urllib.parse import parse_qsl, urlsplit

import trustme


@dataclass(frozen=True)
class Received:
    """One request."""

    method: str
    path: str
    headers: Mapping[str, str]
    """Names in small letters."""
    body: bytes

    @property
    def query(self) -> dict[str, str]:
        """The query's fields."""
        return dict(parse_qsl(urlsplit(self.path).query, keep_blank_values=True))

    @property
    def form(self) -> dict[str, str]:
        """The body as a form."""
        return dict(parse_qsl(self.body.decode(), keep_blank_values=True, strict_parsing=True))


@dataclass(frozen=True)
class Reply:
    """What is answered."""

    status: int = 200
    body: bytes = b"{}"
    headers: Mapping[str, str] = field(default_factory=dict)
    media: str = "application/json"


Trouble = Literal["hang", "drip", "garbage", "hangup", "endless"]


class WebServer:
    """Listens on 127.0.0.1. ``judge`` answers as the real service would; ``script`` is what happens instead, first to last."""

    def __init__(self, judge: Callable[[Received], Reply], certificate: trustme.LeafCert | None = None) -> None:
        self.received: list[Received] = []
        self.script: deque[Reply | Trouble] = deque()
        self._ended = threading.Event()
        owner = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"] or 0))
                got = Received(self.command, self.path, {name.lower(): value for name, value in self.headers.items()}, body)
                owner.received.append(got)
                told = owner.script.popleft() if owner.script else judge(got)
                if isinstance(told, Reply):
                    self._answer(told)
                else:
                    self.close_connection = True
                    self._misbehave(told)

            do_GET = do_POST  # noqa: N815 (the library's names)
            do_PUT = do_POST  # noqa: N815

            def _answer(self, reply: Reply) -> None:
                self.send_response_only(reply.status)
                for name, value in {"Content-Type": reply.media, **reply.headers, "Content-Length": str(len(reply.body))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(reply.body)

            def _misbehave(self, trouble: Trouble) -> None:
                match trouble:
                    case "hang":
                        owner._ended.wait(20)
                    case "drip":
                        self.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
                        while not owner._ended.wait(0.05):
                            self.wfile.write(b"z")
                            self.wfile.flush()
                    case "endless":
                        self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n")
                        while not owner._ended.is_set():
                            self.wfile.write(b"0123456789abcdef" * 4096)
                    case "garbage":
                        self.wfile.write(b"\x00\xff this is not what you asked for \x80\r\n\r\n" * 3)
                    case "hangup":
                        pass

            def handle_one_request(self) -> None:
                try:
                    super().handle_one_request()
                except OSError:  # the other side had enough
                    self.close_connection = True

            def log_message(self, *_args: object) -> None:
                return

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            block_on_close = False
            request_queue_size = 64

            def handle_error(self, request: Any, client_address: Any) -> None:
                return  # a client that does not trust the certificate hangs up: that is what is tried

            def shutdown_request(self, request: Any) -> None:
                try:
                    super().shutdown_request(request)
                except OSError:
                    request.close()

        self._server = Server(("127.0.0.1", 0), Handler)
        self.secure = certificate is not None
        if certificate is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            certificate.configure_cert(context)
            # The handshake belongs to the thread of the connection, or one silent client would hold up all others.
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True, do_handshake_on_connect=False)
        self.port = self._server.server_port
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"{'https' if self.secure else 'http'}://127.0.0.1:{self.port}"

    @property
    def host(self) -> str:
        """Host and port."""
        return f"127.0.0.1:{self.port}"

    def close(self) -> None:
        """Stop listening."""
        self._ended.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
