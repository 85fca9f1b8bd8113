"""The time zones that forms offer to choose from."""

from __future__ import annotations

from typing import Final
from zoneinfo import available_timezones

_NO_PLACES: Final = ("Etc/", "posix/", "right/", "SystemV/")
ZONES: Final = (*sorted(name for name in available_timezones() if "/" in name and not name.startswith(_NO_PLACES)), "UTC")
"""Names of the IANA database that name a place, and UTC."""
