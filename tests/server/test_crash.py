"""Real processes, really killed: a few times here, a hundred times in `seawall bench crash`."""

from __future__ import annotations

from pathlib import Path

from seawall.bench.crash import audit, kill_many


def test_what_was_acknowledged_survives_sigkill(tmp_path: Path) -> None:
    witness = kill_many(tmp_path, kills=3, seed=11, lives=(0.1, 0.4))
    assert len(witness.acknowledged) > 50
    assert witness.problems == []
    assert audit(tmp_path, witness) == (0, 0, 0)


def test_a_kill_in_a_deployment_leaves_it_whole_or_not_there(tmp_path: Path) -> None:
    witness = kill_many(tmp_path, kills=2, seed=12, lives=(0.1, 1.0), is_deploying=True)
    assert len(witness.deployed) >= 2
    assert witness.problems == []
    assert audit(tmp_path, witness) == (0, 0, 0)
