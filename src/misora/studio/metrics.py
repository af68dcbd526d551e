"""What Prometheus may read: requests by route and status, how long they took, jobs by state. No label holds an id or a word of a prompt."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.25, 0.5, 1, 2.5, 10, 60)


class Metrics:
    """Counters of one process.

    Args:
        states: Reads how many jobs are in each state.
    """

    def __init__(self, states: Callable[[], Mapping[str, int]]) -> None:
        self.registry = CollectorRegistry()
        labels = ("method", "route", "status")
        self.requests = Counter("misora_http_requests", "Requests answered.", labels, registry=self.registry)
        self.seconds = Histogram(
            "misora_http_request_seconds", "Seconds until the last byte.", ("method", "route"), buckets=SECONDS, registry=self.registry
        )
        self.registry.register(Jobs(states))

    def count(self, method: str, route: str, status: int, seconds: float) -> None:
        self.requests.labels(method, route, str(status)).inc()
        self.seconds.labels(method, route).observe(seconds)

    def text(self) -> bytes:
        """In Prometheus' text format."""
        return generate_latest(self.registry)


class Jobs(Collector):
    """Jobs by state, looked up when they are asked for."""

    def __init__(self, states: Callable[[], Mapping[str, int]]) -> None:
        self.states = states

    def collect(self) -> Iterable[GaugeMetricFamily]:
        family = GaugeMetricFamily("misora_jobs", "Jobs by state.", labels=["state"])
        for state, count in self.states().items():
            family.add_metric([state], count)
        yield family

    def describe(self) -> Iterable[GaugeMetricFamily]:
        """Known beforehand, so that registering asks the database nothing."""
        return [GaugeMetricFamily("misora_jobs", "Jobs by state.", labels=["state"])]
