"""``/metrics``: the installation in numbers, in Prometheus' text format. Private incidents are not counted."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from tocsin.alerts.queries import counts as alert_counts
from tocsin.engine.health import Health, measure
from tocsin.engine.runtime import Runtime
from tocsin.incidents.queries import open_by_severity

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_DELIVERY_STATES = ("waiting", "sent", "failed")


def text(runtime: Runtime, version: str) -> bytes:
    """Return the metrics of this moment."""
    health = measure(runtime)
    with runtime.reading() as reader:
        incidents = open_by_severity(reader)
        alerts = alert_counts(reader)
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Collected([*_of_incidents(incidents), *_of_alerts(alerts), *_of_engine(health), _build(version)]))
    return generate_latest(registry)


class _Collected:
    """What was measured, as the library wants to collect it."""

    def __init__(self, families: list[Metric]) -> None:
        self._families = families

    def collect(self) -> Iterator[Metric]:
        return iter(self._families)


def _of_incidents(counts: dict[tuple[str, str], int]) -> Iterator[Metric]:
    family = GaugeMetricFamily(
        "tocsin_incidents_open", "Incidents that have not ended, without private ones", labels=("playbook", "severity")
    )
    for (playbook, severity), number in sorted(counts.items()):
        family.add_metric((playbook, severity), number)
    yield family


def _of_alerts(counts: dict[str, int]) -> Iterator[Metric]:
    family = GaugeMetricFamily("tocsin_alerts_firing", "Alerts that fire", labels=("acknowledged",))
    for acknowledged, number in sorted(counts.items()):
        family.add_metric((acknowledged,), number)
    yield family


def _of_engine(health: Health) -> Iterator[Metric]:
    deliveries = GaugeMetricFamily("tocsin_deliveries", "Messages by what became of them", labels=("state",))
    for state in dict.fromkeys((*_DELIVERY_STATES, *sorted(health.deliveries))):
        deliveries.add_metric((state,), health.deliveries.get(state, 0))
    yield deliveries
    yield GaugeMetricFamily(
        "tocsin_deliveries_overdue_seconds", "How long the oldest waiting message should have been sent", value=health.oldest_waiting
    )
    yield GaugeMetricFamily("tocsin_timers", "Records that wait for a time", value=health.timers)
    yield GaugeMetricFamily("tocsin_timers_overdue_seconds", "By how much the earliest timer is late", value=health.timers_late)
    yield GaugeMetricFamily("tocsin_refused_reactions", "Reactions that were refused, ever", value=health.refused_reactions)
    yield GaugeMetricFamily("tocsin_facts", "Position of the newest fact", value=health.facts)
    troubles = CounterMetricFamily("tocsin_worker_troubles", "How often a worker's work failed unforeseen", labels=("worker",))
    for worker, number in sorted(health.troubles.items()):
        troubles.add_metric((worker,), number)
    yield troubles
    yield CounterMetricFamily("tocsin_commits", "Transactions since the process started", value=health.commits)


def _build(version: str) -> Metric:
    family = GaugeMetricFamily("tocsin_build_info", "The version that runs", labels=("version",))
    family.add_metric((version,), 1)
    return family
