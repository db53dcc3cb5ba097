"""Gate reports, deployments and limits as sentences."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from seawall.apps.policies import queries
from seawall.apps.policies.models import Deployment, GateReport
from seawall.apps.policies.models.deployment import CHALLENGER, CHAMPION
from seawall.apps.policies.models.gate import BACKTEST, CASES, COST, SHADOW
from seawall.console import formatting
from seawall.console.pages import Moment
from seawall.console.words import Text, Word, words

PASSED = words(
    Word("yes", pgettext_lazy("gate", "Passed"), "check-circle", "good"),
    Word("no", pgettext_lazy("gate", "Failed"), "x-circle", "bad"),
    Word("none", pgettext_lazy("gate", "Not yet"), "circle", "neutral"),
)
GATES: dict[str, Text] = {
    CASES: pgettext_lazy("gate", "Unit cases"),
    BACKTEST: pgettext_lazy("gate", "Backtest"),
    SHADOW: pgettext_lazy("gate", "Shadow comparison"),
    COST: pgettext_lazy("gate", "Cost"),
}
DEPLOYED = words(
    Word("waiting", pgettext_lazy("deployment", "Waiting"), "clock", "notice"),
    Word("sent", pgettext_lazy("deployment", "Sent"), "send", "notice"),
    Word("active", pgettext_lazy("deployment", "Active"), "check-circle", "good"),
    Word("refused", pgettext_lazy("deployment", "Refused"), "x-circle", "bad"),
)
_KINDS: dict[str, Text] = {
    "publish": pgettext_lazy("deployment", "Published"),
    "rollback": pgettext_lazy("deployment", "Rolled back"),
    "stop": pgettext_lazy("deployment", "Stopped"),
    "seen": pgettext_lazy("deployment", "Seen in the journal"),
}
ROLES: dict[str, Text] = {
    "champion": gettext_lazy("Champion"), "challenger": gettext_lazy("Challenger"), "shadow": gettext_lazy("Shadow"),
}  # fmt: skip


@dataclass(frozen=True)
class Gate:
    """A check of a content: what came of it, in words; `failures` name what to mend."""

    kind: str
    title: Text
    word: Word
    text: str
    report: GateReport | None
    failures: Sequence[str] = ()


def gates_of(digest: str) -> list[Gate]:
    """Every check with its newest report about a content."""
    reports = queries.reports(digest)
    found = []
    for kind, title in GATES.items():
        report = reports.get(kind)
        key = "none" if report is None else "yes" if report.passed else "no"
        text = said(report) if report is not None else ""
        found.append(Gate(kind, title, PASSED[key], text, report, _failures(report)))
    return found


def said(report: GateReport) -> str:
    """A report's figures in a sentence."""
    one = report.summary
    if report.kind == CASES:
        return _("%(cases)s cases, %(failed)s fail.") % {
            "cases": one.get("cases", "–"),
            "failed": one.get("failed", "–"),
        }
    if report.kind == COST:
        values = {"candidate": one.get("candidate", "–"), "champion": one.get("champion", "–")}
        return _("%(candidate)s µs a decision; the champion takes %(champion)s.") % values
    if report.kind == BACKTEST and "approved" in one:
        text = _("%(events)s events: %(approved)s pass, %(alerts)s alerts a day.") % {
            "events": formatting.number(one.get("events") or 0), "approved": formatting.percent(one["approved"], 2),
            "alerts": formatting.number(one.get("alerts_a_day") or 0, 1),
        }  # fmt: skip
        if "newly_stopped" in one:
            text += " " + _("%(new)s events are newly stopped, %(gone)s no longer") % {
                "new": formatting.number(one["newly_stopped"]), "gone": formatting.number(one["no_longer_stopped"]),
            }  # fmt: skip
        return text
    if report.kind == SHADOW and "approval" in one:
        return _("%(decisions)s decisions: it approves %(other)s, the champion %(champion)s.") % {
            "decisions": formatting.number(one["decisions"][1]), "other": formatting.percent(one["approval"][1], 2),
            "champion": formatting.percent(one["approval"][0], 2),
        }  # fmt: skip
    return ""


def _failures(report: GateReport | None) -> list[str]:
    if report is None or report.kind != CASES:
        return []
    language = "zh" if formatting.chinese() else "en"
    found = [str(one) for one in report.summary.get("problems", ())]
    for one in report.summary.get("failures", ()):
        name = one["name"].get(language) or next(iter(one["name"].values()), "")
        found.append(f"tests.yaml:{one['line']} {name}: {'; '.join(map(str, one['differences'][:3]))}")
    return found[:10]


def placed(deployment: Deployment) -> str:
    """What a deployment runs, as a sentence."""
    parts = []
    for one in sorted(deployment.placements.all(), key=lambda each: list(ROLES).index(each.role)):
        label = one.version.label
        if one.role == CHAMPION:
            parts.append(_("%(policy)s decides") % {"policy": label})
        elif one.role == CHALLENGER:
            values = {"policy": label, "share": f"{one.share / 100:g}", "entity": one.entity}
            parts.append(_("%(policy)s gets %(share)s %% by %(entity)s") % values)
        else:
            parts.append(_("%(policy)s runs as a shadow") % {"policy": label})
    return ", ".join(parts)


def moment(deployment: Deployment) -> Moment:
    """A deployment in a history."""
    word = DEPLOYED[deployment.outcome]
    title = _KINDS[deployment.kind]
    text = placed(deployment)
    if deployment.outcome != "active":
        text = f"{word.title}: {text}"
    checker = _("approved by %(checker)s") % {"checker": deployment.checker} if deployment.checker else ""
    for more in (deployment.reason, checker, deployment.problem):
        text = f"{text} · {more}" if more else text
    by = str(deployment.by) if deployment.by else ""
    return Moment(deployment.since or deployment.made_at, title, text, by, word.icon, word.tone)
