"""Why a report of a monitoring tool is refused."""

from __future__ import annotations

import re
from typing import Final

import msgspec

from tocsin.engine.errors import NotSignedIn, Refused

_PATH: Final = re.compile(r" - at `\$?\.?(.*?)`$")
_NAME: Final = re.compile(r"`([^`]*)`")


class WrongBody(Refused):
    """The body is not what this tool sends; ``field`` is the path of what is wrong, such as ``alerts[1].startsAt``."""

    code = "intake.wrong_body"


class WrongKey(NotSignedIn):
    """The key in the address is not one of this installation."""

    code = "intake.wrong_key"

    def __init__(self) -> None:
        super().__init__(
            "The key at the end of this address is not valid here.",
            fix="Take the address that `tocsin serve` prints, or that GET /api/v1/intake shows.",
            field="key",
        )


def wrong_body(error: msgspec.MsgspecError, tool: str) -> WrongBody:
    """Return what was wrong with a body of a tool, naming the field by its path."""
    text = str(error)
    found = _PATH.search(text)
    path = found.group(1).removeprefix("[...]") if found else ""
    what = _PATH.sub("", text)
    if not isinstance(error, msgspec.ValidationError):
        return WrongBody(f"The body is not JSON: {what}.", fix=f"Send the JSON that {tool} sends.", field="$")
    if "missing required field" in what:
        name = _NAME.findall(what)[-1]
        field = f"{path}.{name}".strip(".")
        return WrongBody(f"{field} is missing.", fix=f"{tool} always sends it; a proxy or template may have cut it.", field=field)
    field = path or "$"
    return WrongBody(f"{field}: {what.replace('`', '')}.", fix=f"Send the value as {tool} does.", field=field)
