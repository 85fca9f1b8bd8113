"""What a page says, for each channel's form: in full, in one line, and to be listened to. Pure.

A delivery's values hold no token. ``notice`` is asked when a message is sent, and is given the signed addresses then.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

import msgspec

from tocsin.channels.notice import Compose, Notice, clean, cut, line, long_text, plain
from tocsin.engine.ports import Message
from tocsin.paging import links

NOTIFICATION: Final = "page.notification"
STATUS: Final = "page.status"
TEST: Final = "page.test"
CODE: Final = "person.verify"
KINDS: Final = (NOTIFICATION, STATUS, TEST, CODE)
"""The kinds of deliveries that are worded here."""

_LONGEST_TITLE: Final = 300
_SHORT_TITLE: Final = 110
_SHORT_FACT: Final = 40
_SPOKEN_TITLE: Final = 160
_WORD_END: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|[_\-./:]+")
_STATES: Final = {
    "acknowledged": "{by} is on it",
    "resolved": "It is over",
    "handed": "{by} has it now",
    "snoozed": "It is silent for now",
    "exhausted": "Nobody has answered",
}


class Addresses(msgspec.Struct, frozen=True):
    """Absolute addresses of one page for one person; empty where the server has no address of its own."""

    link: str = ""
    """The page with one button, signed."""
    acknowledge: str = ""
    """What acknowledges by POST, signed."""


NO_ADDRESSES: Final = Addresses()


def notice(kind: str, key: str, stream: str, at: str, values: Mapping[str, Any], addresses: Addresses = NO_ADDRESSES) -> Notice:
    """Return what a delivery of one of our kinds says.

    values: as the page or the person froze them; what is missing is left out.
    """
    said = _Said(values)
    match kind:
        case "page.status":
            return _status(said, key, stream, at, addresses)
        case "person.verify":
            return _code(said, key, stream, at)
        case _:
            return _notification(kind, said, key, stream, at, addresses)


def composer(base: str, key: Callable[[], bytes], now: Callable[[], datetime]) -> Compose:
    """Return what makes a notice of any message, with fresh links where it is a page's.

    base: the URL by which people reach this server; without one no link is made. key: the installation's link key.
    """
    base = base.rstrip("/")

    def compose(message: Message, channel: str) -> Notice:
        if message.kind not in KINDS:
            return plain(message)
        page, person = str(message.values.get("page") or ""), str(message.values.get("person") or "")
        addresses = NO_ADDRESSES
        if base and page and person:
            address = f"{base}/a/{links.sign(links.Link(page, person, channel, now() + links.HOLDS), key())}"
            addresses = Addresses(address, f"{address}/acknowledge")
        return notice(message.kind, message.key, message.stream, message.at, message.values, addresses)

    return compose


def rendered(kind: str, values: Mapping[str, Any]) -> tuple[str, str]:
    """Return subject and body as they are kept after sending: without tokens and codes."""
    if kind == CODE:
        return "Your code for Tocsin", "A code that proves this way of reaching you."
    made = notice(kind, "", "", "", values)
    return made.subject, long_text(made)


class _Said:
    """The values of a delivery, each as text; those of ``carries`` stand beside the others."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        carried = values.get("carries")
        self._values = {**carried, **{n: v for n, v in values.items() if v not in ("", None)}} if isinstance(carried, Mapping) else values

    def __call__(self, name: str) -> str:
        found = self._values.get(name)
        return "" if found is None or found is False else clean(str(found)).strip()

    def line(self, name: str, most: int = _LONGEST_TITLE) -> str:
        return cut(line(self(name)), most)

    @property
    def subject(self) -> str:
        word = self.line("word", 40)
        title = self.line("title") or "Somebody is needed"
        return f"{word}: {title}" if word else title


def _notification(kind: str, said: _Said, key: str, stream: str, at: str, addresses: Addresses) -> Notice:
    test = kind == TEST or said("origin") in ("test", "synthetic")
    word = "Test" if test else said.line("word", 40)
    subject = f"Test: {said.subject}" if test else said.subject
    facts = [
        (label, said.line(name))
        for label, name in (("Value", "value"), ("Threshold", "threshold"), ("Service", "service"), ("Severity", "severity"), ("Since", "started_at"), ("Incident", "incident"))
    ]  # fmt: skip
    facts = [(label, _moment(text) if label == "Since" else text) for label, text in facts if text]
    sentences = [
        "This is a test: nothing is wrong." if test else "",
        "Called again: nobody has settled it since." if said("again") else "",
        said("summary"),
    ]
    after = []
    if said("why"):
        after.append(f"You are called because {_lower(said.line('why'))}".rstrip(".") + ".")
    if said("next"):
        after.append(f"If nobody acknowledges, {said.line('next')}.")
    links = tuple((label, url) for label, name in (("Dashboard", "dashboard"), ("Runbook", "runbook")) if (url := _web(said(name))))
    urgent = said("urgency") != "low"
    return Notice(
        key=key, kind="test" if test else "page", subject=subject, word=word,
        body="\n".join(one for one in (*sentences, *after) if one), facts=tuple(facts),
        short=_short(said, subject), spoken=_spoken(said, test=test), urgent=urgent, topic=said("page"), link=addresses.link, acknowledge=addresses.acknowledge,
        links=links, number=said("number"), page=said("page"), person=said("person"), at=at, stream=stream,
    )  # fmt: skip


def _short(said: _Said, subject: str) -> str:
    value, threshold = said.line("value", _SHORT_FACT), said.line("threshold", _SHORT_FACT)
    measured = f"{value} (limit {threshold})" if value and threshold else value
    return cut(subject, _SHORT_TITLE) + (f". {measured}" if measured else "")


def _spoken(said: _Said, *, test: bool) -> str:
    """Return sentences for a voice: short, and with what is written for eyes made sayable."""
    who = said.line("name", 60)
    word = sayable(said.line("word", 40))
    title = sayable(cut(said.line("title"), _SPOKEN_TITLE))
    value = sayable(said.line("value", _SHORT_FACT))
    parts = [
        f"{who}, this is Tocsin." if who else "This is Tocsin.",
        "This is a test." if test else "",
        f"{word}." if word else "",
        f"{title}." if title else "Somebody is needed.",
        f"The value is {value}." if value else "",
    ]
    return " ".join(part for part in parts if part)


def _status(said: _Said, key: str, stream: str, at: str, addresses: Addresses) -> Notice:
    state = said("state")
    by = said.line("by", 100) or "Somebody"
    sentence = _STATES.get(state, "It has changed").format(by=by)
    if state == "resolved" and said("by"):
        sentence = f"{by} ended it"
    title = said.line("title")
    why = said.line("why")
    return Notice(
        key=key, kind="status", subject=f"{sentence}: {title}" if title else sentence, body=f"{why[:1].upper()}{why[1:]}" if why else "",
        short=cut(f"{sentence}: {title}", _SHORT_TITLE + 60), spoken=f"This is Tocsin. {sentence}. {sayable(title)}.", topic=said("page"), link="",
        links=(("See it", addresses.link),) if addresses.link else (), number=said("number"), page=said("page"), person=said("person"), at=at, stream=stream,
    )  # fmt: skip


def _code(said: _Said, key: str, stream: str, at: str) -> Notice:
    code = said.line("code", 40)
    until = _moment(said("expires_at"))
    ends = f" It holds until {until}." if until else ""
    spelled = ", ".join(code)
    return Notice(
        key=key, kind="code", subject=f"{code} is your code for Tocsin",
        body=f"Type {code} in where you asked for it, and this way of reaching you is proved.{ends}\nIf you did not ask for it, somebody wrote your address down as theirs; do nothing.",
        short=f"{code} is your code for Tocsin.{ends}", spoken=f"This is Tocsin. Your code is: {spelled}. Again: {spelled}.", urgent=True, topic=key,
        person=said("person"), at=at, stream=stream,
    )  # fmt: skip


def sayable(text: str) -> str:
    """Return a text for a voice: words apart, signs as words."""
    for sign, word in (
        ("%", " percent"),
        (">=", " at least "),
        ("<=", " at most "),
        (">", " above "),
        ("<", " below "),
        ("&", " and "),
        ("=", " is "),
        ("@", " at "),
    ):
        text = text.replace(sign, word)
    return line(_WORD_END.sub(lambda found: "." if found.group() == "." and _between_digits(text, found) else " ", text))


def _between_digits(text: str, found: re.Match[str]) -> bool:
    before, after = text[: found.start()], text[found.end() :]
    return before[-1:].isdigit() and after[:1].isdigit()


def _moment(text: str) -> str:
    """Return a time as ``27 Oct 14:05 UTC``; what is no time as it is."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return text
    return f"{at.astimezone(UTC).day} {at.astimezone(UTC):%b %H:%M} UTC" if at.tzinfo else text


def _web(text: str) -> str:
    """Return an address that a message may lead to; an empty text for anything else."""
    address = line(text)
    return address if address.startswith(("https://", "http://")) and " " not in address else ""


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:] if text[1:2].islower() else text
