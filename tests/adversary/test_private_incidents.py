"""A private incident does not exist for whom it does not name: not on any page, in any answer of the API, list, count, search, feed, export or figure.

The tests walk over the tables of routes as they are, so that a new address is tried without anybody thinking of it.
"""

from __future__ import annotations

import asyncio
import html
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, unquote_plus

import pytest
from sqlalchemy import select
from starlette.routing import Mount, Route

from tests.world import Answer, World, forms_of
from tocsin.engine import tables
from tocsin.engine.model import Actor
from tocsin.engine.sessions import digest
from tocsin.people.account import CreateAccount
from tocsin.people.tokens import MakeToken, NewToken
from tocsin.web import private
from tocsin.web.endpoints import PREFIX

MARKER: Final = "zorbulax"
"""A word that stands everywhere in the private incident and nowhere else."""
ROLES: Final = {"viewer": "read", "responder": "respond", "manager": "manage", "administrator": "admin"}
NEVER: Final = frozenset(
    [
        "/people", "/people/{id}/contacts", "/teams", "/services", "/playbooks", "/playbooks/{id}/versions", "/schedules", "/on-call", "/policies", "/handoffs",
        "/handoffs/schedules", "/on-call/handoffs", "/insights/csv", "/password", "/setup", "/status/history", "/status/incidents", "/status/subscription", "/swaps", "/silences", "/maintenance", "/routes", "/intake-keys", "/inhibitions", "/heartbeats", "/changes",
    ]
)  # fmt: skip
"""What stands before a name that can never belong to an incident. ``/incidents/{id}/…`` is guarded by its first name."""
OUTSIDE: Final = ("/static", "/calendar", "/beat", "/hooks", "/report", "/a", "/invitation", "/reset", "/intake", "/sign-in")
"""Addresses whose secret is the proof, or which give files of the product."""


@dataclass
class Scene:
    """An installation with a private incident, everything that can belong to one, and people of every role."""

    world: World
    incident: str
    ids: dict[str, str]
    """What stands before a name in an address -> the private thing."""
    secrets: list[str]
    """What must never show: the marker and every id."""
    tokens: dict[str, str]
    sessions: dict[str, str]
    form_tokens: dict[str, str]

    def api(self, method: str, path: str, who: str, body: Any = None) -> Answer:
        """Ask the API with somebody's token."""
        return self.world.send(
            method, path, body, person="", headers={"authorization": f"Bearer {self.tokens[who]}", "content-type": "application/json"}
        )

    def page(self, path: str, who: str) -> Answer:
        """Open a page with somebody's session."""
        return self.world.page(path, person="", headers={"authorization": "none", "cookie": f"tocsin_token={self.sessions[who]}"})

    def send_form(self, path: str, fields: dict[str, str], who: str) -> Answer:
        """Send a form of a page with somebody's session."""
        if who not in self.form_tokens:
            shown = self.page("/settings/me", who)
            self.form_tokens[who] = next((form.fields["csrf"] for form in forms_of(shown.text) if "csrf" in form.fields), "")
        token = self.form_tokens[who]
        headers = {"authorization": "none", "cookie": f"tocsin_token={self.sessions[who]}"}
        return self.world.send_form(path, {**fields, "csrf": token}, person="", headers=headers)

    def leaks(self, text: str) -> list[str]:
        """Return which secrets stand in a text."""
        return [secret for secret in self.secrets if re.search(rf"(?<![A-Za-z0-9]){re.escape(secret)}(?![A-Za-z0-9])", text)]


def _people(world: World) -> tuple[dict[str, str], dict[str, str]]:
    runtime = world.app.runtime
    tokens, sessions = {}, {}
    for name, role in (*((f"eve-{role}", role) for role in ROLES), ("ina", "responder"), ("leo", "responder")):
        world.post(f"/people/{name}", {"name": name.title()})
        runtime.commit_now("account", name, CreateAccount(role), Actor("token", "administrator"))  # type: ignore[arg-type]
        secret = f"toc_secret_of_{name}"
        made = MakeToken(NewToken((ROLES[role],), world.now + timedelta(days=300), person=name), digest(secret))
        runtime.commit_now("token", f"t-{name}", made, Actor("token", "administrator"))
        tokens[name], sessions[name] = secret, runtime.sessions.open(name, local=False)
    return tokens, sessions


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    world = World(Path(tmp_path_factory.mktemp("private")))
    tokens, sessions = _people(world)
    world.declare(title="Something public", lead="leo")
    body = {
        "alerts": [
            {"status": "firing", "labels": {"alertname": MARKER, "service": "payment-api"}, "annotations": {"summary": f"the {MARKER}"}}
        ]
    }
    receipt = world.post("/intake/alertmanager/x", body)
    alert = receipt["alerts"][0]["alert"]
    group = world.get(f"/alerts/{alert}")["group"]
    incident = world.declare(
        title=f"The {MARKER} leaked", impact=f"{MARKER} everywhere", topic=MARKER, private=True, lead="leo", alerts=[alert]
    )
    world.post(f"/groups/{group}/link", {"incident": incident}, person="leo")
    world.post(f"/incidents/{incident}/invitations", {"people": ["ina"], "why": MARKER}, person="leo")
    blob = world.send("POST", f"/blobs?name={MARKER}.txt", raw=MARKER.encode(), headers={"content-type": "text/plain"}).json["digest"]
    world.post(f"/incidents/{incident}/entries", {"kind": "OBSERVATION", "text": f"saw the {MARKER}", "attachments": [blob]}, person="leo")
    world.post(f"/incidents/{incident}/severity", {"severity": "SEV-2", "reason": MARKER}, person="leo")
    world.post("/people/bo", {"name": "Bo", "contacts": [{"kind": "console", "value": "bo"}]})
    page = world.post("/pages", {"title": f"Come for {MARKER}", "targets": ["person:bo"], "incident": incident}, person="leo")["page"]
    world.post(f"/incidents/{incident}/postmortem", {"authors": ["leo"]}, person="leo")
    section = world.send("GET", f"/incidents/{incident}/postmortem", person="leo").json["sections"][0]["id"]
    world.post(f"/incidents/{incident}/postmortem/sections", {"section": section, "text": f"Because of {MARKER}."}, person="leo")
    made = world.post(f"/incidents/{incident}/actions", {"title": f"Mend the {MARKER}", "owner": "leo", "due": "2025-10-20"}, person="leo")
    action = made.get("action") or made["id"]
    draft = world.send("GET", "/playbooks/payments-sev1", person="leo").json["messages"][0]["id"]
    values = {
        field["id"]: field["value"] or MARKER
        for field in world.send("GET", f"/incidents/{incident}/updates/draft/{draft}", person="leo").json["fields"]
    }
    world.send("POST", f"/incidents/{incident}/updates", {"message": draft, "fields": values, "next_in": "30m"}, person="leo")
    world.advance(minutes=40)  # duties are missed, people are called
    ids = {
        "/incidents": incident, "/postmortems": incident, "/actions": action, "/groups": group, "/alerts": alert, "/receipts": receipt["receipt"], "/pages": page,
        "/blobs": blob,
    }  # fmt: skip
    pages = [row["id"] for row in world.send("GET", f"/pages?incident={incident}&limit=500", person="leo").json["pages"]]
    secrets = [MARKER, MARKER.title(), MARKER.upper(), incident, action, group, alert, receipt["receipt"], *pages, blob]
    yield Scene(world, incident, ids, secrets, tokens, sessions, {})
    world.close()


def endpoints(world: World, method: str) -> list[str]:
    """Return the paths of all endpoints with a method."""
    return sorted({endpoint.path for endpoint in world.app.endpoints if endpoint.method == method})


def pages(world: World, method: str) -> list[str]:
    """Return the paths of all other routes with a method."""
    site: Any = world.app.asgi
    while not hasattr(site, "routes"):
        site = getattr(site, "_app", None) or site.app
    found = [route for route in site.routes if isinstance(route, Route)]
    assert not [route for route in site.routes if isinstance(route, Mount)], "walk over mounted applications too"
    return sorted({route.path for route in found if method in (route.methods or ()) and not route.path.startswith(PREFIX)})


def filled(path: str, ids: dict[str, str]) -> str:
    """Return an address with names in place of its parts."""
    for before, name in private.parts(path):
        value = ids.get(before) or ids.get("/incidents" if name == "incident" else "", "x")
        path = re.sub(r"\{" + name + r"(:\w+)?\}", quote(value), path, count=1)
    return path


NOBODY: Final = {
    "/incidents": "INC-20251027-NOBODY", "/postmortems": "INC-20251027-NOBODY", "/actions": "ACT-NOBODY", "/groups": "G-NOBODY", "/alerts": "A-987654",
    "/receipts": "R-987654", "/pages": "P-NOBODY", "/blobs": "0" * 64,
}  # fmt: skip


def as_one(text: str, ids: dict[str, str]) -> str:
    """Return a text with one name in place of those of private things, and without what differs between any two answers."""
    for value in sorted(set(ids.values()), key=len, reverse=True):
        text = text.replace(quote(value), "NAME").replace(value, "NAME")
    text = re.sub(r'name="(csrf|nonce)" value="[^"]*"', "", text)
    return re.sub(r'data-(now|position)="[^"]*"', "", text)


MOST_LINKS: Final = 250
EVES: Final = [f"eve-{role}" for role in ROLES]
QUERIES: Final = (
    "",
    "?q={marker}",
    "?text={marker}",
    "?title=The+{marker}+leaked&service=payment-api",
    "?incident={incident}",
    "?group={group}&alert={alert}",
    "?state=all&everything=true&limit=50",
    "?format=csv",
)


@pytest.mark.parametrize("eve", EVES)
def test_no_answer_of_the_api_tells_of_it(scene: Scene, eve: str) -> None:
    for path in endpoints(scene.world, "GET"):
        if not private.named_by(path):
            for asked in questions(scene, path, eve):
                answer = scene.api("GET", asked, eve)
                text = answer.content.decode(errors="replace").replace(f'"query":"{MARKER}"', "")
                if answer.status < 400:
                    assert scene.leaks(text) == [], f"{asked}: {text[:3000]}"
        else:
            hidden, nothing = scene.api("GET", filled(path, scene.ids), eve), scene.api("GET", filled(path, NOBODY), eve)
            assert hidden.status == nothing.status in (403, 404), path
            assert as_one(hidden.text, scene.ids) == as_one(nothing.text, NOBODY), path


@pytest.mark.parametrize("eve", EVES)
def test_no_page_tells_of_it(scene: Scene, eve: str) -> None:
    wrong = []
    for path in pages(scene.world, "GET"):
        if path == "/live" or path.startswith(OUTSIDE):
            continue
        if private.named_by(path):
            hidden, nothing = scene.page(filled(path, scene.ids), eve), scene.page(filled(path, NOBODY), eve)
            if not hidden.status == nothing.status in (403, 404) or as_one(hidden.text, scene.ids) != as_one(nothing.text, NOBODY):
                wrong.append(f"{path}: {hidden.status} where it is hidden, {nothing.status} where there is nothing")
            continue
        for asked in questions(scene, path, eve):
            try:
                answer = scene.page(asked, eve)
            except Exception as failure:  # noqa: BLE001 (a page that breaks is named with the others)
                wrong.append(f"{asked}: {failure!r}")
                continue
            text = _without_echo(answer.content.decode(errors="replace"), asked)
            wrong += [f"{asked}: …{_around(text, secret)}…" for secret in scene.leaks(text)[:1]]
    assert not wrong, "\n".join(wrong)


def questions(scene: Scene, path: str, eve: str) -> Iterator[str]:
    """Yield an address with every query that might bring the private incident to light; the bare one for most roles, that this does not take too long."""
    known = {
        "/services": "payment-api",
        "/people": "leo",
        "/playbooks": "payments-sev1",
        "/settings/services": "payment-api",
        "/settings/people": "leo",
    }
    for query in QUERIES if eve == EVES[-1] else QUERIES[:1]:
        yield filled(path, known) + query.format(
            marker=MARKER, incident=scene.incident, group=scene.ids["/groups"], alert=scene.ids["/alerts"]
        )


def test_no_link_leads_to_it(scene: Scene) -> None:
    """Tables behind charts, files for spreadsheets, pages of one thing: whatever a page links to is read as well."""
    wrong: list[str] = []
    waiting = [path for path in pages(scene.world, "GET") if "{" not in path and not path.startswith((*OUTSIDE, "/live", "/a"))]
    seen = set(waiting)
    while waiting and len(seen) < MOST_LINKS:
        path = waiting.pop(0)
        try:
            text = scene.page(path, "eve-manager").content.decode(errors="replace")
        except Exception as failure:  # noqa: BLE001 (a page that breaks is named with the others)
            wrong.append(f"{path}: {failure!r}")
            continue
        wrong += [f"{path}: …{_around(text, secret)}…" for secret in scene.leaks(text)[:1]]
        for link in re.findall(r'(?:href|hx-get)="(/[^"#]*)', text):
            address = html.unescape(link)
            if address not in seen and not address.startswith((*OUTSIDE, "/live", "/api/v1/openapi")):
                seen.add(address)
                waiting.append(address)
    assert not wrong, "\n".join(wrong)


def _without_echo(text: str, query: str) -> str:
    """Return a page without what it only repeats of the address: fields of filters, links with the same filter."""
    for value in map(unquote_plus, re.findall(r"=([^&]+)", query)):
        text = re.sub(rf'(value|href|content|action|data-[a-z-]+)="[^"]*{re.escape(value)}[^"]*"', "", text)
        text = re.sub(
            rf"<option[^>]*>\s*{re.escape(value)}\s*</option>|<title>[^<]*</title>|<bdi>{re.escape(value)}</bdi>|“{re.escape(value)}”",
            "",
            text,
        )
    return text


def _around(text: str, word: str) -> str:
    at = text.find(word)
    return text[max(0, at - 300) : at + 300]


def test_every_command_on_it_is_answered_as_on_one_that_does_not_exist(scene: Scene) -> None:
    eve = EVES[-1]  # who may do everything else: no role stands in front of the guard
    before = len(scene.world.app.runtime.facts("incident", scene.incident))
    for path in endpoints(scene.world, "POST"):
        if private.named_by(path):
            hidden, nothing = scene.api("POST", filled(path, scene.ids), eve, {}), scene.api("POST", filled(path, NOBODY), eve, {})
            assert hidden.status == nothing.status, f"{path}: {hidden.status} {hidden.text}, {nothing.status} {nothing.text}"
            assert hidden.status >= 400
            assert as_one(hidden.text, scene.ids) == as_one(nothing.text, NOBODY), path
    for path in pages(scene.world, "POST"):
        if private.named_by(path):
            hidden, nothing = scene.send_form(filled(path, scene.ids), {}, eve), scene.send_form(filled(path, NOBODY), {}, eve)
            assert hidden.status == nothing.status in (403, 404), f"{path}: {hidden.status}, {nothing.status}"
            assert as_one(hidden.text, scene.ids) == as_one(nothing.text, NOBODY), path
    assert len(scene.world.app.runtime.facts("incident", scene.incident)) == before


def test_a_command_that_names_it_in_a_field_is_answered_as_if_it_did_not_exist(scene: Scene) -> None:
    public = next(row["id"] for row in scene.api("GET", "/incidents", "eve-manager").json["incidents"])
    bodies: tuple[tuple[str, dict[str, Any], str, str], ...] = (
        (f"/incidents/{public}/merge", {"into": scene.incident}, "into", "/incidents"),
        (f"/incidents/{public}/alerts", {"alert": scene.ids["/alerts"]}, "alert", "/alerts"),
        ("/pages", {"title": "x", "targets": ["person:leo"], "incident": scene.incident}, "incident", "/incidents"),
        ("/incidents", {"title": "x", "alerts": [scene.ids["/alerts"]]}, "alerts", "/alerts"),
        (f"/incidents/{public}/entries", {"kind": "OBSERVATION", "text": "x", "attachments": [scene.ids["/blobs"]]}, "attachments", "/blobs"),
    )  # fmt: skip
    for path, body, field, kind in bodies:
        other = {**body, field: [NOBODY[kind]] if isinstance(body[field], list) else NOBODY[kind]}
        hidden, nothing = scene.api("POST", path, "eve-manager", body), scene.api("POST", path, "eve-manager", other)
        assert hidden.status == nothing.status >= 400, f"{path}: {hidden.text}"
        assert as_one(hidden.text, scene.ids) == as_one(nothing.text, NOBODY)


def test_who_is_named_sees_all_of_it(scene: Scene) -> None:
    for who in ("ina", "leo"):
        for path in ("/incidents", "/actions", "/groups?state=all", "/alerts", "/receipts", "/pages", f"/search?q={MARKER}"):
            answer = scene.api("GET", path, who)
            assert answer.status == 200
            assert scene.leaks(answer.text), path
        for kind in ("/incidents", "/actions", "/groups", "/alerts", "/receipts", "/pages", "/blobs"):
            assert scene.api("GET", f"{kind}/{scene.ids[kind]}", who).status == 200, kind
        for path in ("/", "/incidents", f"/search?q={MARKER}", f"/incidents/{scene.incident}"):
            assert scene.leaks(scene.page(path, who).text), path


def test_what_needs_no_sign_in_never_tells_of_it(scene: Scene) -> None:
    for path in [
        "/metrics",
        "/healthz",
        "/readyz",
        f"{PREFIX}/openapi.json",
        *(path for path in pages(scene.world, "GET") if path != "/live"),
    ]:
        answer = scene.world.page(filled(path, scene.ids), person="", headers={"authorization": "none"})
        assert answer.status < 500, path
        if "{" not in path:
            assert scene.leaks(answer.content.decode(errors="replace")) == [], path


def test_the_public_page_of_it_is_that_of_none(scene: Scene) -> None:
    hidden, nothing = (
        scene.world.page(f"/status/incidents/{name}", person="", headers={"authorization": "none"})
        for name in (scene.incident, "INC-20251027-NOBODY")
    )
    assert hidden.status == nothing.status
    assert as_one(hidden.text, scene.ids) == as_one(nothing.text, NOBODY)


def test_its_cursors_are_unknown(scene: Scene) -> None:
    for path, name in (("/incidents", scene.incident), ("/groups", scene.ids["/groups"])):
        hidden, nothing = (
            scene.api("GET", f"{path}?after={name}", "eve-manager"),
            scene.api("GET", f"{path}?after={NOBODY[path]}", "eve-manager"),
        )
        assert hidden.status == nothing.status == 422
        assert as_one(hidden.text, scene.ids) == as_one(nothing.text, NOBODY)


def test_the_live_feed_tells_only_who_may_read_it(scene: Scene) -> None:
    async def listen(who: str) -> bytes:
        heard = b""
        gone = asyncio.Event()
        headers = [(b"cookie", f"tocsin_token={scene.sessions[who]}".encode())]
        scope = {
            "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "GET", "scheme": "http", "path": "/live", "raw_path": b"/live",
            "query_string": b"", "root_path": "", "headers": headers, "client": ("test", 0), "server": ("test", 0),
        }  # fmt: skip

        async def receive() -> dict[str, Any]:
            await gone.wait()
            return {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            nonlocal heard
            heard += message.get("body", b"")

        stream = asyncio.create_task(scene.world.app.asgi(scope, receive, send))
        await asyncio.sleep(0.3)
        text = {"kind": "OBSERVATION", "text": f"more {MARKER}"}
        await asyncio.to_thread(scene.world.post, f"/incidents/{scene.incident}/entries", text, "leo")
        await asyncio.to_thread(scene.world.post, f"/groups/{scene.ids['/groups']}/acknowledge", {"person": "leo"}, "leo")
        await asyncio.to_thread(scene.world.post, f"/actions/{scene.ids['/actions']}/update", {"priority": ""}, "leo")
        for _ in range(40):
            await asyncio.sleep(0.05)
        gone.set()
        await stream
        return heard

    assert scene.incident.encode() in asyncio.run(listen("leo"))
    for eve in ("eve-viewer", "eve-administrator"):
        heard = asyncio.run(listen(eve)).decode()
        assert scene.leaks(heard) == [], heard


def test_messages_about_it_go_only_to_those_whom_it_names(scene: Scene) -> None:
    state = scene.world.app.runtime.state("incident", scene.incident)
    table = tables.deliveries
    streams = [f"incident:{scene.incident}", f"postmortem:{scene.incident}", f"action:{scene.ids['/actions']}"]
    with scene.world.app.runtime.reading() as reader:
        rows = reader.rows(select(table).where(table.c.stream.in_(streams), table.c.kind != "incident.update"))
    strangers = {row.target for row in rows if row.target.startswith("eve")}
    assert strangers == set()
    assert not {name for name in state.readers if name.startswith("eve")}


def test_every_address_says_whether_what_it_names_can_be_private(scene: Scene) -> None:
    unknown = []
    for path in (
        *(PREFIX + path for method in ("GET", "POST") for path in endpoints(scene.world, method)),
        *pages(scene.world, "GET"),
        *pages(scene.world, "POST"),
    ):
        if path.startswith(OUTSIDE):
            continue
        named = private.parts(path)
        if not named or any(before in private.ADDRESSES for before, _ in named):
            continue  # nothing is named, or all of it lies below a name that is guarded
        unknown += [f"{path}: {before}" for before, _ in named if before not in NEVER and not before.startswith("/settings")]
    assert not unknown, "Add these to web/private.py, or here if they can never belong to an incident:\n" + "\n".join(unknown)
