"""The draft of a hand-off's summary, from what happened in the shift. Pure: whatever it tells was looked up before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

import msgspec

from tocsin.oncall.model import Shift, Span

_NOTHING = "Nothing."


class Told(msgspec.Struct, frozen=True):
    """One thing that the next person should know of."""

    id: str
    title: str
    at: datetime
    says: str = ""
    """How it stands, in a few words."""
    open: bool = False


class Material(msgspec.Struct, frozen=True):
    """What a draft is made of. Times are aware."""

    name: str
    """Of the schedule."""
    zone: str
    start: datetime
    end: datetime
    outgoing: tuple[str, ...]
    incoming: tuple[str, ...]
    pages: tuple[Told, ...] = ()
    incidents: tuple[Told, ...] = ()
    obligations: tuple[Told, ...] = ()
    """``at``: when it is due."""
    silences: tuple[Told, ...] = ()
    """``at``: when it ends."""
    coming: tuple[Shift, ...] = ()
    gaps: tuple[Span, ...] = ()


def draft(material: Material, names: Mapping[str, str]) -> str:
    """Return a hand-off's summary in Markdown. What is still open stands first."""
    who, next_ = (", ".join(names.get(one, one) for one in people) for people in (material.outgoing, material.incoming))
    open_ = [one for one in (*material.incidents, *material.pages) if one.open]
    over = [one for one in material.incidents if not one.open]
    answered = [one for one in material.pages if not one.open]
    parts = [
        f"# {material.name}: {who} to {next_ or 'nobody'}",
        f"{_at(material.start, material.zone)} to {_at(material.end, material.zone)} ({material.zone})",
        _part("Still open", open_, material.zone),
        _part("Due next", material.obligations, material.zone, "due "),
        _part("Incidents of this shift", over, material.zone),
        f"## Pages\n\n{_pages(material.pages)}" + (f"\n\n{_list(answered, material.zone)}" if answered else ""),
        _part("Silences that end soon", material.silences, material.zone, "ends "),
    ]
    if material.gaps:
        gaps = "\n".join(f"* {_at(gap.start, material.zone)} to {_at(gap.end, material.zone)}" for gap in material.gaps)
        parts.append(f"## Nobody is on call\n\n{gaps}")
    parts.append("## What to watch\n\n(Write what the next person should keep an eye on, or that there is nothing.)")
    return "\n\n".join(parts) + "\n"


def _part(title: str, told: Sequence[Told], zone: str, before: str = "") -> str:
    return f"## {title}\n\n{_list(told, zone, before) if told else _NOTHING}"


def _list(told: Sequence[Told], zone: str, before: str = "") -> str:
    return "\n".join(
        f"* {one.id} {one.title}".rstrip() + f" ({before}{_at(one.at, zone)}{'; ' + one.says if one.says else ''})" for one in told
    )


def _pages(pages: Sequence[Told]) -> str:
    if not pages:
        return "None."
    return f"{len(pages)} {'page' if len(pages) == 1 else 'pages'}, {sum(1 for one in pages if one.open)} still open."


def _at(at: datetime, zone: str) -> str:
    local = at.astimezone(ZoneInfo(zone))
    return f"{local:%a} {local.day} {local:%b %H:%M}"
