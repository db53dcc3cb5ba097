"""Model artefacts: text files named by their hash. Nothing in them is ever run."""

from __future__ import annotations

import hashlib
from pathlib import Path

from . import documents
from .base import Model, ModelError
from .forest_json import KINDS as FORESTS
from .forest_json import parse_forest
from .lightgbm_text import parse_lightgbm
from .linear import KINDS as LINEAR
from .linear import parse_linear
from .trees import TreeModel

MAX_BYTES = 256 << 20
_HEX = 64


def load_model(path: Path, expected_hash: str) -> Model:
    """The model in a file, if it is the one that was approved.

    `expected_hash` is its SHA-256 in hex. ModelError for a file that cannot be read, another hash, and anything the
    formats forbid; its text starts with the path.
    """
    try:
        return parse_model(read_artefact(path), expected_hash)
    except ModelError as error:
        raise ModelError(f"{path}: {error}") from None


def parse_model(data: bytes, expected_hash: str) -> Model:
    """The model in a file's bytes: a LightGBM text model, or a linear model or a forest in JSON."""
    text = approved_text(data, expected_hash)
    if text.startswith("tree\n"):
        return TreeModel(parse_lightgbm(text), expected_hash.lower())
    if text.lstrip().startswith("{"):
        return _from_json(text, expected_hash.lower())
    raise ModelError("is neither a LightGBM text model nor a JSON model; use Booster.save_model, or see the reference")


def approved_text(data: bytes, expected_hash: str) -> str:
    """An artefact's text; ModelError where its SHA-256 in hex is another than the expected one, or it is no text."""
    found = model_hash(data)
    if len(expected_hash) != _HEX or found != expected_hash.lower():
        raise ModelError(
            f"has SHA-256 {found}, not the expected {expected_hash[:_HEX]!r}; "
            "restore the approved file, or have this one approved"
        )
    try:
        return data.decode("utf-8").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        raise ModelError(f"is not UTF-8 text (byte {error.start}); save the model as text or JSON") from None


def _from_json(text: str, file_hash: str) -> Model:
    document = documents.read(text)
    kind = document.get("kind")
    if kind in LINEAR:
        return parse_linear(document, file_hash)
    if kind in FORESTS:
        return TreeModel(parse_forest(document), file_hash)
    raise ModelError(f"kind must be one of {', '.join((*LINEAR, *FORESTS))}, not {str(kind)[:40]!r}")


def model_hash(data: bytes) -> str:
    """SHA-256 of an artefact, in hex: what a policy names it by."""
    return hashlib.sha256(data).hexdigest()


def read_artefact(path: Path) -> bytes:
    """A file's bytes, within the bound; ModelError where they cannot be had."""
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise ModelError(f"cannot be read ({error.strerror}); check the path and its permissions") from None
    if len(data) > MAX_BYTES:
        raise ModelError(f"is larger than {MAX_BYTES >> 20} MiB; train fewer or smaller trees")
    return data
