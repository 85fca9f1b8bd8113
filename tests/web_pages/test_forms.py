"""Forms work without a script: filled in, sent, and followed to where they lead."""

from __future__ import annotations

from tests.web_pages.test_pages import words
from tests.world import World, forms_of


def test_declaring_by_the_form_opens_the_incident(world: World) -> None:
    world.at("14:30")
    fields = {"title": "Checkout fails", "severity": "SEV-2", "service": "checkout", "impact": "Carts stay full", "started_at": "14:20"}
    answer = world.form("/declare", "/declare", fields, person="alice")
    assert answer.status == 303
    view = world.get(answer.headers["location"])
    assert (view["title"], view["severity"], view["service"], view["impact"], view["lead"]) == (
        "Checkout fails", "SEV-2", "checkout", "Carts stay full", "alice",
    )  # fmt: skip
    assert next(m["at"] for m in view["milestones"] if m["id"] == "impact_started") == "2025-10-27T14:20:00Z"


def test_a_refused_declaration_keeps_what_was_typed(world: World) -> None:
    answer = world.form("/declare", "/declare", {"title": "x" * 301, "impact": "Carts stay full", "service": "checkout"})
    assert answer.status == 422
    assert "Title has 301 characters, and at most 300 fit." in words(answer.text)
    assert "Carts stay full" in answer.text
    assert 'value="checkout"' in answer.text
    assert world.get("/incidents")["incidents"] == []


def test_an_entry_is_logged_back_dated_and_with_its_value(world: World) -> None:
    world.at("14:40")
    incident = world.declare()
    page = f"/incidents/{incident}"
    fields = {"kind": "OBSERVATION", "text": "Error rate 22 %", "at": "14:28", "measure": "error_rate", "value": "22"}
    answer = world.form(page, f"{page}/entries", fields, person="bob")
    assert answer.status == 303
    line = next(entry for entry in world.get(f"{page}/timeline") if entry.get("entry"))
    assert answer.headers["location"] == f"{page}#f{line['fact']}"
    assert (line["text"], line["by"], line["at"], line["data"]["reading"]["value"]) == (
        "Error rate 22 %",
        "bob",
        "2025-10-27T14:28:00Z",
        22,
    )
    world.form(page, f"{page}/entries", {"text": "five minutes back", "at": "5m ago"})
    assert any(entry["at"] == "2025-10-27T14:35:00Z" for entry in world.get(f"{page}/timeline") if entry.get("entry"))


def test_a_refused_entry_says_why_and_keeps_text_kind_and_time(world: World) -> None:
    incident = world.declare()
    page = f"/incidents/{incident}"
    answer = world.form(page, f"{page}/entries", {"kind": "ACTION", "text": "kept <text>", "at": "25:99"})
    assert answer.status == 422
    assert "'25:99' is not a time." in words(answer.text)
    assert "Write 14:20 (UTC)" in words(answer.text)
    again = next(form for form in forms_of(answer.text) if form.action == f"{page}/entries")
    assert (again.fields["kind"], again.fields["text"], again.fields["at"]) == ("ACTION", "kept <text>", "25:99")
    sent = world.send_form(f"{page}/entries", {**again.fields, "at": ""})
    assert sent.status == 303
    assert [entry["text"] for entry in world.get(f"{page}/timeline") if entry.get("entry")] == ["kept <text>"]


def test_a_form_sent_twice_counts_once_and_another_text_under_its_nonce_is_refused_without_loss(world: World) -> None:
    incident = world.declare()
    page = f"/incidents/{incident}"
    form = next(form for form in forms_of(world.page(page).text) if form.action == f"{page}/entries")
    body = {**form.fields, "text": "once"}
    assert [world.send_form(form.action, body).status for _ in range(2)] == [303, 303]
    other = world.send_form(form.action, {**body, "text": "another"})
    assert other.status in (409, 422)
    assert "another" in other.text
    assert [entry["text"] for entry in world.get(f"{page}/timeline") if entry.get("entry")] == ["once"]


def test_acknowledging_assigning_ticking_waiving_and_moving_by_forms_alone(world: World) -> None:
    world.at("14:30")
    incident = world.declare()
    page = f"/incidents/{incident}"
    assert world.form(page, f"{page}/acknowledge").status == 303
    assert not [form for form in forms_of(world.page(page).text) if form.action.endswith("/acknowledge")]
    role = next(
        i for i, f in enumerate(f for f in forms_of(world.page(page).text) if f.action == f"{page}/roles") if f.fields["role"] == "scribe"
    )
    assert world.form(page, f"{page}/roles", {"person": "@eve"}, number=role).status == 303
    assert next(r["person"] for r in world.get(page)["roles"] if r["role"] == "scribe") == "eve"
    assert world.form(page, f"{page}/stage").status == 303
    assert world.get(page)["stage"] == "mitigating"
    assert world.form(page, f"{page}/stage").status == 303
    assert world.get(page)["stage"] == "monitoring"
    tick = world.form(page, f"{page}/checks/tick", {"evidence": "p95 at 310 ms"})
    waive = world.form(page, f"{page}/checks/waive", {"item": "resolution.error_rate", "reason": "0.5 is close enough"})
    assert (tick.status, waive.status) == (303, 303)
    states = {item["id"]: item for item in world.get(page)["checklists"][0]["items"]}
    assert (states["resolution.latency"]["state"], states["resolution.latency"]["evidence"]) == ("ticked", "p95 at 310 ms")
    assert states["resolution.error_rate"]["state"] == "waived"


def test_a_gate_that_is_not_met_disables_its_button_and_refuses_whoever_sends_it_all_the_same(world: World) -> None:
    incident = world.declare()
    page = f"/incidents/{incident}"
    for stage in ("mitigating", "monitoring"):
        world.post(f"{page}/stage", {"stage": stage})
    shown = world.page(page).text
    assert "<button disabled>Move to Resolved</button>" in shown
    guard = next(form.fields for form in forms_of(shown) if form.action == f"{page}/stage")
    answer = world.send_form(f"{page}/stage", {"csrf": guard["csrf"], "nonce": "n1", "stage": "resolved", "confirm": "yes"})
    assert answer.status == 409
    assert "System stable for 15 minutes" in words(answer.text)
    assert world.get(page)["stage"] == "monitoring"


def test_a_duty_is_done_or_waived_by_its_forms(world: World) -> None:
    incident = world.declare()
    page = f"/incidents/{incident}"
    shown = forms_of(world.page(page).text)
    number = next(
        i for i, f in enumerate(f for f in shown if f.action == f"{page}/obligations/waive") if f.fields["obligation"] == "support_told"
    )
    assert world.form(page, f"{page}/obligations/waive", {"reason": "they told us"}, number=number).status == 303
    state = {duty["id"]: duty["state"] for duty in world.get(page)["obligations"]}
    assert state["support_told"] == "waived"


def test_a_waiver_needs_a_name_and_says_so(world: World) -> None:
    incident = world.declare()
    page = f"/incidents/{incident}"
    answer = world.form(page, f"{page}/checks/waive", {"reason": "because"}, person="")
    assert answer.status == 422
    assert "A waiver needs a named person." in words(answer.text)
    assert 'value="because"' in answer.text


def test_a_message_is_previewed_and_then_sent_to_its_audience(world: World) -> None:
    world.at("14:30")
    incident = world.declare(impact="Half of the payments fail")
    page = f"/incidents/{incident}/updates/customer_initial"
    first = world.page(page)
    assert "Payments do not work as they should" in first.text
    assert "Half of the payments fail" in first.text
    preview = world.form(page, page, {"f.headline": "Cards fail", "next": "30m", "do": "preview"})
    assert preview.status == 200
    assert "[SEV-1] Cards fail" in words(preview.text)
    assert "NEXT UPDATE: 15:00 UTC" in preview.text
    assert world.get(f"/incidents/{incident}")["updates"] == []
    fields = {
        "f.headline": "Cards fail",
        "f.impact": "- Cards are refused\n- Wallets too",
        "next": "own",
        "next_own": "15:10",
        "do": "send",
    }
    assert world.form(page, page, fields, person="diana").status == 303
    (update,) = world.get(f"/incidents/{incident}")["updates"]
    assert (update["message"], update["next_at"]) == ("customer_initial", "2025-10-27T15:10:00Z")
    assert any("- Cards are refused\n- Wallets too" in message["body"] for message in world.outbox())


def test_a_message_without_its_promise_is_refused_and_keeps_the_text(world: World) -> None:
    incident = world.declare()
    page = f"/incidents/{incident}/updates/room_update"
    answer = world.form(page, page, {"f.now": "We look at the pool", "next": "", "do": "send"})
    assert answer.status == 422
    assert "promises the next update" in words(answer.text)
    assert "We look at the pool" in answer.text


def test_the_address_of_a_form_leads_back_to_the_incident_when_it_is_only_looked_at(world: World) -> None:
    incident = world.declare()
    answer = world.page(f"/incidents/{incident}/entries")
    assert (answer.status, answer.headers["location"]) == (303, f"/incidents/{incident}")


def test_a_postmortem_is_drafted_read_and_written_by_its_page(world: World) -> None:
    world.at("14:30")
    incident = world.declare(started_at="2025-10-27T14:20:00Z")
    page = f"/incidents/{incident}/postmortem"
    assert "No postmortem yet" in world.page(page).text
    assert world.form(page, page, {"authors": "alice, bob"}).status == 303
    answer = world.form(f"{page}?edit=summary", f"{page}/sections", {"text": "It failed.\n\n<script>alert(1)</script>"})
    assert answer.status == 303
    shown = world.page(page).text
    assert "It failed." in shown
    assert "<script>alert" not in shown
