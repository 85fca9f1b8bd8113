"""Wording rules: advice before a message goes out."""

from __future__ import annotations

import pytest

from tocsin.comms.wording import advise


@pytest.mark.parametrize(
    ("rule", "text", "quote"),
    [
        ("facts_only", "The database is probably overloaded.", "probably"),
        ("cause_preliminary", "The root cause was a deployment.", "root cause"),
        ("no_names", "Bob rolled the deployment back.", "bob"),
        ("apology", "It is resolved.", ""),
        ("times", "It started a while ago.", ""),
    ],
)
def test_what_breaks_a_rule_is_quoted(rule: str, text: str, quote: str) -> None:
    assert [(a.rule, a.quote) for a in advise([rule], text, people=["bob"])] == [(rule, quote)]


@pytest.mark.parametrize("rule", ["facts_only", "cause_preliminary", "no_names", "apology", "times"])
def test_a_careful_message_gets_no_advice(rule: str) -> None:
    text = "At 14:50 UTC the error rate was 0.5 %. Preliminary root cause: a deployment. We apologise. Robert is not bobby."
    assert advise([rule], text, people=["bob"]) == []


def test_a_cause_may_be_stated_once_the_postmortem_is_approved() -> None:
    assert advise(["cause_preliminary"], "The root cause was a deployment.", cause_known=True) == []
