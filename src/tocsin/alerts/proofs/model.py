"""The check of one signed request: records ``proof:<receipt>``. Pure.

A request of a notification service says with which certificate it is signed. The certificate has to be fetched, which no request waits for: the
request is kept and marked as unverified, and the check is a message to the outside like any other (channel ``certificates``), tried again
while the certificate cannot be had. What it finds is written down here, and told to the journal of alerts: it marks the receipt and lets
through what a strict key has held. The confirmation of a subscription goes the same way, and only after its signature was found good.
"""

from __future__ import annotations

import base64
from typing import Any, Final

import msgspec

from tocsin.alerts.model import Signal
from tocsin.alerts.reading import Reading
from tocsin.engine.model import Command, Context, Decision, Delivery, Event, Fact, Happened

CHANNEL: Final = "certificates"
CHECK: Final = "alerts.proof"
"""What is delivered."""
FORGED: Final = "The signature is not good"
"""What every word about a request begins with that was signed by somebody else, or not as it says."""
UNSIGNED: Final = "It is not signed, so its subscription is not confirmed"


class AskProof(Command, frozen=True):
    """Check a request's signature; then confirm the subscription that it asks for, and let its alerts through."""

    receipt: str
    source: str
    key: str = ""
    """The id of the intake key that it came by."""
    service: str = ""
    text: bytes = b""
    """What was signed."""
    signature: bytes = b""
    certificate: str = ""
    digest: str = ""
    confirm: str = ""
    """The address by which the subscription is confirmed; empty: there is none."""
    about: str = ""
    held: tuple[Signal, ...] = ()
    """Alerts that wait for the result."""


class NoteProof(Command, frozen=True):
    """Write down what the check found."""

    good: bool
    why: str


class ProofAsked(Event, frozen=True, tag="proof.asked"):
    """A signature is to be checked."""

    asked: AskProof


class ProofFound(Event, frozen=True, tag="proof.found"):
    """It was checked, or could not be."""

    good: bool
    why: str


class Checked(msgspec.Struct, frozen=True):
    """A check as it stands."""

    id: str
    version: int = 0
    asked: AskProof = AskProof("", "")
    good: bool | None = None
    """None while it is not known."""
    why: str = ""


def asking(reading: Reading, receipt: str, source: str, key: str, service: str, *, strict: bool) -> AskProof | None:
    """Return what is to be checked of a request; None where it neither is signed nor asks for anything. strict: its alerts wait for that."""
    proof, handshake = reading.proof, reading.handshake
    if proof is None and handshake is None:
        return None
    asked = AskProof(receipt, source, key, service, held=reading.signals if strict and proof is not None else ())
    if handshake is not None:
        asked = msgspec.structs.replace(asked, confirm=handshake.url, about=handshake.about)
    if proof is None:
        return asked
    return msgspec.structs.replace(
        asked, text=proof.text, signature=proof.signature, certificate=proof.certificate_url, digest=proof.digest
    )


def decide(state: Checked, command: Command, _ctx: Context) -> Decision:
    """Return what follows from a command on a check. The same result twice is one."""
    match command:
        case AskProof() if state.version:
            return Decision(result={"proof": state.id})
        case AskProof(certificate=""):
            return Decision(
                (Happened(ProofAsked(command)), Happened(ProofFound(good=False, why=f"{UNSIGNED}."))), result={"proof": state.id}
            )
        case AskProof():
            return Decision((Happened(ProofAsked(command)),), (_delivery(state.id, command),), {"proof": state.id})
        case NoteProof() if state.version and state.good is None:
            return Decision((Happened(ProofFound(command.good, command.why)),))
        case _:
            return Decision()


def _delivery(proof: str, asked: AskProof) -> Delivery:
    values: dict[str, Any] = {
        "text": base64.b64encode(asked.text).decode(),
        "signature": base64.b64encode(asked.signature).decode(),
        "digest": asked.digest,
        "confirm": asked.confirm,
        "about": asked.about,
    }
    return Delivery(f"proof:{proof}", CHANNEL, asked.certificate, CHECK, values)


def evolve(state: Checked, fact: Fact) -> Checked:
    """Return the check after a fact."""
    replace = msgspec.structs.replace
    match fact.event:
        case ProofAsked(asked=asked):
            return replace(state, version=fact.version, asked=asked)
        case ProofFound(good=good, why=why):
            return replace(state, version=fact.version, good=good, why=why)
        case _:
            return state
