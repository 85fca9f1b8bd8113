"""What the templates of the public pages are given. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from tocsin.comms.status import history as days
from tocsin.comms.status.bars import HEIGHT, STEP, bars
from tocsin.comms.status.board import Board, ComponentView, GroupView, IncidentView
from tocsin.comms.status.names import public_id
from tocsin.comms.status.vocabulary import WORDS, rank

_RECENT: Final = 5
_RECENT_FOR: Final = timedelta(days=14)


def front(board: Board) -> dict[str, Any]:
    """Return what the page itself shows."""
    names = {one.id: one.name for one in (*board.open, *board.past)}
    recent = [one for one in board.past if one.resolved is not None and board.at - one.resolved <= _RECENT_FOR][:_RECENT]
    return {
        "board": board, "items": [_item(one, names) for one in board.items], "recent": recent, "words": WORDS, "days": days.DAYS,
        "bars_width": days.DAYS * STEP - 1, "bars_height": HEIGHT,
    }  # fmt: skip


def _item(one: ComponentView | GroupView, names: dict[str, str]) -> dict[str, Any]:
    if isinstance(one, GroupView):
        return {"group": True, "view": one, "rank": rank(one.state)}
    disrupted = sum(day.worst not in ("operational", "under_maintenance") for day in one.days)
    worked = sum(day.worst == "under_maintenance" for day in one.days)
    says = " and ".join(
        [*([f"{disrupted} day{'' if disrupted == 1 else 's'} with disruption"] if disrupted else []), *([f"{worked} with maintenance"] if worked and disrupted else []),
         *([f"{worked} day{'' if worked == 1 else 's'} with maintenance"] if worked and not disrupted else [])]
    )  # fmt: skip
    return {
        "says": says, "group": False, "view": one, "rank": rank(one.state), "bars": bars(one.days, one.since), "uptime": days.percent(one.uptime),
        "trouble": [
            {
                "day": day.day, "worst": day.worst, "seconds": day.seconds[day.worst],
                "causes": [(key, names[key]) for key in map(public_id, day.causes) if key in names],
            }
            for day in reversed(one.days) if day.seconds
        ],
        "since": max(one.since, one.days[0].day) if one.days else one.since,
    }  # fmt: skip


def history(board: Board) -> dict[str, Any]:
    """Return the history of the last ninety days, by month."""
    every = [*board.open, *board.past]
    oldest = board.at - timedelta(days=days.DAYS)
    return {
        "board": board,
        "months": months(every),
        "month": None,
        "earlier": month_before(first_of(oldest)),
        "later": "",
        "oldest": oldest,
    }


def month(board: Board, views: Sequence[IncidentView], at: datetime, first: datetime | None) -> dict[str, Any]:
    """Return the history of one month. first: when the oldest incident of all began."""
    begin = first_of(at)
    after = first_of(begin + timedelta(days=32))
    return {
        "board": board, "months": months(views) or [(begin, [])], "month": begin, "oldest": begin,
        "earlier": month_before(begin) if first is not None and first < begin else "",
        "later": f"{after:%Y-%m}" if after <= board.at else "",
    }  # fmt: skip


def months(views: Iterable[IncidentView]) -> list[tuple[datetime, list[IncidentView]]]:
    """Return incidents by the month in which they began, the newest first."""
    found: dict[datetime, list[IncidentView]] = {}
    for one in sorted(views, key=lambda view: view.began, reverse=True):
        found.setdefault(first_of(one.began), []).append(one)
    return list(found.items())


def incident(board: Board, one: IncidentView) -> dict[str, Any]:
    """Return what the page of one incident shows."""
    return {"board": board, "one": one, "words": WORDS}


def first_of(at: datetime) -> datetime:
    """Return the beginning of a moment's month, UTC."""
    return at.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)


def month_before(begin: datetime) -> str:
    """Return the month before, as addresses write it: ``2025-10``."""
    return f"{first_of(begin - timedelta(days=1)):%Y-%m}"
