"""What a model's scores are worth on rows it was not trained on."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from seawall.analytics.fraud.metrics import average_precision, roc_auc

from .calibration import Reliability
from .drift import ks

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


def evaluate(scores: Floats, bad: Flags) -> dict[str, Any]:
    """Rows, bad ones, AUC ROC, average precision, KS of bad against good scores; Brier and ECE of probabilities.

    scores, bad: (n,); NaN: no score, such rows are counted and left out. None for what cannot be computed.
    """
    scored = ~np.isnan(scores)
    kept, known = scores[scored], bad[scored]
    both = bool(known.any() and not known.all())
    found: dict[str, Any] = {
        "rows": len(bad),
        "bad": int(bad.sum()),
        "unscored": int((~scored).sum()),
        "auc_roc": roc_auc(known, kept),
        "average_precision": average_precision(known, kept),
        "ks": ks(kept[known], kept[~known]) if both else None,
        "brier": None,
        "ece": None,
    }
    if len(kept) and np.all((kept >= 0) & (kept <= 1)):
        reliability = Reliability.empty()
        reliability.add(kept, known)
        found |= {"brier": reliability.brier, "ece": reliability.ece}
    return found
