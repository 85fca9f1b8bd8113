"""Every other group of commands, typed against a real installation."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest

from tests.cli.conftest import Shell
from tocsin.playbooks import shelf


@pytest.fixture
def incident(tocsin: Shell) -> str:
    """An open SEV-1 under the payments playbook."""
    tocsin.world.at("14:30")
    return str(
        tocsin("incident declare --title 'Payments fail' --severity SEV-1 --started-at 14:20 --impact 'half of them' --json").json[
            "incident"
        ]
    )


# -- updates --------------------------------------------------------------------------------------


def test_a_draft_shows_what_is_missing_and_a_post_promises_the_next_update(tocsin: Shell, incident: str) -> None:
    drafted = tocsin("update draft --message first_post").out
    assert "half of them" in drafted
    assert "missing" in drafted
    refused = tocsin("update post --message first_post --next-in 15m", code=1)
    assert "first_actions" in refused.err
    fields = "--field 'first_actions=Assess rollback' --field 'first_actions=Tell support'"
    posted = tocsin(f"update post --message first_post {fields} --next-at 14:47 --json").json
    assert posted["next_at"].startswith("2025-10-27T14:47:00")
    assert "14:47 UTC (in 17 min)" in tocsin("update list").out
    sent = [one for one in tocsin.world.outbox() if "Assess rollback" in json.dumps(one)]
    assert sent
    assert "Tell support" in json.dumps(sent)


def test_an_unknown_message_and_a_field_given_twice_are_refused(tocsin: Shell, incident: str) -> None:
    assert "Write one of" in tocsin("update post --message nonsense --next-in 5m", code=1).err
    drafted = {f["id"]: f for f in tocsin("update draft --message first_post --json").json["fields"]}
    single = next(name for name, field in drafted.items() if field["kind"] != "list")
    assert "is no list" in tocsin(f"update post --message first_post --field {single}=a --field {single}=b --next-in 5m", code=2).err


# -- playbooks and severity -----------------------------------------------------------------------


def test_severity_is_classified_with_reasons_what_would_change_it_and_the_other_labels(tocsin: Shell) -> None:
    found = tocsin(
        "severity classify --playbook payments-sev1 --answer users_percent=20 --answer revenue_impact=no --answer sla_breach=no"
    ).out
    assert found.startswith("SEV-2 in payments-sev1 (rank 2)\n  because some users, fewer than half, cannot pay")
    assert "What would change it" in found
    assert "service-levels     P2" in found
    bad = tocsin("severity classify --playbook payments-sev1 --answer users_percent=500", code=1).err
    assert "not a percentage" in bad
    assert "{" not in bad


def test_without_answers_the_rule_for_doubt_is_used_and_what_is_missing_is_asked(tocsin: Shell) -> None:
    found = tocsin("severity classify --playbook nine-stage --json").json
    assert (found["severity"], found["unsure"], "workaround" in found["missing"]) == ("SEV1", True, True)
    assert "Name the playbook" in tocsin("severity classify --answer x=1", code=2).err


def test_the_questions_are_asked_on_a_terminal(tocsin: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tocsin.playbooks.cli.on_input_terminal", lambda: True)
    ran = tocsin("severity classify --playbook payments-sev1", given="60%\nno\n\n")
    assert "What share of the users who try to pay is affected?" in ran.err
    assert ran.out.startswith("SEV-1 in payments-sev1")


def test_a_playbook_in_a_file_is_checked_linted_tested_compared_and_published(tocsin: Shell, tmp_path: Path) -> None:
    text = shelf.shipped_text("compact")
    path = tmp_path / "compact.yaml"
    path.write_text(text.replace("version: 1", "version: 7", 1))
    (tmp_path / "compact.tests.yaml").write_text(shelf.shipped_tests("compact") or "")
    assert tocsin(f"playbook check {path}").out == f"{path}: it can be published.\n"
    tocsin(f"playbook lint {path}")
    assert "0 failed" in tocsin(f"playbook test {path}").out
    assert "ask the same" in tocsin(f"playbook diff compact {path}").out or "version" in tocsin(f"playbook diff compact {path}").out
    assert tocsin(f"playbook publish {path}").out.endswith("compact v7: in force\n".replace("force\n", "force.\n"))
    assert "7" in tocsin("playbook versions compact").out
    assert tocsin("playbook show compact --text").out.strip() == path.read_text().strip()


def test_a_wrong_playbook_names_file_line_and_remedy_and_ends_with_4(tocsin: Shell, tmp_path: Path) -> None:
    path = tmp_path / "bad.yaml"
    path.write_text(shelf.shipped_text("compact").replace("owner: on_call", "owner: nobody_known", 1))
    found = tocsin(f"playbook check {path}", code=4).out
    assert found.startswith(f"{path}:")
    assert "nobody_known" in found
    assert "nobody_known" in tocsin(f"playbook publish {path}", code=1).err
    assert "No such file" in tocsin("playbook check none.yaml", code=1).err


def test_a_failing_test_of_a_playbook_ends_with_4(tocsin: Shell, tmp_path: Path) -> None:
    path = tmp_path / "compact.yaml"
    path.write_text(shelf.shipped_text("compact"))
    wrong = 'playbook: compact\nclassify:\n  - {name: "never", answers: {}, expect: SEV4}\n'
    (tmp_path / "wrong.yaml").write_text(wrong)
    found = tocsin(f"playbook test {path} --tests {tmp_path / 'wrong.yaml'}", code=4).out
    assert "never: failed: expected SEV4" in found


def test_playbooks_are_listed_shown_linted_compared_and_walked_across(tocsin: Shell) -> None:
    assert "nine-stage" in tocsin("playbook list").out
    assert "Duties" in tocsin("playbook show nine-stage").out
    tocsin("playbook lint nine-stage")
    assert "failed" in tocsin("playbook test nine-stage").out
    assert "(looser)" in tocsin("playbook diff compact house").out
    rows = tocsin("playbook crosswalk").out.splitlines()
    assert any(row.split()[:4] == ["3", "nine-stage", "SEV2", "SEV3"] for row in rows), "a SEV2 of nine stages is one rank lower"
    assert "There is no playbook 'nine'" in tocsin("playbook show nine", code=1).err


# -- alerts ---------------------------------------------------------------------------------------


def test_an_alert_is_listed_shown_and_acknowledged_and_its_receipt_says_what_became_of_it(tocsin: Shell) -> None:
    address = tocsin("alert intake --json").json["intake"][0]["url"]
    alert = {
        "status": "firing", "labels": {"alertname": "HighErrorRate", "service": "payment-api", "severity": "critical"},
        "annotations": {"summary": "Error rate 35%"}, "startsAt": "2025-10-27T14:20:00Z", "endsAt": "0001-01-01T00:00:00Z", "fingerprint": "f1",
    }  # fmt: skip
    body = {
        "version": "4",
        "status": "firing",
        "receiver": "r",
        "groupLabels": {},
        "commonLabels": {},
        "commonAnnotations": {},
        "alerts": [alert],
    }
    path = "/intake" + address.partition("/intake")[2]
    assert tocsin.world.send("POST", path, body, person="").status == 200
    (one,) = tocsin("alert list --json").json["alerts"]
    assert "HighErrorRate" in tocsin("alert list --state firing").out
    tocsin(f"alert ack {one['id']}")
    shown = tocsin(f"alert show {one['id']}").out
    assert "alice" in shown
    assert "service: payment-api" in shown
    (kept,) = tocsin("receipt list --json").json["receipts"]
    assert "alertmanager" in tocsin("receipt list").out
    assert "HighErrorRate" in tocsin(f"receipt show {kept['id']} --body").out
    incident = tocsin(f"incident declare --title x --severity SEV-1 --alert {one['id']} --json").json["incident"]
    assert [a["id"] for a in tocsin(f"incident show {incident} --json").json["alerts"]] == [one["id"]]


# -- the catalogue --------------------------------------------------------------------------------


def test_people_teams_and_services_are_written_down_and_read_back(tocsin: Shell) -> None:
    tocsin("person save ana --name Ana --contact email=ana@example.com --zone Europe/Berlin")
    tocsin("team save payments --members ana,bo --about 'takes the money'")
    tocsin(
        "service save payment-api --owner payments --playbook compact --link dashboard=https://grafana.example.com --alias payment-service,payments"
    )
    assert "email    email  ana@example.com  no" in tocsin("person show ana").out
    assert "ana" in tocsin("person list").out
    assert "takes the money" in tocsin("team show payments").out
    assert "payments" in tocsin("team list").out
    assert "payment-service" in tocsin("service show payments").out
    assert "compact" in tocsin("service list").out
    declared = tocsin("incident declare --title x --service payment-api --json").json["incident"]
    assert tocsin(f"incident show {declared} --json").json["playbook"]["id"] == "compact"


# -- after the incident ---------------------------------------------------------------------------


def test_action_items_are_written_down_changed_done_and_dropped(tocsin: Shell, incident: str) -> None:
    first = tocsin("action add 'Pool alert' --group prevent --owner bob --due 2025-11-03 --json").json["id"]
    second = tocsin("action add 'Review' --owner 'dev team'")
    assert "dev team" in second.out, "an owner who is no person is said at once"
    assert "Pool alert" in tocsin("action list").out
    assert tocsin(f"action update {first} --ticket PAY-1").out == f"{first}: ticket changed.\n"
    assert "PAY-1" in tocsin(f"action show {first}").out
    tocsin(f"action done {first} --evidence https://example.com/pr/1")
    assert "Pool alert" not in tocsin("action list").out
    assert "Pool alert" in tocsin(f"action list {incident}").out
    tocsin(f"action reopen {first} --reason 'came back'")
    tocsin(f"action drop {first} --reason 'not needed'")
    assert "Nothing to change" in tocsin(f"action update {first}", code=2).err


def test_the_postmortem_of_the_procedure_is_drafted_into_a_file(tocsin: Shell, incident: str, tmp_path: Path) -> None:
    """S0-16: --authors a,b,c --template deployment --output postmortems/<ID>.md."""
    path = tmp_path / "postmortems" / f"{incident}.md"
    tocsin(f"postmortem draft {incident} --authors alice,bob,charlie --template deployment --output {path}")
    text = path.read_text()
    assert "Payments fail" in text
    found = tocsin("postmortem show --json").json
    assert (found["authors"], found["kind"]) == (["alice", "bob", "charlie"], "deployment")
    section = next(s["id"] for s in found["sections"] if s["content"] == "summary")
    tocsin(f"postmortem edit {section} --text 'Half of the payments failed.'")
    assert "Half of the payments failed." in tocsin(f"postmortem show --section {section}").out
    assert "there are:" in tocsin("postmortem show --section nonsense", code=2).err
    tocsin("postmortem review")
    assert tocsin("postmortem export --format html").out.lstrip().startswith("<!")
    tocsin(f"postmortem export --output {tmp_path / 'p.json'}")
    assert json.loads((tmp_path / "p.json").read_text())["markdown"]
    assert tocsin("postmortem show").out.startswith("#")


def test_evidence_is_one_archive(tocsin: Shell, incident: str, tmp_path: Path) -> None:
    tocsin(f"evidence {incident} --output {tmp_path / 'evidence.zip'}")
    with zipfile.ZipFile(tmp_path / "evidence.zip") as archive:
        assert archive.testzip() is None
        assert archive.namelist()


def test_a_file_is_attached_to_an_entry(tocsin: Shell, incident: str, tmp_path: Path) -> None:
    (tmp_path / "graph.json").write_text('{"rate": 35}')
    tocsin(f"incident entry OBSERVATION 'The dashboard' --attach {tmp_path / 'graph.json'}")
    line = tocsin("timeline show --json --entries").json[-1]
    digest = line["data"]["attachments"][0]
    assert tocsin.world.get(f"/blobs/{digest}") == {"rate": 35}
    assert "(1 attached)" in tocsin("timeline show").out


def test_the_numbers_of_one_incident_and_of_many(tocsin: Shell, incident: str) -> None:
    tocsin("incident ack")
    shown = tocsin("metrics --explain").out
    assert "not available: resolved is not known" in shown
    assert "the procedure says 45 min" in shown
    assert "Not recorded yet: failed_requests" in shown
    assert "kept in time" in tocsin("adherence --all").out
    assert "no anti-pattern" in tocsin("health").out
    assert "SEV-1 1" in tocsin("insights summary --from 2025-10-01 --to 2025-11-01").out
    assert tocsin("insights summary --from 2025-11-01 --json").json["incidents"] == 0
    assert "Incidents" in tocsin("insights durations --metric impact_started..declared --each").out
    assert "10 min" in tocsin("insights durations --metric impact_started..declared").out


def test_the_clock_is_shown_and_advanced(tocsin: Shell) -> None:
    assert tocsin("clock show").out == "2025-10-27 14:25:00 UTC (virtual clock)\n"
    assert tocsin("clock advance 5m").out == "It is now 2025-10-27 14:30:00 UTC.\n"
    assert tocsin("clock advance --to 15:05").out == "It is now 2025-10-27 15:05:00 UTC.\n"
    assert "Give either" in tocsin("clock advance", code=2).err


def test_a_refusal_is_a_problem_document_with_json(tocsin: Shell) -> None:
    problem = json.loads(tocsin("incident show INC-1-A --json", code=1).err)
    assert (problem["status"], problem["detail"]) == (404, "There is no incident INC-1-A.")


def test_the_doctor_names_what_could_not_be_sent(tocsin: Shell, incident: str) -> None:
    well = tocsin("doctor --server http://world")
    assert "messages" in well.out
    assert "all sent" in well.out
    tocsin.world.app.runtime.outbox._channels = {}
    tocsin("update post --message first_post --field first_actions=Look --next-in 15m")
    tocsin.world.app.runtime.settle()
    ill = tocsin("doctor --server http://world", code=1).out
    assert "could not be sent" in ill
    assert "there is no channel" in ill
    assert "1 to repair." in ill
