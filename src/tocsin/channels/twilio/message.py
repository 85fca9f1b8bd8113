"""A notice as a text message, and as what a voice says on the telephone (TwiML). Pure."""

from __future__ import annotations

from typing import Final
from xml.sax.saxutils import escape, quoteattr

from tocsin.channels.notice import Notice, cut, line, short_text

_GSM: Final = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
"""GSM 03.38: a text of these letters travels in parts of 153; one other letter makes parts of 67."""
_GSM_TWICE: Final = frozenset("^{}\\[~]|€")
_PLAINER: Final = str.maketrans(
    {
        "–": "-",
        "—": "-",
        "‑": "-",
        "…": "...",
        "’": "'",
        "‘": "'",
        "“": '"',
        "”": '"',
        "×": "x",
        "•": "-",
        "→": ">",
        "≥": ">=",
        "≤": "<=",
        "\u00a0": " ",
    }
)
_MOST_GSM: Final = 306
"""Two parts."""
_MOST_OTHER: Final = 201
"""Three parts."""
_LONGEST_TWIML: Final = 4000
_LONGEST_SPOKEN: Final = 700
KEYS: Final[dict[str, str]] = {"4": "acknowledge", "5": "escalate", "6": "resolve"}
"""Key of the telephone -> what it does."""
_HINT: Final = "Press 4 to acknowledge, 5 to escalate, 6 to resolve."
_WAIT: Final = 10
"""Seconds that the call waits for a key."""


def sms(notice: Notice, *, can_reply: bool) -> str:
    """Return a text of at most two parts (three where it needs letters beyond GSM 03.38). The link and how to reply are never what is cut."""
    ending = []
    if notice.kind in ("page", "test") and can_reply and notice.number:
        ending.append(f"Reply ack {notice.number}")
    address = notice.link or (notice.links[0][1] if notice.kind == "status" and notice.links else "")
    if address:
        ending.append(address)
    tail = "".join(f"\n{one}" for one in ending)
    text = line(short_text(notice)).translate(_PLAINER)
    most = _MOST_GSM if size_of(text + tail) is not None else _MOST_OTHER
    while text and (size_of(text + tail) or len(text + tail)) > most:
        text = text[:-1]
    whole = line(short_text(notice)).translate(_PLAINER)
    return (text if text == whole else text[:-3].rstrip() + "...") + tail


def size_of(text: str) -> int | None:
    """Return the letters that a text takes in GSM 03.38; None where it cannot be written in it."""
    if not all(letter in _GSM or letter in _GSM_TWICE for letter in text):
        return None
    return len(text) + sum(letter in _GSM_TWICE for letter in text)


def call(notice: Notice, keys_go_to: str = "") -> str:
    """Return what a call says, twice, and where a pressed key goes. Without an address for keys it only speaks."""
    said = cut(notice.spoken or notice.subject, _LONGEST_SPOKEN)
    if not keys_go_to or notice.kind not in ("page", "test"):
        return _response(_say(said), _pause(), _say(said))
    gather = (
        f'<Gather numDigits="1" timeout="{_WAIT}" method="POST" action={quoteattr(keys_go_to)}>'
        f"{_say(f'{said} {_HINT}')}{_pause()}{_say(f'{said} {_HINT}')}</Gather>"
    )
    return _response(gather, _say("Nothing was pressed. Goodbye."))


def speak(text: str, keys_go_to: str = "") -> str:
    """Return an answer on the telephone; with an address, another key may be pressed."""
    if not keys_go_to:
        return _response(_say(text))
    return _response(
        f'<Gather numDigits="1" timeout="{_WAIT}" method="POST" action={quoteattr(keys_go_to)}>{_say(text)}</Gather>', _say("Goodbye.")
    )


def text_back(text: str) -> str:
    """Return the answer to a text message."""
    return _response(f"<Message>{escape(cut(line(text), _MOST_GSM))}</Message>") if text else _response()


def _say(text: str) -> str:
    return f"<Say>{escape(line(text))}</Say>"


def _pause() -> str:
    return '<Pause length="1"/>'


def _response(*verbs: str) -> str:
    made = f'<?xml version="1.0" encoding="UTF-8"?><Response>{"".join(verbs)}</Response>'
    assert len(made) <= _LONGEST_TWIML, "cut before it is made"
    return made
