"""An e-mail as an alert: for tools that can do no more than send one. Pure.

Format: RFC 5322 (https://www.rfc-editor.org/rfc/rfc5322). The local part of the recipient's address is the intake key. The subject is the
title; the sender and the subject without its first word of state tell one alert from others, so that *[DOWN] disk on db-1* and
*[UP] disk on db-1* are the same one. The options of the key may name the words: ``firing_words``, ``resolved_words``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import parseaddr
from typing import Any, Final

from tocsin.alerts.errors import WrongBody
from tocsin.alerts.model import Signal
from tocsin.alerts.reading import Reading, Sent
from tocsin.alerts.sources.fields import LONGEST_TITLE, clean, identity, short
from tocsin.engine import limits

NAME: Final = "email"
TOOL: Final = "e-mail"

FIRING_WORDS: Final = (
    "alert",
    "alerting",
    "alarm",
    "critical",
    "down",
    "error",
    "failed",
    "failure",
    "firing",
    "problem",
    "triggered",
    "warning",
)
RESOLVED_WORDS: Final = ("back", "clear", "cleared", "closed", "ok", "recovered", "recovery", "resolved", "up")
"""Words at the beginning of subjects, as monitoring tools write them; a key's options may name others."""

_LONGEST_TEXT: Final = 20_000
_REPLY: Final = re.compile(r"^(?:\s*(?:re|fwd?|aw|wg)\s*:)+", re.IGNORECASE)
_FIRST: Final = re.compile(r"^[\s\[\](){}*!:#-]*([^\W\d_]+)[\s\[\](){}*!:#-]*", re.UNICODE)
_TAGS: Final = re.compile(r"<(?:style|script)\b.*?</(?:style|script)>|<[^>]{0,2000}>", re.IGNORECASE | re.DOTALL)
_BLANK: Final = re.compile(r"[ \t]*\n\s*\n\s*")


def read(sent: Sent) -> Reading:
    """Return the alert that an e-mail is.

    Raises:
        WrongBody: it has neither a subject nor a text, so nothing tells what it is about.

    """
    try:
        message = message_from_bytes(sent.body, policy=policy.default)
        subject = _header(message, "subject")
        text = _text(message)
    except (LookupError, ValueError, TypeError, AttributeError, IndexError, RecursionError, AssertionError) as error:
        raise WrongBody(
            f"The e-mail cannot be read: {type(error).__name__}.", fix="Send it as RFC 5322 describes.", field="message"
        ) from error
    if _header(message, "auto-submitted").casefold().startswith("auto-replied"):
        return Reading(ignored="It is an automatic answer to a message, such as a notice of absence.")
    sender = clean(parseaddr(_header(message, "from"))[1]).casefold()
    if not subject and not text:
        raise WrongBody("The e-mail has no subject and no text.", fix="Write what is wrong into the subject.", field="subject")
    title = subject or text.splitlines()[0]
    about, resolved = _state(title, sent.options)
    signal = Signal(
        fingerprint=identity(sender, about.casefold()),
        status="resolved" if resolved else "firing",
        title=short(title, LONGEST_TITLE),
        labels={"alertname": short(about, LONGEST_TITLE), **({"from": sender} if sender else {})},
        summary=short(text, _LONGEST_TEXT),
        starts_at=None if resolved else _sent_at(message, sent.now),
        ends_at=_sent_at(message, sent.now) if resolved else None,
        how="email",
    )
    return Reading((signal,))


def _state(subject: str, options: Mapping[str, Any]) -> tuple[str, bool]:
    """Return the subject without its first word of state, and whether that word says that it is over."""
    about = " ".join(_REPLY.sub("", subject).split())
    over = _words(options.get("resolved_words"), RESOLVED_WORDS)
    begun = _words(options.get("firing_words"), FIRING_WORDS)
    found = _FIRST.match(about)
    word = found.group(1).casefold() if found else ""
    if found is None or word not in over | begun:
        return about, False
    return about[found.end() :].strip() or about, word in over


def _words(given: Any, usual: tuple[str, ...]) -> frozenset[str]:
    words = given if isinstance(given, list | tuple) and given else usual
    return frozenset(str(word).casefold() for word in words)


def _header(message: EmailMessage, name: str) -> str:
    value = message.get(name)
    return clean(" ".join(str(value).split())) if value is not None else ""


def _text(message: EmailMessage) -> str:
    part = message.get_body(preferencelist=("plain", "html"))
    if part is None:
        return ""
    content = part.get_content()
    if not isinstance(content, str):
        return ""
    if part.get_content_subtype() == "html":
        content = _TAGS.sub(" ", content)
    return _BLANK.sub("\n\n", clean(content.replace("\r\n", "\n"))).strip()


def _sent_at(message: EmailMessage, now: datetime) -> datetime:
    """Return when it was sent as it says itself, but never later than it came."""
    found = getattr(message.get("date"), "datetime", None)
    if not isinstance(found, datetime) or found.tzinfo is None or not limits.FIRST_YEAR <= found.year <= limits.LAST_YEAR:
        return now
    return min(found.astimezone(UTC), now)
