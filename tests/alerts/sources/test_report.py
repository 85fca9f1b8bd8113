"""Reports by customers, support and people on the command line."""

import json
from datetime import UTC, datetime
from urllib.parse import urlencode

import pytest

from tocsin.alerts.errors import WrongBody
from tocsin.alerts.model import Signal
from tocsin.alerts.reading import Sent
from tocsin.alerts.sources import report

NOW = datetime(2025, 10, 27, 14, 25, tzinfo=UTC)


def read(**fields: object) -> Signal:
    (signal,) = report.read(Sent(json.dumps(fields).encode(), NOW, "application/json")).signals
    return signal


def test_a_form_of_a_customer_is_an_alert_that_says_who_reported_it() -> None:
    form = urlencode({"title": "Cannot pay", "details": "The button does nothing", "name": "Kim", "contact": "kim@example.com"})
    (signal,) = report.read(Sent(form.encode(), NOW, "application/x-www-form-urlencoded")).signals
    assert (signal.title, signal.summary, signal.how, signal.by) == ("Cannot pay", "The button does nothing", "customer", "Kim")
    assert signal.labels["contact"] == "kim@example.com"
    assert signal.starts_at == NOW


def test_a_person_may_say_service_severity_and_since_when() -> None:
    signal = read(
        title="Logins fail", service="login", severity="SEV-2", since="2025-10-27T14:00:00Z", how="person", labels={"region": "eu"}
    )
    assert (signal.service, signal.severity, signal.level, signal.how) == ("login", "SEV-2", None, "person")
    assert signal.starts_at == datetime(2025, 10, 27, 14, 0, tzinfo=UTC)
    assert signal.labels == {"region": "eu", "alertname": "report", "service": "login"}


def test_the_same_words_twice_are_one_report() -> None:
    assert read(title="Cannot pay", contact="a").fingerprint == read(title="cannot PAY", contact="A").fingerprint
    assert read(title="Cannot pay", contact="a").fingerprint != read(title="Cannot pay", contact="b").fingerprint


def test_what_no_person_wrote_is_kept_and_ignored() -> None:
    reading = report.read(Sent(b'{"title": "Buy now", "website": "http://spam.example"}', NOW, "application/json"))
    assert (reading.signals, bool(reading.ignored)) == ((), True)


@pytest.mark.parametrize(("body", "field"), [(b"{}", "title"), (b'{"title": "  "}', "title"), (b'{"title": "x", "how": "magic"}', "how")])
def test_what_is_missing_is_named(body: bytes, field: str) -> None:
    with pytest.raises(WrongBody) as refused:
        report.read(Sent(body, NOW, "application/json"))
    assert refused.value.field == field
