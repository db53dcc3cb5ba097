"""`seawall bench`: the shape of what it prints, at sizes that take no time. Never a timing."""

from __future__ import annotations

import importlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from seawall.bench import features, peers
from seawall.bench.content import FORTY, TEN, pack, policy
from seawall.bench.figure import Peer, against_all
from seawall.bench.peers.rules import spelled_out
from seawall.bench.stream import blocks, bodies, make_stream
from seawall.cli import BAD_INPUT, OK, main
from seawall.engine.door import ClearSealer, Door
from seawall.engine.engine import Engine
from seawall.engine.errors import SeawallError
from seawall.engine.money import Rates

PEERS = {"duckdb", "polars", "rule_engine", "zen"}
KEYS = ["name", "value", "unit", "peer", "peer_value", "ratio"]
NAMES = {
    "features": ["features_10_replay", "features_10_replay_polars", "features_10_replay_duckdb"],
    "rules": [
        "rules_30_single",
        "rules_30_single_zen_engine",
        "rules_30_single_rule_engine",
        "rules_30_activation",
        "rules_200_activation",
    ],
    "replay": [
        "features_40_replay",
        "replay_hashed",
        "state_bytes_per_event",
        "state_bytes_per_entity_event",
        "state_nodes_per_entity_event",
        "state_held_per_event",
    ],
    "engine": [
        "decide_single",
        "decide_batch64",
        "decide_single_model",
        "decide_batch64_model",
        "warm_start",
        "rule_change_active",
    ],
}


def figures(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[dict[str, Any]]:
    assert main(["bench", *arguments, "--events", "256", "--repeats", "1", "--json"]) == OK
    printed = json.loads(capsys.readouterr().out)
    assert list(printed) == ["figures"]
    return list(printed["figures"])


@pytest.mark.parametrize("suite", NAMES)
def test_the_figures_have_their_fixed_names_and_members(suite: str, capsys: pytest.CaptureFixture[str]) -> None:
    found = figures(capsys, suite)
    assert [figure["name"] for figure in found] == NAMES[suite]
    for figure in found:
        assert list(figure) == KEYS
        assert figure["value"] > 0
        assert isinstance(figure["unit"], str)
        if figure["peer"] is None:
            assert figure["peer_value"] is None
            assert figure["ratio"] is None
        else:
            assert figure["ratio"] == pytest.approx(figure["value"] / figure["peer_value"], rel=0.05)


@pytest.mark.parametrize("suite", ["features", "rules"])
def test_an_absent_peer_is_null(
    suite: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    found = importlib.import_module

    def absent(name: str, package: str | None = None) -> Any:
        if name.partition(".")[0] in PEERS:
            raise ImportError(name)
        return found(name, package)

    monkeypatch.setattr(peers.importlib, "import_module", absent)
    # the suite itself is found by the command before its peers are looked for
    module = __import__(f"seawall.bench.{suite}", fromlist=["figures"])
    assert {figure.peer for figure in module.figures(256, 1)} == {None}


def test_the_table_names_every_figure(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    assert main(["bench", "replay", "--events", "256", "--repeats", "1"]) == OK
    printed = capsys.readouterr().out
    assert all(name in printed for name in NAMES["replay"])


@pytest.mark.parametrize("arguments", [["--events", "0"], ["--events", "99999999999"], ["--repeats", "0"]])
def test_sizes_have_bounds(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "replay", *arguments]) == BAD_INPUT
    assert "must lie between" in capsys.readouterr().err


def test_a_peer_with_other_values_is_not_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    def wrong(stream: Any, content: Any) -> Any:
        return "wrong 1", lambda: None, lambda result: {name: np.zeros(len(stream)) for name in content.features}

    monkeypatch.setitem(features._JOBS, "polars", wrong)
    with pytest.raises(SeawallError, match=r"wrong 1 has 0\.0 for account_count_1h of event 0, we have 1\.0"):
        features.figures(256, 1)


def test_the_ratio_is_against_the_fastest_peer() -> None:
    found = against_all("x", 100.0, "events/s", {"a": Peer("a 1", 50.0), "b": Peer("b 2", 20.0), "c": None})
    assert [(one.name, one.peer, one.ratio) for one in found] == [
        ("x", "a 1", 2.0),
        ("x_a", "a 1", 2.0),
        ("x_b", "b 2", 5.0),
        ("x_c", None, None),
    ]


def test_the_packs_are_what_the_figures_claim() -> None:
    ten, forty = policy(TEN), policy(FORTY)
    assert (len(ten.feature_names), len(ten.entries)) == (10, 0)
    assert (len(forty.feature_names), len(forty.entries)) == (40, 30)
    definitions = [*forty.pack.features.values(), *ten.pack.features.values()]
    assert {one.resolution_ms for one in definitions} == {1}
    assert sum(one.agg == "distinct" for one in forty.pack.features.values()) == 9
    assert len({one.entity for one in forty.pack.features.values()}) == 6
    assert not forty.warnings


def test_the_stream_is_the_same_as_json_and_as_columns() -> None:
    stream, content = make_stream(300), pack(FORTY)
    door = Door(content, Rates(), ClearSealer(), lambda: int(stream.times[-1]))
    events = [door.admit(body) for body in bodies(stream, content, 0, 300)]
    one_by_one = [one.content_hash for one in Engine(policy(FORTY)).step(events) if one is not None]
    engine = Engine(policy(FORTY))
    in_blocks = [engine.step_block(block, hashes=True).hashes for block in blocks(stream, content, 128)]
    assert one_by_one == [digest for hashes in in_blocks for digest in hashes]


def test_the_stream_fires_most_rules() -> None:
    content = pack(FORTY)
    engine = Engine(policy(FORTY))
    fired: set[str] = set()
    for block in blocks(make_stream(20_000), content):
        decided = engine.step_block(block, features=False)
        fired |= {rule for index in set(decided.fired.tolist()) for rule in decided.combinations[index]}
    assert len(fired) >= 20


def test_rules_are_spelled_out_for_peers() -> None:
    assert spelled_out('a > money("20") && b || c', "CNY") == "a > 2000 and b or c"
    assert spelled_out('a > money("20")', "JPY") == "a > 20"


def test_each_benchmark_script_runs_its_suite() -> None:
    folder = Path(__file__).parents[2] / "benchmarks"
    for suite in NAMES:
        assert f'["bench", "{suite}", *sys.argv[1:]]' in (folder / f"{suite}.py").read_text(encoding="utf-8")
