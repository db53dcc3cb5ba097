from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from allauth.mfa.models import Authenticator
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from seawall.apps.accounts import services
from seawall.apps.accounts.models import Assignment, User
from seawall.apps.accounts.sealed import seal, unseal
from seawall.apps.accounts.services import OPERATOR, Wanted
from seawall.apps.approvals import services as approvals
from seawall.apps.approvals.models import Request
from seawall.apps.audit.models import Outbox
from seawall.apps.errors import ConflictError, InvalidError, ServiceError, UnknownError

pytestmark = pytest.mark.django_db
Make = Callable[..., User]
SOON = timezone.now() + timedelta(days=30)


def actions() -> list[str]:
    return list(Outbox.objects.order_by("id").values_list("action", flat=True))


def test_people_are_made_with_folded_names_and_checked_passwords() -> None:
    made = services.create_user(OPERATOR, "Zhang.San", "an unusual long one", display_name=" 张三 ")
    assert (made.username, str(made), made.check_password("an unusual long one")) == ("zhang.san", "张三", True)
    assert User.objects.get_by_natural_key("ZHANG.san") == made
    assert made.password.startswith("argon2")
    assert actions() == ["user.created"]
    assert "zhang" not in str(Outbox.objects.get().data)


@pytest.mark.parametrize(
    ("name", "password", "field"),
    [("", "an unusual long one", "username"), ("a b", "an unusual long one", "username"),
     ("x" * 65, "an unusual long one", "username"), ("TAKEN", "an unusual long one", "username"),
     ("bo", "short", "password"), ("bo", "123456789012", "password"), ("bo", "password1234", "password"),
     ("valentina-rossi", "valentina-rossi1", "password")],
)  # fmt: skip
def test_bad_people_are_refused_with_the_field(make_user: Make, name: str, password: str, field: str) -> None:
    make_user("taken")
    with pytest.raises(InvalidError) as refusal:
        services.create_user(OPERATOR, name, password)
    assert field in refusal.value.fields
    assert actions() == []


def test_only_managers_manage(make_user: Make) -> None:
    other, auditor = make_user("other"), make_user("auditor", "auditor")
    for command in (
        lambda: services.create_user(auditor, "x", None),
        lambda: services.disable(auditor, other.pk),
        lambda: services.enable(auditor, other.pk),
        lambda: services.reset_factors(auditor, other.pk),
        lambda: services.assign(auditor, other.pk, Wanted("analyst")),
        lambda: services.set_password(auditor, other, "an unusual long one"),
    ):
        with pytest.raises(PermissionDenied):
            command()
    with pytest.raises(ValueError, match="operator"):
        services.disable("somebody", other.pk)


def test_the_first_person_is_the_only_one_made_without_anybody() -> None:
    first = services.first_user("root", "an unusual long one")
    assert first.has_perm("users.manage")
    with pytest.raises(ConflictError):
        services.first_user("second", "an unusual long one")


def test_a_plain_role_is_assigned_at_once(make_user: Make) -> None:
    admin, ana = make_user("admin", "admin"), make_user("ana")
    made = services.assign(
        admin, ana.pk, Wanted("analyst", valid_until=SOON, scope={"queues": ["fraud"]}, reason="new")
    )
    assert isinstance(made, Assignment)
    assert User.objects.get(pk=ana.pk).has_perm("cases.view")
    with pytest.raises(ConflictError, match="already"):
        services.assign(admin, ana.pk, Wanted("analyst", scope={"queues": ["fraud"]}))
    services.assign(admin, ana.pk, Wanted("analyst", scope={"queues": ["aml"]}))
    assert made.history.count() == 1


def test_admin_needs_a_second_person(make_user: Make) -> None:
    admin, ana, officer = make_user("admin", "admin"), make_user("ana"), make_user("sec", "security_officer")
    with pytest.raises(InvalidError, match="reason"):
        services.assign(admin, ana.pk, Wanted("admin"))
    asked = services.assign(admin, ana.pk, Wanted("admin", reason="holiday cover", valid_until=SOON))
    assert isinstance(asked, Request)
    assert not User.objects.get(pk=ana.pk).has_perm("users.manage")
    with pytest.raises(PermissionDenied):
        approvals.approve(admin, asked.pk)
    approvals.approve(officer, asked.pk)
    held = Assignment.objects.get(user=ana)
    assert (held.role, held.valid_until, held.created_by) == ("admin", SOON, admin)
    assert "role.assigned" in actions()


@pytest.mark.parametrize(
    "wanted",
    [Wanted("king"), Wanted("examiner", valid_until=SOON), Wanted("examiner", scope={"cases": ["1"]}),
     Wanted("analyst", valid_until=timezone.now() - timedelta(days=1)), Wanted("analyst", scope={"x": 1})],
    ids=["unknown", "no scope", "no end", "over", "bad scope"],
)  # fmt: skip
def test_assignments_that_make_no_sense_are_refused(make_user: Make, wanted: Wanted) -> None:
    with pytest.raises(InvalidError):
        services.assign(OPERATOR, make_user("ana").pk, wanted)


def test_a_role_ends_and_stays_on_record(make_user: Make) -> None:
    admin, ana = make_user("admin", "admin"), make_user("ana", "analyst")
    held = Assignment.objects.get(user=ana)
    services.end_assignment(admin, held.pk, "moved")
    assert User.objects.get(pk=ana.pk).grants == []
    assert Assignment.objects.filter(pk=held.pk).exists()
    with pytest.raises(ConflictError):
        services.end_assignment(admin, held.pk)
    with pytest.raises(UnknownError):
        services.end_assignment(admin, ana.pk)


def test_the_last_administrator_stays(make_user: Make) -> None:
    admin, other = make_user("admin", "admin"), make_user("other", "admin", is_active=False)
    with pytest.raises(ConflictError, match="last administrator"):
        services.disable(OPERATOR, admin.pk)
    with pytest.raises(ConflictError, match="last administrator"):
        services.end_assignment(OPERATOR, Assignment.objects.get(user=admin).pk)
    services.enable(OPERATOR, other.pk)
    with pytest.raises(ConflictError, match="yourself"):
        services.disable(admin, admin.pk)
    services.disable(User.objects.get(pk=other.pk), admin.pk, "left")
    assert not User.objects.get(pk=admin.pk).is_active


def test_resetting_removes_factors(make_user: Make) -> None:
    ana = make_user("ana")
    Authenticator.objects.create(user=ana, type="totp", data={"secret": "x"})
    services.reset_factors(OPERATOR, ana.pk)
    assert not Authenticator.objects.exists()
    with pytest.raises(UnknownError):
        services.reset_factors(OPERATOR, Assignment().pk)


def test_history_keeps_no_password(make_user: Make) -> None:
    fields = {field.name for field in make_user("ana").history.model._meta.get_fields()}
    assert "display_name" in fields
    assert "password" not in fields


def test_second_factors_are_sealed_under_the_home(settings: object) -> None:
    sealed = seal("JBSWY3DPEHPK3PXP")
    assert "JBSW" not in sealed
    assert seal("JBSWY3DPEHPK3PXP") != sealed
    assert unseal(sealed) == "JBSWY3DPEHPK3PXP"
    settings.SECRET_KEY = "another"  # type: ignore[attr-defined]
    with pytest.raises(ServiceError, match=r"secret\.key"):
        unseal(sealed)
