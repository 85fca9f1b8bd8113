"""What protects the pages: the policy on every answer, nothing inline, everything escaped, forms that only our pages make."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.world import World, forms_of
from tocsin.web.security import POLICY

SOURCE = Path(__file__).resolve().parents[2] / "src" / "tocsin"
TEMPLATES = sorted(SOURCE.glob("*/templates/*.html"))
INLINE = re.compile(r"<style\b|\sstyle\s*=|\son[a-z]+\s*=\s*[\"']|javascript:|<script(?![^>]*\ssrc=)[^>]*>|<base\b", re.IGNORECASE)
OUTSIDE = re.compile(r"<(?!a\s)[a-z]+\b[^>]*\s(?:src|href|action|data-feed)\s*=\s*[\"'](?:https?:)?//", re.IGNORECASE)
"""What a page would load or send elsewhere; a link that a person may follow is none of it."""

HOSTILE = "\"><script>alert(1)</script><img src=x onerror=alert(2)>'{{7*7}}"
NAMES = ("山田太郎", "محمد الأمين", "Ada \u202egnissik")


def pages(incident: str) -> list[str]:
    return [
        "/", "/incidents", "/alerts", "/declare", "/sign-in", "/playbooks", "/playbooks/payments-sev1", "/playbooks/payments-sev1/text",
        f"/incidents/{incident}", f"/incidents/{incident}?at=2025-10-27T14:40Z", f"/incidents/{incident}/updates/room_update",
        f"/incidents/{incident}/postmortem", "/nowhere",
    ]  # fmt: skip


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: f"{path.parts[-3]}/{path.name}")
def test_no_template_has_script_or_style_inside_or_loads_from_elsewhere(template: Path) -> None:
    text = template.read_text(encoding="utf-8")
    assert not INLINE.search(text)
    assert not OUTSIDE.search(text)


def test_there_are_templates_to_look_at() -> None:
    assert {path.parts[-3] for path in TEMPLATES} >= {"web", "incidents", "playbooks", "postmortems", "alerts"}


def test_every_page_carries_the_strict_policy_and_holds_to_it(world: World) -> None:
    world.at("14:40")
    incident = world.declare()
    for path in pages(incident):
        answer = world.page(path)
        assert answer.headers["content-security-policy"] == POLICY, path
        assert answer.headers["x-content-type-options"] == "nosniff", path
        assert not INLINE.search(answer.text), path
        assert not OUTSIDE.search(answer.text), path
    assert "unsafe" not in POLICY
    assert POLICY.startswith("default-src 'none'")


def test_scripts_and_styles_hold_no_way_around_the_policy() -> None:
    for path in (SOURCE / "web" / "static").iterdir():
        if path.suffix == ".png" or path.is_dir():  # the libraries of others are held by the policy itself
            continue
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"\beval\(|new Function|innerHTML\s*=|insertAdjacentHTML|document\.write|@import|url\(", text), path.name
        assert "http://" not in text.replace("http://www.w3.org/2000/svg", ""), path.name
        assert "https://" not in text, path.name


def test_whatever_people_type_is_shown_as_text(world: World) -> None:
    world.at("14:30")
    incident = world.declare(title=f"{HOSTILE} {'x' * 120}", impact=HOSTILE, service="a<b>")
    page = f"/incidents/{incident}"
    world.post(f"{page}/entries", {"kind": "OBSERVATION", "text": HOSTILE, "by": "<i>mallory</i>"})
    world.post(f"{page}/roles", {"role": "scribe", "person": "<u>eve</u>"})
    world.post(f"{page}/links", {"link": {"system": "tracker", "id": "<x>", "url": "javascript:alert(3)"}})
    world.post(f"{page}/severity", {"severity": "SEV-2", "reason": HOSTILE})
    world.at("14:40")
    for path in pages(incident):
        shown = world.page(path).text
        assert "<script>alert" not in shown, path
        assert "<img src=x" not in shown, path
        assert "<i>mallory" not in shown, path
        assert "<u>eve" not in shown, path
        assert 'href="javascript:' not in shown, path
        assert "49" not in re.findall(r"alert\(2\)&gt;&#39;(\S{2})", shown), path
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in world.page(page).text


def test_names_and_titles_of_every_script_are_shown_whole_and_isolated(world: World) -> None:
    for name in NAMES:
        title = f"{name}: {'とても長い' * 30}"[:120]
        answer = world.form("/declare", "/declare", {"title": title}, person=name)
        assert answer.status == 303
        page = world.page(answer.headers["location"], person=name).text
        assert title in page
        written = "".join(letter for letter in name if letter.isprintable())  # a name cannot turn what stands beside it
        assert f"<bdi>{written}</bdi>" in page
        assert f'<h1 dir="auto">{title}</h1>' in page
        assert world.get(answer.headers["location"])["lead"] == written


def test_a_form_without_the_token_of_a_page_of_ours_does_nothing(world: World) -> None:
    incident = world.declare()
    page = f"/incidents/{incident}"
    form = next(form for form in forms_of(world.page(page).text) if form.action == f"{page}/entries")
    for token in ("", "0" * 40, form.fields["csrf"][:-1]):
        body = (
            {name: value for name, value in form.fields.items() if name != "csrf"} | {"text": "forged"} | ({"csrf": token} if token else {})
        )
        answer = world.send_form(f"{page}/entries", body)
        assert answer.status == 403
        assert "nothing was done" in answer.text
    assert not [entry for entry in world.get(f"{page}/timeline") if entry.get("entry")]


def test_the_token_of_one_session_is_no_good_in_another(world: World) -> None:
    incident = world.declare()
    page = f"/incidents/{incident}"
    mine = {"cookie": f"tocsin_token={world.app.runtime.sessions.open('alice')}"}
    theirs = {"cookie": f"tocsin_token={world.app.runtime.sessions.open('alice')}"}
    form = next(form for form in forms_of(world.page(page, headers=mine).text) if form.action == f"{page}/entries")
    body = {**form.fields, "text": "crossed"}
    assert world.send_form(form.action, body, headers=theirs).status == 403
    assert world.send_form(form.action, body, headers=mine).status == 303


def test_what_another_site_sends_with_our_cookie_is_refused_before_anything_reads_it(world: World) -> None:
    incident = world.declare()
    for site in ("cross-site", "same-site"):
        answer = world.send(
            "POST",
            f"/incidents/{incident}/entries",
            {"kind": "OBSERVATION", "text": "forged"},
            headers={"cookie": "a=b", "sec-fetch-site": site},
        )
        assert answer.status == 403
    own = world.send(
        "POST", f"/incidents/{incident}/entries", {"kind": "OBSERVATION", "text": "ours"},
        headers={"cookie": "a=b", "sec-fetch-site": "same-origin"},
    )  # fmt: skip
    assert own.status == 200


def test_files_are_kept_for_ever_under_the_hash_of_their_content(world: World) -> None:
    page = world.page("/").text
    found = re.findall(r'(?:href|src)="(/static/[^"]+)"', page)
    assert len(found) >= 5
    for path in found:
        answer = world.page(path, person="")
        assert answer.status == 200
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert re.fullmatch(r"/static/[a-z.-]+\.[0-9a-f]{12}\.(css|js|svg)", path)
    assert world.page("/static/base.000000000000.css").status == 404
    assert world.page("/static/..%2f..%2fapp.py").status == 404


@pytest.mark.parametrize(
    ("origin", "status"), [("http://tools.intranet.example", 403), ("http://intranet.example", 201), ("", 201), ("null", 201)]
)
def test_over_plain_http_the_origin_tells_another_site(world: World, origin: str, status: int) -> None:
    headers = {"cookie": "a=b", "host": "intranet.example", "content-type": "text/plain", **({"origin": origin} if origin else {})}
    answer = world.send("POST", "/incidents", {"title": "By another site"}, headers=headers)
    assert answer.status == status
    assert len(world.get("/incidents")["incidents"]) == (status == 201)
