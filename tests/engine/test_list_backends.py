"""Lists asked by value features and by `where`: rows and columns agree, labels ask none."""

from __future__ import annotations

import shutil
from pathlib import Path

from seawall.engine.engine import Engine
from seawall.engine.pack import load_pack
from seawall.engine.policy import compile_policy
from tests.engine.settled import edit
from tests.engine.world import PACKS, as_block, decide, lists, stream

_NEW = """features:
  - {name: is_gift, version: 1, value: 'gift', title: {zh: 礼品, en: Gift}}
  - {name: on_list, version: 1, value: 'shop in lists.watched', title: {zh: 值, en: Value}}
  - {name: listed_1d, version: 1, entity: customer, on: [pay], agg: count, where: 'shop in lists.watched',
     window: {last: 1d}, title: {zh: 数, en: Count}}
  - {name: fraud_listed_9d, version: 1, entity: shop, on: [label.fraud], agg: count, where: '!(shop in lists.watched)',
     window: {last: 9d}, resolution: 1h, title: {zh: 标签数, en: Labels}}
"""


def test_lists_in_value_features_and_where_are_the_same_in_rows_and_columns(tmp_path: Path) -> None:
    made = tmp_path / "pack"
    shutil.copytree(PACKS / "everything", made)
    edit(made, "features.yaml", "features:\n", _NEW)
    policy = compile_policy(load_pack(made))
    records = stream(3, 160)
    rows, columns = Engine(policy), Engine(policy)
    for engine in (rows, columns):
        engine.step(lists())
    decided = columns.step_block(as_block(records), hashes=True)
    assert decide(rows, records, 7) == decided.hashes
    found = decided.features[:, policy.vector_names.index("listed_1d")]
    assert found.max() > 0
    assert (decided.features[:, policy.vector_names.index("on_list")] == 1).any()
