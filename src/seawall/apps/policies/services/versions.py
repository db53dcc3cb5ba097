"""Versions come from outside: the pack a home runs, a zip that somebody uploads, a folder on the host."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from seawall.apps.accounts.models import User
from seawall.apps.accounts.permissions import check as check_permission
from seawall.apps.audit.services import SYSTEM, record
from seawall.apps.errors import ConflictError, InvalidError
from seawall.apps.policies import bundles, uploads
from seawall.apps.policies.checking import Checked, check, kept, load
from seawall.apps.policies.models import Policy, Version
from seawall.apps.policies.models.policy import LONGEST_NOTE
from seawall.apps.policies.services import gates
from seawall.apps.policies.services.moves import touch
from seawall.apps.policies.states import DRAFT, EDIT, REJECTED
from seawall.engine.pack import Pack

OPERATOR = "operator"  # whoever runs the host, as the ledger knows them


def import_zip(user: User, data: bytes, note: str = "") -> Version:
    """A version from a zipped folder, in state draft. DeniedError; InvalidError for what is no pack (`problems` holds
    the checker's findings); ConflictError where the number is taken by another content.
    """
    check_permission(user, EDIT)
    return _import(user, uploads.read_zip(data), "upload", note)


def import_folder(actor: User | str, folder: Path, note: str = "") -> Version:
    """The same from a folder on this machine; `actor` may be OPERATOR."""
    if isinstance(actor, User):
        check_permission(actor, EDIT)
    return _import(actor, uploads.read_folder(folder), "command", note)


def see(data: Mapping[str, bytes]) -> Version:
    """The version that a bundle of the journal is, made where it is not known. PackError: no pack of this version."""
    return keep(SYSTEM, dict(data), load(data), "journal", DRAFT)


def keep(
    actor: User | str, files: Mapping[str, bytes], pack: Pack, source: str, state: str, *,
    parent: Version | None = None, note: str = "",
) -> Version:  # fmt: skip
    """The version of these files, made where it is not known. ConflictError where its number has another content."""
    name, number = pack.policy.name, pack.policy.version
    author = actor if isinstance(actor, User) else None
    with transaction.atomic():
        policy, _made = Policy.objects.get_or_create(name=name, defaults={"owner": author})
        digest = bundles.digest_of(files)
        known = Version.objects.select_related("policy").filter(policy=policy, number=number).first()
        if known is not None:
            if known.bundle_id == digest:
                return known
            says = _(
                "%(name)s has another content here. Write version: %(number)d in its policy.yaml and import it again."
            )
            raise ConflictError(says % {"name": known.label, "number": next_number(policy)})
        version = Version.objects.create(
            policy=policy, number=number, bundle=bundles.put(files), content_hash=pack.content_hash, state=state,
            source=source, parent=parent or _newest(policy), author=author, note=note.strip()[:LONGEST_NOTE],
        )  # fmt: skip
        about = {"policy": version.label, "digest": digest, "source": source}
        record(actor, "policy.version_added", "policy_version", version.pk, about)
        gates.advance(version)
    version.refresh_from_db(fields=["state", "changed_at"])
    return version


def displace(data: Mapping[str, bytes], pack: Pack) -> Version:
    """The version that the engine runs under a number that another content has here: that one could never be deployed,
    so it moves on to the next free number, rejected.
    """
    with transaction.atomic():
        other = Version.objects.select_for_update().get(policy__name=pack.policy.name, number=pack.policy.version)
        other.number = next_number(other.policy)
        other.save(update_fields=["number"])
        touch(other, REJECTED)
        about = {"policy": other.label, "instead_of": f"{pack.policy.name}@{pack.policy.version}"}
        record(SYSTEM, "policy.version_displaced", "policy_version", other.pk, about)
        return keep(SYSTEM, dict(data), pack, "journal", DRAFT)


def next_number(policy: Policy) -> int:
    """The lowest number above every version of a policy."""
    return (policy.versions.aggregate(last=Max("number"))["last"] or 0) + 1


class PackProblemsError(InvalidError):
    """A pack that does not hold together; `problems` has the checker's findings."""

    def __init__(self, checked: Checked) -> None:
        self.problems = checked.problems
        first = str(checked.errors[0])
        super().__init__(_("The policy has %(count)d errors, the first: %(first)s") % {
            "count": len(checked.errors), "first": first}, {"file": first})  # fmt: skip


def _import(actor: User | str, files: Mapping[str, bytes], source: str, note: str) -> Version:
    checked = check(files)
    if checked.policy is None or checked.pack is None:
        raise PackProblemsError(checked)
    return keep(actor, kept(files, checked.pack), checked.pack, source, DRAFT, note=note)


def _newest(policy: Policy) -> Version | None:
    return policy.versions.order_by("-number").first()
