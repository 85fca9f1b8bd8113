"""Grouping, deduplication and routing, as others have tested theirs. Each model of a case has its own way to play; nothing here names a case."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.cases.files import of_kind, skip_deviation
from tests.world import World
from tocsin.alerts.group_model import Noticed
from tocsin.alerts.grouping import labels_of
from tocsin.alerts.inhibition import InhibitionRule, compile_inhibitions, inhibited
from tocsin.alerts.matchers import Matcher, Subject
from tocsin.alerts.notify import why_now
from tocsin.alerts.route_model import NoticeRule, Route, SaveRoutes
from tocsin.alerts.routing import Known, Router, compile_routes, rank

BEGIN = datetime(2026, 5, 4, 8, 0, tzinfo=UTC)
KEY = "0123456789abcdef0123456789abcdef"


def cases(*models: str) -> list[Any]:
    """The cases of these models; whatever stands in for an absent folder stays, so that it is seen to be skipped."""
    return [one for one in of_kind("grouping") if one.values[0] is None or one.values[0]["model"] in models]


def test_every_model_has_a_way_to_be_played() -> None:
    known = {
        "label-grouping", "routing", "timed-sequence", "notification-dedup", "inhibition", "events-v2-semantics", "alias-semantics",
        "dedup-and-correlate", "dedup", "dedup-metrics",
    }  # fmt: skip
    assert {one.values[0]["model"] for one in of_kind("grouping") if one.values[0] is not None} <= known


@pytest.fixture
def worlds(tmp_path: Path) -> Iterator[Callable[..., World]]:
    made: list[World] = []

    def begin(**more: Any) -> World:
        made.append(World(tmp_path / f"data{len(made)}", **{"start_at": BEGIN, "playbook": "house", **more}))
        return made[-1]

    yield begin
    for world in made:
        world.close()


# --- routes -------------------------------------------------------------------------------------------------------------------------------


def _route(given: dict[str, Any], name: str) -> Route:
    """A route of Alertmanager as one of ours; its receiver stands for the policy."""
    matchers = [Matcher(key, "=", value) for key, value in given.get("match", {}).items()]
    matchers += [Matcher(key, "=~", value) for key, value in given.get("match_re", {}).items()]
    more: dict[str, Any] = {"policy": given["receiver"]} if "receiver" in given else {}
    if "group_by" in given:
        more["group_by"] = tuple(given["group_by"])
    times = {
        key: given[other]
        for key, other in (("wait", "group_wait"), ("interval", "group_interval"), ("repeat", "repeat_interval"))
        if other in given
    }
    if times:
        more["notify"] = NoticeRule(to=("file:x",), **times)
    inner = tuple(_route(one, f"r{number}") for number, one in enumerate(given.get("routes", [])))
    return Route(name=name, match=tuple(map(str, matchers)), onward=given.get("continue", False), routes=inner, **more)


def _router(given: dict[str, Any]) -> Router:
    return compile_routes(SaveRoutes((_route(given, "root"),)))


@pytest.mark.parametrize("case", cases("label-grouping"))
def test_alerts_form_the_groups_of_the_case(case: dict[str, Any]) -> None:
    skip_deviation(case, "groups")
    router = _router(case["input"]["routes"])
    groups: dict[str, dict[str, Any]] = {}
    receivers: list[list[str]] = []
    for number, labels in enumerate(case["input"]["alerts"]):
        subject = Subject(labels, identity=str(number))
        taken = router.route(subject, Known(), Known)
        receivers.append(sorted(one.policy for one in taken))
        for one in taken:
            made = groups.setdefault(
                one.key, {"alerts": [], "group_labels": labels_of(one.handling.group_by, subject), "receiver": one.policy},
            )  # fmt: skip
            made["alerts"].append(number)
    expected = [{name: one[name] for name in ("alerts", "group_labels", "receiver")} for one in case["expected"]["groups"]]
    assert _sorted(groups.values()) == _sorted(expected)
    if "receivers_of_alert" in case["expected"]:
        assert receivers == [sorted(some) for some in case["expected"]["receivers_of_alert"]]


def _sorted(groups: Any) -> list[Any]:
    return sorted(groups, key=lambda one: (one["receiver"], one["alerts"]))


@pytest.mark.parametrize("case", cases("routing"))
def test_alerts_take_the_routes_of_the_case_with_what_those_inherit(case: dict[str, Any]) -> None:
    skip_deviation(case, "routes")
    router = _router(case["input"]["routes"])
    for row in case["expected"]["matches"]:
        found = []
        for one in router.route(Subject(row["labels"]), Known(), Known):
            notify = one.handling.notify
            found.append(
                {
                    "receiver": one.policy, "group_by": sorted(one.handling.group_by),
                    **({"group_wait_s": notify.wait.total_seconds(), "group_interval_s": notify.interval.total_seconds(),
                        "repeat_interval_s": notify.repeat.total_seconds()} if notify else {}),
                },
            )  # fmt: skip
        assert len(found) == len(row["routes"]), (row["labels"], found)
        for has, wanted in zip(found, row["routes"], strict=True):
            assert {name: has.get(name) for name in wanted} == wanted, row["labels"]


# --- channels that are told -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", cases("notification-dedup"))
def test_channels_are_told_again_exactly_when_there_is_something_to_tell(case: dict[str, Any]) -> None:
    skip_deviation(case, "notify")
    for row in case["expected"]["rows"]:
        sent = row["last_sent"]
        last = None
        if sent is not None:
            last = Noticed(BEGIN - timedelta(seconds=sent["age_s"]), _texts(sent.get("firing")), _texts(sent.get("resolved")))
        why = why_now(
            _texts(row["firing"]), _texts(row["resolved"]), last, repeat=timedelta(seconds=row["repeat_interval_s"] or 4 * 3600),
            tell_resolved=row["send_resolved"] is not False, now=BEGIN,
        )  # fmt: skip
        assert bool(why) is row["notify"], (row["why"], why)


def _texts(numbers: list[int] | None) -> tuple[str, ...]:
    return tuple(map(str, numbers or ()))


SCALE = 1000
"""Seconds of the installation's time for one of the case: its tenths become whole seconds of ours."""


def _span(seconds: float) -> str:
    return f"{round(seconds * SCALE)}s"


def _moment(seconds: float) -> datetime:
    return BEGIN + timedelta(seconds=seconds * SCALE)


@pytest.mark.parametrize("case", cases("timed-sequence"))
def test_channels_hear_of_a_sequence_of_alerts_when_the_case_says(case: dict[str, Any], worlds: Callable[..., World]) -> None:
    """Pushed to Alertmanager's address of an installation; what its file channel was given is compared."""
    skip_deviation(case, "notifications")
    config = case["input"]["config"]
    world = worlds()
    notify = {
        "to": ["file:receiver"], "wait": _span(config["group_wait_s"]), "interval": _span(config["group_interval_s"]),
        "repeat": _span(config.get("repeat_interval_s", 3600)), "resolved": config.get("send_resolved", False),
    }  # fmt: skip
    route = {"name": "all", "group_by": config["group_by"], "urgency": "none", "reopen": _span(60), "notify": notify}
    lasts = {"resolve_timeout": _span(config.get("resolve_timeout_s", 300))}  # Alertmanager's own default is five minutes
    world.post("/routes", {"routes": [route]})
    world.post("/intake-keys/am", {"name": "am", "source": "prometheus", "secret": KEY, "options": lasts})
    for push in sorted(case["input"]["push"], key=lambda one: one["at"]):
        world.app.runtime.advance(_moment(push["at"]))
        body = [
            {
                "labels": alert["labels"], "annotations": alert.get("annotations", {}), "startsAt": _moment(alert.get("starts", push["at"])).isoformat(),
                **({"endsAt": _moment(alert["ends"]).isoformat()} if "ends" in alert else {}),
            }
            for alert in push["alerts"]
        ]  # fmt: skip
        answer = world.send("POST", f"/am/{KEY}/api/v2/alerts", body, person="")
        assert answer.status == 200, answer.text
    last = max(window["between"][1] for window in case["expected"]["notifications"])
    world.app.runtime.advance(_moment(last + 0.3))
    told = [message["values"] for message in world.outbox() if message["kind"] == "group.notice"]
    assert len(told) == len(case["expected"]["notifications"]), [(one["sent_at"], one["why"]) for one in told]
    for values, wanted in zip(told, case["expected"]["notifications"], strict=True):
        at = (datetime.fromisoformat(values["sent_at"]) - BEGIN).total_seconds() / SCALE
        assert wanted["between"][0] <= at <= wanted["between"][1] + 0.15, (at, wanted["between"])
        assert _shown(values["alerts"], wanted["alerts"]) == _key(wanted["alerts"]), at


def _key(alerts: list[dict[str, Any]]) -> list[Any]:
    return sorted(
        (sorted(one["labels"].items()), one.get("starts"), one.get("ends"), sorted(one.get("annotations", {}).items())) for one in alerts
    )


def _shown(alerts: list[dict[str, Any]], wanted: list[dict[str, Any]]) -> list[Any]:
    """What was told, in the case's words; times that the case leaves out of an alert are left out of ours."""
    found = []
    for one in alerts:
        same = next((other for other in wanted if other["labels"] == one["labels"]), {})
        times = {
            name: (datetime.fromisoformat(str(one[ours])) - BEGIN).total_seconds() / SCALE
            for name, ours in (("starts", "started_at"), ("ends", "ended_at"))
            if one.get(ours) is not None and (name in same or name == "ends")
        }
        found.append({"labels": one["labels"], "annotations": one["annotations"] if "annotations" in same else {}, **times})
    return _key(found)


# --- inhibition -----------------------------------------------------------------------------------------------------------------------------


def _rules(given: dict[str, Any]) -> InhibitionRule:
    return InhibitionRule(
        "rule", tuple(str(Matcher(name, "=", value)) for name, value in given["source"].items()),
        tuple(str(Matcher(name, "=", value)) for name, value in given["target"].items()), tuple(given["equal"]),
    )  # fmt: skip


@pytest.mark.parametrize("case", cases("inhibition"))
def test_what_fires_mutes_what_the_case_says(case: dict[str, Any]) -> None:
    skip_deviation(case, "muted")
    rules = compile_inhibitions([_rules(case["input"]["rule"])])
    for row in case["expected"]["rows"]:
        firing = [Subject(labels) for labels in row["active"]]
        assert [dict(one.labels) for one in firing if inhibited(rules, one, firing)] == row["muted"]


@pytest.mark.parametrize("case", cases("inhibition"))
def test_an_installation_mutes_what_the_case_says(case: dict[str, Any], worlds: Callable[..., World]) -> None:
    skip_deviation(case, "muted")
    rule = _rules(case["input"]["rule"])
    for row in case["expected"]["rows"]:
        world = worlds()
        world.post("/inhibitions", {"rules": [{"name": rule.name, "source": rule.source, "target": rule.target, "equal": rule.equal}]})
        # Sources first, as in the cases, where all of a row is known before anything is judged.
        source = case["input"]["rule"]["source"].items()
        for status, rows in (("firing", [*row.get("resolved", []), *row["active"]]), ("resolved", row.get("resolved", []))):
            ordered = sorted(rows, key=lambda labels: not source <= labels.items())
            alerts = [
                {"status": status, "labels": labels, "startsAt": BEGIN.isoformat(), "endsAt": BEGIN.isoformat()} for labels in ordered
            ]
            if alerts:
                assert world.send("POST", f"/intake/alertmanager/{KEY}", {"alerts": alerts, "version": "4"}, person="").status == 200
        muted = [alert["labels"] for alert in world.get("/alerts", state="muted")["alerts"]]
        assert muted == row["muted"]


# --- drop-ins -------------------------------------------------------------------------------------------------------------------------------

STATES = {"firing": "triggered", "resolved": "resolved"}


@pytest.mark.parametrize("case", cases("events-v2-semantics"))
def test_events_of_pagerduty_make_the_alerts_of_the_case(case: dict[str, Any], worlds: Callable[..., World]) -> None:
    skip_deviation(case, "alerts")
    world = worlds()
    world.post("/intake-keys/pager", {"name": "pager", "source": "pagerduty-events-v2", "secret": KEY})
    answers = []
    called_at_ack = None
    for event in case["input"]["events"]:
        payload = (
            {"payload": {"summary": "trouble", "source": "probe", "severity": "critical"}} if event["event_action"] == "trigger" else {}
        )
        answers.append(world.send("POST", "/v2/enqueue", {**payload, **event, "routing_key": KEY}, person=""))
        if event["event_action"] == "acknowledge":
            called_at_ack = len(world.outbox())
        world.advance(minutes=1)
    expected = case["expected"]
    alerts = list(reversed(world.get("/alerts")["alerts"]))
    if "all_responses" in expected:
        assert {answer.status for answer in answers} == {expected["all_responses"]}
    if "alert_count" in expected:
        assert len(alerts) == expected["alert_count"]
    if "distinct_keys" in expected:
        assert len({answer.json["dedup_key"] for answer in answers}) == expected["distinct_keys"]
    if "response_has" in expected:
        assert all(answer.json[expected["response_has"]] for answer in answers)
    if "alerts" in expected:
        shown = []
        for alert, wanted in zip(alerts, expected["alerts"], strict=True):
            state = "acknowledged" if alert["state"] == "firing" and alert["acknowledged_at"] else STATES[alert["state"]]
            has = {"dedup_key": alert["fingerprint"], "state": state, "triggers": 1 + alert["repeats"]}
            shown.append({name: has[name] for name in wanted})
        assert shown == expected["alerts"]
    if "notifications_after_ack" in expected:
        assert called_at_ack is not None
        assert len(world.outbox()) - called_at_ack == expected["notifications_after_ack"]


@pytest.mark.parametrize("case", cases("alias-semantics"))
def test_requests_of_opsgenie_make_the_alerts_of_the_case(case: dict[str, Any], worlds: Callable[..., World]) -> None:
    skip_deviation(case, "alerts")
    world = worlds()
    world.post("/intake-keys/genie", {"name": "Genie", "source": "opsgenie-api", "secret": KEY})
    genie = {"authorization": f"GenieKey {KEY}"}

    def shown(alias: str) -> dict[str, Any]:
        found: dict[str, Any] = world.send("GET", f"/v2/alerts/{alias}?identifierType=alias", None, "", genie).json["data"]
        return found

    first = next(request["alias"] for request in case["input"]["requests"] if request["op"] == "create")
    for request in case["input"]["requests"]:
        if request["op"] == "create":
            path, body = "/v2/alerts", {name: value for name, value in request.items() if name != "op"}
        else:
            identifier = request["identifier"]
            if identifier.startswith("<"):  # the case cannot know the id that we gave
                identifier = shown(first)["id"]
            path, body = f"/v2/alerts/{identifier}/{request['op']}?identifierType={request['identifierType']}", {"user": "probe"}
        answer = world.send("POST", path, body, "", genie)
        assert answer.status == 202, answer.text
        world.advance(minutes=1)
    for wanted in case["expected"]["alerts"]:
        has = shown(wanted["alias"])
        assert {name: has[name] for name in wanted} == wanted
    assert len(world.get("/alerts")["alerts"]) == len(case["expected"]["alerts"])


# --- deduplication --------------------------------------------------------------------------------------------------------------------------

NORMAL = ("normal", "ok", "cleared")
WORSE = {-1: "moreSevere", 0: "noChange", 1: "lessSevere"}


@pytest.mark.parametrize("case", cases("dedup-and-correlate"))
def test_related_events_of_a_resource_are_one_alert(case: dict[str, Any], worlds: Callable[..., World]) -> None:
    """Events that the case relates are sent with one fingerprint by the generic source; a change of severity changes the alert."""
    skip_deviation(case, "alert")
    given = case["input"]
    world = worlds()
    world.post("/intake-keys/g", {"name": "g", "source": "generic", "secret": KEY})
    fingerprint = f"{given['resource']}/{'+'.join(given['correlate'])}"
    before: dict[str, Any] | None = None
    previous, trend, counted = None, "moreSevere", 0
    for event, wanted in zip(given["events"], case["expected"]["after"], strict=True):
        related = event["event"] in given["correlate"]
        body = {
            "fingerprint": fingerprint if related else f"{given['resource']}/{event['event']}", "title": event["event"], "severity": event["severity"],
            "status": "resolved" if event["severity"] in NORMAL else "firing",
        }  # fmt: skip
        answer = world.send("POST", f"/intake/generic/{KEY}", body, person="")
        assert answer.status == 200, answer.text
        (told,) = answer.json["alerts"]
        world.advance(minutes=1)
        (alert,) = world.get("/alerts")["alerts"]
        if told["outcome"] == "repeated":
            counted += 1
        elif before is not None:
            previous, counted = before["severity"], 0
            level = rank(alert["level"]) if alert["state"] == "firing" else len(WORSE) * 2
            trend = WORSE[(level > rank(before["level"])) - (level < rank(before["level"]))]
        has = {"status": "open" if alert["state"] == "firing" else "closed", "duplicates": counted, "previous": previous, "trend": trend}
        assert {name: has[name] for name in wanted} == wanted, event
        before = alert
    assert len(world.get("/alerts")["alerts"]) == case["expected"]["alert_ids"]


@pytest.mark.parametrize("case", cases("dedup"))
def test_what_one_person_is_owed_by_one_way_is_one_message(case: dict[str, Any], worlds: Callable[..., World]) -> None:
    """The engine is away while several of a person's rules fall due."""
    skip_deviation(case, "messages")
    given = case["input"]
    world = worlds()
    world.post("/people/ana", {"name": "Ana", "contacts": [{"kind": "file", "value": "ana", "id": "file"}], "rules": [
        {"contact": "file", "after": f"{minutes}m", "urgency": "high"} for minutes in given["rules_delay_min"]
    ]})  # fmt: skip
    world.post("/policies/p", {"steps": [{"to": ["person:ana"], "wait": "60m"}]})
    world.post("/services/shop", {"name": "Shop", "policy": "p"})
    alert = {
        "status": "firing",
        "labels": {"alertname": "x", "service": "shop", "severity": "critical"},
        "annotations": {"summary": given["alert"]},
    }
    body = {"alerts": [{**alert, "startsAt": BEGIN.isoformat()}], "version": "4"}
    assert world.send("POST", f"/intake/alertmanager/{KEY}", body, person="").status == 200
    world.app.runtime.stop()
    world.clock.set(world.now + timedelta(minutes=given["engine_asleep_min"]))
    world.app = world._build()
    messages = [message for message in world.outbox() if message["kind"] == "page.notification"]
    assert len(messages) == case["expected"]["message_count"]
    for message, wanted in zip(messages, case["expected"]["messages"], strict=False):
        assert wanted["text_contains"] in message["subject"] + message["body"]


@pytest.mark.parametrize("case", cases("dedup-metrics"))
def test_duplicates_are_counted(case: dict[str, Any], worlds: Callable[..., World]) -> None:
    skip_deviation(case, "counts")
    for run, wanted in zip(case["input"]["runs"], case["expected"]["runs"], strict=True):
        world = worlds()
        outcomes = []
        for event in run["events"]:
            alert = {"status": "firing", "labels": {"alertname": event}, "startsAt": BEGIN.isoformat()}
            answer = world.send("POST", f"/intake/alertmanager/{KEY}", {"alerts": [alert], "version": "4"}, person="")
            outcomes += [one["outcome"] for one in answer.json["alerts"]]
        alerts = world.get("/alerts")["alerts"]
        ingested = sum(1 + alert["repeats"] for alert in alerts)
        assert (len(alerts), ingested) == (wanted["alerts"], wanted["ingested"]), run["name"]
        assert 100 * outcomes.count("repeated") / ingested == pytest.approx(wanted["dedup_ratio_percent"]), run["name"]
