"""Differences in words, rates on the sample, simulations: what a person reads before anything decides."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from django.utils import translation

from seawall.apps.errors import InvalidError
from seawall.apps.policies.changes import compare, line_diff, say
from seawall.apps.policies.checking import check, load
from seawall.apps.policies.editing import edits
from seawall.engine.pack.model import Artefact, ModelDefinition
from tests.apps.decisions.home import NOW, PACK, card

if TYPE_CHECKING:
    from seawall.apps.policies.models import Version

FILES = {path.name: path.read_bytes() for path in PACK.glob("*.yaml")}


def changed(*steps: tuple[str, dict[str, Any]]) -> dict[str, bytes]:
    files = {name: data.decode() for name, data in FILES.items()}
    for name, arguments in steps:
        file, text = edits.apply(files, name, arguments)
        files[file] = text
    return {name: text.encode() for name, text in files.items()}


def sentences(*steps: tuple[str, dict[str, Any]]) -> list[str]:
    return [one.sentence for one in compare(load(FILES), load(changed(*steps)))]


CASES = [
    (("rule.change", {"name": "card_velocity", "fields": {"score": 35, "outcome": "review"}}),
     ["Rule card_velocity: score 45 → 35", "Rule card_velocity: outcome – → review"]),
    (("threshold.set", {"outcome": "review", "score": 55}), ["Threshold for Review: 60 → 55"]),
    (("threshold.set", {"outcome": "challenge", "score": None}), ["Threshold for Challenge: 30 → –"]),
    (("cap.set", {"cap": 90}), ["Policy: highest score 100 → 90"]),
    (("feature.change", {"name": "card_merchants_1h", "fields": {"window": {"last": "2h"}}}),
     ["Feature card_merchants_1h: window 1h → 2h", "Feature card_merchants_1h: resolution – → 1m"]),
    (("cell.set", {"table": "quasi_cash", "row": "any_heavy", "column": 1, "cell": '> money("20000")'}),
     ['Decision table quasi_cash, row any_heavy: customer_quasi_cash_24h > money("30000") → > money("20000")']),
    (("row.move", {"table": "quasi_cash", "row": "any_heavy", "to": 0}),
     ["Decision table quasi_cash: the order of its rows changed"]),
    (("row.remove", {"table": "quasi_cash", "row": "any_heavy"}),
     ['Decision table quasi_cash: row any_heavy is gone: - | > money("30000") → 30']),
    (("limit.change", {"name": "new_payees_day", "fields": {"default": 10}}),
     ["Setting limits.new_payees_day: default 20 → 10"]),
    (("list.change", {"name": "trusted_customers", "fields": {"max_validity": "30d"}}),
     ["List trusted_customers: longest validity 90d → 30d"]),
]  # fmt: skip


@pytest.mark.parametrize(("step", "says"), CASES)
def test_a_change_in_words(step: tuple[str, dict[str, Any]], says: list[str]) -> None:
    assert [one.strip() for one in sentences(step)] == says


def test_whatever_a_model_step_does_otherwise_is_told() -> None:
    before = ModelDefinition("risk", 1, {"zh": "模型", "en": "Model"}, "models/risk.txt", "0" * 64, ("payment.card",))
    after = replace(
        before, inputs={"f0": "card_count_10m"}, reasons={"f0": "R1"}, top=1, switch="switches.models",
        calibration=Artefact("models/map.json", "a" * 64),
    )  # fmt: skip
    packs = [replace(load(FILES), models={"risk": one}) for one in (before, after)]
    told = [one.sentence for one in compare(*packs)]
    assert len(told) == 5
    assert "Model risk: reasons given 3 → 1" in told
    assert "Model risk: switch – → switches.models" in told
    assert "Model risk: calibration – → models/map.json aaaaaaaaaaaa" in told


def test_layout_and_comments_are_no_change() -> None:
    noisy = FILES | {"rules.yaml": b"# more words\n" + FILES["rules.yaml"].replace(b"score: 45\n", b"score:   45\n")}
    assert compare(load(FILES), load(noisy)) == []
    lines = line_diff({"rules.yaml": FILES["rules.yaml"].decode()}, {"rules.yaml": noisy["rules.yaml"].decode()})
    assert "+# more words" in lines["rules.yaml"]


def test_new_and_gone_rules_features_and_cases() -> None:
    fields = {"id": "fresh", "title": {"zh": "新", "en": "New"}, "on": ["login"], "when": "true", "score": 5}
    assert sentences(("rule.add", {"fields": fields})) == ["Rule fresh is new: true, 5"]
    fresh = load(changed(("rule.add", {"fields": fields})))
    assert [one.sentence for one in compare(fresh, load(FILES))] == ["Rule fresh is gone: true, 5"]
    fewer = FILES | {"tests.yaml": b"tests: []\n"}
    gone = compare(load(FILES), load(fewer))
    assert len(gone) == len(load(FILES).tests)
    assert gone[0].sentence.startswith("Unit case “")


def test_what_was_stored_reads_in_both_languages() -> None:
    (change,) = compare(load(FILES), load(changed(CASES[1][0])))
    stored = json.loads(json.dumps(change.plain()))
    with translation.override("zh-hans"):
        assert say(*stored) == "“人工审核”阈值:60 → 55"
    assert say("gone msgid %(lost)s", {}) == "gone msgid %(lost)s"


# --- the checker ------------------------------------------------------------------------------------------------------


def test_200_rules_over_100_features_are_checked() -> None:
    features = "features:\n" + "".join(
        f"  - {{name: f{n}, version: 1, entity: card, on: [payment.card], agg: count, window: {{last: {n + 1}m}}, "
        f"resolution: exact, default: 0, title: {{zh: 数, en: N}}}}\n"
        for n in range(100)
    )
    rules = "rules:\n" + "".join(
        f"  - id: r{n}\n    title: {{zh: 规则, en: Rule}}\n    on: [payment.card]\n"
        f'    when: f{n % 100} > {n} && base_amount > money("{n + 1}")\n    score: 10\n'
        for n in range(200)
    )
    files = {
        "events.yaml": FILES["events.yaml"], "features.yaml": features.encode(), "rules.yaml": rules.encode(),
        "policy.yaml": FILES["policy.yaml"].replace(b"  allow: {list: trusted_customers, up_to: review}\n", b""),
    }  # fmt: skip
    checked = check(files)
    assert checked.problems == ()
    assert checked.policy is not None
    assert (len(checked.policy.entries), len(checked.policy.pack.features)) == (200, 100)
    assert checked.ms > 0


# --- on recorded events -----------------------------------------------------------------------------------------------


def test_rates_on_the_sample_and_a_rule_that_matches_everything(first: Version) -> None:
    from seawall.apps.policies import bundles, queries, sampling

    wide = {"id": "all_cards", "title": {"zh": "全", "en": "All"}, "on": ["payment.card"], "score": 1,
            "when": 'base_amount >= money("0")'}  # fmt: skip
    lacking = {"fields": {"name": "new_one", "version": 1, "entity": "card", "on": ["payment.card"], "agg": "count",
                          "window": {"last": "7m"}, "title": {"zh": "数", "en": "N"}}}  # fmt: skip
    unknown = wide | {"id": "not_yet", "when": "new_one > 3"}
    bundle = bundles.put(
        changed(("rule.add", {"fields": wide}), ("feature.add", lacking), ("rule.add", {"fields": unknown}))
    )
    records = sampling.newest()
    found = queries.content(bundle.pk, sampling.Sample("", 0, tuple(records * 2)))  # the story is short
    cards = [one for one in records if one.event.type == "payment.card"]
    assert found.rates["all_cards"].hits == found.rates["all_cards"].events == 2 * len(cards)
    assert "not_yet" not in found.rates
    assert 0 < found.rates["card_velocity"].hits < found.rates["card_velocity"].events
    (warning,) = found.wide
    assert "all_cards fires on 100.0 % of the last" in warning.message
    assert (warning.file, warning.line > 500) == ("rules.yaml", True)


def burst_id() -> Any:
    from seawall.apps.decisions.models import DecisionRow

    return DecisionRow.objects.get(event_id="e-17").decision_id


def test_a_recorded_event_under_its_own_policy_says_what_was_decided(first: Version) -> None:
    from seawall.apps.decisions.models import DecisionRow
    from seawall.apps.policies import queries

    row = DecisionRow.objects.get(event_id="e-17")
    said = queries.simulated(first.digest, row.decision_id)
    assert (said.outcome, said.score, list(said.rules), said.zero) == (row.outcome, row.score, row.rules, ())
    leaf = next(leaf for one in said.reasons if one.rule == "card_velocity" for leaf in one.leaves)
    assert (leaf.name, leaf.text) == ("card_count_10m", "8")
    quiet = {one.rule: one for one in said.quiet}
    assert quiet["device_many_cards"].leaves[0].evaluated
    assert not set(quiet) & set(said.rules)


def test_another_threshold_gives_another_outcome(first: Version) -> None:
    from seawall.apps.policies import bundles, queries

    milder = bundles.put(changed(
        ("threshold.set", {"outcome": "decline", "score": None}),
        ("threshold.set", {"outcome": "review", "score": None}),
        ("rule.change", {"name": "card_velocity", "fields": {"score": 1}}),
    ))  # fmt: skip
    before, after = (queries.simulated(digest, burst_id()) for digest in (first.digest, milder.pk))
    assert after.score < before.score
    assert after.zero == ()


def test_a_new_feature_is_computed_from_nothing_and_says_so(first: Version) -> None:
    from seawall.apps.policies import bundles, queries

    other = bundles.put(changed(
        ("feature.change", {"name": "card_count_10m", "fields": {"window": {"last": "20m"}}}),
    ))  # fmt: skip
    said = queries.simulated(other.pk, burst_id())
    assert said.zero == ("card_count_10m",)
    assert "card_velocity" not in said.rules
    values = {one.name: one for one in said.features}
    assert (values["card_count_10m"].text, values["card_count_10m"].source) == ("1", "zero")
    assert (values["customer_count_1h"].text, values["customer_count_1h"].source) == ("8", "recorded")


def test_a_typed_event_goes_through_the_door(first: Version) -> None:
    from seawall.apps.policies import queries

    said = queries.simulated(first.digest, body=card(77, 5, amount=9_000_000), now_ms=NOW)
    assert said.event_type == "payment.card"
    assert "card_count_10m" in said.zero
    with pytest.raises(InvalidError, match="merchnt"):
        queries.simulated(first.digest, body=card(78, 5, merchnt="m"), now_ms=NOW)
    with pytest.raises(InvalidError, match="one event as JSON"):
        queries.simulated(first.digest)
