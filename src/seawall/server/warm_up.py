"""Windows that no running policy has: built in a process of their own while decisions go on, then caught up here."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import msgspec

from seawall.engine.errors import SeawallError
from seawall.engine.journal import Journal
from seawall.engine.policy import CompiledPolicy
from seawall.engine.snapshot import restore_lane
from seawall.engine.warming import Warming

from .home import Home
from .recovery import warm
from .supervisor import python

_MODULE = "seawall.server.warm_process"
_CLOSE = 512  # records that may be missing when the switch begins


class Task(msgspec.Struct, frozen=True):
    """What the child is to do: the home, the digest of a pack's bundle, the file for its windows."""

    home: str
    digest: str
    out: str


class Report(msgspec.Struct, frozen=True):
    """One line of the child's standard output."""

    done: int
    total: int


class WarmUpError(SeawallError):
    """The windows could not be built, in one line."""


class WarmUp:
    """One set of windows on its way. `run` blocks, in a thread of the caller's; the rest may be asked from any."""

    def __init__(self, home: Home, journal: Journal, digest: str, policy: CompiledPolicy) -> None:
        self.policy = policy
        self.done, self.total = 0, journal.last
        self._journal, self._folder = journal, folder_of(home)
        self._out = self._folder / f"{digest}.{os.getpid()}.{id(self)}"
        self._task = Task(str(home.folder), digest, str(self._out))
        self._child: subprocess.Popen[bytes] | None = None
        self._is_cancelled = False

    def run(self) -> Warming:
        """The windows as of a record shortly before the newest. WarmUpError where that fails or was cancelled."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            self._run_child()
            warming = self._load()
        finally:
            self._out.unlink(missing_ok=True)
        while self._journal.last - warming.sequence > _CLOSE and not self._is_cancelled:
            warm(self._journal, warming, self._journal.last, self._tell)
        if self._is_cancelled:
            raise WarmUpError("another deployment took its place")
        self._tell(warming.sequence, self._journal.last)
        return warming

    def cancel(self) -> None:
        """Let it end early."""
        self._is_cancelled = True
        if self._child is not None:
            self._child.kill()

    def _run_child(self) -> None:
        argument = msgspec.json.encode(self._task).decode()
        command = python(_MODULE, argument)
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as child:  # noqa: S603
            self._child = child
            assert child.stdout is not None, "it is a pipe"
            assert child.stderr is not None, "it is a pipe"
            try:
                if self._is_cancelled:
                    child.kill()
                for line in child.stdout:
                    report = msgspec.json.decode(line, type=Report)
                    self._tell(report.done, report.total)
                said = child.stderr.read().decode(errors="replace").splitlines()
            except BaseException:
                child.kill()
                raise
        self._child = None
        if child.returncode:
            raise WarmUpError(said[-1][:300] if said else f"the warming process ended with status {child.returncode}")

    def _load(self) -> Warming:
        lane, position = restore_lane(self.policy, self._out.read_bytes())
        return Warming(self.policy, lane, position)

    def _tell(self, done: int, total: int) -> None:
        self.done, self.total = done, total


def folder_of(home: Home) -> Path:
    """Where children leave their windows for a moment."""
    return home.cache / "warming"


def clear(home: Home) -> None:
    """Remove what killed processes left."""
    shutil.rmtree(folder_of(home), ignore_errors=True)
