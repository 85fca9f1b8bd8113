"""How senders prove who they are with a secret that both sides know. Pure; everything is compared in constant time, over the raw bytes.

PagerDuty: https://developer.pagerduty.com/docs/verifying-webhook-signatures. Slack: https://api.slack.com/authentication/verifying-requests-from-slack.
Sentry: https://docs.sentry.io/organization/integrations/integration-platform/webhooks/#sentry-hook-signature. Grafana: *HMAC signature* of its webhook
contact point. What SNS signs is checked against a certificate instead: ``certificates.py``, for whom ``provider_host`` tells where one may lie.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable, Mapping
from typing import Final
from urllib.parse import urlsplit

from tocsin.alerts.errors import WrongSecret
from tocsin.alerts.reading import Sent

SECRET: Final = "secret"  # noqa: S105 (the name of an option)
"""The option of an intake key that holds the secret."""
WITH_SECRET: Final = frozenset({"grafana", "honeycomb", "pagerduty-webhook-v3", "sentry"})
"""The sources that check it before they read anything."""
OLDEST: Final = 300
"""Seconds after which a signature that carries its time is worth nothing (the vendor's own number)."""

_SENTRY: Final = "sentry-hook-signature"
_GRAFANA: Final = "x-grafana-alerting-signature"
_PROVIDER: Final = re.compile(r"sns\.[a-z]{2}(-[a-z]+)+-[0-9]{1,2}\.amazonaws\.com(\.cn)?")
_HTTPS: Final = 443
_PAGERDUTY: Final = "x-pagerduty-signature"
_SLACK: Final = "x-slack-signature"
_SLACK_TIME: Final = "x-slack-request-timestamp"


def pagerduty_v1(secret: str, headers: Mapping[str, str], body: bytes) -> bool:
    """Tell whether one of the signatures of a webhook fits. headers: names in lower case; several signatures are parted by commas."""
    made = "v1=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    given = [one.strip() for one in headers.get(_PAGERDUTY, "").split(",")]
    # All are compared, so that the time taken does not tell which one was nearly right.
    return any([hmac.compare_digest(made.encode(), one.encode()) for one in given])  # noqa: C419


def slack_v0(secret: str, headers: Mapping[str, str], body: bytes, now: float) -> bool:
    """Tell whether the signature of a request fits and is not older than ``OLDEST``. now: seconds since 1970."""
    stamp = headers.get(_SLACK_TIME, "")
    if not (stamp.isascii() and stamp.isdecimal()) or len(stamp) > len("99999999999") or abs(now - int(stamp)) > OLDEST:
        return False
    made = "v0=" + hmac.new(secret.encode(), b"v0:" + stamp.encode() + b":" + body, hashlib.sha256).hexdigest()
    return hmac.compare_digest(made.encode(), headers.get(_SLACK, "").encode())


def hex_sha256(secret: str, given: str, body: bytes) -> bool:
    """Tell whether a signature is the hexadecimal HMAC-SHA256 of a body."""
    return hmac.compare_digest(
        hmac.new(secret.encode(), body, hashlib.sha256).hexdigest().encode(), given.strip().encode("utf-8", "replace")
    )


SCHEMES: Final[Mapping[str, Callable[[str, Mapping[str, str], bytes, float], bool]]] = {
    "pagerduty-v1": lambda secret, headers, body, _now: pagerduty_v1(secret, headers, body),
    "slack-v0": slack_v0,
    "sentry": lambda secret, headers, body, _now: hex_sha256(secret, headers.get(_SENTRY, ""), body),
    "grafana": lambda secret, headers, body, _now: hex_sha256(secret, headers.get(_GRAFANA, ""), body),
}
"""By name: secret, headers in lower case, body and the present moment (seconds since 1970) -> whether it is signed so."""


def provider_host(url: str) -> bool:
    """Tell whether an address is one of the notification service's own: ``https://sns.<region>.amazonaws.com/``, no port, no user."""
    try:
        parts = urlsplit(url)
        plain = parts.scheme == "https" and parts.port in (None, _HTTPS) and parts.username is None and parts.password is None
    except ValueError:
        return False
    return (
        plain
        and _PROVIDER.fullmatch(parts.hostname or "") is not None
        and url.isprintable()
        and url.isascii()
        and " " not in url
        and "\\" not in url
    )


def check_signed(sent: Sent, scheme: str, header: str) -> None:
    """Make sure that a request is signed with the secret of the key, where the key has one.

    Raises:
        WrongSecret: it is not.

    """
    secret = sent.options.get(SECRET, "")
    if secret and not SCHEMES[scheme](str(secret), sent.headers, sent.body, sent.now.timestamp()):
        raise WrongSecret(header)


def signed_with_secret(source: str, options: Mapping[str, object]) -> bool:
    """Tell whether requests of a source that were read are proved by the secret of their key."""
    return bool(options.get(SECRET)) and source in WITH_SECRET


def check_shared(sent: Sent, header: str) -> None:
    """Make sure that a header carries the secret of the key, where the key has one.

    Raises:
        WrongSecret: it carries another one, or none.

    """
    secret = sent.options.get(SECRET, "")
    if secret and not hmac.compare_digest(str(secret).encode(), sent.headers.get(header, "").encode()):
        raise WrongSecret(header)


def check_pagerduty(sent: Sent) -> None:
    """Make sure that a request of PagerDuty is signed; see ``check_signed``."""
    check_signed(sent, "pagerduty-v1", _PAGERDUTY)


def check_sentry(sent: Sent) -> None:
    """Make sure that a request of Sentry is signed; see ``check_signed``."""
    check_signed(sent, "sentry", _SENTRY)


def check_grafana(sent: Sent) -> None:
    """Make sure that a request of Grafana is signed; see ``check_signed``."""
    check_signed(sent, "grafana", _GRAFANA)
