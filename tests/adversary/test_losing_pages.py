"""Ways in which a page could get lost, doubled, late or stuck: each is tried."""

from __future__ import annotations

from datetime import timedelta
from itertools import cycle
from typing import Any

import pytest

from tests.adversary.pagers import Pager
from tests.alerts.entering import fires, outcomes, say


def at(pager: Pager, **span: float) -> str:
    return (pager.now + timedelta(**span)).isoformat()


# -- down at the wrong moment ---------------------------------------------------------------------


def test_a_silence_that_runs_out_while_nothing_runs_calls_people_at_the_next_start(pager: Pager) -> None:
    pager.post("/silences", {"match": 'alertname="DiskFull"', "until": at(pager, hours=1), "why": "known"})
    say(pager, fires())
    assert pager.pages() == []
    pager.down(hours=2)
    assert [page["state"] for page in pager.pages()] == ["open"]
    assert pager.calls() == ["120 ana sms"]
    pager.audit()


def test_announced_work_that_ends_while_nothing_runs_calls_people_at_the_next_start(pager: Pager) -> None:
    plan = {"title": "Upgrade", "match": 'alertname="DiskFull"', "since": at(pager), "until": at(pager, hours=1)}
    pager.post("/maintenance", plan)
    say(pager, fires())
    assert pager.pages() == []
    pager.down(hours=2)
    assert pager.calls() == ["120 ana sms"]
    pager.audit()


def test_a_step_that_was_due_while_nothing_ran_is_taken_at_the_next_start_and_calls_nobody_twice(pager: Pager) -> None:
    say(pager, fires())
    pager.app.runtime.settle()
    assert pager.calls() == ["0 ana sms"]
    pager.down(minutes=7)
    assert sorted(pager.calls()[1:]) == ["7 ana push", "7 bo sms"]
    pager.advance(minutes=1)
    assert pager.calls()[3:] == ["8 bo push"]
    pager.audit()


# -- who has acknowledged, and whether that is enough -----------------------------------------------


def test_one_of_two_who_have_to_acknowledge_does_not_leave_an_exhausted_page_waiting_for_nothing(pager: Pager) -> None:
    pager.post("/pager", {})  # no last resort
    pager.policy("both", {"to": ["person:ana", "person:bo"], "wait": "5m", "acknowledgements": 2}, lease="1h")
    page = pager.call(policy="both")
    pager.advance(minutes=6)
    assert pager.view(page)["unanswered"] is True
    pager.act(page, "acknowledge", "ana")
    pager.audit()
    assert pager.view(page)["state"] == "open"
    assert pager.view(page)["unanswered"] is True, "bo has not answered"
    pager.act(page, "acknowledge", "bo")
    assert pager.view(page)["state"] == "acknowledged"
    pager.audit()


# -- ids --------------------------------------------------------------------------------------------


def test_two_pages_never_get_the_same_id_however_chance_falls(pager: Pager, monkeypatch: pytest.MonkeyPatch) -> None:
    words = cycle(["AAAAAA"] * 9 + ["BBBBBB"] * 9 + ["CCCCCC"] * 9)
    monkeypatch.setattr("tocsin.engine.batch._words", lambda drawn: tuple(next(words) for _ in range(len(drawn) // 6)))
    for name in ("a", "b", "c"):
        say(pager, fires(name))
    pager.app.runtime.settle()
    assert len(pager.pages()) == 3
    assert len(pager.calls()) == 3
    pager.audit()


# -- one request, one transaction -------------------------------------------------------------------


def test_an_alert_that_ends_and_fires_again_in_one_request_fires(pager: Pager) -> None:
    say(pager, fires())
    assert [what for what, _ in outcomes(pager, fires(status="resolved"), fires())] == ["resolved", "merged"]
    assert [page["state"] for page in pager.pages()] == ["open"]
    assert [one["state"] for one in pager.get("/alerts", state="firing")["alerts"]] == ["firing"]
    pager.audit()


def test_an_alert_that_fires_and_ends_in_one_request_has_ended(pager: Pager) -> None:
    assert [what for what, _ in outcomes(pager, fires(), fires(status="resolved"))] == ["new", "resolved"]
    assert pager.get("/alerts", state="firing")["alerts"] == []
    assert pager.pages("live") == []
    say(pager, fires())
    assert len(pager.pages("live")) == 1
    pager.audit()
