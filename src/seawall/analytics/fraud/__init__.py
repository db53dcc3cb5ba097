"""Models of card fraud judged as the public benchmark judges them: its protocol, its figures, one recipe.

Pure functions of arrays; features come from elsewhere.
"""

from .metrics import average_precision, card_precision, roc_auc
from .protocol import UNKNOWN, Metrics, Split, Transactions, measure, split
from .recipe import RECIPE

__all__ = [
    "RECIPE",
    "UNKNOWN",
    "Metrics",
    "Split",
    "Transactions",
    "average_precision",
    "card_precision",
    "measure",
    "roc_auc",
    "split",
]
