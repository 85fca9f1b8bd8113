"""Answers lead to a level, with the reasons, with doubt where answers are missing, and with what would change it."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.playbooks.small import loaded
from tocsin.playbooks.classify import Answer, Change, classify, parse_answers
from tocsin.playbooks.errors import AnswersRefused
from tocsin.playbooks.shelf import load_shipped

QUESTIONS = """\
  questions:
    - {id: users, ask: How many?, kind: percent, unit: "%"}
    - {id: core, ask: Core?}
    - {id: data, ask: Data?, kind: choice, choices: [safe, lost]}
    - {id: words, ask: What is it?, kind: text}
  rules:
    - {severity: HIGH, when: core, because: the core is broken}
    - {severity: HIGH, when: users > 50.0, because: half of the users}
    - {severity: MIDDLE, when: users >= 10.0, because: a tenth of the users}
    - {severity: MIDDLE, when: 'data == "lost"', because: data is lost}
  otherwise: LOW
  otherwise_because: nothing of it
  unsure: {use: MIDDLE, says: "Nobody knows: MIDDLE."}
assessment:
"""
SMALL = loaded().playbook
TEXT = loaded().text
PLAYBOOK = loaded(
    (TEXT[TEXT.index("  questions:") : TEXT.index("  - {id: broken")], QUESTIONS),
    ("  - id: LOW\n", "  - {id: MIDDLE, name: Middle, rank: 2, definition: d, response: {says: soon}}\n  - id: LOW\n"),
).playbook
NOTHING: dict[str, Answer] = {"users": 0, "core": False, "data": "safe"}


@pytest.mark.parametrize(
    ("answers", "severity", "because"),
    [
        ({}, "LOW", ("nothing of it",)),
        ({"core": True}, "HIGH", ("the core is broken",)),
        ({"core": True, "users": 80}, "HIGH", ("the core is broken", "half of the users")),
        ({"users": 10}, "MIDDLE", ("a tenth of the users",)),
        ({"users": 9.9, "data": "lost"}, "MIDDLE", ("data is lost",)),
    ],
)
def test_the_first_rule_that_holds_decides_and_every_criterion_of_its_level_is_a_reason(
    answers: dict[str, Answer], severity: str, because: tuple[str, ...]
) -> None:
    found = classify(PLAYBOOK, {**NOTHING, **answers})
    assert (found.severity, found.because, found.unsure, found.missing) == (severity, because, False, ())


def test_nothing_known_is_decided_by_the_rule_for_doubt() -> None:
    found = classify(PLAYBOOK, {})
    assert (found.severity, found.rank, found.unsure) == ("MIDDLE", 2, True)
    assert found.because == ("Nobody knows: MIDDLE.",)
    assert found.unsure_rule == "Nobody knows: MIDDLE."
    assert found.missing == ("core", "users", "data")


def test_an_answer_that_gives_the_worst_level_leaves_no_doubt() -> None:
    found = classify(PLAYBOOK, {"core": True})
    assert (found.severity, found.unsure, found.missing) == ("HIGH", False, ())


def test_an_answer_left_open_that_cannot_change_the_level_leaves_no_doubt() -> None:
    found = classify(PLAYBOOK, {"core": False, "users": 20})
    assert (found.severity, found.unsure) == ("MIDDLE", False)


def test_doubt_never_lowers_what_the_known_answers_give() -> None:
    found = classify(PLAYBOOK, {"users": 20})
    assert (found.severity, found.because, found.unsure, found.missing) == ("MIDDLE", ("a tenth of the users",), True, ("core",))


def test_a_rule_is_not_in_doubt_where_the_known_part_settles_it() -> None:
    found = classify(PLAYBOOK, {"core": False, "users": None, "data": "lost"})
    assert (found.severity, found.unsure, found.missing) == ("MIDDLE", True, ("users",))


def test_what_would_change_the_level_is_listed_with_the_level_it_leads_to() -> None:
    found = classify(PLAYBOOK, {**NOTHING, "users": 20})
    assert found.changes == (
        Change("users", "less than 10 %", "LOW", 3, worse=False),
        Change("users", "more than 50 %, up to 100 %", "HIGH", 1, worse=True),
        Change("core", "yes", "HIGH", 1, worse=True),
    )


def test_the_level_is_told_in_the_words_of_the_other_playbooks() -> None:
    assert classify(PLAYBOOK, {"core": True}, [SMALL, PLAYBOOK]).crosswalk == {}
    other = loaded(
        ("playbook: small", "playbook: other"), ("- id: HIGH", "- id: SEV1"), ("default_severity: HIGH", "default_severity: SEV1")
    ).playbook
    assert classify(PLAYBOOK, {"core": True}, [other]).crosswalk == {"other": "SEV1"}


def test_every_answer_that_cannot_be_used_is_named_with_what_to_write() -> None:
    with pytest.raises(AnswersRefused) as refused:
        classify(PLAYBOOK, {"users": 130, "core": "yes", "data": "lots", "wrods": "x", "words": 5})
    assert [str(answer) for answer in refused.value.answers] == [
        "users: 130 is not a percentage. Write a number from 0 to 100, without the sign.",
        "core: 'yes' is not yes or no. Write true or false, or leave it out where nobody knows.",
        "data: 'lots' is none of the choices. Did you mean `lost`?",
        "wrods: there is no question `wrods`. Did you mean `words`?",
        "words: 5 is not a text. Write a few words.",
    ]


@pytest.mark.parametrize("answer", [-1, 100.5, float("nan"), "30", True])
def test_a_percentage_lies_from_0_to_100(answer: Answer) -> None:
    with pytest.raises(AnswersRefused, match="users"):
        classify(PLAYBOOK, {"users": answer})


def test_typed_answers_are_read_as_people_type_them() -> None:
    typed = {"users": "30 %", "core": "No", "data": "lost", "words": "?"}
    assert parse_answers(PLAYBOOK, typed) == {"users": 30.0, "core": False, "data": "lost"}
    assert parse_answers(PLAYBOOK, {"users": "unknown", "core": ""}) == {}
    with pytest.raises(AnswersRefused, match="core: 'maybe' is not yes or no"):
        parse_answers(PLAYBOOK, {"core": "maybe"})


answers = st.fixed_dictionaries(
    {
        "users": st.none() | st.floats(0, 100),
        "core": st.none() | st.booleans(),
        "data": st.none() | st.sampled_from(["safe", "lost"]),
    }
)


@given(answers)
def test_a_level_without_doubt_is_the_level_for_every_answer_still_missing(known: dict[str, Answer]) -> None:
    found = classify(PLAYBOOK, known)
    every: dict[str, list[Answer]] = {"users": [0, 10, 30, 51, 100], "core": [False, True], "data": ["safe", "lost"]}
    ways = itertools.product(*([known[name]] if known[name] is not None else values for name, values in every.items()))
    levels = {classify(PLAYBOOK, dict(zip(every, way, strict=True))).severity for way in ways}
    assert found.unsure or levels == {found.severity}


@given(answers)
def test_each_change_leads_where_it_says(known: dict[str, Answer]) -> None:
    complete = {name: NOTHING[name] if value is None else value for name, value in known.items()}
    for change in classify(PLAYBOOK, complete).changes:
        if change.question == "core":
            other = classify(PLAYBOOK, {**complete, "core": change.answer == "yes"})
            assert (other.severity, other.rank) == (change.severity, change.rank)


def test_it_says_what_decided_a_rule_no_rule_or_doubt() -> None:
    assert classify(PLAYBOOK, {"core": False, "users": 60.0, "data": "safe"}).decided_by == "rule"
    assert classify(PLAYBOOK, {"core": False, "users": 0.0, "data": "safe"}).decided_by == "otherwise"
    assert classify(PLAYBOOK, {}).decided_by == "doubt"
    worse_is_possible = classify(PLAYBOOK, {"users": 20.0})
    assert (worse_is_possible.unsure, worse_is_possible.decided_by) == (True, "rule")


@pytest.mark.parametrize(("share", "between"), [(18.0, "10 % to 25 %"), (10.0, "10 % to 25 %"), (25.0, "10 % to 25 %")])
def test_an_answer_in_a_hole_of_the_scale_is_said_to_be_in_it(share: float, between: str) -> None:
    book = load_shipped("service-levels").playbook
    found = classify(book, {"users_percent": share})
    assert (found.severity, found.decided_by) == ("P2", "doubt")
    assert [(gap.question, gap.answer, gap.between) for gap in found.gaps] == [("users_percent", share, between)]
    assert found.gaps[0].says == book.classify.otherwise_because


@pytest.mark.parametrize("share", [0.0, 5.0, 9.9, 30.0, 100.0])
def test_an_answer_that_a_rule_covers_is_in_no_hole(share: float) -> None:
    assert classify(load_shipped("service-levels").playbook, {"users_percent": share}).gaps == ()
    assert classify(load_shipped("house").playbook, {"users_percent": share}).gaps == ()
