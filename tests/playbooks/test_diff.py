"""Two playbooks are compared part by part, and each change says whether it asks more of people."""

import pytest

from tests.playbooks.small import loaded
from tocsin.playbooks.diff import Difference, diff, lines

SMALL = loaded().playbook


def said(*changes: tuple[str, str]) -> list[str]:
    return lines(diff(SMALL, loaded(*changes).playbook))


def test_a_playbook_does_not_differ_from_itself() -> None:
    assert diff(SMALL, loaded().playbook) == []


@pytest.mark.parametrize(
    ("change", "line"),
    [
        (("within: 5m\n    owner", "within: 10m\n    owner"), "obligation acknowledge: within 5m -> 10m (looser)"),
        (("every: 30m", "every: 15m"), "obligation cadence: every 30m -> 15m (stricter)"),
        (("length: 30m", "length: 15m"), "window stable: length 30m -> 15m (looser)"),
        (("for: 15m", "for: 1h"), "checklist resolve: items quiet for 15m -> 1h (stricter)"),
        (("review: required", "review: recommended"), "severity HIGH: review required -> recommended (looser)"),
        (("respond_within: 15m", "respond_within: 5m"), "severity HIGH: response respond_within 15m -> 5m (stricter)"),
        (("warn: 2m", "warn: 1m"), "obligation acknowledge: warn 2m -> 1m (looser)"),
        (("rank: 3", "rank: 4"), "severity LOW: rank 3 -> 4"),
        (("title: Small", "title: Little"), "title Small -> Little"),
        (("to: [manager]}", "to: [manager, lead]}"), "escalation older: to added: lead"),
        (("mandatory_roles: [lead]\n    review", "mandatory_roles: [lead, on_call]\n    review"),
         "severity HIGH: mandatory_roles added: on_call (stricter)"),
        (("    - {move_from: watching, move_to: open, backward: true}\n", ""), "move watching to open: removed"),
        (("window: stable, requires", "requires"), "gate stable: window stable -> nothing"),
        (("    warn: 2m\n", ""), "obligation acknowledge: warn removed: 2m (looser)"),
        (("zone: Europe/Berlin", "zone: UTC"), "calendar office: zone Europe/Berlin -> UTC"),
        (("lead: true,", "lead: false,"), "role lead: lead yes -> no"),
        (("{id: ack, says: Acknowledge., within: 5m}", "{id: ack, says: Acknowledge., within: 1m}"), "duty on call ack: within 5m -> 1m (stricter)"),
    ],
)  # fmt: skip
def test_a_change_is_one_line_that_names_its_part(change: tuple[str, str], line: str) -> None:
    assert said(change) == [line]


def test_a_part_that_is_gone_or_new_is_named_by_its_id() -> None:
    assert said(("  - {id: rollback, name: Roll back}", "  - {id: restart, name: Restart}")) == [
        "mitigation rollback: removed: Roll back",
        "mitigation restart: added: Restart",
    ]


def test_an_obligation_more_asks_more() -> None:
    [difference] = diff(
        SMALL,
        loaded(
            ("obligations:\n", "obligations:\n  - {id: new, name: New, after: declared, within: 1h, owner: lead, done: {role: lead}}\n")
        ).playbook,
    )
    assert difference == Difference(("obligations", "new"), None, "New", "stricter")
    assert difference.path == "obligations.new"


def test_moving_a_part_to_another_place_in_its_list_changes_nothing() -> None:
    assert said(('  - {id: team, name: Team, where: "#incident-{date}"}\n  - {id: customers, name: Customers, public: true}\n',
                 '  - {id: customers, name: Customers, public: true}\n  - {id: team, name: Team, where: "#incident-{date}"}\n')) == []  # fmt: skip


def test_citations_and_remarks_are_left_out() -> None:
    assert (
        said(
            ("title: Small", "title: Small\nfrom: S0-01\nnote: Nothing to do with it."),
            ("{id: team, name: Team,", "{id: team, name: Team, from: S0-02,"),
        )
        == []
    )


def test_a_difference_turned_round_has_the_opposite_weight() -> None:
    other = loaded(("within: 5m\n    owner", "within: 10m\n    owner"), ("length: 30m", "length: 1h")).playbook
    assert [difference.weight for difference in diff(SMALL, other)] == ["stricter", "looser"]
    assert [difference.weight for difference in diff(other, SMALL)] == ["looser", "stricter"]
