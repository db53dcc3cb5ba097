"""Counting on the hot path is an addition to a plain number; Prometheus' own library writes them out when asked."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping
from typing import Any

BOUNDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)  # s
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class RouteMeter:
    """Requests of one route: how many by status, how long they took."""

    __slots__ = ("buckets", "counts", "name", "seconds")

    def __init__(self, name: str) -> None:
        self.name = name
        self.counts: dict[int, int] = {}
        self.buckets = [0] * (len(BOUNDS) + 1)
        self.seconds = 0.0

    def count(self, status: int, seconds: float) -> None:
        """One request answered."""
        self.counts[status] = self.counts.get(status, 0) + 1
        self.buckets[bisect_left(BOUNDS, seconds)] += 1
        self.seconds += seconds


class Meters:
    """What the HTTP layer counts. What the service knows is asked at each scrape: its figures (those named *_total only
    grow) and its decisions by outcome."""

    def __init__(
        self,
        gauges: Callable[[], Mapping[str, float]],
        outcomes: Callable[[], Mapping[str, int]],
        results: Callable[[], Mapping[tuple[str, str, str, bool], int]] = dict,
    ) -> None:
        self.routes: dict[str, RouteMeter] = {}
        self.connections: Callable[[], int] = lambda: 0
        self._gauges, self._outcomes, self._results = gauges, outcomes, results

    def route(self, name: str) -> RouteMeter:
        """The meter of a route, made at first."""
        return self.routes.setdefault(name, RouteMeter(name))

    def text(self) -> bytes:
        """The exposition format, with this process's own CPU, memory and file figures."""
        from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest

        registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        registry.register(_Collector(self))
        return generate_latest(registry)

    def families(self) -> Iterator[Any]:
        """Metric families of prometheus_client."""
        from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily

        decisions = CounterMetricFamily("seawall_decisions", "Events decided, by outcome", labels=["outcome"])
        for outcome, number in sorted(self._outcomes().items()):
            decisions.add_metric([outcome], number)
        yield decisions
        results = CounterMetricFamily(
            "seawall_policy_results",
            "Events decided, by policy, its role, outcome (empty: it failed), and whether it was the one served",
            labels=["policy", "role", "outcome", "served"],
        )
        for (policy, role, outcome, is_served), number in sorted(self._results().items()):
            results.add_metric([policy, role, outcome, "true" if is_served else "false"], number)
        yield results
        requests = CounterMetricFamily(
            "seawall_http_requests", "Requests, by route and status", labels=["route", "status"]
        )
        seconds = HistogramMetricFamily(
            "seawall_http_request_seconds", "From the whole request to its answer, by route", labels=["route"]
        )
        for meter in self.routes.values():
            if meter.counts:
                for status, number in sorted(meter.counts.items()):
                    requests.add_metric([meter.name, str(status)], number)
                seconds.add_metric([meter.name], _cumulated(meter.buckets), meter.seconds)
        yield requests
        yield seconds
        yield GaugeMetricFamily("seawall_http_connections", "Open connections", value=self.connections())
        for name, value in sorted(self._gauges().items()):
            family = CounterMetricFamily if name.endswith("_total") else GaugeMetricFamily
            yield family(f"seawall_{name}", name.removesuffix("_total").replace("_", " "), value=value)


class _Collector:
    def __init__(self, meters: Meters) -> None:
        self._meters = meters

    def collect(self) -> Iterator[Any]:
        return self._meters.families()

    def describe(self) -> list[Any]:
        return []


def _cumulated(buckets: list[int]) -> list[tuple[str, float]]:
    bounds, total, found = [*map(str, BOUNDS), "+Inf"], 0, []
    for bound, number in zip(bounds, buckets, strict=True):
        total += number
        found.append((bound, float(total)))
    return found
