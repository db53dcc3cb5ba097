"""The report as one self-contained page: styles and charts inside, no script."""

from __future__ import annotations

from importlib.resources import files

import jinja2
from markupsafe import Markup

from seawall.analytics.backtest import OUTCOMES
from seawall.analytics.backtest.summary import Summary
from seawall.cli.report import words
from seawall.cli.report.charts import charts
from seawall.cli.words import LANGUAGES, OUTCOME_WORDS
from seawall.engine.times import format_duration, format_instant


def render(summary: Summary, language: str = "en") -> str:
    """HTML of the whole report in both languages, opening in `language`."""
    environment = jinja2.Environment(
        loader=jinja2.FunctionLoader(_source), autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
    source = summary.source
    environment.filters |= {"percent": words.percent, "count": words.count, "rate": words.rate}
    environment.filters["money"] = lambda minor: words.money(minor, source.exponent, source.currency)
    svg = {code: charts(summary, code) for code in LANGUAGES}
    findings = {
        "headline": words.headline(summary),
        "daily": words.daily_finding(summary.a),
        "alerts": words.alerts_finding(summary.a),
        "scores": words.score_finding(summary.a),
        "rules": words.rules_finding(summary.a),
        "curve": words.curve_finding(summary.a),
    }
    if summary.comparison is not None:
        findings["transitions"] = words.change_finding(summary)
    template = environment.get_template("report.html")
    return template.render(
        language=language,
        s=summary,
        findings=findings,
        chart=lambda name: Markup(  # noqa: S704 - drawn by us from escaped data
            "".join(f'<div class="{code}">{svg[code].get(name, "")}</div>' for code in LANGUAGES)
        ),
        has_chart=svg["en"].keys(),
        outcomes=OUTCOMES,
        outcome_words=OUTCOME_WORDS,
        first=format_instant(summary.first_ms)[:10],
        last=format_instant(summary.last_ms)[:10],
        delay=format_duration(source.label_delay_ms) if source.label_delay_ms else "0",
        style=Markup(_source("report.css")),  # noqa: S704 - our own file
    )


def _source(name: str) -> str:
    return files("seawall.cli.report").joinpath(name).read_text("utf-8")
