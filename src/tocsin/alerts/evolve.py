"""The folds of alerts and receipts. Pure."""

from __future__ import annotations

from typing import Final

from msgspec.structs import replace

from tocsin.alerts import events as e
from tocsin.alerts.model import Alert, Failure, Receipt, Route, Signal
from tocsin.engine.model import Fact

_KEPT: Final = 20
"""The newest receipts and failures that an alert names; all are in the log."""


def evolve_receipt(state: Receipt, fact: Fact) -> Receipt:
    """Return the receipt after the fact."""
    event = fact.event
    assert isinstance(event, e.Received)
    outcomes = tuple(replace(outcome, signal=None) for outcome in event.outcomes)
    return Receipt(state.id, fact.version, event.source, fact.recorded_at, event.size, outcomes, event.rejected)


def evolve_alert(state: Alert, fact: Fact) -> Alert:
    """Return the alert after the fact."""
    return replace(_after(state, fact), version=fact.version)


def _after(state: Alert, fact: Fact) -> Alert:
    event = fact.event
    match event:
        case e.Fired():
            begun = replace(
                state, source=event.source, fingerprint=event.signal.fingerprint, told_start=event.signal.starts_at, fired=1,
                started_at=fact.occurred_at, received_at=fact.recorded_at, state="firing", paged=event.route.page,
            )  # fmt: skip
            return _routed(_said(begun, event.signal, event.receipt), event.route)
        case e.Changed():
            return _said(state, event.signal, event.receipt)
        case e.FiredAgain():
            again = replace(state, state="firing", ended_at=None, fired=state.fired + 1, paged=event.paged or state.paged)
            if event.paged:  # whoever is paged anew has not acknowledged yet
                again = replace(again, acknowledged_at=None, acknowledged_by="")
            return _routed(_said(again, event.signal, event.receipt), event.route)
        case e.Ended():
            return replace(state, state="resolved", ended_at=fact.occurred_at, receipts=_newest(state, event.receipt))
        case e.AlertAcknowledged():
            return replace(state, acknowledged_at=fact.occurred_at, acknowledged_by=event.person)
        case e.LinkedTo():
            return replace(state, incidents=(*state.incidents, event.incident))
        case e.PageFailed():
            failure = Failure(event.key, event.channel, event.why, fact.recorded_at)
            return replace(state, failures=(*state.failures, failure)[-_KEPT:])
        case _:
            return state


def _said(state: Alert, signal: Signal, receipt: str) -> Alert:
    return replace(
        state, title=signal.title, severity=signal.severity, value=signal.value, threshold=signal.threshold, labels=signal.labels,
        annotations=signal.annotations, links={**state.links, **signal.links}, receipts=_newest(state, receipt),
    )  # fmt: skip


def _routed(state: Alert, route: Route) -> Alert:
    links = {name: url for name, url in (("dashboard", route.dashboard), ("runbook", route.runbook)) if url}
    return replace(state, service=route.service, word=route.word, links={**links, **state.links})


def _newest(state: Alert, receipt: str) -> tuple[str, ...]:
    return (*state.receipts, receipt)[-_KEPT:] if receipt else state.receipts
