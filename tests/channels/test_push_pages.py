"""The page that makes a browser a device, and what an installed application is made of."""

from __future__ import annotations

import json
from typing import Any

from tests.channels.servers.push import Browser
from tests.world import World

ENDPOINT = "https://push.example.com/send/abc"


def contacts(world: World, person: str = "ana") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = world.get(f"/people/{person}")["contacts"]
    return found


def subscribe(world: World, value: str, device: str = "Ana's phone") -> Any:
    return world.form("/push", "/push/subscribe", {"subscription": value, "device": device}, person="ana")


def test_a_subscription_becomes_one_of_the_persons_ways(world: World) -> None:
    world.post("/people/ana", {"name": "Ana", "contacts": [{"kind": "email", "value": "ana@example.com"}], "zone": "Europe/Lisbon"})
    value = Browser().subscription(ENDPOINT)
    assert subscribe(world, value).status == 303
    email, push = contacts(world)
    assert (email["kind"], push["kind"], push["id"]) == ("email", "push", "push-ana-s-phone")
    assert json.loads(push["value"])["endpoint"] == ENDPOINT
    assert world.get("/people/ana")["zone"] == "Europe/Lisbon"
    shown = world.page("/push", "ana").text
    assert "push-ana-s-phone" in shown
    assert "push.example.com" in shown
    assert "not proved yet" in shown


def test_the_same_browser_again_takes_its_own_place(world: World) -> None:
    subscribe(world, Browser().subscription(ENDPOINT))
    newer = Browser().subscription(ENDPOINT)
    subscribe(world, newer)
    assert [one["value"] for one in contacts(world)] == [newer]
    subscribe(world, Browser().subscription(ENDPOINT + "2"))
    assert [one["id"] for one in contacts(world)] == ["push-ana-s-phone", "push-ana-s-phone-2"]


def test_the_page_gives_the_browser_the_key_that_messages_are_signed_with(world: World) -> None:
    from tocsin.channels.push.client import public_key

    key = world.app.runtime.channels["push"]._private_key()  # type: ignore[attr-defined]
    assert f'data-key="{public_key(key)}"' in world.page("/push", "ana").text
    world.restart()
    assert f'data-key="{public_key(key)}"' in world.page("/push", "ana").text


def test_what_is_no_subscription_is_refused_on_the_page(world: World) -> None:
    for value in ("", "{}", '{"endpoint": "javascript:x", "keys": {"p256dh": "a", "auth": "b"}}'):
        answer = subscribe(world, value)
        assert answer.status == 422
        assert "cannot be used" in answer.text


def test_a_device_can_be_removed_with_the_rules_that_name_it(world: World) -> None:
    world.post("/people/ana", {"name": "Ana", "contacts": [{"kind": "file", "value": "ana"}]})
    subscribe(world, Browser().subscription(ENDPOINT))
    saved = world.get("/people/ana")
    ways = [{name: one[name] for name in ("kind", "value", "id")} for one in saved["contacts"]]
    world.post(
        "/people/ana", {"name": "Ana", "contacts": ways, "rules": [{"contact": "push-ana-s-phone"}, {"contact": "file", "after": "5m"}]}
    )
    assert world.form("/push", "/push/remove", person="ana").status == 303
    assert [one["kind"] for one in contacts(world)] == ["file"]


def test_a_code_is_sent_and_proves_the_device(world: World) -> None:
    subscribe(world, Browser().subscription(ENDPOINT))
    wrong = world.form("/push", "/push/confirm", {"code": "WRONG1"}, person="ana")
    assert wrong.status == 422
    assert "tries are left" in wrong.text


def test_a_browser_whose_subscription_was_renewed_stays_a_device(world: World) -> None:
    browser = Browser()
    old, new = browser.subscription(ENDPOINT), Browser().subscription(ENDPOINT + "/new")
    subscribe(world, old)
    assert renew(world, browser.subscription(ENDPOINT + "/unknown"), new) == 404
    assert renew(world, Browser(browser.private, b"another secret!!").subscription(ENDPOINT), new) == 404
    assert renew(world, old, "nonsense") == 422
    assert renew(world, old, new) == 204
    assert [one["value"] for one in contacts(world)] == [new]


def renew(world: World, old: str, new: str) -> int:
    import asyncio

    body = json.dumps({"old": old, "new": new}).encode()
    return asyncio.run(world._call("POST", "/push/renew", {"content-type": "application/json"}, body)).status


def test_a_form_of_another_site_cannot_renew(world: World) -> None:
    import asyncio

    assert asyncio.run(world._call("POST", "/push/renew", {"content-type": "text/plain"}, b"{}")).status == 422


def test_it_can_be_installed_on_a_telephone(world: World) -> None:
    manifest = world.page("/manifest.webmanifest", "")
    assert manifest.headers["content-type"] == "application/manifest+json"
    assert manifest.json["display"] == "standalone"
    for icon in manifest.json["icons"]:
        found = world.page(icon["src"], "")
        assert found.headers["content-type"] == "image/png"
        size = int(icon["sizes"].split("x")[0])
        assert int.from_bytes(found.content[16:20], "big") == int.from_bytes(found.content[20:24], "big") == size
    assert 'rel="manifest"' in world.page("/", "ana").text
    assert 'rel="apple-touch-icon"' in world.page("/", "ana").text


def test_the_service_worker_is_served_for_the_whole_site_and_never_stale(world: World) -> None:
    worker = world.page("/sw.js", "")
    assert worker.headers["content-type"].startswith("text/javascript")
    assert worker.headers["service-worker-allowed"] == "/"
    assert worker.headers["cache-control"] == "no-cache"
    for part in ("notificationclick", "pushsubscriptionchange", 'method: "POST"', 'credentials: "omit"'):
        assert part in worker.text


def test_who_acts_as_nobody_has_no_devices(world: World) -> None:
    shown = world.page("/push", "")
    assert "Sign in under a person" in shown.text
