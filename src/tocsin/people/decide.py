"""What follows from a command on a person. Pure."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from msgspec.structs import replace

from tocsin.engine.errors import Conflict, NotFound, Refused
from tocsin.engine.model import Command, Context, Decision, Delivery, Happened
from tocsin.people import commands as c
from tocsin.people.contacts import added, changed, checked, code_digest, contact_of, key_of, ordered, removed
from tocsin.people.ids import checked_id
from tocsin.people.model import CodeFailed, CodeRefused, CodeSent, Contact, ContactVerified, Person, PersonSaved, SavePerson

CODE_HOLDS: Final = timedelta(minutes=15)
"""How long a code can be typed in."""
MOST_WRONG: Final = 5
"""Wrong codes after which a new one is needed."""


def delivery_key(person: str, version: int) -> str:
    """Return the key of the message that carries the code of a fact."""
    return f"person.verify:{person}:{version}"


def decide_person(person: Person, command: Command, ctx: Context) -> Decision:
    """Return what follows from a command.

    Raises:
        Refused: a contact, rule or quiet hour cannot be used, or the code is wrong.
        NotFound: there is no such person.

    """
    if isinstance(command, SavePerson):
        checked_id(person.id, "person")
        return _saved(person, checked(command, person.saved.contacts if person.saved else ()), warnings=_warnings(ctx))
    if person.saved is None:
        raise NotFound(f"There is no person {person.id}.", fix="Check the id; `tocsin person list` shows them.")
    match command:
        case c.AddContact(kind=kind, value=value, id=name):
            more, way = added(person.saved, Contact(kind.strip(), value.strip(), name.strip()))
            return _saved(person, more, contact=way)
        case c.ChangeContact(contact=name, value=value):
            return _saved(person, changed(person.saved, name, value.strip()), contact=name)
        case c.RemoveContact(contact=name):
            return _saved(person, removed(person.saved, name))
        case c.OrderContacts(contacts=names):
            return _saved(person, ordered(person.saved, names))
        case c.ChangePerson():
            given = {name: value for name in command.__struct_fields__ if (value := getattr(command, name)) is not None}
            return _saved(person, checked(replace(person.saved, **given), person.saved.contacts), warnings=_warnings(ctx))
        case c.SendCode():
            return _send(person, contact_of(person.saved.contacts, command.contact), ctx)
        case c.ConfirmCode():
            return _confirm(person, contact_of(person.saved.contacts, command.contact), command.code, ctx)
        case c.NoteCodeFailed():
            if not any(one.key == command.key for one in person.pending.values()):
                return Decision()
            return Decision((Happened(CodeFailed(command.key, command.why)),))
        case _:
            raise Refused(f"A person does not know {type(command).__name__}.")


def _warnings(ctx: Context) -> list[str]:
    unknown: tuple[str, ...] = ctx.found or ()
    return [f"There is no team {team}." for team in unknown]


def _saved(person: Person, saved: SavePerson, **more: Any) -> Decision:
    changed = saved != person.saved
    return Decision((Happened(PersonSaved(saved)),) if changed else (), result={"person": person.id, "changed": changed, **more})


def _send(person: Person, contact: Contact, ctx: Context) -> Decision:
    code = ctx.fresh[0]
    expires = ctx.now + CODE_HOLDS
    values = {
        "person": person.id, "name": person.saved.name if person.saved else person.id, "contact": contact.id, "kind": contact.kind,
        "code": code, "expires_at": expires.isoformat(), "sent_at": ctx.now.isoformat(),
    }  # fmt: skip
    delivery = Delivery(delivery_key(person.id, person.version + 1), contact.kind, contact.value, "person.verify", values)
    return Decision(
        (Happened(CodeSent(contact, code_digest(person.id, contact, code), expires)),),
        (delivery,),
        {"person": person.id, "contact": contact.id, "expires_at": expires.isoformat()},
    )


def _confirm(person: Person, contact: Contact, code: str, ctx: Context) -> Decision:
    pending = person.pending.get(key_of(contact))
    if pending is None:
        if person.is_verified(contact):
            return Decision(result={"person": person.id, "contact": contact.id, "verified": True, "changed": False})
        raise Conflict(f"No code was sent by {contact.id}.", fix="Ask for one first.", field="contact")
    if ctx.now >= pending.expires_at or pending.wrong >= MOST_WRONG:
        why = "has run out" if ctx.now >= pending.expires_at else f"was typed in wrongly {MOST_WRONG} times"
        raise Conflict(f"The code {why}.", fix="Ask for a new one.", field="code")
    if code_digest(person.id, contact, code) != pending.digest:
        # A fact and no refusal: otherwise nothing would count the wrong ones.
        left = MOST_WRONG - pending.wrong - 1
        result = {"person": person.id, "contact": contact.id, "verified": False, "tries_left": left, "changed": True}
        return Decision((Happened(CodeRefused(contact)),), result=result)
    return Decision(
        (Happened(ContactVerified(contact)),), result={"person": person.id, "contact": contact.id, "verified": True, "changed": True}
    )
