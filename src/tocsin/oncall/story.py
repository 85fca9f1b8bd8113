"""What happened to a schedule, in sentences. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime

import msgspec

from tocsin.engine.model import Fact
from tocsin.oncall import events as e
from tocsin.oncall.charts import said_of
from tocsin.oncall.model import Exchange, Override


class Told(msgspec.Struct, frozen=True):
    """One thing that happened."""

    at: datetime
    by: str
    says: str
    why: str = ""


def story(facts: Sequence[Fact], names: Mapping[str, str], local: Callable[[datetime], str]) -> list[Told]:
    """Return what people decided, newest first; what the clock did by itself (shifts that began, notices) is left out."""
    overrides: dict[str, Override] = {}
    exchanges: dict[str, Exchange] = {}
    found = []
    for fact in facts:
        for says, why in _says(fact, names, local, overrides, exchanges):
            found.append(Told(fact.recorded_at, str(fact.actor), says, why))
    return found[::-1]


def _says(
    fact: Fact, names: Mapping[str, str], local: Callable[[datetime], str], overrides: dict[str, Override], exchanges: dict[str, Exchange]
) -> Iterator[tuple[str, str]]:  # fmt: skip
    def span(start: datetime, end: datetime) -> str:
        return f"{local(start)} to {local(end)}"

    def who(person: str) -> str:
        return names.get(person, person)

    match fact.event:
        case e.ScheduleSaved(since=since):
            yield (
                (
                    "The layers were written down"
                    if since <= fact.recorded_at
                    else f"The layers were written down, to count from {local(since)}"
                ),
                "",
            )
        case e.OverrideAdded(override=one):
            overrides[one.id] = one
            yield f"{said_of(one, names)}, {span(one.start, one.end)}", one.why
        case e.OverrideEnded(override=name, end=end, why=why):
            known = overrides.get(name)
            if known is not None:
                back = end <= known.start
                yield (
                    f"Taken back: {said_of(known, names)}, {span(known.start, known.end)}" + ("" if back else f", from {local(end)} on"),
                    why,
                )
        case e.ShiftOffered(exchange=swap):
            exchanges[swap.id] = swap
            yield f"{said_of(swap, names)} to take {span(swap.start, swap.end)}", swap.why
        case e.ShiftTaken(exchange=name, person=person):
            swap = exchanges[name]
            yield f"{who(person)} takes {span(swap.start, swap.end)} from {who(swap.person)}", ""
        case e.ShiftDeclined(exchange=name, person=person, why=why):
            yield f"{who(person)} declined to take {span(exchanges[name].start, exchanges[name].end)}", why
        case e.OfferWithdrawn(exchange=name, why=why):
            yield f"{who(exchanges[name].person)} keeps {span(exchanges[name].start, exchanges[name].end)}", why
        case e.CalendarTaken(calendar=name, spans=spans):
            yield f"The calendar {name} was imported: {len(spans)} shifts", ""
        case e.Subscribed(subscriber=one):
            yield f"{one.channel} {one.target} hears who is on call", ""
        case e.Unsubscribed(subscriber=one):
            yield f"{one.channel} {one.target} hears it no more", ""
        case e.FeedPublished():
            yield "The shifts were published as a calendar", ""
        case e.FeedRevoked():
            yield "The calendar is published no more", ""
        case _:
            return
