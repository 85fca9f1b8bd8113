"""E-mails as alerts."""

from datetime import UTC, datetime
from email.message import EmailMessage

import pytest

from tocsin.alerts.errors import WrongBody
from tocsin.alerts.reading import Reading, Sent
from tocsin.alerts.sources import email

NOW = datetime(2025, 10, 27, 14, 25, tzinfo=UTC)


def mail(subject: str, text: str = "", sender: str = "Nagios <nagios@mon.example.com>", **headers: str) -> bytes:
    message = EmailMessage()
    message["From"] = sender
    message["To"] = "key@tocsin.example.com"
    message["Subject"] = subject
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    message.set_content(text)
    return message.as_bytes()


def read(body: bytes, **options: object) -> Reading:
    return email.read(Sent(body, NOW, options=options))


def test_the_subject_is_the_title_and_the_text_is_kept() -> None:
    (signal,) = read(mail("Disk full on db-1", "98 % of /var\nSince noon", Date="Mon, 27 Oct 2025 15:20:00 +0100")).signals
    assert (signal.title, signal.summary, signal.status, signal.how) == ("Disk full on db-1", "98 % of /var\nSince noon", "firing", "email")
    assert signal.starts_at == datetime(2025, 10, 27, 14, 20, tzinfo=UTC)
    assert signal.labels == {"alertname": "Disk full on db-1", "from": "nagios@mon.example.com"}


@pytest.mark.parametrize(
    ("down", "up"),
    [
        ("[DOWN] disk on db-1", "[UP] disk on db-1"),
        ("PROBLEM: disk on db-1", "RECOVERY: disk on db-1"),
        ("** PROBLEM ** disk on db-1", "Re: ** OK ** disk on db-1"),
        ("disk on db-1", "Resolved - disk on db-1"),
        ("Alert: Platte voll auf db-1 — Größe", "Cleared: Platte voll auf db-1 — Größe"),
    ],
)
def test_the_word_of_state_at_the_beginning_ends_the_same_alert(down: str, up: str) -> None:
    (begun,), (over,) = read(mail(down)).signals, read(mail(up)).signals
    assert (begun.status, over.status) == ("firing", "resolved")
    assert begun.fingerprint == over.fingerprint
    assert over.ends_at == NOW


def test_another_sender_is_another_alert() -> None:
    assert read(mail("disk")).signals[0].fingerprint != read(mail("disk", sender="other@example.com")).signals[0].fingerprint


def test_a_key_may_name_other_words() -> None:
    (signal,) = read(mail("Behoben: Platte"), resolved_words=["behoben"]).signals
    assert signal.status == "resolved"


def test_html_is_read_as_text_and_nothing_in_it_is_kept_as_markup() -> None:
    message = EmailMessage()
    message["Subject"] = "disk"
    message.set_content("<style>p{}</style><p>98 % <b>full</b></p><script>alert(1)</script>", subtype="html")
    (signal,) = email.read(Sent(message.as_bytes(), NOW)).signals
    assert "full" in signal.summary
    assert "<" not in signal.summary
    assert "alert(1)" not in signal.summary


def test_an_automatic_answer_is_no_alert() -> None:
    reading = read(mail("Out of office", Auto_Submitted="auto-replied"))
    assert (reading.signals, bool(reading.ignored)) == ((), True)


def test_a_mail_without_subject_and_text_is_refused() -> None:
    with pytest.raises(WrongBody) as refused:
        email.read(Sent(b"From: a@b\n\n", NOW))
    assert refused.value.field == "subject"


def test_a_date_ahead_of_our_clock_is_the_moment_of_receipt() -> None:
    assert read(mail("x", Date="Mon, 27 Oct 2031 15:20:00 +0100")).signals[0].starts_at == NOW
