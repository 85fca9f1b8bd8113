"""The claims check: what people wrote against what the record says. Precision goes before recall."""

from __future__ import annotations

import pytest

from tests.postmortems.scene import Scene
from tests.world import World
from tocsin.engine.model import SYSTEM
from tocsin.people.model import SavePerson


@pytest.fixture
def scene(world: World) -> Scene:
    return Scene(world).responded().drafted()


WRONG = [
    ("The incident was resolved after 45 minutes.", "duration", "47 min"),
    ("MTTD was 5 minutes and the incident lasted 2 h.", "duration", "47 min"),
    ("The rollback took 5 minutes.", "duration", "2 min"),
    ("It was detected within 2 minutes.", "duration", "5 min"),
    ("The alert was acknowledged in 12 min.", "duration", "2 min"),
    ("Bob completed the work and the deployment was rolled back at 14:40 UTC.", "clock_time", "14:42"),
    ("The incident was resolved at 15:05.", "clock_time", "15:07"),
    ("14:40 UTC rolled back", "clock_time", "14:42"),
    ("All resolution criteria were verified.", "criteria", "10 of 11"),
    ("11 of 11 criteria were verified.", "criteria", "10 of 11"),
    ("Bob caused the outage.", "blame", "person"),
    ("It happened because of Charlie.", "blame", "person"),
    ("Alice's mistake let it through.", "blame", "person"),
    ("Bob should have tested it.", "blame", "person"),
    ("There were 12,000 failed requests.", "figure", "about 15,000"),
    ("In all 300 support tickets came in.", "figure", "234"),
    ("We lost $40,000 in revenue.", "figure", "25,000"),
    ("MTTR was 47 minutes.", "mean", "duration"),
    ("On average the mean time to repair was 47 minutes.", "mean", "duration"),
    ("The downtime hurt.", "downtime", "50"),
]


@pytest.mark.parametrize(("text", "kind", "says"), WRONG)
def test_what_contradicts_the_record_is_reported_with_its_line_what_the_record_says_and_a_remedy(
    scene: Scene, text: str, kind: str, says: str
) -> None:
    scene.write("went_poorly", f"One line before.\n\n{text}")
    found = [claim for claim in scene.claims() if claim["kind"] == kind]
    assert len(found) == 1, scene.claims()
    assert (found[0]["section"], found[0]["line"]) == ("went_poorly", 3)
    assert found[0]["quoted"].strip(" .;") in text
    assert says in found[0]["record"]
    assert found[0]["remedy"]


RIGHT = """
The incident lasted 47 minutes. It was resolved after 47 minutes, 42 min after the alert.
It was detected within 5 minutes of the start and acknowledged in 2 minutes.
The alert was acknowledged within 5 minutes. We resolved it in less than an hour.
The rollback took about two minutes; it began at 14:40 and was in place at 14:42.
The deployment was rolled back at 14:42 UTC. Resolved at 15:07.
The system was stable for 15 minutes before we resolved. The resolution came 25 minutes after the rollback.
10 of 11 criteria were verified and one was waived. Not all criteria were met.
Roughly 15,000 failed requests, 5,000 users affected and 234 support tickets. About 14,000 requests failed.
50 % of transactions were failing. We lost about $25,000 in revenue.
Bob found the cause. Charlie decided to roll back. Alice's alert failed to fire twice. Alice identified what caused it.
The bug was introduced by the release of 14:15. The release caused the outage.
The customers were told 10 minutes after the alert. Alerts should be acknowledged within 1 minute.
Last quarter the mean time to repair over 12 incidents was 90 minutes. There was no downtime elsewhere.
v2.3.1 went out at 14:15. The deployment at 14:15 was 10 minutes old when the alert fired. The load test took 3 hours.
At 14:37 we saw the correlation with the 14:15 deployment. From 14:20 to 15:07 payments failed.
Customers got the next update after 30 minutes. The pool has 50 connections. It was mitigated at 14:50.
"""


def test_a_text_that_agrees_with_the_record_raises_no_alarm(scene: Scene) -> None:
    scene.write("summary", RIGHT)
    scene.write("went_well", RIGHT)
    assert scene.claims() == []


@pytest.mark.parametrize("line", RIGHT.strip().splitlines())
def test_each_true_line_alone_is_clean(scene: Scene, line: str) -> None:
    scene.write("went_well", f"- {line}")
    assert scene.claims() == []


def test_the_playbooks_own_metric_is_known_by_its_name(scene: Scene) -> None:
    scene.write("went_well", "Time to the formal commander: 10 min.")
    assert ["11 min" in claim["record"] for claim in scene.claims()] == [True]
    scene.write("went_well", "Time to the formal commander: 11 min.")
    assert scene.claims() == []


def test_lessons_and_measures_speak_of_the_future_and_are_not_compared_with_the_past(scene: Scene) -> None:
    scene.write("lessons", "Detected within 1 minute is what we want.")
    assert scene.claims() == []


def test_a_corrected_milestone_moves_what_counts_as_true(scene: Scene) -> None:
    scene.write("went_well", "The incident was resolved at 15:05.")
    assert scene.kinds() == ["clock_time"]
    scene.milestone("resolved", "15:05")
    assert scene.claims() == []


def test_without_a_waiver_all_criteria_were_met_is_true(world: World) -> None:
    scene = Scene(world).responded()
    checks = world.get(f"/incidents/{scene.id}")["checklists"]
    waived = next(i["id"] for c in checks for i in c["items"] if i["state"] == "waived")
    scene.drafted().write("went_well", "All resolution criteria were verified.")
    assert scene.kinds() == ["criteria"]
    scene.post("checks/tick", {"item": waived, "evidence": "they answered"})
    assert scene.claims() == []


def test_a_person_is_recognised_by_first_name_too(world: World) -> None:
    world.app.runtime.commit_now("person", "u123", SavePerson("Maria Keller"), SYSTEM)
    scene = Scene(world).drafted()
    scene.write("went_poorly", "Maria forgot to run the load test.")
    assert scene.kinds() == ["blame"]


def test_an_action_item_without_owner_or_date_owned_by_a_team_or_due_on_a_saturday_is_reported(scene: Scene) -> None:
    scene.action("Good item")
    scene.action("No owner", owner="")
    scene.action("Team", owner="dev team")
    scene.action("No date", due=None)
    scene.action("Saturday", due="2025-11-01")
    found = {claim["quoted"]: claim["record"] for claim in scene.claims() if claim["kind"] == "action_item"}
    assert {title: record.partition(": ")[2] for title, record in found.items()} == {
        "No owner": "nobody owns it.", "Team": "its owner dev team is a team.", "No date": "it has no due date.",
        "Saturday": "it is due on 2025-11-01, a Saturday.",
    }  # fmt: skip


def test_an_item_that_is_done_is_no_longer_held_to_its_owner_and_date(scene: Scene) -> None:
    action = scene.action("No owner", owner="")
    scene.world.post(f"/actions/{action}/done", {"evidence": "merged"})
    assert scene.claims() == []


def test_an_item_that_is_only_text_is_held_to_the_same_rules(scene: Scene) -> None:
    scene.write(
        "action_items",
        "- Alert on pool usage, owner: bob, due 2025-11-03\n- Tune the queries (owner: dev team), 2025-11-20\n- Write a runbook",
    )
    assert [(c["line"], c["record"]) for c in scene.claims()] == [
        (2, "It is only text, and its owner dev team is a team."),
        (3, "It is only text, and it has no due date."),
        (3, "It is only text, and nobody owns it."),
    ]


ITEMS = (
    "Add an alert on connection pool usage", "Monitor slow queries", "Run a load test in CI/CD", "Review changes for N+1 queries",
    "Probe payments with a synthetic transaction", "Lower the alert threshold to 2 %", "Write a runbook for connection pool problems",
    "Write down when to roll back", "Require load test results before a release", "Database review in the code review checklist",
)  # fmt: skip


def test_a_latent_condition_that_no_item_mentions_is_reported_and_one_with_an_item_is_not(scene: Scene) -> None:
    """S0-56: sizing the pool by hand is a latent condition, and none of the ten items is about it."""
    for title in ITEMS:
        scene.action(title)
    scene.write(
        "causes", "- The connection pool was sized by hand\n- No load test for three months\n- No alert on pool usage", "latent conditions"
    )
    found = [claim for claim in scene.claims() if claim["kind"] == "latent_condition"]
    assert [(claim["line"], claim["quoted"]) for claim in found] == [(1, "The connection pool was sized by hand")]
    scene.action("Size the connection pool automatically", about="The connection pool was sized by hand")
    assert [claim for claim in scene.claims() if claim["kind"] == "latent_condition"] == []


def test_latent_conditions_are_found_below_their_heading_in_a_text_for_the_whole_section(scene: Scene) -> None:
    scene.write("causes", "### Immediate cause\n- N+1 queries in v2.3.1\n\n### Latent conditions\n- Pool sizing without automation")
    assert [(c["kind"], c["line"]) for c in scene.claims()] == [("latent_condition", 5)]


def test_a_preventive_measure_without_an_item_is_reported(tmp_path_factory: pytest.TempPathFactory) -> None:
    """S4-26: two of four preventive measures, the query-count alert and the canary, have no item."""
    world = World(tmp_path_factory.mktemp("s4") / "data", playbook="service-levels")
    try:
        incident = world.post("/incidents", {"title": "Release history is slow"})["incident"]
        world.post(f"/incidents/{incident}/postmortem", {"authors": ["alice"]})
        for title in ("Query-count test for the history page", "Test with data like production's", "Review standards for database access"):
            world.post(f"/incidents/{incident}/actions", {"title": title, "owner": "bob", "due": "2026-01-16", "priority": "high"})
        for part, text in (
            ("Testing", "- Test with data like production's"),
            ("Monitoring", "- Alert on the number of queries per request"),
            ("Deployment", "- Canary deployments"),
        ):
            world.post(f"/incidents/{incident}/postmortem/sections", {"section": "preventive_measures", "part": part, "text": text})
        found = world.get(f"/incidents/{incident}/postmortem/claims")["claims"]
        assert [(c["kind"], c["quoted"]) for c in found] == [
            ("preventive_measure", "Alert on the number of queries per request"), ("preventive_measure", "Canary deployments"),
        ]  # fmt: skip
    finally:
        world.close()


def test_an_untouched_draft_makes_no_claims(scene: Scene) -> None:
    assert scene.claims() == []
