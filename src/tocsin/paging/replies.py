"""What somebody means who answers a message: ``ack``, ``a``, ``close``, ``1a``, ``'1c'``, ``close 4``, ``ack198``. Pure."""

from __future__ import annotations

import re
from typing import Any, Final, Literal

import msgspec

from tocsin.paging.page import Page

Verb = Literal["acknowledge", "resolve", "escalate"]

_WORDS: Final[dict[str, Verb]] = {
    "a": "acknowledge", "ack": "acknowledge", "acked": "acknowledge", "acknowledge": "acknowledge", "acknowledged": "acknowledge",
    "acknowledgement": "acknowledge", "ok": "acknowledge", "yes": "acknowledge", "mine": "acknowledge",
    "c": "resolve", "close": "resolve", "closed": "resolve", "resolve": "resolve", "resolved": "resolve", "done": "resolve", "fixed": "resolve",
    "e": "escalate", "esc": "escalate", "escalate": "escalate", "help me": "escalate",
}  # fmt: skip
_MOST: Final = 40
"""Letters of an answer; whatever is longer is a letter to somebody, and no command."""
_NUMBER: Final = re.compile(r"#?(\d{1,9})")
_QUOTES: Final = "'\"`‘’“”«».,!;: \t\r\n"

HELP: Final = "Answer with ack, close or escalate, and the number of the page if there are several: ack 4."


class Reply(msgspec.Struct, frozen=True):
    """What was asked for, and of which page; without a number, of the one that the person was notified of last."""

    verb: Verb
    number: int | None = None


def parse(text: str) -> Reply | None:
    """Return what an answer asks for; None where it is no command. Only its first line counts: what a mail program quotes comes below."""
    first = next((line for line in text.splitlines() if line.strip()), "").strip(_QUOTES).casefold()
    if not first or len(first) > _MOST:
        return None
    numbers = _NUMBER.findall(first)
    if len(numbers) > 1:
        return None
    word = _NUMBER.sub(" ", first).strip(_QUOTES)
    verb = _WORDS.get(word)
    return None if verb is None else Reply(verb, int(numbers[0]) if numbers else None)


def answer(verb: Verb, page: Page, result: dict[str, Any]) -> str:
    """Return what is said back, in a sentence."""
    about = f"{page.number}: {page.title}"
    if verb == "acknowledge":
        says = str(result.get("says") or "acknowledged")
        return f"{says[:1].upper()}{says[1:]}. {about}"
    if verb == "resolve":
        return f"Closed. {about}" if result.get("changed") else f"It was closed already. {about}"
    calls = ", ".join(result.get("calls") or ())
    return f"Escalated{f': {calls} is called' if calls else ', and nobody can be reached'}. {about}"
