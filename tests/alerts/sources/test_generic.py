"""Any tool that can post something: guesses without a mapping, expressions with one, and nothing that runs away."""

from __future__ import annotations

import contextlib
import time
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.alerts.sources.reading import NOW, at, form, one, read
from tocsin.alerts.errors import WrongBody
from tocsin.alerts.expressions import LONGEST_VALUE, MOST_MEMBERS, ExpressionFailed, Scope, bounded, compile_value
from tocsin.alerts.mapping import NAMES, WrongMapping, checked
from tocsin.alerts.reading import Sent
from tocsin.alerts.sources import generic
from tocsin.playbooks.condition_text import ConditionRefused

BODY: dict[str, Any] = {
    "team": "shop",
    "checks": [
        {
            "id": 7,
            "host": "db-1",
            "state": "broken",
            "text": "Replication stopped",
            "at": 1761574800,
            "urls": {"graph": "https://g.example/7"},
        },
        {"id": 8, "host": "db-2", "state": "fixed", "text": "Replication runs", "at": 1761574860},
        {"id": 9, "host": "db-3", "state": "ping"},
    ],
}
MAPPING: dict[str, Any] = {
    "alerts": "body.checks",
    "when": 'alert.state != "ping"',
    "fingerprint": "alert.id",
    "status": "alert.state",
    "statuses": {"broken": "firing", "fixed": "resolved"},
    "title": ["alert.title", "alert.text + ' on ' + alert.host"],
    "severity": "'sev-' + (alert.host == 'db-1' ? 'a' : 'b')",
    "levels": {"sev-a": "critical", "sev-b": "low"},
    "service": "body.team",
    "labels": {"host": "alert.host", "missing": "alert.rack.row"},
    "links": {"dashboard": "alert.urls.graph"},
    "starts_at": "alert.at",
    "ends_at": "alert.at",
    "expires_after": "30m",
    "how": "supplier",
}


def mapped(body: Any, mapping: dict[str, Any], **more: Any) -> Any:
    return read("generic", body, options={"mapping": mapping}, **more)


# --- by a mapping ---------------------------------------------------------------------------------------------------------------------------


def test_one_body_becomes_several_alerts_by_a_list_expression() -> None:
    broken, fixed = mapped(BODY, MAPPING).signals
    assert (broken.fingerprint, broken.status, broken.title) == ("7", "firing", "Replication stopped on db-1")
    assert (broken.severity, broken.level, broken.service, broken.how) == ("sev-a", "critical", "shop", "supplier")
    assert (broken.labels, broken.links) == ({"host": "db-1"}, {"dashboard": "https://g.example/7"})
    assert (broken.starts_at, broken.ends_at) == (at("2025-10-27T14:20:00"), None)
    assert broken.expires_at == NOW + timedelta(minutes=30)
    assert (fixed.fingerprint, fixed.status, fixed.level) == ("8", "resolved", "low")
    assert (fixed.ends_at, fixed.expires_at) == (at("2025-10-27T14:21:00"), None)


def test_what_when_does_not_let_through_is_kept_as_ignored() -> None:
    reading = mapped(BODY, {**MAPPING, "when": "false"})
    assert reading.signals == ()
    assert reading.ignored


def test_headers_and_query_are_at_hand() -> None:
    mapping = {"title": "headers['x-kind'] + ' ' + query.name"}
    assert mapped({"a": 1}, mapping, headers={"x-kind": "Backup"}, query={"name": "nightly"}).signals[0].title == "Backup nightly"


def test_labels_may_be_one_expression_that_gives_an_object_or_a_list() -> None:
    assert mapped({"title": "x", "m": {"a": 1, "b": True}}, {"labels": "body.m"}).signals[0].labels == {"a": "1", "b": "true"}
    assert mapped({"title": "x", "m": ["env:prod", "eu"]}, {"labels": "body.m"}).signals[0].labels == {"env": "prod", "eu": "true"}


def test_functions_on_texts_and_lists() -> None:
    body = {"title": "x", "host": "db-1.eu.example", "tags": [{"n": "a"}, {"n": "b"}, {}], "inner": '{"deep": {"er": 5}}', "m": {"k": "v"}}
    labels = {
        "short": "before(body.host, '.')",
        "rest": "after(body.host, '.')",
        "tags": "join(pick(body.tags, 'n'), '/')",
        "deep": "json(body.inner).deep.er",
        "loud": "upper(body.title) + lower('ABC') + trim('  x ')",
        "parts": "split(body.host, '.')[1]",
        "first": "first(pick(body.tags, 'n'))",
        "swapped": "replace(body.host, '.', '_')",
        "members": "join(members(body.m))",
        "all": "text(body.tags.all(t, has(t.n)))",
        "number": "string(size(body.tags)) + ' of ' + string(3)",
    }
    assert mapped(body, {"labels": labels}).signals[0].labels == {
        "short": "db-1", "rest": "eu.example", "tags": "a/b", "deep": "5", "loud": "Xabcx", "parts": "eu", "first": "a", "swapped": "db-1_eu_example",
        "members": "v", "all": "false", "number": "3 of 3",
    }  # fmt: skip


def test_a_part_that_is_missing_is_nothing_and_no_error() -> None:
    signal = mapped({"title": "x"}, {"severity": "body.a.b.c", "labels": {"l": "body.list[7]"}}).signals[0]
    assert (signal.severity, signal.labels) == ("", {})


def test_a_link_that_would_run_code_is_no_link() -> None:
    signal = mapped({"title": "x", "u": "javascript:alert(1)"}, {"links": {"dashboard": "body.u"}}).signals[0]
    assert signal.links == {}


def test_a_state_that_nobody_mapped_fires_and_is_told_in_the_preview() -> None:
    sent = Sent(b'{"title": "x", "s": "wobbly"}', NOW, "application/json", options={"mapping": {"status": "body.s"}})
    reading, problems = generic.preview(sent)
    assert reading.signals[0].status == "firing"
    assert "wobbly" in problems[0].why


def test_an_expression_that_fails_loses_no_alert_and_is_told_in_the_preview() -> None:
    mapping = {"title": "body.title", "severity": "body.title * 2", "labels": {"a": "body.title + 1"}}
    reading, problems = generic.preview(Sent(b'{"title": "x"}', NOW, "application/json", options={"mapping": mapping}))
    assert reading.signals[0].title == "x"
    assert [one.field for one in problems] == ["severity", "labels.a"] or {one.field for one in problems} == {"severity", "labels.a"}


@pytest.mark.parametrize(
    ("mapping", "field"),
    [
        ({"alerts": "body.title"}, "alerts"),
        ({"alerts": "body.nothing"}, "alerts"),
        ({"fingerprint": "body.title * 2"}, "mapping"),
        ({"when": "body.title + 1 == 2"}, "mapping"),
    ],
)
def test_what_the_alerts_cannot_do_without_is_refused_with_its_place(mapping: dict[str, Any], field: str) -> None:
    with pytest.raises(WrongBody) as refusal:
        mapped({"title": "x"}, mapping)
    assert refusal.value.field == field


# --- without one ----------------------------------------------------------------------------------------------------------------------------


def test_usual_names_are_guessed() -> None:
    body = {
        "title": "Disk full", "status": "open", "severity": "high", "alert_id": 12, "component": "db", "details": {"mount": "/var"},
        "runbook_url": "https://r.example", "timestamp": "2025-10-27T14:20:00Z", "value": 97.0, "description": "97 % of /var",
    }  # fmt: skip
    signal = one("generic", body)
    assert (signal.fingerprint, signal.status, signal.title, signal.level, signal.service) == ("12", "firing", "Disk full", "high", "db")
    assert (signal.labels, signal.links, signal.value) == ({"mount": "/var"}, {"runbook": "https://r.example"}, "97")
    assert (signal.starts_at, signal.summary) == (at("2025-10-27T14:20:00"), "97 % of /var")


def test_a_text_is_an_alert_of_its_first_line() -> None:
    signal = one("generic", "Backup of db-1 failed\nexit code 3", media="text/plain")
    assert (signal.title, signal.summary, signal.status) == ("Backup of db-1 failed", "Backup of db-1 failed\nexit code 3", "firing")
    again = one("generic", "Backup of db-1 failed\nexit code 4", media="text/plain")
    assert again.fingerprint == signal.fingerprint


def test_a_form_is_read_by_its_fields() -> None:
    (signal,) = form("generic", {"title": "Door open", "state": "closed"}).signals
    assert (signal.title, signal.status) == ("Door open", "resolved")


def test_alerts_with_the_same_labels_in_another_order_are_one() -> None:
    assert (
        one("generic", {"title": "x", "labels": {"a": "1", "b": "2"}}).fingerprint
        == one("generic", {"labels": {"b": "2", "a": "1"}}).fingerprint
    )


def test_text_that_claims_to_be_json_and_is_not_is_refused() -> None:
    for body in ("{half", "plain"):
        with pytest.raises(WrongBody):
            read("generic", body)


# --- what is refused when a mapping is written down -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mapping", "field", "hint"),
    [
        ({"titel": "body.x"}, "titel", "title"),
        ({"title": "body.("}, "title", "body.title"),
        ({"title": "bdy.x"}, "title", "body"),
        ({"labels": {"a": "nope(body.x)"}}, "labels.a", "after"),
        ({"title": ["body.a", "body."]}, "title[1]", "body.title"),
        ({"title": 5}, "title", "text"),
        ({"statuses": {"a": "burning"}}, "statuses", "text"),
        ({"expires_after": "soon"}, "expires_after", "30m"),
        ({"title": "body.a.map(x, x)"}, "title", "pick"),
        ({"title": "[body].exists(a, [a].exists(b, true)) ? 'a' : 'b'"}, "title", "side by side"),
        ({"title": "body.a.matches(body.b) ? 'a' : 'b'"}, "title", "matches"),
        ({"title": "body.a.matches('(a{9}){9}') ? 'a' : 'b'"}, "title", "matches"),
        ({"title": "'" + "x" * 1001 + "'"}, "title", "shorter"),
        ({"title": "((((" * 200 + "1" + "))))" * 200}, "title", "shorter"),
    ],
)
def test_a_mapping_that_cannot_work_is_refused_with_its_place_and_a_remedy(mapping: dict[str, Any], field: str, hint: str) -> None:
    with pytest.raises(WrongMapping) as refusal:
        checked(mapping)
    assert refusal.value.field.startswith(field)
    assert hint in refusal.value.fix


@given(st.text(max_size=60) | st.text(alphabet="body.alert()[]'\"+*?:<>=!&|,x1 ", max_size=40))
def test_any_text_is_an_expression_or_refused_and_nothing_else(text: str) -> None:
    scope = Scope({"body": {"title": "x", "n": 1}, "alert": {}, "headers": {}, "query": {}})
    with contextlib.suppress(ConditionRefused, ExpressionFailed):
        compile_value(text, NAMES).value(scope)


# --- nothing runs away ----------------------------------------------------------------------------------------------------------------------

HEAVY = {
    "l": [{"x": "y" * 50, "m": ["abc" * 10] * 100} for _ in range(1000)],
    "title": "x",
}


@pytest.mark.parametrize(
    "mapping",
    [
        {"alerts": "body.l", "title": "join(pick(body.l, 'x'))"},
        {"alerts": "body.l", "labels": {f"l{n}": "join(alert.m) + text(alert)" for n in range(40)}},
        {"labels": {f"l{n}": "text(body) + join(pick(body.l, 'm')) + text(json(text(body)))" for n in range(90)}},
        {"labels": {f"l{n}": "text(body.l.exists(x, x.x.matches('(a|b|c|abc)+$')))" for n in range(90)}},
        {"alerts": "body.l", "when": "body.l.exists(x, x.x == 'q')"},
    ],
)
def test_too_much_work_is_refused_soon(mapping: dict[str, Any]) -> None:
    begun = time.process_time()
    with pytest.raises(WrongBody, match="too much work"):
        mapped(HEAVY, mapping)
    assert time.process_time() - begun < 4


def test_what_an_expression_looks_at_is_bounded() -> None:
    deep: Any = "bottom"
    for _ in range(200):
        deep = {"d": deep}
    found = bounded({"text": "x" * 10**6, "list": list(range(10**5)), "deep": deep, "huge": 10**400, "half": "\ud800"})
    assert len(found["text"]) == LONGEST_VALUE
    assert len(found["list"]) == MOST_MEMBERS + 1
    assert str(found["deep"]).count("d") < 50
    assert isinstance(found["huge"], str)
    assert found["half"] == "?"


def test_a_body_with_too_many_alerts_is_refused_and_none_is_dropped_silently() -> None:
    with pytest.raises(WrongBody, match=r"more than 1,000"):
        read("generic", [{"title": str(n)} for n in range(1001)])
    assert len(read("generic", [{"title": str(n)} for n in range(1000)]).signals) == 1000
