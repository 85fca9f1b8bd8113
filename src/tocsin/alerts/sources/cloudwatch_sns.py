"""CloudWatch alarms that come through the Simple Notification Service (SNS) as our values. Pure.

SNS posts JSON whose ``Message`` is the alarm's JSON as a text, of the type ``text/plain``:
https://docs.aws.amazon.com/sns/latest/dg/sns-message-and-json-formats.html. Confirmations of a subscription are a handshake. Everything
that SNS signs carries a ``Proof``, which is checked outside the request. Alarms come in CloudWatch's own form, as EventBridge wraps
them, and bare where the subscription asks for raw delivery (then nothing is signed). Another message of the topic is an alert of its
subject, since somebody subscribed this address to it.

The option ``topics`` of an intake key, a list of names (ARN), refuses all other topics.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote

from tocsin.alerts.errors import WrongBody
from tocsin.alerts.model import Signal, Status
from tocsin.alerts.reading import Handshake, Proof, Reading, Sent
from tocsin.alerts.sources.fields import (
    LONGEST_LABEL,
    LONGEST_SUMMARY,
    Fields,
    fingerprint,
    given,
    identity,
    label,
    links,
    parse,
    read_object,
    scalar,
    title,
)

NAME: Final = "cloudwatch-sns"
TOOL: Final = "CloudWatch"

STATUSES: Final[Mapping[str, Status]] = {"alarm": "firing", "ok": "resolved", "insufficient_data": "unknown"}

SIGNED: Final[Mapping[str, tuple[str, ...]]] = {
    "Notification": ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"),
    "SubscriptionConfirmation": ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"),
    "UnsubscribeConfirmation": ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"),
}
"""What is signed of each type, in this order; a field that is missing (the subject) is left out."""

_DIGESTS: Final = {"1": "sha1", "2": "sha256"}
_SIGNS: Final = {
    "GreaterThanOrEqualToThreshold": "≥",
    "GreaterThanThreshold": ">",
    "LessThanThreshold": "<",
    "LessThanOrEqualToThreshold": "≤",
}
_MEASURED: Final = re.compile(r"\[(-?[\d.eE+-]+)")
_LONGEST_MESSAGE: Final = 300_000
"""Characters; SNS allows 256 KiB."""


def read(sent: Sent) -> Reading:
    """Return the alarm of a notification, or the handshake.

    Raises:
        WrongBody: it is not what SNS sends, or of a topic that the key does not take; the refusal names the field by its path.

    """
    whole = read_object(sent, TOOL)
    if "Type" not in whole and ("AlarmName" in whole or "detail" in whole):
        return Reading((_alarm(whole),))
    kind = whole.must("Type")
    topic = whole.must("TopicArn")
    _check_topic(topic, sent.options)
    proof = _proof(whole, kind)
    match kind:
        case "Notification":
            return Reading((_notified(whole, topic),), proof=proof, event=kind)
        case "SubscriptionConfirmation":
            return Reading(
                handshake=Handshake(whole.must("SubscribeURL", longest=LONGEST_LABEL), f"the topic {topic}"), proof=proof, event=kind
            )
        case "UnsubscribeConfirmation":
            return Reading(ignored=f"{topic} no longer sends to this address.", proof=proof, event=kind)
        case _:
            raise WrongBody(f"Type is {kind!r}, which SNS does not send.", fix=f"It sends {', '.join(SIGNED)}.", field="Type")


def _check_topic(topic: str, options: Mapping[str, Any]) -> None:
    allowed = options.get("topics")
    if isinstance(allowed, str):
        allowed = [allowed]
    if isinstance(allowed, list | tuple) and allowed and topic not in allowed:
        raise WrongBody(
            f"TopicArn is {topic!r}, and this key does not take it.", fix="Add it to the key's option topics.", field="TopicArn"
        )


def _proof(whole: Fields, kind: str) -> Proof | None:
    """Return what SNS signed, and with what; None where it says nothing of it."""
    text = "".join(f"{name}\n{value}\n" for name in SIGNED.get(kind, ()) if isinstance(value := whole.values.get(name), str))
    digest = _DIGESTS.get(whole.text("SignatureVersion"))
    url = whole.text("SigningCertURL", "SigningCertUrl", longest=LONGEST_LABEL)
    if digest is None or not url:
        return None
    try:
        signature = base64.b64decode(whole.text("Signature", longest=LONGEST_LABEL), validate=True)
    except (binascii.Error, ValueError):
        signature = b""
    return Proof(text.encode("utf-8", "replace"), signature, url, digest)


def _notified(whole: Fields, topic: str) -> Signal:
    message = whole.text("Message", longest=_LONGEST_MESSAGE)
    try:
        inner = parse(message, TOOL, "Message")
    except WrongBody:
        inner = None
    if isinstance(inner, Mapping) and ("AlarmName" in inner or isinstance(inner.get("detail"), Mapping)):
        return _alarm(Fields(inner, "Message", TOOL))
    subject = whole.text("Subject")
    if not subject and not message:
        raise whole.lacks("Message")
    return Signal(
        fingerprint=fingerprint({"topic": topic, "subject": subject or scalar(message)}),
        status="firing",
        title=title(subject, message),
        labels={"topic": topic},
        starts_at=whole.time("Timestamp"),
        summary=scalar(message, LONGEST_SUMMARY),
    )


def _alarm(alarm: Fields) -> Signal:
    """Return an alarm in CloudWatch's own form, or as EventBridge wraps it."""
    if "AlarmName" not in alarm:
        return _bridged(alarm)
    status = alarm.status(STATUSES, "NewStateValue")
    trigger = alarm.inside("Trigger")
    name = alarm.must("AlarmName")
    changed = alarm.time("StateChangeTime")
    reason = alarm.text("NewStateReason", longest=LONGEST_SUMMARY)
    labels = {
        **_dimensions(trigger),
        **given(
            region=alarm.text("Region"),
            account=alarm.text("AWSAccountId"),
            namespace=trigger.text("Namespace"),
            metric=trigger.text("MetricName"),
        ),
    }
    return Signal(
        fingerprint=identity(name),
        status=status,
        title=title(f"{name}: {alarm.text('AlarmDescription')}" if alarm.text("AlarmDescription") else name),
        labels=labels,
        links=links(source=_console(alarm.text("AlarmArn"), name)),
        value=_measured(reason),
        threshold=_threshold(trigger),
        service=labels.get("ServiceName", ""),
        starts_at=changed if status != "resolved" else None,
        ends_at=changed if status == "resolved" else None,
        summary=reason,
    )


def _bridged(event: Fields) -> Signal:
    """Return an alarm of EventBridge's event *CloudWatch Alarm State Change*; another event is an alert of its kind."""
    detail = event.inside("detail")
    resources = event.words("resources")
    labels = given(region=event.text("region"), account=event.text("account"), source=event.text("source"))
    if "alarmName" not in detail:
        kind = event.must("detail-type", "source")
        about = resources[0] if resources else ""
        return Signal(
            fingerprint=identity(kind, about),
            status="firing",
            title=title(f"{kind}: {about}" if about else kind),
            labels=labels,
            starts_at=event.time("time"),
            summary=label(detail.values)[:LONGEST_SUMMARY],
        )
    state = detail.inside("state")
    status = state.status(STATUSES, "value")
    name = detail.must("alarmName")
    changed = state.time("timestamp") or event.time("time")
    reason = state.text("reason", longest=LONGEST_SUMMARY)
    return Signal(
        fingerprint=identity(name),
        status=status,
        title=title(name),
        labels=labels,
        links=links(source=_console(resources[0] if resources else "", name)),
        value=_measured(reason),
        starts_at=changed if status != "resolved" else None,
        ends_at=changed if status == "resolved" else None,
        summary=reason,
    )


def _dimensions(trigger: Fields) -> dict[str, str]:
    """Return the metric's dimensions; those of a metric that is computed of others stand deeper."""
    found = trigger.texts("Dimensions")
    for metric in trigger.each("Metrics"):
        found = {**metric.inside("MetricStat").inside("Metric").texts("Dimensions"), **found}
    return found


def _measured(reason: str) -> str:
    """Return the newest value that the reason names: ``… [1062305.0 (14/02/19 23:53:00)] was greater …``."""
    found = _MEASURED.search(reason)
    return found.group(1) if found else ""


def _threshold(trigger: Fields) -> str:
    value = trigger.text("Threshold")
    sign = _SIGNS.get(trigger.text("ComparisonOperator"), "")
    return f"{sign} {value}".strip() if value else ""


def _console(arn: str, name: str) -> str:
    """Return the alarm's address in the console, where the name (ARN) of the alarm tells its region."""
    parts = arn.split(":")
    region = parts[3] if len(parts) > 3 else ""  # noqa: PLR2004 - arn:partition:service:region:…
    if not re.fullmatch(r"[a-z]{2}(-[a-z]+)+-\d", region):
        return ""
    return f"https://{region}.console.aws.amazon.com/cloudwatch/home?region={region}#alarmsV2:alarm/{quote(name.encode('utf-8', 'replace'), safe='')}"
