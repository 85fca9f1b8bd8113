"""What fields of commands may hold, so that a body of the API is refused before anything is decided."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from msgspec import Meta

Time = Annotated[datetime, Meta(tz=True)]
"""A moment with a zone."""
Line = Annotated[str, Meta(min_length=1, max_length=300)]
Text = Annotated[str, Meta(min_length=1, max_length=100_000)]
Name = Annotated[str, Meta(min_length=1, max_length=200)]
Number = Annotated[int, Meta(ge=1, le=2**31 - 1)]
"""The number of a fact in its record."""
