"""models.yaml: what is refused, where, and what to do; what is warned of."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest

from seawall.engine.errors import PackError, Problem
from seawall.engine.model import artefact, model_hash
from seawall.engine.pack import load_pack
from seawall.engine.policy import CompiledPolicy, compile_policy

from .conftest import EXAMPLE_FOLDER
from .model.by_hand import ANSWERS, TEXT

STEP = """models:
  - name: by_hand
    version: 1
    title: {zh: 模型, en: Model}
    file: models/by_hand.txt
    sha256: "%s"
    inputs: {amount: base_amount, device_age: customer_device_count_90d}
    reasons: {amount: AMOUNT, device_age: NEW_DEVICE}
    top: 2
"""
READING = ("rules.yaml", "card_count_10m >= 5", "models.by_hand > 3.0 || card_count_10m >= 5")
HASH = model_hash(TEXT.encode())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = Path(shutil.copytree(EXAMPLE_FOLDER, tmp_path / "pack"))
    (folder / "models").mkdir()
    (folder / "models/by_hand.txt").write_text(TEXT, "utf-8")
    (folder / "models.yaml").write_text(STEP % HASH, "utf-8")
    return folder


def edit(folder: Path, file: str, old: str, new: str) -> None:
    text = (folder / file).read_text("utf-8")
    assert old in text, f"{old!r} is not in {file}"
    (folder / file).write_text(text.replace(old, new, 1), "utf-8")


def compiled(folder: Path, *edits: tuple[str, str, str]) -> CompiledPolicy:
    for one in edits:
        edit(folder, *one)
    return compile_policy(load_pack(folder))


def problems(folder: Path, *edits: tuple[str, str, str]) -> list[Problem]:
    with pytest.raises(PackError) as refused:
        compiled(folder, *edits)
    return refused.value.problems


def test_a_model_of_a_pack(folder: Path) -> None:
    policy = compiled(folder, READING)
    definition = policy.pack.models["by_hand"]
    assert (definition.on, definition.top, definition.file) == (("payment.card",), 2, "models/by_hand.txt")
    (step,) = policy.models
    assert step.inputs == ("base_amount", "customer_device_count_90d")
    assert [step.model.score(row) for row, _, _ in ANSWERS] == [answer for _, answer, _ in ANSWERS]  # type: ignore[arg-type]
    assert policy.warnings == ()


CASES = [  # old, new (@ marks the place that is named), message, suggestion
    ("name: by_hand", "name: @ByHand", "name 'ByHand' is not a name", "a-z"),
    ("file: models", "file: @../models", "'../models/by_hand.txt' is no path inside the pack", "like models/"),
    ("file: models/by_hand.txt", "file: @/etc/passwd", "is no path inside the pack", "like models/"),
    ("file: models/by_hand.txt", "file: '@models\\by_hand.txt'", "is no path inside the pack", "like models/"),
    ("file: models/by_hand.txt", "file: @models/gone.txt", "models/gone.txt is not a file of the pack", "correct"),
    ("file: models/by_hand.txt", "file: @models", "models is not a file of the pack", "correct"),
    (f'sha256: "{HASH}"', f'sha256: "@{"0" * 64}"', f"by_hand.txt has SHA-256 {HASH}, not {'0' * 64}", "approved"),
    (f'sha256: "{HASH}"', 'sha256: "@abc"', "sha256 is not 64 hex digits", "SHA-256 of the file"),
    (f'    sha256: "{HASH}"\n', "", "model lacks sha256", "add it"),
    ("inputs: {", "on: [@payment.crad]\n    inputs: {", "unknown event type of the policy", "payment.card?"),
    ("inputs: {", "on: @[]\n    inputs: {", "on names no event type", "leave it out"),
    ("inputs: {amount", "@input: {amount", "unknown key 'input'", "did you mean inputs?"),
    ("amount: base_amount", "amount: @base_amout", "there is no feature or field 'base_amout'", "base_amount?"),
    ("amount: base_amount", "amount: @currency", "currency cannot be an input: it is a string", "map it"),
    ("amount: base_amount", "amount: @card", "card cannot be an input: it is a key", "map it"),
    ("amount: base_amount", "amount: @amount", "amount cannot be an input: it is in the event's own currency", "map"),
    ("amount: base_amount", "amount: @7", "inputs of amount must be text", "quote it"),
    (", device_age: customer", ", device: customer", "needs device_age: there is no feature or field", "device"),
    ("device_age: NEW_DEVICE", "device_agee: @NEW_DEVICE", "has no feature 'device_agee'", "device_age?"),
    ("device_age: NEW_DEVICE", "device_age: @new", "reason 'new' is not a reason code", "A-Z"),
    ("top: 2", "top: @17", "top must lie between 0 and 16, not 17", ""),
    ("models:\n", "models: @by_hand\nmore:\n", "must be a list, not text", "lines that begin with -"),
]


@pytest.mark.parametrize(("old", "new", "message", "suggestion"), CASES, ids=range(len(CASES)))
def test_every_check_names_its_place(folder: Path, old: str, new: str, message: str, suggestion: str) -> None:
    edit(folder, "models.yaml", old, new)
    text = (folder / "models.yaml").read_text("utf-8")
    at = text.find("@")
    place = (text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at)) if at >= 0 else None
    (folder / "models.yaml").write_text(text.replace("@", "", 1), "utf-8")
    found = problems(folder)
    fitting = [
        one
        for one in found
        if message in one.message
        and suggestion in one.suggestion
        and one.file == "models.yaml"
        and (place is None or (one.line, one.column) == place)
    ]
    assert fitting, "\n".join(map(str, found))


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda text: text.replace("leaf_value=1 2 4", "leaf_value=1 nan 4"), "leaf_value holds a NaN"),
        (lambda text: text[:300], "cut off"),
        (lambda text: "hello", "neither a LightGBM text model nor a JSON model"),
        (lambda text: json.dumps({"kind": "linear"}), "features must be a list"),
    ],
)
def test_an_approved_file_that_is_no_model_is_refused_in_one_line(folder: Path, damage: object, message: str) -> None:
    text = damage(TEXT)  # type: ignore[operator]
    (folder / "models/by_hand.txt").write_text(text, "utf-8")
    (folder / "models.yaml").write_text(STEP % model_hash(text.encode()), "utf-8")
    (one,) = problems(folder)
    assert (one.file, one.line) == ("models.yaml", 5)
    assert one.message.startswith("models/by_hand.txt: ")
    assert message in one.message


def test_a_file_past_the_bound_is_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(artefact, "MAX_BYTES", len(TEXT) - 1)
    (one,) = problems(folder)
    assert "models/by_hand.txt is larger than" in one.message


def test_a_link_out_of_the_pack_and_a_pipe_are_refused(folder: Path, tmp_path: Path) -> None:
    path = folder / "models/by_hand.txt"
    path.rename(tmp_path / "elsewhere.txt")
    path.symlink_to(tmp_path / "elsewhere.txt")
    (one,) = problems(folder)
    assert "leads out of the pack" in one.message
    path.unlink()
    os.mkfifo(path)
    (one,) = problems(folder)
    assert "is not a file of the pack" in one.message


def test_the_hash_of_the_pack_covers_the_models(folder: Path) -> None:
    before = load_pack(folder).content_hash
    other = TEXT.replace("leaf_value=1 2 4", "leaf_value=1 2 5")
    (folder / "models/by_hand.txt").write_text(other, "utf-8")
    edit(folder, "models.yaml", HASH, model_hash(other.encode()))
    assert load_pack(folder).content_hash != before
    assert load_pack(EXAMPLE_FOLDER).content_hash != before


# --- what texts may say of models -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("when", "message", "suggestion"),
    [
        ("models.by_hnad > 3.0", "unknown model 'by_hnad'", "did you mean 'by_hand'?"),
        ("models > 3.0", "unknown name 'models'", "models.card_fraud"),
        ("models.by_hand", "a condition is wanted", ""),
        ("merchant in models.by_hand", "a score is a number, not a list", "in lists."),
        ('models.by_hand == "high"', "", ""),
    ],
)
def test_a_condition_on_a_model_is_checked(folder: Path, when: str, message: str, suggestion: str) -> None:
    found = problems(folder, ("rules.yaml", 'card_count_10m >= 5 || customer_sum_24h > money("50000")', when))
    assert any(message in one.message and suggestion in one.suggestion for one in found), found
    assert {(one.file, one.line) for one in found} == {("rules.yaml", 5)}


def test_a_feature_cannot_read_a_model(folder: Path) -> None:
    feature = "  - {name: twice, version: 1, value: 2.0 * models.by_hand, title: {zh: 二, en: Twice}}\n"
    with (folder / "features.yaml").open("a", encoding="utf-8") as file:
        file.write(feature)
    (one,) = problems(folder)
    assert "'models.by_hand' may not be used: models are scored after the features" in one.message


def test_no_field_or_feature_is_called_models(folder: Path) -> None:
    found = problems(folder, ("features.yaml", "name: card_count_10m", "name: models"))
    assert any("'models' is a word of the expression language" in one.message for one in found)


def test_what_nothing_reads_is_warned_of(folder: Path) -> None:
    policy = compiled(folder, ("models.yaml", "inputs: {", "inputs: {amonut: base_amount, "))
    warned = [(one.message, one.file, one.line) for one in policy.warnings]
    assert warned == [
        ("models/by_hand.txt has no feature 'amonut'", "models.yaml", 7),
        ("no rule reads models.by_hand", "models.yaml", 2),
    ]


def test_a_feature_that_only_a_model_reads_is_read(folder: Path) -> None:
    rule = ("rules.yaml", "customer_device_count_90d == 0 && base_amount", "base_amount")
    read = compiled(folder, READING, rule)
    assert read.warnings == ()
    edit(folder, "models.yaml", "device_age: customer_device_count_90d", "device_age: card_count_10m")
    (warning,) = compiled(folder).warnings
    assert "customer_device_count_90d" in warning.message
