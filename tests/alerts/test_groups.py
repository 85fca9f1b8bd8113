"""One group of alerts: when people are called, when they are not, and what is said of it."""

from datetime import timedelta

import pytest

from tests.alerts.group_driver import ANA, MINUTE, START, Driven
from tocsin.alerts import group_commands as c
from tocsin.alerts import group_events as e
from tocsin.alerts.notify import Member, Members
from tocsin.alerts.route_model import Calm, Count, DeclareRule, Notices
from tocsin.engine.errors import NotFound, Refused
from tocsin.engine.kinds import Tick


def test_the_first_alert_opens_a_group_and_calls_people_at_once() -> None:
    group = Driven()
    group.fire()
    assert group.phase == "firing"
    (paged,) = group.of(e.GroupPaged)
    assert isinstance(paged.event, e.GroupPaged)
    assert paged.event.title == "trouble of A-1"
    assert paged.event.urgency == "high"
    assert paged.event.page.startswith("P-")


def test_a_storm_of_equal_alerts_tells_the_group_once_and_pages_once() -> None:
    group = Driven()
    for _ in range(500):
        group.fire()
    assert group.pages == 1
    assert group.told == 1
    assert len(group.facts) == 2


def test_a_group_that_is_only_recorded_calls_nobody_and_says_so() -> None:
    group = Driven(urgency=None)
    group.fire("info")
    assert group.pages == 0
    assert group.group.because == "It is only to be recorded"


def test_a_louder_alert_in_a_recorded_group_calls_people() -> None:
    group = Driven(urgency=None)
    group.fire("info")
    group.fire("critical", "high")
    assert group.pages == 1
    assert group.group.urgency == "high"


def test_a_hold_down_calls_people_only_if_it_fires_for_so_long() -> None:
    brief, long = Driven(wait=5 * MINUTE), Driven(wait=5 * MINUTE)
    for group in (brief, long):
        group.fire()
        assert group.phase == "pending"
        assert group.group.waits_until == START + 5 * MINUTE
        group.advance(4 * MINUTE)
    brief.end()
    brief.advance(20 * MINUTE)
    assert (brief.pages, brief.phase) == (0, "closed")
    long.advance(MINUTE)
    assert (long.pages, long.phase) == (1, "firing")


def test_an_alert_that_has_fired_long_enough_already_does_not_wait() -> None:
    group = Driven(wait=5 * MINUTE)
    group.fire(started=START - 6 * MINUTE)
    assert group.pages == 1


def test_a_threshold_calls_people_when_enough_alerts_came_within_its_span() -> None:
    group = Driven(threshold=Count(3, 10 * MINUTE))
    group.fire()
    group.advance(6 * MINUTE)
    group.fire()
    group.advance(6 * MINUTE)
    group.fire()
    assert group.pages == 0, "the first one is too long ago"
    group.advance(3 * MINUTE)
    group.fire()
    assert group.pages == 1


def test_three_alerts_at_once_are_a_threshold_of_three() -> None:
    group = Driven(threshold=Count(3, 10 * MINUTE))
    group.fire(count=3)
    assert group.pages == 1


def test_a_worse_alert_tells_open_pages_and_calls_nobody_anew() -> None:
    group = Driven()
    group.fire("warning")
    group.fire("critical")
    (raised,) = group.of(e.GroupRaised)
    assert isinstance(raised.event, e.GroupRaised)
    assert raised.event.pages == group.group.pages
    assert raised.event.urgency is None
    assert group.pages == 1


def test_what_is_louder_than_what_was_acknowledged_calls_people_again() -> None:
    group = Driven(urgency="low")
    group.fire("warning")
    group.ack()
    group.fire("critical", "high")
    assert (group.pages, group.phase) == (2, "firing")
    assert group.group.acknowledged_by == ""


def test_while_somebody_is_on_it_further_and_worse_alerts_call_nobody() -> None:
    group = Driven()
    group.fire("warning")
    group.ack()
    group.fire("warning")
    group.fire("critical")
    assert (group.pages, group.phase) == (1, "acknowledged")


def test_acknowledging_twice_is_no_error_and_makes_no_fact() -> None:
    group = Driven()
    group.fire()
    assert [type(event) for event in group.ack()] == [e.GroupAcknowledged]
    assert group.ack() == []
    assert group.group.acknowledged_by == "ana"


def test_an_acknowledgement_needs_a_named_person() -> None:
    group = Driven()
    group.fire()
    with pytest.raises(Refused, match="needs a named person"):
        group.do(c.AcknowledgeGroup())


def test_an_acknowledgement_cannot_lie_in_the_future() -> None:
    group = Driven()
    group.fire()
    with pytest.raises(Refused, match="has not come yet"):
        group.do(c.AcknowledgeGroup("ana", START + MINUTE))


def test_a_group_that_does_not_exist_is_not_found() -> None:
    with pytest.raises(NotFound):
        Driven().do(c.AcknowledgeGroup("ana"))


def test_the_end_of_all_alerts_ends_the_group_and_its_pages() -> None:
    group = Driven()
    first = group.fire()
    second = group.fire()
    group.end(first)
    assert group.phase == "firing"
    page = group.group.pages
    group.end(second)
    (resolved,) = group.of(e.GroupResolved)
    assert resolved.event == e.GroupResolved("", page, "none of its alerts fires any more")


def test_what_fires_again_within_the_window_is_the_same_group_and_calls_anew() -> None:
    group = Driven()
    group.fire()
    group.ack()
    group.end()
    group.advance(9 * MINUTE)
    group.fire()
    assert (group.phase, group.pages) == ("firing", 2)
    assert group.group.acknowledged_by == ""


def test_after_the_window_a_group_is_closed_and_stays_so() -> None:
    group = Driven()
    group.fire()
    group.end()
    assert [type(event) for event in group.advance(10 * MINUTE)] == [e.GroupClosed]
    assert group.advance(timedelta(days=1)) == []


def test_without_a_window_a_group_is_closed_at_once() -> None:
    group = Driven(reopen=timedelta(0))
    group.fire()
    group.end()
    assert group.phase == "closed"


def test_a_person_ends_a_group_and_is_named() -> None:
    group = Driven()
    group.fire()
    group.do(c.ResolveGroup("a false alarm"), ANA)
    assert (group.phase, group.group.resolved_by) == ("resolved", "ana")
    assert group.do(c.ResolveGroup(), ANA) == []


def test_a_group_whose_incident_is_worked_on_calls_nobody_when_it_fires_again() -> None:
    group = Driven()
    group.fire()
    group.do(c.LinkGroup("INC-1"))
    group.found = type(group.found)(in_hand="INC-1")
    group.end()
    group.fire()
    assert group.pages == 1
    assert group.group.because == "People work on INC-1 already"


def test_linking_tells_open_pages_and_a_second_time_nothing() -> None:
    group = Driven()
    group.fire()
    assert group.do(c.LinkGroup("INC-1")) == [e.GroupLinked("INC-1", group.group.pages)]
    assert group.do(c.LinkGroup("INC-1")) == []


def linked_group(**handling: object) -> Driven:
    """A group that somebody is on, and whose incident people work on."""
    group = Driven(**handling)  # type: ignore[arg-type]
    group.fire()
    group.ack()
    group.do(c.LinkGroup("INC-1"))
    group.found = type(group.found)(in_hand="INC-1")
    return group


def over(group: Driven) -> None:
    """Its incident is resolved."""
    group.found = type(group.found)()
    group.do(c.NoteIncidentOver("INC-1", "ana"))


def test_when_its_incident_is_over_a_group_that_fires_on_ends_its_pages_and_waits_for_its_senders() -> None:
    group = linked_group()
    pages = group.group.pages
    over(group)
    (told,) = group.of(e.IncidentOver)
    assert isinstance(told.event, e.IncidentOver)
    assert (told.event.pages, told.event.until, told.event.by) == (pages, START + 10 * MINUTE, "ana")
    assert (group.phase, group.group.pages, group.group.acknowledged_by) == ("pending", (), "")
    assert group.do(c.NoteIncidentOver("INC-1")) == [], "closing it after resolving it is no second end"


def test_what_fires_on_after_its_incident_calls_people_when_nobody_says_that_it_has_ended() -> None:
    group = linked_group()
    over(group)
    group.advance(9 * MINUTE)
    assert group.pages == 1
    group.advance(MINUTE)
    assert (group.pages, group.phase) == (2, "firing")
    (_, paged) = group.of(e.GroupPaged)
    assert isinstance(paged.event, e.GroupPaged)
    assert paged.event.incident == "", "closing the incident must not end the new page"
    assert "INC-1 is over" in paged.event.why
    group.advance(timedelta(days=1))
    assert group.pages == 2


def test_what_is_heard_of_after_its_incident_calls_people_at_once_and_once() -> None:
    group = linked_group(threshold=Count(3, 10 * MINUTE))
    group.fire(count=3)
    over(group)
    group.advance(MINUTE)
    group.tell(again=True)
    paged = group.pages
    assert group.phase == "firing"
    group.tell(again=True)
    group.advance(30 * MINUTE)
    assert (group.pages, paged) == (paged, len(group.of(e.GroupPaged)))
    assert paged >= 1


def test_another_alert_after_its_incident_calls_people_at_once() -> None:
    group = linked_group()
    over(group)
    group.fire()
    assert (group.pages, group.phase) == (2, "firing")


def test_what_ends_soon_after_its_incident_calls_nobody() -> None:
    group = linked_group()
    over(group)
    group.advance(5 * MINUTE)
    group.end()
    group.advance(60 * MINUTE)
    assert (group.pages, group.phase) == (1, "closed")


def test_what_fires_again_after_its_incident_calls_people_at_once() -> None:
    group = linked_group()
    group.end()
    over(group)
    group.fire()
    assert (group.pages, group.phase) == (2, "firing")


def test_without_a_time_to_fire_again_what_fires_when_its_incident_is_over_calls_people_at_once() -> None:
    group = linked_group(reopen=timedelta(0))
    over(group)
    assert (group.pages, group.phase) == (2, "firing")


def test_whoever_takes_up_what_fires_on_after_its_incident_is_not_called() -> None:
    group = linked_group()
    over(group)
    group.ack()
    group.tell(again=True)
    group.advance(60 * MINUTE)
    assert (group.pages, group.phase) == (1, "acknowledged")


def test_what_belongs_to_another_incident_meanwhile_is_left_to_that() -> None:
    group = linked_group()
    over(group)
    group.do(c.LinkGroup("INC-2"))
    group.found = type(group.found)(in_hand="INC-2")
    group.tell(again=True)
    assert (group.pages, group.phase, group.group.because) == (1, "firing", "People work on INC-2 already")
    assert group.do(c.NoteIncidentOver("INC-1")) == []


def test_what_is_only_recorded_calls_nobody_after_its_incident() -> None:
    group = Driven(urgency=None)
    group.fire("info")
    group.do(c.LinkGroup("INC-1"))
    over(group)
    group.advance(60 * MINUTE)
    assert (group.pages, group.phase) == (0, "firing")


def test_what_is_quiet_when_its_incident_is_over_calls_people_when_the_quiet_is_over() -> None:
    for taken in (False, True):
        group = Driven()
        group.fire()
        group.do(c.LinkGroup("INC-1"))
        group.found = type(group.found)(in_hand="INC-1")
        if taken:
            group.ack()
        group.mute("maintenance")
        over(group)
        group.advance(60 * MINUTE)
        assert (group.pages, group.phase, group.group.pages) == (1, "muted", ())
        group.unmute()
        assert (group.pages, group.phase) == (2, "firing")


def test_what_flapped_while_people_worked_on_its_incident_calls_when_it_is_calm_and_fires_on() -> None:
    group = linked_group(flapping=Calm(4, 30 * MINUTE, 15 * MINUTE))
    while group.phase != "flapping":
        group.end()
        group.fire()
    assert group.group.pages == ()
    over(group)
    assert group.phase == "flapping"
    group.advance(15 * MINUTE)
    assert (group.pages, group.phase) == (2, "firing")


def test_a_page_that_a_person_ended_ends_its_group_but_not_one_that_ended_with_the_incident() -> None:
    group = linked_group()
    page = group.group.pages[0]
    over(group)
    assert group.do(c.NotePage(page, "ended", "ana")) == []
    other = linked_group()
    other.do(c.NotePage(other.group.pages[0], "ended", "ana", why="it is over"))
    assert (other.phase, other.group.resolved_by) == ("resolved", "ana")


# --- quiet --------------------------------------------------------------------------------------------------------------------------------


def test_a_muted_group_opens_quietly_and_calls_when_the_silence_is_over_and_it_fires_still() -> None:
    group = Driven()
    group.fire(muted=True)
    assert (group.phase, group.pages, group.group.because) == ("muted", 0, "ana silenced it")
    group.advance(30 * MINUTE)
    group.unmute()
    assert (group.phase, group.pages) == ("firing", 1)


def test_a_silence_ends_open_pages_and_maintenance_lets_them_go_on() -> None:
    silenced, maintained = Driven(), Driven()
    for group in (silenced, maintained):
        group.fire()
    page = silenced.group.pages
    silenced.mute("silence")
    maintained.mute("maintenance")
    assert silenced.of(e.GroupMuted)[0].event == e.GroupMuted("ana silenced it", "silence", page)
    assert silenced.group.pages == ()
    assert maintained.group.pages == page
    for group in (silenced, maintained):
        group.unmute()
    assert (silenced.pages, maintained.pages) == (2, 1), "the page of before maintenance is still on its way"
    assert maintained.phase == "firing"


def test_muting_what_somebody_is_on_changes_nothing_for_them() -> None:
    group = Driven()
    group.fire()
    group.ack()
    group.mute()
    assert group.phase == "acknowledged"
    group.unmute()
    assert (group.phase, group.pages) == ("acknowledged", 1)


def test_a_person_can_have_a_muted_group_call_people_and_keep_calling() -> None:
    group = Driven()
    group.fire(muted=True)
    group.do(c.UnmuteGroup("we need to know"), ANA)
    assert (group.phase, group.pages) == ("firing", 1)
    group.end()
    group.fire(muted=True)
    assert group.pages == 2, "it is loud from now on"


# --- limits and digests -------------------------------------------------------------------------------------------------------------------


def test_pages_beyond_the_limit_are_held_with_a_time_and_told_in_a_digest() -> None:
    group = Driven(limit=Count(2, 60 * MINUTE))
    for _ in range(4):
        group.fire()
        group.advance(MINUTE)
        group.end()
        group.advance(MINUTE)
    assert group.pages == 2
    group.fire()
    assert group.group.held is not None
    assert (group.group.held.count, group.group.held.until) == (3, START + 60 * MINUTE)
    group.advance(60 * MINUTE)
    (digest,) = group.of(e.GroupDigest)
    assert isinstance(digest.event, e.GroupDigest)
    assert digest.event.held == 3
    assert digest.event.text == "3 pages were held back since 09:04 UTC: it fires again (3 times). 1 alert fires now."
    assert digest.recorded_at == START + 60 * MINUTE
    assert group.pages == 3, "what fires still calls people then"


def test_what_was_held_and_ended_is_told_and_calls_nobody() -> None:
    group = Driven(limit=Count(1, 60 * MINUTE), reopen=90 * MINUTE)
    group.fire()
    group.end()
    group.fire()
    group.end()
    group.advance(60 * MINUTE)
    (digest,) = group.of(e.GroupDigest)
    assert isinstance(digest.event, e.GroupDigest)
    assert digest.event.text.endswith("Nothing fires now.")
    assert group.pages == 1


def test_a_group_that_closes_tells_what_it_held_back() -> None:
    group = Driven(limit=Count(1, 60 * MINUTE), reopen=10 * MINUTE)
    group.fire()
    group.end()
    group.fire()
    group.end()
    assert [type(event) for event in group.advance(10 * MINUTE)] == [e.GroupDigest, e.GroupClosed]


def test_the_first_page_is_never_held_back() -> None:
    group = Driven(limit=Count(1, 60 * MINUTE))
    group.fire()
    assert group.pages == 1


def test_it_calls_again_after_the_repeat_only_where_no_page_goes_its_way() -> None:
    group = Driven(repeat=30 * MINUTE)
    group.fire()
    group.advance(90 * MINUTE)
    assert group.pages == 1, "the escalation policy is at work"
    group.do(c.NotePage(group.group.pages[0], "unanswered"))
    group.advance(timedelta(0))
    assert group.pages == 2
    group.ack()
    group.advance(90 * MINUTE)
    assert group.pages == 2, "somebody is on it"


# --- flapping -----------------------------------------------------------------------------------------------------------------------------

FLAPS = Calm(5, 30 * MINUTE, 15 * MINUTE)


def flap(group: Driven, times: int) -> None:
    for _ in range(times):
        group.fire()
        group.advance(MINUTE)
        group.end()
        group.advance(MINUTE)


def test_what_ends_and_begins_again_all_the_time_calls_once_more_and_is_quiet_until_it_is_calm() -> None:
    group = Driven(flapping=FLAPS)
    flap(group, 3)
    assert group.phase == "flapping"
    paged = group.pages
    flap(group, 10)
    assert group.pages == paged
    assert group.phase == "flapping"
    assert "It ended and began again 5 times within 30 minutes" in group.group.because
    group.fire()
    group.advance(14 * MINUTE)
    assert group.phase == "flapping"
    group.advance(MINUTE)
    assert (group.phase, group.pages) == ("firing", paged)


def test_what_was_calm_and_does_not_fire_is_over() -> None:
    group = Driven(flapping=FLAPS)
    flap(group, 4)
    group.advance(15 * MINUTE)
    assert group.phase == "resolved"
    group.advance(15 * MINUTE)
    assert group.phase == "closed"


def test_whoever_acknowledged_a_flapping_group_is_on_it_when_it_is_calm() -> None:
    group = Driven(flapping=FLAPS)
    flap(group, 3)
    group.fire()
    group.ack()
    assert group.phase == "flapping"
    group.advance(15 * MINUTE)
    assert (group.phase, group.group.acknowledged_by) == ("acknowledged", "ana")


def test_slow_changes_are_no_flapping() -> None:
    group = Driven(flapping=FLAPS, reopen=60 * MINUTE)
    for _ in range(10):
        group.fire()
        group.advance(20 * MINUTE)
        group.end()
        group.advance(20 * MINUTE)
    assert not group.of(e.GroupFlapping)


# --- pages tell their group ---------------------------------------------------------------------------------------------------------------


def test_a_page_that_is_acknowledged_acknowledges_its_group_and_one_that_lapses_takes_it_back() -> None:
    group = Driven()
    group.fire()
    page = group.group.pages[0]
    group.do(c.NotePage(page, "acknowledged", "bo"))
    assert (group.phase, group.group.acknowledged_by) == ("acknowledged", "bo")
    group.do(c.NotePage(page, "lapsed", "bo"))
    assert (group.phase, group.group.acknowledged_by) == ("firing", "")
    assert group.pages == 1, "the page itself calls again"


def test_a_group_knows_nothing_of_others_pages() -> None:
    group = Driven()
    group.fire()
    assert group.do(c.NotePage("P-other", "acknowledged", "bo")) == []


def test_the_first_page_declares_an_incident_where_the_route_wants_it() -> None:
    group = Driven(declare=DeclareRule(severity="SEV-1"))
    group.found = type(group.found)(incident="INC-9")
    group.fire()
    (declares,) = group.of(e.GroupDeclares)
    assert isinstance(declares.event, e.GroupDeclares)
    assert (declares.event.incident, declares.event.severity, declares.event.service, declares.event.alert) == (
        "INC-9",
        "SEV-1",
        "payments",
        "A-1",
    )
    group.end()
    group.fire()
    assert len(group.of(e.GroupDeclares)) == 1


# --- channels that are told ---------------------------------------------------------------------------------------------------------------


def test_channels_are_told_once_then_of_changes_and_again_after_the_repeat() -> None:
    rule = Notices(("file:payments",), 0 * MINUTE, 5 * MINUTE, 60 * MINUTE)
    group = Driven(notify=rule)
    group.members(Members((Member("A-1", "trouble", firing=True),)))
    group.fire()
    group.do(Tick())
    group.advance(30 * MINUTE)
    assert [fact.recorded_at - START for fact in group.of(e.GroupNotified)] == [0 * MINUTE]
    group.members(Members((Member("A-1", "trouble", firing=True), Member("A-2", "more", firing=True))))
    group.advance(10 * MINUTE)
    assert [fact.recorded_at - START for fact in group.of(e.GroupNotified)] == [0 * MINUTE, 35 * MINUTE]
    group.advance(70 * MINUTE)
    assert [fact.recorded_at - START for fact in group.of(e.GroupNotified)] == [0 * MINUTE, 35 * MINUTE, 95 * MINUTE]
