"""How messages leave: every channel, what the text of a message is made by, and what records hear of the result."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from tocsin.actions.decide import reminder
from tocsin.alerts import notify as group_notices
from tocsin.alerts.certificates import Certificates
from tocsin.alerts.group_commands import NoteNoticeFailed
from tocsin.alerts.proofs.model import CHECK, NoteProof
from tocsin.channels import keys as kept_keys
from tocsin.channels import registry as channel_registry
from tocsin.channels.folder.client import Folder
from tocsin.channels.git.client import Git
from tocsin.channels.push.client import new_key
from tocsin.channels.webhook.client import Webhook
from tocsin.comms.render import renderer
from tocsin.comms.status import letters as status_letters
from tocsin.comms.status import mailing as status_mailing
from tocsin.comms.status import queries as status_queries
from tocsin.comms.status import sending as status_sending
from tocsin.comms.status import subscriber as subscribers
from tocsin.comms.status.publisher import Publisher
from tocsin.engine.database import Database
from tocsin.engine.errors import Refused
from tocsin.engine.kinds import Follow
from tocsin.engine.model import Reader
from tocsin.engine.ports import Channel, Renderer
from tocsin.incidents.notes import NoteDeliveryFailure
from tocsin.oncall import notices as oncall_notices
from tocsin.paging import watch, wording
from tocsin.paging.commands import NoteFailed, NoteSent
from tocsin.people.commands import NoteCodeFailed
from tocsin.playbooks.model import Playbook
from tocsin.postmortems import publish as postmortem_publishing
from tocsin.postmortems.commands import NoteResult
from tocsin.wiring.options import Options

Reading = Callable[[], AbstractContextManager[Reader]]
"""Opens a reader of what is committed."""


@dataclass(frozen=True)
class Keys:
    """Secrets of an installation; each is made at its first use and kept in the database."""

    link: Callable[[], bytes]
    """What links in messages are signed with."""
    push: Callable[[], str]
    """The private VAPID key."""
    webhook: Callable[[], bytes]
    """What webhooks are signed with."""


def keys_of(database: Database) -> Keys:
    """Return the keys that are kept in a database."""
    setting, keep = database.setting, database.found_setting
    link = kept_keys.kept(kept_keys.LINK_KEY, setting, keep, lambda: secrets.token_hex(32))
    push = kept_keys.kept(kept_keys.PUSH_KEY, setting, keep, new_key)
    webhook = postmortem_publishing.secret_of(setting, keep, lambda: secrets.token_hex(32))
    return Keys(lambda: link().encode(), push, webhook)


def channels_of(
    options: Options, data: Path, keys: Keys, now: Callable[[], datetime], reading: Reading, publisher: Callable[[], Publisher]
) -> dict[str, Channel]:
    """Return every channel by its name: those that reach people, publish postmortems, mail subscribers, fetch certificates.

    data: the directory of the installation. publisher: asked for when a message leaves, for the channels are there before it is.
    """
    compose = wording.composer(options.public_url, keys.link, now)

    def subscriber_of(name: str) -> subscribers.Row | None:
        with reading() as reader:
            return status_queries.subscriber(reader, name)

    def page_shown() -> tuple[str, dict[str, Any]]:
        return publisher().shown()

    def incident_shown(incident: str) -> dict[str, Any] | None:
        return publisher().incident(incident)

    return {
        **channel_registry.build(
            options.channels, compose, folder=options.outbox or data / "outbox", secret=keys.webhook, push_key=keys.push,
            public_url=options.public_url, console=options.console,
        ),
        **_publishing(options, data / "published", keys.webhook),
        Certificates.name: Certificates(now),
        status_sending.StatusEmail.name: status_sending.StatusEmail(
            options.channels.mail, subscriber_of, page_shown, keys.link, options.public_url,
        ),
        status_sending.StatusWebhook.name: status_sending.StatusWebhook(
            subscriber_of, page_shown, incident_shown, options.channels.allow_internal, options.channels.certificates,
        ),
    }  # fmt: skip


def rendering(reading: Reading, playbook_of: Callable[[str], Playbook | None], publisher: Callable[[], Publisher]) -> Renderer:
    """Return what makes subject and text of any message, from its kind, target and values. publisher: as of ``channels_of``."""
    messages = postmortem_publishing.rendering(reading, renderer(playbook_of))

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
            return publisher().rendered(kind, values)
        if kind in oncall_notices.KINDS:
            return oncall_notices.render(kind, values)
        return reminder(values) if kind == "action.overdue" else messages(kind, target, values)

    return render


def _publishing(options: Options, base: Path, secret: Callable[[], bytes]) -> dict[str, Channel]:
    """Return the channels that postmortems are published by."""
    try:
        places = postmortem_publishing.places(options.publish_to or os.environ.get("TOCSIN_PUBLISH_TO", ""))
    except ValueError as error:
        raise Refused(f"{error}.", fix="Write it like wiki=/srv/wiki engineering=https://hooks.example.com/postmortems.") from error
    ways: tuple[Channel, ...] = (Folder(base, places), Git(base, places), Webhook(places, secret))
    return {way.name: way for way in ways}


_TO_SUBSCRIBERS: Final = ("mailing", "status_page")
"""Records whose messages go to subscribers of the status page."""


def on_failure(stream: str, key: str, channel: str, why: str) -> Follow | None:
    """Return what the record that a message came from hears where it is given up; None where it need not know."""
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


def on_sent(stream: str, key: str, channel: str, receipt: str) -> Follow | None:
    """Return what the record hears once a message has arrived; None where it need not know."""
    kind, _, record = stream.partition(":")
    if kind in _TO_SUBSCRIBERS:
        # Of mails there are thousands, and that one arrived changes nothing.
        return Follow(subscribers.STREAM, *status_mailing.success(key)) if channel == status_sending.StatusWebhook.name else None
    if kind == "page":
        return Follow("page", record, NoteSent(key, receipt))
    if kind == "proof":
        return Follow("proof", record, NoteProof(good=True, why=receipt))
    return Follow("postmortem", record, NoteResult(key, sent=True, said=receipt)) if kind == "postmortem" else None


def on_retry(stream: str, key: str, channel: str, why: str, _due: object) -> Follow | None:
    """Return what the record hears where a message failed and will be tried again; None where it need not know."""
    kind, _, record = stream.partition(":")
    return Follow("page", record, NoteFailed(key, channel, why, final=False)) if kind == "page" else None
