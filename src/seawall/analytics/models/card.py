"""Model cards (Mitchell et al. 2019) in Chinese and English: what a model is for, what it was made from, what it is
worth, and what it must not be used for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

LANGUAGES = ("zh", "en")
Text = Mapping[str, str]  # by language
_Rows = list[tuple[str, str]]

_WORDS: Mapping[str, tuple[str, str]] = {
    "purpose": ("用途", "Purpose"),
    "limits": ("不适用的情形", "Not to be used for"),
    "model": ("模型", "Model"),
    "learner": ("算法", "Learner"),
    "library": ("程序库", "Library"),
    "seed": ("随机种子", "Seed"),
    "balance": ("样本平衡", "Balance of rare rows"),
    "trained_at": ("训练时间", "Trained at"),
    "period": ("训练数据时段", "Period of the training data"),
    "label_delay": ("标签延迟", "Label delay"),
    "data": ("训练数据", "Training data"),
    "rows": ("行数", "Rows"),
    "bad": ("坏样本数", "Bad rows"),
    "features": ("变量", "Features"),
    "metrics": ("样本外表现", "Performance on rows it was not trained on"),
    "unscored": ("无分行数", "Rows without a score"),
    "auc_roc": ("ROC 曲线下面积（AUC）", "AUC ROC"),
    "average_precision": ("平均精确率（AP）", "Average precision"),
    "ks": ("KS", "KS"),
    "brier": ("布里尔分数", "Brier score"),
    "ece": ("期望校准误差（ECE）", "Expected calibration error"),
    "threshold": ("阈值", "Threshold"),
    "calibration": ("校准", "Calibration"),
    "isotonic": ("保序回归", "Isotonic"),
    "platt": ("Platt 缩放", "Platt"),
    "none": ("无", "None"),
    "weight": ("加权", "Weights"),
    "sample": ("抽样", "Sampling"),
    "lightgbm": ("LightGBM 梯度提升树", "LightGBM boosted trees"),
    "random_forest": ("随机森林", "Random forest"),
    "logistic": ("逻辑回归", "Logistic regression"),
    "isolation_forest": ("孤立森林", "Isolation forest"),
    "model_sha256": ("模型文件 SHA-256", "SHA-256 of the model file"),
    "data_sha256": ("训练数据 SHA-256", "SHA-256 of the training data"),
    "identity": ("指纹", "Fingerprint"),
    "version": ("版本", "Version"),
    "absent": ("无法计算", "cannot be computed"),
}
_DATA, _METRICS = ("rows", "bad"), ("rows", "bad", "unscored", "auc_roc", "average_precision", "ks", "brier", "ece")


@dataclass(frozen=True, slots=True)
class Card:
    """What a card says. `title`, `purpose` and `limits` by language; `fingerprint` of `training`, `metrics` of
    `evaluation`; `facts`: period, label_delay, trained_at, threshold, calibration, as far as they are known."""

    name: str
    version: int
    title: Text
    purpose: Text
    limits: Text
    fingerprint: Mapping[str, Any]
    metrics: Mapping[str, Any]
    facts: Mapping[str, str | float]

    def __post_init__(self) -> None:
        for key in ("title", "purpose", "limits"):
            lacking = [language for language in LANGUAGES if not str(getattr(self, key).get(language, "")).strip()]
            if lacking:
                raise ValueError(f"the model card lacks {key} in {', '.join(lacking)}")


def markdown(card: Card, language: str) -> str:
    """The card as Markdown; no text of it can become markup."""
    title, texts, tables, features = _content(card, language)
    lines = [f"# {_plain(title)}", ""]
    for heading, text in texts:
        lines += [f"## {heading}", "", _plain(text), ""]
    for heading, rows in tables:
        lines += [
            f"## {heading}",
            "",
            "| | |",
            "|---|---|",
            *(f"| {key} | {_plain(value)} |" for key, value in rows),
            "",
        ]
    lines += [f"## {_word('features', language)}", "", *(f"- {_plain(name)}" for name in features), ""]
    return "\n".join(lines)


def html(card: Card, language: str) -> str:
    """The card as an HTML section; everything is escaped."""
    title, texts, tables, features = _content(card, language)
    parts = [f"<h1>{escape(title)}</h1>"]
    for heading, text in texts:
        parts.append(f"<h2>{escape(heading)}</h2><p>{escape(text)}</p>")
    for heading, rows in tables:
        body = "".join(f'<tr><th scope="row">{escape(key)}</th><td>{escape(value)}</td></tr>' for key, value in rows)
        parts.append(f"<h2>{escape(heading)}</h2><table><tbody>{body}</tbody></table>")
    listed = "".join(f"<li>{escape(name)}</li>" for name in features)
    parts.append(f"<h2>{escape(_word('features', language))}</h2><ul>{listed}</ul>")
    tag = {"zh": "zh-Hans"}.get(language, language)
    return f'<section lang="{tag}">{"".join(parts)}</section>'


def _content(card: Card, language: str) -> tuple[str, _Rows, list[tuple[str, _Rows]], Sequence[str]]:
    """Title, texts and tables with their headings, features."""
    if language not in LANGUAGES:
        raise ValueError(f"language is one of {', '.join(LANGUAGES)}, not {language[:20]!r}")
    print_, recipe = card.fingerprint, card.fingerprint["recipe"]
    texts = [(_word(key, language), getattr(card, key)[language]) for key in ("purpose", "limits")]
    model = [("version", str(card.version)), ("learner", _word(recipe["learner"], language))]
    model += [("library", print_["library"]), ("seed", str(recipe["seed"]))]
    model += [("balance", _word(recipe["balance"], language))]
    model += [(key, _value(card.facts[key], language)) for key in ("calibration", "threshold") if key in card.facts]
    facts = ("trained_at", "period", "label_delay")
    data = [(key, _value(card.facts[key], language)) for key in facts if key in card.facts]
    data += [(key, _value(print_[key], language)) for key in _DATA]
    metrics = [(key, _value(card.metrics[key], language)) for key in _METRICS if key in card.metrics]
    identity = [(key, str(print_[key])) for key in ("model_sha256", "data_sha256")]
    tables = [
        (_word(heading, language), [(_word(key, language), value) for key, value in rows])
        for heading, rows in (("model", model), ("data", data), ("metrics", metrics), ("identity", identity))
    ]
    return f"{card.title[language]} ({card.name})", texts, tables, print_["features"]


def _word(key: str, language: str) -> str:
    return _WORDS[key][LANGUAGES.index(language)]


def _value(value: object, language: str) -> str:
    if value is None:
        return _word("absent", language)
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, int):
        return f"{value:,}"
    text = str(value)
    return _word(text, language) if text in _WORDS else text


def _plain(text: str) -> str:
    """A text on one line in which no character means anything to Markdown."""
    return "".join(f"\\{one}" if one in "\\`*_{}[]()<>#+-!|~" else one for one in " ".join(text.split()))
