"""Two texts beside one another, line by line. Pure."""

from __future__ import annotations

import difflib
import re
from typing import Final, Literal

import msgspec

_AROUND: Final = 3
_VERSION: Final = re.compile(r"^version[ \t]*:[ \t]*\d+", re.MULTILINE)
_ID: Final = re.compile(r"^playbook[ \t]*:.*$", re.MULTILINE)


class Line(msgspec.Struct, frozen=True):
    """One row: a line on each side, 0 as the number where there is none. ``fold`` stands for so many lines that are alike."""

    kind: Literal["same", "changed", "added", "removed", "fold"]
    before_number: int = 0
    before: str = ""
    after_number: int = 0
    after: str = ""
    count: int = 0


def beside(before: str, after: str) -> list[Line]:
    """Return the rows in which two texts differ, with a few lines around each; nothing where they are alike."""
    old, new = before.splitlines(), after.splitlines()
    matcher = difflib.SequenceMatcher(None, old, new, autojunk=False)
    rows: list[Line] = []
    shown = 0
    for group in matcher.get_grouped_opcodes(_AROUND):
        first = group[0][1]
        if first > shown:
            rows.append(Line("fold", count=first - shown))
        for tag, i1, i2, j1, j2 in group:
            if tag == "equal":
                rows += [Line("same", i1 + k + 1, old[i1 + k], j1 + k + 1, new[j1 + k]) for k in range(i2 - i1)]
                continue
            for k in range(max(i2 - i1, j2 - j1)):
                left, right = i1 + k < i2, j1 + k < j2
                kind: Literal["changed", "added", "removed"] = "changed" if left and right else "removed" if left else "added"
                rows.append(
                    Line(
                        kind,
                        i1 + k + 1 if left else 0,
                        old[i1 + k] if left else "",
                        j1 + k + 1 if right else 0,
                        new[j1 + k] if right else "",
                    )
                )
        shown = group[-1][2]
    if rows and shown < len(old):
        rows.append(Line("fold", count=len(old) - shown))
    return rows


def renumbered(text: str, version: int) -> str:
    """Return a playbook's text with another version number; a text that says none is returned as it is."""
    return _VERSION.sub(f"version: {version}", text, count=1)


def renamed(text: str, playbook: str) -> str:
    """Return a playbook's text under another id, as version 1 of it."""
    return renumbered(_ID.sub(lambda _found: f"playbook: {playbook}", text, count=1), 1)
