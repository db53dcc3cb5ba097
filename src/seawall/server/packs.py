"""Packs as the journal keeps them: bundles by digest, compiled when first needed."""

from __future__ import annotations

import hashlib
import logging
import os
import shutil
import tempfile
import threading
from collections.abc import Callable, Mapping
from pathlib import Path

from seawall.engine.deployment import Challenger, Deployment
from seawall.engine.journal import ActivationRecord, Journal, JournalError, pack_bundle, unpack_bundle
from seawall.engine.lane import windows_of
from seawall.engine.pack import Pack, load_pack
from seawall.engine.policy import CompiledPolicy, compile_policy

from .snapshots import Activation

_log = logging.getLogger(__name__)
_KEPT = 12  # compiled policies in memory: the running ones, and those of old decisions being read


def bundle_of(folder: Path, pack: Pack) -> bytes:
    """The bytes that journal a pack: its files and models, and nothing else that lies in the folder."""
    files = {name: text.encode() for name, text in pack.sources.items()}
    files |= dict(pack.artefacts)
    mapping = folder / "mapping.yaml"
    if mapping.is_file():
        files["mapping.yaml"] = mapping.read_bytes()
    return pack_bundle(files)


class PackShelf:
    """Policies by the digest of their bundle, read from the journal, unpacked below `cache`. Any thread may ask."""

    def __init__(self, journal: Journal, cache: Path) -> None:
        self._journal, self._folder = journal, cache / "packs"
        self._compiled: dict[str, CompiledPolicy] = {}  # the one asked for last stands last
        self._lock = threading.RLock()
        self.repaired = 0  # times that unpacked files were not those of the journal

    def folder(self, digest: str) -> Path:
        """Where the bundle's files lie, as they were journaled: files that were changed since are unpacked again."""
        target = self._folder / digest
        if target.is_dir() and not _is_bundle(target, digest):
            _log.error("files below %s are not those that were approved; they are taken from the journal again", target)
            self.repaired += 1
            _set_aside(target)
        if not target.is_dir():
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            fresh = Path(tempfile.mkdtemp(dir=self._folder, prefix=".new-"))
            try:
                _write(fresh, unpack_bundle(self._journal.bundle(digest)))
                os.rename(fresh, target)
            except OSError:
                if not target.is_dir():
                    raise
            finally:
                shutil.rmtree(fresh, ignore_errors=True)
        return target

    def policy(self, digest: str) -> CompiledPolicy:
        """The compiled policy of a bundle."""
        with self._lock:
            found = self._compiled.pop(digest, None)
            if found is None:
                found = compile_policy(load_pack(self.folder(digest)))
            self._keep(digest, found)
            return found

    def holds(self, digest: str) -> bool:
        """Whether a bundle of this digest was ever filed."""
        with self._lock:
            return digest in self._compiled or self._journal.has_bundle(digest)

    def file(self, data: bytes, check: Callable[[str, str], None]) -> tuple[str, CompiledPolicy]:
        """Check a bundle and file it in the journal: its digest and its policy. `check` is asked about its label.

        JournalError where the bytes are no bundle, PackError where its pack cannot be used: nothing is filed then.
        """
        files = unpack_bundle(data)
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=self._folder, prefix=".new-") as name:
            _write(Path(name), files)
            policy = compile_policy(load_pack(Path(name)))
        check(policy.label, hashlib.sha256(data).hexdigest())
        windows_of(policy)  # found out here, where nobody waits for it
        digest = self._journal.put_bundle(data)
        with self._lock:
            self._keep(digest, policy)
        return digest, policy

    def deployment(self, one: ActivationRecord | Activation) -> Deployment:
        """The policies that an activation names, ready to run."""
        challenger = None
        if one.challenger is not None:
            challenger = Challenger(self.policy(one.challenger.digest), one.share, one.entity, one.salt)
        return Deployment(
            self.policy(one.digest), challenger, tuple(self.policy(shadow.digest) for shadow in one.shadows)
        )

    def _keep(self, digest: str, policy: CompiledPolicy) -> None:
        while len(self._compiled) >= _KEPT:
            self._compiled.pop(next(iter(self._compiled)))
        self._compiled[digest] = policy


def _is_bundle(folder: Path, digest: str) -> bool:
    """Whether the folder holds the files of the bundle of this digest, to the byte, and no others."""
    try:
        found = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if not path.is_dir()}
        if not all(path.is_file() for path in found.values()):
            return False
        bundle = pack_bundle({name: path.read_bytes() for name, path in found.items()})
    except (OSError, JournalError):
        return False
    return hashlib.sha256(bundle).hexdigest() == digest


def _set_aside(folder: Path) -> None:
    """Clear the folder's name; another process may have done so already."""
    aside = Path(tempfile.mkdtemp(dir=folder.parent, prefix=".old-"))
    try:
        os.rename(folder, aside / folder.name)
    except FileNotFoundError:
        pass
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def _write(folder: Path, files: Mapping[str, bytes]) -> None:
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
