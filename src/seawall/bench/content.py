"""The two packs that are measured."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from seawall.engine.pack import Pack, load_pack
from seawall.engine.policy import CompiledPolicy, compile_policy

PACKS = Path(__file__).parent / "packs"
TEN = PACKS / "ten"  # 10 exact features, no rules
FORTY = PACKS / "forty"  # 40 exact features of 6 entities, 9 of them distinct, and 30 rules


@cache
def pack(folder: Path) -> Pack:
    """A pack of this folder, read once."""
    return load_pack(folder)


@cache
def policy(folder: Path) -> CompiledPolicy:
    """Its compiled policy, made once."""
    return compile_policy(pack(folder))
