"""Plain text as paragraphs and lists, so that a page can show it without any markup of its writer. Pure."""

from __future__ import annotations

from typing import Final, Literal, NamedTuple

_POINTS: Final = ("- ", "* ", "• ")


class Block(NamedTuple):
    """A paragraph (its lines) or a list (its points)."""

    kind: Literal["text", "list"]
    lines: tuple[str, ...]


def blocks(text: str) -> list[Block]:
    """Return a text's blocks in order: lines that begin with a hyphen are points of a list, an empty line ends a paragraph."""
    found: list[Block] = []
    kind: Literal["text", "list"] = "text"
    lines: list[str] = []

    def end() -> None:
        if lines:
            found.append(Block(kind, tuple(lines)))
            lines.clear()

    for raw in text.splitlines():
        line = raw.strip()
        point = next((line[len(mark) :].strip() for mark in _POINTS if line.startswith(mark)), None)
        if not line:
            end()
        elif point is not None:
            if kind != "list":
                end()
                kind = "list"
            lines.append(point)
        else:
            if kind != "text":
                end()
                kind = "text"
            lines.append(line)
    end()
    return found
