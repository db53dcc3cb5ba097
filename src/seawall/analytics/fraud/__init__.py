"""Models of card fraud judged as the public benchmark judges them: its protocol, its figures, one learner.

Pure functions of arrays; features come from elsewhere.
"""

from .learner import TrainingError, fingerprint, train
from .metrics import average_precision, card_precision, roc_auc
from .protocol import UNKNOWN, Metrics, Split, Transactions, measure, split

__all__ = [
    "UNKNOWN",
    "Metrics",
    "Split",
    "TrainingError",
    "Transactions",
    "average_precision",
    "card_precision",
    "fingerprint",
    "measure",
    "roc_auc",
    "split",
    "train",
]
