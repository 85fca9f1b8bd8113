"""The two ways to the API: a data directory on which no server works, and a server over HTTP."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.server import Server


def tocsin(*words: str, code: int = 0, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the installed command line in a process of its own; it must end with this exit code."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("TOCSIN_")}
    ran = subprocess.run(
        [sys.executable, "-m", "tocsin", *words], capture_output=True, text=True, check=False, timeout=60, env={**clean, **environment}
    )
    assert ran.returncode == code, f"{words} ended with {ran.returncode}: {ran.stdout}{ran.stderr}"
    return ran


# -- no server ------------------------------------------------------------------------------------


def test_without_a_server_a_command_works_on_the_data_directory_and_gives_the_lock_back(tmp_path: Path) -> None:
    data = str(tmp_path / "data")
    declared = json.loads(tocsin("--data", data, "--as", "ana", "incident", "declare", "--title", "Broken", "--json").stdout)
    assert declared["incident"].startswith("INC-")
    tocsin("incident", "entry", "OBSERVATION", "it is slow", "--data", data, "--as", "ana")
    lines = json.loads(tocsin("timeline", "show", "--entries", "--json", TOCSIN_DATA=data).stdout)
    assert [(line["by"], line["text"]) for line in lines] == [("ana", "it is slow")]
    tocsin("update", "post", "--message", "first_post", "--field", "known=slow", "--field", "next=look", "--next-in", "30m", "--data", data)
    assert list((tmp_path / "data" / "outbox").glob("*.json")), "what waited was sent before the command ended"


def test_the_playbook_of_the_environment_holds_without_a_server_too(tmp_path: Path) -> None:
    data = str(tmp_path / "data")
    declared = json.loads(tocsin("incident", "declare", "--title", "x", "--json", "--data", data, TOCSIN_PLAYBOOK="compact").stdout)
    assert declared["severity"] == "SEV2" or declared["severity"].startswith("SEV")
    assert json.loads(tocsin("incident", "show", "--json", "--data", data).stdout)["playbook"]["id"] == "compact"


def test_a_named_server_that_does_not_answer_ends_with_3(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    ran = tocsin("--server", f"http://127.0.0.1:{port}", "incident", "list", code=3)
    assert "does not answer" in ran.stderr
    assert "tocsin serve" in ran.stderr


def test_the_doctor_says_what_is_wrong_and_what_to_do(tmp_path: Path) -> None:
    missing = tocsin("doctor", "--data", str(tmp_path / "none"), code=1)
    assert "does not exist" in missing.stdout
    assert "tocsin serve --data DIR" in missing.stdout
    data = tmp_path / "data"
    tocsin("clock", "show", "--data", str(data))
    well = tocsin("doctor", "--data", str(data))
    assert "none runs" in well.stdout
    assert "playbook nine-stage" in well.stdout
    (data / "tocsin.db").write_bytes(b"not a database at all" * 100)
    for more in data.glob("tocsin.db-*"):
        more.unlink()
    broken = json.loads(tocsin("doctor", "--json", "--data", str(data), code=1).stdout)
    assert [check["name"] for check in broken["checks"] if check["grade"] == "bad"] == ["database"]


# -- a server -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A real server on a free port of the loopback address."""
    running = Server(tmp_path_factory.mktemp("served") / "data", "--playbook", "payments-sev1")
    yield running
    running.stop()


def test_a_command_finds_the_server_of_the_data_directory(server: Server) -> None:
    data = str(server.data)
    incident = json.loads(tocsin("incident", "declare", "--title", "Over HTTP", "--json", "--data", data, "--as", "ana").stdout)["incident"]
    status, view = server.request("GET", f"/api/v1/incidents/{incident}")
    assert (status, view["title"], view["lead"]) == (200, "Over HTTP", "ana")
    assert "ok    server" in tocsin("doctor", "--data", data).stdout
    tocsin("incident", "dismiss", incident, "--reason", "a test", "--data", data)


def test_a_named_server_wants_its_token(server: Server) -> None:
    url = f"http://127.0.0.1:{server.port}"
    refused = tocsin("incident", "list", "--server", url, code=1)
    assert "This needs a token." in refused.stderr
    assert "No incident is open" in tocsin("incident", "list", "--server", url, "--token", server.token).stdout
    assert "No incident is open" in tocsin("incident", "list", TOCSIN_SERVER=url, TOCSIN_TOKEN=server.token).stdout
    assert "does not accept the token" in tocsin("doctor", "--server", url, "--token", "wrong", code=1).stdout


def test_a_second_server_on_the_same_directory_is_refused_with_the_address_of_the_first(server: Server) -> None:
    refused = tocsin("serve", "--data", str(server.data), "--port", "0", code=1)
    assert f"127.0.0.1:{server.port}" in refused.stderr


def test_a_taken_port_and_a_wrong_setting_end_with_a_sentence(server: Server, tmp_path: Path) -> None:
    taken = tocsin("serve", "--data", str(tmp_path / "d"), code=1, TOCSIN_PORT=str(server.port))
    assert "TOCSIN_PORT" in taken.stderr
    assert "Name another with --port" in taken.stderr
    wrong = tocsin("serve", "--data", str(tmp_path / "d"), code=2, TOCSIN_PORT="x")
    assert "(from TOCSIN_PORT)" in wrong.stderr


def test_a_command_against_a_server_is_quick(server: Server) -> None:
    """350 ms is the promise; the best of five runs is taken, so that a busy machine does not fail the test."""
    url = f"http://127.0.0.1:{server.port}"
    took = []
    for _ in range(5):
        begun = time.perf_counter()
        tocsin("incident", "list", "--server", url, "--token", server.token)
        took.append(time.perf_counter() - begun)
    assert min(took) < 0.35


def test_a_server_with_its_own_certificate_is_trusted_through_its_data_directory_and_stops_in_good_order(tmp_path: Path) -> None:
    if shutil.which("openssl") is None:
        pytest.skip("openssl makes the certificate")
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=tocsin.example.com", "-keyout", "key.pem", "-out", "cert.pem"],
        cwd=tmp_path, check=True, capture_output=True,
    )  # fmt: skip
    data = tmp_path / "data"
    words = ["serve", "--data", str(data), "--port", "0", "--tls-cert", str(tmp_path / "cert.pem"), "--tls-key", str(tmp_path / "key.pem")]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("TOCSIN_")}
    process = subprocess.Popen(
        [sys.executable, "-m", "tocsin", *words], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment
    )
    try:
        assert process.stdout is not None
        until = time.monotonic() + 60
        while time.monotonic() < until and process.poll() is None and "serves" not in process.stdout.readline():
            pass
        url = json.loads((data / "server.json").read_text())["url"]
        assert url.startswith("https://127.0.0.1:")
        assert "UTC" in tocsin("clock", "show", "--data", str(data)).stdout
        stranger = tocsin("clock", "show", "--server", url, code=3)
        assert "certificate" in stranger.stderr
    finally:
        process.terminate()
        rest, _ = process.communicate(timeout=20)
    assert process.returncode == 0, rest
    assert not (data / "server.json").exists()
