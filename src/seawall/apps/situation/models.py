"""What a person has put away: hints that explain a page."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone

LONGEST_KEY = 40


class Dismissal(models.Model):
    """A hint that this person does not want to see any more."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    hint = models.CharField(max_length=LONGEST_KEY)
    at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["user", "hint"], name="situation_hint_once")]

    def __str__(self) -> str:
        return self.hint
