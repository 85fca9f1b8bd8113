"""Alerts and receipts as the engine runs them, and what the shell looks up for their decisions."""

from __future__ import annotations

from tocsin.alerts import commands as c
from tocsin.alerts import events as e
from tocsin.alerts import page
from tocsin.alerts.decide import AlertFound, Known, ReceiptFound, alert_id, decide_alert, decide_receipt
from tocsin.alerts.evolve import evolve_alert, evolve_receipt
from tocsin.alerts.model import Alert, Receipt, Signal
from tocsin.alerts.queries import newest
from tocsin.alerts.rows import alert_rows, receipt_rows
from tocsin.engine.kinds import Kind
from tocsin.engine.model import Command, Reader
from tocsin.playbooks.queries import Bookshelf
from tocsin.services.queries import named


def receipt_kind() -> Kind:
    """Return the receipt as a kind of record."""
    return Kind(
        name="receipt", state=Receipt, events=e.RECEIPT_EVENTS, fold_version=1, initial=Receipt, evolve=evolve_receipt,
        decide=decide_receipt, prepare=_for_receipt, rows=receipt_rows,
    )  # fmt: skip


def alert_kind(shelf: Bookshelf, default_playbook: str, public_url: str) -> Kind:
    """Return the alert as a kind of record. public_url: the address by which people reach this server, for links in pages."""

    def prepare(alert: Alert, command: Command, reader: Reader) -> AlertFound:
        if not isinstance(command, c.Receive) or command.signal.status == "resolved" or (alert.version and alert.state == "firing"):
            return AlertFound()
        signal = command.signal
        service = named(reader, signal.service)
        current = shelf.current((service.playbook if service else "") or default_playbook, reader)
        playbook = shelf.by_digest(current.digest, reader) if current else None
        return AlertFound(page.route(signal, service, playbook), _in_hand(alert, reader), public_url)

    return Kind(
        name="alert", state=Alert, events=e.ALERT_EVENTS, fold_version=1, initial=Alert, evolve=evolve_alert, decide=decide_alert,
        prepare=prepare, rows=alert_rows,
    )  # fmt: skip


def _for_receipt(receipt: Receipt, command: Command, reader: Reader) -> ReceiptFound:
    assert isinstance(command, c.TakeIn)
    known: dict[str, Known] = {}
    ids: dict[str, str] = {}
    for signal in command.signals:
        if signal.fingerprint in known:
            continue
        alert = newest(reader, command.source, signal.fingerprint)
        known[signal.fingerprint] = Known(alert, bool(_in_hand(alert, reader)) if alert else False)
        if signal.status == "firing" and (alert is None or alert.state == "resolved"):
            ids[signal.fingerprint] = _next_id(command.source, signal, reader, set(ids.values()))
    return ReceiptFound(known, ids)


def _next_id(source: str, signal: Signal, reader: Reader, given: set[str]) -> str:
    def taken(name: str) -> bool:
        return name in given or reader.state(f"alert:{name}") is not None

    return alert_id(source, signal.fingerprint, signal.starts_at or reader.now, taken)


def _in_hand(alert: Alert, reader: Reader) -> str:
    """Return the newest incident of an alert that has not ended; an empty text where there is none."""
    for name in reversed(alert.incidents):
        incident = reader.state(f"incident:{name}")
        if incident is not None and not incident.ended:
            return name
    return ""
