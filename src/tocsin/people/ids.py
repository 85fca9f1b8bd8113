"""What people call people, teams and services in addresses and files. Pure."""

from __future__ import annotations

import re
from typing import Final

from tocsin.engine.errors import Refused

_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@+-]{0,99}")


def checked_id(name: str, of: str) -> str:
    """Return an id that can stand in an address, a file name and a message.

    Raises:
        Refused: it cannot.

    """
    if not _ID.fullmatch(name):
        raise Refused(
            f"{name!r} cannot be the id of a {of}.",
            fix="Use up to 100 letters, digits, dots, hyphens, underscores, @ and +, and begin with a letter or digit.", field="id",
        )  # fmt: skip
    return name
