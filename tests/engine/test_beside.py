"""Blocks under several policies over one run of the windows: each says what it says alone."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from seawall.engine.columns import Decided
from seawall.engine.deployment import Deployment
from seawall.engine.engine import Engine
from seawall.engine.errors import StateError
from seawall.engine.policy import CompiledPolicy
from tests.engine.modelled import both
from tests.engine.world import as_block, lists, policy, stream


def blocks(engine: Engine, *, hashes: bool = True, rows: int = 70) -> list[list[Decided]]:
    """What every policy makes of the stream, a list a policy."""
    records = stream(seed=11, n=400)
    engine.step(lists())
    parts = [
        engine.step_block_beside(as_block(records[start : start + rows]), hashes, features=False)
        for start in range(0, len(records), rows)
    ]
    return [list(one) for one in zip(*parts, strict=True)]


def said(parts: list[Decided]) -> list[object]:
    return [(one.outcomes.tolist(), one.scores.tolist(), one.hashes, one.degraded, one.list_hits) for one in parts]


@pytest.fixture(scope="module")
def scored(tmp_path_factory: pytest.TempPathFactory) -> CompiledPolicy:
    return both(tmp_path_factory.mktemp("packs") / "pack")


@pytest.mark.parametrize("hashes", [True, False])
@pytest.mark.parametrize("turned", [True, False])
def test_one_without_models_beside_one_with(scored: CompiledPolicy, hashes: bool, turned: bool) -> None:
    """The first gives the doubles that only the second reads."""
    first, second = (scored, policy()) if turned else (policy(), scored)
    together = blocks(Engine(Deployment(first, shadows=(second,))), hashes=hashes)
    alone = [blocks(Engine(one), hashes=hashes)[0] for one in (first, second)]
    assert [said(one) for one in together] == [said(one) for one in alone]


def test_other_windows_go_alone(tmp_path: Path) -> None:
    narrow = dataclasses.replace(policy().pack, lateness_ms=1)
    from seawall.engine.policy import compile_policy

    engine = Engine(Deployment(policy(), shadows=(compile_policy(narrow),)))
    with pytest.raises(StateError, match="same windows"):
        engine.step_block_beside(as_block(stream(seed=1, n=5)))
