"""lists.yaml, policy.yaml and tests.yaml."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from seawall.engine.feature.definition import Feature
from seawall.engine.lists import LIST_KINDS, ListDefinition
from seawall.engine.pack.events import Settings
from seawall.engine.pack.model import OUTCOMES, Allow, Fallback, Place, Policy, TestCase, TestRecord
from seawall.engine.pack.reader import Node, did_you_mean
from seawall.engine.settings import ALL, SettingDefinition
from seawall.engine.times import parse_instant

_MAX_SCORE = 1_000_000
_LIST = ("name", "kind", "key", "title", "four_eyes", "max_validity", "outcome", "reason", "legal")
_POLICY = ("policy", "version", "on", "combine", "split_key", "fallback")
_COMBINE = ("score", "thresholds", "outcome", "allow")
_EXPECT = ("outcome", "score", "rules", "features")
_ENTRY = ("at", "list", "entry_id", "key", "reason", "owner", "valid_from", "valid_until", "removed", "approved_by")
_SETTING = (
    "at",
    "setting",
    "entry_id",
    "scope",
    "key",
    "value",
    "reason",
    "source",
    "valid_from",
    "valid_until",
    "removed",
)


def read_lists(root: Node, settings: Settings, places: dict[tuple[str, ...], Place]) -> dict[str, ListDefinition]:
    """Lists by name, with every problem noted."""
    lists: dict[str, ListDefinition] = {}
    if root.value is None or not root.members(("lists",), ("lists",), "lists.yaml"):
        return lists
    keys = {name for kind in settings.events.values() for name, col in kind.columns().items() if col.type == "key"}
    for node in root["lists"].items():
        if not node.members(_LIST, ("name", "kind", "key", "title"), "list") or not (name := node.name("name")):
            continue
        if name in lists:
            node["name"].problem(f"list {name!r} stands twice", "rename one")
            continue
        places["list", name] = node.place
        kind = node.choice("kind", LIST_KINDS)
        for key in ("outcome", "reason", "legal"):
            if kind in ("allow", "watch") and node.has(key):
                node[key].problem(f"{key} belongs to deny lists", "remove it, or write a rule with `in lists.NAME`")
        lists[name] = ListDefinition(
            name=name,
            kind=kind,
            key=node.known("key", keys, "entity key"),
            title=node.title(),
            four_eyes=node.boolean("four_eyes"),
            max_validity_ms=node.duration("max_validity"),
            outcome=node.choice("outcome", OUTCOMES[1:]) or ("decline" if kind == "deny" else ""),
            reason=node.reason("reason") or ("DENY_LIST" if kind == "deny" else ""),
            legal=node.boolean("legal"),
        )
    return lists


def read_policy(
    root: Node, settings: Settings, lists: Mapping[str, ListDefinition], places: dict[tuple[str, ...], Place]
) -> Policy:
    """How fired rules become one outcome."""
    name = ""
    if root.members(_POLICY, ("policy", "version", "on", "combine"), "policy.yaml"):
        name = root.name("policy")
        places["policy",] = root["policy"].place
    combine = root["combine"]
    if root.has("combine"):
        combine.members(_COMBINE, ("score", "thresholds"), "combine")
    keys = {key for kind in settings.events.values() for key, col in kind.fields.items() if col.type == "key"}
    return Policy(
        name=name,
        version=root.integer("version", 1, 1_000_000, 1),
        on=root.known_words("on", settings.events, "event type"),
        score_cap=_score_cap(combine),
        thresholds=_thresholds(combine),
        allow=_allow(combine, lists),
        split_key=root.known("split_key", keys, "entity key"),
        fallback=_fallback(root["fallback"]),
    )


def _score_cap(combine: Node) -> int:
    if not combine.has("score"):
        return 0
    score = combine["score"]
    score.members(("sum_of", "cap"), ("sum_of", "cap"), "score")
    score.choice("sum_of", ("fired_rules",))
    return score.integer("cap", 1, _MAX_SCORE, 1)


def _thresholds(combine: Node) -> dict[str, int]:
    node = combine["thresholds"]
    if not combine.has("thresholds") or not node.members(OUTCOMES[1:], (), "thresholds"):
        return {}
    combine.choice("outcome", ("worst",), "worst")
    thresholds = {
        outcome: node.integer(outcome, -_MAX_SCORE, _MAX_SCORE) for outcome in OUTCOMES[1:] if node.has(outcome)
    }
    scores = list(thresholds.values())
    if scores != sorted(scores):
        node.problem("thresholds must rise from challenge to review to decline", "order them")
    return thresholds


def _allow(combine: Node, lists: Mapping[str, ListDefinition]) -> Allow | None:
    node = combine["allow"]
    if not combine.has("allow") or not node.members(("list", "up_to"), ("list",), "allow"):
        return None
    name = node.known("list", lists, "list")
    if name and lists[name].kind != "allow":
        node["list"].problem(f"{name} is a {lists[name].kind} list", "name a list of kind allow")
    return Allow(name, node.choice("up_to", OUTCOMES[1:], "review"))


def _fallback(node: Node) -> Fallback:
    if node.value is None or not node.members(("lists", "model"), (), "fallback"):
        return Fallback()
    model = node["model"]
    if model.value is not None:
        model.members(("score", "outcome"), ("score", "outcome"), "model")
    return Fallback(
        lists=node.choice("lists", ("missing",), "missing"),
        model_score=model.integer("score", -_MAX_SCORE, _MAX_SCORE),
        model_outcome=model.choice("outcome", OUTCOMES, "review"),
    )


# --- tests ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Content:
    """What tests may refer to."""

    settings: Settings
    policy: Policy
    features: Mapping[str, Feature]
    lists: Mapping[str, ListDefinition]
    limits: Mapping[str, SettingDefinition]
    rules: frozenset[str]


def read_tests(root: Node, content: Content) -> tuple[TestCase, ...]:
    """Tests with their records completed: `at` becomes event_time, ids and the policy's only type are filled in."""
    if root.value is None or not root.members(("tests",), ("tests",), "tests.yaml"):
        return ()
    return tuple(
        _test(node, content)
        for node in root["tests"].items()
        if node.members(("name", "given", "event", "expect"), ("name", "event", "expect"), "test")
    )


def _test(node: Node, content: Content) -> TestCase:
    given = tuple(_record(item, content, f"given-{index}") for index, item in enumerate(node["given"].items(), 1))
    event = _record(node["event"], content, "event")
    if event.kind != "event":
        node["event"].problem(f"the tested record is a {event.kind}, not an event", "move it to given")
    expect = node["expect"]
    if node.has("expect"):
        expect.members(_EXPECT, ("outcome",), "expect")
    return TestCase(
        name=node.title("name"),
        given=given,
        event=event,
        outcome=expect.choice("outcome", OUTCOMES),
        place=node.place,
        score=expect.integer("score", -_MAX_SCORE, _MAX_SCORE) if expect.has("score") else None,
        rules=expect.known_words("rules", content.rules, "rule") if expect.has("rules") else None,
        features=_expected_features(expect["features"], content),
    )


def _expected_features(node: Node, content: Content) -> dict[str, int | float | str | None]:
    expected = {}
    for name, member in node.entries():
        if name not in content.features:
            node.problem(f"unknown feature {name!r}", did_you_mean(name, content.features), key=name)
        elif isinstance(member.value, dict | list):
            member.problem(f"the value of {name} must be a number, text or null")
        else:
            expected[name] = member.value
    return expected


def _record(node: Node, content: Content, default_id: str) -> TestRecord:
    if not isinstance(node.value, dict):
        if node.value is not None:
            node.problem("a record must be a mapping", '{at: "2026-11-22T10:00:00.000Z", …}')
        return TestRecord("event", 0, {})
    kind = next((kind for kind in ("label", "list", "setting") if kind in node.value), "event")
    at, at_ms = _at(node)
    body = {name: value for name, value in node.value.items() if name != "at"}
    if kind == "list":
        node.members(_ENTRY, ("at", "entry_id", "key"), "list entry")
        node.known("list", content.lists, "list")
        filled = {"reason": "test", "owner": "maker", "approved_by": "checker", "valid_from": at}
        return TestRecord(kind, at_ms, filled | body)
    if kind == "setting":
        node.members(_SETTING, ("at", "value"), "setting entry")
        node.known("setting", content.limits, "limit or switch")
        filled = {"entry_id": default_id, "reason": "test", "source": "test", "scope": ALL}
        return TestRecord(kind, at_ms, filled | body)
    if kind == "label":
        label = content.settings.labels.get(node.known("label", content.settings.labels, "label"))
        node.members(("at", "label", "event_id", *(label.keys if label else body)), ("at", "event_id"), "label")
        return TestRecord(kind, at_ms, {"label_time": at} | body)
    name = _event_type_name(node, content)
    if (event_type := content.settings.events.get(name)) is not None:
        required = [field for field, declared in event_type.fields.items() if declared.required]
        node.members(("at", "type", "event_id", *event_type.fields), ("at", *required), f"{name} event")
    return TestRecord(kind, at_ms, {"event_id": default_id, "type": name, "event_time": at} | body)


def _event_type_name(node: Node, content: Content) -> str:
    if node.has("type"):
        return node.known("type", content.settings.events, "event type")
    if len(content.policy.on) != 1:
        node.problem("the policy takes several event types; which is this?", "add type")
        return ""
    return content.policy.on[0]


def _at(node: Node) -> tuple[str, int]:
    text = node.text("at")
    if not text:
        return "", 0
    try:
        return text, parse_instant(text)
    except ValueError as error:
        node["at"].problem(f"at {text!r} {error}")
        return text, 0
