"""Drafts: edited as form and as text, held against the checker, never overwriting somebody else, frozen once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from seawall.apps.errors import ConflictError, DeniedError, InvalidError
from tests.apps.decisions.home import PACK
from tests.apps.policies.conftest import FIRST, SECOND, SHIPPED

if TYPE_CHECKING:
    from seawall.apps.accounts.models import User
    from seawall.apps.policies.models import Draft, Version

People = dict[str, "User"]


def text_of(draft: Draft, file: str = "rules.yaml") -> str:
    from seawall.apps.policies import bundles

    return bundles.texts(draft.digest)[file]


def test_the_pack_of_the_home_is_its_first_version(first: Version) -> None:
    from seawall.apps.decisions.models import ActivationRow
    from seawall.apps.policies import bundles, queries

    assert (first.label, first.state, first.source) == (FIRST, "champion", "journal")
    assert first.digest == ActivationRow.objects.get().digest
    assert bundles.texts(first.digest)["rules.yaml"] == (PACK / "rules.yaml").read_text("utf-8")
    running = queries.running()
    assert running is not None
    assert (running.kind, running.sequence) == ("seen", 0)


def test_taking_in_twice_changes_nothing(first: Version) -> None:
    from seawall.apps.policies.follow import take_in_activations
    from seawall.apps.policies.models import Deployment, Version

    assert take_in_activations() == 0
    assert (Version.objects.count(), Deployment.objects.count()) == (1, 1)


def test_a_draft_has_the_next_number_and_nothing_else_new(draft: Draft, first: Version) -> None:
    from seawall.apps.policies import queries

    found = queries.difference(first.digest, draft.digest)
    assert found.changes == ()
    assert [line for line in found.lines["policy.yaml"] if line[0] in "+-"][2:] == [
        f"-version: {SHIPPED}",
        f"+version: {SHIPPED + 1}",
    ]


def test_an_edit_is_saved_in_words_and_checked(draft: Draft, people: People) -> None:
    from seawall.apps.policies.services import drafts

    arguments = {"name": "card_velocity", "fields": {"score": 50, "when": "card_count_10m >= 4"}}
    saved = drafts.edit(people["mo"], draft.pk, "rule.change", arguments, 1)
    assert saved.checked.ok
    assert [one.sentence for one in saved.changes] == [
        "Rule card_velocity: condition card_count_10m >= 5 → card_count_10m >= 4",
        "Rule card_velocity: score 45 → 50",
    ]
    assert saved.draft.revision == 2
    assert "    when: card_count_10m >= 4\n    score: 50\n" in text_of(saved.draft)


def test_text_may_be_wrong_and_says_where(draft: Draft, people: People) -> None:
    from seawall.apps.policies.services import drafts

    broken = text_of(draft).replace("card_count_10m >= 5", "card_cuont_10m >= 5")
    saved = drafts.save_text(people["mo"], draft.pk, "rules.yaml", broken, 1)
    (problem,) = saved.checked.errors
    line = broken[: broken.index("card_cuont_10m")].count("\n") + 1
    assert (problem.file, problem.line, problem.column) == ("rules.yaml", line, 11)
    assert "card_count_10m" in problem.suggestion
    again = drafts.save_text(people["mo"], draft.pk, "rules.yaml", "rules: [", saved.draft.revision)
    assert again.checked.pack is None
    assert again.changes == ()
    with pytest.raises(InvalidError, match="not YAML"):
        drafts.edit(people["mo"], draft.pk, "rule.remove", {"name": "card_velocity"}, again.draft.revision)


def test_a_stale_save_is_refused_and_told_what_it_missed(draft: Draft, people: People) -> None:
    from seawall.apps.policies.services import drafts

    drafts.edit(people["mo"], draft.pk, "threshold.set", {"outcome": "review", "score": 55}, 1)
    with pytest.raises(drafts.StaleDraftError, match="Threshold for Review: 60 → 55") as raised:
        drafts.edit(people["mo"], draft.pk, "cap.set", {"cap": 90}, 1)
    assert [one.revision for one in raised.value.saves] == [2]
    assert "thresholds: {challenge: 30, review: 55, decline: 90}" in text_of(
        type(draft).objects.get(pk=draft.pk), "policy.yaml"
    )


def test_saving_the_same_text_is_no_save(draft: Draft, people: People) -> None:
    from seawall.apps.policies.services import drafts

    assert drafts.save_text(people["mo"], draft.pk, "rules.yaml", text_of(draft), 1).draft.revision == 1


def test_contents_of_older_saves_go_away(draft: Draft, people: People) -> None:
    from seawall.apps.policies.models import Blob, Bundle
    from seawall.apps.policies.services import drafts

    before = Bundle.objects.count(), Blob.objects.count()
    for score in range(2, 6):
        arguments = {"name": "card_velocity", "fields": {"score": score}}
        drafts.edit(people["mo"], draft.pk, "rule.change", arguments, score - 1)
    assert (Bundle.objects.count(), Blob.objects.count()) == (before[0], before[1] + 1)


def test_who_may_not_edit_and_what_is_no_file(draft: Draft, people: People) -> None:
    from seawall.apps.policies.services import drafts

    with pytest.raises(DeniedError):
        drafts.save_text(people["kim"], draft.pk, "rules.yaml", "", 1)
    with pytest.raises(InvalidError, match="no file of a policy"):
        drafts.save_text(people["mo"], draft.pk, "../secret.key", "x", 1)
    with pytest.raises(InvalidError, match="longer than 2 MB"):
        drafts.save_text(people["mo"], draft.pk, "rules.yaml", "#" * 2_000_001, 1)
    with pytest.raises(InvalidError, match="has no id"):
        drafts.edit(people["mo"], draft.pk, "rule.remove", {"name": "nobody"}, 1)


def test_a_yaml_bomb_is_a_finding(draft: Draft, people: People) -> None:
    from seawall.apps.policies.services import drafts

    bomb = "a: &a [x, x, x, x]\nb: &b [*a, *a, *a, *a]\nrules: [*b, *b, *b]\n"
    saved = drafts.save_text(people["mo"], draft.pk, "rules.yaml", bomb, 1)
    assert "anchors" in saved.checked.errors[0].message


def test_freezing_makes_the_next_version_once(draft: Draft, first: Version, people: People) -> None:
    from seawall.apps.policies.services import drafts

    with pytest.raises(InvalidError, match="change something first"):
        drafts.freeze(people["mo"], draft.pk, 1)
    saved = drafts.edit(people["mo"], draft.pk, "rule.change", {"name": "card_velocity", "fields": {"score": 50}}, 1)
    version = drafts.freeze(people["mo"], draft.pk, 2, "stricter")
    assert (version.label, version.state, version.parent, version.author) == (
        SECOND,
        "draft",
        first,
        people["mo"],
    )
    assert version.digest == saved.draft.digest
    with pytest.raises(ConflictError, match="over"):
        drafts.freeze(people["mo"], draft.pk, 2)
    with pytest.raises(ConflictError, match="over"):
        drafts.edit(people["mo"], draft.pk, "cap.set", {"cap": 90}, 2)


def test_two_drafts_get_two_numbers(first: Version, people: People) -> None:
    from seawall.apps.policies.services import drafts

    one, other = (drafts.open_draft(people["mo"], first.pk) for _ in range(2))
    drafts.edit(people["mo"], one.pk, "cap.set", {"cap": 90}, 1)
    drafts.edit(people["mo"], other.pk, "cap.set", {"cap": 80}, 1)
    assert [drafts.freeze(people["mo"], each.pk, 2).label for each in (other, one)] == [
        SECOND,
        f"payments@{SHIPPED + 2}",
    ]


def test_a_draft_with_errors_is_not_frozen(draft: Draft, people: People) -> None:
    from seawall.apps.policies.services import drafts, versions

    drafts.save_text(people["mo"], draft.pk, "rules.yaml", "rules: 3\n", 1)
    with pytest.raises(versions.PackProblemsError, match=r"errors, the first: rules\.yaml:1:8"):
        drafts.freeze(people["mo"], draft.pk, 2)


def test_a_template_is_copied_with_its_feature(draft: Draft, people: People) -> None:
    from seawall.apps.policies.services import drafts

    saved = drafts.copy_template(people["mo"], draft.pk, "velocity", {"limit": "9"}, 1)
    assert saved.checked.ok
    assert [(one.kind, one.name) for one in saved.changes] == [
        ("rule", "payment_card_card_velocity"), ("feature", "payment_card_card_count_10m"),
    ]  # fmt: skip


def test_every_save_is_in_the_ledger(draft: Draft, people: People) -> None:
    from seawall.apps.audit.models import Outbox
    from seawall.apps.policies.services import drafts

    saved = drafts.edit(people["mo"], draft.pk, "cap.set", {"cap": 90}, 1)
    entry = Outbox.objects.get(action="policy.draft_saved")
    assert entry.actor == f"user:{people['mo'].pk}"
    assert (entry.data["digest"], entry.data["revision"]) == (saved.draft.digest, 2)
