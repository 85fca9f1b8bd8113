"""Whom an escalation policy calls is chosen from lists of names: with scripts and without, on a telephone."""

from playwright.sync_api import Locator, Page

from tests.browser.chromium import PHONE
from tests.browser.conftest import Visit
from tests.browser.house import House


def lists(page: Page, field: str) -> Locator:
    return page.locator(f'select[name="{field}"]')


def targets(house: House, policy: str) -> list[list[str]]:
    return [step["to"] for step in house.get(f"/policies/{policy}")["policy"]["steps"]]


def test_a_list_is_added_whenever_the_last_one_is_used_and_a_new_step_begins_with_one(house: House, visit: Visit) -> None:
    page = visit("alice", size=PHONE, touch=True).see("/settings/new-policy")
    page.get_by_label("Name", exact=True).first.fill("Chosen by thumb")
    lists(page, "s0_to").nth(0).select_option(label="Payments (on call)")
    lists(page, "s0_to").nth(1).select_option(label="Bob")
    assert lists(page, "s0_to").count() == 3
    page.get_by_role("button", name="One more step").tap()
    assert (page.locator("#steps > li").count(), lists(page, "s2_to").count()) == (3, 1)
    lists(page, "s2_to").select_option(label="Night watch (everybody in it)")
    page.get_by_role("button", name="Make the policy").tap()
    page.wait_for_url("**/settings/policies/chosen-by-thumb")
    assert targets(house, "chosen-by-thumb") == [["schedule:payments", "person:bob"], ["team:night"]]


def test_several_targets_and_one_more_step_are_chosen_without_scripts(house: House, visit: Visit) -> None:
    house.post("/policies/plain", {"steps": [{"to": ["schedule:payments"]}]})
    page = visit("alice", size=PHONE, scripts=False).see("/settings/policies/plain")
    page.locator("#change > summary").click()
    lists(page, "s0_to").nth(1).select_option(label="Bob")
    lists(page, "s0_to").nth(3).select_option(label="Alice")
    lists(page, "s1_to").nth(0).select_option(label="Night watch (everybody in it)")
    page.get_by_role("button", name="Save the policy").click()
    assert targets(house, "plain") == [["schedule:payments", "person:bob", "person:alice"], ["team:night"]]
