"""What is remembered of contents: checked once, sampled once, and never another content's findings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from seawall.apps.policies import checking

if TYPE_CHECKING:
    from seawall.apps.policies.models import Version


def test_a_content_is_checked_once_and_another_by_itself(first: Version, monkeypatch: pytest.MonkeyPatch) -> None:
    from seawall.apps.policies import bundles

    files = bundles.files(first.digest)
    found = checking.check(files)
    assert checking.check(dict(reversed(files.items()))) is found
    broken = files | {"rules.yaml": files["rules.yaml"].replace(b"card_count_10m >= 5", b"card_count_10x >= 5")}
    assert checking.check(broken).policy is None
    assert checking.check(files).policy is found.policy
    moved = dict(files)  # the same bytes under another name are another content
    moved["mapping.yaml"] = moved.pop("tests.yaml")
    assert checking.check(moved) is not found
    monkeypatch.setattr(checking, "_KEPT", 1)
    checking.check(broken | {"mapping.yaml": b""})
    assert len(checking._known) == 1


def test_the_sample_and_its_rates_are_taken_anew_as_the_journal_grows(
    first: Version, monkeypatch: pytest.MonkeyPatch
) -> None:
    from seawall.apps.decisions.models import DecisionRow
    from seawall.apps.policies import bundles, sampling

    taken, policy = sampling.sample(), bundles.policy(first.digest)
    assert len(taken.records) == DecisionRow.objects.count()
    counted: list[Any] = []
    plain = sampling.hit_rates
    monkeypatch.setattr(sampling, "hit_rates", lambda *args: counted.append(args) or plain(*args))
    sampling._rates.clear()
    assert sampling.sample() is taken
    rates = sampling.rates(first.digest, policy, taken)
    assert sampling.rates(first.digest, policy, sampling.sample()) is rates
    assert len(counted) == 1
    newest = DecisionRow.objects.latest("sequence")
    newest.delete()
    fewer = sampling.sample()
    assert len(fewer.records) == len(taken.records) - 1
    assert sampling.rates(first.digest, policy, fewer) is not rates
