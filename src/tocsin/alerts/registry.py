"""The tools whose requests are understood, by the word in their address. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Protocol

from tocsin.alerts.reading import Reader, Reading, Sent
from tocsin.alerts.sources import (
    alertmanager,
    axiom,
    azure_monitor,
    checkly,
    checkmk,
    cloudwatch_sns,
    coralogix,
    dash0,
    datadog,
    dynatrace,
    email,
    gcp_monitoring,
    generic,
    grafana,
    grafana_legacy,
    graylog,
    honeycomb,
    icinga2,
    kibana,
    librenms,
    nagios,
    newrelic,
    opsgenie_api,
    opsgenie_webhook,
    pagerduty_events_v2,
    pagerduty_webhook_v3,
    pingdom,
    prometheus,
    report,
    riemann,
    sentry,
    splunk,
    splunk_observability,
    statuspage_inbound,
    thousandeyes,
    uptime_kuma,
    uptimerobot,
    vmware_vrealize,
    wazuh,
    zabbix,
)


class Source(Protocol):
    """A module of ``sources/``."""

    @property
    def NAME(self) -> str:  # noqa: N802 - a constant of the module
        """The word in the address."""

    @property
    def TOOL(self) -> str:  # noqa: N802 - as above
        """What people call the tool."""

    def read(self, sent: Sent) -> Reading:
        """Return what a request says; see ``reading.Reader``."""


SOURCES: Final[tuple[Source, ...]] = (
    alertmanager,
    axiom,
    azure_monitor,
    checkly,
    checkmk,
    cloudwatch_sns,
    coralogix,
    dash0,
    datadog,
    dynatrace,
    email,
    gcp_monitoring,
    generic,
    grafana,
    grafana_legacy,
    graylog,
    honeycomb,
    icinga2,
    kibana,
    librenms,
    nagios,
    newrelic,
    opsgenie_api,
    opsgenie_webhook,
    pagerduty_events_v2,
    pagerduty_webhook_v3,
    pingdom,
    prometheus,
    report,
    riemann,
    sentry,
    splunk,
    splunk_observability,
    statuspage_inbound,
    thousandeyes,
    uptime_kuma,
    uptimerobot,
    vmware_vrealize,
    wazuh,
    zabbix,
)
"""Append a module per tool, in the order of the alphabet."""

READERS: Final[Mapping[str, Reader]] = {source.NAME: source.read for source in SOURCES}
"""What reads the requests of each tool: ``/intake/<name>/<key>``."""

TOOLS: Final[Mapping[str, str]] = {source.NAME: source.TOOL for source in SOURCES}
"""What people call each tool."""
