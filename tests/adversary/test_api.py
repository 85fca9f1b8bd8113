"""Whatever is sent to the API, the answer is a result or a refusal that says what to do; never a defect, and never a word in the error log."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, urlencode

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.adversary.api import Listener, ask, check, part, words_of
from tests.adversary.hostile import NO_BODIES, TEXTS, TIMES, Components, Words, bodies
from tests.world import World
from tocsin.engine import ledger, rebuild
from tocsin.web.endpoints import PREFIX, Endpoint

BOOKS: Final = ("payments-sev1", "nine-stage")
IDS: Final = (
    ".", "..", "%2e%2e", "a/b", "../../etc/passwd", "a" * 5000, "é", "🔥", "\u202e", " ", "\x00", "a\x00", "%00", "'", '"', "a:b", "incident:x", "-1", "0", "*", "_",
    "INC-20251027-AAAAAA", "x@1", "house@0", "house@-1", "house@" + "9" * 5000, "house@x", "@", "sha256:..", "0" * 64, "\n", "?", "#", ";",
)  # fmt: skip
NUMBERS: Final = ("-1", "0", "1000000000", "1e9", "9" * 5000, "NaN", "1.5", "x", "", " 5", "٣", "0x10", "1_0", "+5", "²")
QUERIES: Final = (*NUMBERS, *TEXTS[::3], *TIMES[::3], "known_by", "true", "open", "md", "html", "pdf")


class Field:
    """An installation with an incident, a postmortem, an action item and an alert, and the paths to fuzz."""

    def __init__(self, folder: Path, playbook: str) -> None:
        self.world = World(folder, playbook=playbook)
        self.playbook = playbook
        self.document = self.world.get("/api/v1/openapi.json")
        self.components = Components(self.document["components"]["schemas"])
        self.log = Listener()
        self.ids: dict[str, str] = {}
        self.fresh()
        self.words: Words = words_of(self.world, playbook, self.ids["incidents"])

    def fresh(self) -> None:
        """Make new records where the old ones have ended."""
        world = self.world
        incident = world.post("/incidents", {"title": "Something broke", "playbook": self.playbook})["incident"]
        world.post(
            f"/incidents/{incident}/entries", {"kind": world.get(f"/playbooks/{self.playbook}")["entry_types"][0]["id"], "text": "seen"}
        )
        world.post(f"/incidents/{incident}/postmortem", {"authors": ["alice"]})
        groups = world.get(f"/playbooks/{self.playbook}")["actions"]["groups"]
        action = world.post(
            f"/incidents/{incident}/actions", {"title": "Mend it", "group": groups[0]["id"] if groups else "", "owner": "alice"}
        )
        alert = {"alerts": [{"status": "firing", "labels": {"alertname": "A", "service": "payment-api", "n": incident}, "annotations": {}}]}
        receipt = world.post("/intake/alertmanager/x", alert)
        self.ids = {
            "incidents": incident, "actions": action.get("action") or action["id"], "playbooks": self.playbook, "people": "alice", "teams": "payments",
            "services": "payment-api", "alerts": receipt["alerts"][0]["alert"], "receipts": receipt["receipt"], "blobs": "0" * 64,
        }  # fmt: skip

    def path(self, endpoint: Endpoint) -> str:
        """Return an address of the endpoint that leads to a record."""
        kind = endpoint.path.split("/")[1]
        if kind == "incidents" and self.world.app.runtime.state("incident", self.ids["incidents"]).ended:
            self.fresh()
        path = endpoint.path.replace("{id}", self.ids.get(kind, "x")).replace("{digest}", self.ids["blobs"]).replace("{other}", "house")
        return PREFIX + path.replace("{message}", "x")

    def try_one(self, method: str, path: str, raw: bytes | None = None, headers: dict[str, str] | None = None) -> None:
        """Send one request, let all that follows happen, and look at the answer and at the log."""
        what = f"{method} {path[:300]} {(raw or b'')[:1000]!r}"
        check(ask(self.world, method, path, raw, headers), what)
        if method != "GET":
            self.world.app.runtime.settle()
        assert not self.log.said, f"{what}: {self.log.said[0][:2000]}"


@pytest.fixture(scope="module", params=BOOKS)
def field(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Field]:
    field = Field(tmp_path_factory.mktemp("fuzz") / "data", request.param)
    logging.getLogger().addHandler(field.log)
    yield field
    logging.getLogger().removeHandler(field.log)
    field.world.close()


def test_odd_ids_lead_nowhere_and_nothing_is_made_of_them(field: Field) -> None:
    _odd_ids(field, 4)


@pytest.mark.torture
def test_every_odd_id_leads_nowhere_and_nothing_is_made_of_it(field: Field) -> None:
    _odd_ids(field, 1)


def _fuzz_bodies(field: Field, examples: int) -> None:
    for endpoint in field.world.app.endpoints:
        if endpoint.body is None or endpoint.path == "/clock/advance":
            continue
        schema = field.components[endpoint.body.__name__]

        @settings(max_examples=examples, phases=[Phase.generate], database=None, suppress_health_check=list(HealthCheck))
        @given(bodies(Components(schema), field.components, Components(field.words)))
        def send(raw: bytes) -> None:
            field.try_one("POST", field.path(endpoint), raw)  # noqa: B023 (called before the next turn)

        send()
    for endpoint in field.world.app.endpoints:  # what was accepted can be read
        if endpoint.method == "GET":
            field.try_one("GET", field.path(endpoint))


def test_bodies_of_every_kind_are_taken_or_refused_and_what_is_taken_can_be_read(field: Field) -> None:
    _fuzz_bodies(field, 6)


@pytest.mark.torture
def test_many_more_bodies_are_taken_or_refused_and_what_is_taken_can_be_read(field: Field) -> None:
    _fuzz_bodies(field, 200)
    runtime = field.world.app.runtime
    with runtime.database.reading() as connection:
        assert ledger.verify_all(connection, runtime.registry) == []
        assert rebuild.differences(connection, runtime.registry) == []


def test_what_is_no_body_at_all_is_refused(field: Field) -> None:
    for endpoint in field.world.app.endpoints:
        if endpoint.method != "POST" or endpoint.path == "/clock/advance":
            continue
        for raw in NO_BODIES:
            field.try_one("POST", field.path(endpoint), raw)
    for raw in NO_BODIES:
        field.try_one("POST", "/intake/alertmanager/x", raw)
        field.try_one("POST", PREFIX + "/incidents", raw, {"content-type": "text/plain; charset=utf-16"})


def _odd_ids(field: Field, share: int) -> None:
    """Try every address with a share of the odd ids: others each time, so that all are tried somewhere."""
    if field.playbook != BOOKS[0]:
        pytest.skip("the playbook does not matter here")
    named = [one for one in field.world.app.endpoints if "{" in one.path and not one.path.startswith("/clock")]
    for number, endpoint in enumerate(named):
        for text in IDS[number % share :: share]:
            path = PREFIX + "/".join(part(text) if step.startswith("{") else step for step in endpoint.path.split("/"))
            field.try_one(endpoint.method, path, b"{}" if endpoint.method == "POST" else None)


def _odd_queries(field: Field, share: int) -> None:
    """Try every parameter with a share of the odd texts: another one each time, so that all are tried on something."""
    if field.playbook != BOOKS[0]:
        pytest.skip("the playbook does not matter here")
    texts = [text for text in QUERIES if len(text) < 10_000]
    asked = [(endpoint, name) for endpoint in field.world.app.endpoints for name, _ in endpoint.query if endpoint.method == "GET"]
    for number, (endpoint, name) in enumerate(asked):
        for text in texts[number % share :: share]:
            field.try_one("GET", f"{field.path(endpoint)}?{urlencode({name: text})}")
        field.try_one("GET", f"{field.path(endpoint)}?{name}=%ff%fe&{name}=%&{name}")


def test_odd_query_parameters_are_refused_or_ignored(field: Field) -> None:
    _odd_queries(field, 6)


@pytest.mark.torture
def test_every_odd_query_parameter_is_refused_or_ignored(field: Field) -> None:
    _odd_queries(field, 1)


@settings(max_examples=60, suppress_health_check=list(HealthCheck))
@given(at=st.datetimes(), zone=st.sampled_from(["Z", "+14:00", "-12:00", "+00:00", "", "+99:99", "-00:01"]))
def test_any_moment_can_be_asked_for(field: Field, at: Any, zone: str) -> None:
    query = urlencode({"at": at.isoformat() + zone, "from": at.isoformat() + zone, "to": at.isoformat() + zone})
    for path in (f"/incidents/{field.ids['incidents']}", f"/incidents/{field.ids['incidents']}/timeline", "/insights/summary"):
        field.try_one("GET", f"{PREFIX}{path}?{query}")


def test_wrong_methods_and_addresses_are_refused_as_problems(field: Field) -> None:
    for endpoint in field.world.app.endpoints:
        for method in ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "QUERY", "X" * 200):
            if method != endpoint.method and not any(e.path == endpoint.path and e.method == method for e in field.world.app.endpoints):
                field.try_one(method, field.path(endpoint), b"{}")
    for path in (
        "/api/v1",
        "/api/v1/",
        "/api/v3/incidents",
        "/api/v1//incidents",
        "/api/v1/incidents/",
        "/api/v1/incidents/x/../..",
        "/api/%00",
    ):
        field.try_one("GET", path)


def test_names_and_keys_of_senders_may_be_odd(field: Field) -> None:
    for text in TEXTS:
        if len(text) < 1000:
            headers = {"x-tocsin-person": quote(text), "idempotency-key": quote(text), "x-tocsin-via": quote(text)[:80]}
            field.try_one("POST", f"{PREFIX}/incidents/{field.ids['incidents']}/acknowledge", b"{}", headers)


def test_a_refusal_does_not_send_back_all_that_was_sent(field: Field) -> None:
    for body in ({"severity": "x" * 500_000}, {"severity": "SEV-1", "y" * 500_000: 1}, {"severity": ["z" * 500_000]}):
        answer = ask(field.world, "POST", field.path(_named(field, "/incidents/{id}/severity")), json.dumps(body).encode())
        assert answer.status == 422
        assert len(answer.content) < 20_000


def _named(field: Field, path: str) -> Endpoint:
    return next(e for e in field.world.app.endpoints if e.path == path and e.method == "POST")


def test_a_time_that_no_calendar_can_reckon_with_is_refused_and_the_record_stays_readable(world: World) -> None:
    incident = world.declare()
    for at in ("0001-01-01T00:00:00+14:00", "0001-01-01T00:00:00Z", "1969-12-31T23:59:59Z", "9999-12-31T23:59:59-12:00"):
        for path, body in (
            ("entries", {"kind": "OBSERVATION", "text": "x", "at": at}),
            ("milestones", {"milestone": "impact_started", "when": at}),
            ("checks/waive", {"item": "resolution.error_rate", "reason": "x", "at": at}),
        ):
            problem = world.refused(f"/incidents/{incident}/{path}", body)
            assert "1970" in problem["fix"], problem
    assert world.get(f"/incidents/{incident}/timeline")
    assert world.send("GET", f"/incidents/{incident}?at=0001-01-01T00:00:00%2B14:00").status == 422


def test_an_alert_with_odd_times_and_characters_is_not_lost(world: World) -> None:
    for number, start in enumerate(("0001-01-01T00:00:00Z", "9999-12-31T23:59:59-12:00", "2025-10-27T14:20:00.123456789+05:45")):
        alert = {
            "status": "firing", "labels": {"alertname": "A\x00B", "n": str(number)}, "annotations": {"summary": "\x00\u202e🔥"}, "startsAt": start, "endsAt": start,
            "fingerprint": "f" * 100_000 + str(number), "generatorURL": "javascript:alert(1)",
        }  # fmt: skip
        answer = world.post("/intake/alertmanager/x", {"alerts": [alert]})
        shown = world.get(f"/alerts/{answer['alerts'][0]['alert']}")
        assert "\x00" not in json.dumps(shown, ensure_ascii=False)
        assert "javascript" not in json.dumps(shown.get("links", {}))
