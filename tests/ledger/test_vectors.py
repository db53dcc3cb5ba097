"""Every published vector of Merkle proofs, good and bad, gets the published answer."""

from __future__ import annotations

import json
from base64 import b64decode
from pathlib import Path
from typing import Any

import pytest

from seawall.ledger.proof import (
    verify_consistency,
    verify_inclusion,
    verify_subtree_consistency,
    verify_subtree_inclusion,
)

FOLDER = Path(__file__).parents[3] / "shared" / "data" / "merkle-vectors" / "testdata"
pytestmark = pytest.mark.skipif(not FOLDER.is_dir(), reason="the Merkle vectors are not beside this checkout")
KINDS = {
    "consistency": (verify_consistency, ("size1", "size2", "proof", "root1", "root2"), 98),
    "inclusion": (verify_inclusion, ("leafHash", "leafIdx", "treeSize", "proof", "root"), 98),
    "subtreeconsistency": (verify_subtree_consistency, ("start", "end", "size", "proof", "root1", "root2"), 118),
    "subtreeinclusion": (verify_subtree_inclusion, ("leafHash", "leafIdx", "start", "end", "proof", "root"), 204),
}


def decoded(value: Any) -> Any:
    if isinstance(value, str):
        return b64decode(value)
    if isinstance(value, list):
        return [b64decode(one) for one in value]
    return [] if value is None else value


@pytest.mark.parametrize("kind", KINDS)
def test_every_vector_has_the_published_answer(kind: str) -> None:
    verify, members, count = KINDS[kind]
    files = sorted((FOLDER / kind).rglob("*.json"))
    assert len(files) == count
    wrong = []
    for file in files:
        vector = json.loads(file.read_text("utf-8"))
        answer = verify(*(decoded(vector[member]) for member in members))  # type: ignore[operator]
        if answer == vector["wantErr"]:
            wrong.append(str(file.relative_to(FOLDER)))
    assert wrong == []
