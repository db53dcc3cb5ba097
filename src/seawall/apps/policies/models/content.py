"""Files of packs, each content kept once under its hash."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

HEX = 64
LONGEST_PATH = 255


class Blob(models.Model):
    """The bytes of a file; the key is their SHA-256."""

    sha256 = models.CharField(primary_key=True, max_length=HEX)
    data = models.BinaryField()

    def __str__(self) -> str:
        return self.sha256[:12]


class Bundle(models.Model):
    """The files of a pack as the engine would be given them; the key is the digest that the journal knows it by."""

    digest = models.CharField(primary_key=True, max_length=HEX)
    size = models.PositiveBigIntegerField()  # bytes of all files
    created_at = models.DateTimeField(_("created"), default=timezone.now, editable=False)

    def __str__(self) -> str:
        return self.digest[:12]


class BundleFile(models.Model):
    """One file of a bundle by its path inside the pack."""

    bundle = models.ForeignKey(Bundle, on_delete=models.CASCADE, related_name="files")
    name = models.CharField(max_length=LONGEST_PATH)
    blob = models.ForeignKey(Blob, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["bundle", "name"], name="policies_file_once")]

    def __str__(self) -> str:
        return self.name
