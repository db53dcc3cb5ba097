"""What is counted comes out as Prometheus reads it."""

from __future__ import annotations

from prometheus_client.parser import text_string_to_metric_families

from seawall.server.metrics import BOUNDS, Meters


def samples(meters: Meters) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    families = text_string_to_metric_families(meters.text().decode())
    return {(one.name, tuple(sorted(one.labels.items()))): one.value for family in families for one in family.samples}


def test_every_figure_is_written_once() -> None:
    meters = Meters(lambda: {"queue_depth": 3, "commits_total": 7}, lambda: {"approve": 5, "decline": 1})
    meters.connections = lambda: 2
    meter = meters.route("decide")
    assert meters.route("decide") is meter
    for seconds in (0.0001, 0.0005, 0.003, 99.0):
        meter.count(200, seconds)
    meter.count(429, 0.0)
    meters.route("never asked")
    found = samples(meters)
    assert found["seawall_queue_depth", ()] == 3
    assert found["seawall_commits_total", ()] == 7
    assert found["seawall_decisions_total", (("outcome", "decline"),)] == 1
    assert found["seawall_http_connections", ()] == 2
    assert found["seawall_http_requests_total", (("route", "decide"), ("status", "200"))] == 4
    assert found["seawall_http_requests_total", (("route", "decide"), ("status", "429"))] == 1
    bucket = "seawall_http_request_seconds_bucket"
    assert found[bucket, (("le", "0.0005"), ("route", "decide"))] == 3, "a bound belongs to its bucket"
    assert found[bucket, (("le", "0.005"), ("route", "decide"))] == 4
    assert found[bucket, (("le", str(BOUNDS[-1])), ("route", "decide"))] == 4
    assert found[bucket, (("le", "+Inf"), ("route", "decide"))] == 5
    assert found["seawall_http_request_seconds_count", (("route", "decide"),)] == 5
    assert not [name for name, labels in found if ("route", "never asked") in labels]
    assert found["process_cpu_seconds_total", ()] > 0
