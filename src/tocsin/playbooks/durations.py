"""Durations as people write them in a playbook: ``90s``, ``15m``, ``4h``, ``2d``, ``1w``."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Final, Self

_UNITS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_PART: Final = re.compile(r"(\d+)([smhdw])")
_WHOLE: Final = re.compile(r"(?:\d+[smhdw])+")

_LONGEST: Final = 36_525 * 86_400
"""Seconds. Longer ones can no longer be added to a date."""
_LONGEST_TEXT: Final = 100
"""Characters."""


class Duration(timedelta):
    """A span of wall time, whole seconds, never negative. ``Duration.parse("1h30m")`` is ninety minutes."""

    @classmethod
    def parse(cls, text: object) -> Self:
        """Read ``15m`` or ``1h30m``.

        Raises:
            ValueError: the text has no unit or is not a duration; the message says what to write.

        """
        if isinstance(text, bool) or not isinstance(text, str | int | float):
            raise ValueError(f"a duration is text with a unit; write 15m or 4h, not {text!r}")
        if isinstance(text, int | float):
            raise ValueError(f"the duration {text} has no unit; write {text}m for minutes or {text}h for hours")
        squeezed = text.replace(" ", "")
        if not _WHOLE.fullmatch(squeezed):
            raise ValueError(f"{text!r} is not a duration; write a whole number and a unit (s, m, h, d, w), such as 15m or 1h30m")
        if (
            len(squeezed) > _LONGEST_TEXT
            or (seconds := sum(int(number) * _UNITS[unit] for number, unit in _PART.findall(squeezed))) > _LONGEST
        ):
            raise ValueError("the duration is longer than 100 years")
        return cls(seconds=seconds)

    def __str__(self) -> str:
        return format_span(self)


def format_span(span: timedelta) -> str:
    """Return a span in the shortest exact units: ``15m``, ``1h30m``, ``13d16h19m``."""
    left = int(abs(span.total_seconds()))
    if left == 0:
        return "0m"
    parts = []
    for unit, size in (("d", 86400), ("h", 3600), ("m", 60), ("s", 1)):
        number, left = divmod(left, size)
        if number:
            parts.append(f"{number}{unit}")
    return ("-" if span < timedelta(0) else "") + "".join(parts)
