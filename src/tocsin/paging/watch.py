"""The pager watches itself: every minute it proves that each open page waits for something, and alarms where one does not. Pure.

Nothing is written while all is well. A synthetic page goes the whole way at intervals and is measured; a watcher outside is told that all is well,
so that its silence is an alarm when this whole machine is gone.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final, assert_never

from msgspec.structs import replace

from tocsin.engine.errors import Refused
from tocsin.engine.kinds import Follow, Reaction, Tick
from tocsin.engine.model import Command, Context, Decision, Delivery, Fact, Happened
from tocsin.paging import commands as c
from tocsin.paging import events as e
from tocsin.paging.page import Page
from tocsin.paging.watch_model import (
    STREAM_ID,
    Audit,
    BeginWatch,
    NoteSynthetic,
    Pager,
    PagerSet,
    SetPager,
    SyntheticArrived,
    SyntheticBegan,
    TroubleFound,
    TroubleOver,
)
from tocsin.playbooks.durations import Duration

LATE: Final = timedelta(minutes=1)
"""By how much a page may be late before that is trouble."""
ALARM: Final = "pager.alarm"
HEARTBEAT: Final = "pager.heartbeat"
KINDS: Final = (ALARM, HEARTBEAT)
_SHORTEST: Final = timedelta(minutes=1)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MOST: Final = 20
"""Pages and refusals that one alarm names."""


def decide(pager: Pager, command: Command, ctx: Context) -> Decision:
    """Return what follows from a command on the watch."""
    match command:
        case BeginWatch():
            return Decision(() if pager.version else (Happened(PagerSet(SetPager())),))
        case SetPager():
            _check(command)
            changed = not pager.version or command != pager.settings
            return Decision((Happened(PagerSet(command)),) if changed else (), result={"changed": changed})
        case NoteSynthetic():
            if command.page != pager.synthetic or pager.synthetic_at is None:
                return Decision()
            return Decision((Happened(SyntheticArrived(command.page, (ctx.now - pager.synthetic_at).total_seconds())),))
        case Tick():
            return _look(pager, ctx)
        case _:
            raise Refused(f"The pager does not know {type(command).__name__}.")


def _look(pager: Pager, ctx: Context) -> Decision:
    audit: Audit = ctx.found
    now = ctx.now
    facts: list[Happened] = []
    deliveries: list[Delivery] = []
    problems = _problems(pager, audit, now)
    new = tuple(one for one in problems if one not in pager.problems)
    if new:
        newest = max((number for number, _ in audit.refusals), default=pager.refusals)
        facts.append(Happened(TroubleFound(problems, tuple(dict.fromkeys((*audit.idle, *audit.late, *audit.astray)))[:_MOST], newest)))
        deliveries += _alarm(pager, audit, new, now)
    elif pager.problems and not problems:
        facts.append(Happened(TroubleOver()))
    every = _span(pager.settings.synthetic_every)
    if every is not None and (pager.synthetic_at is None or now >= pager.synthetic_at + every):
        facts.append(Happened(SyntheticBegan(f"P-{ctx.fresh[0]}")))
    if not audit.beaten and not problems:
        values = {"at": now.isoformat(), "sent_at": now.isoformat(), "says": "the pager is well"}
        deliveries.append(Delivery(heartbeat_key(pager.settings, now), "webhook", pager.settings.heartbeat_url, HEARTBEAT, values))
    return Decision(tuple(facts), tuple(deliveries))


def _problems(pager: Pager, audit: Audit, now: datetime) -> tuple[str, ...]:
    found = [f"the page {one} is open and waits for nothing" for one in audit.idle[:_MOST]]
    found += [f"the page {one} is late" for one in audit.late[:_MOST]]
    found += [f"the page {one} would be woken too late" for one in audit.astray[:_MOST]]
    if audit.stuck:
        found.append("messages of pages are not being sent")
    found += [f"a reaction was refused: {text}" for _, text in audit.refusals[:_MOST]]
    if pager.synthetic and pager.synthetic_at is not None and now >= pager.synthetic_at + LATE:
        found.append("the synthetic page has not arrived")
    return tuple(found)


def _alarm(pager: Pager, audit: Audit, problems: tuple[str, ...], now: datetime) -> list[Delivery]:
    """Return the alarm: straight to the last resort by every way, and where somebody may see it; it does not depend on pages."""
    values: dict[str, Any] = {"problems": list(problems), "at": now.isoformat(), "sent_at": now.isoformat()}
    ways = [*audit.call, ("console", "pager", ""), ("file", "pager", "")]
    return [
        Delivery(f"pager:alarm:{pager.version + 1}:{channel}:{target}", channel, target, ALARM, {**values, "to": person})
        for channel, target, person in dict.fromkeys(ways)
    ]


def heartbeat_key(settings: SetPager, now: datetime) -> str:
    """Return the key of the heartbeat of the interval that a moment lies in."""
    return f"pager:heartbeat:{(now - _EPOCH) // (_span(settings.heartbeat_every) or _SHORTEST)}"


def evolve(pager: Pager, fact: Fact) -> Pager:
    """Return the watch after one more fact."""
    pager = replace(pager, version=fact.version)
    match fact.event:
        case PagerSet(settings=settings):
            return replace(pager, settings=settings)
        case TroubleFound() as event:
            return replace(
                pager, problems=event.problems, since=pager.since or fact.occurred_at, refusals=max(pager.refusals, event.refusals)
            )
        case TroubleOver():
            return replace(pager, problems=(), since=None)
        case SyntheticBegan(page=page):
            return replace(pager, synthetic=page, synthetic_at=fact.occurred_at)
        case SyntheticArrived(seconds=seconds):
            return replace(pager, synthetic="", arrived_at=fact.occurred_at, seconds=seconds)
        case _:
            return pager


def wake(pager: Pager, now: datetime, every: timedelta) -> datetime | None:
    """Return when the watch next looks. every: how often it audits."""
    if not pager.version:
        return None
    times = [now + every]
    settings = pager.settings
    if (synthetic := _span(settings.synthetic_every)) is not None:
        times.append(max(now, pager.synthetic_at + synthetic) if pager.synthetic_at is not None else now)
        if pager.synthetic and pager.synthetic_at is not None:
            times.append(max(pager.synthetic_at + LATE, now + _SHORTEST))
    if settings.heartbeat_url:
        span = _span(settings.heartbeat_every) or _SHORTEST
        times.append(_EPOCH + ((now - _EPOCH) // span + 1) * span)
    return min(times)


def _span(text: str) -> timedelta | None:
    return max(Duration.parse(text), _SHORTEST) if text else None


def _check(command: SetPager) -> None:
    for name in ("synthetic_every", "heartbeat_every"):
        text = getattr(command, name)
        try:
            _span(text)
        except ValueError as error:
            raise Refused(f"{name}: {error}.", fix="Write it like 10m.", field=name) from error
    if command.heartbeat_url and not command.heartbeat_url.startswith(("https://", "http://")):
        raise Refused("heartbeat_url is no address.", fix="Write it like https://watcher.example.com/ping/…", field="heartbeat_url")


def rendered(kind: str, values: Mapping[str, Any]) -> tuple[str, str]:
    """Return subject and body of a message of the watch."""
    match kind:
        case "pager.alarm":
            problems = [str(one) for one in values.get("problems", ())]
            return f"Tocsin's pager is in trouble: {problems[0] if problems else 'see its log'}", "\n".join(f"- {one}" for one in problems)
        case "pager.heartbeat":
            return "Tocsin's pager is well", f"At {values.get('at', '')}."
        case _:
            assert_never(kind)  # type: ignore[arg-type]


# -- reactions ------------------------------------------------------------------------------------


def _send_synthetic(fact: Fact, pager: Pager) -> list[Follow]:
    event = fact.event
    assert isinstance(event, SyntheticBegan)
    opened = c.OpenPage(
        "Synthetic page: nothing is wrong",
        targets=pager.settings.synthetic_to or ("synthetic",),
        why="the pager tests itself",
        origin="synthetic",
    )
    return [Follow("page", event.page, opened)]


def _arrived(fact: Fact, page: Page) -> list[Follow]:
    if page.origin != "synthetic" or not page.live:
        return []
    return [Follow("pager", STREAM_ID, NoteSynthetic(page.id)), Follow("page", page.id, c.ResolvePage("it has arrived", by_system=True))]


def _wake_idle(fact: Fact, _pager: Pager) -> list[Follow]:
    """A page that waits for nothing, though it is open, works out anew when it wants to be woken."""
    event = fact.event
    assert isinstance(event, TroubleFound)
    return [Follow("page", page, Tick()) for page in event.pages]


REACTIONS: tuple[Reaction, ...] = (
    Reaction("the pager tests itself: open a page", SyntheticBegan, _send_synthetic),
    Reaction("the synthetic page has left: measure it", e.NoticeSent, _arrived),
    Reaction("pages wait for nothing: wake them", TroubleFound, _wake_idle),
)
