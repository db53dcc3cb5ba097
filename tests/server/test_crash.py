"""Real processes, really killed: a few times here, a hundred times in `seawall bench crash`."""

from __future__ import annotations

from pathlib import Path

from seawall.bench.crash import audit, kill_many


def test_what_was_acknowledged_survives_sigkill(tmp_path: Path) -> None:
    witness = kill_many(tmp_path, kills=3, seed=11, lives=(0.1, 0.4))
    assert len(witness.acknowledged) > 50
    assert witness.problems == []
    assert audit(tmp_path, witness) == (0, 0, 0)
