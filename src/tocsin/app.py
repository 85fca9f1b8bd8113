"""Options in, application out: the one place where everything is wired."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from aiosmtpd.controller import Controller
from starlette.applications import Starlette
from starlette.middleware import Middleware

from tocsin.actions.kind import action_kind
from tocsin.alerts import mail_door as mail_in
from tocsin.alerts import queries as alert_queries
from tocsin.alerts.changes.kind import change_kind
from tocsin.alerts.dropins.addresses import dropins
from tocsin.alerts.group_reactions import REACTIONS as GROUP_REACTIONS
from tocsin.alerts.groups import tables as group_tables
from tocsin.alerts.groups.kind import group_kind
from tocsin.alerts.groups.kind import reactions as incident_group_reactions
from tocsin.alerts.handlers import begin as begin_intake
from tocsin.alerts.handlers import intake_key, intake_path, receive
from tocsin.alerts.intake import Intake, Limits
from tocsin.alerts.journal import Alerts
from tocsin.alerts.keys import FIRST
from tocsin.alerts.kind import intake_key_kind
from tocsin.alerts.proofs.kind import proof_kind
from tocsin.alerts.proofs.reactions import REACTIONS as PROOF_REACTIONS
from tocsin.alerts.quiet import tables as quiet_tables
from tocsin.alerts.quiet.kind import maintenance_kind, silence_kind
from tocsin.alerts.reactions import REACTIONS as ALERT_REACTIONS
from tocsin.alerts.reading import Sent
from tocsin.alerts.route_model import ROUTES, ShipRoutes
from tocsin.alerts.routes.kind import inhibitions_kind, routes_kind
from tocsin.alerts.routes.queries import Services
from tocsin.alerts.routes.shelf import shipped as shipped_routes
from tocsin.channels.options import channel_options
from tocsin.comms.status import kind as status
from tocsin.comms.status.front import StatusFront
from tocsin.comms.status.journal import Subscribers
from tocsin.comms.status.publisher import Publisher
from tocsin.comms.status.reactions import reactions as status_reactions
from tocsin.drills import run as drills
from tocsin.engine.clock import SystemClock
from tocsin.engine.database import Database, DataDirectory
from tocsin.engine.kinds import Registry
from tocsin.engine.ledger import STREAM_ID, Begin, ledger_kind
from tocsin.engine.model import SYSTEM, Actor, Reader
from tocsin.engine.rebuild import fill_what_is_new
from tocsin.engine.runtime import Runtime
from tocsin.heartbeats import api as heartbeats_api
from tocsin.heartbeats.journal import Beats
from tocsin.heartbeats.kind import heartbeat_kind
from tocsin.heartbeats.reactions import REACTIONS as HEARTBEAT_REACTIONS
from tocsin.incidents import page_reactions as incident_page_reactions
from tocsin.incidents import reactions as incident_reactions
from tocsin.incidents import tables as incident_tables
from tocsin.incidents.glance import glancing
from tocsin.incidents.kind import incident_kind
from tocsin.insights import tables as insights_tables
from tocsin.insights.kind import counting
from tocsin.insights.work_queries import Sources
from tocsin.oncall import kind as oncall
from tocsin.oncall.queries import schedules_of
from tocsin.oncall.reactions import reactions as oncall_reactions
from tocsin.paging import kind as paging
from tocsin.paging import watch_model
from tocsin.paging.callouts.kind import reactions as callouts
from tocsin.people import handlers as people_handlers
from tocsin.people import (
    setup_pages,
    sign_in_pages,
)
from tocsin.people import tables as people_tables
from tocsin.people.kind import account_kind, audit_kind, person_kind, team_kind, token_kind
from tocsin.people.ownership import rule
from tocsin.people.passwords import Hasher
from tocsin.playbooks import shelf as shipped
from tocsin.playbooks.kind import playbook_kind, publication
from tocsin.playbooks.load import digest_of
from tocsin.playbooks.model import Playbook
from tocsin.playbooks.queries import Bookshelf
from tocsin.postmortems import reactions as postmortem_reactions
from tocsin.postmortems.kind import postmortem_kind, reviewing
from tocsin.search import rows as search_rows
from tocsin.search import tables as search_tables
from tocsin.services.kind import service_kind
from tocsin.services.queries import owner_of_name
from tocsin.web import failures
from tocsin.web.endpoints import Endpoint
from tocsin.web.packing import Packing
from tocsin.web.security import SecurityHeaders
from tocsin.wiring import sending
from tocsin.wiring.options import DEFAULT_PLAYBOOK, Options
from tocsin.wiring.site import Parts, endpoints_of, routes_of, shell_of

__all__ = [
    "DEFAULT_PLAYBOOK",
    "App",
    "Options",
    "build",
    "channel_options",
    "intake_url",
    "is_set_up",
    "mail_door",
    "start",
]

_AUDIT_EVERY: Final = timedelta(minutes=1)
_AUDIT_ON_VIRTUAL_TIME: Final = timedelta(days=1)


@dataclass(frozen=True)
class App:
    """A wired installation: the engine, the playbooks and the HTTP application."""

    runtime: Runtime
    shelf: Bookshelf
    asgi: StatusFront
    endpoints: list[Endpoint]
    options: Options


def build(options: Options) -> App:
    """Return the application; nothing runs until it is started.

    Raises:
        Unavailable: the database cannot be used.

    """
    _ = incident_tables, insights_tables, people_tables, group_tables, quiet_tables, search_tables
    directory = DataDirectory(options.data or Path("tocsin-data"))
    directory.make()
    database = Database(options.database_url or directory.database_url)
    database.prepare()
    shelf = Bookshelf()
    alerts = Alerts(database, Services(shelf, options.default_playbook), shipped_routes(), timedelta(days=options.receipt_days))
    clock = options.clock or SystemClock()

    def playbook_of(digest: str) -> Playbook | None:
        with runtime.reading() as reader:
            return shelf.by_digest(digest, reader)

    incident = counting(incident_kind(shelf, options.default_playbook), playbook_of)
    registry = Registry(
        kinds={
            kind.name: search_rows.indexed(kind)
            for kind in (
                ledger_kind(),
                glancing(reviewing(incident, playbook_of), playbook_of),
                playbook_kind(),
                person_kind(),
                team_kind(),
                account_kind(),
                token_kind(),
                audit_kind(),
                service_kind(),
                heartbeat_kind(),
                change_kind(),
                oncall.schedule_kind(shelf, options.default_playbook),
                oncall.availability_kind(),
                oncall.handoff_kind(),
                paging.page_kind(),
                paging.policy_kind(),
                paging.pager_kind(options.audit_every or (_AUDIT_ON_VIRTUAL_TIME if clock.virtual else _AUDIT_EVERY)),
                action_kind(shelf.by_digest),
                postmortem_kind(shelf.by_digest),
                intake_key_kind(),
                proof_kind(),
                routes_kind(),
                inhibitions_kind(),
                silence_kind(),
                maintenance_kind(),
                group_kind(shelf, options.default_playbook, alert_queries.tally, alert_queries.members),
                status.status_page_kind(),
                status.notice_kind(),
                status.mailing_kind(),
            )
        },
        reactions=(
            *incident_reactions.REACTIONS,
            *incident_page_reactions.REACTIONS,
            *postmortem_reactions.REACTIONS,
            *ALERT_REACTIONS,
            *GROUP_REACTIONS,
            *incident_group_reactions(),
            *PROOF_REACTIONS,
            *HEARTBEAT_REACTIONS,
            *oncall_reactions(schedules_of),
            *paging.reactions(),
            *callouts(shelf),
            *status_reactions(owner_of_name),
        ),
        journals={
            journal.name: journal
            for journal in (Beats(database.dialect), alerts, Subscribers(database.dialect, options.channels.allow_internal))
        },
    )
    keys = sending.keys_of(database)

    def reading() -> AbstractContextManager[Reader]:
        return runtime.reading()

    def the_publisher() -> Publisher:
        return publisher

    channels = sending.channels_of(options, directory.path, keys, clock.now, reading, the_publisher)
    render = sending.rendering(reading, playbook_of, the_publisher)
    runtime = Runtime(database, registry, clock, channels, render, sending.on_failure, sending.on_sent, sending.on_retry, rule)
    alerts.wire(runtime)
    publisher = Publisher(runtime, render, options.public_url)
    runtime.workers.append(publisher)

    door = sign_in_pages.Doorkeeper(Hasher(options.password_cost), options.public_url)
    parts = Parts(runtime, shelf, options, publisher, keys, render, door, Sources(shelf), _first_run(runtime, shelf, options))
    endpoints = endpoints_of(parts)

    @contextlib.asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        start(app)
        try:
            yield
        finally:
            runtime.stop()

    shell = shell_of(runtime, options)
    site = Starlette(
        routes=routes_of(parts, shell, endpoints),
        middleware=[Middleware(Packing), Middleware(SecurityHeaders, public_url=options.public_url)],
        exception_handlers=failures.handlers(shell),
        lifespan=lifespan,
    )
    ways = dropins(heartbeats_api.pinging(runtime), clock.now())
    publisher.use(shell.templates)
    front = StatusFront(Intake(site, runtime, ways, Limits(options.largest_request)), publisher, clock)
    app = App(runtime, shelf, front, endpoints, options)
    return app


def _first_run(runtime: Runtime, shelf: Bookshelf, options: Options) -> setup_pages.Parts:
    """Return what the first run needs of the intake and the playbooks."""

    async def send(body: bytes, by: Actor) -> Any:
        key = runtime.committer.state(f"intake_key:{FIRST}")
        return await receive(runtime, "generic", key, Sent(body, runtime.clock.now(), "application/json"), str(by))

    def scenarios() -> list[tuple[str, str]]:
        return [(one, drills.load_shipped(one).title) for one in drills.shipped()]

    return setup_pages.Parts(
        shelf, options.default_playbook, options.public_url, lambda source: intake_path(source, intake_key(runtime)), send, scenarios
    )


def start(app: App) -> None:
    """Start the engine and put the shipped playbooks in force where they are new or changed."""
    fill_what_is_new(app.runtime.database, app.runtime.registry)
    app.runtime.start()
    app.runtime.commit_now("ledger", STREAM_ID, Begin(), SYSTEM)
    app.runtime.commit_now("pager", watch_model.STREAM_ID, watch_model.BeginWatch(), SYSTEM)
    begin_intake(app.runtime)
    app.runtime.commit_now("routes", ROUTES, ShipRoutes(shipped_routes()), SYSTEM)
    for playbook_id in shipped.shipped():
        text = shipped.shipped_text(playbook_id)
        current: Any = app.runtime.committer.state(f"playbook:{playbook_id}")
        if current is not None and (current.digest == digest_of(text) or not current.shipped):
            continue
        loaded = shipped.load_shipped(playbook_id)
        app.runtime.commit_now("playbook", playbook_id, publication(loaded, shipped=True), SYSTEM)


def mail_door(app: App, host: str, port: int, certificate: str = "", key: str = "") -> Controller:
    """Return the SMTP server that takes e-mails in as alerts; ``start`` and ``stop`` bracket its life."""
    return mail_in.mail_door(app.runtime, host, port, certificate, key)


def is_set_up(app: App) -> bool:
    """Tell whether the first administrator was created."""
    return people_handlers.is_set_up(app.runtime)


def intake_url(app: App, base: str) -> str:
    """Return the address to which an Alertmanager sends its webhook. base: the server's own URL."""
    return base + intake_path("alertmanager", intake_key(app.runtime))
