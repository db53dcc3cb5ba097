"""What a policy would have done: statistics of decided history, numpy in and plain records out."""

from seawall.analytics.backtest.alerts import AlertLoad, alerts_per_day
from seawall.analytics.backtest.comparison import Comparison, SideChange, compare
from seawall.analytics.backtest.cost import FraudMoney, GoodCustomers, fraud_money, good_customers_hurt
from seawall.analytics.backtest.decisions import OUTCOMES, Decisions
from seawall.analytics.backtest.outcomes import OutcomeCount, count_outcomes, outcomes_by_day
from seawall.analytics.backtest.quality import Coverage, Quality, coverage, quality, quality_at_levels
from seawall.analytics.backtest.rules import RuleStatistics, overlap, rule_statistics
from seawall.analytics.backtest.scores import ScoreBin, ThresholdPoint, score_distribution, threshold_curve

__all__ = [
    "OUTCOMES",
    "AlertLoad",
    "Comparison",
    "Coverage",
    "Decisions",
    "FraudMoney",
    "GoodCustomers",
    "OutcomeCount",
    "Quality",
    "RuleStatistics",
    "ScoreBin",
    "SideChange",
    "ThresholdPoint",
    "alerts_per_day",
    "compare",
    "count_outcomes",
    "coverage",
    "fraud_money",
    "good_customers_hurt",
    "outcomes_by_day",
    "overlap",
    "quality",
    "quality_at_levels",
    "rule_statistics",
    "score_distribution",
    "threshold_curve",
]
