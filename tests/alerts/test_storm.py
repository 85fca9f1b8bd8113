"""A storm of one cause: one group, one page, and everything else goes on."""

from tests.alerts.entering import fires, journal, outcomes, say
from tests.world import World


def test_a_storm_of_distinct_alerts_of_one_cause_calls_people_once(world: World) -> None:
    for start in range(0, 3000, 500):
        say(world, *(fires("Storm", fingerprint=f"host-{number}", labels={"host": str(number)}) for number in range(start, start + 500)))
    (group,) = world.get("/groups")["groups"]
    assert (group["firing"], group["total"]) == (3000, 3000)
    assert len(world.get("/pages")["pages"]) == 1
    assert world.get("/alerts/counts") == {"unacknowledged": 3000, "acknowledged": 0}
    assert len(world.get(f"/groups/{group['id']}")["history"]) < 10


def test_ending_the_group_by_hand_ends_all_its_alerts(world: World) -> None:
    say(world, *(fires("Storm", fingerprint=str(number)) for number in range(300)), fires("Other"))
    (storm,) = [group for group in world.get("/groups")["groups"] if group["firing"] == 300]
    world.post(f"/groups/{storm['id']}/resolve", {"why": "the switch is mended"})
    assert [found["title"] for found in world.get("/alerts", state="firing")["alerts"]] == ["Other on db-1"]
    assert journal(world).index.firing == 1
    assert {page["state"] for page in world.get("/pages")["pages"]} == {"resolved", "open"}


def test_when_the_last_alert_ends_so_does_the_page(world: World) -> None:
    say(world, *(fires("Storm", fingerprint=str(number)) for number in range(100)))
    say(world, *(fires("Storm", "resolved", fingerprint=str(number)) for number in range(99)))
    assert [page["state"] for page in world.get("/pages")["pages"]] == ["open"]
    outcomes(world, fires("Storm", "resolved", fingerprint="99"))
    assert [page["state"] for page in world.get("/pages")["pages"]] == ["resolved"]


def test_alerts_are_found_by_labels_patterns_text_and_what_else_they_have(world: World) -> None:
    say(world, *(fires("Disk", fingerprint=str(number), labels={"shard": f"s{number % 50:02}"}, service="db") for number in range(200)))
    say(world, fires("Web", labels={"shard": "s07"}, how="customer", title='A "quoted" title, 100 %'))

    def found(**query: object) -> int:
        return len(world.get("/alerts", limit=500, **query)["alerts"])

    assert found(label="shard=s07") == 5
    assert found(label='shard="s07", alertname="Disk"') == 4
    assert found(label='shard=~"s0[78]"') == 9
    assert found(label='shard!="s07"', service="db") == 196
    assert found(label="nothing=x") == 0
    assert found(label="service=db") == 200
    assert (found(text="QUOTED"), found(text="100 %"), found(text="100_")) == (1, 1, 0)
    assert (found(how="customer"), found(level="critical"), found(source="generic"), found(source="other")) == (1, 201, 201, 0)
    first = world.get("/alerts", label="shard=s07", limit=3)
    assert len(world.get("/alerts", label="shard=s07", after=first["next"])["alerts"]) == 2
    assert world.send("GET", "/alerts?label=%22").status == 422
    assert world.send("GET", "/alerts?state=odd").status == 422
