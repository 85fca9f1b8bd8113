"""Intake keys: who may send, as what, and how it is read. Versioned records ``intake_key:<id>``. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta
from msgspec.structs import replace

from tocsin.alerts.mapping import mapped
from tocsin.engine.errors import NotFound, Refused
from tocsin.engine.model import Command, Context, Decision, Event, Fact, Happened
from tocsin.people.ids import checked_id

FIRST: Final = "first"
"""The key that every installation begins with; it takes requests of every tool."""
ANY: Final = ""
SHORTEST_SECRET: Final = 16
"""Characters of a secret that somebody brings along."""
LONGEST_SECRET: Final = 200
KEPT: Final = "(kept)"
"""What stands in the place of an option that is not shown."""

Name = Annotated[str, Meta(max_length=200)]


class SaveIntakeKey(Command, frozen=True):
    """Write down a key as it is from now on. Its secret is made at the first time and stays."""

    name: Name = ""
    source: Name = ANY
    """The only tool that it is for; empty: every tool."""
    service: Name = ""
    """The service of alerts whose sender names none."""
    options: dict[str, Any] = {}
    """What its source wants to know, such as the mapping of ``generic``."""
    strict: bool = False
    """Refuse what is not signed as the tool signs, instead of keeping it as unverified."""
    secret: Annotated[str, Meta(max_length=LONGEST_SECRET)] = ""
    """A secret that senders have already (the key of another tool, say); empty: one is made."""
    about: Annotated[str, Meta(max_length=2000)] = ""


class RotateIntakeKey(Command, frozen=True):
    """Give it another secret; the old one is no longer taken from this moment on. Its alerts stay the same alerts."""

    secret: Annotated[str, Meta(max_length=LONGEST_SECRET)] = ""


class DisableIntakeKey(Command, frozen=True):
    """Take nothing by it any more."""

    why: Annotated[str, Meta(max_length=2000)] = ""


class EnableIntakeKey(Command, frozen=True):
    """Take requests by it again."""


class IntakeKeySaved(Event, frozen=True, tag="intake_key.saved"):
    """A key was written down."""

    key: SaveIntakeKey


class IntakeKeyRotated(Event, frozen=True, tag="intake_key.rotated"):
    """It has another secret."""

    secret: str


class IntakeKeyDisabled(Event, frozen=True, tag="intake_key.disabled"):
    """Nothing is taken by it any more."""

    why: str = ""


class IntakeKeyEnabled(Event, frozen=True, tag="intake_key.enabled"):
    """Requests are taken by it again."""


KEY_EVENTS: Final[tuple[type[Event], ...]] = (IntakeKeySaved, IntakeKeyRotated, IntakeKeyDisabled, IntakeKeyEnabled)


class IntakeKey(msgspec.Struct, frozen=True):
    """A key as it is now."""

    id: str
    version: int = 0
    saved: SaveIntakeKey = SaveIntakeKey()
    secret: str = ""
    disabled: bool = False
    why: str = ""
    """Why it was disabled."""
    made_at: datetime | None = None
    rotated_at: datetime | None = None

    @property
    def name(self) -> str:
        """What people call it."""
        return self.saved.name or self.id

    def takes(self, source: str) -> bool:
        """Tell whether requests of a tool come in by it."""
        return not self.disabled and self.saved.source in (ANY, source)


def decide_key(key: IntakeKey, command: Command, ctx: Context) -> Decision:
    """Return what follows from a command on a key.

    Raises:
        Refused: the id or the secret cannot be used.
        NotFound: there is no such key.

    """
    result: dict[str, Any] = {"intake_key": key.id}
    fresh = "".join(ctx.fresh).lower()
    if isinstance(command, SaveIntakeKey):
        checked_id(key.id, "id")
        mapped(command.options)
        secret = _secret(command.secret) or key.secret or fresh
        if secret == key.secret and replace(command, secret="") == replace(key.saved, secret=""):
            return Decision(result={**result, "changed": False})
        return Decision((Happened(IntakeKeySaved(replace(command, secret=secret))),), result={**result, "changed": True})
    if not key.version:
        raise NotFound(f"There is no intake key {key.id}.", fix="Check the id; `tocsin intake list` shows them.")
    match command:
        case RotateIntakeKey():
            happened: Event | None = IntakeKeyRotated(_secret(command.secret) or fresh)
        case DisableIntakeKey():
            happened = None if key.disabled else IntakeKeyDisabled(command.why)
        case EnableIntakeKey():
            happened = IntakeKeyEnabled() if key.disabled else None
        case _:
            raise Refused(f"An intake key does not know {type(command).__name__}.")
    return Decision((Happened(happened),) if happened else (), result={**result, "changed": happened is not None})


def _secret(given: str) -> str:
    if given and not (len(given) >= SHORTEST_SECRET and given.isascii() and given.isprintable() and not set(given) & set(" /?#%")):
        raise Refused(
            "This secret cannot stand at the end of an address.",
            fix=f"Give {SHORTEST_SECRET} or more letters and digits, or none: then one is made.", field="secret",
        )  # fmt: skip
    return given


def shown_options(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return options as anybody may read them: without the secret by which requests are signed."""
    return {name: KEPT if name == "secret" and value else value for name, value in options.items()}


def with_kept(command: SaveIntakeKey, before: IntakeKey | None) -> SaveIntakeKey:
    """Return what is to be written down where somebody sends back options as they were shown: the secret stays the one that it was."""
    if command.options.get("secret") != KEPT:
        return command
    kept = before.saved.options.get("secret", "") if before is not None else ""
    return replace(command, options={**command.options, "secret": kept})


def evolve_key(key: IntakeKey, fact: Fact) -> IntakeKey:
    """Return the key after the fact."""
    event = fact.event
    key = replace(key, version=fact.version, made_at=key.made_at or fact.recorded_at)
    match event:
        case IntakeKeySaved():
            return replace(key, saved=replace(event.key, secret=""), secret=event.key.secret)
        case IntakeKeyRotated():
            return replace(key, secret=event.secret, rotated_at=fact.recorded_at)
        case IntakeKeyDisabled():
            return replace(key, disabled=True, why=event.why)
        case IntakeKeyEnabled():
            return replace(key, disabled=False, why="")
        case _:
            return key


def digest(secret: str) -> bytes:
    """Return what a secret is found by: looking up a digest takes the same time however much of a guess is right."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()


def by_digest(keys: Iterable[IntakeKey]) -> Mapping[bytes, IntakeKey]:
    """Return the keys, to be found by their secrets."""
    return {digest(key.secret): key for key in keys if key.secret}
