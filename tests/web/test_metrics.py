"""/metrics, /healthz and /readyz."""

from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import update

from tests.alerts.bodies import alert_of, one, send
from tests.world import World
from tocsin.engine import tables
from tocsin.engine.model import micros


def numbers(world: World) -> dict[str, float]:
    answer = world.send("GET", "/metrics", person="")
    assert answer.status == 200
    found = {}
    for family in text_string_to_metric_families(answer.text):
        for sample in family.samples:
            labels = ",".join(f"{name}={value}" for name, value in sorted(sample.labels.items()))
            found[f"{sample.name}{{{labels}}}" if labels else sample.name] = sample.value
    return found


def test_open_incidents_are_counted_by_playbook_and_severity_without_private_ones(world: World) -> None:
    world.declare()
    world.declare()
    world.declare(severity="SEV-2")
    world.declare(private=True)
    ended = world.declare()
    world.post(f"/incidents/{ended}/dismiss", {"reason": "a test"})
    found = {name: value for name, value in numbers(world).items() if name.startswith("tocsin_incidents_open")}
    assert found == {
        "tocsin_incidents_open{playbook=payments-sev1,severity=SEV-1}": 2,
        "tocsin_incidents_open{playbook=payments-sev1,severity=SEV-2}": 1,
    }


def test_alerts_that_fire_are_counted_by_whether_somebody_is_on_them(world: World) -> None:
    send(world, one(name="A"))
    world.post(f"/alerts/{alert_of(world, one(name='B'))}/acknowledge")
    send(world, one("resolved", name="C"))
    found = numbers(world)
    assert (found["tocsin_alerts_firing{acknowledged=no}"], found["tocsin_alerts_firing{acknowledged=yes}"]) == (1, 1)


def test_messages_are_counted_by_what_became_of_them(world: World) -> None:
    before = numbers(world)["tocsin_deliveries{state=sent}"]
    send(world, one())
    assert numbers(world)["tocsin_deliveries{state=waiting}"] == 2
    world.app.runtime.settle()
    found = numbers(world)
    assert (found["tocsin_deliveries{state=waiting}"], found["tocsin_deliveries{state=sent}"] - before) == (0, 2)


def test_a_commit_and_its_facts_are_counted(world: World) -> None:
    before = numbers(world)
    send(world, one())
    after = numbers(world)
    assert after["tocsin_commits_total"] == before["tocsin_commits_total"] + 1
    assert after["tocsin_facts"] > before["tocsin_facts"]


def test_a_timer_that_did_not_go_off_shows_and_takes_the_installation_out_of_service(world: World) -> None:
    incident = world.declare()
    assert world.send("GET", "/readyz", person="").text == "ready\n"
    late = micros(world.now) - 90_000_000
    with world.app.runtime.database.writing() as connection:
        connection.execute(update(tables.timers).where(tables.timers.c.stream == f"incident:{incident}").values(due_at=late))
    assert numbers(world)["tocsin_timers_overdue_seconds"] == 90
    answer = world.send("GET", "/readyz", person="")
    assert (answer.status, answer.text) == (503, "not ready: a timer is 90 s late\n")
    world.app.runtime.settle()
    assert world.send("GET", "/readyz", person="").status == 200


def test_an_installation_that_cannot_write_is_alive_and_not_ready(world: World) -> None:
    world.app.runtime.committer.stop()
    assert world.send("GET", "/healthz", person="").status == 200
    answer = world.send("GET", "/readyz", person="")
    assert (answer.status, "stopping" in answer.text) == (503, True)


def test_the_openapi_document_names_every_body_that_it_refers_to(world: World) -> None:
    document = world.get("/api/v1/openapi.json")
    known = {f"#/components/schemas/{name}" for name in document["components"]["schemas"]}

    def references(value: object) -> set[str]:
        if isinstance(value, dict):
            own = {str(value["$ref"])} if isinstance(value.get("$ref"), str) else set()
            return own.union(*(references(part) for part in value.values()))
        return set().union(*(references(part) for part in value)) if isinstance(value, list) else set()

    assert references(document) - known == set()
    assert {"/api/v1/alerts/{id}/acknowledge", "/api/v1/playbooks/{id}/classify", "/api/v1/blobs"} <= set(document["paths"])
