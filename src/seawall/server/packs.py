"""Packs as the journal keeps them: bundles by digest, compiled when first needed."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

from seawall.engine.journal import Journal, pack_bundle, unpack_bundle
from seawall.engine.pack import Pack, load_pack
from seawall.engine.policy import CompiledPolicy, compile_policy

_KEPT = 8  # compiled policies in memory: the running one, and those of old decisions being read


def bundle_of(folder: Path, pack: Pack) -> bytes:
    """The bytes that journal a pack: its files and models, and nothing else that lies in the folder."""
    files = {name: text.encode() for name, text in pack.sources.items()}
    files |= dict(pack.artefacts)
    mapping = folder / "mapping.yaml"
    if mapping.is_file():
        files["mapping.yaml"] = mapping.read_bytes()
    return pack_bundle(files)


class PackShelf:
    """Policies by the digest of their bundle, read from the journal, unpacked below `cache`."""

    def __init__(self, journal: Journal, cache: Path) -> None:
        self._journal, self._folder = journal, cache / "packs"
        self._compiled: dict[str, CompiledPolicy] = {}

    def folder(self, digest: str) -> Path:
        """Where the bundle's files lie, as they were journaled."""
        target = self._folder / digest
        if not target.is_dir():
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            fresh = Path(tempfile.mkdtemp(dir=self._folder, prefix=".new-"))
            try:
                for name, data in unpack_bundle(self._journal.bundle(digest)).items():
                    path = fresh / name
                    path.parent.mkdir(parents=True, exist_ok=True)
                    path.write_bytes(data)
                os.rename(fresh, target)
            except OSError:
                if not target.is_dir():
                    raise
            finally:
                shutil.rmtree(fresh, ignore_errors=True)
        return target

    def policy(self, digest: str) -> CompiledPolicy:
        """The compiled policy of a bundle."""
        found = self._compiled.get(digest)
        if found is None:
            found = compile_policy(load_pack(self.folder(digest)))
            while len(self._compiled) >= _KEPT:
                self._compiled.pop(next(iter(self._compiled)))
            self._compiled[digest] = found
        return found
