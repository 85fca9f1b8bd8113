"""Alertmanager's webhook as our values."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.alerts.bodies import body, one
from tocsin.alerts.errors import WrongBody
from tocsin.alerts.reading import Sent
from tocsin.alerts.sources.alertmanager import read
from tocsin.alerts.sources.fields import fingerprint


def read_bytes(content: bytes) -> Any:
    return read(Sent(content, datetime(2025, 10, 27, 14, 25, tzinfo=UTC))).signals


def read_value(content: Any) -> Any:
    return read_bytes(json.dumps(content).encode())


def test_a_captured_webhook_gives_every_alert_with_its_own_status() -> None:
    firing, resolved = read_value(body("partly_resolved"))
    assert (firing.status, firing.ends_at) == ("firing", None)
    assert (resolved.status, resolved.ends_at) == ("resolved", datetime(2025, 10, 27, 14, 39, 42, 418000, tzinfo=UTC))


def test_an_alert_carries_value_threshold_links_service_and_severity() -> None:
    signal = read_value(body("firing"))[0]
    assert (signal.fingerprint, signal.service, signal.severity) == ("9a3fd0c2517be644", "payments", "critical")
    assert (signal.value, signal.threshold) == ("35%", "5%")
    assert signal.title == "High error rate in payment API, eu-west (PaymentErrorRateHigh)"
    assert signal.links == {
        "dashboard": "https://grafana.example/d/payments",
        "runbook": "https://runbooks.example/payment-errors",
        "source": "https://prometheus.example/graph?g0.expr=payment_error_ratio+%3E+0.05&g0.tab=1",
    }
    assert signal.starts_at == datetime(2025, 10, 27, 14, 24, 12, 418000, tzinfo=UTC)


def test_a_body_without_version_times_and_fingerprint_is_read() -> None:
    (signal,) = read_value({"status": "firing", "alerts": [{"status": "firing", "labels": {"alertname": "Cold"}}]})
    assert (signal.title, signal.starts_at, signal.ends_at) == ("Cold", None, None)
    assert signal.fingerprint == fingerprint({"alertname": "Cold"})


def test_one_bare_alert_is_read_as_a_list_of_it() -> None:
    (signal,) = read_value(one()["alerts"][0])
    assert signal.title == "DiskFull on db-1"


def test_an_old_body_with_a_number_for_its_group_is_read() -> None:
    (signal,) = read_value({**one(), "version": "3", "groupKey": 5615590933959184469})
    assert signal.labels["alertname"] == "DiskFull"


def test_times_come_in_any_zone_and_finer_than_we_keep() -> None:
    (signal,) = read_value(one(start="2025-10-27T10:24:00.123456789-04:00"))
    assert signal.starts_at == datetime(2025, 10, 27, 14, 24, 0, 123457, tzinfo=UTC)


def test_the_shorter_annotation_names_count_where_the_longer_are_missing() -> None:
    content = one()
    content["alerts"][0]["annotations"] |= {"dashboard": "https://d.example/1", "runbook": "https://r.example/1"}
    (signal,) = read_value(content)
    assert (signal.links["dashboard"], signal.links["runbook"]) == ("https://d.example/1", "https://r.example/1")


def test_a_link_that_would_run_code_is_no_link() -> None:
    content = one()
    content["alerts"][0]["annotations"] |= {"runbook_url": "javascript:alert(1)"}
    (signal,) = read_value(content)
    assert "runbook" not in signal.links


def test_a_placeholder_of_the_sender_stays_as_it_is() -> None:
    content = one()
    content["alerts"][0]["annotations"]["summary"] = "{{ $labels.instance }} of {app}"
    (signal,) = read_value(content)
    assert signal.title == "{{ $labels.instance }} of {app} (DiskFull)"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        (lambda a: a.pop("labels"), "alerts[0].labels"),
        (lambda a: a.update(status="broken"), "alerts[0].status"),
        (lambda a: a.update(labels={}), "alerts[0].labels"),
        (lambda a: a.update(labels=["x"]), "alerts[0].labels"),
    ],
)
def test_a_wrong_alert_is_refused_with_the_path_of_what_is_wrong(change: Any, field: str) -> None:
    content = one()
    change(content["alerts"][0])
    with pytest.raises(WrongBody) as refusal:
        read_value(content)
    assert refusal.value.field == field
    assert field in refusal.value.what


def test_a_time_without_a_zone_is_in_utc_and_a_number_may_be_an_identity() -> None:
    content = one()
    content["alerts"][0].update(startsAt="2025-10-27T14:24:00", fingerprint=7)
    (signal,) = read_value(content)
    assert (signal.starts_at, signal.fingerprint) == (datetime(2025, 10, 27, 14, 24, tzinfo=UTC), "7")


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'"x"', b"{}", b'{"alerts": 3}', b"\xff\xfe", b'{"alerts": [null]}'])
def test_what_is_no_webhook_is_refused(content: bytes) -> None:
    with pytest.raises(WrongBody):
        read_bytes(content)


@given(
    st.binary(max_size=200)
    | st.recursive(st.none() | st.booleans() | st.text(), st.lists).map(lambda v: json.dumps({"alerts": v}).encode())
)
def test_any_bytes_are_read_or_refused_and_nothing_else(content: bytes) -> None:
    try:
        read_bytes(content)
    except WrongBody:
        return


@given(st.dictionaries(st.text(max_size=8), st.text(max_size=8), min_size=1, max_size=6), st.randoms())
def test_a_fingerprint_does_not_depend_on_the_order_of_labels(labels: dict[str, str], chance: Any) -> None:
    turned = list(labels.items())
    chance.shuffle(turned)
    assert fingerprint(dict(turned)) == fingerprint(labels)
    assert fingerprint({**labels, "one more": "x"}) != fingerprint(labels)
