"""Text messages and calls by Twilio's REST interface.

https://www.twilio.com/docs/messaging/api/message-resource and https://www.twilio.com/docs/voice/api/call-resource. Twilio takes no key of a message;
ours travels in the address of the status callback, by which the result of each try is told apart.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Collection
from typing import Any, Final
from urllib.parse import quote, urlencode, urlsplit

from tocsin.channels.abilities import ABILITIES
from tocsin.channels.addresses import is_inside, number_of, problem
from tocsin.channels.notice import Compose, Notice, plain
from tocsin.channels.options import TwilioOptions
from tocsin.channels.outgoing import Outgoing, host_of, judge, told
from tocsin.channels.standing import Standing, not_ready
from tocsin.channels.twilio.message import call, sms
from tocsin.engine.clock import SystemClock
from tocsin.engine.ports import ChannelFailed, Message

_SECONDS: Final = 10.0
_VALID: Final = {"page": 3600, "test": 600, "code": 900, "status": 3600, "other": 14_400}
"""Seconds for which a text that cannot be delivered is tried by the networks."""
_RINGS: Final = 40
"""Seconds that a call rings: shorter than most voice mails wait."""
_MESSAGING_SERVICE: Final = "MG"


class _Twilio:
    """What texts and calls have in common: the account, and one kind of request."""

    timeout_seconds = _SECONDS + 2

    def __init__(
        self, options: TwilioOptions, base: str = "", compose: Compose = plain, allowed: Collection[str] = (), seconds: float = _SECONDS,
        certificates: str = "",
    ) -> None:  # fmt: skip
        """``base`` is the URL by which the internet reaches this server; callbacks and keys go there, and without one there are none."""
        self._options = options
        self._compose = compose
        self._base = "" if not base.startswith("https://") or is_inside(base) else base.rstrip("/")
        own = urlsplit(options.api).netloc
        self._outgoing = Outgoing(seconds, (*allowed, own), certificates)

    def place(self, _target: str) -> str:
        """All goes through one account."""
        return self._options.account

    def standing(self) -> Standing:
        """Tell whether there is an account, and a number to send from."""
        missing = [
            name
            for name, value in (
                ("TOCSIN_TWILIO_ACCOUNT", self._options.account),
                ("TOCSIN_TWILIO_TOKEN", self._options.token),
                ("TOCSIN_TWILIO_FROM", self._options.sender),
            )
            if not value
        ]
        if missing:
            return Standing(ready=False, says="There is no telephone account.", fix=f"Set {', '.join(missing)}.")
        if not self._base:
            return Standing(
                ready=True,
                says="Messages go out; nobody can answer by telephone.",
                fix="Answers need a TOCSIN_PUBLIC_URL with https:// that the internet reaches.",
            )
        return Standing(ready=True, says=f"Answers come to {self._base}/hooks/twilio.")

    def _ask(self, resource: str, fields: dict[str, str]) -> str:
        """Make a message or call; return its id."""
        options = self._options
        proof = base64.b64encode(f"{options.account}:{options.token}".encode()).decode()
        headers = {"Authorization": f"Basic {proof}", "Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
        url = f"{options.api.rstrip('/')}/2010-04-01/Accounts/{quote(options.account, safe='')}/{resource}.json"
        answer = self._outgoing.post(url, urlencode(fields).encode(), headers)
        where = host_of(url)
        said = _object(answer.text)
        judge(answer, where, SystemClock().now(), says=self._reason(said))
        if not isinstance(said.get("sid"), str):
            raise ChannelFailed(f"{where} answered {answer.status}, but without the id of what it made")
        return str(said["sid"])[:100]

    def _reason(self, said: dict[str, Any]) -> str:
        """Return Twilio's own code and sentence; the codes are explained at https://www.twilio.com/docs/api/errors."""
        text = told(str(said.get("message", "")))
        for secret in (self._options.token, self._options.account):
            text = text.replace(secret, "…") if secret else text
        code = said.get("code")
        return f"{text} ({code})" if text and isinstance(code, int) else text

    def _number(self, message: Message, name: str) -> str:
        if wrong := problem(name, message.target):
            raise ChannelFailed(f"the contact cannot be used: {wrong}", permanent=True)
        return number_of(message.target)

    def _callback(self, notice: Notice, name: str) -> str:
        """Return where the network's result of this message is told."""
        if not self._base:
            return ""
        return f"{self._base}/hooks/twilio/status?" + urlencode({"channel": name, "stream": notice.stream, "key": notice.key})


class Sms(_Twilio):
    """Sends a text message to the number that is the contact's value."""

    name = "sms"
    abilities = ABILITIES["sms"]

    def send(self, message: Message) -> str:
        """Send the text; return Twilio's id of it.

        Raises:
            ChannelFailed: there is no account, or Twilio did not take the message.

        """
        if not (standing := self.standing()).ready:
            raise not_ready("SMS", standing)
        to = self._number(message, self.name)
        notice = self._compose(message, self.name)
        sender = self._options.sender
        fields = {
            "To": to, ("MessagingServiceSid" if sender.startswith(_MESSAGING_SERVICE) else "From"): sender,
            "Body": sms(notice, can_reply=bool(self._base)), "ValidityPeriod": str(_VALID[notice.kind]),
        }  # fmt: skip
        if callback := self._callback(notice, self.name):
            fields["StatusCallback"] = callback
        return self._ask("Messages", fields)


class Voice(_Twilio):
    """Calls the number that is the contact's value, speaks, and listens for a key."""

    name = "voice"
    abilities = ABILITIES["voice"]

    def send(self, message: Message) -> str:
        """Start the call; return Twilio's id of it.

        Raises:
            ChannelFailed: there is no account, or Twilio did not start the call.

        """
        if not (standing := self.standing()).ready:
            raise not_ready("Voice", standing)
        to = self._number(message, self.name)
        notice = self._compose(message, self.name)
        token = urlsplit(notice.link).path.rpartition("/")[2]
        keys = f"{self._base}/hooks/twilio/voice/{token}" if self._base and token else ""
        fields = {"To": to, "From": self._options.sender, "Twiml": call(notice, keys), "Timeout": str(_RINGS)}
        if callback := self._callback(notice, self.name):
            fields |= {"StatusCallback": callback, "StatusCallbackMethod": "POST"}
        return self._ask("Calls", fields)


def _object(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
