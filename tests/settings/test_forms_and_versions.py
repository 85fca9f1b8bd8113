"""What forms of the settings say, and what changed between two versions."""

from datetime import UTC, datetime

import pytest

from tocsin.engine.errors import Refused
from tocsin.settings import forms
from tocsin.settings.versions import changes, versions

AT = datetime(2025, 10, 27, tzinfo=UTC)


def test_an_id_is_made_of_a_name_and_loses_accents_and_signs() -> None:
    assert forms.id_of("Zahlungs-API (Füssen)") == "zahlungs-api-fussen"
    assert forms.id_of("Payments", "PAY.1") == "PAY.1"


@pytest.mark.parametrize(("name", "field"), [("決済", "id"), ("", "name"), ("!!!", "id")])
def test_a_name_without_letters_for_an_id_asks_for_one(name: str, field: str) -> None:
    with pytest.raises(Refused) as refused:
        forms.id_of(name)
    assert refused.value.field == field


def test_names_with_values_are_rows_and_rows_without_a_value_are_left_out() -> None:
    lists = {"link_name": ["dashboard", "runbook", ""], "link": ["https://a", "", ""]}
    assert forms.pairs(lists, "link_name", "link") == {"dashboard": "https://a"}
    with pytest.raises(Refused, match="has no name"):
        forms.pairs({"n": [""], "v": ["https://a"]}, "n", "v")
    with pytest.raises(Refused, match="two called"):
        forms.pairs({"n": ["a", "a"], "v": ["1", "2"]}, "n", "v")


def test_a_change_names_the_place_and_both_values() -> None:
    before = {"name": "A", "steps": [{"to": ["x"]}, {"to": ["y"]}], "page": ["a"]}
    after = {"name": "B", "steps": [{"to": ["x"]}, {"to": ["z"]}], "page": []}
    found = {one.what: (one.before, one.after) for one in changes(before, after)}
    assert found == {"name": ("A", "B"), "steps 2, to": ("y", "z"), "page": ("a", "")}


def test_versions_are_newest_first_and_the_first_has_no_changes() -> None:
    found = versions(
        [(1, AT, "ana", "", {"a": "1"}), (2, AT, "bo", "", {"a": "2"}), (3, AT, "bo", "retired", None), (4, AT, "cy", "", {"a": "2"})]
    )
    assert [(one.number, one.what, len(one.changes), one.first) for one in found] == [
        (4, "", 0, False),
        (3, "retired", 0, False),
        (2, "", 1, False),
        (1, "", 0, True),
    ]
