"""Declaring: the questions give the level, the button says what it does, what is open already is shown, and what is private stays so."""

from __future__ import annotations

from urllib.parse import urlencode

from tests.web_pages.test_mended import fire
from tests.web_pages.test_pages import words
from tests.world import World, forms_of


def level(world: World, **asked: str) -> str:
    """Return what the page says of the level by these fields."""
    return words(world.page("/declare/level?" + urlencode({"playbook": "house", **asked})).text)


def test_the_answers_give_the_level_with_its_reasons_and_what_would_make_it_worse(world: World) -> None:
    said = level(world, **{"q.users_percent": "80", "q.core_function": "yes", "q.danger": "no", "q.breach": "no", "q.data": "safe"})
    assert "SEV0" in said
    assert "a core function fails for 75 % of users or more" in said
    milder = level(world, **{"q.users_percent": "30", "q.core_function": "yes", "q.danger": "no", "q.breach": "no", "q.data": "safe"})
    assert "SEV1 Critical by the answers" in milder
    assert "It would be SEV0 if" in milder


def test_an_answer_that_cannot_be_used_is_named_by_its_question(world: World) -> None:
    said = level(world, **{"q.users_percent": "many"})
    assert "“For what share of users does it fail right now?” has an answer that cannot be used" in said
    answer = world.form("/declare?playbook=house", "/declare", {"title": "Something", "q.users_percent": "many"})
    assert answer.status == 422
    assert 'value="many"' in answer.text


def test_the_button_says_whom_it_pages(world: World) -> None:
    for person in ("ana", "bo"):
        world.post(f"/people/{person}", {"name": person.capitalize(), "contacts": [{"kind": "file", "value": person}]})
    world.post("/teams/on_call", {"name": "On call", "members": ["ana", "bo"]})
    said = words(world.page("/declare?playbook=payments-sev1").text)
    if "Pages nobody" in said:  # the playbook names other roles
        assert "nobody stands for" in said
    else:
        assert said.endswith("and page 2 people")
    nobody = level(world, severity="SEV4")
    assert "Pages nobody" in nobody
    assert nobody.endswith("Declare SEV4")


def test_the_level_that_the_answers_lead_to_is_declared_with_its_reasons(world: World) -> None:
    fields = {
        "title": "Half of the users cannot pay",
        "q.users_percent": "50",
        "q.core_function": "yes",
        "q.danger": "no",
        "q.breach": "no",
        "q.data": "safe",
    }
    answer = world.form("/declare?playbook=house", "/declare", fields)
    assert answer.status == 303
    view = world.get(answer.headers["location"])
    assert view["severity"] == "SEV1"
    chosen = world.form("/declare?playbook=house", "/declare", {"title": "A logo is wrong", "severity": "SEV4"})
    assert world.get(chosen.headers["location"])["severity"] == "SEV4"


def test_what_is_open_already_is_shown_by_service_and_by_words_and_only_to_who_may_read_it(world: World) -> None:
    same = world.declare(title="Card payments fail", service="payment-api")
    world.declare(title="The wiki is gone", service="wiki")
    secret = world.declare(title="Card data may have leaked", service="payment-api", private=True)
    by_service = world.page("/declare/similar?service=payment-api", person="zoe").text
    assert f'href="/incidents/{same}"' in by_service
    assert "The wiki is gone" not in by_service
    assert secret not in by_service
    by_words = world.page("/declare/similar?title=Payments+with+cards+refused", person="zoe").text
    assert f'href="/incidents/{same}"' in by_words
    assert "similar words" in by_words


def test_an_alert_is_attached_to_an_incident_that_is_open_instead(world: World) -> None:
    incident = world.declare(title="Payments fail", service="payment-api")
    alert = fire(world, service="payment-api")
    page = world.page(f"/declare?alert={alert}").text
    assert 'formaction="/declare/attach"' in page
    form = next(one for one in forms_of(page) if one.action == "/declare")
    answer = world.send_form("/declare/attach", {**form.fields, "incident": incident})
    assert answer.headers["location"] == f"/incidents/{incident}"
    assert [one["id"] for one in world.get(f"/incidents/{incident}")["alerts"]] == [alert]


def test_alerts_that_fire_for_the_service_can_be_ticked_so_that_they_belong_to_it(world: World) -> None:
    alert = fire(world, service="payment-api")
    shown = world.page("/declare/similar?service=payment-api").text
    assert f'name="alert" value="{alert}"' in shown
    answer = world.form("/declare", "/declare", {"title": "Payments fail", "service": "payment-api", "alert": alert})
    assert [one["id"] for one in world.get(answer.headers["location"])["alerts"]] == [alert]


def test_private_says_who_reads_it_and_holds_for_everybody_else(world: World) -> None:
    assert "That holds for administrators, too." in words(world.page("/declare").text)
    answer = world.form("/declare", "/declare", {"title": "Somebody took data", "private": "1"}, person="ana")
    incident = answer.headers["location"]
    assert world.page(incident, person="ana").status == 200
    assert world.page(incident, person="zoe").status == 404
    assert "Somebody took data" not in world.page("/incidents", person="zoe").text
    assert "Somebody took data" not in world.page("/", person="zoe").text


def test_a_dialog_gets_the_form_without_the_frame_around_it(world: World) -> None:
    part = world.page("/declare", headers={"x-tocsin-part": "dialog"}).text
    assert "<nav" not in part
    assert 'id="declare-title"' in part
    assert [form.action for form in forms_of(part)] == ["/declare"]


def test_the_questions_follow_the_service_and_stay_where_they_are_already_the_right_ones(world: World) -> None:
    world.post("/services/shop", {"name": "Shop", "playbook": "compact"})
    world.post("/services/ledger", {"name": "Ledger"})
    follow = "/declare/questions?" + urlencode({"follow": "1", "playbook": "house"})
    assert world.page(follow + "&service=ledger").status == 204
    assert world.page(follow + "&service=nobody-knows").status == 204
    other = world.page(follow + "&service=shop")
    assert other.status == 200
    assert '<option value="compact" selected>' in other.text
    by_hand = world.page("/declare/questions?" + urlencode({"playbook": "house", "service": "shop"}))
    assert '<option value="house" selected>' in by_hand.text


def test_it_says_whether_the_answers_the_rule_for_doubt_or_a_gap_decided(world: World) -> None:
    half = words(world.page("/declare/level?" + urlencode({"playbook": "service-levels", "q.users_percent": "30"})).text)
    assert "P2" in half
    assert "by the answers More than a quarter of the users is affected." in half
    assert "doubt" not in half
    hole = words(world.page("/declare/level?" + urlencode({"playbook": "service-levels", "q.users_percent": "18"})).text)
    assert "by the rule for doubt “What share of the users is affected?” 18 % falls into a gap: no rule covers 10 % to 25 %." in hole
    assert "The scale has a hole between 10 % and 25 % of the users." in hole
    assert "Not known yet: “Is the service unavailable" in hole
    nothing = words(world.page("/declare/level?" + urlencode({"playbook": "service-levels"})).text)
    assert "falls into a gap" not in nothing
    assert "by the rule for doubt" in nothing


def test_what_was_answered_about_the_level_is_not_asked_again_where_the_assessment_asks_the_same(world: World) -> None:
    fields = {
        "title": "Reports do not open",
        "q.what_broken": "the reports",
        "q.customers_affected": "some",
        "q.core_function": "no",
        "q.workaround": "",
    }
    answer = world.form("/declare?playbook=nine-stage", "/declare", fields)
    view = world.get(answer.headers["location"])
    assert view["assessment"] == {"what_broken": "the reports", "customers_affected": "some", "core_function": "no"}
    page = world.page(answer.headers["location"]).text
    asked = next(form for form in forms_of(page) if form.action.endswith("/assessment")).fields
    assert list(asked)[2:6] == ["a.workaround", "a.when_started", "a.what_changed", "a.systems_affected"]
    other = world.form("/declare?playbook=compact", "/declare", {"title": "Something", "q.data_loss": "no"})
    assert world.get(other.headers["location"])["assessment"] == {}
