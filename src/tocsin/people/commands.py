"""What can be asked of a person's ways of being reached: prove one by a code."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from tocsin.engine.model import Command

_Name = Annotated[str, Meta(min_length=1, max_length=100)]


class SendCode(Command, frozen=True):
    """Send a code by one of the person's ways, to prove that it reaches them."""

    contact: _Name


class ConfirmCode(Command, frozen=True):
    """Type the code in that came."""

    contact: _Name
    code: Annotated[str, Meta(min_length=1, max_length=40)]


class NoteCodeFailed(Command, frozen=True):
    """The code could not be sent."""

    key: str
    why: str
