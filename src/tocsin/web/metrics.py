"""``/metrics``: the installation in numbers, in Prometheus' text format. Private incidents are not counted."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric, SummaryMetricFamily

from tocsin.alerts.queries import counts as alert_counts
from tocsin.engine.health import Health, measure
from tocsin.engine.runtime import Runtime
from tocsin.engine.waiting import Counts
from tocsin.incidents.queries import open_by_severity
from tocsin.paging.watch_queries import Numbers
from tocsin.paging.watch_queries import numbers as page_numbers

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_DELIVERY_STATES = ("waiting", "sent", "failed")


def text(runtime: Runtime, version: str) -> bytes:
    """Return the metrics of this moment."""
    health = measure(runtime)
    with runtime.reading() as reader:
        incidents = open_by_severity(reader)
        alerts = alert_counts(reader)
        pages = page_numbers(reader)
    registry = CollectorRegistry(auto_describe=False)
    registry.register(
        _Collected(
            [
                *_of_incidents(incidents),
                *_of_alerts(alerts),
                *_of_pages(pages),
                *_of_engine(health),
                *_of_channels(health.channels),
                _build(version),
            ]
        )
    )
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


def _of_pages(numbers: Numbers) -> Iterator[Metric]:
    family = GaugeMetricFamily("tocsin_pages", "Pages by state", labels=("state",))
    for state, number in sorted(numbers.by_state.items()):
        family.add_metric((state,), number)
    yield family
    yield GaugeMetricFamily("tocsin_pages_unanswered", "Open pages whose every step was tried in vain", value=numbers.unanswered)
    yield CounterMetricFamily("tocsin_page_notifications", "Notifications that were decided, ever", value=numbers.notified)
    yield CounterMetricFamily("tocsin_page_notification_failures", "Notifications that could not be sent, ever", value=numbers.failures)
    yield GaugeMetricFamily(
        "tocsin_page_lateness_seconds",
        "By how much a decision to notify came too late at most, of pages that have not ended",
        value=numbers.late,
    )
    yield GaugeMetricFamily("tocsin_pager_trouble", "What the pager's audit of itself finds wrong", value=numbers.problems)
    yield GaugeMetricFamily(
        "tocsin_pager_audit_overdue_seconds", "By how much the pager's audit of itself is late", value=numbers.audit_late
    )
    if numbers.synthetic is not None:
        yield GaugeMetricFamily(
            "tocsin_pager_synthetic_seconds", "How long the newest synthetic page took to leave", value=numbers.synthetic
        )
        yield GaugeMetricFamily(
            "tocsin_pager_synthetic_age_seconds", "How long ago the newest synthetic page arrived", value=numbers.synthetic_age
        )


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
    woken = health.woken
    yield SummaryMetricFamily(
        "tocsin_timer_lateness_seconds", "From when a record was due to when what it decided was on disk",
        count_value=woken.count, sum_value=woken.total,
    )  # fmt: skip
    yield GaugeMetricFamily("tocsin_timer_lateness_most_seconds", "The latest of all since the process started", value=woken.most)


def _of_channels(channels: dict[str, Counts]) -> Iterator[Metric]:
    sent = CounterMetricFamily("tocsin_channel_sent", "Messages that a channel has sent", labels=("channel",))
    failed = CounterMetricFamily("tocsin_channel_failed", "Messages that a channel has given up", labels=("channel",))
    retried = CounterMetricFamily("tocsin_channel_retried", "Tries of a channel that failed for now", labels=("channel",))
    flying = GaugeMetricFamily("tocsin_channel_in_flight", "Messages that a channel is sending", labels=("channel",))
    waiting = GaugeMetricFamily("tocsin_channel_waiting", "Messages that wait in memory for a channel", labels=("channel",))
    hanging = GaugeMetricFamily("tocsin_channel_hanging", "Sends that were given up and have not come back", labels=("channel",))
    late = SummaryMetricFamily("tocsin_channel_lateness_seconds", "From when a message was due to when it was sent", labels=("channel",))
    most = GaugeMetricFamily("tocsin_channel_lateness_most_seconds", "The latest of all since the process started", labels=("channel",))
    for name, counts in channels.items():
        sent.add_metric((name,), counts.sent)
        failed.add_metric((name,), counts.failed)
        retried.add_metric((name,), counts.retried)
        flying.add_metric((name,), counts.in_flight)
        waiting.add_metric((name,), counts.waiting)
        hanging.add_metric((name,), counts.hanging)
        late.add_metric((name,), count_value=counts.sent, sum_value=counts.late_seconds)
        most.add_metric((name,), counts.late_most)
    yield from (sent, failed, retried, flying, waiting, hanging, late, most)


def _build(version: str) -> Metric:
    family = GaugeMetricFamily("tocsin_build_info", "The version that runs", labels=("version",))
    family.add_metric((version,), 1)
    return family
