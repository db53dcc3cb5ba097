from __future__ import annotations

from typing import Any

import pytest
from django.utils import translation

from seawall.apps.accounts.roles import RolesError, catalog, read_catalog, role_title

DECIDING = {"cases.approve", "lists.approve", "policies.approve"}


def test_both_languages() -> None:
    with translation.override("zh-hans"):
        assert role_title("auditor") == "审计员"
    with translation.override("en"):
        assert role_title("auditor") == "Auditor"
        assert role_title("gone") == "gone"


def test_duties_are_separated() -> None:
    roles = catalog().roles
    assert not {
        key for key in roles["admin"].permissions if key.split(".")[0] in ("decisions", "cases", "alerts", "entities")
    }
    for reader in ("auditor", "examiner"):
        words = {key.split(".")[1] for key in roles[reader].permissions - {"views.keep"}}  # their own tabs
        assert words <= {"view", "restricted", "export", "verify"}
    assert not roles["analyst"].permissions & DECIDING
    assert {key for key, role in roles.items() if "users.manage" in role.permissions} == {"admin"}
    assert {key for key, role in roles.items() if "decisions.reveal" in role.permissions} == {
        "senior_analyst", "compliance_officer", "dpo",
    }  # fmt: skip
    assert roles["examiner"].scoped
    assert all(role.second_factor for role in roles.values())


def data() -> dict[str, Any]:
    title = {"zh": "甲", "en": "A"}
    return {"permissions": {"a": {"see": title}}, "roles": {"r": {"title": title, "permissions": ["a.see"]}}}


@pytest.mark.parametrize(
    ("roles", "says"),
    [
        ({"r": {"title": {"zh": "甲", "en": "A"}, "permissions": ["a.see", "a.sea"]}}, "no such permission: a.sea"),
        ({"r": {"title": {"zh": "甲", "en": "A"}, "permissions": []}}, "no role holds: a.see"),
        ({"r": {"title": {"zh": "甲"}, "permissions": ["a.see"]}}, "title"),
    ],
)
def test_a_file_that_contradicts_itself_is_refused(roles: dict[str, Any], says: str) -> None:
    assert read_catalog(data()).roles["r"].permissions == {"a.see"}
    with pytest.raises(RolesError, match=says):
        read_catalog(data() | {"roles": roles})
