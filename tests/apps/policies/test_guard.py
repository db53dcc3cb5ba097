"""What champion, challenger and shadows said is counted once; a challenger that strays is stopped, others are not."""

from __future__ import annotations

from dataclasses import dataclass
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from seawall.apps.errors import DeniedError
from tests.apps.policies.conftest import FIRST, SECOND, FakeEngine
from tests.apps.policies.test_publishing import backtested, publish, state

if TYPE_CHECKING:
    from seawall.apps.accounts.models import User
    from seawall.apps.policies.models import Deployment, Draft, Version

pytestmark = pytest.mark.django_db(transaction=True)
People = dict[str, "User"]


@dataclass(frozen=True)
class Other:
    """As the journal has what did not serve."""

    policy: str
    outcome: str
    score: int
    rules: tuple[str, ...] = ()


def followed(sequence: int, policy: str, outcome: str, *others: Other, score: int = 35, amount: int = 1_000) -> Any:
    from seawall.apps.decisions.registry import Followed

    row = SimpleNamespace(sequence=sequence, policy=policy, outcome=outcome, score=score, base_amount=amount)
    return Followed(row, (), (), None, others)


def activation(sequence: int) -> None:
    from seawall.apps.decisions.models import ActivationRow

    ActivationRow.objects.create(sequence=sequence, policy=FIRST, digest="0" * 64, at=0)


def follow(*batch: Any) -> None:
    from django.db import transaction

    from seawall.apps.policies.follow import on_decisions

    with transaction.atomic():
        on_decisions(batch)


@pytest.fixture
def challenged(draft: Draft, people: People, fake: FakeEngine) -> Deployment:
    """The second gets 5 % of the customers beside the first, under the deployment of record 1001."""
    from seawall.apps.policies import queries

    publish(backtested(draft, people), people, "challenger", share=500, entity="customer", limits={"decisions": 100})
    running = queries.running()
    assert running is not None
    assert running.sequence == 1_001
    activation(1_001)
    return running


def mixed(approved: int, declined: int, policy: str, first: int = 2_000, **more: Any) -> list[Any]:
    outcomes = ["approve"] * approved + ["decline"] * declined
    other = FIRST if policy == SECOND else SECOND
    return [
        followed(first + place, policy, outcome, Other(other, outcome, 35), **more)
        for place, outcome in enumerate(outcomes)
    ]


def test_where_a_champion_decides_alone_nothing_is_counted(first: Version) -> None:
    from seawall.apps.policies.models import Tally

    follow(followed(5, FIRST, "approve"))
    assert Tally.objects.count() == 0


def test_each_side_is_counted_under_its_deployment(challenged: Deployment) -> None:
    from seawall.apps.policies.models import Crossing, Tally

    follow(
        followed(1_002, FIRST, "approve", Other(SECOND, "review", 65), score=7),
        followed(1_003, FIRST, "approve", Other(SECOND, "review", 61), score=9),
        followed(1_004, SECOND, "review", Other(FIRST, "", 0)),
    )
    activation(1_005)
    follow(followed(1_006, FIRST, "approve", Other(SECOND, "review", 65), score=0))
    rows = set(Tally.objects.values_list("epoch", "policy", "served", "outcome", "band", "decisions", "amount"))
    assert rows == {
        (1_001, FIRST, True, "approve", 0, 2, 2_000), (1_001, SECOND, False, "review", 60, 2, 2_000),
        (1_001, SECOND, True, "review", 30, 1, 1_000), (1_005, FIRST, True, "approve", 0, 1, 1_000),
        (1_005, SECOND, False, "review", 60, 1, 1_000),
    }  # fmt: skip
    assert Crossing.objects.get(epoch=1_001).decisions == 2


def test_a_challenger_that_agrees_goes_on(challenged: Deployment, people: People) -> None:
    from seawall.apps.policies.services import guard

    follow(*mixed(900, 100, FIRST), *mixed(180, 20, SECOND, 5_000))
    (compared,) = guard.compare()
    assert (compared.champion.decisions, compared.other.decisions, compared.stops) == (1_000, 200, None)
    report = guard.keep_report(compared.place.version, None)
    assert report is not None
    assert (report.kind, report.passed, report.summary["decisions"]) == ("shadow", True, [1_000, 200])
    assert (report.summary["approval"], report.summary["psi"]) == ([0.9, 0.9], 0.0)
    kept = guard.keep(people["mo"], compared.place.version)
    assert (kept.pk != report.pk, kept.by, kept.summary) == (True, people["mo"], report.summary)
    with pytest.raises(DeniedError):
        guard.keep(people["ada"], compared.place.version)
    assert guard.watch() == []


def test_a_challenger_that_strays_is_stopped_once_and_its_people_are_told(
    challenged: Deployment, first: Version, people: People, fake: FakeEngine
) -> None:
    from seawall.apps.audit.models import Outbox
    from seawall.apps.policies import queries
    from seawall.apps.policies.services import guard

    follow(*mixed(900, 100, FIRST), *mixed(120, 80, SECOND, 5_000))
    (stopped,) = guard.watch()
    assert fake.switches[-1]["challenger"] is None
    assert fake.switches[-1]["champion"] == first.digest
    stopped.refresh_from_db()
    assert (stopped.kind, stopped.outcome, stopped.by) == ("stop", "active", None)
    version = queries.version_named(SECOND)
    assert state(version) == "retired"
    entry = Outbox.objects.get(action="policy.challenger_stopped")
    assert (entry.actor, entry.data["limit"], entry.data["decisions"]) == ("system", "approval_points", [1_000, 200])
    (notice,) = queries.notices(people["mo"])
    assert notice.values == {
        "policy": SECOND, "limit": "approval_points", "champion": "90.00 %", "challenger": "60.00 %",
    }  # fmt: skip
    assert guard.watch() == []


def test_a_new_shadow_does_not_start_the_count_anew(
    challenged: Deployment, first: Version, people: People, fake: FakeEngine
) -> None:
    from seawall.apps.policies.services import drafts, guard

    follow(*mixed(900, 100, FIRST), *mixed(190, 10, SECOND, 5_000))
    publish(backtested(drafts.open_draft(people["mo"], first.pk), people, 52), people, "shadow")
    activation(1_002)
    challenger, shadow = guard.compare()
    assert challenger.epochs == (1_002, 1_001)
    assert challenger.other.decisions == 200
    assert (shadow.epochs, shadow.other.decisions) == ((1_002,), 0)


def test_labels_come_to_the_sides_that_judged_the_event(
    challenged: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    from seawall.apps.decisions.models import DecisionRow, LabelRow
    from seawall.apps.policies import follow as module
    from seawall.apps.policies.follow import take_in_labels
    from seawall.apps.policies.models import Cursor
    from seawall.apps.policies.services import guard

    while take_in_labels():
        pass  # the story's own
    row = DecisionRow.objects.order_by("sequence").first()
    assert row is not None
    DecisionRow.objects.filter(pk=row.pk).update(sequence=1_500)
    moved = DecisionRow.objects.get(sequence=1_500)
    follow(followed(1_500, moved.policy, moved.outcome, Other(SECOND, "approve", 0)))
    record = SimpleNamespace(others=(Other(SECOND, "approve", 0),))
    monkeypatch.setattr(module, "archive", lambda: SimpleNamespace(event=lambda _: record))
    for sequence in (1_600, 1_601):  # given twice, counted once
        LabelRow.objects.create(sequence=sequence, label="fraud", event_id=moved.event_id, label_time=0, received_at=0)
    assert take_in_labels() == 2
    (compared,) = guard.compare()
    assert compared.champion.labelled == 1
    assert (compared.champion.frauds, compared.champion.lost) == (1, moved.base_amount)
    assert compared.other.labelled == 0  # it served none; what it would have said is kept apart
    assert Cursor.objects.get(pk="labels").sequence == 1_601
    assert take_in_labels() == 0
