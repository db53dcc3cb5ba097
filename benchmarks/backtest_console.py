"""A backtest as the console's job runs it: `python benchmarks/backtest_console.py [EVENTS] [HOME]`.

A journal of EVENTS (a million) imported payments under 40 features and 60 rules, then from the job's entry point (a
process of its own, one core, niced) to the stored report: once with nothing prepared, once with the history as columns,
once comparing two policies. Prints seconds of wall clock and of processor. HOME keeps the journal for the next time.

There is no peer: no library decides a journal again with sliding windows, late records, labels and lists of the time.
"""

from __future__ import annotations

import json
import resource
import shutil
import sys
import tempfile
import time
from pathlib import Path

from seawall.apps.policies.backtesting.measure import Question
from seawall.apps.policies.backtesting.process import Order
from seawall.apps.policies.backtesting.running import carry_out
from seawall.bench.content import FORTY
from seawall.bench.stream import blocks, make_stream
from seawall.engine.door import Event
from seawall.engine.identity import IMPORTED
from seawall.engine.journal import ActivationRecord, Journal, Kind, encode_activation, encode_event
from seawall.engine.pack import load_pack
from seawall.server.importer import _values
from seawall.server.packs import bundle_of

BATCH = 1_024


def sixty_rules(folder: Path) -> bytes:
    """The bundle of the measured pack, each of its thirty rules twice, under another score."""
    pack = Path(shutil.copytree(FORTY, folder / "sixty"))
    text = (pack / "rules.yaml").read_text(encoding="utf-8")
    head, _, rules = text.partition("rules:\n")
    again = rules.replace("- id: ", "- id: again_").replace("score: 2", "score: 1")
    (pack / "rules.yaml").write_text(f"{head}rules:\n{rules}{again}", encoding="utf-8")
    loaded = load_pack(pack)
    assert (len(loaded.features), len(loaded.rules)) == (40, 60), "what is promised"
    return bundle_of(pack, loaded)


def fill(path: Path, bundle: bytes, events: int) -> None:
    """A journal as `seawall import` leaves it."""
    pack, stream = load_pack(FORTY), make_stream(events)
    with Journal(path) as journal:
        digest = journal.put_bundle(bundle)
        journal.append([(Kind.ACTIVATION, encode_activation(ActivationRecord("bench_forty@1", digest, 0)))])
        for block in blocks(stream, pack):
            columns = {name: _values(column, False) for name, column in block.columns.items()}
            rows = zip(block.times.tolist(), block.event_ids, zip(*columns.values(), strict=True), strict=True)
            payloads = [
                encode_event(Event(name, "payment", at, at, dict(zip(columns, row, strict=True)), IMPORTED), None)
                for at, name, row in rows
            ]
            for start in range(0, len(payloads), BATCH):
                journal.append([(Kind.EVENT, one) for one in payloads[start : start + BATCH]])


def run(home: Path, bundles: list[str], what: str) -> None:
    """One backtest through the job's entry point."""
    order = Order(str(home / "journal.db"), str(home / "cache" / "history"), bundles, str(home / "result"), Question())
    before, began = _processor(), time.monotonic()
    carry_out(order, lambda step: None)
    took, used = time.monotonic() - began, _processor() - before
    figures = json.loads((home / "result").read_bytes())["figures"]
    print(f"{what}: {took:.1f} s wall, {used:.1f} s processor, {figures['counted']:,} events")


def _processor() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main(events: int, kept: str) -> None:
    """Fill a journal where there is none, and measure."""
    with tempfile.TemporaryDirectory() as name:
        home = Path(kept or name)
        home.mkdir(parents=True, exist_ok=True)
        bundle = sixty_rules(Path(name))
        if not (home / "journal.db").exists():
            fill(home / "journal.db", bundle, events)
        (home / "a.bundle").write_bytes(bundle)
        one = str(home / "a.bundle")
        shutil.rmtree(home / "cache", ignore_errors=True)
        run(home, [one], "one policy, journal read for the first time")
        run(home, [one], "one policy, history prepared")
        run(home, [one, one], "two policies, history prepared")
        size = sum(path.stat().st_size for path in (home / "cache" / "history").iterdir())
        print(f"history on disk: {size / events:.0f} bytes an event")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000, sys.argv[2] if len(sys.argv) > 2 else "")
