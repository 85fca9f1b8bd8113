"""What changed between two versions of something that was written down, in words that fit a line. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import msgspec

_LONGEST: Final = 70
_MOST: Final = 12


class Change(msgspec.Struct, frozen=True):
    """One thing that is otherwise than it was. An empty text: it was not there."""

    what: str
    before: str
    after: str


class Version(msgspec.Struct, frozen=True):
    """One version, and what it changed of the one before."""

    number: int
    at: datetime
    by: str
    what: str = ""
    """What happened, where it was not simply saved."""
    why: str = ""
    changes: tuple[Change, ...] = ()
    more: int = 0
    """How many further changes are left out."""
    first: bool = False


def versions(history: Sequence[tuple[int, datetime, str, str, Any]]) -> list[Version]:
    """Return versions, newest first. history: number, moment, by whom, what happened (empty: saved) and what was saved (None: nothing), oldest first."""
    found: list[Version] = []
    before: Any = None
    for number, at, by, what, saved in history:
        changed = list(changes(before, saved)) if saved is not None and before is not None else []
        found.append(
            Version(
                number,
                at,
                by,
                what,
                changes=tuple(changed[:_MOST]),
                more=max(0, len(changed) - _MOST),
                first=before is None and saved is not None,
            )
        )
        before = saved if saved is not None else before
    return found[::-1]


def changes(before: Any, after: Any) -> Iterator[Change]:
    """Yield what differs between two values, by the path to it: ``layers 1, people``."""
    yield from _changes(msgspec.to_builtins(before), msgspec.to_builtins(after), "")


def _changes(before: Any, after: Any, path: str) -> Iterator[Change]:
    if before == after:
        return
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for name in dict.fromkeys((*before, *after)):
            yield from _changes(before.get(name), after.get(name), f"{path}, {_word(name)}" if path else _word(name))
    elif _listed(before) and _listed(after) and len(before) == len(after) and any(isinstance(one, Mapping) for one in (*before, *after)):
        for place, (one, other) in enumerate(zip(before, after, strict=True), 1):
            yield from _changes(one, other, f"{path} {place}")
    else:
        yield Change(path or "everything", shown(before), shown(after))


def _listed(value: Any) -> bool:
    return isinstance(value, list | tuple)


def _word(name: Any) -> str:
    return str(name).replace("_", " ")


def shown(value: Any) -> str:
    """Return a value as people read it, cut to a line."""
    if value is None or value == "" or value in ([], (), {}):
        return ""
    if isinstance(value, bool):
        text = "yes" if value else "no"
    elif isinstance(value, Mapping):
        text = ", ".join(f"{_word(name)}: {shown(one)}" for name, one in value.items() if one not in ("", [], {}, None))
    elif _listed(value):
        text = ", ".join(f"({shown(one)})" if isinstance(one, list | tuple | Mapping) and len(one) > 1 else shown(one) for one in value)
    else:
        text = str(value)
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
