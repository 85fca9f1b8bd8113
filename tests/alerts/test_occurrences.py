"""What a signal means for its alert: it begins, repeats, changes, is taken up, expires, ends, fires again."""

from datetime import timedelta

from tests.alerts.entering import alert, fires, journal, outcomes, say, what_happened
from tests.world import World
from tocsin.alerts.model import Signal


def test_an_alert_is_found_by_its_number_with_and_without_the_letter(world: World) -> None:
    ((_, number),) = outcomes(world, fires())
    assert world.get(f"/alerts/{number}")["id"] == world.get(f"/alerts/a-{number}")["id"] == f"A-{number}"
    incident = world.declare(alerts=[str(number)])
    assert alert(world, number)["incidents"] == [incident]


def test_repeats_are_counted_and_leave_no_entry(world: World) -> None:
    ((_, number),) = outcomes(world, fires())
    world.advance(minutes=3)
    for _ in range(4):
        assert outcomes(world, fires()) == [("repeated", number)]
    shown = alert(world, number)
    assert (shown["repeats"], shown["last_seen_at"], what_happened(world, number)) == (4, "2025-10-27T14:28:00Z", ["fired"])


def test_the_first_alert_of_a_cause_opens_a_group_and_the_next_one_joins_it(world: World) -> None:
    taken = say(world, fires(fingerprint="a"), fires(fingerprint="b"))
    assert [one.what for one in taken.outcomes] == ["new", "merged"]
    assert taken.outcomes[0].group == taken.outcomes[1].group
    assert "joins" in taken.outcomes[1].why


def test_an_alert_that_its_route_only_records_calls_nobody_and_says_why(world: World) -> None:
    signal = Signal("x", "firing", "Something to know", {"alertname": "Info"}, level="info")
    (outcome,) = say(world, signal).outcomes
    assert outcome.what == "recorded"
    assert "record only" in outcome.why
    assert world.get("/pages")["pages"] == []


def test_acknowledging_in_the_tool_acknowledges_here_for_the_person_it_names(world: World) -> None:
    ((_, number),) = outcomes(world, fires())
    assert outcomes(world, fires(status="acknowledged", by="bob")) == [("acknowledged", number)]
    assert outcomes(world, fires(status="acknowledged", by="carol")) == [("unchanged", number)]
    shown = alert(world, number)
    assert (shown["state"], shown["acknowledged_by"]) == ("firing", "bob")
    assert [page["state"] for page in world.get("/pages")["pages"]] == ["acknowledged"]


def test_what_neither_begins_nor_ends_an_alert_is_written_on_its_receipt(world: World) -> None:
    assert [one.what for one in say(world, fires(status="acknowledged"), fires("Other", status="unknown")).outcomes] == ["unchanged"] * 2
    assert world.get("/alerts")["alerts"] == []


def test_no_data_is_noted_and_the_alert_counts_as_firing_until_its_end(world: World) -> None:
    ((_, number),) = outcomes(world, fires())
    assert outcomes(world, fires(status="unknown")) == [("changed", number)]
    assert alert(world, number)["state"] == "unknown"
    (group,) = world.get("/groups")["groups"]
    assert group["firing"] == 1
    assert outcomes(world, fires()) == [("changed", number)]
    assert outcomes(world, fires(status="resolved")) == [("resolved", number)]


def test_an_alert_that_nobody_hears_of_ends_exactly_when_its_time_runs_out(world: World) -> None:
    until = world.now + timedelta(minutes=5)
    ((_, number),) = outcomes(world, fires(expires_at=until))
    world.advance(minutes=4, hours=0)
    assert alert(world, number)["state"] == "firing"
    world.advance(minutes=10)
    shown = alert(world, number)
    assert (shown["state"], shown["ended_at"]) == ("resolved", "2025-10-27T14:30:00Z")
    assert [group["phase"] for group in world.get("/groups")["groups"]] == ["resolved"]


def test_hearing_of_it_again_puts_the_end_off_also_over_a_restart(world: World) -> None:
    def again() -> None:
        assert outcomes(world, fires(expires_at=world.now + timedelta(minutes=5))) == [("repeated", number)]

    ((_, number),) = outcomes(world, fires(expires_at=world.now + timedelta(minutes=5)))
    for _ in range(3):
        world.advance(minutes=4)
        again()
    world.restart()
    world.advance(minutes=4)
    again()
    world.advance(minutes=4)
    assert alert(world, number)["state"] == "firing"
    world.restart()
    world.advance(minutes=2)
    assert alert(world, number)["ended_at"] == "2025-10-27T14:46:00Z"


def test_the_same_alert_by_another_key_is_another_alert(world: World) -> None:
    world.post("/intake-keys/team-b", {})
    (_, first), (_, second) = outcomes(world, fires()) + outcomes(world, fires(), key="team-b")
    assert first != second
    assert outcomes(world, fires(status="resolved"), key="team-b") == [("resolved", second)]
    assert alert(world, first)["state"] == "firing"


def test_a_worse_level_of_the_same_alert_is_told_to_its_group(world: World) -> None:
    mild = Signal("x", "firing", "Disk 80 % full", {"alertname": "Disk"}, level="warning")
    ((_, number),) = outcomes(world, mild)
    assert world.get("/groups")["groups"][0]["urgency"] == "low"
    worse = Signal("x", "firing", "Disk 99 % full", {"alertname": "Disk"}, level="critical")
    assert outcomes(world, worse) == [("changed", number)]
    (group,) = world.get("/groups")["groups"]
    assert (group["urgency"], group["level"]) == ("high", "critical")


def test_a_character_that_no_database_keeps_costs_no_alert(world: World) -> None:
    signal = Signal("a\x00b", "firing", "Odd\x00", {"alertname": "O\x00dd"}, {"text\x00": "\x00"})
    ((what, number),) = outcomes(world, signal)
    assert (what, alert(world, number)["title"]) == ("new", "Odd\ufffd")
    assert outcomes(world, signal) == [("repeated", number)]


def test_a_request_that_cannot_be_taken_does_not_spoil_those_that_come_with_it(world: World) -> None:
    import asyncio

    from tocsin.alerts.arrival import Arrived
    from tocsin.alerts.handlers import enter
    from tocsin.alerts.reading import Reading

    broken = Arrived("generic", Reading((None,)), b"{}")  # type: ignore[arg-type] # what no source makes
    good = [Arrived("generic", Reading((fires(str(number)),)), b"{}") for number in range(5)]

    async def together() -> list[object]:
        runtime = world.app.runtime
        return await asyncio.gather(*(enter(runtime, one) for one in (*good, broken)), return_exceptions=True)

    answers = asyncio.run(together())
    assert [isinstance(answer, BaseException) for answer in answers] == [False] * 5 + [True]
    assert len(world.get("/alerts")["alerts"]) == 5


def test_ended_alerts_are_forgotten_in_time_and_a_later_one_is_new(world: World) -> None:
    start = world.now
    ((_, first),) = outcomes(world, fires(starts_at=start))
    outcomes(world, fires(status="resolved"))
    world.advance(hours=7)
    say(world, fires("Another"))
    assert journal(world).index.get("generic\nfirst", "DiskFull") is None
    ((what, second),) = outcomes(world, fires(starts_at=start))
    assert (what, second != first) == ("new", True)
    assert alert(world, first)["state"] == "resolved"
