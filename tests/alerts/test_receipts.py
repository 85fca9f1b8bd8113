"""Every request is kept with what became of each of its alerts, and can be found again."""

import gzip
import json
from datetime import timedelta

from tests.alerts.bodies import alert_of, body, one, send
from tests.alerts.entering import fires, say
from tests.world import World
from tocsin.alerts.receipts import LARGEST_BLOCK, Packer, Receipt, unpack


def ids(world: World, **query: object) -> list[str]:
    return [found["id"] for found in world.get("/receipts", **query)["receipts"]]


def test_receipts_are_found_by_source_outcome_text_alert_and_time(world: World) -> None:
    send(world, one())
    world.advance(minutes=1)
    between = world.now
    world.advance(minutes=1)
    send(world, one())
    say(world, fires("Elsewhere"))
    wrong = world.send("POST", "/intake/alertmanager/k", {"alerts": 3}, person="")
    assert wrong.status == 422
    assert ids(world) == ["R-4", "R-3", "R-2", "R-1"]
    assert ids(world, source="generic") == ["R-3"]
    assert ids(world, outcome="repeated") == ["R-2"]
    assert ids(world, outcome="rejected") == ["R-4"]
    assert ids(world, text="elsewhere on") == ["R-3"]
    assert ids(world, text='"diskfull"') == ["R-2", "R-1"]
    assert ids(world, alert="A-1") == ["R-2", "R-1"]
    assert ids(world, until=between.isoformat()) == ["R-1"]
    assert ids(world, since=between.isoformat(), source="alertmanager") == ["R-4", "R-2"]
    assert world.send("GET", "/receipts?alert=none").status == 422


def test_lists_of_receipts_go_on_after_the_last_one_seen(world: World) -> None:
    for number in range(7):
        say(world, fires(str(number)))
    first = world.get("/receipts", limit=3)
    rest = world.get("/receipts", limit=10, after=first["next"])
    assert [found["id"] for found in first["receipts"] + rest["receipts"]] == [f"R-{number}" for number in range(7, 0, -1)]
    assert rest["next"] is None
    assert world.send("GET", "/receipts?after=none").status == 422


def test_an_alert_names_the_request_that_brought_it_and_each_that_changed_it(world: World) -> None:
    alert = alert_of(world, body("firing"))
    worse = body("firing")
    worse["alerts"][0]["annotations"]["value"] = "48%"
    send(world, worse)
    shown = world.get(f"/alerts/{alert}")
    assert (shown["receipt"], [entry["receipt"] for entry in shown["history"]]) == ("R-1", ["R-1", "R-2"])
    assert ids(world, alert=alert) == ["R-2", "R-1"]


def test_a_packed_body_is_read_and_kept_as_it_was_before_packing(world: World) -> None:
    raw = json.dumps(one()).encode()
    answer = world.send("POST", "/intake/alertmanager/k", raw=gzip.compress(raw), person="", headers={"content-encoding": "gzip"})
    assert answer.json["alerts"][0]["outcome"] == "new"
    assert world.get(f"/receipts/{answer.json['receipt']}")["body"] == raw.decode()


def test_old_requests_are_forgotten_and_later_ones_are_numbered_on(world: World) -> None:
    say(world, fires("Old"))
    world.advance(days=20)
    say(world, fires("Newer"))
    world.advance(days=11)
    assert ids(world) == ["R-2"]
    assert world.send("GET", "/receipts/R-1").status == 404
    world.restart()
    world.advance(days=60)
    say(world, fires("Newest"))
    assert ids(world)[0] == "R-3"
    assert world.send("GET", "/receipts/R-3").status == 200


def test_many_large_requests_of_one_commit_are_kept_in_several_blocks() -> None:
    receipts = [Receipt(5, "generic", "first", "", "", b"x" * (LARGEST_BLOCK // 3 + 1)) for _ in range(10)]
    blocks = list(Packer().blocks(101, receipts))
    assert [(block["first"], block["count"]) for block in blocks] == [(101, 3), (104, 3), (107, 3), (110, 1)]
    assert [one for block in blocks for one in unpack(block["body"])] == receipts


def test_receipts_are_numbered_one_after_the_other_over_a_restart(world: World) -> None:
    say(world, fires())
    world.restart()
    world.advance(minutes=1)
    assert say(world, fires()).receipt == 2
    assert world.get("/receipts/2")["at"] == (world.now - timedelta(0)).isoformat().replace("+00:00", "Z")
