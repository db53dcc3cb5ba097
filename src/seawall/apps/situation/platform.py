"""What the settings page says: home, versions, policy, journal, ledger, keys. Read-only."""

from __future__ import annotations

import platform
from collections.abc import Callable
from pathlib import Path

import django
from django.conf import settings
from django.utils.translation import gettext as _

from seawall import __version__
from seawall.apps.audit import queries as ledger
from seawall.apps.decisions import queries as decisions
from seawall.apps.decisions.archive import ArchiveError, archive
from seawall.apps.decisions.models import ActivationRow, Position
from seawall.apps.jobs import queries as jobs
from seawall.console import formatting
from seawall.console.pages import Fact, Facts
from seawall.engine.errors import SeawallError
from seawall.ledger import LedgerError
from seawall.sealing import SealingError


def platform_facts() -> list[Facts]:
    """Cards of facts; one that cannot be read says why in its place."""
    return [_card(title, read) for title, read in (
        (_("Installation"), _installation), (_("Policy"), _policy), (_("Journal"), _journal), (_("Ledger"), _ledger),
        (_("Keys"), _keys), (_("Sign-in"), _sign_in), (_("Worker"), _worker),
    )]  # fmt: skip


def _card(title: str, read: Callable[[], list[Fact]]) -> Facts:
    try:
        return Facts(title, read())
    except (ArchiveError, LedgerError, SealingError, SeawallError, OSError) as error:
        return Facts(title, [Fact(_("Problem"), str(error))])


def _installation() -> list[Fact]:
    options = settings.SEAWALL_OPTIONS
    return [
        Fact(_("Version"), __version__),
        Fact(_("Home"), str(settings.HOME.folder)),
        Fact(_("Environment"), _("Demo") if options.environment == "demo" else _("Production")),
        Fact(_("Time zone"), options.zone),
        Fact("Python", platform.python_version()),
        Fact("Django", django.get_version()),
        Fact(_("Decision API"), settings.SEAWALL_API_URL or _("not known here")),
    ]


def _policy() -> list[Fact]:
    newest = ActivationRow.objects.order_by("-sequence").first()
    if newest is None:
        return [Fact(_("Active policy"), _("none yet"))]
    return [
        Fact(_("Active policy"), newest.policy),
        Fact(_("Active since"), newest.at, "when"),
        Fact(_("Record"), newest.sequence, "number"),
        Fact(_("Pack"), newest.digest, "id"),
    ]


def _journal() -> list[Fact]:
    last, position = archive().last(), Position.objects.filter(pk=1).first()
    followed = position.sequence if position else -1
    facts = [
        Fact(_("Newest record"), last if last >= 0 else None, "number"),
        Fact(_("Followed up to"), followed if followed >= 0 else None, "number"),
        Fact(_("Not followed yet"), decisions.lag(), "number"),
        Fact(_("Size"), _size(settings.HOME.journal)),
    ]
    return facts + ([Fact(_("Chain"), position.chain, "id")] if position and position.chain else [])


def _ledger() -> list[Fact]:
    checkpoint = ledger.last_checkpoint()
    facts = [
        Fact(_("Entries"), ledger.entries().count(), "number"),
        Fact(_("Waiting to be written"), ledger.waiting(), "number"),
        Fact(_("Size"), _size(settings.LEDGER_FILE)),
    ]
    if checkpoint is None:
        return [*facts, Fact(_("Newest checkpoint"), _("none yet"))]
    return [
        *facts,
        Fact(_("Newest checkpoint covers"), checkpoint.head.size, "number"),
        Fact(_("Root"), checkpoint.head.root.hex(), "id"),
    ]


def _keys() -> list[Fact]:
    home = settings.HOME
    if not home.key_file.exists():
        return [Fact(_("Root keys"), _("none yet"))]
    ring, _made = home.key_ring()
    says = _("protected by a passphrase") if ring.protected else _("NOT PROTECTED: set a passphrase before real data")
    return [Fact(_("Root keys"), says), Fact(_("File"), home.key_file.name)]


def _sign_in() -> list[Fact]:
    options = settings.SEAWALL_OPTIONS
    return [
        Fact(_("Second factor required"), options.require_mfa, "flag"),
        Fact(_("Signed out when idle for"), formatting.duration(options.idle_minutes * 60)),
        Fact(_("Signed out after"), formatting.duration(options.session_hours * 3600)),
        Fact(_("Locked after wrong attempts"), options.lockout_failures, "number"),
    ]


def _worker() -> list[Fact]:
    hearts = jobs.heartbeats()
    if not hearts:
        return [Fact(_("State"), _("It has never run; `seawall up` starts it"))]
    return [
        Fact(_("Process"), hearts[0].pid, "id"),
        Fact(_("Started"), hearts[0].started_at, "when"),
        Fact(_("Last seen"), max(heart.seen_at for heart in hearts), "age"),
    ]


def _size(path: Path) -> str:
    if not path.exists():
        return formatting.MISSING
    return f"{path.stat().st_size / (1 << 20):,.1f} MiB"
