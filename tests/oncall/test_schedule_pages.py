"""The pages of a schedule as a browser without scripts uses them: lanes, overrides with undo, layers as a form, history, fairness."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.oncall.conftest import WEEKLY
from tests.settings.filling import filled
from tests.world import World
from tocsin.engine.errors import Refused
from tocsin.oncall.rota_forms import days_of, said_days
from tocsin.oncall.walltime import WEEKDAYS


def test_the_lanes_show_each_layer_and_who_is_on_call_in_words_too(payments: World) -> None:
    text = payments.page("/on-call/payments?zone=UTC", "bo").text
    assert "Bo: Mon 27 Oct 14:25 to Mon 3 Nov 08:00" in text
    assert text.count('role="row"') == 2
    assert " style=" not in text


def test_a_gap_is_hatched_named_and_counted(payments: World) -> None:
    office = {"zone": "UTC", "layers": [{"id": "day", "groups": [["ana"]], "hours": [{"start": "08:00", "end": "18:00"}]}]}
    payments.post("/schedules/office", office)
    text = payments.page("/on-call/office?span=1w&zone=UTC", "bo").text
    assert 'fill="url(#hatch-gap)"' in text
    assert "nobody: Mon 27 Oct 18:00 to Tue 28 Oct 08:00" in text
    assert "% covered" in text
    assert "Platform" not in payments.page("/on-call", "bo").text
    assert "nobody Mon 27 Oct" in payments.page("/on-call", "bo").text


@pytest.mark.parametrize(("span", "days"), [("1w", 7), ("2w", 14), ("4w", 28), ("month", 35), ("nonsense", 14)])
def test_the_days_shown_are_whole_weeks(payments: World, span: str, days: int) -> None:
    assert payments.page(f"/on-call/payments?span={span}&from=2025-10-27", "bo").text.count('class="week-day"') == days


def test_the_page_can_be_read_on_the_clock_of_anybody_in_it(payments: World) -> None:
    text = payments.page("/on-call/payments?zone=America/Chicago", "ana").text
    assert "Bo: Mon 27 Oct 09:25 to Mon 3 Nov 02:00" in text
    assert payments.page("/on-call/payments?zone=Mars/Olympus", "ana").status == 200


def test_what_an_override_would_change_is_said_before_it_is_made(payments: World) -> None:
    payments.post("/people/cy/absences", {"start": "2025-10-28T00:00:00Z", "end": "2025-10-29T00:00:00Z", "why": "leave"}, person="cy")
    asked = "start=2025-10-28T09:00&end=2025-10-28T17:00&zone=UTC&person=cy"
    text = payments.page(f"/on-call/payments/effect?{asked}", "bo").text
    assert "Cy takes over from Bo" in text
    assert "Tue 28 Oct 09:00 to Tue 28 Oct 17:00" in text
    assert "Cy is away" in text
    assert "No way to reach Cy was ever proved." in text
    wrong = payments.page("/on-call/payments/effect?start=2025-10-28T09:00&end=2025-10-28T08:00&zone=UTC&person=cy", "bo").text
    assert "ends before it begins" in wrong
    assert "<html" not in text


def test_after_an_override_the_page_says_what_was_done_and_undoes_it(payments: World) -> None:
    fields = {"start": "2025-10-28T09:00", "end": "2025-10-28T17:00", "person": "cy", "zone": "UTC"}
    sent = payments.form("/on-call/payments", "/on-call/payments/override", fields, person="bo")
    assert sent.status == 303
    where = sent.headers["location"]
    assert "done=OV-" in where
    text = payments.page(where, "bo").text
    assert "Undo" in text
    assert payments.get("/schedules/payments/on-call", at="2025-10-28T12:00:00Z")["lines"][0]["on_call"][0]["person"] == "cy"
    assert payments.form(where, "/on-call/payments/override/remove", person="bo").status == 303
    assert payments.get("/schedules/payments/on-call", at="2025-10-28T12:00:00Z")["lines"][0]["on_call"][0]["person"] == "bo"


def test_layers_that_are_saved_unchanged_make_no_new_version(payments: World) -> None:
    rich = {
        **WEEKLY,
        "layers": [
            *WEEKLY["layers"],
            {"id": "night", "groups": [["ana", "bo"], ["cy"]], "start": "2025-10-20T20:00", "unit": "day", "every": 2, "priority": 3, "zone": "Asia/Tokyo",
             "hours": [{"start": "20:00", "end": "06:00", "days": ["mon", "tue", "fri"]}, {"start": "00:00", "lasts": "2d", "days": ["sat"]}], "holidays": "off",
             "role": "night", "ahead": 1, "until": "2027-01-01T00:00:00Z"},
        ],
        "holidays": ["2025-12-25"], "absent": "gap", "tell_before": "1d", "hand_off_summary": False, "about": "Who is called",
    }  # fmt: skip
    payments.post("/schedules/payments", rich)
    before = payments.get("/schedules/payments")
    assert filled(payments, "/on-call/payments/edit", "/on-call/payments/edit").status == 303
    after = payments.get("/schedules/payments")
    same = ("layers", "holidays", "absent", "tell_before", "hand_off_summary", "about", "zone", "name", "version")
    assert {name: after[name] for name in same} == {name: before[name] for name in same}


def test_a_schedule_is_made_in_the_browser_by_names(payments: World) -> None:
    fields = {"name": "Night watch", "zone": "Europe/Berlin", "l0_people": "Ana + Bo", "l0_start": "2025-10-20T09:00"}
    assert payments.form("/on-call/new", "/on-call/new", fields).headers["location"] == "/on-call/night-watch"
    assert payments.get("/schedules/night-watch")["layers"][0]["groups"] == [["ana", "bo"]]


def test_a_form_that_cannot_be_saved_says_why_and_keeps_what_was_typed(payments: World) -> None:
    wrong = filled(payments, "/on-call/payments/edit", "/on-call/payments/edit", {"l0_start": "soon", "name": "Cards"})
    assert wrong.status == 422
    assert "layers[0].start" in wrong.text
    assert 'value="Cards"' in wrong.text
    taken = payments.form("/on-call/new", "/on-call/new", {"name": "Payments", "l0_people": "ana"})
    assert taken.status == 409
    reserved = payments.form("/on-call/new", "/on-call/new", {"name": "Reach", "l0_people": "ana"})
    assert "a page has this address" in reserved.text


def test_the_preview_shows_the_next_weeks_and_saves_nothing(payments: World) -> None:
    page, before = "/on-call/payments/edit", payments.get("/schedules/payments")["version"]
    answer = filled(payments, page, page, {"l0_people": "cy"}, to="/on-call/preview")
    assert answer.status == 200
    assert "Cy: " in answer.text
    assert "<html" not in answer.text
    assert filled(payments, page, page, {"l0_every": "often"}, to="/on-call/preview").text.count("whole number") == 1
    assert payments.get("/schedules/payments")["version"] == before


def test_an_earlier_version_is_put_back(payments: World) -> None:
    payments.post("/schedules/payments", {**WEEKLY, "name": "Cards"}, person="bo")
    text = payments.page("/on-call/payments/history").text
    assert re.search(r"Version \d</b>.*by <bdi>Bo</bdi>", text)
    assert "Payments</del>" in text
    payments.form("/on-call/payments/history", "/on-call/payments/restore")
    assert payments.get("/schedules/payments")["name"] == "Payments"


def test_what_was_decided_is_told_in_sentences(payments: World) -> None:
    payments.post(
        "/schedules/payments/overrides",
        {"start": "2025-10-28T09:00:00Z", "end": "2025-10-28T17:00:00Z", "person": "cy", "why": "dentist"},
        person="bo",
    )
    text = payments.page("/on-call/payments/history").text
    assert "Cy, Tue 28 Oct 10:00 to Tue 28 Oct 18:00" in text
    assert "dentist" in text


def test_fairness_is_a_chart_with_its_table(payments: World) -> None:
    text = payments.page("/on-call/payments/fairness").text
    assert text.count('class="fair-hours"') == 3
    assert '<th scope="row"><bdi>Ana</bdi></th>' in text
    assert payments.page("/on-call/payments/fairness?period=coming&month=2025-09").status == 200


def test_my_page_shows_how_long_it_is_until_my_shift_and_a_shift_is_given_away_from_it(payments: World) -> None:
    assert "You are on call" in payments.page("/on-call/mine", "bo").text
    text = payments.page("/on-call/mine", "cy").text
    assert "Next: in 7 days" in text
    assert payments.form("/on-call/mine", "/on-call/my/offer", {"why": "wedding"}, person="cy").status == 303
    assert "wedding" in payments.page("/on-call/mine", "ana").text


@given(st.sets(st.sampled_from(WEEKDAYS), min_size=1))
def test_days_read_as_they_are_written(days: set[str]) -> None:
    assert set(days_of(said_days(sorted(days, key=WEEKDAYS.index)))) == days


def test_days_that_wrap_around_and_words_that_are_none() -> None:
    assert set(days_of("fri-mon")) == {"fri", "sat", "sun", "mon"}
    with pytest.raises(Refused, match="no day"):
        days_of("someday")


@pytest.mark.parametrize(("to", "said"), [("ana", "Ana is asked to take over from Bo"), ("", "Everybody is asked to take over from Bo")])
def test_after_a_shift_is_offered_the_page_says_who_is_asked_and_undoes_it(payments: World, to: str, said: str) -> None:
    fields = {"start": "2025-10-28T09:00", "end": "2025-10-28T17:00", "person": "bo", "to": to, "zone": "UTC"}
    where = payments.form("/on-call/payments", "/on-call/payments/offer", fields, person="bo").headers["location"]
    text = payments.page(where, "bo").text
    assert said in text
    assert "Tue 28 Oct 09:00 to Tue 28 Oct 17:00" in text
    assert "<button>Undo</button>" in text
    assert payments.form(where, "/on-call/payments/offer/withdraw", person="bo").status == 303
    assert said not in payments.page(where, "bo").text


@pytest.mark.parametrize(
    ("to", "said"), [("ana", "<bdi>Ana</bdi> is asked to take your shift in"), ("", "Everybody is asked to take your shift in")]
)
def test_my_page_says_what_was_offered_to_whom_and_takes_it_back(payments: World, to: str, said: str) -> None:
    fields = {"start": "2025-11-03T09:00", "end": "2025-11-04T09:00", "to": to}
    where = payments.form("/on-call/mine", "/on-call/my/offer", fields, person="cy").headers["location"]
    text = payments.page(where, "cy").text
    assert said in text
    assert "Mon 3 Nov 09:00 to Tue 4 Nov 09:00" in text
    assert "You stay on call until it is taken." in text
    after = payments.form(where, "/on-call/payments/offer/withdraw", person="cy").headers["location"]
    text = payments.page(after, "cy").text
    assert "You keep your shift in" in text
    assert "Nobody is asked any more." in text
    assert not payments.get("/schedules/payments")["offers"]


def test_whoever_takes_or_declines_a_shift_reads_what_that_means(payments: World) -> None:
    fields = {"start": "2025-11-03T09:00", "end": "2025-11-04T09:00", "to": "ana"}
    for verb, answered, told in (
        ("decline", "You declined the shift of <bdi>Cy</bdi> in", "<bdi>Ana</bdi> declined your shift in"),
        ("take", "You take the shift of <bdi>Cy</bdi> in", "<bdi>Ana</bdi> takes your shift in"),
    ):
        offered = payments.form("/on-call/mine", "/on-call/my/offer", fields, person="cy").headers["location"]
        after = payments.form("/on-call/mine", f"/on-call/payments/offer/{verb}", person="ana").headers["location"]
        assert answered in payments.page(after, "ana").text
        text = payments.page(offered, "cy").text
        assert told in text
        assert "<button>Undo</button>" not in text


def test_an_offer_that_is_refused_stays_on_my_page_with_what_was_typed(payments: World) -> None:
    wrong = payments.form("/on-call/mine", "/on-call/my/offer", {"end": "2025-11-03T08:00", "why": "a wedding"}, person="cy")
    assert wrong.status == 422
    assert '<details class="shift-give" open>' in wrong.text
    assert 'value="2025-11-03T08:00"' in wrong.text
    assert wrong.text.count('value="a wedding"') == 1
    assert payments.page("/on-call/mine?of=payments&offer=nothing", "cy").status == 200
    assert payments.page("/on-call/mine?of=nothing&offer=nothing", "cy").status == 200
