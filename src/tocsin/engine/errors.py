"""Why something is refused. One class per reason; each says what was wrong and what to do."""

from __future__ import annotations


class Refused(Exception):
    """A command that cannot be carried out. Nothing of it is written."""

    status = 422
    """The HTTP status of the answer."""
    code = "refused"

    def __init__(self, what: str, *, fix: str = "", field: str = "") -> None:
        self.what = what
        self.fix = fix
        self.field = field
        super().__init__(f"{what} {fix}".strip())


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
