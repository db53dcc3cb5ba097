"""The one recipe that every set of features is tried with: small boosted trees, held back from a week's chance."""

from __future__ import annotations

from seawall.analytics.models.training import Recipe

RECIPE = Recipe(
    learner="lightgbm",
    options={
        "learning_rate": 0.05,
        "num_leaves": 7,
        "min_child_samples": 50,
        "min_sum_hessian_in_leaf": 5.0,
        "lambda_l2": 10.0,
        "feature_fraction": 0.7,
        "bagging_fraction": 0.8,
        "bagging_freq": 1,
    },
    seed=1,
    rounds=100,
)
