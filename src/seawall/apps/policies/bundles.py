"""Packs in the control database: each file's content once, by hash; a bundle by the digest that the journal uses."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from seawall.apps.errors import InvalidError, UnknownError
from seawall.apps.policies.checking import check
from seawall.apps.policies.models import Backtest, Blob, Bundle, BundleFile, Draft, Version
from seawall.engine.journal import JournalError, pack_bundle
from seawall.engine.policy import CompiledPolicy

LARGEST = 64 << 20  # bytes of all files of what people upload


def digest_of(files: Mapping[str, bytes]) -> str:
    """The digest under which the journal files these. InvalidError for names or sizes that no bundle takes."""
    return hashlib.sha256(_packed(files)).hexdigest()


def put(files: Mapping[str, bytes]) -> Bundle:
    """Keep the files; the same ones are kept once. InvalidError for names or sizes that no bundle takes."""
    digest = digest_of(files)
    with transaction.atomic():
        bundle, made = Bundle.objects.get_or_create(
            digest=digest, defaults={"size": sum(len(data) for data in files.values())}
        )
        if made:
            hashes = {name: hashlib.sha256(data).hexdigest() for name, data in files.items()}
            known = set(Blob.objects.filter(pk__in=hashes.values()).values_list("pk", flat=True))
            new = {hashes[name]: data for name, data in files.items() if hashes[name] not in known}
            Blob.objects.bulk_create([Blob(sha256=key, data=data) for key, data in new.items()])
            rows = [BundleFile(bundle=bundle, name=name, blob_id=key) for name, key in hashes.items()]
            BundleFile.objects.bulk_create(rows)
    return bundle


def forget(digest: str) -> None:
    """Drop a bundle that no version, no draft and no backtest has (any more), with the contents that only it had."""
    with transaction.atomic():
        tried = Backtest.objects.filter(Q(candidate=digest) | Q(base=digest))
        if tried.exists() or any(kind.objects.filter(bundle=digest).exists() for kind in (Version, Draft)):
            return
        blobs = list(BundleFile.objects.filter(bundle=digest).values_list("blob_id", flat=True))
        Bundle.objects.filter(pk=digest).delete()
        shared = BundleFile.objects.filter(blob_id__in=blobs).values("blob_id")
        Blob.objects.filter(pk__in=blobs).exclude(pk__in=shared).delete()


def files(digest: str) -> dict[str, bytes]:
    """The files of a bundle by name. UnknownError where it is not kept."""
    rows = BundleFile.objects.filter(bundle=digest).select_related("blob").order_by("name")
    found = {row.name: bytes(row.blob.data) for row in rows}
    if not found:
        raise UnknownError(_("There is no such policy content."))
    return found


def texts(digest: str) -> dict[str, str]:
    """The YAML files of a bundle as text."""
    return {name: text(data) for name, data in files(digest).items() if name.endswith(".yaml")}


def artefacts(digest: str) -> dict[str, str]:
    """SHA-256 of each file of a bundle that is no YAML, by name: models and what belongs to them."""
    rows = BundleFile.objects.filter(bundle=digest).exclude(name__endswith=".yaml").order_by("name")
    return dict(rows.values_list("name", "blob_id"))


def text(data: bytes) -> str:
    """A file's bytes as text, whatever they are."""
    return data.decode("utf-8-sig", "replace")


def packed(digest: str) -> bytes:
    """The bundle as the engine takes it."""
    return _packed(files(digest))


def policy(digest: str) -> CompiledPolicy:
    """The compiled policy of a bundle. InvalidError where it does not compile."""
    checked = check(files(digest))
    if checked.policy is None:
        raise InvalidError(str(checked.errors[0]))
    return checked.policy


def _packed(files: Mapping[str, bytes]) -> bytes:
    try:
        return pack_bundle(files)
    except JournalError as error:
        raise InvalidError(str(error)) from None
