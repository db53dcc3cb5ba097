"""Unit cases and cost as jobs; the table of states has no dead ends and demands nothing that nobody checks."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import pytest

from seawall.apps.errors import ConflictError, DeniedError, InvalidError

if TYPE_CHECKING:
    from seawall.apps.accounts.models import User
    from seawall.apps.policies.models import Version

People = dict[str, "User"]


def small(first: Version, people: People, outcome: str = "approve") -> Version:
    """A version with one unit case."""
    from seawall.apps.policies.services import drafts

    draft = drafts.open_draft(people["mo"], first.pk)
    case = (
        'tests:\n  - name: {zh: 平常, en: Usual}\n    event: {at: "2026-11-21T10:00:00.000Z", type: payment.card, '
        f"customer: c1, card: k1, amount: 100, currency: CNY}}\n    expect: {{outcome: {outcome}}}\n"
    )
    saved = drafts.save_text(people["mo"], draft.pk, "tests.yaml", case, 1)
    assert saved.checked.errors == []
    return drafts.freeze(people["mo"], draft.pk, 2)


def carry_out(run_id: UUID, monkeypatch: pytest.MonkeyPatch) -> str:
    from seawall.apps.jobs import running
    from seawall.apps.jobs.models import Run

    monkeypatch.setattr(running, "close_old_connections", lambda: None)
    running.execute(run_id)
    run = Run.objects.get(pk=run_id)
    return f"{run.state}: {run.message}"


@pytest.fixture(autouse=True)
def _quiet_queue(monkeypatch: pytest.MonkeyPatch) -> None:
    from seawall.apps.jobs import services

    monkeypatch.setattr(services, "put", lambda _: None)


def test_cases_that_pass_make_it_tested(first: Version, people: People, monkeypatch: pytest.MonkeyPatch) -> None:
    from seawall.apps.policies import queries
    from seawall.apps.policies.services import gates

    version = small(first, people)
    run = gates.start(people["mo"], version.digest, "cases")
    assert carry_out(run.pk, monkeypatch) == "done: 1 cases, 0 fail."
    version.refresh_from_db()
    report = queries.reports(version.digest)["cases"]
    assert (version.state, report.passed, report.run, report.by) == ("tested", True, run.pk, people["mo"])
    assert [step.row.action for step in queries.steps(version)] == []


def test_a_case_that_fails_keeps_it_a_draft(first: Version, people: People, monkeypatch: pytest.MonkeyPatch) -> None:
    from seawall.apps.policies import queries
    from seawall.apps.policies.services import gates

    version = small(first, people, "decline")
    run = gates.start(people["mo"], version.digest, "cases")
    assert carry_out(run.pk, monkeypatch) == "done: 1 cases, 1 fail."
    version.refresh_from_db()
    report = queries.reports(version.digest)["cases"]
    assert (version.state, report.passed) == ("draft", False)
    assert report.summary["failures"] == [
        {"name": {"zh": "平常", "en": "Usual"}, "line": 2, "differences": ["outcome is approve, expected decline"]},
    ]  # fmt: skip


def test_no_case_at_all_does_not_pass(first: Version, people: People) -> None:
    from seawall.apps.policies import bundles
    from seawall.apps.policies.services import gates

    files = bundles.files(first.digest) | {"tests.yaml": b"tests: []\n"}
    assert gates.run_cases(bundles.put(files).pk, lambda *_: None) == (False, {"cases": 0, "failed": 0, "failures": []})


def test_the_cost_stands_beside_the_champion_s(first: Version, people: People) -> None:
    from seawall.apps.policies import sampling
    from seawall.apps.policies.services import gates

    records = sampling.newest()
    with pytest.raises(InvalidError, match="70 are needed"):
        gates.measure_cost(first.digest, "", records, lambda *_: None)
    many = [
        type(one)(type(one.event)(**{**{n: getattr(one.event, n) for n in one.event.__struct_fields__},
                                     "event_id": f"{one.event.event_id}-{place}"}), one.decision)
        for place in range(4) for one in records[::-1]
    ]  # fmt: skip
    figures = gates.measure_cost(first.digest, first.digest, many, lambda *_: None)
    assert figures["events"] == len(many) - gates.WARM_UP
    assert 0 < figures["candidate"] < 100_000
    assert 0 < figures["champion"] < 100_000


def test_who_may_start_which_check(first: Version, people: People) -> None:
    from seawall.apps.policies.services import gates

    with pytest.raises(DeniedError):
        gates.start(people["kim"], first.digest, "cases")
    with pytest.raises(InvalidError, match="no such check"):
        gates.start(people["mo"], first.digest, "luck")


def test_the_table_of_states() -> None:
    from seawall.apps.accounts.roles import catalog
    from seawall.apps.policies import states
    from seawall.apps.policies.services.gates import DEMANDS

    reached = {"draft"}
    for _ in states.STATES:
        reached |= {row.to for row in states.TRANSITIONS if row.to and reached & set(row.sources)}
    assert reached == set(states.STATES)
    for row in states.TRANSITIONS:
        assert set(row.sources) | ({row.to} if row.to else set()) <= set(states.STATES)
        assert set(row.demands) <= set(DEMANDS)
        assert row.by_system or row.permission in catalog().permissions
    assert {row.action for row in states.TRANSITIONS if row.four_eyes} == {"submit", "promote"}
    with pytest.raises(ConflictError, match="Possible now: Submit for review"):
        states.check_state(states.transition("stop"), "backtested", "payments@2")


def test_what_is_not_there_is_said(home: object) -> None:
    from seawall.apps.errors import UnknownError
    from seawall.apps.policies import bundles, queries

    for ask in (lambda: queries.get_version(uuid4()), lambda: queries.get_draft(uuid4()),
                lambda: queries.version_named("payments@99"), lambda: bundles.files("0" * 64)):  # fmt: skip
        with pytest.raises(UnknownError):
            ask()
