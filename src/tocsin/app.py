"""Options in, application out: the one place where everything is wired."""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from aiosmtpd.controller import Controller
from starlette.applications import Starlette
from starlette.middleware import Middleware

from tocsin import __version__
from tocsin.actions import api as actions_api
from tocsin.actions import pages as actions_pages
from tocsin.actions.decide import reminder
from tocsin.actions.kind import action_kind
from tocsin.alerts import api as alerts_api
from tocsin.alerts import mail_door as mail_in
from tocsin.alerts import notify as group_notices
from tocsin.alerts import pages as alerts_pages
from tocsin.alerts import queries as alert_queries
from tocsin.alerts import report_pages, source_pages
from tocsin.alerts.certificates import Certificates
from tocsin.alerts.changes import api as changes_api
from tocsin.alerts.changes.kind import change_kind
from tocsin.alerts.dropins.addresses import dropins
from tocsin.alerts.group_commands import NoteNoticeFailed
from tocsin.alerts.group_reactions import REACTIONS as GROUP_REACTIONS
from tocsin.alerts.groups import api as groups_api
from tocsin.alerts.groups import pages as groups_pages
from tocsin.alerts.groups import tables as group_tables
from tocsin.alerts.groups.kind import group_kind
from tocsin.alerts.groups.kind import reactions as incident_group_reactions
from tocsin.alerts.handlers import begin as begin_intake
from tocsin.alerts.handlers import intake_key, intake_path, receive
from tocsin.alerts.intake import LARGEST_REQUEST, Intake, Limits
from tocsin.alerts.journal import Alerts
from tocsin.alerts.keys import FIRST
from tocsin.alerts.kind import intake_key_kind
from tocsin.alerts.preview import api as preview_api
from tocsin.alerts.proofs.kind import proof_kind
from tocsin.alerts.proofs.model import CHECK, NoteProof
from tocsin.alerts.proofs.reactions import REACTIONS as PROOF_REACTIONS
from tocsin.alerts.quiet import api as quiet_api
from tocsin.alerts.quiet import pages as quiet_pages
from tocsin.alerts.quiet import tables as quiet_tables
from tocsin.alerts.quiet.kind import maintenance_kind, silence_kind
from tocsin.alerts.reactions import REACTIONS as ALERT_REACTIONS
from tocsin.alerts.reading import Sent
from tocsin.alerts.route_model import ROUTES, ShipRoutes
from tocsin.alerts.routes import api as routes_api
from tocsin.alerts.routes import pages as routes_pages
from tocsin.alerts.routes.kind import inhibitions_kind, routes_kind
from tocsin.alerts.routes.queries import Services
from tocsin.alerts.routes.shelf import shipped as shipped_routes
from tocsin.channels import api as channels_api
from tocsin.channels import keys
from tocsin.channels import registry as channel_registry
from tocsin.channels.folder.client import Folder
from tocsin.channels.git.client import Git
from tocsin.channels.options import ChannelOptions
from tocsin.channels.options import channel_options as channel_options  # noqa: PLC0414 (the command line finds it here)
from tocsin.channels.push import pages as push_pages
from tocsin.channels.push.client import new_key
from tocsin.channels.webhook.client import Webhook
from tocsin.comms.render import renderer
from tocsin.comms.status import api as status_api
from tocsin.comms.status import kind as status
from tocsin.comms.status import letters as status_letters
from tocsin.comms.status import mailing as status_mailing
from tocsin.comms.status import pages as status_pages
from tocsin.comms.status import queries as status_queries
from tocsin.comms.status import sending as status_sending
from tocsin.comms.status import settings_pages as status_settings_pages
from tocsin.comms.status import subscriber as subscribers
from tocsin.comms.status.front import StatusFront
from tocsin.comms.status.journal import Subscribers
from tocsin.comms.status.publisher import Publisher
from tocsin.comms.status.reactions import reactions as status_reactions
from tocsin.drills import run as drills
from tocsin.engine.clock import Clock, SystemClock
from tocsin.engine.database import Database, DataDirectory
from tocsin.engine.errors import Refused
from tocsin.engine.kinds import Follow, Registry
from tocsin.engine.ledger import STREAM_ID, Begin, ledger_kind
from tocsin.engine.model import SYSTEM, Actor, Reader
from tocsin.engine.ports import Channel
from tocsin.engine.rebuild import fill_what_is_new
from tocsin.engine.runtime import Runtime
from tocsin.heartbeats import api as heartbeats_api
from tocsin.heartbeats import pages as heartbeats_pages
from tocsin.heartbeats.journal import Beats
from tocsin.heartbeats.kind import heartbeat_kind
from tocsin.heartbeats.reactions import REACTIONS as HEARTBEAT_REACTIONS
from tocsin.incidents import api as incidents_api
from tocsin.incidents import bridge_pages as incident_bridge_pages
from tocsin.incidents import compose_pages as incident_compose_pages
from tocsin.incidents import feed_queries
from tocsin.incidents import files_pages as incident_files_pages
from tocsin.incidents import now_pages as incident_now
from tocsin.incidents import page_reactions as incident_page_reactions
from tocsin.incidents import pages as incidents_pages
from tocsin.incidents import privacy_pages as incident_privacy_pages
from tocsin.incidents import reactions as incident_reactions
from tocsin.incidents import room_pages as incident_room_pages
from tocsin.incidents import tables as incident_tables
from tocsin.incidents.glance import glancing
from tocsin.incidents.kind import incident_kind
from tocsin.incidents.notes import NoteDeliveryFailure
from tocsin.incidents.presence import Presence
from tocsin.insights import api as insights_api
from tocsin.insights import pages as insights_pages
from tocsin.insights import tables as insights_tables
from tocsin.insights.kind import counting
from tocsin.insights.work_queries import Sources
from tocsin.oncall import api as oncall_api
from tocsin.oncall import handoff_api
from tocsin.oncall import kind as oncall
from tocsin.oncall import notices as oncall_notices
from tocsin.oncall import pages as oncall_pages
from tocsin.oncall import standing_api as oncall_standing
from tocsin.oncall.queries import schedules_of
from tocsin.oncall.reactions import reactions as oncall_reactions
from tocsin.paging import api as paging_api
from tocsin.paging import kind as paging
from tocsin.paging import link_pages, policy_pages, twilio_hooks, watch, watch_model, wording
from tocsin.paging import pages as paging_pages
from tocsin.paging.callouts.kind import reactions as callouts
from tocsin.paging.commands import NoteFailed, NoteSent
from tocsin.people import (
    account_api,
    account_pages,
    audit_api,
    audit_pages,
    me_pages,
    setup_pages,
    sign_in_pages,
    team_pages,
    token_api,
    token_pages,
)
from tocsin.people import api as people_api
from tocsin.people import handlers as people_handlers
from tocsin.people import settings_pages as people_pages
from tocsin.people import tables as people_tables
from tocsin.people.commands import NoteCodeFailed
from tocsin.people.kind import account_kind, audit_kind, person_kind, team_kind, token_kind
from tocsin.people.ownership import rule
from tocsin.people.passwords import Cost, Hasher
from tocsin.playbooks import api as playbooks_api
from tocsin.playbooks import edit_pages as playbook_edits
from tocsin.playbooks import pages as playbooks_pages
from tocsin.playbooks import shelf as shipped
from tocsin.playbooks.kind import playbook_kind, publication
from tocsin.playbooks.load import digest_of
from tocsin.playbooks.model import Playbook
from tocsin.playbooks.queries import Bookshelf
from tocsin.postmortems import api as postmortems_api
from tocsin.postmortems import list_pages as postmortem_lists
from tocsin.postmortems import pages as postmortems_pages
from tocsin.postmortems import publish as postmortem_publishing
from tocsin.postmortems import reactions as postmortem_reactions
from tocsin.postmortems.commands import NoteResult
from tocsin.postmortems.kind import postmortem_kind, reviewing
from tocsin.search import api as search_api
from tocsin.search import pages as search_pages
from tocsin.search import rows as search_rows
from tocsin.search import tables as search_tables
from tocsin.services import api as services_api
from tocsin.services import pages as services_pages
from tocsin.services.kind import service_kind
from tocsin.services.queries import owner_of_name
from tocsin.web import blobs, failures, gallery, live, preferences, system
from tocsin.web.endpoints import Endpoint, routes
from tocsin.web.layout import Shell
from tocsin.web.packing import Packing
from tocsin.web.security import SecurityHeaders

_AUDIT_EVERY: Final = timedelta(minutes=1)
_AUDIT_ON_VIRTUAL_TIME: Final = timedelta(days=1)
DEFAULT_PLAYBOOK: Final = "house"
"""What an installation begins with; ``--playbook`` and each service may name another."""


@dataclass(frozen=True)
class Options:
    """What an installation is started with."""

    data: Path | None = None
    database_url: str = ""
    public_url: str = ""
    default_playbook: str = DEFAULT_PLAYBOOK
    clock: Clock | None = None
    console: Channel | None = None
    outbox: Path | None = None
    publish_to: str = ""
    """Where targets of postmortems are: ``target=place`` separated by spaces (or the variable TOCSIN_PUBLISH_TO); see ``postmortems.publish``."""
    audit_every: timedelta | None = None
    """How often the pager proves that every open page waits for something; a minute, and on a virtual clock a day."""
    largest_attachment: int = blobs.LARGEST_BLOB
    """Bytes."""
    receipt_days: int = 30
    """How long requests of senders are kept."""
    largest_request: int = LARGEST_REQUEST
    """Bytes of a sender's request."""
    password_cost: Cost = field(default_factory=Cost)
    """What one guess of a password costs whoever guesses."""
    channels: ChannelOptions = field(default_factory=ChannelOptions)
    """Mail server, telephone account and what else channels need."""
    gallery: bool = False
    """Serve the page of all components, for whoever works on them (or the variable TOCSIN_GALLERY=1)."""


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
    link_key = keys.kept(keys.LINK_KEY, database.setting, database.found_setting, lambda: secrets.token_hex(32))
    push_key = keys.kept(keys.PUSH_KEY, database.setting, database.found_setting, new_key)
    webhook_secret = postmortem_publishing.secret_of(database.setting, database.found_setting, lambda: secrets.token_hex(32))
    compose = wording.composer(options.public_url, lambda: link_key().encode(), clock.now)

    def subscriber_of(name: str) -> subscribers.Row | None:
        with runtime.reading() as reader:
            return status_queries.subscriber(reader, name)

    def page_shown() -> tuple[str, dict[str, Any]]:
        return publisher.shown()

    def incident_shown(incident: str) -> dict[str, Any] | None:
        return publisher.incident(incident)

    channels: dict[str, Channel] = {
        **channel_registry.build(
            options.channels, compose, folder=options.outbox or directory.path / "outbox", secret=webhook_secret, push_key=push_key,
            public_url=options.public_url, console=options.console,
        ),
        **_publishing(options, directory.path / "published", webhook_secret),
        Certificates.name: Certificates(clock.now),
        status_sending.StatusEmail.name: status_sending.StatusEmail(
            options.channels.mail, subscriber_of, page_shown, lambda: link_key().encode(), options.public_url,
        ),
        status_sending.StatusWebhook.name: status_sending.StatusWebhook(
            subscriber_of, page_shown, incident_shown, options.channels.allow_internal, options.channels.certificates,
        ),
    }  # fmt: skip

    def render(kind: str, target: str, values: dict[str, Any]) -> tuple[str, str]:
        if kind in wording.KINDS:
            return wording.rendered(kind, values)
        if kind == group_notices.KIND:
            return group_notices.text(values)
        if kind in watch.KINDS:
            return watch.rendered(kind, values)
        if kind == CHECK:
            return "", ""
        if kind in status_letters.KINDS:
            return publisher.rendered(kind, values)
        if kind in oncall_notices.KINDS:
            return oncall_notices.render(kind, values)
        return reminder(values) if kind == "action.overdue" else messages(kind, target, values)

    def reading() -> AbstractContextManager[Reader]:
        return runtime.reading()

    messages = postmortem_publishing.rendering(reading, renderer(playbook_of))
    runtime = Runtime(database, registry, clock, channels, render, _on_failure, _on_sent, _on_retry, rule)
    alerts.wire(runtime)
    publisher = Publisher(runtime, render, options.public_url)
    runtime.workers.append(publisher)

    door = sign_in_pages.Doorkeeper(Hasher(options.password_cost), options.public_url)
    insights_sources = Sources(shelf)
    endpoints = [
        *incidents_api.endpoints(shelf, options.default_playbook),
        *incident_now.endpoints(),
        *actions_api.endpoints(shelf.by_digest),
        *postmortems_api.endpoints(shelf.by_digest),
        *alerts_api.endpoints(options.public_url),
        *groups_api.endpoints(),
        *routes_api.endpoints(shelf, options.default_playbook),
        *quiet_api.endpoints(),
        *changes_api.endpoints(),
        *preview_api.endpoints(),
        *people_api.endpoints(),
        *channels_api.endpoints(),
        *services_api.endpoints(options.default_playbook),
        *oncall_standing.endpoints(shelf, options.default_playbook),
        *oncall_api.endpoints(options.public_url),
        *handoff_api.endpoints(shelf),
        *paging_api.endpoints(shelf, options.default_playbook),
        *heartbeats_api.endpoints(options.public_url),
        *insights_api.endpoints(shelf, insights_sources),
        *status_api.endpoints(publisher),
        *playbooks_api.endpoints(shelf),
        *search_api.endpoints(shelf),
        *blobs.endpoints(options.largest_attachment),
        *system.endpoints(),
        *sign_in_pages.endpoints(options.public_url),
        *account_api.endpoints(door),
        *token_api.endpoints(),
        *audit_api.endpoints(),
    ]

    @contextlib.asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        start(app)
        try:
            yield
        finally:
            runtime.stop()

    presence = Presence()
    shell = Shell(
        runtime,
        (
            "web",
            "people",
            "actions",
            "alerts",
            "channels",
            "comms",
            "incidents",
            "insights",
            "oncall",
            "paging",
            "playbooks",
            "postmortems",
            "search",
            "services",
            "heartbeats",
        ),
        gallery=options.gallery or os.environ.get("TOCSIN_GALLERY", "") == "1",
    )
    site = Starlette(
        routes=[
            *system.plain_routes(runtime, endpoints, __version__),
            *routes(endpoints, runtime),
            *heartbeats_api.beat_routes(runtime),
            *oncall_api.calendar_routes(runtime),
            *shell.assets.routes(),
            *sign_in_pages.routes(shell, door),
            *setup_pages.routes(shell, door, _first_run(runtime, shelf, options)),
            *account_pages.routes(shell, door),
            *me_pages.routes(shell, door),
            *token_pages.routes(shell),
            *audit_pages.routes(shell),
            *status_pages.routes(shell, publisher, lambda: link_key().encode()),
            *status_settings_pages.routes(shell, publisher),
            live.route(runtime, feed_queries.secret, feed_queries.closed),
            *preferences.routes(shell),
            *gallery.routes(shell),
            *paging_pages.routes(shell),
            *incidents_pages.routes(shell, shelf, options.default_playbook),
            *incident_compose_pages.routes(shell, shelf, render),
            *incident_room_pages.routes(
                shell, shelf, render, presence, lambda: SystemClock().now().timestamp(), options.largest_attachment
            ),
            *incident_files_pages.routes(shell, options.largest_attachment),
            *incident_bridge_pages.routes(shell, shelf, presence, lambda: SystemClock().now().timestamp()),
            *incident_privacy_pages.routes(shell),
            *search_pages.routes(shell, shelf),
            *postmortem_lists.routes(shell),
            *postmortems_pages.routes(shell, shelf.by_digest),
            *actions_pages.routes(shell, shelf.by_digest),
            *alerts_pages.routes(shell),
            *groups_pages.routes(shell),
            *quiet_pages.routes(shell),
            *report_pages.routes(shell),
            *push_pages.routes(shell, push_key, options.public_url),
            *link_pages.routes(shell, lambda: link_key().encode()),
            *twilio_hooks.routes(runtime, options.channels.twilio, options.public_url, lambda: link_key().encode()),
            *oncall_pages.routes(shell, shelf, options.default_playbook, options.public_url),
            *playbook_edits.routes(shell, shelf),
            *playbooks_pages.routes(shell, shelf),
            *insights_pages.routes(shell, insights_sources, options.default_playbook),
            *services_pages.routes(shell, shelf, options.default_playbook),
            *people_pages.routes(shell),
            *team_pages.routes(shell),
            *policy_pages.routes(shell),
            *routes_pages.routes(shell, shelf, options.default_playbook),
            *source_pages.routes(shell, options.public_url),
            *heartbeats_pages.routes(shell, options.public_url),
        ],
        middleware=[Middleware(Packing), Middleware(SecurityHeaders)],
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


def _publishing(options: Options, base: Path, secret: Callable[[], bytes]) -> dict[str, Channel]:
    """Return the channels that postmortems are published by."""
    try:
        places = postmortem_publishing.places(options.publish_to or os.environ.get("TOCSIN_PUBLISH_TO", ""))
    except ValueError as error:
        raise Refused(f"{error}.", fix="Write it like wiki=/srv/wiki engineering=https://hooks.example.com/postmortems.") from error
    ways: tuple[Channel, ...] = (Folder(base, places), Git(base, places), Webhook(places, secret))
    return {way.name: way for way in ways}


def mail_door(app: App, host: str, port: int, certificate: str = "", key: str = "") -> Controller:
    """Return the SMTP server that takes e-mails in as alerts; ``start`` and ``stop`` bracket its life."""
    return mail_in.mail_door(app.runtime, host, port, certificate, key)


def is_set_up(app: App) -> bool:
    """Tell whether the first administrator was created."""
    return people_handlers.is_set_up(app.runtime)


def intake_url(app: App, base: str) -> str:
    """Return the address to which an Alertmanager sends its webhook. base: the server's own URL."""
    return base + intake_path("alertmanager", intake_key(app.runtime))


_TO_SUBSCRIBERS: Final = ("mailing", "status_page")
"""Records whose messages go to subscribers of the status page."""


def _on_failure(stream: str, key: str, channel: str, why: str) -> Follow | None:
    kind, _, record = stream.partition(":")
    if kind == "page":
        return Follow("page", record, NoteFailed(key, channel, why))
    if kind == "postmortem":
        return Follow("postmortem", record, NoteResult(key, sent=False, said=why))
    if kind == "proof":
        return Follow("proof", record, NoteProof(good=False, why=why))
    if kind == "group":
        return Follow("group", record, NoteNoticeFailed(key, channel, why))
    if kind == "person":
        return Follow("person", record, NoteCodeFailed(key, why))
    if kind in _TO_SUBSCRIBERS:
        return Follow(subscribers.STREAM, *status_mailing.failure(key, why))
    return Follow("incident", record, NoteDeliveryFailure(key, channel, why)) if kind == "incident" else None


def _on_sent(stream: str, key: str, channel: str, receipt: str) -> Follow | None:
    kind, _, record = stream.partition(":")
    if kind in _TO_SUBSCRIBERS:
        # Of mails there are thousands, and that one arrived changes nothing.
        return Follow(subscribers.STREAM, *status_mailing.success(key)) if channel == status_sending.StatusWebhook.name else None
    if kind == "page":
        return Follow("page", record, NoteSent(key, receipt))
    if kind == "proof":
        return Follow("proof", record, NoteProof(good=True, why=receipt))
    return Follow("postmortem", record, NoteResult(key, sent=True, said=receipt)) if kind == "postmortem" else None


def _on_retry(stream: str, key: str, channel: str, why: str, _due: object) -> Follow | None:
    kind, _, record = stream.partition(":")
    return Follow("page", record, NoteFailed(key, channel, why, final=False)) if kind == "page" else None
