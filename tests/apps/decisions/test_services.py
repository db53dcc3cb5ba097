"""Reveals and look-ups: who may, what is shown, what the ledger keeps, and that an erasure is final."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from seawall.apps.accounts.models import User
from seawall.apps.audit.models import Outbox
from seawall.apps.decisions import services
from seawall.apps.decisions.models import DecisionRow, Entity, Reveal
from seawall.apps.errors import DeniedError, InvalidError, UnknownError

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("followed")]
Make = Callable[..., User]
WHY = "the bank asks who was paid"


def row(event_id: str) -> DecisionRow:
    return DecisionRow.objects.get(event_id=event_id)


def test_a_value_is_masked_unless_the_whole_is_asked_for(make_user: Make) -> None:
    senior, decided = make_user("sara", "senior_analyst"), row("e-20")
    masked = services.reveal(senior, decided.decision_id, "payee_name", "fraud", WHY)
    assert (masked.text, masked.masked, masked.erased) == ("张**", True, False)
    whole = services.reveal(senior, decided.decision_id, "payee_name", "fraud", WHY, whole=True)
    assert (whole.text, whole.masked) == ("张三丰", False)
    memo = services.reveal(senior, decided.decision_id, "memo", "fraud", WHY)
    assert memo.text == "r***y"


def test_each_reveal_is_an_entry_that_holds_neither_value_nor_reason(make_user: Make) -> None:
    senior, decided = make_user("sara", "senior_analyst"), row("e-20")
    services.reveal(senior, decided.decision_id, "payee_name", "aml", WHY, whole=True)
    entry = Outbox.objects.get(action="decision.revealed")
    assert entry.actor == f"user:{senior.pk}"
    assert entry.object_id == str(decided.decision_id)
    assert entry.data == {"field": "payee_name", "purpose": "aml", "whole": True, "erased": False}
    assert list(entry.commitments) == ["reason"]
    kept = Reveal.objects.get()
    assert (kept.reason, kept.purpose, kept.sequence, kept.user) == (WHY, "aml", decided.sequence, senior)


def test_who_may_not_and_what_is_no_reason(make_user: Make) -> None:
    decided = row("e-20").decision_id
    with pytest.raises(DeniedError):
        services.reveal(make_user("ana", "analyst"), decided, "payee_name", "fraud", WHY)
    senior = make_user("sara", "senior_analyst")
    for purpose, reason in (("curiosity", WHY), ("fraud", "short"), ("fraud", " " * 20), ("fraud", "x" * 2_001)):
        with pytest.raises(InvalidError):
            services.reveal(senior, decided, "payee_name", purpose, reason)
    for event_id, field in (("e-20", "amount"), ("e-20", "nothing"), ("e-0", "memo"), ("e-0", "card")):
        with pytest.raises(UnknownError):
            services.reveal(senior, row(event_id).decision_id, field, "fraud", WHY)
    assert not Reveal.objects.exists()
    assert not Outbox.objects.filter(action="decision.revealed").exists()


def test_what_was_erased_stays_closed_and_the_attempt_is_recorded(make_user: Make) -> None:
    shown = services.reveal(make_user("dora", "dpo"), row("e-21").decision_id, "payee_name", "request", WHY, whole=True)
    assert (shown.text, shown.erased) == ("", True)
    assert Outbox.objects.get(action="decision.revealed").data["erased"] is True


def test_an_entity_is_found_by_its_value_a_sensitive_one_by_its_stand_in(make_user: Make) -> None:
    ana = make_user("ana", "analyst")
    assert services.find_entity(ana, "device", "d2") == Entity.objects.get(kind="device", value="d2")
    assert not Outbox.objects.filter(action="entity.looked_up").exists()
    found = services.find_entity(ana, "card", " 6222020000000002 ")
    assert found.decisions == 8
    entry = Outbox.objects.get(action="entity.looked_up")
    assert entry.data == {"kind": "card", "found": True}
    assert "6222020000000002" not in str(entry.__dict__)
    for value in ("622202000000000", "6222020000000009", "d2"):
        with pytest.raises(UnknownError):
            services.find_entity(ana, "card", value)
    with pytest.raises(InvalidError):
        services.find_entity(ana, "card", "")
    with pytest.raises(DeniedError):
        services.find_entity(make_user("adam", "admin"), "device", "d2")


def test_looking_up_leaves_no_surrogate_behind(make_user: Make) -> None:
    from seawall.apps.decisions.archive import archive

    with pytest.raises(UnknownError):
        services.find_entity(make_user("ana", "analyst"), "card", "4000000000000000")
    assert archive().surrogate("card", "4000000000000000") is None
