"""Times as people type them: beside an entry, or in brackets at its beginning, as a scribe writes them. Pure.

``[14:05] Rolled back`` happened at 14:05 UTC, today, or yesterday where that is still to come; ``[-5m]`` or ``[5m ago]`` five minutes ago;
``[2026-01-31 14:05]`` on that day. Any other bracket is part of the text. The script of the room shows the same while one types.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Final

from tocsin.engine.errors import Refused
from tocsin.playbooks.durations import Duration

_CLOCK: Final = re.compile(r"(\d{1,2})[:.](\d{2})(?::(\d{2}))?(?:\s*(?:utc|z))?", re.IGNORECASE)
_AGO: Final = re.compile(r"-?\s*((?:\d{1,9}\s*[smhd]\s*)+)(?:in|our|ay)?s?(?:\s+ago)?", re.IGNORECASE)
_BRACKET: Final = re.compile(r"\[\s*([^\[\]\n]{1,40}?)\s*\]\s*")
_LIKE_A_TIME: Final = re.compile(
    r"\d{1,2}[:.]\d{2}(?::\d{2})?(?:\s*(?:utc|z))?|-\s*(?:\d{1,9}\s*[smhd]\s*)+|(?:\d{1,9}\s*[smhd](?:in|our|ay)?s?\s*)+ago"
    r"|\d{4}-\d{2}-\d{2}[ t]\d{1,2}:\d{2}.*",
    re.IGNORECASE,
)
_HOURS: Final = 24
_SIXTY: Final = 60
LEEWAY: Final = timedelta(minutes=2)
"""How far ahead a clock time may lie and still mean today: people's watches differ."""


def moment(text: str, now: datetime, field: str = "at") -> datetime | None:
    """Read a time as people type it: ``14:20`` (UTC, today or yesterday), ``5m ago``, ``2025-10-27 14:20``; nothing for now.

    Raises:
        Refused: it is none of these.

    """
    text = text.strip()
    if not text or text.casefold() == "now":
        return None
    if found := _CLOCK.fullmatch(text):
        hour, minute, second = int(found.group(1)), int(found.group(2)), int(found.group(3) or 0)
        if hour >= _HOURS or minute >= _SIXTY or second >= _SIXTY:
            raise _no_time(text, field)
        at = now.astimezone(UTC).replace(hour=hour, minute=minute, second=second, microsecond=0)
        return at if at <= now + LEEWAY else at - timedelta(days=1)
    if found := _AGO.fullmatch(text):
        try:
            return now - Duration.parse(found.group(1).replace(" ", "").lower())
        except (ValueError, OverflowError) as error:
            raise _no_time(text, field) from error
    try:
        at = datetime.fromisoformat(text.upper().removesuffix("UTC").strip())
        return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise _no_time(text, field) from error


def is_clock(text: str) -> bool:
    """Tell whether a text is a time of day alone, such as ``14:05``."""
    return _CLOCK.fullmatch(text.strip()) is not None


def bracketed(text: str, now: datetime) -> tuple[datetime | None, str]:
    """Return the time in brackets at the beginning of a text, and the text without it; no time and the text as it is where there is none.

    Raises:
        Refused: what stands in the brackets looks like a time and is none, or nothing follows it.

    """
    found = _BRACKET.match(text)
    if found is None or not _LIKE_A_TIME.fullmatch(found.group(1)):
        return None, text
    rest = text[found.end() :].strip()
    try:
        at = moment(found.group(1), now, "text")
    except Refused as refusal:
        raise Refused(
            f"[{found.group(1)}] is not a time.", fix="Write [14:05] (UTC), [-5m] or [2026-01-31 14:05], or begin the text with a word.", field="text",
        ) from refusal  # fmt: skip
    if not rest:
        raise Refused("The entry has a time and no text.", fix="Write what happened after the bracket.", field="text")
    return at, rest


def when(text: str, at: str, typed_at: str, now: datetime) -> tuple[datetime | None, str]:
    """Return when an entry happened (None: now) and its text.

    at: the time that was given beside the text. typed_at: when it was written, of an entry that waited for the network.

    Raises:
        Refused: a time is none, or the text names one and another stands beside it.

    """
    written = _written(typed_at, now)
    inside, rest = bracketed(text, written or now)
    beside = moment(at, written or now)
    if inside is not None and beside is not None and inside != beside:
        raise Refused(
            f"The entry names two times: {inside:%H:%M} in its text and {beside:%H:%M} beside it.", fix="Take one of them out.", field="at",
        )  # fmt: skip
    return inside or beside or written, rest


def _written(text: str, now: datetime) -> datetime | None:
    """Return when an entry was written, where that is a while ago; a browser's nonsense counts for nothing."""
    try:
        at = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    if at.tzinfo is None:
        return None
    try:
        at = at.astimezone(UTC)
    except OverflowError:
        return None
    return at if timedelta(days=-7) < at - now < -timedelta(minutes=1) else None


def _no_time(text: str, field: str) -> Refused:
    return Refused(f"{text!r} is not a time.", fix="Write 14:20 (UTC), 5m ago, or 2026-01-31 14:20; leave it empty for now.", field=field)
