"""The tools' own words for how bad and in what state: our order of them is nobody else's upside down."""

from __future__ import annotations

from itertools import permutations
from typing import Any, get_args

import pytest

from tests.cases.files import deviations, of_kind, skip_deviation
from tocsin.alerts.model import Level, Status
from tocsin.alerts.registry import SOURCES

Case = dict[str, Any]
Words = list[tuple[str, str]]

ALSO_CALLED = {
    "prometheus": ("alertmanager",),
    "signalfx": ("splunk-observability",),
    "grafana": ("grafana", "grafana-legacy"),
    "pagerduty": ("pagerduty-events-v2", "pagerduty-webhook-v3"),
}
"""Peers' names of tools that are not ours, and tools that send in more than one way."""
WORST_FIRST = get_args(Level)


def bare(name: str) -> str:
    return "".join(letter for letter in name.casefold() if letter.isalnum())


def modules_of(provider: str) -> list[Any]:
    """The source modules of a peer's provider: of the same name, or of one that begins with it or that it begins with."""
    if provider in ALSO_CALLED:
        return [source for source in SOURCES if source.NAME in ALSO_CALLED[provider]]
    wanted = bare(provider)
    return [source for source in SOURCES if bare(source.NAME) == wanted] or [
        source for source in SOURCES if bare(source.NAME).startswith(wanted) or wanted.startswith(bare(source.NAME))
    ]


def maps(kind: str) -> list[Any]:
    """A parameter for each table of a kind (``severit``, ``status``) of each provider of each case."""
    found = []
    for parameter in of_kind("vocabulary-maps"):
        case: Any = parameter.values[0]
        if case is None:
            found.append(pytest.param(None, None, [], id=str(parameter.id), marks=parameter.marks))
            continue
        for provider, tables in case["providers"].items():
            for name, pairs in tables.items():
                if kind in name:
                    words = [(str(word), meaning) for word, meaning in pairs]
                    found.append(pytest.param({**case, "id": str(parameter.id)}, provider, words, id=f"{provider}-{name}"))
    return found


def known(provider: str, table: str, words: Words) -> list[tuple[str, dict[str, str]]]:
    """What each module of a provider makes of the words; at least one of them knows them all."""
    modules = modules_of(provider)
    if not modules:
        pytest.skip(f"nothing here reads what {provider} sends")
    found = []
    for module in modules:
        ours = getattr(module, table, {})
        found.append((module.NAME, {word: ours[word.casefold()] for word, _ in words if word.casefold() in ours}))
    most = max(len(meanings) for _, meanings in found)
    missing = [word for word, _ in words if all(word not in meanings for _, meanings in found)]
    assert most == len(dict(words)), f"{provider}: nobody here knows {missing or words}"
    return found


@pytest.mark.parametrize(("case", "provider", "words"), maps("severit"))
def test_a_word_that_is_worse_for_others_is_not_better_for_us(case: Case, provider: str, words: Words) -> None:
    theirs, apart = case["target_severity"], deviations()
    for name, ours in known(provider, "LEVELS", words):
        told = [(word, meaning) for word, meaning in words if word in ours and (case["id"], f"severity {word} of {provider}") not in apart]
        for (worse, high), (better, low) in permutations(told, 2):
            if theirs.index(high) < theirs.index(low):
                assert WORST_FIRST.index(ours[worse]) <= WORST_FIRST.index(ours[better]), f"{name}: {worse} above {better}"


@pytest.mark.parametrize(("case", "provider", "words"), maps("status"))
def test_what_fires_for_others_fires_for_us_and_what_ended_has_ended(case: Case, provider: str, words: Words) -> None:
    skip_deviation(case, f"states of {provider}")
    for name, ours in known(provider, "STATUSES", words):
        for word, theirs in words:
            if word not in ours:
                continue
            if theirs in ("firing", "resolved"):
                assert ours[word] == theirs, f"{name}: {word}"
            else:
                assert ours[word] != "resolved", f"{name}: {word}"


def test_every_table_of_ours_holds_our_words_only_and_is_asked_in_small_letters() -> None:
    for source in SOURCES:
        for table, words in (("LEVELS", get_args(Level)), ("STATUSES", get_args(Status))):
            ours = getattr(source, table, {})
            assert set(ours.values()) <= set(words), source.NAME
            assert all(word == word.casefold() for word in ours), source.NAME
