"""What else a furnished home has: a piece of each room that has pages, so that every page has something to show."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

PATIENCE = 60.0


def until(rows: Callable[[], Any], count: int = 1) -> list[Any]:
    """The rows, once there are so many."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        found = list(rows())
        if len(found) >= count:
            return found
        time.sleep(0.3)
    raise AssertionError(f"{count} rows did not come within {PATIENCE:g} s")


def backtest(person: Any) -> Any:
    """The policy that decides, over all that was decided. The worker runs it while the caller goes on."""
    from seawall.apps.policies.backtesting import queries, services

    digest = until(queries.bases)[0][0]
    return services.start(person, services.Wanted(digest, digest, labels=tuple(queries.usual_labels())))


def backtest_done(asked: Any) -> None:
    """Wait until its report is there."""
    from seawall.apps.policies.models.backtest import Backtest

    until(lambda: Backtest.objects.filter(pk=asked.pk).exclude(done_at=None))


def tokens(person: Any, other: Any) -> None:
    """One to revoke as one's own, one as another's."""
    from seawall.apps.accounts import tokens

    tokens.make(person, "Nightly export", ["decisions.view"])
    tokens.make(other, "Case bridge", ["cases.view"])


def limits(maker: Any, checker: Any) -> None:
    """An entry in force, a change that waits, and a switch that is on."""
    from seawall.apps.approvals import services as approvals
    from seawall.apps.limits.models import Entry
    from seawall.apps.limits.services import changes

    raised = changes.Wanted("limits.transfer_day", 30_000_000, "entity", "guess-1")
    request = changes.propose(maker, raised, "The customer sells a flat this week.").request
    assert request is not None
    approvals.approve(checker, request.pk)
    changes.propose(maker, changes.Wanted("limits.card_day", 80_000), "Copied cards are about.")
    changes.turn_on(maker, "switches.stop_transfers", "Drill of the plan for stolen passwords.")
    until(lambda: Entry.objects.filter(current=True), 2)


def outbox(person: Any) -> None:
    """An endpoint that cannot be reached, a message for it that is stuck, and contacts."""
    from django.db import transaction

    from seawall.apps.outbox import contacts, services, webhooks
    from seawall.apps.outbox.models import Delivery
    from tests.apps.outbox.agreed import agreed_endpoint

    contacts.add(person, "duty", "Wen Hai", "email", "wen.hai@example.com")
    contacts.add(person, "duty", "Wen Hai", "sms", "+8613800138000")
    made = agreed_endpoint(person, "core-banking", "https://core.invalid/seawall", ["decision.decline", "case.closed"])
    webhooks.create(person, "data-lake", "https://lake.invalid/in", ["case.closed"], "The data team reads it")
    with transaction.atomic():
        stuck = services.put(
            "webhook", str(made.endpoint.pk), {"kind": "ping"}, key="test:stuck", actor=person,
            about=(webhooks.NOTICE, made.endpoint.pk), soon=False,
        )  # fmt: skip
        problem = "core.invalid: no address is known for this name"
        Delivery.objects.filter(pk=stuck.pk).update(state="stuck", attempts=30, problem=problem)


def actions(person: Any) -> None:
    """One in effect, which can be undone; one that waits for a second person."""
    from seawall.apps.response import services
    from seawall.apps.response.models import Action
    from seawall.apps.response.states import EFFECTIVE

    hours = timedelta(hours=12)
    services.take(person, services.Wish("block", "Many cards on one device.", "device", "d-many", ttl=hours))
    services.take(person, services.Wish("freeze", "The customer is being robbed.", "customer", "guess-2", ttl=hours))
    until(lambda: Action.objects.filter(state=EFFECTIVE))


def lists(person: Any) -> int:
    """A draft of an entry, whose id it gives; a file that was checked, with a line that cannot be read."""
    from seawall.apps.lists.models import Import
    from seawall.apps.lists.services import entries, imports
    from seawall.apps.lists.states import CHECKED

    wanted = entries.Wanted("watch_merchants", "shop-4")
    entry = entries.add(person, wanted, "Its customers complain.", draft=True)
    lines = [b"key,valid_until\nshop-7,\nshop-8,\nshop-9,soon\n"]
    imports.upload(person, "watch_merchants", "merchants.csv", lines, "From the card scheme's bulletin.")
    until(lambda: Import.objects.filter(state=CHECKED))
    return int(entry.pk)


def draft(person: Any) -> None:
    """An open draft of the policy, and something its owner must know."""
    from seawall.apps.policies.models import Notice, Version
    from seawall.apps.policies.services import drafts

    version = until(lambda: Version.objects.all())[0]
    drafts.open_draft(person, version.pk, "Fewer reviews at night")
    text = "The engine cannot be reached; %(policy)s is not deployed yet."
    Notice.objects.create(person=person, version=version, text=text, values={"policy": version.label})


def views(person: Any) -> None:
    """Two tabs that the person saved on one list."""
    from django.urls import reverse

    from seawall.apps.saved import services
    from seawall.console.saved import Offer

    path = reverse("decisions:decisions")
    services.save(person, Offer("decisions", path, "outcome=decline"), "Declined")
    services.save(person, Offer("decisions", path, "outcome=review&sort=-score"), "To be reviewed, worst first")


def policies(maker: Any, checker: Any) -> None:
    """A draft, a shadow, and a champion that was rolled back from; what decides is what the home began with."""
    from seawall.apps.approvals import services as approvals
    from seawall.apps.policies import queries
    from seawall.apps.policies.models import Version
    from seawall.apps.policies.services import drafts, gates, publishing

    (first,) = until(lambda: Version.objects.filter(state="champion"))

    def published(score: int, role: str) -> Version:
        draft = drafts.open_draft(maker, first.pk, f"Bursts score {score}")
        change = {"name": "card_velocity", "fields": {"score": score}}
        saved = drafts.edit(maker, draft.pk, "rule.change", change, draft.revision)
        made = drafts.freeze(maker, draft.pk, saved.draft.revision)
        for kind in ("cases", "backtest"):
            gates.note(made.digest, kind, True, {}, by=maker)
        asked = publishing.submit(maker, made.pk, role, "Bursts were stolen cards.")
        approvals.approve(checker, asked.pk)
        until(lambda: Version.objects.filter(pk=made.pk, state=role))
        return made

    published(46, "champion")
    publishing.roll_back(maker, first.pk, "Customers in a mall were declined.")
    until(lambda: Version.objects.filter(pk=first.pk, state="champion"))
    published(47, "shadow")
    drafts.open_draft(maker, first.pk, "Structuring below 50,000")
    assert queries.previous_champion() is not None
