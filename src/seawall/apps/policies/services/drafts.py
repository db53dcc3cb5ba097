"""Working copies: opened from a version, saved with an edit token, frozen into the next version."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from seawall.apps.accounts.models import User
from seawall.apps.accounts.permissions import check as check_permission
from seawall.apps.audit.services import record
from seawall.apps.errors import ConflictError, InvalidError, UnknownError
from seawall.apps.policies import bundles
from seawall.apps.policies.changes import Change, compare, say
from seawall.apps.policies.checking import NAMES, Checked, check, kept, load
from seawall.apps.policies.editing import edits, templates
from seawall.apps.policies.editing.source import EditError, normal
from seawall.apps.policies.models import Draft, Save, Version
from seawall.apps.policies.services import versions
from seawall.apps.policies.states import DRAFT, EDIT
from seawall.engine.errors import PackError
from seawall.engine.yaml import MAX_BYTES

MOST_OPEN = 50  # drafts of a policy at a time
MOST_TOLD = 50  # changes that a save remembers
_EDITED = gettext_noop("%(file)s was edited")


class StaleDraftError(ConflictError):
    """Somebody saved in between; `saves` are what the person has not seen, oldest first."""

    def __init__(self, draft: Draft, saves: list[Save]) -> None:
        self.revision, self.saves = draft.revision, saves
        told = "; ".join(f"{one.by}: {', '.join(said(one))}" for one in saves[-3:])
        super().__init__(
            _("Somebody saved this draft in between (%(what)s). Load it again and repeat your change.") % {"what": told}
        )


@dataclass(frozen=True)
class Saved:
    """A draft after a save: what the checker says, what changed in words (empty where a file is broken)."""

    draft: Draft
    checked: Checked
    changes: tuple[Change, ...]


def said(save: Save) -> list[str]:
    """A save's changes in the language of the moment."""
    return [say(text, values) for text, values in save.changes]


def open_draft(user: User, version_id: UUID, title: str = "") -> Draft:
    """A working copy of a version, under the policy's next number. DeniedError, UnknownError; ConflictError where a
    policy has too many open ones."""
    check_permission(user, EDIT)
    with transaction.atomic():
        base = Version.objects.select_related("policy").filter(pk=version_id).first()
        if base is None:
            raise UnknownError(_("There is no such policy version."))
        if base.policy.drafts.filter(version=None, discarded_at=None).count() >= MOST_OPEN:
            raise ConflictError(_("This policy has %(most)d open drafts; discard one first.") % {"most": MOST_OPEN})
        number = versions.next_number(base.policy)
        files = _numbered(bundles.files(base.digest), number)
        named = " ".join(title.split())[:200] or f"{base.policy.name}@{number}"
        draft = Draft.objects.create(
            policy=base.policy, base=base, title=named, bundle=bundles.put(files), author=user
        )  # fmt: skip
        record(user, "policy.draft_opened", "policy_draft", draft.pk, {"base": base.label, "digest": draft.digest})
    return draft


def save_text(user: User, draft_id: UUID, file: str, text: str, token: int) -> Saved:
    """Replace a file's text by what somebody typed, right or wrong.

    StaleDraftError where `token` is not the newest revision; InvalidError for a file that no pack has, or one that is
    too big; ConflictError for a draft that is over.
    """
    if file not in NAMES:
        says = _("%(file)s is no file of a policy; there are %(known)s.") % {
            "file": file[:80],
            "known": ", ".join(NAMES),
        }
        raise InvalidError(says, {"file": says})
    clean = normal(text)
    if len(clean.encode("utf-8", "replace")) > MAX_BYTES:
        says = _("The file is longer than %(most)d MB; split it.") % {"most": MAX_BYTES // 1_000_000}
        raise InvalidError(says, {"text": says})
    return _save(user, draft_id, token, file, "", lambda files: {file: clean})


def edit(user: User, draft_id: UUID, name: str, arguments: Mapping[str, Any], token: int) -> Saved:
    """Carry out one edit of `editing.edits.EDITS`. As `save_text`; InvalidError where the edit cannot be done."""

    def change(files: Mapping[str, str]) -> dict[str, str]:
        file, text = edits.apply(files, name, arguments)
        return {file: text}

    file = edits.EDITS[name].file if name in edits.EDITS else ""
    return _save(user, draft_id, token, file, name, change)


def copy_template(user: User, draft_id: UUID, template: str, values: Mapping[str, str], token: int) -> Saved:
    """Copy a rule template into the draft, with the features it needs. As `edit`."""
    draft = _open(user, draft_id)
    pack = check(bundles.files(draft.digest)).pack
    if pack is None:
        raise InvalidError(_("Mend the draft's errors first: a template needs to know its events and features."))
    return _save(user, draft_id, token, "rules.yaml", f"template.{template}"[:40],
                 lambda files: templates.copy(files, template, values, pack))  # fmt: skip


def discard(user: User, draft_id: UUID, token: int) -> Draft:
    """Throw a draft away."""
    with transaction.atomic():
        draft = _locked(user, draft_id, token)
        draft.discarded_at = timezone.now()
        draft.save(update_fields=["discarded_at"])
        record(user, "policy.draft_discarded", "policy_draft", draft.pk, {"digest": draft.digest})
    return draft


def freeze(user: User, draft_id: UUID, token: int, note: str = "") -> Version:
    """Make the draft the policy's next version. InvalidError while it has errors, or nothing in it changed."""
    draft = _open(user, draft_id)
    files = bundles.files(draft.digest)
    checked = check(files)
    if checked.pack is not None and _taken(draft, checked.pack.policy.version):
        files = _numbered(files, versions.next_number(draft.policy))
        checked = check(files)
    if checked.policy is None or checked.pack is None:
        raise versions.PackProblemsError(checked)
    if checked.pack.policy.name != draft.policy.name:
        says = _("The policy's name must stay %(name)s; another name is another policy.") % {"name": draft.policy.name}
        raise InvalidError(says, {"policy": says})
    if not compare(load(bundles.files(draft.base.digest)), checked.pack):
        raise InvalidError(_("The draft does what its base does; change something first."))
    with transaction.atomic():
        draft = _locked(user, draft_id, token)
        version = versions.keep(
            user, kept(files, checked.pack), checked.pack, "draft", DRAFT, parent=draft.base, note=note or draft.title
        )
        before, draft.bundle, draft.version = draft.digest, version.bundle, version
        draft.save(update_fields=["bundle", "version"])
        bundles.forget(before)
        record(
            user, "policy.draft_frozen", "policy_draft", draft.pk, {"policy": version.label, "digest": version.digest}
        )
    return version


# --- saving -----------------------------------------------------------------------------------------------------------


def _save(
    user: User, draft_id: UUID, token: int, file: str, name: str,
    change: Callable[[Mapping[str, str]], Mapping[str, str]],
) -> Saved:  # fmt: skip
    draft = _open(user, draft_id)
    _check_token(draft, token)
    before = bundles.files(draft.digest)
    try:
        changed = change({key: bundles.text(data) for key, data in before.items() if key.endswith(".yaml")})
    except (EditError, PackError) as error:
        raise InvalidError(str(error).splitlines()[0], {"edit": str(error).splitlines()[0]}) from None
    after = before | {key: text.encode("utf-8", "replace") for key, text in changed.items()}
    after = {key: data for key, data in after.items() if data.strip() or key not in changed}
    checked = check(after)
    if after == before:
        return Saved(draft, checked, ())
    found = _told(before, checked)
    stored = [one.plain() for one in found[:MOST_TOLD]] or [[_EDITED, {"file": file}]]
    with transaction.atomic():
        draft = _locked(user, draft_id, token)
        old, draft.bundle = draft.digest, bundles.put(after)
        draft.revision, draft.changed_at = draft.revision + 1, timezone.now()
        draft.save(update_fields=["bundle", "revision", "changed_at"])
        Save.objects.create(draft=draft, revision=draft.revision, file=file, edit=name, changes=stored, by=user)
        bundles.forget(old)
        about = {"file": file, "edit": name, "revision": draft.revision, "digest": draft.digest}
        record(user, "policy.draft_saved", "policy_draft", draft.pk, about)
    return Saved(draft, checked, tuple(found))


def _told(before: Mapping[str, bytes], checked: Checked) -> list[Change]:
    try:
        return compare(load(before), checked.pack) if checked.pack is not None else []
    except PackError:
        return []


def _numbered(files: Mapping[str, bytes], number: int) -> dict[str, bytes]:
    name, text = edits.apply({"policy.yaml": bundles.text(files["policy.yaml"])}, "version.set", {"version": number})
    return dict(files) | {name: text.encode()}


def _taken(draft: Draft, number: int) -> bool:
    return draft.policy.versions.filter(number=number).exists()


def _open(user: User, draft_id: UUID) -> Draft:
    check_permission(user, EDIT)
    draft = Draft.objects.select_related("policy", "base__policy").filter(pk=draft_id).first()
    if draft is None:
        raise UnknownError(_("There is no such draft."))
    if not draft.open:
        raise ConflictError(_("This draft is over; open another one from the version you want to change."))
    return draft


def _check_token(draft: Draft, token: int) -> None:
    if token != draft.revision:
        saves = Save.objects.filter(draft=draft, revision__gt=token).select_related("by").order_by("revision")
        raise StaleDraftError(draft, list(saves))


def _locked(user: User, draft_id: UUID, token: int) -> Draft:
    Draft.objects.select_for_update().filter(pk=draft_id).first()
    draft = _open(user, draft_id)
    _check_token(draft, token)
    return draft
