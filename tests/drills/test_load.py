"""Scenario files: what is refused, where, and with which remedy."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tocsin.drills.load import ScenarioRefused, load_text
from tocsin.drills.run import load_shipped, shipped

HEAD = """\
scenario: try
title: A try
playbook: payments-sev1
starts: "2025-10-27T14:00:00Z"
steps:
"""


def problems(steps: str, head: str = HEAD) -> list[str]:
    with pytest.raises(ScenarioRefused) as refused:
        load_text(head + steps, "try.yaml")
    return [str(problem) for problem in refused.value.problems]


def test_every_shipped_scenario_reads() -> None:
    assert shipped() == ["000", "001", "002", "003", "004"]
    for scenario in shipped():
        loaded = load_shipped(scenario)
        assert loaded.id == scenario
        assert loaded.steps


def test_times_are_of_the_scenarios_day_unless_they_name_their_own() -> None:
    loaded = load_text(
        HEAD + '  - {at: "14:30", as: alice, do: declare, title: x, started_at: "14:20"}\n  - {at: "2025-10-28 10:00", do: wait}\n',
        "try.yaml",
    )
    assert [step.at for step in loaded.steps] == [datetime(2025, 10, 27, 14, 30, tzinfo=UTC), datetime(2025, 10, 28, 10, 0, tzinfo=UTC)]
    assert loaded.steps[0].body["started_at"] == "2025-10-27T14:20:00Z"


def test_a_step_without_a_time_happens_with_the_one_above_it() -> None:
    loaded = load_text(HEAD + '  - {at: "14:30", do: wait}\n  - {do: wait}\n', "try.yaml")
    assert loaded.steps[1].at == loaded.steps[0].at


@pytest.mark.parametrize(
    ("steps", "line", "what", "remedy"),
    [
        ("  - {do: declaer, title: x}\n", 6, "there is no verb `declaer`", "Did you mean `declare`?"),
        ("  - {do: declare, title: x, impct: y}\n", 6, "unknown key `impct`", "Did you mean `impact`?"),
        ("  - {do: declare}\n", 6, "the key `title` is missing", "Add `title:` to the step."),
        ('  - {at: "25:00", do: wait}\n', 6, "`25:00` is not a time", 'Write "14:30"'),
        ('  - {at: "14:30", do: wait}\n  - {at: "14:10", do: wait}\n', 7, "before the one above it", "Put the steps in order of time."),
        ("  - {do: log, kind: ACTION, text: x}\n", 6, "this needs `incident`, which no earlier step saved", "save it in an earlier step"),
        ('  - {do: declare, title: x, alerts: ["{alert}"]}\n', 6, "`{alert}` is not known here", "Save it in an earlier step"),
        ("  - {do: wait, expect: {stauts: 409}}\n", 6, "this cannot be expected", "The keys are: status, says, missing, is."),
        ("  - {do: alert, payload: {}, more: 1}\n", 6, "this verb has one key, `payload`", "Put everything below `payload:`."),
        ('  - {at: "14:30"}\n', 6, "the step does nothing", "Give `do:` one of:"),
        ("  - just words\n", 6, "a step is a mapping of keys", "Write"),
        ("  []\n", 5, "a scenario has steps", "a list below it"),
        ("  - {do: declare, title: x, started_at: yesterday}\n", 6, "`yesterday` is not a time", 'Write "14:30"'),
    ],
)  # fmt: skip
def test_a_wrong_step_is_named_with_its_place_and_what_to_write(steps: str, line: int, what: str, remedy: str) -> None:
    found = problems(steps)
    assert len(found) == 1
    assert found[0].startswith(f"try.yaml:{line}:")
    assert what in found[0]
    assert remedy in found[0]


def test_a_wrong_head_is_named_with_its_place() -> None:
    found = problems("  - {do: wait}\n", HEAD.replace("title: A try", "titel: A try"))
    assert any("try.yaml:2:" in line and "unknown key `titel`. Did you mean `title`?" in line for line in found)
    assert any(
        "`yesterday` is not a time" in line for line in problems("  - {do: wait}\n", HEAD.replace("2025-10-27T14:00:00Z", "yesterday"))
    )


def test_what_is_not_yaml_is_named_with_its_line() -> None:
    assert problems("  - {do: wait\n")[0].startswith("try.yaml:")


def test_all_problems_of_a_file_come_at_once() -> None:
    assert len(problems("  - {do: declaer}\n  - {do: declare}\n  - {do: wait, expect: 3}\n")) == 3
