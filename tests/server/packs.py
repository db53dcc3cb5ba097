"""Versions of the worked example's pack: with other rules, and with other windows."""

from __future__ import annotations

import shutil
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.server.world import PACKS, bundle

WINDOW = (
    "\n  - {name: card_count_1h, version: 1, entity: card, on: [payment.card], agg: count, window: {last: 1h}, "
    "default: 0, title: {zh: 本卡1小时笔数, en: Payments of the card in 1 h}}\n"
)


@cache
def version(number: int, least: int = 5, is_wider: bool = False, rules: str = "") -> bytes:
    """The bundle of version `number`: its burst rule fires from `least` payments on; with a window more if wider."""
    with TemporaryDirectory() as name:
        folder = Path(name) / "pack"
        shutil.copytree(PACKS / "example_card", folder)
        _replace(folder / "rules.yaml", "card_count_10m >= 5", f"card_count_10m >= {least}")
        _replace(folder / "policy.yaml", "version: 1", f"version: {number}")
        with (folder / "rules.yaml").open("a", encoding="utf-8") as file:
            file.write(rules)
        if is_wider:
            with (folder / "features.yaml").open("a", encoding="utf-8") as file:
                file.write(WINDOW)
        return bundle(folder)


def _replace(path: Path, old: str, new: str) -> None:
    text = path.read_text("utf-8")
    assert old in text, (path.name, old)
    path.write_text(text.replace(old, new), "utf-8")
