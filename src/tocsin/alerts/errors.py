"""Why a report of a monitoring tool is refused."""

from __future__ import annotations

import re
from typing import Final

import msgspec

from tocsin.engine.errors import NotFound, Refused, Unavailable

_PATH: Final = re.compile(r" - at `\$?\.?(.*?)`$")
_NAME: Final = re.compile(r"`([^`]*)`")


class WrongBody(Refused):
    """The body is not what this tool sends; ``field`` is the path of what is wrong, such as ``alerts[1].startsAt``."""

    code = "intake.wrong_body"


class WrongKey(NotFound):
    """There is nothing at this address: no such tool, no such key, or a key that is for something else. Nobody is told which."""

    code = "intake.wrong_key"

    def __init__(self) -> None:
        super().__init__(
            "There is no intake at this address.",
            fix="Take the address that `tocsin serve` prints, or that `tocsin intake list` shows.",
            field="key",
        )


class TooSlow(Refused):
    """The request did not come in whole in time."""

    status = 408
    code = "intake.too_slow"

    def __init__(self, seconds: float) -> None:
        super().__init__(f"The request did not come in whole within {seconds:g} seconds.", fix="Send it again.")


class Overloaded(Unavailable):
    """More waits to be written than the server holds in memory; nothing was kept."""

    code = "intake.overloaded"

    def __init__(self) -> None:
        super().__init__("More alerts come than can be written at this moment.", fix="Send the same request again in a moment.")


class WrongSecret(WrongBody):
    """The request does not carry the secret, or the signature made with it, that the intake key asks for; ``field`` is the header."""

    status = 401
    code = "intake.wrong_secret"

    def __init__(self, header: str) -> None:
        super().__init__(
            f"The header {header} does not fit the secret of this intake key.",
            fix="Set the same secret in the sending tool and in the key's option `secret`.",
            field=header,
        )


class Unsigned(WrongBody):
    """The intake key takes signed requests only, and this one is not signed."""

    status = 401
    code = "intake.unsigned"

    def __init__(self) -> None:
        super().__init__(
            "This intake key takes signed requests only, and this one is not signed.",
            fix="Let the tool sign its requests (the key's option `secret`), or take `strict` from the key.",
            field="signature",
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
