"""Real update sequences, the words of status pages, what a notice must hold, and the shape that programs read."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.cases import contract
from tests.cases.files import deviations, folder, of_kind
from tests.status.scene import api, components
from tests.world import World
from tocsin.comms.sequence import Sent, judge
from tocsin.comms.status import vocabulary
from tocsin.comms.wording import advise
from tocsin.incidents.conditions import holds
from tocsin.incidents.model import Circumstances
from tocsin.incidents.public_words import STEPS
from tocsin.playbooks import shelf
from tocsin.playbooks.durations import Duration


def moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def one_by_one(kind: str, name: str) -> list[Any]:
    """Return each case of a file under a name of its own."""
    found = []
    for parameter in of_kind(kind):
        document = parameter.values[0]
        found += [parameter] if document is None else [pytest.param(one, id=str(one["name"])) for one in document[name]]
    return found


def skip(case: str, check: str) -> None:
    reason = deviations().get((case, check))
    if reason is not None:
        pytest.skip(reason)


# -- sequences ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", one_by_one("comms-sequence", "cases"))
def test_a_real_sequence_is_judged_as_its_readers_would(case: dict[str, Any]) -> None:
    updates = [
        Sent(datetime.fromisoformat(one["at"]), moment(one.get("next_update_by")), one["status"] == "resolved") for one in case["updates"]
    ]
    order: Any = "newest first" if case.get("order", "").startswith("newest") else "oldest first"
    found = judge(updates, order=order, started=moment(case.get("started")), ended=moment(case.get("resolved")))
    wanted = case["expected"]
    if "late" in wanted:
        assert list(found.late) == wanted["late"]
    if "longest_gap_min" in wanted:
        assert found.longest_gap == timedelta(minutes=wanted["longest_gap_min"])
    if "out_of_order" in wanted:
        assert list(found.out_of_order) == wanted["out_of_order"]
    if "flag" in wanted:
        assert wanted["flag"] in found.flags
    if "duration_min" in wanted:
        minutes = found.duration.total_seconds() / 60 if found.duration is not None else None
        assert minutes in (wanted["duration_min"] if isinstance(wanted["duration_min"], list) else [wanted["duration_min"]])
    if "impact" in case:
        assert (
            datetime.fromisoformat(case["impact"]["ended"]) - datetime.fromisoformat(case["impact"]["started"])
        ).total_seconds() / 60 == case["impact"]["minutes"]


@pytest.fixture
def house(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path / "data", datetime.fromisoformat("2025-10-27T14:30:00+00:00"), playbook="house")
    yield made
    made.close()


@pytest.mark.parametrize("case", one_by_one("comms-sequence", "cases"))
def test_a_real_sequence_played_on_our_page_keeps_its_order_and_words(tmp_path: Path, case: dict[str, Any]) -> None:
    if any(one["status"] not in STEPS for one in case["updates"]) or case["expected"].get("out_of_order"):
        pytest.skip("its updates carry no status that a playbook tells, or stand in an order that a record cannot have")
    name = (case["expected"].get("components") or ["API"])[0]
    house = World(tmp_path / "data", datetime.fromisoformat(case["updates"][0]["at"]), playbook="house")
    components(house, {"api": (name, "")})
    incident = house.declare(title="Slow answers", service="api", severity="SEV2", impact="Answers are slow")
    for one in case["updates"]:
        if datetime.fromisoformat(one["at"]) > house.now:
            house.app.runtime.advance(datetime.fromisoformat(one["at"]))
        message = "customer_resolved" if one["status"] == "resolved" else "customer_update"
        fields = {"headline": "Slow answers", **({"news": "as it stands"} if message == "customer_update" else {})}
        promise = {} if message == "customer_resolved" else {"when_resolved": True}
        house.post(
            f"/incidents/{incident}/updates", {"message": message, "fields": fields, "status": one["status"].capitalize(), **promise}
        )
        shown = api(house, "incidents.json")["incidents"][0]
        assert shown["status"] == one["status"]
        if one["status"] != "resolved":
            assert api(house, "summary.json")["incidents"][0]["impact"] == case["expected"].get("impact", "minor")
    (whole,) = api(house, "incidents.json")["incidents"]
    assert [one["status"] for one in reversed(whole["incident_updates"])] == [one["status"] for one in case["updates"]]
    assert [one["name"] for one in whole["components"]] == [name]
    house.close()


# -- words ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", of_kind("vocabulary"))
def test_our_words_are_those_of_status_pages_and_roll_up_to_the_worst(case: dict[str, Any]) -> None:
    words = case["vocabularies"]["atlassian_statuspage"]
    assert set(vocabulary.ORDER) == set(words["component"])
    assert set(STEPS) <= set(words["incident"])
    assert {vocabulary.impact_of([state]) for state in vocabulary.ORDER} <= set(words["impact"])
    for row in case["rollup_cases"]:
        assert vocabulary.indicator_of(row["components"]) == row["indicator"], row


def test_an_open_incident_that_is_worse_than_any_component_counts() -> None:
    assert vocabulary.indicator_of(["operational"], ["major"]) == "major"
    assert vocabulary.indicator_of(["major_outage"], ["minor"]) == "critical"


# -- what a notice must hold ----------------------------------------------------------------------------------


MESSAGES = {
    "investigating": "customer_initial",
    "identified": "customer_update",
    "monitoring": "customer_update",
    "resolved": "customer_resolved",
}
SAYS = {
    "affected component": "Card payments", "user-visible impact": "Every second payment fails", "time of the next update": "Next update:",
    "cause in plain words": "a change of this morning", "what is being done": "is being taken back", "that a fix is in place": "A fix is in place",
    "that recovery is being watched": "watching the recovery", "that it is over": "Resolved", "since when it is stable or how long it lasted": "1 hour 10 minutes",
}  # fmt: skip


@pytest.mark.parametrize("case", of_kind("comms-requirements"))
def test_a_draft_for_each_stage_of_one_incident_holds_all_that_it_must(house: World, case: dict[str, Any]) -> None:
    components(house, {"api": ("Card payments", "")})
    incident = house.declare(
        title="payment-api 5xx", service="api", severity="SEV1", impact="Every second payment fails", started_at="2025-10-27T14:20:00Z",
    )  # fmt: skip
    news = {
        "identified": "We found a change of this morning that made the fault; it is being taken back.",
        "monitoring": "The change was taken back.",
    }
    for stage in case["stages"]:
        step = stage["stage"]
        message = MESSAGES[step]
        fields = {"headline": "Card payments fail", **({"news": news[step]} if step in news else {})}
        body = {"message": message, "fields": fields, "status": step.capitalize(), **({} if step == "resolved" else {"next_in": "30m"})}
        (shown,) = house.post(f"/incidents/{incident}/updates/preview", body)["messages"]
        text = f"{shown['subject']}\n{shown['body']}"
        for wanted in stage["must_have"]:
            assert SAYS[wanted] in text, f"{step}: {wanted}\n{text}"
        assert [advice["rule"] for advice in shown["advice"]] == [], text
        house.post(f"/incidents/{incident}/updates", body)
        house.advance(minutes=20)
        if step == "monitoring":  # it is over at 15:30
            house.post(f"/incidents/{incident}/milestones", {"milestone": "resolved", "when": house.now.isoformat()})


@pytest.mark.parametrize("case", of_kind("comms-requirements"))
def test_a_cause_that_is_not_sure_is_noticed_before_it_is_told(case: dict[str, Any]) -> None:
    assert any("a cause that is not sure" in stage.get("must_not", []) for stage in case["stages"])
    text = "The root cause was probably a deployment on db-7."
    assert {one.rule for one in advise(["facts_only", "cause_preliminary", "no_internals"], text)} == {
        "facts_only",
        "cause_preliminary",
        "no_internals",
    }


@pytest.mark.parametrize("case", of_kind("comms-requirements"))
def test_a_next_update_that_is_overdue_is_flagged_to_staff(house: World, case: dict[str, Any]) -> None:
    assert "an overdue next update is flagged" in case["checks"]
    incident = house.declare(title="x", severity="SEV1", impact="y")
    body = {"message": "customer_initial", "fields": {"headline": "z"}, "next_in": "15m"}
    house.post(f"/incidents/{incident}/updates", body)
    house.advance(minutes=16)
    told = house.get(f"/incidents/{incident}/updates")
    assert told["updates"][0]["promise"] == "overdue"
    assert next(one for one in told["audiences"] if one["id"] == "customers")["late"] == 1


PROCEDURES = {"procedure_002": "nine-stage", "procedure_003": "rota-and-runbooks", "procedure_004": "service-levels"}


@pytest.mark.parametrize("case", of_kind("comms-requirements"))
@pytest.mark.parametrize("procedure", PROCEDURES)
def test_the_rhythm_of_each_procedure_is_that_of_its_playbook(case: dict[str, Any], procedure: str) -> None:
    skip("template-requirements", f"cadence:{procedure}")
    book = shelf.load_shipped(PROCEDURES[procedure]).playbook
    for level, minutes in case["cadence_min"][procedure].items():
        severity = book.severity(level)
        assert severity is not None, level
        here = Circumstances(
            datetime.fromisoformat("2025-10-27T14:30:00+00:00"), 1, severity.id, severity.rank, severity.mode, {}, "", "", ""
        )
        every = {rule.every for rule in book.obligations if rule.every is not None and rule.done.update_to and holds(rule.if_, here)}
        wanted = {Duration(minutes=one) for one in (minutes if isinstance(minutes, list) else [minutes]) if isinstance(one, int)}
        assert not wanted or every & wanted, f"{level}: {every} has none of {wanted}"


# -- the shape ------------------------------------------------------------------------------------------------


def schema() -> dict[str, Any]:
    """Return the contract; what may be null is said as the older contracts say it."""
    path = folder() / "contracts" / "statuspage-summary.schema.json"
    if not path.is_file():
        pytest.skip(f"no contracts in {folder()}")

    def plain(node: Any) -> Any:
        if isinstance(node, list):
            return [plain(one) for one in node]
        if not isinstance(node, dict):
            return node
        found = {name: plain(value) for name, value in node.items() if name not in ("$schema", "$comment")}
        if isinstance(found.get("type"), list):
            found |= {"type": next(one for one in found["type"] if one != "null"), "nullable": "null" in found["type"]}
        return found

    whole: dict[str, Any] = plain(json.loads(path.read_text(encoding="utf-8")))
    return whole


def check(value: Any) -> None:
    """Judge a document against the contract."""
    document = schema()
    assert contract.breaches(document, {name: part for name, part in document.items() if name != "$defs"}, value) == []


def test_our_summary_has_the_shape_of_statuspage_with_trouble_maintenance_and_groups(house: World) -> None:
    check(api(house, "summary.json"))
    components(house)
    check(api(house, "summary.json"))
    incident = house.declare(title="x", service="payment-api", severity="SEV0", impact="y")
    told = {"message": "customer_initial", "fields": {"headline": "z"}, "next_in": "15m"}
    house.post(f"/incidents/{incident}/updates", {**told, "components": {"payment-api": "major_outage", "search": "degraded_performance"}})
    since = house.now
    house.post(
        "/maintenance",
        {
            "title": "x",
            "services": ["search"],
            "since": since.isoformat(),
            "until": (since + timedelta(hours=1)).isoformat(),
            "public_title": "Work",
        },
    )
    house.advance(minutes=1)
    summary = api(house, "summary.json")
    check(summary)
    assert (len(summary["incidents"]), len(summary["scheduled_maintenances"]), summary["status"]["indicator"]) == (1, 1, "critical")
    for name, key in (
        ("incidents.json", "incidents"),
        ("incidents/unresolved.json", "incidents"),
        ("scheduled-maintenances.json", "scheduled_maintenances"),
        ("scheduled-maintenances/active.json", "scheduled_maintenances"),
        ("components.json", "components"),
    ):
        whole = {"incidents": [], "scheduled_maintenances": [], "components": [], "status": summary["status"], **api(house, name)}
        check(whole)
        assert whole[key], name


def test_the_example_of_the_contract_is_valid_by_it() -> None:
    example = folder() / "contracts" / "statuspage-summary.example.json"
    schema()
    check(json.loads(example.read_text(encoding="utf-8")))
