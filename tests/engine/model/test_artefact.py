"""Artefacts: only the approved file is loaded, and it fits the policy's features or says why not."""

from pathlib import Path

import numpy as np
import pytest

from seawall.engine.model import Model, ModelError, artefact, columns_for, load_model, model_hash, parse_model

from .by_hand import ANSWERS, TEXT, load


def saved(folder: Path, data: bytes) -> Path:
    path = folder / "model.txt"
    path.write_bytes(data)
    return path


def test_the_approved_file_is_loaded(tmp_path: Path) -> None:
    data = TEXT.encode()
    model: Model = load_model(saved(tmp_path, data), model_hash(data))
    assert model.features == ("amount", "device_age")
    assert model.hash == model_hash(data) == model_hash(data).lower()
    row, answer, _ = ANSWERS[1]
    assert model.score(np.array(row)) == answer


def test_line_ends_of_another_system_change_nothing() -> None:
    assert load(TEXT.replace("\n", "\r\n")).score(np.array(ANSWERS[2][0])) == ANSWERS[2][1]


def test_one_changed_byte_is_a_wrong_hash(tmp_path: Path) -> None:
    path = saved(tmp_path, TEXT.replace("0.25", "0.26").encode())
    with pytest.raises(ModelError, match=rf"{path}: has SHA-256 [0-9a-f]{{64}}, not the expected"):
        load_model(path, model_hash(TEXT.encode()))
    with pytest.raises(ModelError, match="not the expected ''"):
        load_model(path, "")


def test_files_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"absent.txt: cannot be read \(No such file"):
        load_model(tmp_path / "absent.txt", "0" * 64)
    with pytest.raises(ModelError, match="cannot be read"):
        load_model(tmp_path, "0" * 64)


def test_a_file_past_the_bound_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(artefact, "MAX_BYTES", len(TEXT) - 1)
    with pytest.raises(ModelError, match="is larger than"):
        load_model(saved(tmp_path, TEXT.encode()), model_hash(TEXT.encode()))


@pytest.mark.parametrize("data", [b"", b"\x80\x04pickle", b"PK\x03\x04", b"tree", TEXT[5:].encode(), b"\xff\xfe{"])
def test_other_formats_are_refused(data: bytes) -> None:
    with pytest.raises(ModelError, match=r"is neither a LightGBM|is not UTF-8"):
        parse_model(data, model_hash(data))


def test_columns_are_found_by_name_and_missing_ones_are_named() -> None:
    model = load()
    assert columns_for(model, ["device_age", "other", "amount"]).tolist() == [2, 0]
    with pytest.raises(ModelError, match=r"needs feature device_age, .* \(did you mean device_ages\?\)"):
        columns_for(model, ["device_ages", "amount"])
    with pytest.raises(ModelError, match="needs feature amount and 1 more"):
        columns_for(model, [])
