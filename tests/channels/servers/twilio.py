"""Twilio's REST interface as far as texts and calls go, with its signed callbacks and inbound messages.

https://www.twilio.com/docs/messaging/api/message-resource, https://www.twilio.com/docs/voice/api/call-resource,
https://www.twilio.com/docs/usage/security#validating-requests, https://www.twilio.com/docs/api/errors.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from urllib.parse import urlsplit
from xml.etree import ElementTree as ET

import trustme

from tests.channels.servers.web import Received, Reply, WebServer

ACCOUNT = "AC" + "0" * 30 + "7f"
TOKEN = "a-twilio-token-9f3a"
NUMBER = "+15005550006"
_E164 = re.compile(r"\+[1-9]\d{1,14}")


def _error(status: int, code: int, says: str) -> Reply:
    found = {"code": code, "message": says, "more_info": f"https://www.twilio.com/docs/errors/{code}", "status": status}
    return Reply(status, json.dumps(found).encode())


def signature(url: str, fields: Mapping[str, str], token: str = TOKEN) -> str:
    """Return the X-Twilio-Signature of a form."""
    text = url
    for name in sorted(fields):
        text += name + fields[name]
    return base64.b64encode(hmac.new(token.encode(), text.encode(), hashlib.sha1).digest()).decode()


class Twilio:
    """The account of one organisation."""

    def __init__(self, certificate: trustme.LeafCert | None = None) -> None:
        self.texts: list[dict[str, str]] = []
        self.calls: list[dict[str, str]] = []
        self.web = WebServer(self._judge, certificate)

    def _judge(self, got: Received) -> Reply:
        proof = "Basic " + base64.b64encode(f"{ACCOUNT}:{TOKEN}".encode()).decode()
        if got.headers.get("authorization") != proof:
            return _error(401, 20003, "Authenticate")
        found = re.fullmatch(rf"/2010-04-01/Accounts/{ACCOUNT}/(Messages|Calls)\.json", got.path)
        if found is None or got.method != "POST":
            return _error(404, 20404, f"The requested resource {got.path} was not found")
        form = got.form
        if not form.get("To"):
            return _error(400, 21604, "A 'To' phone number is required.")
        if not _E164.fullmatch(form["To"]):
            return _error(400, 21211, f"Invalid 'To' Phone Number: {form['To'][:4]}XXXX")
        if form.get("From") != NUMBER and not form.get("MessagingServiceSid", "").startswith("MG"):
            return _error(400, 21606, "The 'From' phone number is not a valid, message-capable number for this account.")
        callback = form.get("StatusCallback", "")
        if callback and (
            urlsplit(callback).scheme not in ("http", "https")
            or not urlsplit(callback).hostname
            or "." not in str(urlsplit(callback).hostname)
        ):
            return _error(400, 21609, f"The 'StatusCallback' URL {callback} is not a valid URL.")
        return self._text(form) if found.group(1) == "Messages" else self._call(form)

    def _text(self, form: dict[str, str]) -> Reply:
        if not form.get("Body"):
            return _error(400, 21602, "Message body is required.")
        if len(form["Body"]) > 1600:
            return _error(400, 21617, "The concatenated message body exceeds the 1600 character limit")
        if not 1 <= int(form.get("ValidityPeriod", "1")) <= 36_000:
            return _error(400, 21637, "ValidityPeriod is invalid")
        self.texts.append(form)
        return Reply(201, json.dumps({"sid": f"SM{len(self.texts):032}", "status": "queued", "error_code": None}).encode())

    def _call(self, form: dict[str, str]) -> Reply:
        if bool(form.get("Twiml")) == bool(form.get("Url")):
            return _error(400, 21205, "Url parameter is required.")
        if len(form.get("Twiml", "")) > 4000:
            return _error(400, 21626, "Twiml is too long")
        ET.fromstring(form["Twiml"])
        self.calls.append(form)
        return Reply(201, json.dumps({"sid": f"CA{len(self.calls):032}", "status": "queued"}).encode())

    def close(self) -> None:
        """Stop."""
        self.web.close()
