"""Why something is refused. One class per reason; each says what was wrong and what to do."""

from __future__ import annotations

from typing import Final

_LONGEST: Final = 4000
"""Characters of a sentence that people read."""
_LONGEST_FIELD: Final = 300


class Refused(Exception):
    """A command that cannot be carried out. Nothing of it is written."""

    status = 422
    """The HTTP status of the answer."""
    code = "refused"

    def __init__(self, what: str, *, fix: str = "", field: str = "") -> None:
        # A refusal may quote what was sent, and that may be a megabyte.
        self.what = _short(what, _LONGEST)
        self.fix = _short(fix, _LONGEST)
        self.field = _short(field, _LONGEST_FIELD)
        super().__init__(f"{self.what} {self.fix}".strip())


class NotFound(Refused):
    """Nothing by that name exists, or the viewer may not see it."""

    status = 404
    code = "not_found"


class Conflict(Refused):
    """It contradicts what already happened."""

    status = 409
    code = "conflict"


class NotAllowed(Refused):
    """Who asks may not do this."""

    status = 403
    code = "not_allowed"


class NotSignedIn(Refused):
    """No valid token came with the request."""

    status = 401
    code = "not_signed_in"


class Unavailable(Refused):
    """It could not be made durable (full disk, database gone); nothing was done. Try again."""

    status = 503
    code = "unavailable"


class TooLarge(Refused):
    """The body is larger than what is taken."""

    status = 413
    code = "too_large"


def _short(text: str, longest: int) -> str:
    return text if len(text) <= longest else text[: longest - 1] + "…"
