"""What goes wrong around a page while somebody works in it: nothing typed is lost, nothing is sent twice, and the page says where it stands."""

from __future__ import annotations

import pytest
from playwright.sync_api import FilePayload, Page, expect

from tests.browser.chromium import PHONE, Visitor
from tests.browser.conftest import Visit
from tests.browser.house import House

FIELD = "#compose input[name='f.impact'], #compose textarea[name='f.impact']"


def again(visitor: Visitor) -> None:
    """Sign in anew in a tab beside the ones that are open, so that their forms carry an old token."""
    visitor.context.clear_cookies()
    visitor.page = visitor.tab()
    visitor.sign_in()


def logged(house: House, incident: str) -> list[str]:
    return [str(line["text"]) for line in house.get(f"/incidents/{incident}/timeline") if line.get("entry")]


def half_written(visitor: Visitor, incident: str) -> Page:
    page = visitor.see(f"/incidents/{incident}/updates/customer_initial")
    page.locator(FIELD).fill("Half of the customers cannot pay")
    return page


@pytest.mark.parametrize("trouble", ["session", "network", "token"])
def test_an_update_that_was_not_taken_stands_in_its_form_again(trouble: str, house: House, visit: Visit) -> None:
    visitor = visit("alice")
    visitor.expect("ERR_INTERNET_DISCONNECTED|403")
    incident = house.declare(title="An update is not taken")
    page = half_written(visitor, incident)
    if trouble == "session":
        visitor.context.clear_cookies()
    elif trouble == "network":
        visitor.context.set_offline(True)
    else:
        again(visitor)
    page.locator("#compose button.primary").first.click()
    page.wait_for_timeout(300)
    if trouble == "session":
        expect(page.locator("#compose")).to_have_count(0)
        visitor.sign_in()
    visitor.context.set_offline(False)
    page = visitor.tab("/")
    page.goto(f"/incidents/{incident}/updates/customer_initial")
    expect(page.locator(FIELD)).to_have_value("Half of the customers cannot pay")


def test_an_update_that_was_taken_is_not_offered_again_and_a_double_click_sends_one(house: House, visit: Visit) -> None:
    incident = house.declare(title="An update is taken")
    page = half_written(visit("alice"), incident)
    page.locator("#compose button.primary").first.dblclick()
    page.wait_for_url(lambda url: "/updates/" not in url)
    told = [line for line in house.get(f"/incidents/{incident}/timeline") if line["kind"] == "incident.update_posted"]
    assert len(told) == 1
    kept = "[localStorage, sessionStorage].flatMap((one) => Object.keys(one)).filter((key) => key.includes('customer_initial'))"
    assert page.evaluate(kept) == []


def test_an_entry_goes_out_once_after_signing_in_anew_in_another_tab(house: House, visit: Visit) -> None:
    visitor = visit("alice")
    visitor.expect("403")
    incident = house.declare(title="Signed in anew")
    page = visitor.see(f"/incidents/{incident}")
    page.locator("#composer textarea").fill("typed under the old sign-in")
    again(visitor)
    page.bring_to_front()
    page.locator("#composer .primary").click()
    expect(page.locator("#timeline .row", has_text="typed under the old sign-in")).to_be_visible()
    assert logged(house, incident) == ["typed under the old sign-in"]


def test_somebody_else_sends_nothing_and_reads_no_draft_of_who_sat_here_before(house: House, visit: Visit) -> None:
    visitor = visit("alice")
    visitor.expect("403")
    incident = house.declare(title="A machine that two people use")
    page = visitor.see(f"/incidents/{incident}")
    page.locator("#composer textarea").fill("what Alice saw")
    visitor.person = "bob"
    again(visitor)
    theirs = visitor.see(f"/incidents/{incident}")
    assert theirs.locator("#composer textarea").input_value() == ""
    page.bring_to_front()
    page.locator("#composer .primary").click()
    expect(page.locator("#waiting-entries li")).to_contain_text("somebody else is signed in here now")
    assert logged(house, incident) == []


def test_two_tabs_that_write_the_same_entry_lose_neither_text(house: House, visit: Visit) -> None:
    visitor = visit("alice")
    path = f"/incidents/{house.declare(title='Two tabs')}"
    one, other = visitor.see(path), visitor.tab(path)
    one.locator("#composer textarea").fill("of the first")
    other.locator("#composer textarea").fill("of the second")
    one.reload()
    other.reload()
    expect(one.locator("#composer textarea")).to_have_value("of the first")
    expect(other.locator("#composer textarea")).to_have_value("of the second")
    one.locator("#composer .primary").click()
    expect(one.locator("#timeline .row", has_text="of the first")).to_be_visible()
    other.close()
    third = visitor.tab(path)
    expect(third.locator("#composer textarea")).to_have_value("of the second")
    third.locator("#composer .primary").click()  # as it stands, without another key
    expect(third.locator("#timeline .row", has_text="of the second")).to_be_visible()
    assert visitor.tab(path).locator("#composer textarea").input_value() == ""


def test_a_role_that_was_lowered_says_so_where_one_logs(house: House, visit: Visit) -> None:
    house.post("/accounts/person-4", {"role": "responder"})
    visitor = visit("person-4")
    visitor.expect("403")
    page = visitor.see(f"/incidents/{house.declare(title='Lowered')}")
    page.locator("#composer textarea").fill("what I saw")
    house.post("/accounts/person-4/role", {"role": "viewer"})
    page.locator("#composer .primary").click()
    expect(page.locator("#entry-problem")).to_contain_text("responder")
    assert page.locator("#composer textarea").input_value() == "what I saw"


def test_an_incident_that_becomes_private_leaves_the_screens_of_others(house: House, visit: Visit) -> None:
    visitor = visit("bob")
    visitor.expect("404")
    incident = house.declare(title="Becomes private", service="ledger")
    page = visitor.see(f"/incidents/{incident}")
    page.wait_for_timeout(300)
    house.post(f"/incidents/{incident}/privacy", {"private": True, "reason": "a name stands in it"})
    expect(page.locator("h1")).to_have_text("There is nothing here")


def test_a_live_change_keeps_the_focus_on_its_button_and_open_what_is_open(house: House, visit: Visit) -> None:
    incident = house.declare(title="Focus")
    page = visit("alice").see(f"/incidents/{incident}")
    chip = page.locator("#sorts a").last
    chip.focus()
    words = chip.inner_text().split()[0]
    house.post(f"/incidents/{incident}/entries", {"kind": "OBSERVATION", "text": "something new"})
    house.post(f"/incidents/{incident}/severity", {"severity": "SEV-2", "reason": "less than thought"})
    expect(page.locator("#head .chip").first).to_contain_text("SEV-2")
    assert page.evaluate("document.activeElement.innerText").split()[0] == words
    opened = house.post("/pages", {"title": "What is open stays open", "targets": ["person:alice"]})["page"]
    page.goto(f"/pages/{opened}")
    page.locator("summary", has_text="Be silent for a while").click()
    house.post(f"/pages/{opened}/acknowledge")
    expect(page.locator("main")).to_contain_text("acknowledged", ignore_case=True)
    fold = page.locator("details", has=page.locator("summary", has_text="Be silent for a while"))
    assert not fold.count() or fold.evaluate("one => one.open")
    house.post(f"/pages/{opened}/resolve")


def test_a_phone_with_its_keyboard_up_shows_what_is_typed_and_the_newest_lines(house: House, visit: Visit) -> None:
    incident = house.declare(title="One thumb")
    for number in range(12):
        house.post(f"/incidents/{incident}/entries", {"kind": "OBSERVATION", "text": f"line {number}"})
    page = visit("alice", size=PHONE, touch=True, is_mobile=True).see(f"/incidents/{incident}")
    page.locator("#composer textarea").tap()
    page.set_viewport_size({"width": 360, "height": 400})  # what the keyboard leaves
    expect(page.locator("#composer textarea")).to_be_in_viewport(ratio=1)
    expect(page.locator("#timeline .row", has_text="line 11")).to_be_in_viewport(ratio=0.9)
    page.keyboard.type("typed with one thumb")
    page.locator("#composer .primary").tap()
    expect(page.locator("#timeline .row", has_text="typed with one thumb")).to_be_in_viewport(ratio=0.9)


def test_what_is_chosen_can_be_told_in_colours_of_the_readers_own(house: House, visit: Visit) -> None:
    page = visit("alice").see(f"/incidents/{house.ids['incident']}")
    page.emulate_media(forced_colors="active")
    colour = "one => getComputedStyle(one).backgroundColor"
    chosen = page.locator("#composer .key > input:checked + span").evaluate(colour)
    assert chosen != page.locator("#composer .key > input[type=radio]:not(:checked) + span").first.evaluate(colour)
    assert page.locator("#sorts [aria-current]").evaluate(colour) != page.locator("#sorts a:not([aria-current])").first.evaluate(colour)


def test_a_file_name_cannot_turn_its_own_order_round(house: House, visit: Visit) -> None:
    incident = house.declare(title="A file")
    page = visit("alice").see(f"/incidents/{incident}")
    lying = FilePayload(name="gpj\u202etxt.exe", mimeType="text/plain", buffer=b"<script>window.owned = 1</script>")
    page.locator("#files").set_input_files([lying])
    page.locator("#composer textarea").fill("a file that lies")
    page.locator("#composer .primary").click()
    row = page.locator("#timeline .row", has_text="a file that lies")
    expect(row).to_be_visible()
    assert "\u202e" not in row.inner_text()
    assert page.evaluate("window.owned") is None


def test_what_was_begun_in_a_sheet_or_a_menu_is_there_again(house: House, visit: Visit) -> None:
    incident = house.declare(title="Begun and closed")
    house.post(f"/incidents/{incident}/entries", {"kind": "OBSERVATION", "text": "errors at 22 %"})
    page = visit("alice").see(f"/incidents/{incident}")
    more = page.locator("#timeline .row", has_text="errors at 22 %").locator("a[data-sheet]").first
    sheet = page.locator("#sheet-dialog textarea").first
    more.click()
    sheet.fill("errors at 25 %")
    page.keyboard.press("Escape")
    expect(sheet).to_have_count(0)
    more.click()
    expect(sheet).to_have_value("errors at 25 %")
    page.keyboard.press("Escape")
    page.locator("#hand > summary").click()
    page.locator("#hand textarea").fill("the pool is at its limit")
    page.reload()
    page.locator("#hand > summary").click()
    expect(page.locator("#hand textarea")).to_have_value("the pool is at its limit")


def test_every_key_of_the_room_is_one_letter_and_u_opens_the_audiences(house: House, visit: Visit) -> None:
    page = visit("alice").see(f"/incidents/{house.declare(title='Keys')}")
    keys = page.evaluate("[...document.querySelectorAll('[data-key]')].map((one) => one.dataset.key)")
    assert {len(key) for key in keys} == {1}
    page.keyboard.press("u")
    expect(page.locator("#tell a").first).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#tell > summary")).to_be_focused()
