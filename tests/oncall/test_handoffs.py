"""The written hand-off: drafted from the shift, signed by the one who goes, acknowledged by the one who comes, warned about, missed."""

from __future__ import annotations

from typing import Any

from tests.oncall.conftest import WEEKLY
from tests.world import World

AT = "payments@20251103T080000Z"


def told(world: World, kind: str) -> list[tuple[str, str]]:
    return [(one["to"], one["subject"]) for one in world.outbox() if one["kind"] == kind]


def handoff(world: World) -> dict[str, Any]:
    found: dict[str, Any] = world.get(f"/handoffs/{AT}")
    return found


def test_a_day_before_the_hand_off_its_summary_is_asked_for(payments: World) -> None:
    payments.advance(days=5)
    assert payments.get("/handoffs")["handoffs"] == []
    payments.advance(days=1)
    (found,) = payments.get("/handoffs")["handoffs"]
    assert (found["id"], found["state"], found["outgoing"], found["incoming"]) == (AT, "due", ["bo"], ["cy"])


def test_the_draft_tells_what_happened_in_the_shift_and_what_is_still_open(payments: World) -> None:
    incident = payments.post("/incidents", {"title": "Pool exhausted", "severity": "SEV-1", "service": "db"}, person="bo")["incident"]
    payments.post(f"/incidents/{incident}/roles", {"role": "on_call", "person": "bo"}, person="bo")
    payments.post("/services/wallet", {"name": "Wallet", "page": ["schedule:payments"]})
    other = payments.post("/incidents", {"title": "Wallet is slow", "severity": "SEV-3", "service": "wallet"})["incident"]
    unrelated = payments.post("/incidents", {"title": "Printer", "severity": "SEV-3"})["incident"]
    payments.post("/pages", {"title": "Disk nearly full", "targets": ["person:bo"]})
    payments.advance(days=6)
    draft = handoff(payments)["draft"]
    still_open = draft.split("## Still open")[1].split("## ")[0]
    assert incident in still_open
    assert other in still_open
    assert unrelated not in draft
    assert "Disk nearly full" in still_open
    assert draft.startswith("# Payments: Bo to Cy\n\nMon 27 Oct 15:25 to Mon 3 Nov 09:00 (Europe/Berlin)")


def test_it_is_written_signed_and_acknowledged(payments: World) -> None:
    payments.advance(days=6.5)
    payments.post(f"/handoffs/{AT}/summary", {"text": "Quiet week."}, person="bo")
    assert payments.refused(f"/handoffs/{AT}/sign", {}, person="ana")["field"] == "person"
    assert payments.refused(f"/handoffs/{AT}/acknowledge", {}, person="cy")["status"] == 409
    payments.post(f"/handoffs/{AT}/sign", {}, person="bo")
    assert told(payments, "handoff.written") == [("cy", "Hand-off of Payments at Mon 3 Nov 2025 08:00 UTC")]
    payments.post(f"/handoffs/{AT}/acknowledge", {}, person="cy")
    payments.advance(days=1)
    found = handoff(payments)
    assert (found["state"], found["late"], found["text"], list(found["acknowledged"]), found["warned"]) == (
        "signed",
        False,
        "Quiet week.",
        ["cy"],
        False,
    )
    assert payments.refused(f"/handoffs/{AT}/summary", {"text": "More."}, person="bo")["status"] == 409
    assert payments.post(f"/handoffs/{AT}/sign", {}, person="bo")["changed"] is False


def test_it_is_warned_about_an_hour_before_and_missed_at_the_hand_off(payments: World) -> None:
    payments.app.runtime.advance(payments.now.replace(month=11, day=3, hour=7, minute=0))
    assert handoff(payments)["warned"] is True
    assert told(payments, "handoff.missing") == [
        ("bo", "Hand-off of Payments at Mon 3 Nov 2025 02:00 America/Chicago: the summary is missing")
    ]
    payments.advance(hours=1)
    assert handoff(payments)["state"] == "missed"
    assert len(told(payments, "handoff.missing")) == 2
    assert [one["type"] for one in handoff(payments)["history"]] == ["handoff.asked", "handoff.warned", "handoff.missed"]


def test_a_summary_signed_after_the_hand_off_is_late(payments: World) -> None:
    payments.advance(days=8)
    assert payments.refused(f"/handoffs/{AT}/sign", {}, person="bo")["field"] == "text"
    payments.post(f"/handoffs/{AT}/sign", {"text": "Sorry, here it is."}, person="bo")
    found = handoff(payments)
    assert (found["state"], found["late"]) == ("signed", True)


def test_a_hand_off_that_the_rota_no_longer_has_is_not_missed(payments: World) -> None:
    payments.advance(days=6.5)
    payments.post("/schedules/payments", {**WEEKLY, "layers": [{"id": "week", "groups": [["bo"]], "start": "2025-10-20T09:00"}]})
    payments.advance(days=1)
    assert handoff(payments)["state"] == "dropped"
    assert told(payments, "handoff.missing") == []


def test_an_hour_of_standing_in_needs_no_summary(payments: World) -> None:
    payments.post("/schedules/payments/overrides", {"start": "2025-10-29T10:00:00Z", "end": "2025-10-29T12:00:00Z", "person": "cy"})
    payments.advance(days=4)
    assert payments.get("/handoffs")["handoffs"] == []


def test_a_schedule_may_do_without_summaries_and_another_playbook_asks_for_none(payments: World, world: World) -> None:
    payments.post("/schedules/payments", {**WEEKLY, "hand_off_summary": False})
    payments.advance(days=30)
    assert payments.get("/handoffs")["handoffs"] == []
    world.post("/schedules/payments", WEEKLY)
    world.advance(days=30)
    assert world.get("/handoffs")["handoffs"] == []


def test_every_hand_off_is_asked_for_once_over_months(payments: World) -> None:
    payments.advance(days=60)
    found = [one["id"] for one in payments.get("/handoffs")["handoffs"]]
    assert len(found) == len(set(found)) == 8
    assert found[-1] == AT
    page = payments.get("/handoffs", limit=4)
    assert [one["id"] for one in payments.get("/handoffs", after=page["next"], limit=4)["handoffs"]] == found[4:8]
