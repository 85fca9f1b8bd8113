"""Logging in the room as people do: by single keys, without the network, with files; and reading on while others write."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import expect

from tests.browser.conftest import Visit
from tests.browser.house import House


def room(house: House, title: str) -> str:
    """Declare an incident and return the address of its room."""
    return f"/incidents/{house.post('/incidents', {'title': title, 'severity': 'SEV-2', 'service': 'payment-api'})['incident']}"


def test_an_entry_is_logged_by_one_key_and_corrected_in_its_sheet(house: House, visit: Visit) -> None:
    alice, path = visit("alice"), room(house, "By keys")
    page = alice.see(path)
    page.keyboard.press("o")
    page.keyboard.type("[-5m] errors at 22 %")
    expect(page.locator("#when-read")).to_contain_text("5 min ago")
    page.keyboard.press("Enter")
    row = page.locator("#timeline .row", has_text="errors at 22 %")
    expect(row).to_be_visible()
    assert page.locator("#composer textarea").input_value() == ""
    page.locator("#logged a").click()
    sheet = page.locator("#sheet-dialog")
    sheet.locator("textarea").fill("errors at 25 %")
    sheet.get_by_label("Why it is corrected").fill("misread")
    sheet.get_by_role("button", name="Correct", exact=True).click()
    corrected = page.locator("#timeline .row", has_text="errors at 25 %")
    expect(corrected.locator("s")).to_contain_text("errors at 22 %")


def test_what_is_logged_without_the_network_waits_through_a_closed_tab_and_counts_once(house: House, visit: Visit) -> None:
    alice, path = visit("alice"), room(house, "In the lift")
    alice.expect("ERR_INTERNET_DISCONNECTED|ERR_FAILED")
    page = alice.see(path)
    alice.context.set_offline(True)
    for text in ("first in the lift", "second in the lift"):
        page.locator("#composer textarea").fill(text)
        page.locator("#composer .primary").click()
    expect(page.locator("#waiting-entries li").first).to_contain_text("not sent yet")
    page.locator("#composer textarea").fill("half writ")
    page.close()
    alice.context.set_offline(False)
    again = alice.tab(path)
    expect(again.locator("#timeline .row", has_text="second in the lift")).to_be_visible()
    expect(again.locator("#waiting-entries li")).to_have_count(0)
    assert again.locator("#composer textarea").input_value() == "half writ"
    lines = [line["text"] for line in house.get(f"{path}/timeline") if line.get("entry")]
    assert lines == ["first in the lift", "second in the lift"]


def test_files_go_up_while_one_types_and_one_that_is_too_large_says_so_at_once(house: House, visit: Visit, tmp_path: Path) -> None:
    alice, path = visit("alice"), room(house, "With files")
    (tmp_path / "pool.json").write_text('{"in_use": 50}')
    (tmp_path / "core.dump").write_bytes(b"0" * 10_500_000)
    page = alice.see(path)
    page.locator("#files").set_input_files([tmp_path / "pool.json", tmp_path / "core.dump"])
    chips = page.locator("#uploads li")
    expect(chips.nth(1)).to_contain_text("at most 10.0 MB fit")
    chips.nth(1).get_by_role("button", name="Not core.dump").click()
    page.locator("#composer textarea").fill("the pool's own word")
    page.locator("#composer .primary").click()
    row = page.locator("#timeline .row", has_text="the pool's own word")
    row.locator(".file-text summary").click()
    expect(row.locator("pre")).to_contain_text('"in_use": 50')


def test_a_refused_entry_stands_in_its_field_again_with_the_reason(house: House, visit: Visit) -> None:
    alice = visit("alice")
    alice.expect("422")
    page = alice.see(room(house, "Refused"))
    page.locator("#composer textarea").fill("[44:99] no such time")
    page.locator("#composer .primary").click()
    expect(page.locator("#entry-problem")).to_contain_text("[44:99] is not a time.")
    assert page.locator("#composer textarea").input_value() == "[44:99] no such time"


def test_what_others_log_does_not_move_what_is_read_and_earlier_lines_come_by_scrolling(house: House, visit: Visit) -> None:
    path = room(house, "Long")
    for number in range(90):
        house.post(f"{path}/entries", {"kind": "OBSERVATION", "text": f"line {number} of a long record"})
    page = visit("alice").see(path)
    expect(page.locator("#timeline .row", has_text="line 89 of")).to_be_visible()
    page.evaluate("document.querySelector('.scroller').scrollTop = -1e6")
    expect(page.locator("#timeline .row", has_text="line 0 of")).to_have_count(1)
    first = "[...document.querySelectorAll('#timeline > .row')].find((row) => row.getBoundingClientRect().bottom > document.querySelector('.scroller').getBoundingClientRect().top)"
    place = f"(() => {{ const row = {first}; return [row.id, row.getBoundingClientRect().top]; }})()"
    name, top = page.evaluate(place)
    house.post(f"{path}/entries", {"kind": "OBSERVATION", "text": "the newest of all"})
    pill = page.locator("#pill")
    expect(pill).to_have_text("1 new")
    assert abs(page.evaluate(f"document.getElementById('{name}').getBoundingClientRect().top") - top) < 2
    pill.click()
    expect(page.locator("#timeline .row", has_text="the newest of all")).to_be_in_viewport()
    expect(pill).to_be_hidden()


def test_two_people_see_that_the_other_is_here_and_a_role_is_asked_over(house: House, visit: Visit) -> None:
    path = room(house, "Together")
    alice, bob = visit("alice"), visit("bob")
    alice.see(path)
    page = bob.see(path)
    expect(page.locator("#present-people")).to_contain_text("you")
    expect(page.locator("#present-people li")).to_have_count(2)
    lead = next(role["role"] for role in house.get(path)["roles"] if role["lead"])
    house.post(f"{path}/roles/offer", {"role": lead, "person": "bob", "note": "end of my shift"})
    page.get_by_role("button", name="Take it").click()
    expect(page.locator("#head .board-lead")).to_contain_text("bob", ignore_case=True)
    assert house.get(path)["lead"] == "bob"
