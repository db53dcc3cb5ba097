"""A view that somebody saved of a list."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from seawall.apps.ids import uuid7
from seawall.console.saved import LONGEST_PATH, LONGEST_QUERY

LONGEST_TITLE = 60


class SavedView(models.Model):
    """A list's query under a name. `role`: whoever holds it sees the view too; "" keeps it to its owner."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", verbose_name=_("owner")
    )
    page = models.CharField(max_length=64)
    path = models.CharField(max_length=LONGEST_PATH)
    query = models.CharField(max_length=LONGEST_QUERY)
    title = models.CharField(_("name"), max_length=LONGEST_TITLE)
    role = models.CharField(_("role"), max_length=40, blank=True, default="")
    position = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField(_("created"), default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("saved view")
        verbose_name_plural = _("saved views")
        ordering: ClassVar = ["position", "id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["owner", "page", "title"], name="saved_one_of_a_name"),
        ]
        indexes: ClassVar = [models.Index(fields=["page", "role"], name="saved_shared")]

    def __str__(self) -> str:
        return self.title

    @property
    def url(self) -> str:
        """The list with this view."""
        return f"{self.path}?{self.query}"
