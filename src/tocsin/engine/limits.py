"""What no command may carry, whoever sends it: times that no calendar can reckon with, nesting without end, a character no database keeps.

A record that held one of them could be written once and never be read again, so they are refused before they are decided on.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final, TypeVar

import msgspec

from tocsin.engine.errors import Refused

S = TypeVar("S", bound=msgspec.Struct)

FIRST_YEAR: Final = 1970
LAST_YEAR: Final = 2999
"""Far enough from both ends of the calendar that zones and durations can be added."""
DEEPEST: Final = 40
"""Levels of lists and objects."""
NUL: Final = "\x00"


def checked(command: S) -> S:
    """Return a command as it can be stored, read again and reckoned with: every moment in it in UTC.

    Raises:
        Refused: it cannot be; the refusal names the field.

    """
    changed = _fields(command, "", 0)
    return msgspec.structs.replace(command, **changed) if changed else command


def check_time(at: datetime, field: str) -> None:
    """Make sure that one can reckon with a moment.

    Raises:
        Refused: it is too near to an end of the calendar.

    """
    if not FIRST_YEAR <= at.year <= LAST_YEAR:
        raise Refused(
            f"{field} is in the year {at.year:04}, which no incident can have.",
            fix=f"Give a time between {FIRST_YEAR} and {LAST_YEAR}.",
            field=field,
        )


def check_text(text: str, field: str) -> None:
    """Make sure that every database keeps a text.

    Raises:
        Refused: it has a NUL character.

    """
    if NUL in text:
        raise Refused(f"{field} has a NUL character.", fix="Take it out.", field=field)


def _fields(value: msgspec.Struct, path: str, deep: int) -> dict[str, Any]:
    """Return the fields of a structure that have to be others."""
    changed = {}
    for name in value.__struct_fields__:
        before = getattr(value, name)
        if (after := _taken(before, f"{path}.{name}" if path else name, deep + 1)) is not before:
            changed[name] = after
    return changed


def _taken(value: Any, path: str, deep: int) -> Any:
    match value:
        case str():
            check_text(value, path)
            return value
        case datetime():
            check_time(value, path)
            return value if value.tzinfo is None or value.tzinfo is UTC else value.astimezone(UTC)
        case None | bool() | int() | float() | bytes():
            return value
        case _ if deep > DEEPEST:
            name = path.partition(".")[0]
            raise Refused(f"{name} is nested more than {DEEPEST} levels deep.", fix="Send it flatter.", field=name)
        case msgspec.Struct():
            changed = _fields(value, path, deep)
            return msgspec.structs.replace(value, **changed) if changed else value
        case dict():
            for key in value:
                if isinstance(key, str):
                    check_text(key, path)
            pairs = {key: _taken(one, f"{path}.{key}", deep + 1) for key, one in value.items()}
            return pairs if any(pairs[key] is not one for key, one in value.items()) else value
        case list() | tuple():
            taken = [_taken(one, f"{path}[{number}]", deep + 1) for number, one in enumerate(value)]
            return value if all(after is before for after, before in zip(taken, value, strict=True)) else type(value)(taken)
        case _:
            return value
