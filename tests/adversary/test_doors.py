"""The ways in, as somebody with bad intentions or a clumsy scanner uses them: nothing changes that should not, nothing is told, nothing breaks."""

from __future__ import annotations

import base64
import contextlib
import itertools
import random
import socket
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.adversary.pagers import Pager
from tests.alerts.entering import fires, say
from tests.server import Server
from tocsin.channels.keys import LINK_KEY
from tocsin.paging.links import Link, sign

METHODS = ("GET", "HEAD", "OPTIONS", "PUT", "DELETE", "PATCH", "TRACE", "PROPFIND")
SCANNER = {"purpose": "prefetch", "sec-purpose": "prefetch;prerender", "x-moz": "prefetch", "accept": "text/html"}


def link(pager: Pager, person: str = "ana", key: str | None = None, **left: float) -> str:
    """A token as a message carries it."""
    (page,) = pager.pages()
    settings = pager.app.runtime.database
    if settings.setting(LINK_KEY) is None:
        settings.keep_setting(LINK_KEY, "0123456789abcdef" * 4)
    secret = key if key is not None else str(settings.setting(LINK_KEY))
    return sign(Link(page["id"], person, "sms", pager.now + timedelta(**(left or {"hours": 48}))), secret.encode())


def facts(pager: Pager) -> int:
    """How many facts there are."""
    return len(pager.app.runtime.facts("page", pager.pages()[0]["id"]))


@pytest.fixture
def called(pager: Pager) -> Pager:
    """One page is open."""
    say(pager, fires())
    pager.app.runtime.settle()
    return pager


def test_opening_a_link_fifty_times_by_every_harmless_method_changes_nothing_and_pressing_its_button_does(called: Pager) -> None:
    token = link(called)
    before = facts(called)
    for number in range(50):
        method = ("GET", "HEAD", "OPTIONS")[number % 3]
        for path in (f"/a/{token}", f"/a/{token}/acknowledge", f"/a/{token}/escalate"):
            answer = called.send(method, path, person="", headers=SCANNER)
            assert answer.status < 500
    for method in METHODS:
        assert called.send(method, f"/a/{token}/acknowledge", person="").status == 405
    assert facts(called) == before
    assert called.send("POST", f"/a/{token}/acknowledge", person="").status == 200
    assert called.pages()[0]["state"] == "acknowledged"
    called.audit()


def test_no_forged_or_old_link_answers_for_anybody(called: Pager) -> None:
    before = facts(called)
    good = link(called)
    said, _, proof = good.partition(".")
    other = link(called, "bo").partition(".")[0]
    flipped = [f"{good[:at]}{'A' if good[at] != 'A' else 'B'}{good[at + 1 :]}" for at in range(len(good)) if good[at] != "."]
    forged = [
        *flipped, link(called, key="another key"), f"{other}.{proof}", said, f"{said}.", f".{proof}", f"{good}=", f"{good}.x", good.lower(), "", "x", "." * 300,
        "A" * 5000, base64.urlsafe_b64encode(b'["P-AAAAAA","ana","sms",99999999]').decode() + "." + proof, "%00", "..%2f..%2fa", "é" * 20,
    ]  # fmt: skip
    for token in forged:
        for method, path in (("GET", f"/a/{token}"), ("POST", f"/a/{token}/acknowledge"), ("POST", f"/a/{token}/escalate")):
            assert called.send(method, path, person="").status in (404, 405), (method, token)
    old = link(called, hours=-1)
    assert {called.send("POST", f"/a/{old}/{what}", person="").status for what in ("acknowledge", "escalate")} == {410}
    assert facts(called) == before


def test_a_link_answers_for_its_own_person_and_no_other(called: Pager) -> None:
    token = link(called, "bo")
    called.send("POST", f"/a/{token}/acknowledge", person="ana", raw=b'{"person":"ana"}')
    assert called.pages()[0]["acknowledged_by"] == "bo"
    called.audit()


ODD_PATHS = (
    "/intake/{s}/%00", "/intake/{s}/..%2f..%2fapi", "/intake/{s}//k", "//intake/{s}/k", "/intake/{s}/%2e%2e", "/intake/%2e%2e/k", "/intake/{s}/k%0d%0aX:1",
    "/intake/{s}/" + "k" * 3000, "/intake/{s}/%ff%fe", "/intake/{s};x/k", "/beat/%00", "/beat/../api/v1/people", "/beat/x/fail/y", "/beat//", "/report/%00",
    "/report/x/../../", "/am/%00/api/v2/alerts", "/am/../api/v2/alerts", "/v2/%00", "/v2//alerts", "/v2/../v2/enqueue", "/a/%00", "/a/..%2f", "/a//",
    "/api/v2/../v1/people", "/calendar/%00.ics", "/hooks/../x",
)  # fmt: skip


def test_odd_paths_by_odd_methods_change_nothing_and_break_nothing(pager: Pager) -> None:
    for path, method in itertools.product(ODD_PATHS, ("POST", *METHODS)):
        answer = pager.send(method, path.replace("{s}", "alertmanager"), person="", raw=b"{}" if method == "POST" else None)
        assert answer.status in (200, 303, 307, 400, 401, 404, 405, 410, 422), (method, path, answer.status)
    assert pager.get("/alerts")["alerts"] == []
    assert pager.pages() == []
    pager.audit()


# -- on the wire --------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    made = Server(Path(tmp_path_factory.mktemp("doors")) / "data")
    yield made
    if made.process.poll() is None:
        made.kill()


def raw(server: Server, sent: bytes, wait: float = 3.0) -> bytes:
    """Send bytes as they are, and return what comes back until the other side has enough."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=wait) as link, contextlib.suppress(OSError):
        link.sendall(sent)
        link.shutdown(socket.SHUT_WR)
        came = b""
        while part := link.recv(65536):
            came += part
        return came
    return b""


def request(path: str, method: str = "POST", headers: str = "", body: bytes = b"") -> bytes:
    return f"{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{headers}\r\n".encode("latin-1") + body


def intake_path(server: Server) -> str:
    (url,) = [one["url"] for one in server.request("GET", "/api/v1/intake")[1]["intake"] if one["source"] == "alertmanager"]
    return "/" + str(url).partition("://")[2].partition("/")[2]


def test_wrong_keys_are_all_told_the_same_so_that_whoever_guesses_learns_nothing(server: Server) -> None:
    kept = len(server.request("GET", "/api/v1/receipts")[1]["receipts"])
    answers = set()
    for source, key in itertools.product(
        ("alertmanager", "generic", "grafana", "nothing"), ("wrong", "a" * 24, "x" * 3000, "%27%20or%201=1", "%C3%A9", "%00", "..")
    ):
        body: Any
        for body in ({"alerts": []}, None, ["not", "what", "it", "sends"]):
            status, answer = server.request("POST", f"/intake/{source}/{key}", body)
            answers.add((status, str(answer)))
    assert len(answers) == 1
    assert answers.pop()[0] == 404
    others = [
        server.request("POST", path, {}, headers={"Authorization": "GenieKey wrong"})
        for path in ("/v2/alerts", "/v2/enqueue", "/beat/wrong", "/am/wrong/api/v2/alerts")
    ]
    assert {status for status, _ in others} <= {400, 401, 403, 404, 422}
    assert len(server.request("GET", "/api/v1/receipts")[1]["receipts"]) == kept


def test_what_is_no_proper_request_is_refused_on_the_wire_and_the_server_goes_on(server: Server) -> None:
    intake = intake_path(server)
    good = b'{"alerts":[]}'
    odd = [
        request(intake, headers="Transfer-Encoding: chunked\r\n", body=b"zz\r\nnot a chunk\r\n"),
        request(intake, headers="Transfer-Encoding: chunked\r\n", body=b"ffffffffffffffffff\r\n"),
        request(intake, headers="Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", body=b"0\r\n\r\nGET /"),
        request(intake, headers="Content-Length: -1\r\n", body=good),
        request(intake, headers="Content-Length: 5\r\nContent-Length: 6\r\n", body=good),
        request(intake, headers="Content-Length: 100\r\n", body=good),
        request(intake, headers=f"X-Big: {'x' * 200_000}\r\nContent-Length: 2\r\n", body=b"{}"),
        request(intake, headers="".join(f"X-{number}: y\r\n" for number in range(2000)) + "Content-Length: 2\r\n", body=b"{}"),
        request(intake + "\x00", headers="Content-Length: 2\r\n", body=b"{}"),
        request("/intake/alertmanager/../../api/v1/people", headers="Content-Length: 2\r\n", body=b"{}"),
        request("//a/x", "GET"), request("/a/%00", "GET"), request("/a/%ff", "GET"), request("*", "OPTIONS"), request("http://evil/a/x", "GET"),
        request(intake, "TRACE"), request(intake, "BREW"), b"\x16\x03\x01\x02\x00", b"GET\r\n\r\n", b"\x00" * 5000, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        request(intake, headers="Content-Length: 2\r\nContent-Encoding: gzip\r\n", body=b"{}"),
        request("/beat/x", headers="Expect: 100-continue\r\nContent-Length: 2\r\n", body=b"{}"),
        request("/v2/enqueue", headers="Content-Length: 4\r\n", body=b"\xff\xfe\x00\x01"),
        request("/report/x", headers="Content-Type: multipart/form-data; boundary=\r\nContent-Length: 4\r\n", body=b"--\r\n"),
    ]  # fmt: skip
    for sent in odd:
        status = raw(server, sent).split(b" ", 2)[1:2]
        assert not status or status[0] < b"500", (sent[:120], status)
    chance = random.Random(7)
    for _ in range(60):  # a good request with some bytes that are not
        bent = bytearray(request(intake, headers=f"Content-Length: {len(good)}\r\n", body=good))
        for _ in range(chance.randrange(1, 6)):
            bent[chance.randrange(len(bent))] = chance.randrange(256)
        status = raw(server, bytes(bent)).split(b" ", 2)[1:2]
        assert not status or status[0] < b"500", (bytes(bent), status)
    assert server.request("POST", intake, {"alerts": []})[0] < 500
    assert server.request("GET", "/readyz")[0] == 200


def test_a_hundred_slow_senders_do_not_keep_an_alert_out(server: Server) -> None:
    intake = intake_path(server)
    slow: list[Any] = []
    try:
        for _ in range(100):
            link = socket.create_connection(("127.0.0.1", server.port), timeout=5)
            link.sendall(request(intake, headers="Content-Length: 1000\r\n", body=b"{"))
            slow.append(link)
        begin = time.monotonic()
        alert = {"status": "firing", "labels": {"alertname": "Real", "severity": "critical"}}
        status, answer = server.request("POST", intake, {"alerts": [alert]})
        assert (status, answer["alerts"][0]["outcome"]) == (200, "new")
        assert time.monotonic() - begin < 2
    finally:
        for link in slow:
            link.close()
