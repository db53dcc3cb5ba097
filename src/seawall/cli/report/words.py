"""Numbers and findings in words, Chinese and English: the titles of a report state what was found."""

from __future__ import annotations

from dataclasses import dataclass

from seawall.analytics.backtest import OUTCOMES, SideChange
from seawall.analytics.backtest.summary import Judged, Summary
from seawall.cli.words import OUTCOME_WORDS


@dataclass(frozen=True, slots=True)
class Both:
    """One text in both languages."""

    en: str
    zh: str


def percent(value: float | None, digits: int = 1) -> str:
    """0.1234 as 12.3%; a dash where there is nothing to say."""
    return "–" if value is None else f"{100 * value:.{digits}f}%"


def count(value: float) -> str:
    """1234567 as 1,234,567."""
    return f"{value:,.0f}"


def rate(value: float) -> str:
    """A mean of counts: 1,234, but 0.9 where whole numbers would say too little."""
    return f"{value:,.1f}" if value < 10 else f"{value:,.0f}"


def money(minor: int, exponent: int, currency: str) -> str:
    """Minor units as whole major units with the currency."""
    return f"{currency} {minor / 10**exponent:,.0f}"


def headline(summary: Summary) -> Both:
    """The report in one sentence."""
    a, source = summary.a, summary.source
    stopped = sum(outcome.events for outcome in a.outcomes if outcome.outcome in ("review", "decline"))
    events = summary.coverage.events
    en = f"{a.policy} stops {count(stopped)} of {count(events)} events"
    zh = f"{a.policy} 在 {count(events)} 笔事件中拦截 {count(stopped)} 笔"
    if summary.coverage.frauds:
        best = a.quality["review"]
        saved = money(a.money.saved, source.exponent, source.currency)
        en += f", finds {percent(best.recall)} of frauds at {percent(best.precision)} precision and keeps {saved}"
        zh += f",识别 {percent(best.recall)} 的欺诈,精确率 {percent(best.precision)},挽回 {saved}"
    return Both(en, zh)


def daily_finding(judged: Judged) -> Both:
    """What stands over the outcomes by day."""
    shares = {outcome.outcome: outcome.share for outcome in judged.outcomes}
    en = ", ".join(f"{percent(shares[name], 2)} {OUTCOME_WORDS[name][0]}" for name in OUTCOMES[1:])
    zh = "、".join(f"{OUTCOME_WORDS[name][1]} {percent(shares[name], 2)}" for name in OUTCOMES[1:])
    return Both(
        f"{percent(shares['approve'], 2)} of events pass; {en}", f"{percent(shares['approve'], 2)} 的事件通过;{zh}"
    )


def alerts_finding(judged: Judged) -> Both:
    """What stands over the alerts a day."""
    load = judged.alerts["review"]
    return Both(
        f"{rate(load.mean)} alerts a day to review or decline; {count(load.p95)} on a busy day (p95)",
        f"每日审核与拒绝平均 {rate(load.mean)} 笔,繁忙日(p95){count(load.p95)} 笔",
    )


def score_finding(judged: Judged) -> Both:
    """What stands over the spread of scores."""
    quality = judged.quality["challenge"]
    frauds = quality.true_positives + quality.false_negatives
    others = judged.scores[0].others if judged.scores else 0
    return Both(
        f"{percent(quality.recall)} of {count(frauds)} frauds score high enough for an alert; "
        f"{count(others)} other events lie in the lowest bin",
        f"{count(frauds)} 笔欺诈中 {percent(quality.recall)} 的风险分达到预警;{count(others)} 笔其他事件在最低风险分段",
    )


def rules_finding(judged: Judged) -> Both:
    """What stands over the rules."""
    judged_rules = [rule for rule in judged.rules if rule.quality.alerts]
    idle = [rule.rule for rule in judged.rules if not rule.hits]
    if not judged_rules:
        return Both("No rule fired on an event that can be judged", "没有规则命中可评估的事件")
    best = max(judged_rules, key=lambda rule: (rule.quality.true_positives, rule.rule))
    worst = min(judged_rules, key=lambda rule: (rule.quality.precision or 0.0, rule.rule))
    en = f"{best.rule} finds most frauds ({count(best.quality.true_positives)})"
    zh = f"{best.rule} 识别欺诈最多({count(best.quality.true_positives)} 笔)"
    if worst is not best:
        en += f"; {worst.rule} is least precise ({percent(worst.quality.precision)})"
        zh += f";{worst.rule} 精确率最低({percent(worst.quality.precision)})"
    if idle:
        en += f"; never fired: {', '.join(idle)}"
        zh += f";从未命中:{'、'.join(idle)}"
    return Both(en, zh)


def curve_finding(judged: Judged) -> Both:
    """What stands over the threshold curve: the threshold of the best F1."""
    points = [point for point in judged.curve if point.precision and point.recall]
    if not points:
        return Both("No threshold separates frauds from others", "没有阈值能区分欺诈")
    best = max(points, key=lambda p: (_f1(p.precision, p.recall), p.threshold))
    precision, recall = percent(best.precision), percent(best.recall)
    return Both(
        f"Best balance at a score of {best.threshold}: precision {precision}, recall {recall}",
        f"风险分 {best.threshold} 处最均衡:精确率 {precision},召回率 {recall}",
    )


def _f1(precision: float | None, recall: float | None) -> float:
    return 2 * precision * recall / (precision + recall) if precision and recall else 0.0


def change_finding(summary: Summary) -> Both:
    """What stands over the comparison."""
    assert summary.comparison is not None, "there is something to compare"
    assert summary.b is not None, "with a second policy"
    new, gone = summary.comparison.newly_stopped, summary.comparison.no_longer_stopped
    return Both(
        f"{summary.b.policy} newly stops {_changed(new)} and lets {_changed(gone)} go",
        f"{summary.b.policy} 新增拦截 {_changed_zh(new)},不再拦截 {_changed_zh(gone)}",
    )


def _changed(change: SideChange) -> str:
    rate = f" ({percent(change.fraud_rate)} fraud)" if change.known else ""
    return f"{count(change.events)} events{rate}"


def _changed_zh(change: SideChange) -> str:
    rate = f"(欺诈占 {percent(change.fraud_rate)})" if change.known else ""
    return f"{count(change.events)} 笔{rate}"
