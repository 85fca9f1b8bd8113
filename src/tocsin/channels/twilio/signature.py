"""Who sent a callback: the signature that Twilio puts on its requests (https://www.twilio.com/docs/usage/security). Pure."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterable

HEADER = "x-twilio-signature"


def signature(url: str, fields: Iterable[tuple[str, str]], token: str) -> str:
    """Return the signature of a form: HMAC-SHA1 of the whole URL and the sorted fields, each name followed by its value."""
    said = url + "".join(name + value for name, value in sorted(set(fields)))
    return base64.b64encode(hmac.new(token.encode(), said.encode(), hashlib.sha1).digest()).decode()


def is_signed(url: str, fields: Iterable[tuple[str, str]], token: str, given: str) -> bool:
    """Tell whether a request was signed with the account's token, in constant time. Without a token nothing is."""
    return bool(token) and hmac.compare_digest(signature(url, fields, token).encode(), given.encode(errors="replace"))
