"""What every test gets: closed sockets, and settings for Hypothesis that do not depend on how busy the machine is."""

import ipaddress
import os
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from tests.world import World

settings.register_profile("tocsin", deadline=None, print_blob=True)
settings.register_profile("ci", parent=settings.get_profile("tocsin"), derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "tocsin")


class SocketsAreClosedError(RuntimeError):
    """A test tried to reach another machine. Not an OSError, so that no code under test can take it for a network failure."""

    def __init__(self, what: str) -> None:
        super().__init__(f"{what}: tests reach this machine only. Use a fake server on 127.0.0.1, or an ASGI app reached in process.")


def _is_here(host: str) -> bool:
    try:
        return ipaddress.ip_address(host.partition("%")[0]).is_loopback
    except ValueError:
        return host == "localhost"


def _is_name(host: object) -> bool:
    """Would looking this host up ask another machine? Addresses are not looked up, and localhost stays here."""
    if isinstance(host, bytes | bytearray):
        host = host.decode("ascii", "replace")
    if not isinstance(host, str) or host in {"", "localhost", socket.gethostname()}:
        return False
    try:
        ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return True
    return False


def _watch(event: str, args: tuple[Any, ...]) -> None:
    """Refuse what leaves this machine. An audit hook sees every socket of Python, whoever made it and whenever."""
    if event in {"socket.connect", "socket.sendto", "socket.sendmsg"}:
        sock, address = args
        if sock.family in {socket.AF_INET, socket.AF_INET6} and isinstance(address, tuple) and not _is_here(str(address[0])):
            what = f"{event} to {address[0]}"
            raise SocketsAreClosedError(what)
    elif event in {"socket.getaddrinfo", "socket.gethostbyname"} and _is_name(args[0]):
        what = f"{event} of {args[0]!r}"
        raise SocketsAreClosedError(what)


sys.addaudithook(_watch)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """A whole installation on a clock that stands at 14:25 UTC, the minute of the reference incident's alert."""
    world = World(tmp_path / "data")
    yield world
    world.close()
