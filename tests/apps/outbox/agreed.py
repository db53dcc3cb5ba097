"""Webhook endpoints as two people make them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


def agreed_endpoint(maker: Any, name: str, url: str, kinds: Sequence[str]) -> Any:
    """An endpoint that a second person has agreed to, with its first secret."""
    from seawall.apps.approvals import services as approvals
    from seawall.apps.outbox import webhook_queries, webhooks

    made = webhooks.create(maker, name, url, kinds, "it is to be told")
    request = webhook_queries.open_request(made.endpoint)
    assert request is not None
    approvals.approve(second_person(), request.pk)
    made.endpoint.refresh_from_db()
    return made


def second_person() -> Any:
    """Somebody who may agree."""
    from seawall.apps.accounts.models import Assignment, User

    found = User.objects.filter(username="second-admin").first()
    if found is None:
        found = User(username="second-admin", display_name="Second", language="en")
        found.set_unusable_password()
        found.save()
        Assignment.objects.create(user=found, role="admin")
    return found
