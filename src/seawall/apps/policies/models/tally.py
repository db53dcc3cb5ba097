"""Roll-ups of what champion, challenger and shadows said, kept by the journal's follower.

`epoch` is the journal record of the deployment under which it was said, `policy` is `name@version`. `served`: its
answer was the one that callers got. Amounts are minor units of the base currency.
"""

from __future__ import annotations

from django.db import models


class Tally(models.Model):
    """Decisions by outcome and score. `band` is the score rounded down to tens."""

    pk = models.CompositePrimaryKey("epoch", "policy", "served", "outcome", "band")
    epoch = models.BigIntegerField()
    policy = models.CharField(max_length=100)
    served = models.BooleanField()
    outcome = models.CharField(max_length=10)
    band = models.IntegerField()
    decisions = models.BigIntegerField()
    amount = models.BigIntegerField()

    def __str__(self) -> str:
        return f"{self.epoch} {self.policy} {self.outcome}"


class Crossing(models.Model):
    """Events that both judged: the served policy's outcome and the other's."""

    pk = models.CompositePrimaryKey("epoch", "policy", "other", "outcome", "others_outcome")
    epoch = models.BigIntegerField()
    policy = models.CharField(max_length=100)
    other = models.CharField(max_length=100)
    outcome = models.CharField(max_length=10)
    others_outcome = models.CharField(max_length=10)
    decisions = models.BigIntegerField()
    amount = models.BigIntegerField()

    def __str__(self) -> str:
        return f"{self.epoch} {self.policy} {self.other}"


class Labelled(models.Model):
    """Decisions that a label came for later, by what was said to them."""

    pk = models.CompositePrimaryKey("epoch", "policy", "served", "label", "outcome")
    epoch = models.BigIntegerField()
    policy = models.CharField(max_length=100)
    served = models.BooleanField()
    label = models.CharField(max_length=64)
    outcome = models.CharField(max_length=10)
    decisions = models.BigIntegerField()
    amount = models.BigIntegerField()

    def __str__(self) -> str:
        return f"{self.epoch} {self.policy} {self.label}"


class Cursor(models.Model):
    """How far a reader of indexed records has come."""

    name = models.CharField(primary_key=True, max_length=32)
    sequence = models.BigIntegerField(default=-1)

    def __str__(self) -> str:
        return f"{self.name} {self.sequence}"
