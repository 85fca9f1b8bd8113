"""Something that listens and is no mail server: it hangs, drips, hangs up, or talks nonsense without end."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress


class RawServer:
    """Listens on 127.0.0.1 and does one thing to everybody who connects."""

    def __init__(self, trouble: str) -> None:
        self._trouble = trouble
        self._ended = threading.Event()
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._socket.settimeout(0.05)
        self.port: int = self._socket.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        while not self._ended.is_set():
            try:
                connection, _address = self._socket.accept()
            except TimeoutError:
                continue
            connection.settimeout(0.5)
            with connection, suppress(OSError):
                self._treat(connection)

    def _treat(self, connection: socket.socket) -> None:
        match self._trouble:
            case "hang":
                self._ended.wait(20)
            case "drip":
                connection.sendall(b"220-mail")
                while not self._ended.wait(0.05):
                    connection.sendall(b"z")
            case "endless":
                while not self._ended.is_set():
                    connection.sendall(b"220-mail.example.com ESMTP\r\n" * 100)
            case "garbage":
                connection.sendall(b"\x00\xff this is not what you asked for \x80\r\n" * 3)

    def close(self) -> None:
        """Stop."""
        self._ended.set()
        self._thread.join()
        self._socket.close()
