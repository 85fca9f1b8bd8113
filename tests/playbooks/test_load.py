"""Reading a playbook: what is not of the schema is refused in one go, each place with what to write."""

import itertools

import pytest

from tests.playbooks.small import SMALL, edited, line_of
from tocsin.playbooks.errors import PlaybookRefused, Problem
from tocsin.playbooks.load import digest_of, load_text, read_yaml


def refused(text: str) -> list[Problem]:
    with pytest.raises(PlaybookRefused) as error:
        load_text(text, "small.yaml")
    return error.value.problems


def test_a_misspelt_key_is_named_once_with_the_key_that_was_meant() -> None:
    text = edited(("    rank: 3", "    rnak: 3"))
    [problem] = refused(text)
    assert (problem.line, problem.column) == (line_of(text, "rnak"), 5)
    assert (problem.what, problem.remedy) == ("unknown key `rnak`", "Did you mean `rank`?")


def test_a_key_that_is_missing_is_named_at_its_part() -> None:
    text = edited(("    definition: Some users are hindered.\n", ""))
    [problem] = refused(text)
    assert problem.line == line_of(text, "- id: LOW")
    assert problem.remedy == "Add `definition:` here."


def test_every_mismatch_is_named_at_once_in_the_order_of_the_file() -> None:
    text = edited(
        ("length: 30m", "length: 30"),
        ("review: required", "review: always"),
        ("lead: true,", 'lead: "true",'),
        ("version: 1", "version: one"),
    )
    found = refused(text)
    assert [problem.line for problem in found] == [
        line_of(text, marker) for marker in ("version", "review: always", 'lead: "true"', "length: 30")
    ]
    assert [problem.remedy for problem in found] == [
        "Write a whole number.",
        "Write one of: none, recommended, required.",
        "Write true or false.",
        "Write 30m for minutes or 30h for hours.",
    ]


@pytest.mark.parametrize(
    ("old", "new", "what", "remedy"),
    [
        ("title: Small", "title: 5", "`5` stands where text belongs", 'Put it in quotes: "5".'),
        ("title: Small", "title:", "nothing stands where text belongs", "Write the text after `title:`, or leave the key out."),
        ("signs: [Some users are hindered]", "signs: Some", "`Some` stands where a list belongs", "Put it in brackets: [Some]."),
        ("review: required", "review: requird", "`requird` is not one of the known words", "Did you mean `required`?"),
        ("warn: 2m", "warn: 2 minutes", "'2 minutes' is not a duration", "such as 15m or 1h30m"),
        ("normal: 0.2", "normal: low", "`low` stands where a number belongs", "Write a number."),
    ],
)
def test_a_value_of_another_kind_is_named_with_what_to_write(old: str, new: str, what: str, remedy: str) -> None:
    text = edited((old, new))
    [problem] = refused(text)
    assert problem.line == line_of(text, new)
    assert what in problem.what
    assert remedy in problem.remedy


def test_text_that_is_not_yaml_is_refused_with_its_place() -> None:
    [problem] = refused("playbook: small\ntitle: a: b\n")
    assert problem.line == 2
    assert "quote text that has a colon" in problem.remedy


def test_a_file_with_control_characters_is_refused() -> None:
    [problem] = refused("playbook: \x00small")
    assert "UTF-8" in problem.remedy


def test_a_key_that_stands_twice_is_refused() -> None:
    [problem] = refused(SMALL + "title: Again\n")
    assert problem.what == "the key `title` stands twice in one mapping"


@pytest.mark.parametrize("text", ["", "- a\n", "words"])
def test_a_file_that_is_no_mapping_is_refused(text: str) -> None:
    [problem] = refused(text)
    assert problem.remedy == "Begin with `playbook: my-team`."


def test_an_alias_repeats_a_part() -> None:
    text = edited(("body: |\n", "body: &text |\n"), ('body: "{{ incident.severity }}: {{ incident.title }} {{ f.link }}"', "body: plain"))
    assert load_text(text).playbook.messages[1].body.startswith("{{ sent_at|hm }}")


@pytest.mark.parametrize(
    "text",
    [
        "a: &a [x, x, x, x, x, x, x, x, x, x]\n"
        + "".join(f"{name}: &{name} [{', '.join([f'*{of}'] * 10)}]\n" for of, name in itertools.pairwise("abcdef")),
        "a: &a [*a]\n",
    ],
    ids=["aliases_that_multiply", "an_alias_of_itself"],
)
def test_a_file_that_grows_beyond_all_bounds_is_refused(text: str) -> None:
    [problem] = refused(text)
    assert "grows beyond all bounds" in problem.what


def test_a_file_that_is_too_long_is_refused_before_it_is_read() -> None:
    [problem] = refused("#" * 2_000_001)
    assert "2000001 characters" in problem.what


def test_yes_no_and_dates_are_words_and_times_keep_their_zero() -> None:
    assert read_yaml("a: yes\nb: 2026-12-25\nc: 09:00\nd: 0x10\ne: 1.50\nf: true\n", "t").data == {
        "a": "yes",
        "b": "2026-12-25",
        "c": "09:00",
        "d": "0x10",
        "e": 1.5,
        "f": True,
    }


def test_the_same_text_has_the_same_digest_and_a_blank_more_another() -> None:
    assert load_text(SMALL).digest == digest_of(SMALL) != digest_of(SMALL + " ")
