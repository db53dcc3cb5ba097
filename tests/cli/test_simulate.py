import io
import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from seawall.cli import simulate

from .conftest import Run
from .test_feed import Api


def test_the_same_seed_gives_the_same_history(seawall: Run, tmp_path: Path) -> None:
    for name in ("a", "b"):
        ran = seawall("simulate", "--out", f"{name}.parquet", "--customers", "100", "--days", "3", "--seed", "5")
        assert ran.status == 0
    tables = [pq.read_table(tmp_path / f"{name}.parquet") for name in ("a", "b")]
    assert tables[0].equals(tables[1])
    assert ran.out.startswith(f"{tables[0].num_rows:,} events of 100 customers over 3 days")


def test_a_simulated_history_replays_with_the_example_pack(seawall: Run) -> None:
    seawall("simulate", "--out", "h.parquet", "--customers", "200", "--days", "5", "--attacks", "0.05")
    ran = seawall("backtest", "h.parquet", "--policy", "example_card", "--out", "report")
    assert ran.status == 0, ran.err
    assert "known frauds" in ran.out


def test_one_of_out_and_stream_is_needed(seawall: Run) -> None:
    for arguments in ([], ["--out", "h.parquet", "--stream"]):
        assert seawall("simulate", *arguments).status == 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--rate", "0"], "rate: 0.0 is outside"),
        (["--to", "http://127.0.0.1:1"], "--to needs an API key"),
        (["--key", "k"], "name the decision API with --to"),
        (["--to", "nowhere", "--key", "k"], "is not the address of a decision API"),
        (["--kinds", "loan"], "kinds: loan"),
    ],
)
def test_a_stream_that_cannot_be_says_why(
    seawall: Run, monkeypatch: pytest.MonkeyPatch, arguments: list[str], message: str
) -> None:
    monkeypatch.delenv(simulate.KEY_VARIABLE, raising=False)
    ran = seawall("simulate", "--stream", *arguments)
    assert ran.status == 2
    assert message in ran.err
    assert "Traceback" not in ran.err


def test_a_stream_goes_to_standard_output_until_ctrl_c(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "seawall.cli", "simulate", "--stream", "--rate", "200", "--customers", "200"]
    child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=tmp_path)
    assert child.stdout is not None
    assert child.stderr is not None
    first = [child.stdout.readline() for _ in range(20)]
    child.send_signal(signal.SIGINT)
    rest, err = child.stdout.read(), child.stderr.read()
    assert child.wait(30) == 0, err
    records = [json.loads(line) for line in [*first, *rest.splitlines()]]
    assert err.splitlines()[-1].startswith(f"sent {len(records):,} · ")
    assert all("event_time" in record or "label_time" in record for record in records)


def test_a_stream_feeds_a_decision_api(seawall: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    api = Api()
    monkeypatch.setenv(simulate.KEY_VARIABLE, "sw_secret")
    naps = iter(range(3))

    def stop_after_three(stopped: object) -> Callable[[float], None]:
        def sleep(seconds: float) -> None:
            if next(naps, None) is None:
                raise simulate.Stopped
            time.sleep(seconds)

        return sleep

    monkeypatch.setattr(simulate, "napping", stop_after_three)
    arguments = [
        "--rate",
        "100",
        "--customers",
        "200",
        "--past-days",
        "20",
        "--past-events",
        "1500",
        "--attacks",
        "0.3",
    ]
    try:
        ran = seawall("simulate", "--stream", "--to", api.url, *arguments)
    finally:
        api.server.shutdown()
        api.server.server_close()
    assert ran.status == 0, ran.err
    decided = sum(len(body.splitlines()) for path, _, body in api.requests if path == "/v1/decisions/batch")
    labels = api.paths().count("/v1/labels")
    assert decided > 200
    assert labels > 0
    assert f"sent {decided + labels:,} · approve {decided:,} · labels {labels:,} · " in ran.err
    assert "sw_secret" not in ran.err + ran.out


def test_sleep_ends_soon_after_ctrl_c() -> None:
    sleep, begun = simulate.napping(lambda: True), time.monotonic()
    with pytest.raises(simulate.Stopped):
        sleep(60.0)
    assert time.monotonic() - begun < 30
    simulate.napping(lambda: False)(0.001)


def test_progress_is_one_line_drawn_over() -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    ticks = iter(range(100))
    terminal = Terminal()
    progress = simulate.Progress(terminal, lambda: float(next(ticks)))
    progress.add(10, {"approve": 9, "refused": 1})
    progress.add(1, {"labels": 1})
    progress.end()
    shown = terminal.getvalue().split("\r")
    assert shown[1].startswith("sent 10 · approve 9 · refused 1 · ")
    assert shown[-1].startswith("sent 11 · approve 9 · refused 1 · labels 1 · ")
    assert shown[-1].endswith("/s\n")
