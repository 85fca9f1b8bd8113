"""How each tool is told to send here: what to open there, and the lines to put in, with the address in them. Pure."""

from __future__ import annotations

import inspect
import re
from typing import Final

import msgspec

from tocsin.alerts.registry import SOURCES, TOOLS

_LITERAL: Final = re.compile(r"::\n\n((?:    .*\n?|\n)+)")
_ROLE: Final = re.compile(r"``([^`]*)``")
_STRONG: Final = re.compile(r"(?<!\w)\*([^*\n]+)\*(?!\w)")
_URL: Final = re.compile(r"(https?://[^\s)>,`\"]*[^\s)>,.;:`\"])")


class Setup(msgspec.Struct, frozen=True):
    """How a tool is set up."""

    steps: tuple[str, ...]
    lines: str = ""
    """What goes into its configuration; the address is in it."""
    where: str = ""
    """What these lines are: a file's name, a field."""


class Block(msgspec.Struct, frozen=True):
    """A piece of a tool's notes: a paragraph, or text as it is."""

    text: str
    literal: bool = False

    @property
    def parts(self) -> tuple[tuple[str, bool], ...]:
        """The text in pieces, each with whether it is the address of a page."""
        return tuple((part, part.startswith("http")) for part in _URL.split(self.text) if part)


_LINES: Final[dict[str, tuple[str, str, tuple[str, ...]]]] = {
    "alertmanager": (
        "alertmanager.yml",
        "receivers:\n  - name: tocsin\n    webhook_configs:\n      - url: {url}\n        send_resolved: true\nroute:\n  receiver: tocsin\n",
        ("Add the receiver, route to it, and reload Alertmanager.", "Let Alertmanager group as little as you can: routes here do it."),
    ),
    "prometheus": (
        "prometheus.yml",
        "alerting:\n  alertmanagers:\n    - scheme: {scheme}\n      path_prefix: /am/{key}\n      static_configs:\n        - targets: ['{host}']\n",
        ("Prometheus sends straight here, as to an Alertmanager.",),
    ),
    "grafana": ("Webhook URL", "{url}", ("Alerting, Contact points, Add contact point, integration Webhook.", "Leave the message template as it is; let resolved messages be sent.")),
    "zabbix": ("URL", "{url}", ("Alerts, Media types, Webhook: build the JSON of the notes below.", "Send problem, recovery and update operations.")),
    "nagios": (
        "commands.cfg",
        "define command {{\n  command_name notify-by-tocsin\n  command_line /usr/bin/env | grep ^NAGIOS_ | curl -fsS --data-binary @- -H 'Content-Type: text/plain' {url}\n}}\n",
        ("Set enable_environment_macros=1, add the command, and give it to a contact.",),
    ),
    "datadog": ("URL", "{url}", ("Integrations, Webhooks, New: paste the payload of the notes below.", "Mention @webhook-tocsin in the monitors.")),
    "cloudwatch-sns": (
        "shell",
        "aws sns subscribe --topic-arn TOPIC --protocol https --notification-endpoint {url}\n",
        ("The subscription is confirmed by itself.", "Send alarms of the states ALARM and OK to the topic."),
    ),
    "uptime-kuma": ("Post URL", "{url}", ("Settings, Notifications, Setup notification, type Webhook, content type application/json.",)),
    "generic": (
        "shell",
        "curl -fsS {url} -H 'Content-Type: application/json' \\\n  -d '{{\"title\": \"Backup failed\", \"status\": \"firing\", \"id\": \"backup\", \"severity\": \"high\"}}'\n",
        ("Post JSON, a form or a line of text. The same id with status resolved ends the alert.", "Names of its own: write a mapping below, and see what comes of a body."),
    ),
    "pagerduty-events-v2": (
        "Events API v2",
        "URL          {base}/v2/enqueue\nrouting_key  {key}\n",
        ("Senders that speak the Events API v2 keep their body: change the host, and let the routing key be this one.",),
    ),
    "opsgenie-api": ("Alert API", "URL            {base}/v2/alerts\nAuthorization  GenieKey {key}\n", ("Senders that speak the Alert API keep their body: change the host and the GenieKey.",)),
    "email": ("Mail address", "{mail}", ("Write to this address. The subject is the title; [DOWN] and [UP] are the beginning and the end.",)),
    "report": ("Page", "{report}", ("Give this address to customers or support. Whoever has it may report, and sees nothing else.",)),
    "sentry": ("Webhook URL", "{url}", ("Settings, Developer settings, New internal integration: webhook with issue and metric alerts.", "Put its client secret into the key's option secret.")),
    "gcp-monitoring": ("Endpoint URL", "{url}", ("Alerting, Edit notification channels, Webhooks, Add new.",)),
    "azure-monitor": ("URI", "{url}", ("Monitor, Alerts, Action groups: an action of type Webhook.", "Switch the common alert schema on.")),
    "uptimerobot": ("URL to notify", "{url}", ("My settings, Alert contacts, Webhook: send as JSON, with all variables of the notes below.",)),
    "pingdom": ("Webhook URL", "{url}", ("Settings, Integrations, Add integration, Webhook.",)),
    "newrelic": ("Endpoint URL", "{url}", ("Alerts, Destinations, Webhook; then a workflow that sends to it.",)),
    "icinga2": (
        "shell",
        "icinga2 event streams are pushed by a command:\ncurl -fsS {url} -H 'Content-Type: application/json' -d @event.json\n",
        ("Define a NotificationCommand that posts the object of the notes below.",),
    ),
}  # fmt: skip
"""Source -> what the lines are, the lines, and the steps."""


def setup(source: str, url: str, key: str, base: str, mail_host: str) -> Setup:
    """Return how a tool is set up. url: its address with the key; base: the server's own; mail_host: what stands after the @."""
    where, lines, steps = _LINES.get(
        source,
        (
            "Webhook URL",
            "{url}",
            (
                f"Open where {TOOLS[source]} sends notifications by webhook, and put the address in.",
                "Let it say when something is over, too.",
            ),
        ),
    )
    scheme, _, host = base.partition("://")
    filled = lines.format(
        url=url, key=key, base=base, scheme=scheme, host=host.rstrip("/"), mail=f"{key}@{mail_host}", report=f"{base}/report/{key}"
    )
    return Setup(steps, filled, where)


def notes(source: str) -> list[Block]:
    """Return what is known of a tool's requests, in paragraphs, as its reader says it."""
    module = next((one for one in SOURCES if source == one.NAME), None)
    said = inspect.cleandoc((module.__doc__ if module is not None else "") or "").partition("\n")[2].strip() + "\n"
    found: list[Block] = []
    rest = said
    while rest:
        literal = _LITERAL.search(rest)
        before = rest[: literal.start()] + ":" if literal else rest
        found += [
            Block(_STRONG.sub(r"\1", _ROLE.sub(r"\1", " ".join(part.split())))) for part in before.split("\n\n") if part.strip(" \n:")
        ]
        if literal is None:
            break
        found.append(Block("\n".join(line.removeprefix("    ") for line in literal.group(1).strip("\n").splitlines()), literal=True))
        rest = rest[literal.end() :]
    return found
