"""What the catalogue and the playbooks know of the services that alerts name; the routes' history; what would happen to an alert."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from tocsin.alerts.matchers import Subject
from tocsin.alerts.model import Level, Signal
from tocsin.alerts.muting import Muting
from tocsin.alerts.page import quiet
from tocsin.alerts.route_model import RoutesSaved, SaveRoutes
from tocsin.alerts.routing import Known, Router, WordOf, choice_of, compile_routes, group_labels
from tocsin.engine.model import Fact, Reader
from tocsin.paging.commands import Urgency
from tocsin.playbooks.model import Playbook
from tocsin.playbooks.queries import Bookshelf
from tocsin.services.queries import named

_MOST_NAMES: Final = 10_000


class Services:
    """Services by the names that alerts give them, remembered until something of them changes (``forget``)."""

    def __init__(self, shelf: Bookshelf, default_playbook: str) -> None:
        self._shelf = shelf
        self._default = default_playbook
        self._known: dict[str, Known] = {}
        self._words: dict[str, dict[str, WordOf]] = {}

    def forget(self) -> None:
        """Look everything up anew: a service or a playbook has changed."""
        self._known.clear()

    def find(self, name: str, reader: Reader) -> Known:
        """Return what is known of the service that has this id, name or alias."""
        found = self._known.get(name)
        if found is None:
            if len(self._known) >= _MOST_NAMES:
                self._known.clear()
            found = self._known[name] = self._look_up(name, reader)
        return found

    def _look_up(self, name: str, reader: Reader) -> Known:
        service = named(reader, name)
        saved = service.saved if service is not None else None
        playbook = (service.playbook if service is not None else "") or self._default
        current = self._shelf.current(playbook, reader)
        book = self._shelf.by_digest(current.digest, reader) if current is not None else None
        words = self._words_of(current.digest, book) if current is not None and book is not None else {}
        if saved is None:
            return Known(name, playbook=playbook, words=words)
        assert service is not None
        return Known(service.id, True, saved.policy, saved.page, saved.links, playbook, words)

    def _words_of(self, digest: str, playbook: Playbook) -> dict[str, WordOf]:
        found = self._words.get(digest)
        if found is None:
            found = self._words[digest] = {}
            for level in playbook.severities:
                urgency: Urgency | None = None if quiet(level) else "low" if level.urgency == "low" else "high"
                said = WordOf((level.page_word or level.id).upper(), urgency, level.id)
                for name in (level.id, *level.aliases):
                    found.setdefault(name.casefold(), said)
        return found


def history(facts: list[Fact]) -> list[dict[str, Any]]:
    """Return every version of the routes, newest first: who wrote it down when, and why."""
    return [
        {
            "version": fact.version, "at": fact.recorded_at, "by": str(fact.actor), "why": fact.event.routes.why, "shipped": fact.event.shipped,
            "routes": len(fact.event.routes.routes),
        }
        for fact in reversed(facts)
        if isinstance(fact.event, RoutesSaved)
    ]  # fmt: skip


class Trial(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An alert that has not happened: what would become of it?"""

    labels: dict[str, str] = {}
    source: str = "alertmanager"
    service: str = ""
    """Empty: the label ``service``."""
    severity: str = ""
    """Empty: the label ``severity``."""
    level: Level | None = None
    title: str = ""
    how: str = "monitoring"
    group: str = ""
    routes: SaveRoutes | None = None
    """Other routes than those in force."""


def subject_of(signal: Signal, source: str, service: str, identity: str) -> Subject:
    """Return a signal as matchers see it. service: the catalogue's id."""
    return Subject(
        signal.labels, source, service, signal.level or "", signal.severity, signal.title, signal.how, signal.group, identity,
    )  # fmt: skip


def what_would_happen(trial: Trial, in_force: SaveRoutes, muting: Muting, services: Services, reader: Reader) -> dict[str, Any]:
    """Return which routes would take an alert, what group it would join, who would be called how loudly, and what would keep it quiet."""
    router: Router = compile_routes(trial.routes or in_force)
    known = services.find(trial.service or trial.labels.get("service", ""), reader)
    severity = trial.severity or trial.labels.get("severity", "")
    level = trial.level or severity.casefold()
    subject = Subject(trial.labels, trial.source, known.service, level, severity, trial.title, trial.how, trial.group, "trial")
    taken = router.route(subject, known, lambda name: services.find(name, reader))
    return {
        "service": known.service, "known": known.found, "asked": router.explain(subject),
        "goes_to": [
            {
                "route": one.route, "why": one.why, "group_by": one.handling.group_by, "group": group_labels(one, subject), "service": one.service,
                "urgency": choice_of(one.urgency), "policy": one.policy, "targets": one.targets, "word": one.word, "handling": one.handling,
            }
            for one in taken
        ],
        "muted_by": muting.all_quiet(subject, "", reader.now),
    }  # fmt: skip
