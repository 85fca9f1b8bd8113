"""The shipped playbooks: read when they are asked for; each holds together, hides no contradiction and passes its own tests."""

import subprocess
import sys

import pytest

from tocsin.playbooks.check import check
from tocsin.playbooks.classify import classify
from tocsin.playbooks.crosswalk import table
from tocsin.playbooks.diff import diff
from tocsin.playbooks.errors import NoSuchPlaybook
from tocsin.playbooks.lint import lint, unaccepted
from tocsin.playbooks.selftest import run_tests
from tocsin.playbooks.shelf import load_shipped, shipped, shipped_tests

EVERY = pytest.mark.parametrize("playbook", shipped())


def test_the_procedures_and_the_house_default_ship() -> None:
    assert set(shipped()) >= {"payments-sev1", "house", "compact", "nine-stage", "rota-and-runbooks", "service-levels"}


def test_listing_the_shelf_reads_no_playbook() -> None:
    code = "import sys; from tocsin.playbooks import shelf; assert shelf.shipped(); assert not shelf._READ; assert 'cel' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_playbook_is_read_once() -> None:
    assert load_shipped("house") is load_shipped("house")


def test_a_playbook_that_does_not_ship_is_refused_with_the_nearest_that_does() -> None:
    with pytest.raises(NoSuchPlaybook, match="Did you mean `house`"):
        load_shipped("hause")
    with pytest.raises(NoSuchPlaybook):
        shipped_tests("../house")


@EVERY
def test_it_is_called_like_its_file_and_holds_together(playbook: str) -> None:
    loaded = load_shipped(playbook)
    assert loaded.playbook.playbook == playbook
    assert [str(problem) for problem in check(loaded)] == []


@EVERY
def test_it_has_no_contradiction_that_it_does_not_own_up_to(playbook: str) -> None:
    assert [str(finding) for finding in unaccepted(lint(load_shipped(playbook)))] == []


def test_the_house_default_has_no_contradiction_at_all() -> None:
    loaded = load_shipped("house")
    assert lint(loaded) == []
    assert loaded.playbook.accepted == ()


@EVERY
def test_it_passes_its_own_tests(playbook: str) -> None:
    text = shipped_tests(playbook)
    assert text is not None
    results = run_tests(load_shipped(playbook).playbook, text, f"{playbook}.tests.yaml")
    assert {result.kind for result in results} == {"classify", "obligations", "transitions"}
    assert [str(result) for result in results if result.outcome == "failed"] == []


@EVERY
def test_it_decides_something_even_where_nobody_knows_anything(playbook: str) -> None:
    loaded = load_shipped(playbook).playbook
    assert classify(loaded, {}, [load_shipped(other).playbook for other in shipped()]).unsure


def test_every_level_of_every_playbook_has_its_like_in_every_other() -> None:
    playbooks = [load_shipped(playbook).playbook for playbook in shipped()]
    for row in table(playbooks):
        assert set(row.labels) == set(shipped())
        assert row.labels[row.playbook].severity == row.severity


@EVERY
def test_it_does_not_differ_from_itself_and_differs_from_the_house_default(playbook: str) -> None:
    loaded, house = load_shipped(playbook).playbook, load_shipped("house").playbook
    assert diff(loaded, loaded) == []
    assert bool(diff(house, loaded)) is (playbook != "house")
