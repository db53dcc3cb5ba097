"""The HTTP benchmark drives what it says it drives; never a timing."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import uvloop

from seawall.bench import http
from seawall.bench.http_callers import _request, call_at_rate
from seawall.bench.http_pack import write_pack
from seawall.engine.door import ClearSealer, Door
from seawall.engine.errors import SeawallError
from seawall.engine.money import Rates
from seawall.engine.pack import load_pack
from seawall.engine.policy import compile_policy
from seawall.engine.times import parse_instant

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


def test_callers_and_script_send_events_of_the_pack(tmp_path: Path) -> None:
    pack = load_pack(write_pack(tmp_path, False))
    body = _request("k", "r", 7).partition(b"\r\n\r\n")[2]
    at = parse_instant(json.loads(body)["event_time"])
    door = Door(pack, Rates(), ClearSealer(), lambda: at)
    assert door.admit(body).type == "payment.card"
    script = Path(http.__file__).with_name("http.lua").read_text()
    sent = "".join(re.findall(r"'([^']*)'", script.partition("local form")[2].partition("function")[0]))
    assert set(re.findall(r'"(\w+)":', sent)) == set(json.loads(body))


def test_the_model_is_of_the_size_that_is_claimed(tmp_path: Path) -> None:
    policy = compile_policy(load_pack(write_pack(tmp_path, True)))
    text = next((tmp_path / "payments/models").iterdir()).read_text()
    assert text.count("\nTree=") == 300
    assert max(int(number) for number in re.findall(r"^num_leaves=(\d+)$", text, re.MULTILINE)) == 31
    assert list(policy.pack.models) == ["card_risk"]


def test_callers_who_do_not_wait_count_refusals(tmp_path: Path) -> None:
    with serving(tmp_path) as served, pytest.raises(SeawallError, match="20 of 20 events were not decided"):
        uvloop.run(call_at_rate(served.port, served.key[:-1] + "!", 1_000, 20, "x"))
