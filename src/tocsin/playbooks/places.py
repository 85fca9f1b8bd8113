"""Places in a YAML file: the path of keys and indexes that leads to a value, and where the value stands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

Path = tuple[str | int, ...]
Position = tuple[int, int]
"""Line and column, both from 1."""


@dataclass(frozen=True, slots=True)
class Source:
    """What a YAML file says as plain values, and where each of them stands."""

    data: Any
    positions: dict[Path, Position]


def dotted(path: Path) -> str:
    """Return a path as people read it: ``severities.0.rank``."""
    return ".".join(str(step) for step in path)
