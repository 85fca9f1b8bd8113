"""Receipts: what was sent, and what became of it. All requests of a commit are packed into blocks, so that keeping them is nearly free. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

import msgspec
import zstandard

from tocsin.alerts.model import Outcome, Rejected, alert_id, receipt_id
from tocsin.engine.model import moment

LARGEST_BLOCK: Final = 1_000_000
"""Bytes of bodies after which a block is full: reading one receipt unpacks its whole block."""
_LEVEL: Final = 1


class Receipt(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One request, as it was answered."""

    at: int
    """Microseconds since 1970 UTC."""
    source: str
    key: str
    """The intake key's id."""
    sender: str
    """The address that it came from, or who sent it."""
    media: str
    """Its content type."""
    body: bytes
    outcomes: tuple[Outcome, ...] = ()
    status: int = 200
    """The HTTP status of the answer."""
    rejected: Rejected | None = None
    ignored: str = ""
    """Why nothing came of it."""
    event: str = ""
    """What the sender calls this kind of request."""
    verified: bool | None = None
    """Whether its signature is good; None where it has none, or it has not been checked yet."""
    notes: tuple[str, ...] = ()
    """What else came of it, in sentences: a deployment written down, a subscription confirmed."""

    def outcome_counts(self) -> dict[str, int]:
        """Return how many alerts had which outcome."""
        counts: dict[str, int] = {}
        for outcome in self.outcomes:
            counts[outcome.what] = counts.get(outcome.what, 0) + 1
        return counts


_encode = msgspec.msgpack.Encoder().encode
_decoder: Final = msgspec.msgpack.Decoder(tuple[Receipt, ...])


class Packer:
    """Packs receipts; used by one thread at a time."""

    def __init__(self) -> None:
        self._compress = zstandard.ZstdCompressor(level=_LEVEL).compress

    def blocks(self, first: int, receipts: Sequence[Receipt]) -> Iterator[dict[str, Any]]:
        """Yield the rows that keep receipts with the ids ``first``, ``first + 1`` and so on."""
        start, size = 0, 0
        for number, receipt in enumerate(receipts, 1):
            size += len(receipt.body)
            if size >= LARGEST_BLOCK or number == len(receipts):
                part = receipts[start:number]
                yield {"first": first + start, "count": len(part), "at": part[0].at, "body": self._compress(_encode(part))}
                start, size = number, 0


def unpack(body: bytes) -> tuple[Receipt, ...]:
    """Return the receipts of a block."""
    return _decoder.decode(zstandard.ZstdDecompressor().decompress(body))


def shown(number: int, receipt: Receipt) -> dict[str, Any]:
    """Return a receipt for a list: how many alerts had which outcome."""
    return {
        "id": receipt_id(number), "at": moment(receipt.at), "source": receipt.source, "key": receipt.key, "sender": receipt.sender,
        "size": len(receipt.body), "status": receipt.status, "outcomes": receipt.outcome_counts(),
        "rejected": receipt.rejected.what if receipt.rejected else "", "ignored": receipt.ignored,
    }  # fmt: skip


def whole(number: int, receipt: Receipt) -> dict[str, Any]:
    """Return a receipt with the body as it came and the outcome of each alert."""
    rejected = receipt.rejected
    return {
        **shown(number, receipt), "content_type": receipt.media, "event": receipt.event, "verified": receipt.verified,
        "body": receipt.body.decode("utf-8", "replace"), "notes": receipt.notes,
        "rejected": {"what": rejected.what, "field": rejected.field} if rejected else None,
        "alerts": [told(outcome) for outcome in receipt.outcomes],
    }  # fmt: skip


def told(outcome: Outcome) -> dict[str, Any]:
    """Return the outcome of one alert, as people and senders see it."""
    return {
        "alert": alert_id(outcome.alert) if outcome.alert else None, "outcome": outcome.what, "why": outcome.why, "title": outcome.title,
        "group": outcome.group or None, "fingerprint": outcome.fingerprint,
    }  # fmt: skip


class Asked(msgspec.Struct, frozen=True):
    """What somebody looks for among receipts; empty fields ask for nothing."""

    source: str = ""
    key: str = ""
    outcome: str = ""
    """What became of one of its alerts; ``rejected`` and ``ignored`` mean the whole request."""
    text: str = ""
    """A part of its body, of a title or of a reason, in any letter case."""
    alert: int = 0
    since: int = 0
    until: int = 0

    def fits(self, receipt: Receipt) -> bool:
        """Tell whether a receipt is one that is looked for."""
        if (self.source and receipt.source != self.source) or (self.key and receipt.key != self.key):
            return False
        if receipt.at < self.since or (self.until and receipt.at >= self.until):
            return False
        if self.outcome == "rejected":
            if receipt.rejected is None:
                return False
        elif self.outcome == "ignored":
            if not receipt.ignored:
                return False
        elif self.outcome and all(outcome.what != self.outcome for outcome in receipt.outcomes):
            return False
        if self.alert and all(outcome.alert != self.alert for outcome in receipt.outcomes):
            return False
        return not self.text or self._says(receipt, self.text.casefold())

    def _says(self, receipt: Receipt, text: str) -> bool:
        if text in receipt.body.decode("utf-8", "replace").casefold():
            return True
        return any(text in outcome.title.casefold() or text in outcome.why.casefold() for outcome in receipt.outcomes)
