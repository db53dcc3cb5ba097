"""What a pack holds once read: frozen records; expression texts keep the place where they stand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from seawall.engine.errors import Problem
from seawall.engine.event import EventType, LabelType
from seawall.engine.feature.definition import Feature
from seawall.engine.graph.definition import Links
from seawall.engine.lists import ListDefinition
from seawall.engine.settings import SettingDefinition

OUTCOMES = ("approve", "challenge", "review", "decline")  # from mildest to worst
SEVERITIES = ("low", "medium", "high", "critical")
CHALLENGE_KINDS = ("one_time_code", "totp", "face_match")
CHALLENGE_CHANNELS = ("sms", "email")
CHALLENGE_RESULT = "challenge.result"  # the type of the event that a challenge ends in
TIP_LEVELS = ("info", "warning", "danger")

Title = Mapping[str, str]  # {"zh": …, "en": …}


@dataclass(frozen=True, slots=True)
class Place:
    """File, line and column (from 1) where something stands."""

    file: str
    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Text:
    """An expression as written; its character k (from 0) stands at column + k where the text is one plain line."""

    text: str
    place: Place = field(hash=False, compare=False)


@dataclass(frozen=True, slots=True)
class Action:
    """One thing to do when a rule fires; `ttl_ms` is how long it holds (0: it is done once)."""

    type: str
    ttl_ms: int = 0
    parameters: Mapping[str, str | int] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True)
class Rule:
    """Fires when `when` is true on an event of one of the types `on`; `legal`: no allow entry lifts its outcome."""

    id: str
    title: Title = field(hash=False)
    when: Text
    on: tuple[str, ...]
    score: int = 0
    outcome: str = ""
    severity: str = "medium"
    reason: str = ""
    tags: tuple[str, ...] = ()
    actions: tuple[Action, ...] = ()
    legal: bool = False


@dataclass(frozen=True, slots=True)
class TableRow:
    """One row of a decision table: a cell an input; "-" matches anything."""

    id: str
    cells: tuple[Text, ...]
    title: Title = field(hash=False)
    score: int = 0
    outcome: str = ""
    severity: str = "medium"
    reason: str = ""


@dataclass(frozen=True, slots=True)
class DecisionTable:
    """Rows over shared inputs. `hit`: first (the first matching row), all (each), collect (one score by `collect`)."""

    id: str
    title: Title = field(hash=False)
    on: tuple[str, ...]
    hit: str
    inputs: tuple[Text, ...]
    rows: tuple[TableRow, ...]
    collect: str = ""
    legal: bool = False


class Artefact(NamedTuple):
    """A file of the pack and its SHA-256 in hex."""

    file: str
    sha256: str


@dataclass(frozen=True, slots=True)
class ModelDefinition:
    """A model as a step of the policy: scored on events of the types `on`, missing elsewhere.

    `file` lies in the pack's folder and has this SHA-256. `inputs`: the artefact's features -> features or fields of
    the pack, where their names differ. `reasons`: the artefact's features -> reason codes; the `top` features that
    raised the score most give theirs. `calibration`, where there is one, is the map that the score goes through. While
    the setting `switch` is off the model is not run, and counts as failed.
    """

    name: str
    version: int
    title: Title = field(hash=False)
    file: str
    sha256: str
    on: tuple[str, ...]
    inputs: Mapping[str, str] = field(default_factory=dict, hash=False)
    reasons: Mapping[str, str] = field(default_factory=dict, hash=False)
    top: int = 3
    calibration: Artefact | None = None
    switch: str = ""


@dataclass(frozen=True, slots=True)
class ChallengeMethod:
    """One way for a subject to prove who it is. `bind`: fields of the event that the answer is good for, and no others.

    A one-time code goes out by `channel` and may be asked for `resends` times more, each `resend_after_ms` after the
    one before; `to` names a sealed field of the event that holds the number or address.
    """

    name: str
    kind: str
    title: Title = field(hash=False)
    channel: str = ""
    digits: int = 6
    ttl_ms: int = 300_000
    attempts: int = 3
    resends: int = 0
    resend_after_ms: int = 60_000
    bind: tuple[str, ...] = ()
    to: str = ""


@dataclass(frozen=True, slots=True)
class Tip:
    """What a customer is told where a decision has this reason: words of a warning, by language."""

    reason: str
    level: str
    text: Title = field(hash=False)


@dataclass(frozen=True, slots=True)
class Allow:
    """Hits on `list` lift outcomes up to and including `up_to` to approve."""

    list: str
    up_to: str = "review"


@dataclass(frozen=True, slots=True)
class Fallback:
    """What a failed step counts as: list look-ups `lists`, a model its score and outcome."""

    lists: str = "missing"
    model_score: int = 0
    model_outcome: str = "review"


@dataclass(frozen=True, slots=True)
class Policy:
    """How fired rules become one outcome. `thresholds`: outcome -> the score that reaches it."""

    name: str
    version: int
    on: tuple[str, ...]
    score_cap: int
    thresholds: Mapping[str, int] = field(hash=False)
    allow: Allow | None = None
    split_key: str = ""
    fallback: Fallback = Fallback()


@dataclass(frozen=True, slots=True)
class TestRecord:
    """One record of a test, as its caller would send it: `body` for Door.admit_object and its siblings."""

    __test__ = False  # not a pytest class

    kind: str  # event | label | list | setting
    at_ms: int
    body: Mapping[str, object] = field(hash=False)


@dataclass(frozen=True, slots=True)
class TestCase:
    """Records that went before, one event, and what its decision must show (None or absent: not asked)."""

    __test__ = False

    name: Title = field(hash=False)
    given: tuple[TestRecord, ...]
    event: TestRecord
    outcome: str
    place: Place
    score: int | None = None
    rules: tuple[str, ...] | None = None
    features: Mapping[str, int | float | str | None] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True)
class Pack:
    """The content of one policy. `content_hash`: SHA-256 over the data of its files (not their layout or comments);
    of a model's artefact it covers the hash. `artefacts`: the bytes of each model's file.

    `places` gives where a part stands: ("feature", name), ("feature", name, "where"), ("rule", id), ("table", id),
    ("row", table, row), ("list", name), ("event", type), ("field", type, name), ("policy",), ("model", name),
    ("setting", name), ("challenge", name), ("link", key), ("link", key, "where"), ("model", name, "file"),
    ("model", name, "inputs" or "reasons", feature).
    """

    name: str
    base_currency: str
    zone: str
    lateness_ms: int
    idempotency_ms: int
    events: Mapping[str, EventType]
    labels: Mapping[str, LabelType]
    features: Mapping[str, Feature]
    lists: Mapping[str, ListDefinition]
    rules: tuple[Rule, ...]
    tables: tuple[DecisionTable, ...]
    policy: Policy
    tests: tuple[TestCase, ...]
    content_hash: str
    sources: Mapping[str, str] = field(repr=False)
    places: Mapping[tuple[str, ...], Place] = field(repr=False)
    warnings: tuple[Problem, ...] = ()
    models: Mapping[str, ModelDefinition] = field(default_factory=dict)
    artefacts: Mapping[str, bytes] = field(default_factory=dict, repr=False)
    settings: Mapping[str, SettingDefinition] = field(default_factory=dict)  # by limits.NAME and switches.NAME
    challenges: Mapping[str, ChallengeMethod] = field(default_factory=dict)  # in order of preference
    tips: Mapping[str, Tip] = field(default_factory=dict)  # by reason code
    links: Links | None = None
