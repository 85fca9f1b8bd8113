"""A mitigation is begun under its kind, with what the playbook says of that kind alone: how, its commands, how one sees it, what to check."""

from __future__ import annotations

from html import unescape

from tests.web_pages.test_pages import words
from tests.world import World, forms_of


def test_each_kind_shows_its_own_text_and_only_a_dangerous_one_asks_what_was_checked(world: World) -> None:
    incident = world.declare(playbook="compact", severity="SEV2", service="")
    page, action = f"/incidents/{incident}", f"/incidents/{incident}/mitigations"
    shown = world.page(page).text
    kinds = world.get("/playbooks/compact")["mitigations"]
    forms = {form.fields["kind"]: form.fields for form in forms_of(shown) if form.action == action}
    assert list(forms) == [one["id"] for one in kinds]
    assert [kind for kind, fields in forms.items() if "confirmed" in fields] == [one["id"] for one in kinds if one.get("dangerous")]
    for one in kinds:
        part = unescape(shown[shown.index(f'id="mitigate-{one["id"]}"') :]).partition("</form>")[0]
        for text in (*one.get("commands", ()), one.get("verify", ""), one.get("guard", "")):
            assert text in part
        others = [other["guard"] for other in kinds if other is not one and other.get("guard")]
        assert not any(text in part for text in others)


def test_a_dangerous_kind_is_begun_with_what_was_checked_and_a_refusal_keeps_what_was_typed(world: World) -> None:
    incident = world.declare(playbook="compact", severity="SEV2", service="")
    page, action = f"/incidents/{incident}", f"/incidents/{incident}/mitigations"
    number = [form.fields["kind"] for form in forms_of(world.page(page).text) if form.action == action].index("clear_cache")
    refused = world.form(page, action, {"text": "flush it"}, number=number)
    assert refused.status == 422
    assert 'id="mitigate-clear_cache" name="mitigation-kind" open' in refused.text
    assert 'value="flush it"' in refused.text
    assert world.form(page, action, {"text": "flush it", "confirmed": "only the cache lives there"}, number=number).status == 303
    (begun,) = world.get(page)["mitigations"]
    assert begun["kind"] == "clear_cache"
    assert "It worked if: The cache fills again and answers are right." in words(world.page(page).text)
