"""What can be asked of a person: to change one thing of them, and to prove by a code that a way reaches them."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from tocsin.engine.model import Command
from tocsin.people.model import QuietHours, Rule

_Name = Annotated[str, Meta(min_length=1, max_length=100)]


class AddContact(Command, frozen=True):
    """Add one way to reach a person, and leave the others as they are. The same way a second time is no error."""

    kind: _Name
    value: Annotated[str, Meta(min_length=1, max_length=4000)]
    id: Annotated[str, Meta(max_length=40)] = ""
    """Short and unique among the person's ways; the kind, with a number where needed, where it is left out."""


class ChangeContact(Command, frozen=True):
    """Give one way another address, number or subscription; the rules that name it stay. It has to be proved anew."""

    contact: _Name
    value: Annotated[str, Meta(min_length=1, max_length=4000)]


class RemoveContact(Command, frozen=True):
    """Take one way away, with the rules that name it."""

    contact: _Name


class OrderContacts(Command, frozen=True):
    """Put the ways in this order: it is the one in which they are tried where nothing else says so."""

    contacts: Annotated[tuple[_Name, ...], Meta(max_length=50)]
    """The ids of ways; those not named follow in the order that they have."""


class ChangePerson(Command, frozen=True):
    """Write down something else of a person; what is left out stays as it is."""

    name: Annotated[str, Meta(min_length=1, max_length=200)] | None = None
    zone: Annotated[str, Meta(max_length=100)] | None = None
    teams: Annotated[tuple[_Name, ...], Meta(max_length=200)] | None = None
    active: bool | None = None
    rules: Annotated[tuple[Rule, ...], Meta(max_length=50)] | None = None
    quiet: Annotated[tuple[QuietHours, ...], Meta(max_length=50)] | None = None


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
