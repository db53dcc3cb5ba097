"""challenges.yaml and tips.yaml: how a subject proves who it is, and what a customer is told for a reason code."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from seawall.engine.event import EventType
from seawall.engine.lists import ListDefinition
from seawall.engine.pack.events import Settings
from seawall.engine.pack.model import (
    CHALLENGE_CHANNELS,
    CHALLENGE_KINDS,
    CHALLENGE_RESULT,
    TIP_LEVELS,
    ChallengeMethod,
    DecisionTable,
    ModelDefinition,
    Place,
    Rule,
    Tip,
)
from seawall.engine.pack.reader import REASON, Node, did_you_mean
from seawall.engine.times import HOUR, SECOND

CODE, TOTP, FACE = CHALLENGE_KINDS
MAX_METHODS = 16
MAX_BIND = 16
MAX_TIP = 500
RESULT_FIELDS = {"challenge_id": "key", "event": "key", "method": "code", "result": "code"}
BINDABLE = ("key", "code", "string", "int", "money", "currency", "bool")
_METHOD = ("name", "kind", "title", "ttl", "attempts", "bind")
_CODE = ("channel", "digits", "resend", "to")
_Places = dict[tuple[str, ...], Place]


def read_challenges(root: Node, events: Settings, on: Collection[str], places: _Places) -> dict[str, ChallengeMethod]:
    """The methods by name, in order of preference, with every problem noted; {} where the pack has none."""
    if root.value is None or not root.members(("methods",), ("methods",), "challenges.yaml"):
        return {}
    _check_result(root, events, on)
    nodes = root["methods"].items()
    if len(nodes) > MAX_METHODS:
        root["methods"].problem(f"{len(nodes)} methods; a pack may have {MAX_METHODS}", "drop some")
    found: dict[str, ChallengeMethod] = {}
    for node in nodes:
        if not node.members((*_METHOD, *_CODE), ("name", "kind", "title"), "challenge method"):
            continue
        method = _method(node, events)
        if method.name in found:
            node["name"].problem(f"method {method.name!r} stands twice", "rename one")
        elif method.name:
            places["challenge", method.name] = node.place
            found[method.name] = method
    return found


def _method(node: Node, events: Settings) -> ChallengeMethod:
    kind = node.choice("kind", CHALLENGE_KINDS)
    for key in _CODE if kind in (TOTP, FACE) else ():
        if node.has(key):
            node[key].problem(f"{key} belongs to kind: {CODE}", "remove it")
    if kind == CODE and not node.has("channel"):
        node.problem("a one-time code needs its channel", f"channel: one of {', '.join(CHALLENGE_CHANNELS)}")
    resend = node["resend"]
    if node.has("resend"):
        resend.members(("times", "after"), ("times",), "resend")
    return ChallengeMethod(
        name=node.name("name"),
        kind=kind or CODE,
        title=node.title(),
        channel=node.choice("channel", CHALLENGE_CHANNELS),
        digits=node.integer("digits", 4, 10, 6),
        ttl_ms=_span(node, "ttl", 30 * SECOND, HOUR, 300 * SECOND),
        attempts=node.integer("attempts", 1, 10, 3),
        resends=resend.integer("times", 0, 10),
        resend_after_ms=_span(resend, "after", SECOND, HOUR, 60 * SECOND),
        bind=_bound(node, events),
        to=node.known("to", _sealed(events), "sealed field"),
    )


def _span(node: Node, key: str, least: int, most: int, default: int) -> int:
    value = node.duration(key, default)
    if not least <= value <= most:
        node[key].problem(f"{key} must lie between {least // SECOND}s and {most // SECOND}s")
    return value


def _bound(node: Node, events: Settings) -> tuple[str, ...]:
    fields = (one for kind in events.events.values() for one in kind.fields.values())
    names = {one.name for one in fields if one.type in BINDABLE}
    bound = node.known_words("bind", names, f"field of an event that is a {', '.join(BINDABLE)}")
    if len(bound) > MAX_BIND:
        node["bind"].problem(f"{len(bound)} bound fields; a method may have {MAX_BIND}", "drop some")
    return bound


def _sealed(events: Settings) -> set[str]:
    fields = (one for kind in events.events.values() for one in kind.fields.values())
    return {one.name for one in fields if one.sealed and one.type == "string"}


def _check_result(root: Node, events: Settings, on: Collection[str]) -> None:
    """The event that a challenge ends in: declared, decided by the policy, filled from what is known by then."""
    kind = events.events.get(CHALLENGE_RESULT)
    wanted = ", ".join(f"{name}: {{type: {of}}}" for name, of in RESULT_FIELDS.items())
    if kind is None or CHALLENGE_RESULT not in on:
        where = "events.yaml" if kind is None else "policy.yaml under on"
        root.problem(f"challenges end in an event {CHALLENGE_RESULT}, which is missing in {where}", f"with {wanted}")
        return
    if not kind.subject:
        root.problem(f"{CHALLENGE_RESULT} names no subject", "subject: the key of who was challenged")
    for name, of in RESULT_FIELDS.items():
        if name not in kind.fields or kind.fields[name].type != of:
            root.problem(f"{CHALLENGE_RESULT} lacks the field {name}", f"{name}: {{type: {of}}}")
    challenged = [events.events[name] for name in on if name != CHALLENGE_RESULT and name in events.events]
    for field in kind.fields.values():
        if field.grade == "sensitive":
            root.problem(
                f"{CHALLENGE_RESULT}.{field.name} is sensitive; it is filled from the challenged event, which holds a "
                "surrogate or a sealed text", "leave it out; the event is found by `event`"
            )  # fmt: skip
        elif field.required and field.name not in RESULT_FIELDS and not _always(field.name, challenged):
            root.problem(
                f"{CHALLENGE_RESULT}.{field.name} is required, but not every event with a subject carries it",
                "make it optional",
            )


def _always(name: str, kinds: Iterable[EventType]) -> bool:
    return all(name in kind.fields and kind.fields[name].required for kind in kinds if kind.subject)


# --- tips -------------------------------------------------------------------------------------------------------------


def reasons_of(
    rules: Iterable[Rule],
    tables: Iterable[DecisionTable],
    lists: Mapping[str, ListDefinition],
    models: Mapping[str, ModelDefinition],
) -> set[str]:
    """Every reason code that the pack can give."""  # fmt: skip
    found = {row.reason for table in tables for row in table.rows}
    found |= {rule.reason for rule in rules} | {one.reason for one in lists.values()}
    return (found | {code for model in models.values() for code in model.reasons.values()}) - {""}


def read_tips(root: Node, reasons: Collection[str]) -> dict[str, Tip]:
    """The tips by reason code, with every problem noted."""
    if root.value is None or not root.members(("tips",), ("tips",), "tips.yaml"):
        return {}
    found: dict[str, Tip] = {}
    for code, node in root["tips"].entries():
        if not REASON.fullmatch(code):
            node.problem(f"{code!r} is not a reason code", "use A-Z, 0-9 and _, like VELOCITY")
        elif code not in reasons:
            hint = did_you_mean(code, reasons)
            node.problem(f"no rule, row, list or model gives the reason {code!r}", hint)
        if not node.members(("level", "zh", "en"), ("level", "zh", "en"), "tip"):
            continue
        for language in ("zh", "en"):
            if len(node.text(language)) > MAX_TIP:
                node[language].problem(f"a tip has at most {MAX_TIP} characters", "shorten it")
        found[code] = Tip(code, node.choice("level", TIP_LEVELS), {one: node.text(one) for one in ("zh", "en")})
    return found
