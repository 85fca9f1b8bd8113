"""The guard in conftest.py: no test reaches another machine."""

import socket
from pathlib import Path

import pytest


def test_a_connection_to_another_machine_is_refused() -> None:
    with socket.socket() as sock, pytest.raises(RuntimeError, match=r"socket\.connect to 192\.0\.2\.1: tests reach this machine only"):
        sock.connect(("192.0.2.1", 80))


def test_a_datagram_to_another_machine_is_refused() -> None:
    with socket.socket(type=socket.SOCK_DGRAM) as sock, pytest.raises(RuntimeError, match="this machine only"):
        sock.sendto(b"hello", ("192.0.2.1", 53))


def test_looking_up_a_name_is_refused() -> None:
    with pytest.raises(RuntimeError, match=r"socket\.getaddrinfo of 'hooks\.example\.com'"):
        socket.getaddrinfo("hooks.example.com", 443)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_a_server_on_loopback_can_be_reached(host: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection((host, server.getsockname()[1])):
        pass


def test_a_unix_socket_can_be_reached(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # the path of a Unix socket may have about 100 characters only
    path = "s"
    with socket.socket(socket.AF_UNIX) as server, socket.socket(socket.AF_UNIX) as client:
        server.bind(path)
        server.listen()
        client.connect(path)
