"""Matchers as people write them, and patterns that cannot be slow."""

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.alerts import patterns
from tocsin.alerts.matchers import MOST_MATCHERS, OWN, Matcher, Subject, WrongMatcher, compile_matchers, holds, parse, text_of
from tocsin.alerts.route_conditions import WrongCondition, compile_alert_condition

DISK = Subject(
    {"alertname": "DiskFull", "env": "prod", "team": "db"}, "alertmanager", "payments", "critical", "page", "Disk is full", "monitoring",
)  # fmt: skip


@pytest.mark.parametrize(
    ("text", "fits"),
    [
        ('env="prod"', True),
        ("env=prod", True),
        ('{env="prod", team=~"db|web"}', True),
        ('env="prod", team!="db"', False),
        ('env=~"pro"', False),
        ('env=~"pro.*"', True),
        ('env!~"pro.*"', False),
        ('region=""', True),
        ('region!=""', False),
        ('"env"="prod",', True),
        ("", True),
        ("{}", True),
        ('service="payments"', True),
        ('level="critical", source="alertmanager", how="monitoring"', True),
        ('title=~"Disk.*"', True),
        ('alert.severity="page"', True),
    ],
)
def test_matchers_fit_as_in_alertmanager_and_know_what_is_the_alerts_own(text: str, fits: bool) -> None:
    assert compile_matchers(parse(text))(DISK) is fits


def test_a_label_comes_before_what_is_the_alerts_own_and_the_prefix_means_the_latter() -> None:
    subject = Subject({"service": "The Shop"}, service="shop")
    assert compile_matchers(parse('service="The Shop"'))(subject)
    assert compile_matchers(parse('alert.service="shop"'))(subject)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("=prod", "does not begin with a label's name"),
        ("env", "followed by no"),
        ('env="prod', "cannot be read"),
        ('env="a" team="b"', "cannot be read from"),
        ('{env="a"', "opens a brace"),
        ('env=~"("', "a `(` is not closed"),
        ('alert.colour="red"', "An alert has no"),
        (", ".join(f'a{number}="b"' for number in range(MOST_MATCHERS + 1)), "more than 50"),
    ],
)
def test_what_is_wrong_with_a_matcher_is_said(text: str, says: str) -> None:
    with pytest.raises((WrongMatcher, patterns.PatternRefused), match=re.escape(says)):
        parse(text)


NAMES = st.sampled_from(["env", "team", "a b", 'quo"te', "service", "alert.level", "ünï"])
VALUES = st.text(alphabet='ab"\\\n,{}=~ é', max_size=8)
LABELS = st.dictionaries(st.sampled_from(["env", "team", "a b", 'quo"te', "service", "ünï"]), VALUES, max_size=4)


def _matchers(values: st.SearchStrategy[str]) -> st.SearchStrategy[list[Matcher]]:
    plain = st.builds(Matcher, NAMES, st.sampled_from(["=", "!="]), values)
    pattern = st.builds(
        Matcher, NAMES, st.sampled_from(["=~", "!~"]), values.map(re.escape).map(lambda text: text.replace("\\\n", "\n")) | st.just("a.*")
    )
    return st.lists(plain | pattern, max_size=4)


@given(_matchers(VALUES))
def test_what_is_written_reads_as_the_same_again(matchers: list[Matcher]) -> None:
    assert list(parse(text_of(matchers))) == matchers


@given(_matchers(VALUES), LABELS, st.sampled_from(["", "critical"]))
def test_compiled_matchers_are_the_plain_ones(matchers: list[Matcher], labels: dict[str, str], level: str) -> None:
    subject = Subject(labels, service="payments", level=level)
    assert compile_matchers(matchers)(subject) is all(holds(one, subject) for one in matchers)


def test_every_own_name_can_be_matched() -> None:
    for name in OWN:
        assert compile_matchers([Matcher(f"alert.{name}", "!=", "something else")])(DISK)


# --- patterns -----------------------------------------------------------------------------------------------------------------------------

PIECES = st.sampled_from(["a", "b", "ab", ".", "[ab]", "[^a]", "[a-c]", r"\d", r"\w", r"\.", "-", "(ab|c)", "(a|)", "(?:b)"])
REPEATED = st.builds(
    lambda piece, times: piece + times, PIECES, st.sampled_from(["", "*", "+", "?", "{2}", "{1,3}", "{0,2}", "{2,}", "*?"])
)
PATTERNS = st.lists(st.lists(REPEATED, max_size=4).map("".join), min_size=1, max_size=3).map("|".join)
TEXTS = st.text(alphabet="abc1.-\né", max_size=8)


@given(PATTERNS, TEXTS)
def test_a_pattern_matches_what_pythons_own_engine_matches(pattern: str, text: str) -> None:
    assert patterns.compiled(pattern)(text) is (re.compile(pattern, re.DOTALL | re.ASCII).fullmatch(text) is not None)


@pytest.mark.parametrize("pattern", ["(a+)+b", "(a|a)*b", "(a*)*b", "(.*a){12}b", "((a?){6}){6}b", ".*.*.*.*.*.*b"])
def test_no_pattern_is_slow_whatever_the_text(pattern: str) -> None:
    begun = time.perf_counter()
    assert patterns.compiled(pattern)("a" * 2000) is False
    assert time.perf_counter() - begun < 2


@pytest.mark.parametrize(
    ("pattern", "says"),
    [
        ("(a", "a `(` is not closed"),
        ("a)", "closes nothing"),
        ("[a", "a `[` is not closed"),
        ("*a", "repeats nothing"),
        ("a**", "a repeat follows a repeat"),
        (r"(a)\1", r"`\1` is not understood"),
        ("(?=a)", "groups that look around"),
        (r"a\b", r"`\b` is not understood"),
        ("a^b", "stands inside"),
        ("[[:alpha:]]", "named classes"),
        ("a{2,1}", "a count goes up to"),
        ("((a{1000}){1000})", "too large"),
        ("a" * 1001, "more than 1000"),
        ("a\\", "ends with a backslash"),
    ],
)
def test_what_no_automaton_can_do_is_refused(pattern: str, says: str) -> None:
    with pytest.raises(patterns.PatternRefused, match=re.escape(says)):
        patterns.compiled(pattern)


def test_anchors_at_both_ends_change_nothing_and_case_can_be_ignored() -> None:
    assert patterns.compiled("^(prod|canary)$")("canary")
    assert patterns.compiled("(?i)prod[a-c]+")("PRODAbC")
    assert not patterns.compiled("prod")("PROD")


# --- expressions --------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "holds_"),
    [
        ('labels.env == "prod" && level == "critical"', True),
        ('labels["team"] == "web"', False),
        ('labels.missing == ""', True),
        ('labels.env.startsWith("pr") || service == "other"', True),
        ('severity in ["page", "ticket"]', True),
        ("true", True),
    ],
)
def test_an_expression_sees_labels_and_what_is_the_alerts_own(text: str, holds_: bool) -> None:
    assert compile_alert_condition(text)(DISK) is holds_


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("colour == 'red'", "colour"),
        ("labels.env == 1", "labels.env"),
        ("labels == 'x'", "labels"),
        ("labels.env =", "cannot be read"),
        ("level", "yes or no"),
    ],
)
def test_what_is_wrong_with_an_expression_is_said(text: str, says: str) -> None:
    with pytest.raises(WrongCondition, match=re.escape(says)):
        compile_alert_condition(text)
