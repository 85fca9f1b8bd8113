"""Routes: where an alert goes, which group it joins, and how that group calls people. One versioned record, ``routes:main``."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from tocsin.alerts.model import Level
from tocsin.engine.model import Command, Event

ROUTES: Literal["main"] = "main"
"""The record's id: ``routes:main``."""

Choice = Literal["none", "low", "high"]
"""How loudly a group calls: ``none`` is only recorded."""
Word = Annotated[str, Meta(max_length=200)]
Span = Annotated[str, Meta(max_length=100)]
"""A duration such as ``30s`` or ``1h30m``."""
Matchers = str | tuple[str, ...]
"""Matchers in one text or several: all must hold."""


class UrgencyRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, rename={"condition": "if"}):
    """An urgency, and the alerts that it is for; the first rule that fits counts."""

    urgency: Choice
    levels: tuple[Level, ...] = ()
    match: Matchers = ()
    condition: str = ""
    """An expression, as in a route's ``if``."""


class Threshold(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Nobody is called before so many alerts have begun within so long."""

    count: Annotated[int, Meta(ge=1, le=1000)]
    within: Span


class PageLimit(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """At most so many pages of one group within so long. What is more becomes a digest; the first page is never held back."""

    pages: Annotated[int, Meta(ge=1, le=1000)]
    within: Span


class FlappingLimit(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A group that ends and begins again so many times within so long flaps: it stays quiet until nothing changed for ``calm``."""

    changes: Annotated[int, Meta(ge=3, le=1000)]
    within: Span
    calm: Span


class DeclareRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """The first page of a group also declares an incident."""

    playbook: Word = ""
    """Empty: the service's."""
    severity: Word = ""
    """Empty: the alert's own word, where the playbook has it, else what the playbook says of an incident that nobody has judged."""


class NoticeRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Channels that are told of a group beside the people who are called, as Alertmanager tells its receivers."""

    to: Annotated[tuple[str, ...], Meta(min_length=1, max_length=20)]
    """``channel:target``, such as ``file:payments``."""
    wait: Span = "30s"
    """Before the first notice."""
    interval: Span = "5m"
    """Before a notice of what has changed."""
    repeat: Span = "4h"
    """Before the same is told again."""
    resolved: bool = True
    """Whether the end is told."""


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """How a route handles what it takes. What a route leaves out it has from the route around it, and from ``defaults``."""

    service: Word | None = None
    """The service, whatever the alert says."""
    policy: Word | None = None
    """The escalation policy, instead of the service's."""
    targets: tuple[str, ...] | None = None
    """People, teams and schedules, instead of a policy."""
    urgency: Choice | None = None
    """How loudly, for alerts that no rule of ``urgencies`` fits. What routes say counts first, then what the service's playbook says of
    the alert's severity, then ``defaults``."""
    urgencies: tuple[UrgencyRule, ...] | None = None
    by_playbook: bool | None = None
    """Yes: what the service's playbook says of a severity counts before everything; no: it is not asked."""
    group_by: Annotated[tuple[str, ...], Meta(max_length=50)] | None = None
    """Labels whose values make a group; ``...``: each alert is a group of its own; none: all of the route are one."""
    window: Span | None = None
    """A group takes alerts for so long; then the next one begins a new group. ``0m``: for as long as it fires."""
    wait: Span | None = None
    """The alert must fire for so long before anybody is called."""
    threshold: Threshold | None = None
    repeat: Span | None = None
    """Call again after so long while it fires and nobody is on it. ``0m``: only as the escalation policy says."""
    limit: PageLimit | None = None
    reopen: Span | None = None
    """What fires again within so long after the end is the same group again."""
    resolve_after: Span | None = None
    """An alert that is not heard of for so long counts as ended. ``0m``: never."""
    flapping: FlappingLimit | None = None
    declare: DeclareRule | None = None
    notify: NoticeRule | None = None


class Route(
    Settings, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True, rename={"condition": "if", "onward": "continue"}
):
    """One route: which alerts it takes and how it handles them. Routes inside it take the alerts that fit them better."""

    name: Annotated[str, Meta(min_length=1, max_length=100)]
    match: Matchers = ()
    condition: str = ""
    """An expression over ``labels``, ``source``, ``service``, ``level``, ``severity``, ``title`` and ``how``."""
    onward: bool = False
    """Whether the routes behind it are asked as well."""
    routes: tuple[Route, ...] = ()
    about: str = ""


class SaveRoutes(Command, frozen=True):
    """Write down all routes as they are from now on."""

    routes: tuple[Route, ...]
    defaults: Settings = Settings()
    why: Annotated[str, Meta(max_length=1000)] = ""


class RoutesSaved(Event, frozen=True, tag="routes.saved"):
    """The routes were written down."""

    routes: SaveRoutes
    shipped: bool = False
    """Whether they came with the product and nobody has changed them."""


class ShipRoutes(Command, frozen=True):
    """Put the routes in force that come with the product, unless somebody has written others."""

    routes: SaveRoutes


class Routes(msgspec.Struct, frozen=True):
    """The routes as they are now."""

    id: str
    version: int = 0
    saved: SaveRoutes = SaveRoutes(())
    shipped: bool = False


# What a group keeps of its route: frozen when it opens.


class Count(msgspec.Struct, frozen=True):
    """So many within so long."""

    count: int
    within: timedelta


class Calm(msgspec.Struct, frozen=True):
    """So many changes within so long, until it was calm for so long."""

    changes: int
    within: timedelta
    calm: timedelta


class Notices(msgspec.Struct, frozen=True):
    """Which channels are told, and when."""

    to: tuple[str, ...]
    wait: timedelta
    interval: timedelta
    repeat: timedelta
    resolved: bool = True


class Handling(msgspec.Struct, frozen=True, omit_defaults=True):
    """A route's settings, complete, as a group works by them. A span that is None is without end; ``wait`` is zero for at once."""

    group_by: tuple[str, ...] = ()
    window: timedelta | None = None
    wait: timedelta = timedelta(0)
    threshold: Count | None = None
    repeat: timedelta | None = None
    limit: Count | None = None
    reopen: timedelta = timedelta(0)
    resolve_after: timedelta | None = None
    flapping: Calm | None = None
    declare: DeclareRule | None = None
    notify: Notices | None = None
