"""From a frozen draft to the champion and back: gates, four eyes, the engine's answers, rollback."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from seawall.apps.errors import ConflictError, DeniedError, InvalidError
from tests.apps.policies.conftest import FIRST, SECOND, FakeEngine

if TYPE_CHECKING:
    from seawall.apps.accounts.models import User
    from seawall.apps.approvals.models import Request
    from seawall.apps.policies.models import Draft, Version

People = dict[str, "User"]
pytestmark = pytest.mark.django_db(transaction=True)  # deployments are sent after commits


def show(version: Version, *kinds: str) -> None:
    from seawall.apps.policies.services import gates

    for kind in kinds:
        gates.note(version.digest, kind, True, {})
    version.refresh_from_db()


def backtested(draft: Draft, people: People, score: int = 50) -> Version:
    """The draft with another score, frozen, its gates passed."""
    from seawall.apps.policies.services import drafts

    arguments = {"name": "card_velocity", "fields": {"score": score}}
    saved = drafts.edit(people["mo"], draft.pk, "rule.change", arguments, draft.revision)
    version = drafts.freeze(people["mo"], draft.pk, saved.draft.revision)
    show(version, "cases", "backtest")
    return version


def publish(version: Version, people: People, role: str = "champion", **more: Any) -> Request:
    """Submitted by mo, approved by kim."""
    from seawall.apps.approvals import services as approvals
    from seawall.apps.policies.services import publishing

    request = publishing.submit(people["mo"], version.pk, role, "better", **more)
    approved: Request = approvals.approve(people["kim"], request.pk)
    version.refresh_from_db()
    return approved


def state(version: Version) -> str:
    version.refresh_from_db()
    return str(version.state)


def test_gates_move_a_version_and_take_it_back(draft: Draft, people: People) -> None:
    from seawall.apps.policies.services import drafts, gates

    saved = drafts.edit(people["mo"], draft.pk, "cap.set", {"cap": 90}, 1)
    version = drafts.freeze(people["mo"], draft.pk, saved.draft.revision)
    show(version, "backtest")
    assert version.state == "draft"  # a backtest alone is not enough
    show(version, "cases")
    assert version.state == "backtested"
    gates.note(version.digest, "cases", False, {})
    assert state(version) == "draft"


def test_what_a_draft_has_shown_counts_for_its_version(draft: Draft, people: People) -> None:
    from seawall.apps.policies.services import drafts, gates

    saved = drafts.edit(people["mo"], draft.pk, "cap.set", {"cap": 90}, 1)
    for kind in ("cases", "backtest"):
        gates.note(saved.draft.digest, kind, True, {})
    assert drafts.freeze(people["mo"], draft.pk, 2).state == "backtested"


def test_nothing_is_submitted_that_has_shown_nothing(draft: Draft, people: People) -> None:
    from seawall.apps.policies.services import drafts, publishing

    drafts.edit(people["mo"], draft.pk, "cap.set", {"cap": 90}, 1)
    version = drafts.freeze(people["mo"], draft.pk, 2)
    with pytest.raises(ConflictError, match="not possible while it is “Draft”"):
        publishing.submit(people["mo"], version.pk, "champion", "why not")
    type(version).objects.filter(pk=version.pk).update(state="backtested")
    with pytest.raises(ConflictError, match=r"not run yet\. There is no backtest of exactly this content"):
        publishing.submit(people["mo"], version.pk, "champion", "why not")


def test_a_second_person_publishes_and_the_engine_is_told(
    draft: Draft, first: Version, people: People, fake: FakeEngine
) -> None:
    from seawall.apps.policies import queries

    version = backtested(draft, people)
    publish(version, people)
    assert list(fake.bundles) == [version.digest]
    (switch,) = fake.switches
    assert (switch["champion"], switch["challenger"], switch["shadows"]) == (version.digest, None, [])
    assert (version.state, state(first)) == ("champion", "retired")
    running = queries.running()
    assert running is not None
    assert (running.outcome, running.sequence, running.by, running.checker) == (
        "active", 1_001, people["mo"], people["kim"],
    )  # fmt: skip


def test_its_maker_does_not_approve(draft: Draft, people: People, make_user: Callable[..., User]) -> None:
    from seawall.apps.approvals import services as approvals
    from seawall.apps.policies.services import publishing

    version = backtested(draft, people)
    both = make_user("both", "model_owner", "compliance_officer")
    request = publishing.submit(both, version.pk, "champion", "mine")
    with pytest.raises(DeniedError):
        approvals.approve(both, request.pk)
    with pytest.raises(DeniedError):
        publishing.submit(people["kim"], version.pk, "champion", "mine too")
    assert state(version) == "in_review"


@pytest.mark.parametrize(("end", "after"), [("reject", "rejected"), ("withdraw", "backtested")])
def test_a_request_that_comes_to_nothing(draft: Draft, people: People, end: str, after: str) -> None:
    from seawall.apps.approvals import services as approvals
    from seawall.apps.policies.services import publishing

    version = backtested(draft, people)
    request = publishing.submit(people["mo"], version.pk, "shadow", "look at it")
    if end == "reject":
        approvals.reject(people["kim"], request.pk, "no")
    else:
        approvals.withdraw(people["mo"], request.pk)
    assert state(version) == after


def test_shadow_then_challenger_then_champion(draft: Draft, first: Version, people: People, fake: FakeEngine) -> None:
    version = backtested(draft, people)
    publish(version, people, "shadow")
    assert (state(version), state(first)) == ("shadow", "champion")
    publish(version, people, "challenger", share=500, entity="customer", limits={"decisions": 1_000})
    assert (state(version), state(first)) == ("challenger", "champion")
    publish(version, people, "champion")
    assert (state(version), state(first)) == ("champion", "retired")
    assert [(one["champion"] == first.digest, one["challenger"], one["shadows"]) for one in fake.switches] == [
        (True, None, [version.digest]),
        (True, {"digest": version.digest, "share": 500, "entity": "customer"}, []),
        (False, None, []),
    ]
    assert list(fake.bundles) == [version.digest]  # sent once: the journal has it by then


@pytest.mark.parametrize(("role", "more", "says"), [
    ("king", {}, "role is one of"),
    ("challenger", {"share": 0, "entity": "customer"}, "share of 0.01 % to 50 %"),
    ("challenger", {"share": 5_001, "entity": "customer"}, "share of 0.01 % to 50 %"),
    ("challenger", {"share": 100, "entity": "amount"}, "Choose the entity"),
    ("challenger", {"share": 100, "entity": "customer", "limits": {"approval_points": 500}}, "percentage points"),
    ("challenger", {"share": 100, "entity": "customer", "limits": {"nonsense": 5}}, "nonsense"),
])  # fmt: skip
def test_a_place_that_makes_no_sense(draft: Draft, people: People, role: str, more: dict[str, Any], says: str) -> None:
    from seawall.apps.policies.services import publishing

    version = backtested(draft, people)
    with pytest.raises(InvalidError, match=says):
        publishing.submit(people["mo"], version.pk, role, "try", **more)
    assert state(version) == "backtested"


def test_an_engine_that_is_away_gets_it_later(draft: Draft, first: Version, people: People, fake: FakeEngine) -> None:
    from seawall.apps.policies import jobs
    from seawall.apps.policies.models import Deployment

    fake.down = True
    version = backtested(draft, people)
    publish(version, people)
    waiting = Deployment.objects.get(kind="publish")
    assert (waiting.outcome, state(version), state(first)) == ("waiting", "in_review", "champion")
    fake.down = False
    jobs.tick()
    assert (state(version), state(first)) == ("champion", "retired")


@pytest.mark.parametrize("path", ["/v1/policies/bundles", "/v1/policies/active"])
def test_an_engine_that_refuses_leaves_everything_as_it_was(
    draft: Draft, first: Version, people: People, fake: FakeEngine, path: str
) -> None:
    from seawall.apps.policies import queries
    from seawall.apps.policies.models import Deployment

    fake.refuse[path] = f"{SECOND} was used for another content"
    version = backtested(draft, people)
    publish(version, people)
    made = Deployment.objects.get(kind="publish")
    assert made.outcome == "refused"
    assert "another content" in made.problem
    assert (state(version), state(first)) == ("backtested", "champion")
    (notice,) = queries.notices(people["mo"])
    assert notice.values["policy"] == SECOND


def test_the_journal_may_tell_of_a_switch_before_the_engine_does(
    draft: Draft, first: Version, people: People, fake: FakeEngine
) -> None:
    from seawall.apps.outbox.models import Delivery
    from seawall.apps.policies.models import Deployment
    from seawall.apps.policies.services import deployments

    fake.warming = True
    version = backtested(draft, people)
    publish(version, people)
    made = Deployment.objects.get(kind="publish")
    assert (made.outcome, made.sequence, state(version)) == ("sent", None, "in_review")
    bound = deployments.seen(2_000, 0, deployments.places(made), fake.switches[-1]["note"])
    assert (bound.pk, bound.outcome, bound.sequence) == (made.pk, "active", 2_000)
    assert (state(version), state(first)) == ("champion", "retired")
    delivery = Delivery.objects.get(about_id=str(made.pk))
    delivery.answer, delivery.sequence = {}, 1_999
    deployments.delivered(delivery)  # the engine's answer, late
    bound.refresh_from_db()
    assert bound.sequence == 2_000


def test_a_later_deployment_ends_one_that_is_still_being_warmed(
    draft: Draft, first: Version, people: People, fake: FakeEngine
) -> None:
    from seawall.apps.policies.models import Deployment
    from seawall.apps.policies.services import drafts

    fake.warming = True
    slow = backtested(draft, people)
    publish(slow, people)
    fake.warming = False
    quick = backtested(drafts.open_draft(people["mo"], first.pk), people, 60)
    publish(quick, people)
    assert (state(quick), state(slow)) == ("champion", "backtested")
    assert Deployment.objects.get(placements__version=slow).problem == "A later deployment took its place."


def test_a_switch_that_somebody_else_made(first: Version, people: People) -> None:
    from seawall.apps.policies import queries
    from seawall.apps.policies.services import deployments, drafts

    draft = drafts.open_draft(people["mo"], first.pk)
    version = backtested(draft, people)
    place = deployments.Place(version, "champion")
    made = deployments.seen(3_000, 0, [place], "by hand")
    assert (made.kind, made.by, state(version), state(first)) == ("seen", None, "champion", "retired")
    assert queries.champion() == version


def test_rollback_needs_a_permission_and_a_reason_but_no_second_person(
    draft: Draft, first: Version, people: People, fake: FakeEngine
) -> None:
    from seawall.apps.audit.models import Outbox
    from seawall.apps.policies.services import publishing

    version = backtested(draft, people)
    publish(version, people)
    with pytest.raises(InvalidError, match="reason"):
        publishing.roll_back(people["mo"], first.pk, " ")
    with pytest.raises(DeniedError):
        publishing.roll_back(people["ada"], first.pk, "too many alerts")
    with pytest.raises(ConflictError, match="not possible"):
        publishing.roll_back(people["mo"], version.pk, "it runs already")
    publishing.roll_back(people["kim"], first.pk, "too many alerts")
    assert (state(version), state(first)) == ("retired", "champion")
    assert fake.switches[-1]["champion"] == first.digest
    assert Outbox.objects.get(action="policy.rolled_back").data["instead_of"] == SECOND


def test_only_what_was_champion_is_rolled_back_to(
    draft: Draft, first: Version, people: People, fake: FakeEngine
) -> None:
    from seawall.apps.policies.services import publishing

    version = backtested(draft, people)
    publish(version, people, "shadow")
    publishing.stop(people["mo"], version.pk, "seen enough")
    assert (state(version), fake.switches[-1]["shadows"]) == ("retired", [])
    with pytest.raises(ConflictError, match="never was the champion"):
        publishing.roll_back(people["mo"], version.pk, "why not")
    publish(version, people)  # but it can be published again
    assert state(version) == "champion"


def test_at_most_three_shadows(first: Version, people: People, fake: FakeEngine) -> None:
    from seawall.apps.policies.services import drafts

    for score in range(51, 54):
        publish(backtested(drafts.open_draft(people["mo"], first.pk), people, score), people, "shadow")
    assert len(fake.switches[-1]["shadows"]) == 3
    another = backtested(drafts.open_draft(people["mo"], first.pk), people, 54)
    with pytest.raises(ConflictError, match="3 shadows run already"):
        publish(another, people, "shadow")
    assert state(another) == "backtested"


def test_the_second_person_sees_what_it_replaces(draft: Draft, people: People) -> None:
    from seawall.apps.approvals.queries import changes
    from seawall.apps.policies.services import publishing

    version = backtested(draft, people)
    request = publishing.submit(people["mo"], version.pk, "challenger", "try", share=250, entity="customer")
    told = {one.field: (one.before, one.after) for one in changes(request)}
    assert told["Champion"][0] == FIRST
    assert told["Share"] == ("", "2.5 %")
    assert told["Policy version"] == ("", SECOND)
