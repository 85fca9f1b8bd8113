"""Ways in which a page could get lost, doubled, late or stuck: each is tried."""

from __future__ import annotations

import threading
from datetime import timedelta
from itertools import cycle

import pytest
from sqlalchemy import delete, update

from tests.adversary.pagers import Pager
from tests.alerts.entering import fires, outcomes, say
from tocsin.engine import tables
from tocsin.engine.model import micros


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
    monkeypatch.setattr("tocsin.engine.batch.words", lambda drawn: tuple(next(words) for _ in range(len(drawn) // 6)))
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


def test_a_group_that_cannot_be_told_of_its_alerts_makes_the_pager_cry(pager: Pager, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_given: object) -> None:
        raise RuntimeError("a defect")

    with monkeypatch.context() as patch:
        patch.setattr("tocsin.alerts.group_decide._alerts", broken)
        assert [what for what, _ in outcomes(pager, fires())] == ["new"]
    pager.advance(minutes=1)
    (problem,) = pager.get("/pager")["problems"]
    assert problem == "a reaction was refused: alerts changed: tell their group of group:G-1: RuntimeError: a defect"
    assert {one.way for one in pager.log if one.kind == "pager.alarm" and one.values["to"] == "zoe"} == {"sms", "push"}


# -- the watch over the watch -----------------------------------------------------------------------


@pytest.mark.parametrize("harm", ["gone", "late", "never"])
def test_whatever_harm_is_done_to_a_pages_timer_by_hand_it_is_noticed_within_a_minute_and_the_page_goes_on(pager: Pager, harm: str) -> None:
    say(pager, fires())
    pager.app.runtime.settle()
    (page,) = pager.pages()
    row = tables.timers.c.stream == f"page:{page['id']}"
    with pager.app.runtime.database.writing() as connection:
        if harm == "gone":
            connection.execute(delete(tables.timers).where(row))
        else:
            far = timedelta(days=-1 if harm == "late" else 3650)
            connection.execute(update(tables.timers).where(row).values(due_at=micros(pager.now + far)))
    pager.app.runtime.stop()  # what is in memory is not what wakes it
    pager.app = pager._build()
    pager.advance(minutes=1)
    assert any(one.kind == "pager.alarm" for one in pager.log) or harm == "late"  # what is late is simply done
    pager.advance(minutes=10)
    assert pager.calls() == ["0 ana sms", "1 ana push", "5 bo sms", "6 bo push", "10 zoe sms", "11 zoe push"]


# -- races ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("first", ["acknowledge", "escalate"])
def test_an_acknowledgement_in_the_instant_of_the_next_step_counts_in_either_order(pager: Pager, first: str) -> None:
    say(pager, fires())
    pager.app.runtime.settle()
    (page,) = pager.pages()
    pager.app.runtime.advance(pager.now + timedelta(minutes=5), hold=True)
    if first == "escalate":
        pager.app.runtime.settle()
    pager.act(page["id"], "acknowledge", "ana")
    pager.advance(minutes=30)
    called = ["0 ana sms", "1 ana push", "5 bo sms"]
    assert pager.calls() == (called[:2] if first == "acknowledge" else called)
    assert pager.view(page["id"])["state"] == "acknowledged"
    pager.advance(minutes=30)
    assert pager.view(page["id"])["state"] == "open", "nobody resolved it: the acknowledgement ran out"
    pager.audit()


def test_acknowledging_and_the_next_step_at_the_same_time_from_many_threads_leave_one_state(pager: Pager) -> None:
    for name in "abcdefgh":
        say(pager, fires(name))
    pager.app.runtime.settle()
    pages = [page["id"] for page in pager.pages()]
    pager.clock.set(pager.now + timedelta(minutes=5))
    work = [threading.Thread(target=pager.app.runtime.settle)]
    work += [
        threading.Thread(target=pager.send, args=("POST", f"/pages/{page}/acknowledge", {}, who)) for page in pages for who in ("ana", "bo")
    ]
    for one in work:
        one.start()
    for one in work:
        one.join(timeout=30)
    pager.app.runtime.settle()
    assert {pager.view(page)["state"] for page in pages} == {"acknowledged"}
    pager.audit()


def test_what_ends_while_its_message_is_tried_again_sends_nothing_more(pager: Pager) -> None:
    pager.broken("sms", "ana", for_good=False)
    say(pager, fires())
    pager.app.runtime.settle()
    assert pager.calls() == ["0 ana push"], "the next way at once"
    say(pager, fires(status="resolved"))
    pager.mended("sms", "ana")
    pager.advance(hours=2)
    assert pager.calls() == ["0 ana push"]
    assert [page["state"] for page in pager.pages()] == ["resolved"]
    pager.audit()


def test_a_silence_between_the_alert_and_its_page_holds_the_page_and_lets_it_go(pager: Pager) -> None:
    pager.route(wait="5m")
    say(pager, fires())
    pager.advance(minutes=3)
    pager.post("/silences", {"match": 'alertname="DiskFull"', "until": at(pager, minutes=30), "why": "known"})
    pager.advance(minutes=20)
    assert pager.calls() == []
    pager.down(minutes=20)
    assert pager.calls() == ["43 ana sms"]
    pager.audit()


@pytest.mark.parametrize("how", ["retired", "edited", "emptied"])
def test_an_open_page_keeps_the_policy_that_it_was_opened_with(pager: Pager, how: str) -> None:
    say(pager, fires())
    pager.app.runtime.settle()
    if how == "retired":
        pager.post("/policies/p/retire", {})
    else:
        pager.policy("p", {"to": ["person:zoe"], "wait": "1h"}, waive="on purpose")
    if how == "emptied":
        pager.route(policy="nowhere")
    pager.advance(minutes=6)
    assert pager.calls() == ["0 ana sms", "1 ana push", "5 bo sms", "6 bo push"]
    before = len(pager.calls())
    say(pager, fires("Other"))
    pager.app.runtime.settle()
    assert len(pager.pages()) == 2, "a policy that is gone costs no page"
    if how == "edited":
        assert pager.calls()[before:] == ["6 zoe sms"]
    assert pager.view(pager.pages()[-1]["id"])["state"] == "open"
    pager.audit()


def test_whoever_leaves_or_loses_their_ways_while_they_are_called_holds_nobody_up(pager: Pager) -> None:
    say(pager, fires())
    pager.app.runtime.settle()
    pager.post("/people/bo", {"name": "Bo", "contacts": []})
    pager.advance(minutes=5)
    assert pager.calls()[-1] == "5 zoe sms", "bo cannot be reached: on at once"
    pager.audit()
    pager.post("/people/ana", {"name": "Ana", "contacts": [], "active": False})
    say(pager, fires("Other"))
    pager.app.runtime.settle()
    assert pager.calls()[-1] == "5 zoe sms"
    assert pager.pages()[-1]["unanswered"] is True
    pager.audit()


def test_whoever_leaves_before_their_second_message_gives_way_at_once(pager: Pager) -> None:
    pager.person("cy", "sms", "push", rules=[("push", "3m")])
    page = pager.call(policy=pager.policy("late", {"to": ["person:cy"], "wait": "30m"}, {"to": ["person:bo"], "wait": "5m"}))
    assert pager.calls() == []
    pager.advance(minutes=1)
    pager.post("/people/cy", {"name": "Cy", "contacts": [], "active": False})
    pager.app.runtime.settle()
    assert pager.calls() == ["1 bo sms"]
    assert pager.view(page)["state"] == "open"
    pager.audit()


def test_a_schedule_that_turns_in_the_instant_of_a_page_names_one_person_and_the_step_reaches_somebody(pager: Pager) -> None:
    begin = (pager.now - timedelta(days=1)).replace(hour=14, minute=30, second=0)
    layers = [{"id": "rota", "groups": [["ana"], ["bo"]], "start": begin.strftime("%Y-%m-%dT%H:%M"), "unit": "day"}]
    answer = pager.send("POST", "/schedules/shop", {"name": "Shop", "zone": "UTC", "layers": layers})
    assert answer.status < 300, answer.text
    pager.policy("p", {"to": ["schedule:shop"], "wait": "5m"}, {"to": ["schedule:shop"], "wait": "5m"}, waive="try")
    say(pager, fires())
    pager.app.runtime.settle()
    on_call = pager.calls()[0].split()[1]
    pager.app.runtime.advance(pager.now + timedelta(minutes=5), hold=True)  # 14:30, the hand-off and the second step
    override = {"start": at(pager), "end": at(pager, hours=1), "how": "take", "person": "zoe"}
    assert pager.send("POST", "/schedules/shop/overrides", override).status < 300
    pager.app.runtime.settle()
    assert {call.split()[1] for call in pager.calls() if call.startswith("5 ")} == {"zoe"}
    assert on_call in ("ana", "bo")
    pager.audit()


def test_a_team_that_is_emptied_while_its_page_is_open_is_passed_over(pager: Pager) -> None:
    pager.post("/teams/core", {"name": "Core", "members": ["bo"]})
    page = pager.call(policy=pager.policy("t", {"to": ["person:ana"], "wait": "5m"}, {"to": ["team:core"], "wait": "5m"}))
    pager.post("/teams/core", {"name": "Core", "members": []})
    pager.advance(minutes=5)
    assert pager.calls()[-1] == "5 zoe sms"
    assert any("nobody is in this team" in line for line in pager.story(page))
    pager.audit()


def test_a_key_that_is_disabled_in_a_storm_loses_nothing_that_was_answered(pager: Pager) -> None:
    pager.post("/intake-keys/storm", {"source": "generic"})
    path = pager.get("/intake-keys/storm")["urls"]["generic"]
    answers: list[tuple[str, int]] = []

    def storm(name: str) -> None:
        for number in range(20):
            title = f"{name}-{number}"
            answers.append(
                (
                    title,
                    pager.send("POST", path, {"title": title, "status": "firing", "labels": {"alertname": name, "instance": title}}).status,
                )
            )

    work = [threading.Thread(target=storm, args=(f"s{number}",)) for number in range(4)]
    for one in work:
        one.start()
    pager.post("/intake-keys/storm/disable", {})
    for one in work:
        one.join(timeout=30)
    there = {alert["title"] for alert in pager.get("/alerts", limit=500)["alerts"]}
    assert {title for title, status in answers if status == 200} == there
    assert {status for _, status in answers} <= {200, 404}
    pager.audit()


def test_one_request_twice_at_the_same_time_is_one_alert_and_one_page(pager: Pager) -> None:
    work = [threading.Thread(target=say, args=(pager, fires(), fires("Other"))) for _ in range(20)]
    for one in work:
        one.start()
    for one in work:
        one.join(timeout=30)
    pager.app.runtime.settle()
    assert len(pager.get("/alerts")["alerts"]) == len(pager.pages()) == 2
    assert sorted(pager.calls()) == ["0 ana sms"] * 2
    pager.audit()


def test_ten_thousand_alerts_in_one_request_are_taken_and_call_people_once_a_cause(pager: Pager) -> None:
    say(pager, *(fires(f"Cause{number % 7}", fingerprint=f"n{number}") for number in range(10_000)))
    pager.app.runtime.settle()
    assert len(pager.pages()) == 7
    assert sum(group["firing"] for group in pager.get("/groups")["groups"]) == 10_000
    say(pager, *(fires(f"Cause{number % 7}", "resolved", fingerprint=f"n{number}") for number in range(10_000)))
    assert {page["state"] for page in pager.pages()} == {"resolved"}
    pager.audit()


def test_an_alert_that_joins_its_group_in_the_instant_in_which_that_closes_calls_people(pager: Pager) -> None:
    pager.route(reopen="10m")
    for early in (True, False):
        name = f"early-{early}"
        say(pager, fires(name))
        say(pager, fires(name, "resolved"))
        pager.app.runtime.advance(pager.now + timedelta(minutes=10), hold=early)
        say(pager, fires(name))
        pager.app.runtime.settle()
        assert [page["title"] for page in pager.pages("open")] == [f"{name} on db-1"]
        say(pager, fires(name, "resolved"))
    pager.audit()


# -- time that runs out ------------------------------------------------------------------------------


def test_an_alert_whose_time_runs_out_while_nothing_runs_ends_at_its_time_and_so_does_its_page(pager: Pager) -> None:
    say(pager, fires(expires_at=pager.now + timedelta(minutes=4)), fires("Stays", expires_at=pager.now + timedelta(hours=9)))
    pager.advance(minutes=1)
    ends = pager.now + timedelta(minutes=3)
    pager.down(minutes=30)
    (over,) = [alert for alert in pager.get("/alerts", limit=10)["alerts"] if alert["state"] == "resolved"]
    assert over["ended_at"] == f"{ends:%Y-%m-%dT%H:%M:%SZ}"
    assert sorted(page["state"] for page in pager.pages()) == ["open", "resolved"]
    pager.down(minutes=1)
    pager.advance(hours=9)
    assert {page["state"] for page in pager.pages()} == {"resolved"}
    pager.audit()


def test_a_heartbeat_that_falls_silent_while_nothing_runs_calls_people_at_the_next_start(pager: Pager) -> None:
    pager.post("/heartbeats/backup", {"name": "Backup", "every": "10m", "grace": "5m", "service": "db"})
    pager.post("/heartbeats/backup/beat")
    pager.down(minutes=12)
    assert pager.pages() == []
    pager.down(minutes=12)
    assert [page["state"] for page in pager.pages()] == ["open"]
    pager.post("/heartbeats/backup/beat")
    assert [page["state"] for page in pager.pages()] == ["resolved"]
    pager.audit()
