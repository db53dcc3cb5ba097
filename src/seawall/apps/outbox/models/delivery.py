"""Deliveries on their way out."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from seawall.apps.accounts.sealed import seal, unseal
from seawall.apps.ids import uuid7
from seawall.apps.outbox.states import OPEN, STATES, WAITING

LARGEST_BODY = 256 * 1024  # bytes of JSON
LONGEST_PROBLEM = 300
_READY = Q(ready=True, state__in=("waiting", "retrying", "sending"))


class Delivery(models.Model):
    """One message: what is sent never changes, so the receiver knows a second try for the first.

    `position` numbers all deliveries; those of one `order` go out one after the other, and `ready` marks the first of
    them. While it is sent, `claim` says by whom and `claimed_until` for how long: a sender that fell over loses it.
    """

    found: Any = None  # what the channel looked up for this try

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    position = models.BigIntegerField(_("number"), unique=True)
    channel = models.CharField(_("channel"), max_length=32)
    target = models.CharField(_("target"), max_length=500)
    content = models.TextField()  # JSON, sealed where the channel is private, "" once such a one is delivered
    sealed = models.BooleanField(default=False)
    key = models.CharField(_("idempotency key"), max_length=200, unique=True)
    order = models.CharField(_("order"), max_length=200, blank=True)
    ready = models.BooleanField(default=True)
    about_type = models.CharField(_("kind of object"), max_length=64, blank=True)
    about_id = models.CharField(_("object"), max_length=200, blank=True)
    actor = models.CharField(_("actor"), max_length=200)
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    undo_of = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="undone_by")
    state = models.CharField(
        _("state"), max_length=10, choices=[(one.key, one.title) for one in STATES.values()], default=WAITING
    )
    attempts = models.PositiveIntegerField(_("attempts"), default=0)
    created_at = models.DateTimeField(_("created"), default=timezone.now, editable=False)
    next_at = models.DateTimeField(_("next try"), default=timezone.now)
    claim = models.UUIDField(null=True)
    claimed_until = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(_("ended"), null=True)
    sequence = models.BigIntegerField(_("journal record"), null=True)
    answer = models.JSONField(default=dict)
    problem = models.CharField(_("problem"), max_length=LONGEST_PROBLEM, blank=True)

    class Meta:
        verbose_name = _("delivery")
        verbose_name_plural = _("deliveries")
        indexes: ClassVar = [
            models.Index(fields=["channel", "next_at"], condition=_READY, name="outbox_due"),
            models.Index(fields=["order", "position"], condition=Q(state__in=OPEN), name="outbox_in_order"),
            models.Index(fields=["state", "position"], name="outbox_by_state"),
            models.Index(fields=["channel", "position"], name="outbox_by_channel"),
            models.Index(fields=["about_type", "about_id", "position"], name="outbox_by_object"),
            models.Index(fields=["target", "position"], name="outbox_by_target"),
        ]
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(claim=None) | Q(state="sending"), name="outbox_claimed_while_sending"),
            models.CheckConstraint(
                condition=Q(state__in=OPEN, ended_at=None) | (~Q(state__in=OPEN) & Q(ended_at__isnull=False)),
                name="outbox_ends_once",
            ),
            models.CheckConstraint(condition=~Q(undo_of=F("id")), name="outbox_undoes_another"),
        ]

    def __str__(self) -> str:
        return f"{self.channel} {self.target}"

    @property
    def body(self) -> dict[str, Any]:
        """What is sent; {} once a private one is delivered."""
        if not self.content:
            return {}
        found: dict[str, Any] = json.loads(unseal(self.content) if self.sealed else self.content)
        return found

    def write(self, body: Mapping[str, Any], private: bool) -> None:
        """Set the body. TypeError or ValueError for what JSON cannot hold."""
        text = canonical(body)
        self.sealed, self.content = private, seal(text) if private else text


def canonical(body: Mapping[str, Any]) -> str:
    """JSON with its members in order, so that equal bodies are equal texts."""
    return json.dumps(body, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)
