"""Playbooks over the API: read, check, publish, test, compare, classify."""

from typing import Any

import pytest

from tests.world import World
from tocsin.playbooks.shelf import shipped, shipped_tests, shipped_text

OWN = shipped_text("compact").replace("playbook: compact", "playbook: ours", 1)


def test_every_shipped_playbook_is_listed_and_read_as_data_and_text(world: World) -> None:
    listed = world.get("/playbooks")["playbooks"]
    assert [found["id"] for found in listed] == list(shipped())
    for found in listed:
        whole = world.get(f"/playbooks/{found['id']}")
        assert (whole["playbook"], whole["version"], whole["digest"]) == (found["id"], found["version"], found["digest"])
        assert whole["text"] == shipped_text(found["id"])
        assert [level["id"] for level in whole["severities"]] == found["severities"]


def test_durations_are_read_back_as_people_write_them(world: World) -> None:
    duty = next(o for o in world.get("/playbooks/payments-sev1")["obligations"] if o["id"] == "acknowledge")
    assert duty["within"] == "5m"


def test_a_playbook_that_is_not_there_is_not_found_with_the_nearest_name(world: World) -> None:
    answer = world.send("GET", "/playbooks/nine-stages")
    assert (answer.status, answer.json["fix"]) == (404, "Did you mean `nine-stage`?")
    assert world.send("GET", "/playbooks/nine-stage@99").status == 404


def test_a_published_playbook_is_in_force_at_once(world: World) -> None:
    answer = world.post("/playbooks", {"text": OWN, "file": "ours.yaml"}, person="carol")
    assert (answer["playbook"], answer["changed"], answer["warnings"]) == ("ours", True, [])
    incident = world.post("/incidents", {"title": "x", "severity": "SEV1", "playbook": "ours"})["incident"]
    assert world.get(f"/incidents/{incident}")["playbook"]["id"] == "ours"
    (version,) = world.get("/playbooks/ours/versions")["versions"]
    assert (version["by"], version["in_force"], version["digest"]) == ("carol", True, answer["digest"])


def test_publishing_the_same_text_again_changes_nothing(world: World) -> None:
    world.post("/playbooks", {"text": OWN})
    assert world.post("/playbooks", {"text": OWN})["changed"] is False


def test_another_text_needs_a_higher_version_and_the_old_one_stays_readable(world: World) -> None:
    version = world.post("/playbooks", {"text": OWN})["version"]
    other = OWN.replace("title: ", "title: New ", 1)
    problem = world.refused("/playbooks", {"text": other})
    assert (problem["status"], problem["field"]) == (409, "version")
    world.post("/playbooks", {"text": other.replace(f"version: {version}", f"version: {version + 1}", 1)})
    assert [found["version"] for found in world.get("/playbooks/ours/versions")["versions"]] == [version + 1, version]
    assert world.get(f"/playbooks/ours@{version}")["text"] == OWN
    assert world.get("/playbooks/ours")["title"].startswith("New ")


def test_a_playbook_with_problems_is_refused_with_every_problem_and_its_place(world: World) -> None:
    broken = OWN.replace("initial: ", "initial: nowhere # ", 1).replace("default_severity: ", "default_severity: HUGE # ", 1)
    problem = world.refused("/playbooks", {"text": broken, "file": "ours.yaml"})
    assert problem["status"] == 422
    assert len(problem["problems"]) >= 2
    for found in problem["problems"]:
        line = broken.splitlines()[found["line"] - 1]
        assert found["file"] == "ours.yaml"
        assert found["path"].rpartition(".")[2].partition("[")[0] in line
        assert found["what"]
        assert found["remedy"]
    assert "ours" not in [found["id"] for found in world.get("/playbooks")["playbooks"]]


def test_what_is_no_playbook_at_all_is_refused_with_line_and_column(world: World) -> None:
    (found,) = world.refused("/playbooks", {"text": "playbook: x\n  bad: [", "file": "x.yaml"})["problems"]
    assert (found["file"], found["line"]) == ("x.yaml", 2)
    assert found["says"].startswith("x.yaml:2:")


def test_an_id_that_cannot_stand_in_an_address_is_refused(world: World) -> None:
    (found,) = world.refused("/playbooks", {"text": OWN.replace("playbook: ours", "playbook: ../ours", 1)})["problems"]
    assert found["path"] == "playbook"


def test_findings_that_nobody_accepted_come_back_as_warnings_and_do_not_stop_it(world: World) -> None:
    start = OWN.index("\naccepted:")
    answer = world.post("/playbooks", {"text": OWN[:start] + "\n", "file": "ours.yaml"})
    assert answer["changed"] is True
    assert answer["warnings"]
    assert all(found["line"] and found["what"] and found["remedy"] and not found["accepted"] for found in answer["warnings"])


def test_checking_publishes_nothing_and_runs_the_tests_that_come_along(world: World) -> None:
    tests = (shipped_tests("compact") or "").replace("playbook: compact", "playbook: ours", 1)
    answer = world.post("/playbooks/check", {"text": OWN, "file": "ours.yaml", "tests": tests, "tests_file": "ours.tests.yaml"})
    assert (answer["ok"], answer["problems"], answer["playbook"]) == (True, [], "ours")
    assert {result["outcome"] for result in answer["results"]} == {"passed"}
    assert world.send("GET", "/playbooks/ours").status == 404
    assert world.post("/playbooks/check", {"text": "]"})["ok"] is False


def test_lint_shows_each_finding_with_its_acceptance(world: World) -> None:
    findings = world.get("/playbooks/payments-sev1/lint")["findings"]
    assert findings
    assert all(found["accepted"]["because"] for found in findings)


@pytest.mark.parametrize("playbook", shipped())
def test_every_shipped_playbook_passes_its_own_tests_with_its_duties(world: World, playbook: str) -> None:
    answer = world.get(f"/playbooks/{playbook}/test")
    assert [result for result in answer["results"] if result["outcome"] != "passed"] == []
    assert {"classify", "obligations", "transitions"} <= {result["kind"] for result in answer["results"]}


def test_a_test_of_a_duty_fails_where_the_playbook_asks_for_another_time(world: World) -> None:
    tests = """
playbook: ours
obligations:
  - {name: "wrong", severity: SEV1, milestones: {alerted: "0m", declared: "5m"}, expect: {acknowledge: "6m"}}
"""
    (result,) = world.post("/playbooks/check", {"text": OWN, "tests": tests})["results"]
    assert (result["outcome"], "due at 5m" in result["why"]) == ("failed", True)


def test_two_playbooks_are_compared_and_each_change_says_whether_it_is_stricter(world: World) -> None:
    text = OWN.replace("playbook: ours", "playbook: theirs", 1)
    start = text.index("- id: acknowledge\n")
    theirs = text[:start] + text[start:].replace("within: 5m", "within: 10m", 1)
    world.post("/playbooks", {"text": OWN})
    world.post("/playbooks", {"text": theirs})
    found = {one["path"]: one for one in world.get("/playbooks/ours/diff/theirs")["differences"]}
    assert (found["obligations.acknowledge.within"]["before"], found["obligations.acknowledge.within"]["after"]) == ("5m", "10m")
    assert found["obligations.acknowledge.within"]["weight"] == "looser"
    assert set(found) == {"playbook", "obligations.acknowledge.within"}
    assert world.post("/playbooks/ours/diff", {"text": theirs})["differences"] == list(found.values())


def test_the_crosswalk_compares_ranks_and_not_labels(world: World) -> None:
    rows = world.get("/crosswalk")["rows"]
    row = next(r for r in rows if (r["playbook"], r["severity"]) == ("nine-stage", "SEV2"))
    assert (row["labels"]["payments-sev1"]["severity"], row["labels"]["payments-sev1"]["exact"]) == ("SEV-3", True)
    assert {r["playbook"] for r in rows} == set(shipped())


def test_questions_are_those_of_the_classification(world: World) -> None:
    answer = world.get("/playbooks/payments-sev1/questions")
    assert [q["id"] for q in answer["questions"]] == [q["id"] for q in world.get("/playbooks/payments-sev1")["classify"]["questions"]]
    assert answer["assessment"]


def _calm_answers(world: World, playbook: str) -> dict[str, Any]:
    questions = world.get(f"/playbooks/{playbook}/questions")["questions"]
    values: dict[str, Any] = {"yes_no": False, "percent": 0, "number": 0, "text": "nothing"}
    return {q["id"]: q["choices"][0] if q["kind"] == "choice" else values[q["kind"]] for q in questions}


@pytest.mark.parametrize("playbook", shipped())
def test_answers_lead_to_a_level_with_reasons_changes_and_every_other_playbooks_word(world: World, playbook: str) -> None:
    found = world.post(f"/playbooks/{playbook}/classify", {"answers": _calm_answers(world, playbook)})
    assert found["severity"] in [level["id"] for level in world.get(f"/playbooks/{playbook}")["severities"]]
    assert found["because"]
    assert found["changes"]
    assert found["severity"] not in {change["severity"] for change in found["changes"]}
    assert set(found["crosswalk"]) == set(shipped()) - {playbook}


def test_typed_answers_count_like_values(world: World) -> None:
    values = _calm_answers(world, "house")
    kinds = {q["id"]: q["kind"] for q in world.get("/playbooks/house/questions")["questions"]}
    typed = {"yes_no": "no", "percent": "0 %", "number": "0"}
    words = {name: typed.get(kinds[name], value) for name, value in values.items()}
    assert world.post("/playbooks/house/classify", {"answers": words}) == world.post("/playbooks/house/classify", {"answers": values})


def test_no_answers_at_all_fall_to_the_playbooks_rule_for_doubt(world: World) -> None:
    found = world.post("/playbooks/payments-sev1/classify", {"answers": {}})
    assert found["unsure"] is True
    assert found["unsure_rule"]
    assert found["missing"]


def test_answers_that_cannot_be_used_are_all_named(world: World) -> None:
    question = world.get("/playbooks/house/questions")["questions"][0]["id"]
    problem = world.refused("/playbooks/house/classify", {"answers": {"no_such": 1, question: "perhaps"}})
    assert {found["field"] for found in problem["problems"]} >= {"no_such"}
    assert problem["field"].startswith("answers.")
