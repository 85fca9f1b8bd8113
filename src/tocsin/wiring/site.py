"""All addresses: the endpoints of the API and the pages, and what they are made of."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from starlette.routing import BaseRoute

from tocsin import __version__
from tocsin.actions import api as actions_api
from tocsin.actions import pages as actions_pages
from tocsin.alerts import api as alerts_api
from tocsin.alerts import pages as alerts_pages
from tocsin.alerts import report_pages, source_pages
from tocsin.alerts.changes import api as changes_api
from tocsin.alerts.groups import api as groups_api
from tocsin.alerts.groups import pages as groups_pages
from tocsin.alerts.preview import api as preview_api
from tocsin.alerts.quiet import api as quiet_api
from tocsin.alerts.quiet import pages as quiet_pages
from tocsin.alerts.routes import api as routes_api
from tocsin.alerts.routes import pages as routes_pages
from tocsin.channels import api as channels_api
from tocsin.channels.push import pages as push_pages
from tocsin.comms.status import api as status_api
from tocsin.comms.status import pages as status_pages
from tocsin.comms.status import settings_pages as status_settings_pages
from tocsin.comms.status.publisher import Publisher
from tocsin.engine.clock import SystemClock
from tocsin.engine.model import Reader
from tocsin.engine.ports import Renderer
from tocsin.engine.runtime import Runtime
from tocsin.heartbeats import api as heartbeats_api
from tocsin.heartbeats import pages as heartbeats_pages
from tocsin.incidents import api as incidents_api
from tocsin.incidents import bridge_pages as incident_bridge_pages
from tocsin.incidents import compose_pages as incident_compose_pages
from tocsin.incidents import feed_queries
from tocsin.incidents import files_pages as incident_files_pages
from tocsin.incidents import now_pages as incident_now
from tocsin.incidents import pages as incidents_pages
from tocsin.incidents import privacy_pages as incident_privacy_pages
from tocsin.incidents import room_pages as incident_room_pages
from tocsin.incidents.presence import Presence
from tocsin.insights import api as insights_api
from tocsin.insights import pages as insights_pages
from tocsin.insights.work_queries import Sources
from tocsin.oncall import api as oncall_api
from tocsin.oncall import handoff_api
from tocsin.oncall import pages as oncall_pages
from tocsin.oncall import standing_api as oncall_standing
from tocsin.paging import api as paging_api
from tocsin.paging import link_pages, policy_pages, twilio_hooks
from tocsin.paging import pages as paging_pages
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
from tocsin.people import settings_pages as people_pages
from tocsin.people.queries import list_people
from tocsin.playbooks import api as playbooks_api
from tocsin.playbooks import edit_pages as playbook_edits
from tocsin.playbooks import pages as playbooks_pages
from tocsin.playbooks.queries import Bookshelf
from tocsin.postmortems import api as postmortems_api
from tocsin.postmortems import list_pages as postmortem_lists
from tocsin.postmortems import pages as postmortems_pages
from tocsin.search import api as search_api
from tocsin.search import pages as search_pages
from tocsin.services import api as services_api
from tocsin.services import pages as services_pages
from tocsin.services.queries import list_services
from tocsin.web import blobs, gallery, live, preferences, system
from tocsin.web.endpoints import Endpoint, routes
from tocsin.web.layout import Shell
from tocsin.web.names import Names
from tocsin.wiring.options import Options
from tocsin.wiring.sending import Keys


@dataclass(frozen=True)
class Parts:
    """What endpoints and pages are made of."""

    runtime: Runtime
    shelf: Bookshelf
    options: Options
    publisher: Publisher
    keys: Keys
    render: Renderer
    """What makes a message's text, for previews."""
    door: sign_in_pages.Doorkeeper
    sources: Sources
    first_run: setup_pages.Parts


def endpoints_of(parts: Parts) -> list[Endpoint]:
    """Return every endpoint of the API."""
    return [
        *incidents_api.endpoints(parts.shelf, parts.options.default_playbook),
        *incident_now.endpoints(),
        *actions_api.endpoints(parts.shelf.by_digest),
        *postmortems_api.endpoints(parts.shelf.by_digest),
        *alerts_api.endpoints(parts.options.public_url),
        *groups_api.endpoints(),
        *routes_api.endpoints(parts.shelf, parts.options.default_playbook),
        *quiet_api.endpoints(),
        *changes_api.endpoints(),
        *preview_api.endpoints(),
        *people_api.endpoints(),
        *channels_api.endpoints(),
        *services_api.endpoints(parts.options.default_playbook),
        *oncall_standing.endpoints(parts.shelf, parts.options.default_playbook),
        *oncall_api.endpoints(parts.options.public_url),
        *handoff_api.endpoints(parts.shelf),
        *paging_api.endpoints(parts.shelf, parts.options.default_playbook),
        *heartbeats_api.endpoints(parts.options.public_url),
        *insights_api.endpoints(parts.shelf, parts.sources),
        *status_api.endpoints(parts.publisher),
        *playbooks_api.endpoints(parts.shelf),
        *search_api.endpoints(parts.shelf),
        *blobs.endpoints(parts.options.largest_attachment),
        *system.endpoints(),
        *sign_in_pages.endpoints(parts.options.public_url),
        *account_api.endpoints(parts.door),
        *token_api.endpoints(),
        *audit_api.endpoints(),
    ]


def shell_of(runtime: Runtime, options: Options) -> Shell:
    """Return what pages are rendered by, with the templates of every package that has some."""

    def called(kind: str, listed: Callable[[Reader], list[dict[str, Any]]]) -> Names:
        def read() -> dict[str, str]:
            with runtime.reading() as reader:
                return {row["id"]: row["name"] for row in listed(reader)}

        names = Names(kind, read)
        runtime.committer.listen(lambda committed: names.changed(committed.facts))
        return names

    return Shell(
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
        filters={
            "service": called("service", lambda reader: list_services(reader, everything=True)),
            "person": called("person", lambda reader: list_people(reader, everybody=True)),
        },
    )


def routes_of(parts: Parts, shell: Shell, endpoints: list[Endpoint]) -> list[BaseRoute]:
    """Return the route of every address. Their order counts: the first that fits answers."""
    presence = Presence()
    return [
        *system.plain_routes(parts.runtime, endpoints, __version__),
        *routes(endpoints, parts.runtime),
        *heartbeats_api.beat_routes(parts.runtime),
        *oncall_api.calendar_routes(parts.runtime),
        *shell.assets.routes(),
        *sign_in_pages.routes(shell, parts.door),
        *setup_pages.routes(shell, parts.door, parts.first_run),
        *account_pages.routes(shell, parts.door),
        *me_pages.routes(shell, parts.door),
        *token_pages.routes(shell),
        *audit_pages.routes(shell),
        *status_pages.routes(shell, parts.publisher, parts.keys.link),
        *status_settings_pages.routes(shell, parts.publisher),
        live.route(parts.runtime, feed_queries.secret, feed_queries.closed),
        *preferences.routes(shell),
        *gallery.routes(shell),
        *paging_pages.routes(shell),
        *incidents_pages.routes(shell, parts.shelf, parts.options.default_playbook),
        *incident_compose_pages.routes(shell, parts.shelf, parts.render),
        *incident_room_pages.routes(
            shell, parts.shelf, parts.render, presence, lambda: SystemClock().now().timestamp(), parts.options.largest_attachment
        ),
        *incident_files_pages.routes(shell, parts.options.largest_attachment),
        *incident_bridge_pages.routes(shell, parts.shelf, presence, lambda: SystemClock().now().timestamp()),
        *incident_privacy_pages.routes(shell),
        *search_pages.routes(shell, parts.shelf),
        *postmortem_lists.routes(shell),
        *postmortems_pages.routes(shell, parts.shelf.by_digest),
        *actions_pages.routes(shell, parts.shelf.by_digest),
        *alerts_pages.routes(shell),
        *groups_pages.routes(shell),
        *quiet_pages.routes(shell),
        *report_pages.routes(shell),
        *push_pages.routes(shell, parts.keys.push, parts.options.public_url),
        *link_pages.routes(shell, parts.keys.link),
        *twilio_hooks.routes(parts.runtime, parts.options.channels.twilio, parts.options.public_url, parts.keys.link),
        *oncall_pages.routes(shell, parts.shelf, parts.options.default_playbook, parts.options.public_url),
        *playbook_edits.routes(shell, parts.shelf),
        *playbooks_pages.routes(shell, parts.shelf),
        *insights_pages.routes(shell, parts.sources, parts.options.default_playbook),
        *services_pages.routes(shell, parts.shelf, parts.options.default_playbook),
        *people_pages.routes(shell),
        *team_pages.routes(shell),
        *policy_pages.routes(shell),
        *routes_pages.routes(shell, parts.shelf, parts.options.default_playbook),
        *source_pages.routes(shell, parts.options.public_url),
        *heartbeats_pages.routes(shell, parts.options.public_url),
    ]
