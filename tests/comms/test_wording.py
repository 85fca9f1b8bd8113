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


@pytest.mark.parametrize(
    ("text", "quote"),
    [
        ("It is db-master-01.", "db-master-01"),
        ("See https://grafana.internal/d/1 for more.", "https://grafana.internal/d/1"),
        ("The node 10.2.0.7 is down.", "10.2.0.7"),
        ("Ask in #incident-42.", "#incident-42"),
        ("INC-20251027-ABC123 goes on.", "INC-20251027-ABC123"),
        ("shop.svc answers slowly", "shop.svc"),
    ],
)
def test_what_only_the_house_knows_is_quoted_in_what_goes_outside(text: str, quote: str) -> None:
    found = advise(["no_internals"], text, inside=["INC-20251027-ABC123"])
    assert [one.quote for one in found] == [quote]


def test_words_that_everybody_knows_and_links_to_public_pages_get_no_advice() -> None:
    text = "Payments by card fail since 14:20 UTC, 50 % of them. Help: https://example.com/help#cards. Follow-up on 2025-10-28."
    assert advise(["no_internals"], text, inside=["payment-api"]) == []
