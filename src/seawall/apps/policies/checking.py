"""A pack's files held against the engine's own checker, in this process: every problem at its file, line and column."""

from __future__ import annotations

import hashlib
import tempfile
import threading
import time
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from seawall.engine.errors import PackError, Problem
from seawall.engine.pack import Pack, load_pack
from seawall.engine.pack.load import FILES
from seawall.engine.policy import CompiledPolicy, compile_policy

MAPPING = "mapping.yaml"
NAMES = (*FILES, MAPPING)
_KEPT = 8  # contents whose findings are remembered
_lock = threading.Lock()
_known: OrderedDict[bytes, Checked] = OrderedDict()


@dataclass(frozen=True)
class Checked:
    """What the checker found. `pack` is None where the files do not even hold together, `policy` where an expression
    is wrong; errors are among the `problems` then. `ms`: how long it took."""

    problems: tuple[Problem, ...]
    pack: Pack | None
    policy: CompiledPolicy | None
    ms: float

    @property
    def ok(self) -> bool:
        """Whether it could be given to the engine."""
        return self.policy is not None

    @property
    def errors(self) -> list[Problem]:
        """Problems that stop it."""
        return [one for one in self.problems if one.severity == "error"]


def check(files: Mapping[str, bytes]) -> Checked:
    """Load and compile the files of a pack. Never raises for what stands in them; the newest contents are checked once.

    What it gives is shared: read it, change nothing in it.
    """
    key = _key(files)
    with _lock:
        if key in _known:
            _known.move_to_end(key)
            return _known[key]
    found = _checked(files)
    with _lock:
        _known[key] = found
        while len(_known) > _KEPT:
            _known.popitem(last=False)
    return found


def _key(files: Mapping[str, bytes]) -> bytes:
    whole = hashlib.sha256()
    for name, data in sorted(files.items()):
        whole.update(f"{name}\0{len(data)}\0".encode() + hashlib.sha256(data).digest())
    return whole.digest()


def _checked(files: Mapping[str, bytes]) -> Checked:
    began = time.perf_counter()
    pack: Pack | None = None
    policy: CompiledPolicy | None = None
    with tempfile.TemporaryDirectory(prefix="seawall-check-") as folder:
        write(files, Path(folder))
        try:
            pack = load_pack(Path(folder))
            policy = compile_policy(pack)
            problems = list(policy.warnings)
        except PackError as error:
            problems = [_without(folder, one) for one in error.problems]
    return Checked(tuple(problems), pack, policy, 1000 * (time.perf_counter() - began))


def load(files: Mapping[str, bytes]) -> Pack:
    """Only the structure, not the expressions. PackError."""
    with tempfile.TemporaryDirectory(prefix="seawall-check-") as folder:
        write(files, Path(folder))
        return load_pack(Path(folder))


def write(files: Mapping[str, bytes], folder: Path) -> None:
    """The files below a folder; their names are plain relative paths (the bundle saw to it)."""
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


def kept(files: Mapping[str, bytes], pack: Pack) -> dict[str, bytes]:
    """The files that belong to a pack, as the engine bundles them: its YAML, its models, its mapping."""
    found = {name: text.encode() for name, text in pack.sources.items()} | dict(pack.artefacts)
    if MAPPING in files:
        found[MAPPING] = files[MAPPING]
    return found


def _without(folder: str, problem: Problem) -> Problem:
    """Places in the temporary folder mean nothing to anybody."""
    if not problem.file.startswith(folder):
        return problem
    return Problem(
        problem.message, problem.suggestion, problem.file[len(folder) :].lstrip("/"), problem.line, problem.column,
        problem.severity,
    )  # fmt: skip
