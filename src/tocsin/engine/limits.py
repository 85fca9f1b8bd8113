"""What no command may carry, whoever sends it: times that no calendar can reckon with, nesting without end, a character no database keeps.

A record that held one of them could be written once and never be read again, so they are refused before they are decided on.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

import msgspec

from tocsin.engine.errors import Refused

FIRST_YEAR: Final = 1970
LAST_YEAR: Final = 2999
"""Far enough from both ends of the calendar that zones and durations can be added."""
DEEPEST: Final = 40
"""Levels of lists and objects."""
NUL: Final = "\x00"


def check(command: msgspec.Struct) -> None:
    """Make sure that a command can be stored and read again.

    Raises:
        Refused: it names the field.

    """
    for name in command.__struct_fields__:
        _look(getattr(command, name), name, 1)


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


def _look(value: Any, path: str, deep: int) -> None:
    match value:
        case str():
            check_text(value, path)
        case datetime():
            check_time(value, path)
        case None | bool() | int() | float() | bytes():
            return
        case _ if deep > DEEPEST:
            raise Refused(f"{path.partition('.')[0]} is nested more than {DEEPEST} levels deep.", fix="Send it flatter.", field=path.partition(".")[0])
        case msgspec.Struct():
            for name in value.__struct_fields__:
                _look(getattr(value, name), f"{path}.{name}", deep + 1)
        case dict():
            for key, one in value.items():
                if isinstance(key, str):
                    check_text(key, path)
                _look(one, f"{path}.{key}", deep + 1)
        case list() | tuple() | set() | frozenset():
            for number, one in enumerate(value):
                _look(one, f"{path}[{number}]", deep + 1)
        case _:
            return
