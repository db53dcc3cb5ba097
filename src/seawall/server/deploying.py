"""Which policies run, changed while decisions go on: check what was asked, warm what is cold, switch by one record."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple, Protocol

import msgspec

from seawall.engine.deployment import Deployment, check_deployment
from seawall.engine.engine import Engine
from seawall.engine.errors import ConflictError, PackError, Problem, SeawallError
from seawall.engine.journal import ActivationRecord, Journal, JournalError, Kind, Named, encode_activation
from seawall.engine.lane import windows_of
from seawall.engine.policy import CompiledPolicy
from seawall.engine.warming import Warming

from .home import Home
from .packs import PackShelf
from .recovery import cold, warm
from .sequencer import Sequencer
from .snapshots import Activation
from .warm_up import WarmUp, WarmUpError

_log = logging.getLogger(__name__)
MAX_NOTE = 500
_SALT_BYTES = 8


class PolicyUnknownError(SeawallError):
    """No bundle of this digest was ever filed (HTTP 404)."""


class LabelTakenError(ConflictError):
    """Another pack ran under the same name and version (HTTP 409)."""


class Rival(NamedTuple):
    """A challenger as asked for: the digest of its bundle, basis points, the key field that is split ("": the one that
    the champion's policy names)."""

    digest: str
    share: int
    entity: str = ""


class Wanted(NamedTuple):
    """A deployment as asked for; policies by the digests of their bundles."""

    champion: str
    challenger: Rival | None = None
    shadows: tuple[str, ...] = ()
    note: str = ""


class Deployed(NamedTuple):
    """The record that made it so, and the champion; no sequence while its windows are still being warmed."""

    sequence: int | None
    policy: str
    warming: Mapping[str, Any] | None = None


class Filed(NamedTuple):
    """A bundle that was checked and kept. `same_features`: its windows are among the running ones."""

    digest: str
    policy: CompiledPolicy
    same_features: bool


class Host(Protocol):
    """What the service lends."""

    home: Home
    journal: Journal
    shelf: PackShelf

    @property
    def engine(self) -> Engine: ...

    @property
    def activations(self) -> Sequence[Activation]: ...

    def taken_over(self, activation: Activation) -> None: ...


class _Job:
    """A deployment whose windows are being warmed."""

    def __init__(self, record: ActivationRecord, deployment: Deployment, parts: list[WarmUp]) -> None:
        self.record, self.deployment, self.parts = record, deployment, parts
        self.task: asyncio.Task[None] | None = None
        self.failed = ""

    def state(self) -> dict[str, Any]:
        """For people and monitoring."""
        done, total = (sum(getattr(part, name) for part in self.parts) for name in ("done", "total"))
        shown = {"policies": [one.policy for one in self.record.named], "done": max(0, done), "total": max(0, total)}
        return shown | ({"failed": self.failed} if self.failed else {})

    def cancel(self) -> None:
        """Another one takes its place."""
        for part in self.parts:
            part.cancel()


class Deployer:
    """Deployments of one running service, one after the other; the latest wish wins over one that is still warming."""

    def __init__(
        self,
        host: Host,
        sequencer: Sequencer,
        prepare_door: Callable[[CompiledPolicy], object],
        clock: Callable[[], int],
    ) -> None:
        self._host, self._sequencer, self._prepare_door, self._clock = host, sequencer, prepare_door, clock
        self._threads = ThreadPoolExecutor(2, thread_name_prefix="policies")
        self._turn = asyncio.Lock()
        self._job: _Job | None = None

    @property
    def warming(self) -> Mapping[str, Any] | None:
        """How far the deployment that is being warmed has come; None where none is."""
        return self._job.state() if self._job is not None else None

    async def file(self, data: bytes) -> Filed:
        """Check a bundle off the loop and keep it. PackError with every problem, LabelTakenError; nothing kept then."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._file, data)

    async def deploy(self, wanted: Wanted) -> Deployed:
        """Make these policies run: at once where their windows are there, else as soon as they are warm.

        The same deployment again is the earlier one. PolicyUnknownError, LabelTakenError, PolicyError.
        """
        loop = asyncio.get_running_loop()
        async with self._turn:
            record, deployment = await loop.run_in_executor(self._threads, self._resolve, wanted)
            active = self._host.activations[-1]
            if _same(record, active):
                self._drop()
                return Deployed(active.sequence, active.policy)
            job = self._job
            if job is not None and not job.failed and _same(record, job.record):
                return Deployed(None, record.policy, job.state())
            self._drop()
            needed = cold(self._host.engine, deployment)
            if not needed:
                return await self._switch(record, deployment, ())
            digests = {one.policy: one.digest for one in record.named}
            parts = [WarmUp(self._host.home, self._host.journal, digests[one.label], one) for one in needed]
            self._job = job = _Job(record, deployment, parts)
            job.task = loop.create_task(self._warm(job))
            return Deployed(None, record.policy, job.state())

    def resolve(self, wanted: Wanted) -> tuple[ActivationRecord, Deployment]:
        """The record of a deployment and its policies, all checked; for callers before the service runs."""
        return self._resolve(wanted)

    async def stop(self) -> None:
        """Let go of what is being warmed."""
        task = self._job.task if self._job is not None else None
        self._drop()
        if task is not None:
            await asyncio.gather(task, return_exceptions=True)
        self._threads.shutdown()

    def _drop(self) -> None:
        if self._job is not None:
            self._job.cancel()
            self._job = None

    # --- off the loop -------------------------------------------------------------------------------------------------

    def _file(self, data: bytes) -> Filed:
        host = self._host
        try:
            digest, policy = host.shelf.file(data, self._check_label)
        except JournalError as error:
            raise PackError([Problem(str(error), "send what seawall.engine.journal.pack_bundle makes")]) from None
        return Filed(digest, policy, windows_of(policy) in host.engine.lanes)

    def _check_label(self, label: str, digest: str) -> None:
        for activation in self._host.activations:
            for one in activation.named:
                if one.policy == label and one.digest != digest:
                    raise LabelTakenError(f"{label} ran with other content; raise its version in policy.yaml")

    def _resolve(self, wanted: Wanted) -> tuple[ActivationRecord, Deployment]:
        rival, active = wanted.challenger, self._host.activations[-1]
        champion = self._named(wanted.champion)
        challenger = self._named(rival.digest) if rival is not None else None
        record = ActivationRecord(
            champion.policy, champion.digest, self._clock(), shadows=tuple(map(self._named, wanted.shadows)),
            note=wanted.note,
        )  # fmt: skip
        if rival is not None and challenger is not None:
            entity = rival.entity or self._host.shelf.policy(champion.digest).pack.policy.split_key
            is_kept = active.challenger == challenger and active.entity == entity
            salt = active.salt if is_kept else secrets.token_hex(_SALT_BYTES)
            record = msgspec.structs.replace(record, challenger=challenger, share=rival.share, entity=entity, salt=salt)
        deployment = self._host.shelf.deployment(record)
        check_deployment(deployment)
        for policy in deployment.policies:
            windows_of(policy)  # found out here, not on the loop
        return record, deployment

    def _named(self, digest: str) -> Named:
        shelf = self._host.shelf
        if not shelf.holds(digest):
            raise PolicyUnknownError(f"no bundle {digest[:64]} was filed; send it to POST /v1/policies/bundles first")
        policy = shelf.policy(digest)
        self._check_label(policy.label, digest)
        return Named(policy.label, digest)

    # --- the switch ---------------------------------------------------------------------------------------------------

    async def _warm(self, job: _Job) -> None:
        loop = asyncio.get_running_loop()
        try:
            warmed = [await loop.run_in_executor(self._threads, part.run) for part in job.parts]
            async with self._turn:
                if self._job is job:
                    await self._switch(job.record, job.deployment, warmed)
                    self._job = None
        except Exception as error:
            job.failed = (str(error).splitlines() or [type(error).__name__])[0][:300]
            if not (isinstance(error, WarmUpError) and self._job is not job):
                _log.error("%s was not deployed: %s", job.record.policy, job.failed)

    async def _switch(self, record: ActivationRecord, deployment: Deployment, warmed: Sequence[Warming]) -> Deployed:
        host = self._host
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(self._threads, self._prepare_door, deployment.champion)

        async def switch() -> int:
            for one in warmed:
                warm(host.journal, one, host.journal.last)
            stamped = msgspec.structs.replace(record, at=self._clock())
            prepared = host.engine.prepare(deployment, [(one.lane, one.position) for one in warmed])
            await self._sequencer.commit(Kind.ACTIVATION, encode_activation(stamped))
            sequence = host.engine.adopt(prepared)
            host.taken_over(Activation.of(sequence, stamped))
            return sequence

        return Deployed(await self._sequencer.alone(switch), record.policy)


def _same(record: ActivationRecord, other: ActivationRecord | Activation) -> bool:
    """Whether two name the same policies in the same roles with the same split."""
    parts = ("digest", "challenger", "share", "entity", "shadows")
    return all(getattr(record, name) == getattr(other, name) for name in parts)
