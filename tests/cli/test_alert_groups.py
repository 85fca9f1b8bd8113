"""Groups, routes, silences, maintenance and inhibition, typed against a real installation."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.alerts.bodies import alert_of, one
from tests.cli.conftest import Shell


@pytest.fixture
def group(tocsin: Shell) -> str:
    """A group that fires."""
    alert = alert_of(tocsin.world, one(service="shop"))
    return str(tocsin.world.get(f"/alerts/{alert}")["group"])


def test_a_group_is_listed_shown_acknowledged_and_ended(tocsin: Shell, group: str) -> None:
    listed = tocsin("group list").out
    assert group in listed
    assert "1 of 1" in listed
    shown = tocsin(f"group show {group}").out
    assert 'The route by-rule takes it (alertname!="")' in shown
    assert "opened" in shown
    assert "acknowledged by bob" in tocsin(f"group ack {group} --by bob").out
    assert "acknowledged by bob" in tocsin(f"group ack {group} --by carol").out
    assert tocsin(f"group resolve {group} --why 'a false alarm'").out.strip() == f"{group}: ended."
    assert tocsin(f"group resolve {group}").out.strip() == f"{group}: it was over already."
    assert "No groups" in tocsin("group list").out
    assert group in tocsin("group list --state all").out


def test_a_group_is_linked_and_a_muted_one_can_be_made_to_call(tocsin: Shell, group: str) -> None:
    incident = tocsin.world.declare()
    assert tocsin(f"group link {group} {incident}").out.strip() == f"{group} belongs to {incident}."
    tocsin(f"silence add --group {group} --for 1h --why noise")
    assert "muted" in tocsin("group list").out
    assert tocsin(f"group unmute {group}").out.strip() == f"{group}: it calls people."


def test_routes_are_printed_tried_and_put_in_force_from_a_file(tocsin: Shell, tmp_path: Path) -> None:
    file = tmp_path / "routes.yaml"
    file.write_text(tocsin("route show").out + "  - name: last\n")
    refused = tocsin(f"route apply {file} --dry-run", code=1)
    assert "routes.yaml:" in refused.err
    file.write_text('routes:\n- name: workers\n  match: job="worker"\n  threshold: {count: 5, within: 10m}\n  urgency: low\n')
    tried = tocsin(f"route test job=worker --file {file}").out
    assert "Goes to workers" in tried
    assert "count 5, within 10 min" in tried
    assert "Goes to alone" in tocsin("route test job=worker").out
    assert "it changes the routes" in tocsin(f"route apply {file} --dry-run").out
    assert "in force" in tocsin(f"route apply {file} --why 'quieter workers'").out
    assert "nothing changed" in tocsin(f"route apply {file} --why 'quieter workers'").out
    history = tocsin("route history").out
    assert "quieter workers" in history
    assert "shipped" in history
    assert "by-rule" in tocsin("route show --version 1").out


def test_a_silence_is_tried_made_extended_and_ended(tocsin: Shell, group: str) -> None:
    command = "silence add 'alertname=\"DiskFull\"' --why 'known noise'"
    assert "DiskFull" in tocsin(f"{command} --for 2h --dry-run").out
    assert tocsin("silence list").out.startswith("No silences")
    made = tocsin(f"{command} --for 2h").out
    assert "It mutes 1 alert that fires now." in made
    name = made.partition(":")[0]
    assert "known noise" in tocsin("silence list").out
    assert "in 4 h" in tocsin(f"silence extend {name} --for 4h").out
    assert "extended" in tocsin(f"silence show {name}").out
    assert tocsin(f"silence expire {name}").out.strip() == f"{name}: ended."
    assert "over already" in tocsin(f"silence expire {name}").out
    assert "fits every alert" in tocsin("silence add --for 2h --why x", code=1).err
    assert "--for 2h, or --until TIME" in tocsin("silence add a=b --why x", code=2).err


def test_maintenance_is_planned_shown_ended_and_taken_back(tocsin: Shell) -> None:
    made = tocsin(
        "maintenance plan 'Database upgrade' --service shop --from 15:00 --for 2h --every week --on mon,thu --public-title 'May be slow'"
    ).out
    name, _, state = made.strip().partition(": ")
    assert state == "planned."
    listed = tocsin("maintenance list").out
    assert "15:00 UTC (in 35 min) to 17:00 UTC, every week" in listed
    assert "May be slow" in tocsin(f"maintenance show {name}").out
    tocsin.world.at("15:30")
    assert "the window has ended" in tocsin(f"maintenance end {name} --why done").out
    assert "2025-10-30 15:00 UTC" in tocsin("maintenance list").out
    assert "taken back" in tocsin(f"maintenance cancel {name}").out
    assert "No maintenance is planned" in tocsin("maintenance list").out


def test_rules_of_inhibition_are_put_in_force_from_a_file(tocsin: Shell, tmp_path: Path) -> None:
    file = tmp_path / "rules.yaml"
    assert "There are no rules yet" in tocsin("inhibition show").out
    file.write_text("rules:\n- {name: site, source: alertname=SiteDown, target: 'severity=~\"warning|critical\"', equal: [site]}\n")
    assert "in force" in tocsin(f"inhibition apply {file}").out
    file.write_text(tocsin("inhibition show").out)
    assert "nothing changed" in tocsin(f"inhibition apply {file}").out
