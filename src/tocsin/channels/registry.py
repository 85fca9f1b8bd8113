"""All channels of an installation, built from what the administrator said. A channel without its settings is there too, and says what it needs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tocsin.channels.addresses import is_inside
from tocsin.channels.apprise.client import Apprise
from tocsin.channels.console.client import Console
from tocsin.channels.email.client import Email
from tocsin.channels.file.client import FileOutbox
from tocsin.channels.notice import Compose
from tocsin.channels.ntfy.client import Ntfy
from tocsin.channels.options import ChannelOptions
from tocsin.channels.push.client import Push
from tocsin.channels.twilio.client import Sms, Voice
from tocsin.channels.webhook.client import PageWebhook
from tocsin.engine.ports import Channel


def build(
    options: ChannelOptions, compose: Compose, *, folder: Path, secret: Callable[[], bytes], push_key: Callable[[], str], public_url: str,
    console: Channel | None = None,
) -> dict[str, Channel]:  # fmt: skip
    """Return every channel that reaches people, by its name.

    folder: where the file channel writes. secret: what webhooks are signed with. push_key: the private VAPID key. public_url: by which people reach us.
    """
    inside, own = options.allow_internal, options.certificates
    contact = options.push_contact or _push_contact(options, public_url)
    made: tuple[Channel, ...] = (
        console or Console(compose=compose),
        FileOutbox(folder, compose),
        Email(options.mail, compose),
        Push(push_key, contact, compose, inside, certificates=own),
        Ntfy(options.ntfy, compose, inside, certificates=own),
        PageWebhook(secret, compose, inside, certificates=own),
        Apprise(compose, inside, certificates=own),
        Sms(options.twilio, public_url, compose, inside, certificates=own),
        Voice(options.twilio, public_url, compose, inside, certificates=own),
    )
    return {channel.name: channel for channel in made}


def _push_contact(options: ChannelOptions, public_url: str) -> str:
    """Return whom push services may write to where nothing was said: whoever reads the sender's mail, or this server's own address."""
    address = options.mail.sender.rpartition("<")[2].rstrip("> ").strip()
    if "@" in address:
        return f"mailto:{address}"
    return public_url if public_url.startswith("https://") and not is_inside(public_url) else ""
