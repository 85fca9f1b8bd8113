"""A declaration that was left half way is there again as it was: under the same playbook, with the same answers."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.browser.conftest import Visit
from tests.browser.house import House

BOOK = "#questions [name=playbook]"


def begin(page: Page) -> None:
    """Type a title and a service whose own playbook is another one, and answer its questions."""
    expect(page.locator(BOOK)).not_to_have_value("nine-stage")
    page.locator("#declare-form [name=title]").fill("Reports do not open")
    page.locator("#declare-form [name=service]").fill("web-api")
    page.locator("#declare-form [name=service]").blur()
    expect(page.locator(BOOK)).to_have_value("nine-stage")
    page.locator("#questions .key", has=page.locator('[name="q.customers_affected"][value="some"]')).click()
    page.locator("#questions .key", has=page.locator('[name="q.core_function"][value="no"]')).click()
    page.locator("#questions .key", has=page.locator('[name="detected_by"][value="customer report: social media"]')).click()
    page.locator("#questions [name='q.what_broken']").fill("reports")
    expect(page.locator("#level")).to_contain_text("SEV2")


def as_it_was(page: Page) -> None:
    expect(page.locator(".draft-note")).to_contain_text("You typed this before")
    expect(page.locator("#declare-form [name=title]")).to_have_value("Reports do not open")
    expect(page.locator("#declare-form [name=service]")).to_have_value("web-api")
    expect(page.locator(BOOK)).to_have_value("nine-stage")
    expect(page.locator('[name="q.customers_affected"][value="some"]')).to_be_checked()
    expect(page.locator('[name="q.core_function"][value="no"]')).to_be_checked()
    expect(page.locator('[name="detected_by"][value="customer report: social media"]')).to_be_checked()
    expect(page.locator("[name='q.what_broken']")).to_have_value("reports")
    expect(page.locator("#level button.primary")).to_contain_text("Declare SEV2")


def test_a_declaration_that_was_left_stands_again_under_its_playbook_with_its_answers(house: House, visit: Visit) -> None:
    house.post("/services/web-api", {"name": "Web API", "playbook": "nine-stage"})
    visitor = visit("alice")
    page = visitor.see("/declare")
    begin(page)
    page = visitor.see("/")
    page = visitor.see("/declare")
    as_it_was(page)
    page.reload()  # what came back is kept again
    as_it_was(page)
    page.locator("#level button.primary").click()
    page.wait_for_url("**/incidents/INC-*")
    made = house.get(f"/incidents/{page.url.rpartition('/')[2]}")
    assert (made["playbook"]["id"], made["severity"], made["detected_by"]) == ("nine-stage", "SEV2", "customer report: social media")
    page = visitor.see("/declare")
    expect(page.locator("#declare-form [name=title]")).to_have_value("")
    expect(page.locator(".draft-note")).to_have_count(0)


def test_it_comes_back_in_the_dialog_too_and_can_be_begun_anew(house: House, visit: Visit) -> None:
    house.post("/services/web-api", {"name": "Web API", "playbook": "nine-stage"})
    visitor = visit("alice")
    begin(visitor.see("/declare"))
    page = visitor.see("/incidents")
    page.locator("a[href^='/declare']").first.click()
    expect(page.locator("dialog.declare-dialog")).to_be_visible()
    as_it_was(page)
    page.get_by_role("button", name="Start empty").click()
    expect(page.locator("#declare-form [name=title]")).to_have_value("")
    expect(page.locator(BOOK)).not_to_have_value("nine-stage")
    page = visitor.see("/declare")
    page.wait_for_timeout(200)
    expect(page.locator(".draft-note")).to_have_count(0)
    expect(page.locator("#declare-form [name=service]")).to_have_value("")
