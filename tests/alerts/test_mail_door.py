"""Mails to an intake key become alerts, kept before the sender hears so."""

import smtplib
import socket
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from tests.server import Server


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, int, str]]:
    port = free_port()
    server = Server(tmp_path_factory.mktemp("mail") / "data", "--smtp-listen", f"127.0.0.1:{port}")
    server.request("POST", "/api/v1/intake-keys/mail", {"name": "Mail", "source": "email", "service": "storage"})
    secret = server.request("GET", "/api/v1/intake-keys/mail")[1]["secret"]
    yield server, port, secret
    server.stop()


def send(port: int, to: str, subject: str = "Disk full", text: str = "98 %") -> Any:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "nagios@example.com", to, subject
    message.set_content(text)
    with smtplib.SMTP("127.0.0.1", port) as client:
        return client.send_message(message)


def alerts(server: Server) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = server.request("GET", "/api/v1/alerts?source=email")[1]["alerts"]
    return found


def test_a_mail_is_an_alert_of_the_keys_service_and_its_recovery_ends_it(door: tuple[Server, int, str]) -> None:
    server, port, key = door
    send(port, f"{key}@tocsin.example.com", "[DOWN] db-1")
    (alert,) = alerts(server)
    assert (alert["title"], alert["state"], alert["service"], alert["how"]) == ("[DOWN] db-1", "firing", "storage", "email")
    send(port, f"{key}@tocsin.example.com", "[UP] db-1")
    assert [one["state"] for one in alerts(server)] == ["resolved"]


def test_the_mail_is_kept_as_it_came(door: tuple[Server, int, str]) -> None:
    server, port, key = door
    send(port, f"{key}@tocsin.example.com", "Look at the whole", "every line of it")
    newest = server.request("GET", "/api/v1/receipts?source=email&limit=1")[1]["receipts"][0]["id"]
    assert "every line of it" in server.request("GET", f"/api/v1/receipts/{newest}")[1]["body"]


def test_an_address_without_a_key_takes_no_mail(door: tuple[Server, int, str]) -> None:
    _, port, _ = door
    with pytest.raises(smtplib.SMTPRecipientsRefused) as refused:
        send(port, "info@tocsin.example.com")
    assert refused.value.recipients["info@tocsin.example.com"][0] == 550


def test_a_mail_that_says_nothing_is_refused_and_kept(door: tuple[Server, int, str]) -> None:
    _, port, key = door
    with smtplib.SMTP("127.0.0.1", port) as client, pytest.raises(smtplib.SMTPDataError) as refused:
        client.sendmail("a@example.com", [f"{key}@tocsin.example.com"], b"From: a@example.com\r\n\r\n")
    assert refused.value.smtp_code == 554
    assert b"receipt R-" in (refused.value.smtp_error if isinstance(refused.value.smtp_error, bytes) else refused.value.smtp_error.encode())


def test_two_recipients_are_two_requests(door: tuple[Server, int, str]) -> None:
    server, port, key = door
    before = len(server.request("GET", "/api/v1/receipts?source=email&limit=200")[1]["receipts"])
    with smtplib.SMTP("127.0.0.1", port) as client:
        client.sendmail("a@example.com", [f"{key}@a.example", f"{key}@b.example"], b"From: a@example.com\r\nSubject: twice\r\n\r\nx")
    assert len(server.request("GET", "/api/v1/receipts?source=email&limit=200")[1]["receipts"]) == before + 2


def test_a_place_that_is_none_is_refused_by_its_flag(tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="smtp-listen"):
        Server(tmp_path / "data", "--smtp-listen", "everywhere")
