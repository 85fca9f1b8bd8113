"""What the channels are told by the administrator. Pure values; ``cli/settings.py`` reads them, ``registry.py`` builds from them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import msgspec

Security = Literal["starttls", "tls", "none"]


class MailOptions(msgspec.Struct, frozen=True):
    """The mail server that takes our mail."""

    server: str = ""
    """``host`` or ``host:port``; empty: there is no e-mail."""
    security: Security = "starttls"
    """How the connection is protected; ``starttls`` and ``tls`` never fall back to less."""
    user: str = ""
    password: str = ""
    sender: str = ""
    """The From address, such as ``Tocsin <tocsin@example.com>``."""
    certificates: str = ""
    """A PEM file with further authorities that may have signed the server's certificate."""


class NtfyOptions(msgspec.Struct, frozen=True):
    """The ntfy server of contacts that are a topic alone."""

    server: str = ""
    token: str = ""
    """Sent to that server only."""


class TwilioOptions(msgspec.Struct, frozen=True):
    """The account that texts and calls go through."""

    account: str = ""
    token: str = ""
    sender: str = ""
    """The number that texts and calls come from, or (texts only) the id of a messaging service."""
    api: str = "https://api.twilio.com"


class ChannelOptions(msgspec.Struct, frozen=True):
    """Everything that channels are told."""

    mail: MailOptions = MailOptions()
    ntfy: NtfyOptions = NtfyOptions()
    twilio: TwilioOptions = TwilioOptions()
    push_contact: str = ""
    """``mailto:`` or ``https:`` address by which a push service can reach whoever runs this server."""
    allow_internal: tuple[str, ...] = ()
    """Hosts (``host`` or ``host:port``) inside the network that addresses of contacts may name."""
    certificates: str = ""
    """A PEM file with further authorities that HTTPS may trust."""


def channel_options(settings: Mapping[str, Any]) -> ChannelOptions:
    """Return what channels are told by the settings of ``tocsin serve``, each under its name there."""
    authorities = str(settings["authorities"])
    return ChannelOptions(
        mail=MailOptions(
            settings["mail_server"],
            settings["mail_security"],
            settings["mail_user"],
            settings["mail_password"],
            settings["mail_from"],
            authorities,
        ),
        ntfy=NtfyOptions(settings["ntfy_server"], settings["ntfy_token"]),
        twilio=TwilioOptions(settings["twilio_account"], settings["twilio_token"], settings["twilio_from"], settings["twilio_api"]),
        push_contact=settings["push_contact"],
        allow_internal=tuple(host for host in str(settings["allow_internal"]).split(",") if host),
        certificates=authorities,
    )
