"""Figures of the impact as people type them: ``1,000``, ``about 40 000 users``, ``12.5 %``, ``yes``. Pure."""

from __future__ import annotations

import re
from typing import Final

from tocsin.engine.errors import Refused
from tocsin.playbooks.record import Figure

NUMERIC: Final = ("count", "percent", "money")
"""The kinds of figures whose value is a number."""
_ABOUT: Final = re.compile(r"^(?:~|≈|about\s+|around\s+|roughly\s+|some\s+|approx(?:\.|imately)?\s+|ca\.?\s+)\s*", re.IGNORECASE)
_SPACES: Final = re.compile(r"(?<=\d)[ \u00a0\u2009\u202f](?=\d{3}(?!\d))")
_GROUPED: Final = re.compile(r"[+-]?\d{1,3}(?:,\d{3})+(?:\.\d+)?")
_PLAIN: Final = re.compile(r"[+-]?(?:\d+(?:\.\d+)?|\.\d+)")
_LONGEST: Final = 40
_SIGNS: Final = "$€£¥"
_WORDS: Final = {"yes": "yes", "y": "yes", "true": "yes", "no": "no", "n": "no", "false": "no"}


def read(figure: Figure, value: float | str) -> tuple[float | str, bool]:
    """Return the value of a figure as it was typed, and whether it was called an estimate (``~``, ``about``).

    A number may have commas or spaces between groups of three digits, and its unit or a sign of money beside it.

    Raises:
        Refused: the figure is a number and the value cannot be read as one.

    """
    if not isinstance(value, str):
        return value, False
    text = value.strip()
    if figure.kind not in NUMERIC:
        return _WORDS.get(text.casefold(), text) if figure.kind == "yes_no" else text, False
    bare = _ABOUT.sub("", text)
    number = _number(_without_unit(bare, figure))
    if number is None:
        raise Refused(f"{figure.name} is a number, not {text[:_LONGEST]!r}.", fix=_how(bare, figure), field="value")
    return number, bare != text


def _without_unit(text: str, figure: Figure) -> str:
    """Leave the figure's own unit, and for money a sign of money, away."""
    bare = text.strip(_SIGNS + " ") if figure.kind == "money" else text
    for unit in (figure.unit, figure.unit.removesuffix("s"), "%" if figure.kind == "percent" else ""):
        if unit and bare.casefold().endswith(unit.casefold()):
            bare = bare[: -len(unit)]
            break
        if unit and bare.casefold().startswith(f"{unit.casefold()} "):
            bare = bare[len(unit) :]
            break
    return bare.strip(f"{_SIGNS} " if figure.kind == "money" else " ")


def _number(text: str) -> float | None:
    joined = _SPACES.sub("", text)
    if len(joined) > _LONGEST:
        return None
    if _GROUPED.fullmatch(joined):
        return float(joined.replace(",", ""))
    return float(joined) if _PLAIN.fullmatch(joined) else None


def _how(text: str, figure: Figure) -> str:
    if re.fullmatch(r"[+-]?\d+,\d+", text.split(" ", maxsplit=1)[0].rstrip("%")):
        return "Write a point before decimals (12.5), and a comma only between thousands (1,000)."
    unit = f"; its unit ({figure.unit}) is known" if figure.unit else ""
    return f"Write one number, such as 1,000 or 12.5{unit}. What else is known fits into the source."
