"""The status page from the command line."""

from __future__ import annotations

import pytest

from tests.cli.conftest import Shell, _clean_environment, tocsin
from tests.status.scene import components

__all__ = ["_clean_environment", "tocsin"]


def test_the_page_is_named_filled_set_by_hand_and_shown(tocsin: Shell) -> None:
    components(tocsin.world)
    tocsin("status save --name Northwind --hide search")
    tocsin("status component search --name Finder --group 'Shops / All'")
    assert tocsin("status set checkout partial_outage --until 15:30 --reason seen").out.startswith("checkout: partial outage until")
    shown = tocsin("status show").out
    assert "Northwind: Partial outage" in shown
    assert "Finder" not in shown
    assert tocsin("status clear checkout").out.strip() == "checkout: computed again."
    assert tocsin("status clear checkout").out.strip() == "checkout: it was not set by hand."
    tocsin("status save --hide ''")
    assert "Finder" in tocsin("status show").out
    tocsin("status component search --remove")
    assert "Finder" not in tocsin("status show").out
    tocsin("status component search", code=2)


def test_an_update_is_told_with_its_systems_corrected_listed_and_taken_off_the_page(tocsin: Shell) -> None:
    components(tocsin.world)
    incident = tocsin.world.declare(impact="Cards fail")
    told = "update post --message customer_initial --field work='A team is at work' --next-in 30m --headline 'Cards fail' --component checkout=degraded_performance"
    tocsin(told)
    assert "Major outage" not in tocsin("status show").out
    listed = tocsin("update list --json").json["updates"]
    fact = listed[0]["fact"]
    tocsin(f"{told} --corrects {fact}")
    assert len(tocsin("update list --json").json["updates"]) == 2
    assert "Customers" in tocsin("update list").out
    tocsin(f"status hide {incident}")
    assert "All systems operational" in tocsin("status show").out
    tocsin(f"status unhide {incident}")
    assert "Cards fail" in tocsin("status show").out


def test_subscribers_are_asked_listed_and_removed(tocsin: Shell) -> None:
    assert "Nobody has subscribed yet." in tocsin("status subscribers").out
    tocsin("status invite ana@example.com")
    row = tocsin("status subscribers --json").json["subscribers"][0]
    assert (row["address"], row["state"]) == ("ana@example.com", "pending")
    assert "ana@example.com" in tocsin("status subscribers --state pending").out
    tocsin(f"status remove {row['id']}")
    assert "Nobody has subscribed yet." in tocsin("status subscribers").out
    assert tocsin("status invite nonsense", code=1).err


@pytest.mark.parametrize("state", ["fine", "down"])
def test_a_state_that_is_none_is_refused_by_the_command(tocsin: Shell, state: str) -> None:
    tocsin(f"status set checkout {state} --until 15:30 --reason x", code=2)
