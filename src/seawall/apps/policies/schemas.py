"""What the REST API takes and gives."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from ninja import Field, Schema

from seawall.apps.policies.changes import Change
from seawall.apps.policies.checking import Checked
from seawall.apps.policies.models import Deployment, Draft, GateReport, Version
from seawall.apps.policies.queries import Step
from seawall.apps.policies.services.drafts import Saved, said
from seawall.apps.policies.services.guard import Compared
from seawall.apps.policies.simulate import Simulated
from seawall.engine.errors import Problem


class VersionOut(Schema):
    """A version."""

    id: UUID
    policy: str
    number: int
    label: str
    state: str
    digest: str
    source: str
    parent: str
    note: str
    created_at: datetime

    @staticmethod
    def of(row: Version) -> VersionOut:
        """As it is sent."""
        return VersionOut(
            id=row.pk, policy=row.policy.name, number=row.number, label=row.label, state=row.state, digest=row.digest,
            source=row.source, parent=row.parent.label if row.parent else "", note=row.note, created_at=row.created_at,
        )  # fmt: skip


class ReportOut(Schema):
    """A gate report."""

    kind: str
    passed: bool
    summary: dict[str, Any]
    url: str
    made_at: datetime

    @staticmethod
    def of(row: GateReport) -> ReportOut:
        """As it is sent."""
        return ReportOut(kind=row.kind, passed=row.passed, summary=row.summary, url=row.url, made_at=row.made_at)


class StepOut(Schema):
    """A transition that could be asked for, and what is missing."""

    action: str
    missing: list[str]

    @staticmethod
    def of(step: Step) -> StepOut:
        """As it is sent."""
        return StepOut(action=step.row.action, missing=list(step.missing))


class VersionPageOut(VersionOut):
    """A version with its reports and ways on."""

    reports: list[ReportOut]
    steps: list[StepOut]


class ProblemOut(Schema):
    """A finding of the checker at its place."""

    severity: str
    file: str
    line: int
    column: int
    message: str
    suggestion: str

    @staticmethod
    def of(one: Problem) -> ProblemOut:
        """As it is sent."""
        return ProblemOut(
            severity=one.severity, file=one.file, line=one.line, column=one.column, message=one.message,
            suggestion=one.suggestion,
        )  # fmt: skip


class CheckedOut(Schema):
    """What the checker says."""

    ok: bool
    problems: list[ProblemOut]

    @staticmethod
    def of(checked: Checked) -> CheckedOut:
        """As it is sent."""
        return CheckedOut(ok=checked.ok, problems=[ProblemOut.of(one) for one in checked.problems])


class DraftOut(Schema):
    """A draft; `token` goes back with each save."""

    id: UUID
    policy: str
    base: str
    title: str
    digest: str
    token: int
    changed_at: datetime
    open: bool

    @staticmethod
    def of(row: Draft) -> DraftOut:
        """As it is sent."""
        return DraftOut(
            id=row.pk, policy=row.policy.name, base=row.base.label, title=row.title, digest=row.digest,
            token=row.revision, changed_at=row.changed_at, open=row.open,
        )  # fmt: skip


class DraftPageOut(DraftOut):
    """A draft with its files and who saved what."""

    files: dict[str, str]
    checked: CheckedOut
    saves: list[dict[str, Any]]

    @staticmethod
    def page(row: Draft, files: dict[str, str], checked: Checked, saves: list[Any]) -> DraftPageOut:
        """As it is sent."""
        told = [{"token": one.revision, "by": str(one.by), "at": one.at, "changes": said(one)} for one in saves]
        own = DraftOut.of(row).dict()
        return DraftPageOut(**own, files=files, checked=CheckedOut.of(checked), saves=told)


class ChangeOut(Schema):
    """A difference in words."""

    kind: str
    name: str
    sentence: str

    @staticmethod
    def of(one: Change) -> ChangeOut:
        """As it is sent."""
        return ChangeOut(kind=one.kind, name=one.name, sentence=one.sentence)


class SavedOut(Schema):
    """A draft after a save."""

    draft: DraftOut
    checked: CheckedOut
    changes: list[ChangeOut]

    @staticmethod
    def of(saved: Saved) -> SavedOut:
        """As it is sent."""
        return SavedOut(
            draft=DraftOut.of(saved.draft), checked=CheckedOut.of(saved.checked),
            changes=[ChangeOut.of(one) for one in saved.changes],
        )  # fmt: skip


class OpenIn(Schema):
    """Open a draft of a version."""

    version: UUID
    title: str = ""


class TextIn(Schema):
    """A file's text, and the token of the draft it was read from."""

    file: str
    text: str
    token: int


class EditIn(Schema):
    """One edit by name."""

    edit: str
    arguments: dict[str, Any]
    token: int


class TemplateIn(Schema):
    """A template to copy."""

    template: str
    values: dict[str, str] = Field(default_factory=dict)
    token: int


class TokenIn(Schema):
    """A draft as it was read; `note` says what changed."""

    token: int
    note: str = ""


class SubmitIn(Schema):
    """Ask for a role. `share` in basis points."""

    role: str
    reason: str
    share: int = 0
    entity: str = ""
    limits: dict[str, float] | None = None


class ReasonIn(Schema):
    """Why."""

    reason: str


class FilesIn(Schema):
    """YAML files of a pack by name."""

    files: dict[str, str]


class CheckIn(Schema):
    """Which check: cases or cost."""

    kind: str


class DifferenceOut(Schema):
    """Two contents compared."""

    changes: list[ChangeOut]
    lines: dict[str, list[str]]


class PlaceOut(Schema):
    """A version's part in a deployment."""

    policy: str
    role: str
    share: int
    entity: str
    limits: dict[str, float]


class DeploymentOut(Schema):
    """A deployment."""

    id: UUID
    kind: str
    outcome: str
    sequence: int | None
    since: datetime | None
    problem: str
    places: list[PlaceOut]

    @staticmethod
    def of(row: Deployment) -> DeploymentOut:
        """As it is sent."""
        places = [
            PlaceOut(policy=one.version.label, role=one.role, share=one.share, entity=one.entity, limits=one.limits)
            for one in row.placements.select_related("version__policy").order_by("id")
        ]
        return DeploymentOut(
            id=row.pk, kind=row.kind, outcome=row.outcome, sequence=row.sequence, since=row.since, problem=row.problem,
            places=places,
        )  # fmt: skip


class SideOut(Schema):
    """One side of a comparison."""

    outcomes: dict[str, int]
    bands: dict[int, int]
    amount: int
    labelled: int
    frauds: int
    lost: int


class ComparedOut(Schema):
    """A challenger or shadow beside the champion."""

    policy: str
    role: str
    champion: SideOut
    other: SideOut
    crossings: list[dict[str, Any]]
    stops: str

    @staticmethod
    def of(one: Compared) -> ComparedOut:
        """As it is sent."""
        sides = [
            SideOut(outcomes=dict(side.outcomes), bands=dict(side.bands), amount=side.amount, labelled=side.labelled,
                    frauds=side.frauds, lost=side.lost)
            for side in (one.champion, one.other)
        ]  # fmt: skip
        crossings = [
            {"from": a, "to": b, "decisions": count, "amount": amount}
            for (a, b), (count, amount) in one.crossings.items()
        ]
        return ComparedOut(
            policy=one.place.version.label, role=one.place.role, champion=sides[0], other=sides[1],
            crossings=crossings, stops=one.stops.limit if one.stops else "",
        )  # fmt: skip


class SimulateIn(Schema):
    """A recorded decision, or one event as the decision API takes it."""

    decision_id: UUID | None = None
    event: dict[str, Any] | None = None


class LeafOut(Schema):
    """A value that a rule looked at."""

    name: str
    title: str
    text: str
    evaluated: bool


class RuleOut(Schema):
    """A rule in a simulation, fired or not."""

    rule: str
    title: str
    fired: bool
    points: int
    leaves: list[LeafOut]


class SimulatedOut(Schema):
    """What a content says to an event; `zero` was computed as for an entity without a past."""

    policy: str
    outcome: str
    score: int
    rules: list[RuleOut]
    zero: list[str]

    @staticmethod
    def of(one: Simulated) -> SimulatedOut:
        """As it is sent."""
        fired = [(each.rule, each.title, True, each.points, each.leaves) for each in one.reasons]
        quiet = [(each.rule, each.title, False, 0, each.leaves) for each in one.quiet]
        rules = [
            RuleOut(rule=rule, title=title, fired=on, points=points, leaves=[
                LeafOut(name=leaf.name, title=leaf.title, text=leaf.text, evaluated=leaf.evaluated) for leaf in leaves
            ])
            for rule, title, on, points, leaves in [*fired, *quiet]
        ]  # fmt: skip
        return SimulatedOut(policy=one.policy, outcome=one.outcome, score=one.score, rules=rules, zero=list(one.zero))
