"""Signed links: only ours, only for what they say, only until they run out."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.paging.links import Link, has_run_out, sign, verify

UNTIL = datetime(2025, 10, 29, 14, 25, tzinfo=UTC)
LINK = Link("P-ABC123", "ana", "email", UNTIL)


def test_a_link_says_what_it_was_made_for_until_it_runs_out() -> None:
    token = sign(LINK, b"key")
    assert verify(token, b"key") == LINK
    assert not has_run_out(LINK, UNTIL - timedelta(seconds=1))
    assert has_run_out(LINK, UNTIL)


def test_it_is_short_enough_for_a_text_message() -> None:
    assert len(sign(LINK, b"key")) < 80


def test_another_installation_does_not_take_it() -> None:
    assert verify(sign(LINK, b"key"), b"other") is None


@pytest.mark.parametrize(
    "token", ["", ".", "a.b", "x" * 5000, "ä.ö", sign(LINK, b"key")[:-1], sign(LINK, b"key") + "A", "." + sign(LINK, b"key")]
)
def test_what_is_garbled_is_none_of_ours(token: str) -> None:
    assert verify(token, b"key") is None


@given(st.data())
def test_no_changed_letter_is_taken(data: st.DataObject) -> None:
    token = sign(LINK, b"key")
    place = data.draw(st.integers(0, len(token) - 1))
    letter = data.draw(
        st.sampled_from("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.=").filter(lambda one: one != token[place])
    )
    assert verify(token[:place] + letter + token[place + 1 :], b"key") is None


@given(st.text(max_size=60), st.text(max_size=60))
def test_whatever_a_person_and_a_page_are_called(page: str, person: str) -> None:
    link = Link(page, person, "sms", UNTIL)
    token = sign(link, b"key")
    assert token.isascii()
    assert token.replace("-", "").replace("_", "").replace(".", "").isalnum()
    assert verify(token, b"key") == link
