"""Where an alert goes, and why. Compiled once for each version of the routes; asked once for each alert that begins. Pure.

For the alerts' journal::

    router = compile_routes(routes.saved)  # once per version of `routes:main`
    known = catalogue(signal.service)  # `Known`; cached by name (route_queries.Catalogue)
    subject = Subject(signal.labels, source, known.service, level, severity, title, how, group, identity)
    for routed in router.route(subject, known, catalogue):
        ...  # one Routed nearly always; more where a route goes on (`continue`)

``routed.key`` names the group: open groups are found by it, and a new one is opened with ``NoteAlerts(opening=group_model.opening_of(routed, group_labels(routed, subject)))``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Final

import msgspec

from tocsin.alerts import matchers as m
from tocsin.alerts.grouping import Key, compile_key, labels_of
from tocsin.alerts.matchers import Subject, Test
from tocsin.alerts.model import Level
from tocsin.alerts.route_conditions import compile_alert_condition
from tocsin.alerts.route_model import Calm, Choice, Count, Handling, Matchers, Notices, Route, SaveRoutes, Settings, UrgencyRule
from tocsin.engine.errors import Refused
from tocsin.paging.commands import Urgency
from tocsin.playbooks.durations import Duration

LEVELS: Final[tuple[Level, ...]] = ("critical", "high", "warning", "low", "info")
"""Worst first."""
UNKNOWN: Final = len(LEVELS)
"""The rank of an alert whose sender names no level."""
_RANKS: Final[Mapping[str, int]] = {level: rank for rank, level in enumerate(LEVELS)}
_URGENCY: Final[Mapping[str, Urgency | None]] = {"none": None, "low": "low", "high": "high"}
NOBODY: Final = "unrouted"
"""The name of the route that takes what no route fits: it is grouped alone and calls people, for an alert is never lost."""


def rank(level: str | None) -> int:
    """Return a level's place: 0 is the worst, and one that is not known is behind all others."""
    return _RANKS.get(level or "", UNKNOWN)


class WordOf(msgspec.Struct, frozen=True):
    """What the service's playbook says of a severity's word."""

    word: str
    """What a page starts with."""
    urgency: Urgency | None
    severity: str
    """The playbook's own id of it."""


class Known(msgspec.Struct, frozen=True):
    """What the catalogue and the service's playbook know of the service that an alert names."""

    service: str = ""
    """Its id, or the sender's word for one that the catalogue does not have."""
    found: bool = False
    policy: str = ""
    page: tuple[str, ...] = ()
    links: Mapping[str, str] = {}
    playbook: str = ""
    words: Mapping[str, WordOf] = {}
    """By the severity's id and aliases in small letters."""


Catalogue = Callable[[str], Known]
"""Finds a service by any of its names."""


class Routed(msgspec.Struct, frozen=True):
    """Where one alert goes."""

    route: str
    """The route's place, such as ``payments/database``."""
    key: str
    handling: Handling
    service: str
    urgency: Urgency | None
    policy: str = ""
    targets: tuple[str, ...] = ()
    word: str = ""
    severity: str = ""
    """The playbook's id of the alert's severity, where it has it."""
    why: str = ""
    """Why it went there, in a sentence."""
    known: Known = Known()


class Step(msgspec.Struct, frozen=True):
    """One route that was asked, for people who want to know why."""

    route: str
    matched: bool
    why: str


_Rule = tuple[Test, Urgency | None, str]
"""Whether an urgency is for an alert, the urgency, and why in a few words."""


class _Compiled(msgspec.Struct, frozen=True):
    """A route, ready to be asked."""

    path: str
    test: Test
    says: str
    onward: bool
    inner: tuple[_Compiled, ...]
    key: Key
    handling: Handling
    settings: Settings
    urgencies: tuple[_Rule | None, ...]
    """The first that fits counts; None asks the service's playbook."""


class Router(msgspec.Struct, frozen=True):
    """All routes, ready to be asked."""

    routes: tuple[_Compiled, ...]
    last: _Compiled

    def route(self, subject: Subject, known: Known, catalogue: Catalogue) -> tuple[Routed, ...]:
        """Return where an alert goes: to the first route that fits, and to those behind it where that one goes on.

        known: the service that the alert names. catalogue: finds the service that a route names instead.
        """
        return tuple([_routed(taken, subject, known, catalogue) for taken in self.taken(subject)])

    def taken(self, subject: Subject) -> list[_Compiled]:
        """Return the routes that take an alert."""
        found: list[_Compiled] = []
        _descend(self.routes, subject, found)
        return found or [self.last]

    def explain(self, subject: Subject) -> list[Step]:
        """Return each route that was asked, in order, and what it said."""
        steps: list[Step] = []
        _explain(self.routes, subject, steps)
        if not any(step.matched for step in steps):
            steps.append(Step(NOBODY, matched=True, why=self.last.says))
        return steps


def _descend(routes: Sequence[_Compiled], subject: Subject, found: list[_Compiled]) -> bool:
    """Gather the routes that take an alert; tell whether any of these did."""
    any_did = False
    for route in routes:
        if not route.test(subject):
            continue
        any_did = True
        if not (route.inner and _descend(route.inner, subject, found)):
            found.append(route)
        if not route.onward:
            break
    return any_did


def _explain(routes: Sequence[_Compiled], subject: Subject, steps: list[Step]) -> None:
    for route in routes:
        matched = route.test(subject)
        steps.append(Step(route.path, matched, f"{'it fits' if matched else 'it does not fit'}: {route.says}"))
        if not matched:
            continue
        _explain(route.inner, subject, steps)
        if not route.onward:
            return


def _routed(route: _Compiled, subject: Subject, known: Known, catalogue: Catalogue) -> Routed:
    settings = route.settings
    if settings.service and settings.service != known.service:
        known = catalogue(settings.service)
    said = known.words.get(subject.severity.casefold()) if subject.severity else None
    urgency, because = _urgency(route, subject, said)
    targets = settings.targets or ()
    # A route's own targets replace the service's policy, and its policy replaces both of the service's.
    policy = settings.policy or ("" if targets else known.policy)
    return Routed(
        route.path, route.key(subject), route.handling, known.service, urgency, policy, targets or (() if policy else known.page),
        said.word if said is not None else subject.severity.upper(), said.severity if said is not None else "",
        f"The route {route.path} takes it ({route.says}); {because}.", known,
    )  # fmt: skip


def _urgency(route: _Compiled, subject: Subject, said: WordOf | None) -> tuple[Urgency | None, str]:
    for rule in route.urgencies:
        if rule is None:
            if said is not None:
                return said.urgency, f"its playbook calls {said.severity} {_called(said.urgency)}"
        elif rule[0](subject):
            return rule[1], rule[2]
    return "high", "nothing says how urgent it is, so it is high urgency"


def _called(urgency: Urgency | None) -> str:
    return f"{urgency} urgency" if urgency else "something to record only"


def group_labels(routed: Routed, subject: Subject) -> dict[str, str]:
    """Return what the alerts of a group have in common, for people to see."""
    return labels_of(routed.handling.group_by, subject)


# --- compiling ----------------------------------------------------------------------------------------------------------------------------


def compile_routes(saved: SaveRoutes) -> Router:
    """Return the routes, ready to be asked.

    Raises:
        Refused: a matcher, an expression or a duration cannot be used; the refusal names its place.

    """
    maker = _Maker(saved.defaults)
    routes = tuple(maker.route(route, saved.defaults, Settings(), "", f"routes[{at}]") for at, route in enumerate(saved.routes))
    last = maker.route(Route(name=NOBODY, group_by=("...",)), saved.defaults, Settings(), "", "defaults")
    return Router(routes, msgspec.structs.replace(last, says="no route fits, and an alert is never lost"))


class _Maker:
    """Compiles routes one by one; knows what each has from those around it."""

    def __init__(self, defaults: Settings) -> None:
        self._defaults = defaults
        self._paths: dict[str, str] = {}

    def route(self, route: Route, around: Settings, above_says: Settings, above: str, place: str) -> _Compiled:
        """Return a route. around: all settings of those around it; above_says: only what routes say, and not ``defaults``."""
        path = f"{above}/{route.name}" if above else route.name
        if (other := self._paths.get(path)) is not None:
            raise Refused(
                f"{place} and {other} have the same name {path!r}.", fix="Give each route a name of its own.", field=f"{place}.name"
            )
        self._paths[path] = place
        settings, says_itself = inherited(route, around), inherited(route, above_says)
        matchers = matchers_of(route.match, f"{place}.match")
        tests = [m.compile_matchers(matchers)] if matchers else []
        says = ", ".join(map(str, matchers))
        if route.condition:
            tests.append(compile_alert_condition(route.condition, f"{place}.if"))
            says = f"{says} and {route.condition}" if says else route.condition
        handling = handling_of(settings, place)
        inner = tuple(self.route(one, settings, says_itself, path, f"{place}.routes[{at}]") for at, one in enumerate(route.routes))
        for name in handling.group_by:
            if name != "..." and not 0 < len(name) <= m.LONGEST_NAME:
                raise Refused(
                    f"{place}.group_by has a label's name of {len(name)} characters.", fix="Shorten it.", field=f"{place}.group_by"
                )
        return _Compiled(
            path, _all(tests), says or "it takes everything", route.onward, inner, compile_key(path, handling.group_by), handling, settings,
            self._urgencies(says_itself, place),
        )  # fmt: skip

    def _urgencies(self, own: Settings, place: str) -> tuple[_Rule | None, ...]:
        """Return what decides the urgency, in order: what routes say, then the service's playbook, then the defaults.

        ``by_playbook`` of a route puts the playbook before everything, or leaves it out.
        """
        asked = own.by_playbook if own.by_playbook is not None else self._defaults.by_playbook
        said = _rules(own, place)
        default = _rules(self._defaults, "defaults")
        if asked is False:
            return (*said, *default)
        return (None, *said, *default) if own.by_playbook else (*said, None, *default)


def _rules(settings: Settings, place: str) -> tuple[_Rule, ...]:
    rules = [_rule(rule, f"{place}.urgencies[{at}]") for at, rule in enumerate(settings.urgencies or ())]
    if settings.urgency is not None:
        urgency = _URGENCY[settings.urgency]
        rules.append((_always, urgency, f"{'by default it is' if place == 'defaults' else 'the route calls it'} {_called(urgency)}"))
    return tuple(rules)


def _always(_subject: Subject) -> bool:
    return True


def inherited(route: Settings, around: Settings) -> Settings:
    """Return a route's settings with what it leaves out taken from those around it."""
    # Whoever names a way to reach people means it alone: targets do not come along with a policy from further out, nor the other way round.
    own_way = route.policy is not None or route.targets is not None
    values = {
        name: mine if (mine := getattr(route, name)) is not None or (own_way and name in ("policy", "targets")) else getattr(around, name)
        for name in Settings.__struct_fields__
    }  # fmt: skip
    return Settings(**values)


def _rule(rule: UrgencyRule, place: str) -> _Rule:
    matchers = matchers_of(rule.match, f"{place}.match")
    tests = [m.compile_matchers(matchers)] if matchers else []
    says = [str(one) for one in matchers]
    if rule.levels:
        levels = frozenset(rule.levels)
        tests.append(lambda subject: subject.level in levels)
        says.append("level " + " or ".join(rule.levels))
    if rule.condition:
        tests.append(compile_alert_condition(rule.condition, f"{place}.if"))
        says.append(rule.condition)
    urgency = _URGENCY[rule.urgency]
    return _all(tests), urgency, f"{' and '.join(says) or 'everything'} is {_called(urgency)}"


def _all(tests: list[Test]) -> Test:
    if not tests:
        return _always
    if len(tests) == 1:
        return tests[0]

    def every(subject: Subject) -> bool:
        return all(test(subject) for test in tests)

    return every


def matchers_of(given: Matchers, field: str) -> tuple[m.Matcher, ...]:
    """Return the matchers that one text or several hold.

    Raises:
        Refused: one cannot be read; the refusal names its place.

    """
    try:
        return tuple(one for text in ((given,) if isinstance(given, str) else given) for one in m.parse(text))
    except Refused as refusal:
        raise type(refusal)(f"{field}: {refusal.what}", fix=refusal.fix, field=field) from refusal


def handling_of(settings: Settings, place: str) -> Handling:
    """Return complete settings as a group works by them.

    Raises:
        Refused: a duration cannot be read; the refusal names its place.

    """

    def span(text: str | None, field: str) -> timedelta:
        return span_of(text or "0m", f"{place}.{field}")

    def endless(text: str | None, field: str) -> timedelta | None:
        return span(text, field) or None

    threshold, limit, flapping, notify = settings.threshold, settings.limit, settings.flapping, settings.notify
    return Handling(
        group_by=settings.group_by or (),
        window=endless(settings.window, "window"),
        wait=span(settings.wait, "wait"),
        threshold=Count(threshold.count, span(threshold.within, "threshold.within")) if threshold and threshold.count > 1 else None,
        repeat=endless(settings.repeat, "repeat"),
        limit=Count(limit.pages, span(limit.within, "limit.within")) if limit else None,
        reopen=span(settings.reopen, "reopen"),
        resolve_after=endless(settings.resolve_after, "resolve_after"),
        flapping=Calm(flapping.changes, span(flapping.within, "flapping.within"), span(flapping.calm, "flapping.calm")) if flapping else None,
        declare=settings.declare,
        notify=Notices(
            notify.to, span(notify.wait, "notify.wait"), span(notify.interval, "notify.interval"), span(notify.repeat, "notify.repeat"), notify.resolved,
        ) if notify else None,
    )  # fmt: skip


def span_of(text: str, field: str) -> timedelta:
    """Return a duration as a plain span.

    Raises:
        Refused: it is not one; the refusal names its place.

    """
    try:
        return timedelta(seconds=Duration.parse(text).total_seconds())
    except ValueError as error:
        raise Refused(f"{field}: {error}.", fix="Write it like 30s, 5m or 1h30m.", field=field) from error


def choice_of(urgency: Urgency | None) -> Choice:
    """Return an urgency as files and people write it."""
    return urgency or "none"
