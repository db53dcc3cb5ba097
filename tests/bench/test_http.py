"""The HTTP benchmark drives what it says it drives; never a timing."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest
import uvloop

from seawall.bench import http, http_content
from seawall.bench.http_callers import call_at_rate
from seawall.engine.door import ClearSealer, Door
from seawall.engine.errors import SeawallError
from seawall.engine.money import Rates
from seawall.engine.pack import load_pack
from seawall.engine.policy import compile_policy
from seawall.engine.times import DAY

from ..server.http.conftest import serving

PRINTED = """\
Running 5s test @ http://127.0.0.1:8092
  1 threads and 64 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency     9.98ms    3.69ms  37.47ms   79.02%
    Req/Sec     6.27k   834.51     8.13k    62.00%
  Latency Distribution
     50%  941.00us
     75%   11.44ms
     90%   14.28ms
     99%    1.25s
  31421 requests in 5.02s, 21.21MB read
"""
END = "Requests/sec:   6258.73\nTransfer/sec:      4.23MB\n"


def test_the_figures_of_wrk_are_read() -> None:
    found = http.read_wrk(PRINTED + END)
    assert (found.answers, found.failed, found.rate) == (31_421, 0, 6_258.73)
    assert (found.p50, found.p99) == pytest.approx((0.941, 1_250.0))


def test_what_failed_is_counted() -> None:
    failed = "  Socket errors: connect 0, read 3, write 1, timeout 2\n  Non-2xx or 3xx responses: 40\n"
    assert http.read_wrk(PRINTED + failed + END).failed == 46
    with pytest.raises(SeawallError, match="is it wrk 4"):
        http.read_wrk("nothing")


def test_without_wrk_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda name: None)
    with pytest.raises(SeawallError, match="apt-get install wrk"):
        http.figures(64, 1)


@pytest.mark.parametrize("name", ["forty", "payments"])
def test_the_events_are_the_packs_and_the_past_months(tmp_path: Path, name: str) -> None:
    content = http_content.forty(tmp_path, 50, False) if name == "forty" else http_content.payments(tmp_path, 50)
    policy = compile_policy(load_pack(content.pack))
    now = time.time_ns() // 1_000_000
    door = Door(policy.pack, Rates(), ClearSealer(), lambda: now)
    times = [door.admit(body).event_time for body in content.bodies]
    assert times == sorted(times)
    assert now - 31 * DAY < times[0] < times[-1] < now
    assert len(set(content.bodies)) == 50


def test_the_model_is_of_the_size_that_is_claimed(tmp_path: Path) -> None:
    content = http_content.forty(tmp_path, 1, True)
    policy = compile_policy(load_pack(content.pack))
    assert (len(policy.feature_names), len(policy.pack.rules)) == (40, 31)  # 30, and the one that reads the model
    text = (content.pack / "trees.txt").read_text()
    assert text.count("\nTree=") == 300
    assert max(int(number) for number in re.findall(r"^num_leaves=(\d+)$", text, re.MULTILINE)) == 31


def test_callers_who_do_not_wait_count_refusals(tmp_path: Path) -> None:
    with serving(tmp_path) as served, pytest.raises(SeawallError, match="20 of 20 events were not decided"):
        uvloop.run(call_at_rate(served.port, served.key[:-1] + "!", 1_000, [b"{}"] * 20))
