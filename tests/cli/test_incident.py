"""An incident from declaration to closure, typed."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.cli.conftest import Shell


@pytest.fixture
def incident(tocsin: Shell) -> str:
    """An incident declared at 14:30 by alice, as in the procedure's own walk-through."""
    tocsin.world.at("14:30")
    return str(
        tocsin(
            "incident declare --json --title 'High error rate in payment API' --severity SEV-1 --impact '50% of payment transactions failing' "
            "--service payment-api --detected-by monitoring --started-at 14:20 --id INC-20251027-ABC123",
        ).json["incident"],
    )  # fmt: skip


def test_the_declaration_of_the_procedure_prints_the_id_and_what_is_due_next(tocsin: Shell) -> None:
    """S0-08: title, severity, impact, service and detected-by give an id of the form INC-YYYYMMDD-XXXXXX."""
    ran = tocsin("incident declare --title Broken --severity SEV-1 --impact all --service payment-api --detected-by monitoring")
    first, *rest = ran.out.splitlines()
    assert first.startswith("Created incident: INC-20251027-")
    assert len(first.rpartition("-")[2]) == 6
    text = "\n".join(rest)
    assert "#incident-20251027-" in text
    assert "Name the communications lead" in text


def test_a_clock_time_is_the_last_such_time_in_utc(tocsin: Shell, incident: str) -> None:
    found = {m["id"]: m["at"] for m in tocsin("milestone list --json").json["milestones"]}
    assert found["impact_started"] == "2025-10-27T14:20:00Z"
    tocsin("milestone set impact_started 23:50 --estimated")
    found = {m["id"]: m for m in tocsin("milestone list --json").json["milestones"]}
    assert (found["impact_started"]["at"], found["impact_started"]["precision"]) == ("2025-10-26T23:50:00Z", "estimated")


def test_a_clock_time_of_a_named_zone_is_told_in_utc(tocsin: Shell, incident: str) -> None:
    tocsin("milestone set impact_started 15:20 --zone Europe/Berlin")
    found = {m["id"]: m["at"] for m in tocsin("milestone list --json").json["milestones"]}
    assert found["impact_started"] == "2025-10-27T14:20:00Z"


def test_a_time_without_a_zone_and_a_future_time_are_refused_in_a_sentence(tocsin: Shell, incident: str) -> None:
    naive = tocsin("incident entry OBSERVATION x --at 2025-10-27T14:28", code=1)
    assert "no time zone" in naive.err
    assert "2026-01-31T14:05:00Z" in naive.err
    future = tocsin("incident entry OBSERVATION x --at 2025-10-27T16:28Z", code=1)
    assert "is in the future" in future.err


def test_an_update_moves_the_stage_and_logs_an_event_by_its_author(tocsin: Shell, incident: str) -> None:
    """S0-09: update <ID> --status --event --author."""
    ran = tocsin(f"incident update {incident} --status mitigating --event 'Rolling back' --author charlie --json").json
    assert ran["stage"] == "mitigating"
    line = tocsin("timeline show --entries --json").json[-1]
    assert (line["kind"], line["by"], line["text"]) == ("NOTIFICATION", "charlie", "Rolling back")


def test_an_unmet_gate_lists_what_it_wants_and_nothing_is_logged(tocsin: Shell, incident: str) -> None:
    tocsin("incident stage mitigating")
    tocsin("incident stage monitoring")
    refused = tocsin("incident update --status resolved --event 'Incident resolved' --author charlie", code=1)
    assert "  - Latency within its objective (p95 < 500 ms)" in refused.err.splitlines()
    assert "waive" in refused.err
    assert tocsin("timeline show --entries --json").json == []


def test_an_incident_runs_from_entry_to_resolution_and_export(tocsin: Shell, incident: str, tmp_path: Path) -> None:
    tocsin("incident ack --at 14:27")
    tocsin("incident invite --users bob,charlie --why 'database, command'")
    tocsin("role handover ic charlie --at 14:30")
    tocsin("role assign communications diana")
    assert {r["role"]: r["person"] for r in tocsin("role list --json").json["roles"]}["ic"] == "charlie"
    tocsin("incident entry OBSERVATION 'Connection pool exhausted' --by bob --at 14:28 --reading error_rate=35%")
    tocsin.world.at("14:42")
    tocsin("mitigation start rollback 'Back to v2.3.0' --before v2.3.1 --after v2.3.0 --by alice --at 14:40")
    tocsin("mitigation complete m1 --at 14:42")
    tocsin.world.at("14:50")
    tocsin("mitigation verify M1 --helped --at 14:45")
    tocsin("incident entry OBSERVATION 'Back to baseline' --reading error_rate=0.4")
    tocsin("incident stage mitigating", person="charlie")
    tocsin("incident stage monitoring", person="charlie")
    tocsin.world.at("15:07")
    items = [item["id"] for one in tocsin("check list --open --json").json["checklists"] for item in one["items"]]
    tocsin(f"check tick {' '.join(items)} --evidence seen", person="charlie")
    unconfirmed = tocsin("incident resolve", code=1, person="charlie")
    assert "--confirm 'I have verified the eleven criteria" in unconfirmed.err
    assert tocsin("incident update --status resolved --event 'Incident resolved' --author charlie --json").json["stage"] == "resolved"
    exported = tmp_path / "deep" / "timeline.json"
    tocsin(f"timeline export {incident} --output {exported}")
    lines = json.loads(exported.read_text())["timeline"]
    assert {"at", "offset", "by", "text", "kind"} <= set(lines[-1])
    tocsin("figure record failed_requests ~15,000 --source logs")
    figure = tocsin("figure list --json").json["figures"]["failed_requests"]
    assert (figure["value"], figure["estimate"], figure["source"]) == (15000.0, True, "logs")
    assert "about 15,000" in tocsin("figure list").out
    assert tocsin("incident verify-chain").out == f"{incident}: the record is whole.\n"


def test_an_entry_is_corrected_by_its_number_and_says_so(tocsin: Shell, incident: str) -> None:
    number = tocsin("incident entry ACTION 'Rollback started' --by alice --json").json["entry"]
    tocsin(f"incident correct {number} --text 'Rollback complete' --reason 'wrong word'")
    shown = tocsin("timeline show").out
    assert "[ACTION] Rollback complete (corrected; was 14:30 ACTION: Rollback started)" in shown
    assert "entry" in tocsin("incident correct seven --text x", code=2).err


def test_a_text_may_come_from_standard_input(tocsin: Shell, incident: str) -> None:
    tocsin("incident entry OBSERVATION -", given="seen in the logs\n")
    assert tocsin("timeline show --json --entries").json[-1]["text"] == "seen in the logs"


def test_the_only_open_incident_is_taken_and_named(tocsin: Shell, incident: str) -> None:
    assert tocsin("incident show").err == f"({incident}, the only one open)\n"


def test_without_an_open_incident_or_with_several_the_id_is_asked_for(tocsin: Shell) -> None:
    assert "No incident is open" in tocsin("incident show", code=2).err
    one = tocsin("incident declare --title One --json").json["incident"]
    two = tocsin("incident declare --title Two --json").json["incident"]
    refused = tocsin("incident show", code=2)
    assert f"  {one}  One" in refused.err
    assert f"  {two}  Two" in refused.err
    assert tocsin(f"incident merge {one} {two}").out == f"{one}: merged into {two}.\n"
    assert tocsin("incident show --json").json["id"] == two


def test_a_missing_and_a_superfluous_word_are_named(tocsin: Shell, incident: str) -> None:
    assert "TEXT is missing" in tocsin(f"incident entry {incident} OBSERVATION", code=2).err
    assert "Put a text with spaces in quotes" in tocsin(f"incident entry {incident} OBSERVATION two words", code=2).err
    assert "is not of the form name=value" in tocsin("incident entry OBSERVATION x --reading 35", code=2).err


def test_a_severity_is_not_taken_for_an_incident(tocsin: Shell, incident: str) -> None:
    refused = tocsin("incident severity SEV-2", code=1)
    assert "needs a reason" in refused.err
    assert tocsin("incident severity SEV-2 --reason 'fewer than thought'").out == f"{incident}: severity SEV-2 (was SEV-1).\n"


def test_marks_assessment_and_details_are_set(tocsin: Shell, incident: str) -> None:
    tocsin("incident mark deployment_correlates")
    tocsin("incident assess 'log_evidence=pool exhausted' 'suspected_change=v2.3.1 at 14:15' --by alice")
    tocsin("incident update --title 'Payments fail' --cause deployment")
    view = tocsin("incident show --json").json
    assert view["marks"]["deployment_correlates"] is True
    assert view["assessment"]["suspected_change"] == "v2.3.1 at 14:15"
    assert (view["title"], view["cause"]) == ("Payments fail", "deployment")
    tocsin("incident mark deployment_correlates --no")
    assert tocsin("incident show --json").json["marks"]["deployment_correlates"] is False


def test_a_waiver_needs_a_name_and_keeps_its_reason(tocsin: Shell, incident: str) -> None:
    assert "needs a named person" in tocsin("check waive resolution.latency --reason 'no traffic'", code=1, person="").err
    tocsin("check waive resolution.latency --reason 'no traffic'", person="charlie")
    items = {i["id"]: i for one in tocsin("check list --json").json["checklists"] for i in one["items"]}
    assert (items["resolution.latency"]["state"], items["resolution.latency"]["reason"]) == ("waived", "no traffic")
    tocsin("check untick resolution.latency")
    assert "waived" not in tocsin("check list").out


def test_duties_are_listed_with_their_times_and_waived_with_a_reason(tocsin: Shell, incident: str) -> None:
    duties = {d["id"]: d for d in tocsin("obligation list --json").json["obligations"]}
    assert duties["assign_communications"]["due_at"] == "2025-10-27T14:40:00Z"
    assert "14:40 UTC (in 10 min)" in tocsin("obligation list").out
    tocsin("obligation waive assign_communications --reason 'alice tells'")
    assert "assign_communications" not in tocsin("obligation list").out
    assert "assign_communications" in tocsin("obligation list --state waived").out


def test_it_was_not_an_incident_and_then_it_was(tocsin: Shell, incident: str) -> None:
    assert "Missing option '--reason'" in tocsin(f"incident dismiss {incident}", code=2).err
    tocsin(f"incident dismiss {incident} --reason 'a test'")
    assert tocsin("incident list").out == "No incident is open.\n"
    assert incident in tocsin("incident list --state all").out
    tocsin(f"incident reopen {incident} --reason 'it was none'")
    assert tocsin("incident show --json").json["stage_kind"] == "open"


def test_a_relapse_restarts_the_window(tocsin: Shell, incident: str) -> None:
    tocsin("incident stage mitigating")
    tocsin("incident stage monitoring")
    assert "stability window starts again" in tocsin("incident relapse 'errors are back'").out


def test_an_incident_written_elsewhere_is_taken_in(tocsin: Shell, tmp_path: Path) -> None:
    story = {
        "title": "Old outage", "source": "wiki", "milestones": {"resolved": {"at": "2025-01-02T03:00:00Z"}},
        "timeline": [{"at": "2025-01-02T02:00:00Z", "type": "OBSERVATION", "text": "down"}],
    }  # fmt: skip
    (tmp_path / "old.json").write_text(json.dumps(story))
    assert "1 entries, milestones resolved" in tocsin("incident import old.json").out
    assert "holds no JSON object" in tocsin("incident import -", given="[]", code=2).err
    assert "is not JSON" in tocsin("incident import -", given="{", code=2).err


def test_the_incident_on_the_screen_says_what_is_missing(tocsin: Shell, incident: str) -> None:
    shown = tocsin(f"incident show {incident}").out
    assert "Stage        Investigating, since 14:30 UTC (now)" in shown
    assert re.search(r"impact started +14:20 UTC \(10 min ago\)", shown)
    assert "wanted" in shown
    assert "mitigating: What do you recommend" in shown
    assert "\x1b[" not in shown


def test_the_event_that_ends_an_incident_is_logged_before_nothing_can_be_logged_any_more(tocsin: Shell, incident: str) -> None:
    tocsin(f"incident update {incident} --status dismissed --event 'It was a drill' --author charlie")
    view = tocsin(f"incident show {incident} --json").json
    assert (view["stage"], view["ended"]) == ("dismissed", True)
    assert tocsin(f"timeline show {incident} --json --entries").json[-1]["text"] == "It was a drill"


def test_the_person_may_be_named_after_the_command(tocsin: Shell, incident: str) -> None:
    assert tocsin("incident ack --as zoe --json").json == {"acknowledged_by": "zoe"}


def test_a_confirmation_is_asked_for_on_a_terminal(tocsin: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tocsin.incidents.cli.incident.on_input_terminal", lambda: True)
    incident = tocsin("incident declare --playbook nine-stage --severity SEV1 --lead alice --json", given="The API is slow\n").json[
        "incident"
    ]
    tocsin(f"incident stage {incident} investigation")
    no = tocsin(f"incident stage {incident} mitigation", given="n\n", code=1)
    assert "confirm: Enough is known to mitigate" in no.err
    assert tocsin(f"incident stage {incident} mitigation", given="y\n").out == f"{incident}: mitigation (was investigation).\n"
