"""`recovery`: how soon a home with a long journal decides again, through its snapshot and without it."""

from __future__ import annotations

import subprocess
import tempfile
import warnings
from datetime import date
from pathlib import Path
from time import perf_counter, sleep
from urllib.error import URLError
from urllib.request import urlopen

import seawall
from seawall.engine.history import load_mapping
from seawall.engine.pack import load_pack
from seawall.sealing import OpenKeyWarning
from seawall.server.home import Home
from seawall.server.importer import import_history
from seawall.server.packs import bundle_of
from seawall.server.process import Options
from seawall.server.service import Service
from seawall.server.supervisor import python
from seawall.simulator import Simulation

from .figure import Figure, median
from .machine import free_port

EVENTS = 1_000_000
_PACK = Path(seawall.__file__).parent / "packs" / "example_card"
_FIELDS = ("event_id", "type", "event_time", "customer", "card", "merchant", "device", "amount", "currency")
_DAYS, _PATIENCE = 60, 600.0


def figures(events: int = EVENTS, repeats: int = 3, cache_dir: Path | None = None) -> list[Figure]:
    """A home with `events` imported card payments, keys as surrogates: `import` in events/s, `cold_start` in s from the
    start of the API's process to its first 200 on /readyz (median of `repeats`), `cold_start_without_snapshot` once."""
    with tempfile.TemporaryDirectory() as folder:
        home = Home(Path(folder)).prepare()
        rate, journaled = _fill(home, events)
        starts = [_start(home) for _ in range(repeats)]
        for snapshot in home.snapshots.glob("*"):
            snapshot.unlink()
        slow = _start(home)
    return [
        Figure("journaled", float(journaled), "events"),
        Figure("import", round(rate, 1), "events/s"),
        Figure("cold_start", round(median(starts), 2), "s"),
        Figure("cold_start_without_snapshot", round(slow, 2), "s"),
    ]


def _fill(home: Home, events: int) -> tuple[float, int]:
    daily = Simulation(7, 1_000, 1, date(2026, 1, 1)).expected_events / 1_000
    simulation = Simulation(7, max(100, round(events / (daily * _DAYS))), _DAYS, date(2026, 1, 1))
    history = home.folder / "history.parquet"
    simulation.write_history(history, _FIELDS)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", OpenKeyWarning)
        service = Service(home, home.key_ring()[0])
    try:
        service.open(bundle_of(_PACK, load_pack(_PACK)))
        mapping = load_mapping(_PACK / "mapping.yaml", service.active().pack)
        began = perf_counter()
        journaled, _ = import_history(service, history, mapping)
        return journaled / (perf_counter() - began), journaled
    finally:
        service.close()
        history.unlink()


def _start(home: Home) -> float:
    port = free_port()
    options = Options(str(home.folder), "127.0.0.1", port)
    command = python("seawall.server.api_process", options.encoded())
    began = perf_counter()
    process = subprocess.Popen(command)  # noqa: S603
    try:
        while perf_counter() - began < _PATIENCE:
            try:
                with urlopen(f"http://127.0.0.1:{port}/readyz", timeout=1):
                    return perf_counter() - began
            except (URLError, OSError):
                sleep(0.01)
        raise RuntimeError("the API did not come up")
    finally:
        process.kill()
        process.wait()
