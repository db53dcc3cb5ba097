"""Policies, their versions, and the drafts that become versions."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from seawall.apps.ids import uuid7
from seawall.apps.policies.models.content import Bundle
from seawall.apps.policies.states import STATES

LONGEST_NAME = 64
LONGEST_LABEL = 100
LONGEST_NOTE = 500
SOURCES = ("journal", "upload", "draft", "command")


class Policy(models.Model):
    """What `name@version` has in common: the name in policy.yaml."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    name = models.CharField(_("name"), max_length=LONGEST_NAME, unique=True)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("owner")
    )
    created_at = models.DateTimeField(_("created"), default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("policy")
        verbose_name_plural = _("policies")

    def __str__(self) -> str:
        return self.name


class Version(models.Model):
    """One version: its content never changes, its state follows `states.TRANSITIONS`.

    `number` and `policy.name` are those in its policy.yaml. `author` is None where the journal had it first.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    policy = models.ForeignKey(Policy, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField(_("version"))
    bundle = models.ForeignKey(Bundle, on_delete=models.PROTECT, related_name="versions")
    content_hash = models.CharField(max_length=64)
    state = models.CharField(_("state"), max_length=12, choices=[(one.key, one.title) for one in STATES.values()])
    source = models.CharField(max_length=10)
    parent = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="children")
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("author")
    )
    note = models.CharField(_("what changed"), max_length=LONGEST_NOTE, blank=True)
    created_at = models.DateTimeField(_("created"), default=timezone.now, editable=False)
    changed_at = models.DateTimeField(_("changed"), default=timezone.now)

    class Meta:
        verbose_name = _("policy version")
        verbose_name_plural = _("policy versions")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["policy", "number"], name="policies_number_once"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["state", "id"], name="policies_by_state"),
            models.Index(fields=["bundle"], name="policies_by_bundle"),
        ]

    def __str__(self) -> str:
        return self.label

    @property
    def label(self) -> str:
        """`name@version`, as decisions carry it."""
        return f"{self.policy.name}@{self.number}"

    @property
    def digest(self) -> str:
        """The bundle's, as the engine knows it."""
        return str(self.bundle_id)


class Draft(models.Model):
    """A working copy. `revision` is the edit token: whoever saves names the one they saw."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    policy = models.ForeignKey(Policy, on_delete=models.PROTECT, related_name="drafts")
    base = models.ForeignKey(Version, on_delete=models.PROTECT, related_name="drafts")
    title = models.CharField(_("title"), max_length=200)
    bundle = models.ForeignKey(Bundle, on_delete=models.PROTECT, related_name="+")
    revision = models.PositiveIntegerField(default=1)
    version = models.OneToOneField(Version, on_delete=models.PROTECT, null=True, related_name="draft")
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("author")
    )
    created_at = models.DateTimeField(_("created"), default=timezone.now, editable=False)
    changed_at = models.DateTimeField(_("changed"), default=timezone.now)
    discarded_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("draft")
        verbose_name_plural = _("drafts")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(version=None) | Q(discarded_at=None), name="policies_draft_ends_once"
            ),
        ]  # fmt: skip
        indexes: ClassVar = [models.Index(fields=["policy", "changed_at"], name="policies_drafts")]

    def __str__(self) -> str:
        return self.title

    @property
    def open(self) -> bool:
        """Whether it can still be edited."""
        return self.version_id is None and self.discarded_at is None

    @property
    def digest(self) -> str:
        """The bundle's."""
        return str(self.bundle_id)


class Save(models.Model):
    """What one save of a draft did, for somebody with an older page: `changes` are sentences as [msgid, values]."""

    draft = models.ForeignKey(Draft, on_delete=models.CASCADE, related_name="saves")
    revision = models.PositiveIntegerField()
    file = models.CharField(max_length=255)
    edit = models.CharField(max_length=40, blank=True)  # "" for text
    changes = models.JSONField(default=list)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("by"))
    at = models.DateTimeField(_("time"), default=timezone.now)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["draft", "revision"], name="policies_save_once")]

    def __str__(self) -> str:
        return f"{self.draft_id} {self.revision}"
