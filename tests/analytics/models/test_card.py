"""Model cards: complete in both languages, and nothing in them becomes markup."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest

from seawall.analytics.models import card as cards
from seawall.analytics.models.card import Card, html, markdown
from seawall.analytics.models.evaluation import evaluate
from seawall.analytics.models.training import BALANCES, LEARNERS

HAN = re.compile("[一-鿿]")
CARD = Card(
    name="card_fraud",
    version=3,
    title={"zh": "银行卡欺诈", "en": "Card fraud"},
    purpose={"zh": "给银行卡支付打分", "en": "Scores card payments"},
    limits={"zh": "不得用于授信", "en": "Not for granting credit"},
    fingerprint={
        "model_sha256": "a" * 64, "data_sha256": "b" * 64, "rows": 66_928, "bad": 512, "features": ["amount", "<b>|x"],
        "library": "lightgbm 4.7.0", "recipe": {"learner": "lightgbm", "seed": 1, "balance": "none"},
    },
    metrics=evaluate(np.array([0.9, 0.2, 0.4]), np.array([True, False, False])),
    facts={"period": "2018-07-25 – 2018-07-31", "label_delay": "7 d", "threshold": 0.0625, "calibration": "isotonic"},
)  # fmt: skip


@pytest.mark.parametrize("make", [markdown, html])
def test_a_card_says_what_it_was_given_in_both_languages(make: object) -> None:
    for language, words in (
        ("zh", ["银行卡欺诈", "不得用于授信", "梯度提升树", "保序回归", "标签延迟", "坏样本数"]),
        ("en", ["Card fraud", "Not for granting credit", "LightGBM boosted trees", "Isotonic", "Label delay"]),
    ):
        text = make(CARD, language)  # type: ignore[operator]
        plain = text.replace("\\", "")
        for word in (*words, "66,928", "0.0625", "a" * 64, "amount"):
            assert word in plain, word
        assert bool(HAN.search(text)) == (language == "zh")


def test_every_word_has_both_languages_and_each_learner_and_balance_a_word() -> None:
    for key, (zh, en) in cards._WORDS.items():
        assert HAN.search(zh) or zh == en == "KS", key
        assert en.strip()
        assert not HAN.search(en)
    assert set(LEARNERS) | set(BALANCES) <= cards._WORDS.keys()


def test_nothing_becomes_markup() -> None:
    hostile = replace(CARD, purpose={"zh": "甲", "en": '<script>alert("x")</script>\n# head | [a](b)'})
    assert "<script>" not in html(hostile, "en")
    assert "<b>" not in html(hostile, "en")
    text = markdown(hostile, "en")
    assert "<script" not in text.replace("\\<", "")
    assert "\n# head" not in text
    assert "\\[a\\]\\(b\\)" in text
    assert html(CARD, "zh").startswith('<section lang="zh-Hans">')


def test_what_cannot_be_computed_says_so() -> None:
    none = replace(CARD, metrics=evaluate(np.array([0.9, 0.2]), np.zeros(2, bool)))
    assert "| AUC ROC | cannot be computed |" in markdown(none, "en")


def test_a_card_that_lacks_a_language_is_refused() -> None:
    with pytest.raises(ValueError, match="the model card lacks limits in en"):
        replace(CARD, limits={"zh": "无", "en": " "})
    with pytest.raises(ValueError, match="language is one of zh, en"):
        html(CARD, "fr")
