"""Settings of the server: flags first, then TOCSIN_* variables, then a TOML file. Each error names where the value came from."""

from __future__ import annotations

import ipaddress
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import parseaddr
from pathlib import Path
from typing import Any, Final

import click

PREFIX: Final = "TOCSIN_"
_HOST: Final = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(:\d{1,5})?")


@dataclass(frozen=True)
class Setting:
    """One setting. ``read`` makes its value from a text and raises ValueError with what should be written."""

    name: str
    says: str
    default: Any = ""
    read: Callable[[str], Any] = str
    metavar: str = "TEXT"
    secret: bool = False
    """It has no flag, for every user of a machine can read those of a process; and no error repeats it."""

    @property
    def flag(self) -> str:
        """The flag of the command line."""
        return f"--{self.name.replace('_', '-')}"

    @property
    def variable(self) -> str:
        """The environment variable."""
        return PREFIX + self.name.upper()


def _port(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) > 65535:  # noqa: PLR2004 (ports have 16 bits)
        raise ValueError("write a number from 0 (any free one) to 65535")
    return int(text)


def _count(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 0 < int(text) < 10**9:
        raise ValueError("write a whole number of at least 1")
    return int(text)


def _place(text: str) -> str:
    host, colon, port = text.rpartition(":")
    if not colon or not host:
        raise ValueError("write an address and a port, such as 127.0.0.1:2525")
    _port(port)
    return text


def _url(text: str) -> str:
    if not text.startswith(("http://", "https://")):
        raise ValueError("write it with http:// or https://")
    return text.rstrip("/")


def _moment(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise ValueError("write it like 2026-01-31T14:05:00Z") from error
    if found.tzinfo is None:
        raise ValueError("it has no zone; end it with Z")
    return found


def _networks(text: str) -> str:
    for one in text.split(","):
        try:
            ipaddress.ip_network(one.strip(), strict=False)
        except ValueError as error:
            raise ValueError("write addresses or networks, such as 10.0.0.0/8, separated by commas") from error
    return text


def _file(text: str) -> str:
    if not Path(text).is_file():
        raise ValueError("there is no such file")
    return text


def _hosts(text: str) -> str:
    for one in text.split(","):
        if not _HOST.fullmatch(one.strip()):
            raise ValueError("write hosts, such as ntfy.internal or 10.0.0.8:8080, separated by commas")
    return ",".join(one.strip() for one in text.split(","))


def _server(text: str) -> str:
    if not _HOST.fullmatch(text):
        raise ValueError("write a host, or host:port, such as mail.example.com:587")
    return text


def _security(text: str) -> str:
    if text not in ("starttls", "tls", "none"):
        raise ValueError("write starttls, tls or none")
    return text


def _contact(text: str) -> str:
    if not text.startswith(("mailto:", "https://")):
        raise ValueError("write it with mailto: or https://")
    return text


def _sender(text: str) -> str:
    if "@" not in parseaddr(text)[1]:
        raise ValueError("write an address, such as Tocsin <tocsin@example.com>")
    return text


SETTINGS: Final[tuple[Setting, ...]] = (
    Setting("data", "Folder of the embedded installation.", "tocsin-data", metavar="DIR"),
    Setting("database", "SQLAlchemy URL of a database instead of the embedded one.", metavar="URL"),
    Setting("host", "The address to listen on.", "127.0.0.1", metavar="ADDRESS"),
    Setting("port", "The port to listen on; 0 takes a free one.", 8844, _port, "NUMBER"),
    Setting("public_url", "The URL by which people reach this server.", "", _url, "URL"),
    Setting("playbook", "The playbook of incidents that name none.", "house", metavar="ID"),
    Setting("tls_cert", "Serve HTTPS with this certificate (PEM) …", "", _file, "FILE"),
    Setting("tls_key", "… and this key (PEM).", "", _file, "FILE"),
    Setting("trusted_proxy", "Believe the X-Forwarded headers of these addresses.", "", _networks, "NET"),
    Setting("receipt_days", "How long requests of senders are kept with what became of them, in days.", 30, _count, "DAYS"),
    Setting("largest_request", "The largest request of a sender that is taken, in bytes.", 5_000_000, _count, "BYTES"),
    Setting("smtp_listen", "Take e-mails in as alerts at this address and port, such as 127.0.0.1:2525.", "", _place, "ADDRESS:PORT"),
    Setting("mail_server", "The mail server that takes our mail, as host or host:port.", "", _server, "HOST"),
    Setting("mail_security", "How it is spoken to: starttls, tls or none; never less than this.", "starttls", _security, "WORD"),
    Setting("mail_user", "The user to sign in to it with.", "", metavar="NAME"),
    Setting("mail_password", "The password of that user.", "", secret=True),
    Setting("mail_from", "The address that mail comes from.", "", _sender, "ADDRESS"),
    Setting("push_contact", "Where push services can reach whoever runs this server.", "", _contact, "URL"),
    Setting("ntfy_server", "The ntfy server of contacts that are a topic alone.", "", _url, "URL"),
    Setting("ntfy_token", "An access token of that server.", "", secret=True),
    Setting("twilio_account", "The Twilio account that texts and calls go through.", "", metavar="SID"),
    Setting("twilio_token", "The account's auth token.", "", secret=True),
    Setting("twilio_from", "The number, or messaging service, that they come from.", "", metavar="NUMBER"),
    Setting("twilio_api", "Another address of Twilio's interface, such as a region's.", "https://api.twilio.com", _url, "URL"),
    Setting("allow_internal", "Hosts inside the network that addresses of contacts may name.", "", _hosts, "HOST,…"),
    Setting("authorities", "Certificate authorities (PEM) that channels trust beside this machine's.", "", _file, "FILE"),
    Setting("virtual_clock", "Start on a clock that stands at this time until it is advanced.", None, _moment, "ISO"),
)
"""Everything that ``tocsin serve`` can be told. The names are those of the TOML file."""


class BadSetting(click.ClickException):
    """A setting that cannot be used; the message names its source."""

    exit_code = 2


@dataclass(frozen=True)
class Settled:
    """The values in force, and where each came from."""

    values: Mapping[str, Any]
    sources: Mapping[str, str]

    def __getitem__(self, name: str) -> Any:
        return self.values[name]


def settle(flags: Mapping[str, str | None], environment: Mapping[str, str], config: str | None) -> Settled:
    """Return the settings in force. config: the TOML file, if one was named.

    Raises:
        BadSetting: a value cannot be used, or the file cannot be read or has a name that is not known.

    """
    path = config or environment.get(f"{PREFIX}CONFIG")
    filed = _read(path) if path else {}
    values: dict[str, Any] = {}
    sources: dict[str, str] = {}
    for setting in SETTINGS:
        text, source = _given(setting, flags, environment, filed, str(path))
        sources[setting.name] = source
        if text is None:
            values[setting.name] = setting.default
            continue
        try:
            values[setting.name] = setting.read(text)
        except ValueError as error:
            raise BadSetting(f"{text!r} is no {setting.name.replace('_', ' ')}: {error} (from {source}).") from error
    if bool(values["tls_cert"]) != bool(values["tls_key"]):
        one, other = ("tls_cert", "tls_key") if values["tls_cert"] else ("tls_key", "tls_cert")
        raise BadSetting(f"{one} is set (from {sources[one]}) and {other} is not: HTTPS needs both.")
    return Settled(values, sources)


def _given(
    setting: Setting, flags: Mapping[str, str | None], environment: Mapping[str, str], filed: Mapping[str, Any], path: str
) -> tuple[str | None, str]:
    flag = flags.get(setting.name)
    if flag is not None:
        return flag, setting.flag
    if environment.get(setting.variable):
        return environment[setting.variable], setting.variable
    if setting.name in filed:
        value = filed[setting.name]
        return ",".join(map(str, value)) if isinstance(value, list) else str(value), f"{setting.name} in {path}"
    return None, "the default"


def _read(path: str) -> dict[str, Any]:
    try:
        found = tomllib.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise BadSetting(f"The settings file {path} cannot be read: {error.strerror}.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadSetting(f"The settings file {path} is not TOML: {error}.") from error
    known = {setting.name for setting in SETTINGS}
    for name in found:
        if name.replace("-", "_") not in known:
            raise BadSetting(f"The settings file {path} has {name!r}, which is no setting. There are: {', '.join(sorted(known))}.")
    return {name.replace("-", "_"): value for name, value in found.items()}
