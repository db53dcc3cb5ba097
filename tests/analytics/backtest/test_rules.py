from seawall.analytics.backtest import Decisions, Quality, RuleStatistics, overlap, rule_statistics


def test_hits_exclusive_hits_and_quality(twelve: Decisions) -> None:
    y, x, z, idle = rule_statistics(twelve, ("idle",))
    assert y == RuleStatistics("y", 5, 4, 1, 3800, Quality(3, 2, 1, 1, 2 / 3, 2 / 3, 4 / 6))
    assert x == RuleStatistics("x", 3, 2, 0, 1500, Quality(3, 1, 2, 2, 1 / 3, 1 / 3, 2 / 6))
    assert z == RuleStatistics("z", 1, 1, 0, 900, Quality(1, 0, 1, 3, 0.0, 0.0, 0.0))
    assert (idle.rule, idle.hits, idle.quality.precision) == ("idle", 0, None)


def test_overlap_has_the_hits_on_its_diagonal(twelve: Decisions) -> None:
    assert overlap(twelve, ["x", "y", "z", "idle"]).tolist() == [[3, 1, 0, 0], [1, 5, 0, 0], [0, 0, 1, 0], [0, 0, 0, 0]]


def test_no_rules_at_all(nothing: Decisions) -> None:
    assert rule_statistics(nothing) == []
    assert overlap(nothing, ["x"]).tolist() == [[0]]
