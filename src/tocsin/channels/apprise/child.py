"""Sends one message by Apprise, in a process of its own: ``python -m tocsin.channels.apprise.child`` with the job as JSON on its input.

Apprise reaches well over a hundred services by addresses that people write down themselves. Here it can do no harm: the process may connect to
public addresses and to the hosts that an administrator allowed, to nothing else; it starts no program; and the parent ends it when its time is over.
"""

from __future__ import annotations

import io
import ipaddress
import json
import logging
import os
import re
import socket
import sys
from collections.abc import Sequence
from typing import Any, Final

_STATUS: Final = re.compile(r"error=(\d{3})\b")
_FORBIDDEN: Final = ("subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.fork", "os.forkpty", "pty.spawn", "ctypes.dlopen")


class Forbidden(OSError):
    """Something that this process may not do."""


def main() -> None:
    """Do the job and print the result: ``{"ok": true}``, or why not."""
    job = json.load(sys.stdin)
    out = sys.stdout
    sys.stdout = io.StringIO()  # a service may print; the result is the only thing that is said
    result = send(job)
    out.write(json.dumps(result))
    out.flush()


def send(job: dict[str, Any]) -> dict[str, Any]:
    """Return ``ok``, or ``unknown`` for an address that Apprise does not know, ``inside`` for one that may not be reached, ``status`` of the answer."""
    import apprise  # noqa: PLC0415 (loaded here only: it is large)
    from apprise import Apprise, AppriseAsset  # noqa: PLC0415

    heard = io.StringIO()
    logger = logging.getLogger(apprise.__name__)
    logger.addHandler(logging.StreamHandler(heard))
    logger.setLevel(logging.DEBUG)
    service = Apprise(asset=AppriseAsset(async_mode=False, secure_logging=True))
    if not service.add(job["url"]):
        return {"ok": False, "unknown": True}
    refused: list[str] = []
    _fence(_addresses(job["allowed"]), refused)
    done = service.notify(body=job["body"], title=job["title"], notify_type=job["type"], body_format="text")
    if done:
        return {"ok": True}
    statuses = _STATUS.findall(heard.getvalue())
    return {"ok": False, "inside": bool(refused), "status": int(statuses[-1]) if statuses else 0}


def _addresses(allowed: Sequence[str]) -> frozenset[tuple[str, int]]:
    """Return the addresses behind the allowed hosts; port 0 stands for every port."""
    found: set[tuple[str, int]] = set()
    for one in allowed:
        host, colon, port = one.rpartition(":")
        host, number = (host, int(port)) if colon and port.isdigit() and (":" not in host or host.startswith("[")) else (one, 0)
        try:
            entries = socket.getaddrinfo(host.strip("[]"), None, type=socket.SOCK_STREAM)
        except OSError:
            continue
        found |= {(str(entry[4][0]), number) for entry in entries}
    return frozenset(found)


def _fence(allowed: frozenset[tuple[str, int]], refused: list[str]) -> None:
    """Refuse, from now on, what this process may not do. An audit hook cannot be taken away again."""

    def watch(event: str, args: tuple[Any, ...]) -> None:
        if event in ("socket.connect", "socket.sendto", "socket.sendmsg"):
            address = args[1]
            if isinstance(address, tuple) and address and _may(str(address[0]), int(address[1]), allowed):
                return
            refused.append(event)
            raise Forbidden("an internal address")
        if event in _FORBIDDEN:
            refused.append(event)
            raise Forbidden("another program")
        if event == "open" and isinstance(args[2], int) and args[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
            refused.append(event)
            raise Forbidden("a file")

    sys.addaudithook(watch)


def _may(host: str, port: int, allowed: frozenset[tuple[str, int]]) -> bool:
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    return address.is_global or (host, 0) in allowed or (host, port) in allowed


if __name__ == "__main__":
    main()
