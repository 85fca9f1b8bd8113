"""Options in, application out: the one place where everything is wired."""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import AsyncIterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from starlette.applications import Starlette
from starlette.middleware import Middleware

from tocsin import __version__
from tocsin.actions import api as actions_api
from tocsin.actions.decide import reminder
from tocsin.actions.kind import action_kind
from tocsin.alerts import api as alerts_api
from tocsin.alerts import pages as alerts_pages
from tocsin.alerts.commands import NotePageFailure
from tocsin.alerts.handlers import intake_key, intake_path
from tocsin.alerts.kind import alert_kind, receipt_kind
from tocsin.alerts.reactions import REACTIONS as ALERT_REACTIONS
from tocsin.channels.console.client import Console
from tocsin.channels.file.client import FileOutbox
from tocsin.channels.folder.client import Folder
from tocsin.channels.git.client import Git
from tocsin.channels.webhook.client import Webhook
from tocsin.comms.render import renderer
from tocsin.engine.clock import Clock, SystemClock
from tocsin.engine.database import Database, DataDirectory
from tocsin.engine.errors import Refused
from tocsin.engine.kinds import Follow, Registry
from tocsin.engine.ledger import STREAM_ID, Begin, ledger_kind
from tocsin.engine.model import SYSTEM, Reader
from tocsin.engine.ports import Channel
from tocsin.engine.runtime import Runtime
from tocsin.incidents import api as incidents_api
from tocsin.incidents import pages as incidents_pages
from tocsin.incidents import reactions as incident_reactions
from tocsin.incidents import tables as incident_tables
from tocsin.incidents.commands import NoteDeliveryFailure
from tocsin.incidents.kind import incident_kind
from tocsin.insights import api as insights_api
from tocsin.people import api as people_api
from tocsin.people import tables as people_tables
from tocsin.people.kind import person_kind, team_kind
from tocsin.playbooks import api as playbooks_api
from tocsin.playbooks import pages as playbooks_pages
from tocsin.playbooks import shelf as shipped
from tocsin.playbooks.kind import playbook_kind, publication
from tocsin.playbooks.load import digest_of
from tocsin.playbooks.model import Playbook
from tocsin.playbooks.queries import Bookshelf
from tocsin.postmortems import api as postmortems_api
from tocsin.postmortems import pages as postmortems_pages
from tocsin.postmortems import publish as postmortem_publishing
from tocsin.postmortems import reactions as postmortem_reactions
from tocsin.postmortems.commands import NoteResult
from tocsin.postmortems.kind import postmortem_kind
from tocsin.services import api as services_api
from tocsin.services.kind import service_kind
from tocsin.web import blobs, failures, live, sign_in, system
from tocsin.web.endpoints import Endpoint, routes
from tocsin.web.layout import Shell
from tocsin.web.security import SecurityHeaders

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
    largest_attachment: int = blobs.LARGEST_BLOB
    """Bytes."""


@dataclass(frozen=True)
class App:
    """A wired installation: the engine, the playbooks and the HTTP application."""

    runtime: Runtime
    shelf: Bookshelf
    asgi: Starlette
    endpoints: list[Endpoint]
    options: Options


def build(options: Options) -> App:
    """Return the application; nothing runs until it is started.

    Raises:
        Unavailable: the database cannot be used.

    """
    _ = incident_tables, people_tables
    directory = DataDirectory(options.data or Path("tocsin-data"))
    directory.make()
    database = Database(options.database_url or directory.database_url)
    database.prepare()
    shelf = Bookshelf()
    registry = Registry(
        kinds={
            kind.name: kind
            for kind in (
                ledger_kind(),
                incident_kind(shelf, options.default_playbook),
                playbook_kind(),
                person_kind(),
                team_kind(),
                service_kind(),
                action_kind(shelf.by_digest),
                postmortem_kind(shelf.by_digest),
                receipt_kind(),
                alert_kind(shelf, options.default_playbook, options.public_url),
            )
        },
        reactions=(
            *incident_reactions.REACTIONS,
            *postmortem_reactions.REACTIONS,
            *ALERT_REACTIONS,
        ),
    )
    channels: dict[str, Channel] = {
        "console": options.console or Console(),
        "file": FileOutbox(options.outbox or directory.path / "outbox"),
        **_publishing(options, directory.path / "published", database),
    }

    def playbook_of(digest: str) -> Playbook | None:
        with runtime.reading() as reader:
            return shelf.by_digest(digest, reader)

    def render(kind: str, target: str, values: dict[str, Any]) -> tuple[str, str]:
        return reminder(values) if kind == "action.overdue" else messages(kind, target, values)

    def reading() -> AbstractContextManager[Reader]:
        return runtime.reading()

    messages = postmortem_publishing.rendering(reading, renderer(playbook_of))
    runtime = Runtime(database, registry, options.clock or SystemClock(), channels, render, _on_failure, _on_sent)
    endpoints = [
        *incidents_api.endpoints(shelf, options.default_playbook),
        *actions_api.endpoints(shelf.by_digest),
        *postmortems_api.endpoints(shelf.by_digest),
        *alerts_api.endpoints(options.public_url),
        *people_api.endpoints(),
        *services_api.endpoints(options.default_playbook),
        *insights_api.endpoints(shelf),
        *playbooks_api.endpoints(shelf),
        *blobs.endpoints(options.largest_attachment),
        *system.endpoints(),
        *sign_in.endpoints(options.public_url),
    ]

    @contextlib.asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        start(app)
        try:
            yield
        finally:
            runtime.stop()

    shell = Shell(runtime, ("web", "alerts", "incidents", "playbooks", "postmortems"))
    asgi = Starlette(
        routes=[
            *alerts_api.intake_routes(runtime),
            *system.plain_routes(runtime, endpoints, __version__),
            *routes(endpoints, runtime),
            *shell.assets.routes(),
            *sign_in.routes(shell),
            live.route(runtime),
            *incidents_pages.routes(shell, shelf, options.default_playbook, render),
            *postmortems_pages.routes(shell, shelf.by_digest),
            *alerts_pages.routes(shell),
            *playbooks_pages.routes(shell, shelf),
        ],
        middleware=[Middleware(SecurityHeaders)],
        exception_handlers=failures.handlers(shell),
        lifespan=lifespan,
    )
    app = App(runtime, shelf, asgi, endpoints, options)
    return app


def start(app: App) -> None:
    """Start the engine and put the shipped playbooks in force where they are new or changed."""
    app.runtime.start()
    app.runtime.commit_now("ledger", STREAM_ID, Begin(), SYSTEM)
    intake_key(app.runtime)
    for playbook_id in shipped.shipped():
        text = shipped.shipped_text(playbook_id)
        current: Any = app.runtime.committer.state(f"playbook:{playbook_id}")
        if current is not None and (current.digest == digest_of(text) or not current.shipped):
            continue
        loaded = shipped.load_shipped(playbook_id)
        app.runtime.commit_now("playbook", playbook_id, publication(loaded, shipped=True), SYSTEM)


def _publishing(options: Options, base: Path, database: Database) -> dict[str, Channel]:
    """Return the channels that postmortems are published by."""
    try:
        places = postmortem_publishing.places(options.publish_to or os.environ.get("TOCSIN_PUBLISH_TO", ""))
    except ValueError as error:
        raise Refused(f"{error}.", fix="Write it like wiki=/srv/wiki engineering=https://hooks.example.com/postmortems.") from error
    secret = postmortem_publishing.secret_of(database.setting, database.keep_setting, lambda: secrets.token_hex(32))
    ways: tuple[Channel, ...] = (Folder(base, places), Git(base, places), Webhook(places, secret))
    return {way.name: way for way in ways}


def intake_url(app: App, base: str) -> str:
    """Return the address to which an Alertmanager sends its webhook. base: the server's own URL."""
    return base + intake_path("alertmanager", intake_key(app.runtime))


def _on_failure(stream: str, key: str, channel: str, why: str) -> Follow | None:
    kind, _, record = stream.partition(":")
    if kind == "postmortem":
        return Follow("postmortem", record, NoteResult(key, sent=False, said=why))
    if kind == "alert":
        return Follow("alert", record, NotePageFailure(key, channel, why))
    return Follow("incident", record, NoteDeliveryFailure(key, channel, why)) if kind == "incident" else None


def _on_sent(stream: str, key: str, _channel: str, receipt: str) -> Follow | None:
    kind, _, record = stream.partition(":")
    return Follow("postmortem", record, NoteResult(key, sent=True, said=receipt)) if kind == "postmortem" else None
