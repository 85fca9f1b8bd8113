"""The pages of escalation policies: a ladder with names, holes beside their step, a form that saves what the API would."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.settings.filling import filled
from tests.world import World

PAGE = "/settings/policies/pay"
STEPS = [
    {"to": ["schedule:duty"], "wait": "5m"},
    {"to": ["schedule:duty#next", "team:core"], "wait": "10m", "pick": "in_turn", "acknowledgements": 2, "only": {"from": "08:00", "to": "18:00", "days": ["mon", "tue"], "zone": "Europe/Berlin", "otherwise": "skip"}},
    {"to": ["person:ana"], "at_age": "30m", "urgency": "high", "note": "the manager", "name": "manager", "from": "procedure, line 7"},
]  # fmt: skip


@pytest.fixture
def paged(tmp_path: Path) -> Iterator[World]:
    """An installation with two people, a schedule, a team and a policy."""
    world = World(tmp_path / "data")
    world.post("/teams/core", {"name": "Core"})
    for person in ("ana", "bo"):
        world.post(f"/people/{person}", {"name": person.title(), "teams": ["core"], "contacts": [{"kind": "file", "value": person}]})
    world.post("/schedules/duty", {"name": "Duty", "layers": [{"id": "w", "groups": [["ana"], ["bo"]], "start": "2025-10-20T09:00"}]})
    world.post(
        "/policies/pay", {"name": "Payments", "steps": STEPS, "last_resort": ["person:bo"], "repeat": 1, "waive": "known"}, person="ana"
    )
    yield world
    world.close()


def test_the_ladder_names_who_each_step_is_right_now(paged: World) -> None:
    text = paged.page(PAGE).text
    assert "on call in Duty" in text
    assert "<bdi>Bo</bdi>" in text
    assert "everybody in Core" in text
    assert "Last resort" in text
    assert "has no way that was proved" in text


def test_another_moment_can_be_asked_for_and_what_happens_if_nobody_answers(paged: World) -> None:
    text = paged.page(f"{PAGE}?at=2025-11-04T03:00").text
    assert "Who that is at Tue 4 Nov 03:00" in text
    assert "What happens if nobody answers" in text
    assert paged.page(f"{PAGE}?at=never").status == 200


def test_a_form_that_is_sent_unchanged_makes_no_new_version(paged: World) -> None:
    before = paged.get("/policies/pay")
    assert filled(paged, PAGE, f"{PAGE}/save", person="ana").status == 303
    assert paged.get("/policies/pay") == before


def test_a_step_that_reaches_nobody_is_refused_until_somebody_accepts_it_by_name(paged: World) -> None:
    wrong = filled(paged, PAGE, f"{PAGE}/save", {"s0_to": "schedule:nothing", "waive": ""}, person="ana")
    assert wrong.status == 422
    assert "Accept that a step reaches nobody" in wrong.text
    assert 'value="schedule:nothing"' in wrong.text
    assert filled(paged, PAGE, f"{PAGE}/save", {"s0_to": "schedule:nothing", "waive": "until Friday"}, person="ana").status == 303
    text = paged.page(PAGE).text
    assert "Reaches nobody at any time" in text
    assert "until Friday" in text


def test_a_policy_is_made_by_the_names_of_people_teams_and_schedules(paged: World) -> None:
    sent = filled(paged, "/settings/new-policy", "/settings/new-policy", {"name": "Nights", "s0_other": "Duty", "s1_other": "Ana, Core"})
    assert sent.headers["location"] == "/settings/policies/nights"
    steps = paged.get("/policies/nights")["policy"]["steps"]
    assert [step["to"] for step in steps] == [["schedule:duty"], ["person:ana", "team:core"]]


def test_the_preview_is_the_ladder_and_saves_nothing(paged: World) -> None:
    before = paged.get("/policies/pay")
    answer = filled(paged, PAGE, f"{PAGE}/save", {"s0_to": "person:ana"}, to="/settings/policy-preview")
    assert (answer.status, "<html" in answer.text, "<bdi>Ana</bdi>" in answer.text) == (200, False, True)
    assert "nobody answers so soon" in filled(paged, PAGE, f"{PAGE}/save", {"s0_wait": "1s"}, to="/settings/policy-preview").text
    assert paged.get("/policies/pay") == before


def test_a_test_page_by_the_policy_shows_its_messages(paged: World) -> None:
    assert "Send a test page to Bo" in paged.page(PAGE).text
    assert paged.form(PAGE, f"{PAGE}/test").status == 303
    paged.app.runtime.settle()
    assert "delivered" in paged.page(PAGE).text


def test_it_is_retired_brought_back_and_an_earlier_version_is_put_back(paged: World) -> None:
    paged.form(PAGE, f"{PAGE}/retire", {"why": "old"})
    assert "No new page uses this policy." in paged.page(PAGE).text
    assert paged.form(PAGE, f"{PAGE}/restore", person="ana").status == 303
    assert paged.get("/policies/pay")["retired"] is False


def test_the_list_shows_every_ladder_and_which_services_use_it(paged: World) -> None:
    paged.post("/services/api", {"name": "Payment API", "policy": "pay"})
    text = paged.page("/settings/policies").text
    assert "1 service: Payment API" in text
    assert "<bdi>Bo</bdi>" in text


@pytest.mark.parametrize(
    ("field", "text"),
    [("s0_wait", "soon"), ("s0_at_age", "later"), ("lease", "a while"), ("repeat", "often"), ("s0_acknowledgements", "two")],
)
def test_a_refused_form_keeps_all_that_was_typed_marks_the_field_and_draws_no_ladder(paged: World, field: str, text: str) -> None:
    new = "/settings/new-policy"
    typed = {"name": "Nights", "s0_other": "Ana", "s0_note": "the elder", "s1_name": "not named yet", field: text}
    wrong = filled(paged, new, new, typed)
    assert wrong.status == 422
    marked = re.findall(r'<input[^>]*aria-invalid="true"[^>]*>', wrong.text)
    assert [f'name="{field}"' in one and f'value="{text}"' in one for one in marked] == [True]
    assert all(f'value="{one}"' in wrong.text for one in typed.values())
    assert 'class="ladder"' not in wrong.text
    answer = filled(paged, new, new, typed, to="/settings/policy-preview")
    assert (answer.status, 'class="ladder"' in answer.text) == (200, False)
    changed = filled(paged, PAGE, f"{PAGE}/save", {field: text}, person="ana")
    assert changed.status == 422
    assert f'value="{text}"' in changed.text


def chosen(text: str, field: str) -> list[str]:
    """What the lists of a field of the form have chosen, as people read it."""
    lists = re.findall(rf'<select name="{field}".*?</select>', text, re.DOTALL)
    return [found.group(1) for one in lists if (found := re.search(r" selected>([^<]*)<", one))]


def test_whom_a_step_calls_is_chosen_by_name_from_schedules_people_and_teams(paged: World) -> None:
    text = paged.page("/settings/new-policy").text
    first = text[text.index('<select name="s0_to"') : text.index("</select>", text.index('<select name="s0_to"'))]
    assert re.findall(r'<optgroup label="(\w+)">', first) == ["Schedules", "People", "Teams"]
    assert re.findall(r'<option value="([^"]+)">([^<]*)<', first) == [
        ("schedule:duty", "Duty (on call)"), ("schedule:duty#next", "Duty (next on call)"), ("person:ana", "Ana"), ("person:bo", "Bo"),
        ("team:core", "Core (everybody in it)"),
    ]  # fmt: skip


def test_a_step_calls_several_and_what_is_chosen_and_typed_is_together(paged: World) -> None:
    changes: dict[str, str | list[str]] = {
        "name": "Nights",
        "s0_to": ["schedule:duty", "", "person:bo", "schedule:duty"],
        "s0_other": "Core",
        "s2_to": "person:ana",
        "last_resort": ["team:core", ""],
    }
    new = "/settings/new-policy"
    assert filled(paged, new, new, changes).status == 303
    policy = paged.get("/policies/nights")["policy"]
    assert [step["to"] for step in policy["steps"]] == [["schedule:duty", "person:bo", "team:core"], ["person:ana"]]
    assert policy["last_resort"] == ["team:core"]
    text = paged.page("/settings/policies/nights").text
    assert chosen(text, "s0_to") == ["Duty (on call)", "Bo", "Core (everybody in it)"]
    assert chosen(text, "last_resort") == ["Core (everybody in it)"]


def test_targets_that_no_list_offers_are_there_when_the_form_is_opened_and_after_it_was_saved(paged: World) -> None:
    paged.post("/people/gone", {"name": "Gail", "active": False})
    odd = ["schedule:duty#secondary", "on-call", "person:gone", "person:zed", "ana", "a, b"]
    paged.post("/policies/odd", {"name": "Odd", "steps": [{"to": odd}], "last_resort": ["nobody here"], "waive": "known"}, person="ana")
    page = "/settings/policies/odd"
    text = paged.page(page).text
    assert chosen(text, "s0_to") == [
        "on call in Duty, secondary", "on-call (a name, and nobody here)", "Gail (no longer here)", "zed (not written down)", "Ana", "a, b (a name, and nobody here)",
    ]  # fmt: skip
    assert filled(paged, page, f"{page}/save", {"about": "changed"}, person="ana").status == 303
    policy = paged.get("/policies/odd")["policy"]
    assert (policy["about"], policy["steps"][0]["to"], policy["last_resort"]) == ("changed", odd, ["nobody here"])


def test_people_of_the_same_name_are_told_apart_by_their_ids(paged: World) -> None:
    paged.post("/people/ana-2", {"name": "Ana"})
    text = paged.page("/settings/new-policy").text
    assert '<option value="person:ana">Ana, ana</option><option value="person:ana-2">Ana, ana-2</option>' in text


def test_a_refused_form_marks_the_target_that_is_wrong_and_keeps_all_that_were_chosen(paged: World) -> None:
    wrong = filled(paged, PAGE, f"{PAGE}/save", {"s0_to": ["person:ana", "robot:r2"]}, person="ana")
    assert wrong.status == 422
    assert chosen(wrong.text, "s0_to") == ["Ana", "robot:r2 (a name, and nobody here)"]
    marked = re.findall(r'<select[^>]*aria-invalid="true".*?</select>', wrong.text, re.DOTALL)
    assert [" selected>robot:r2" in one for one in marked] == [True]
    empty = filled(paged, "/settings/new-policy", "/settings/new-policy", {"name": "Nobody"})
    assert empty.status == 422
    assert len(re.findall(r'<select name="s0_to"[^>]*aria-invalid="true"', empty.text)) == 1
