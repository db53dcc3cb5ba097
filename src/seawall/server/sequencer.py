"""The sequencer: waiting records in small batches through the engine, made durable by the committer, then answered."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import Any, NamedTuple, TypeVar

from seawall.engine.decision import Decision, Other
from seawall.engine.door import Event, Label
from seawall.engine.engine import Engine, Repeat
from seawall.engine.errors import ConflictError, EventError, SeawallError
from seawall.engine.journal import (
    ErasureRecord,
    EventRecord,
    Journal,
    Kind,
    encode_erasure,
    encode_event,
    encode_label,
    encode_list_entry,
    encode_setting,
)
from seawall.engine.lists import ListEntry
from seawall.engine.settings import SettingEntry
from seawall.sealing import Erasure, LocalSealer

from .decided import BusyError, Decided, UnavailableError, decision_id

T = TypeVar("T")
BATCH = 64  # of the engine: a repeat within one is found there, a repeat of an earlier one in the journal
RETRY_SECONDS = 2.0


class EraseSubject(NamedTuple):
    """A wish among the records: destroy this subject's key and links, and say so in the journal."""

    subject: str
    at: int


Work = Event | Label | ListEntry | SettingEntry | EraseSubject


class Erased(NamedTuple):
    """An erasure's sequence number, and what it destroyed."""

    sequence: int
    erasure: Erasure


Deliver = Callable[[Any], None]


class _Waiting(NamedTuple):
    work: Work
    deliver: Deliver


class _Action(NamedTuple):
    run: Callable[[], Awaitable[Any]]
    future: asyncio.Future[Any]


class _Flying(NamedTuple):
    """A batch that was decided and is being made durable."""

    batch: list[_Waiting]
    results: list[Any]
    commit: asyncio.Future[dict[Any, Erased]]
    began: float


@dataclass(slots=True)
class Counters:
    """What has happened since the start. `results`: by policy, its role, outcome ("" where it failed), and whether it
    was served."""

    results: dict[tuple[str, str, str, bool], int] = field(default_factory=dict)
    degraded: int = 0
    repeats: int = 0
    commits: int = 0
    commit_seconds: float = 0.0
    last_commit_ms: float = 0.0
    failures: int = 0

    @property
    def outcomes(self) -> dict[str, int]:
        """Decisions by the outcome that was served."""
        found: dict[str, int] = {}
        for (_, _, outcome, is_served), number in self.results.items():
            if is_served:
                found[outcome] = found.get(outcome, 0) + number
        return found


class Sequencer:
    """Takes work on one event loop, in the order of `put`. Bounded: BusyError where `capacity` wait already.

    `engine` gives the running engine, `recover` (called in the committer thread) brings it back to the newest durable
    record after a failure; where `snapshot_due`, `snapshot` is called when nothing is under way.
    """

    def __init__(
        self,
        engine: Callable[[], Engine],
        journal: Journal,
        sealer: LocalSealer,
        capacity: int,
        recover: Callable[[], Callable[[], None]],
        snapshot_due: Callable[[], bool],
        snapshot: Callable[[], None],
    ) -> None:
        self.counters = Counters()
        self.flying: dict[int, EventRecord] = {}  # decided, not durable yet, by sequence number
        self.trouble = ""  # why nothing can be taken now
        self._engine, self._journal, self._sealer = engine, journal, sealer
        self._capacity, self._recover = capacity, recover
        self._snapshot_due, self._snapshot = snapshot_due, snapshot
        self._queue: deque[_Waiting] = deque()
        self._actions: deque[_Action] = deque()
        self._beside: dict[int, tuple[Other, ...]] = {}  # of the batch at hand, by sequence number
        self._wake = asyncio.Event()
        self._committer = ThreadPoolExecutor(1, thread_name_prefix="committer")
        self._keeper = ThreadPoolExecutor(1, thread_name_prefix="keeper")  # of keys, while the committer writes
        self._task: asyncio.Task[None] | None = None
        self._stopping = False

    def __len__(self) -> int:
        return len(self._queue)

    def start(self) -> None:
        """Begin to work; on the loop that will call `put`."""
        self._task = asyncio.get_running_loop().create_task(self._run())

    async def stop(self) -> None:
        """Finish what waits."""
        self._stopping = True
        self._wake.set()
        if self._task is not None:
            await self._task
        self._committer.shutdown()
        self._keeper.shutdown()

    def check_room(self, more: int) -> None:
        """BusyError where `more` would not fit."""
        if len(self._queue) + more > self._capacity:
            raise BusyError(f"{len(self._queue):,} records wait already; send more slowly, or in smaller batches")

    def put(self, work: Work) -> asyncio.Future[Any]:
        """Queue one thing; its result comes once it is durable: Decided, a sequence number, Erased, or an error."""
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self.submit(work, partial(_settle, future))
        return future

    def submit(self, work: Work, deliver: Deliver) -> None:
        """The same for who is told by a call, without a future's and a task's turn of the loop. It raises nothing."""
        self._queue.append(_Waiting(work, deliver))
        self._wake.set()

    async def alone(self, action: Callable[[], Awaitable[T]]) -> T:
        """Run `action` when nothing is being decided or committed; what comes meanwhile waits. It may use `commit`.

        A SeawallError of it comes back and has changed nothing; after any other error the state is recovered.
        """
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._actions.append(_Action(action, future))
        self._wake.set()
        return await future

    async def commit(self, kind: int, payload: bytes) -> None:
        """Make one record durable; in an action only."""
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(self._committer, self._journal.append, [(kind, payload)])

    def reread(self, read: Callable[[Work], Work | None]) -> None:
        """Let what waits be read anew, as after a change of policy; where None comes back its type is gone."""
        for _ in range(len(self._queue)):
            waiting = self._queue.popleft()
            work = read(waiting.work)
            if work is not None:
                self._queue.append(_Waiting(work, waiting.deliver))
            else:
                waiting.deliver(EventError("type", "is not known to the policy that runs now"))

    async def _run(self) -> None:
        """Decide one batch while the one before it becomes durable."""
        queue, actions = self._queue, self._actions
        flying: _Flying | None = None
        while queue or actions or flying is not None or not self._stopping:
            if not queue and not actions and flying is None:
                self._wake.clear()
                await self._wake.wait()
                continue
            is_pausing = flying is not None and (bool(actions) or self._snapshot_due())
            batch: list[_Waiting] = []
            try:
                if actions and flying is None:
                    await self._act(actions.popleft())
                    continue
                batch = [] if is_pausing else [queue.popleft() for _ in range(min(BATCH, len(queue)))]
                keys = self._keep_keys()
                try:
                    decided = self._step([waiting.work for waiting in batch])
                    if flying is not None:
                        await self._land(flying)
                finally:
                    await keys
                flying = self._take_off(batch, *decided) if batch else None
                if flying is None and self._snapshot_due():
                    self._snapshot()
                await asyncio.sleep(0)  # requests come in before the next batch is made up
            except Exception as error:
                self._refuse([*(flying.batch if flying is not None else ()), *batch], error)
                flying = None
                await self._recovered(error)

    def _keep_keys(self) -> Awaitable[None]:
        """Make the keys durable that the batch uses; its records follow once that is done."""
        loop = asyncio.get_running_loop()
        if self._sealer.waits():
            return loop.run_in_executor(self._keeper, self._sealer.flush)
        nothing = loop.create_future()
        nothing.set_result(None)
        return nothing

    async def _act(self, action: _Action) -> None:
        try:
            result = await action.run()
        except Exception as error:
            if not action.future.done():
                action.future.set_exception(error)
            if not isinstance(error, SeawallError):
                raise
        else:
            if not action.future.done():
                action.future.set_result(result)

    def _take_off(self, batch: list[_Waiting], results: list[Any], payloads: list[tuple[int, Any]]) -> _Flying:
        for waiting, result in zip(batch, results, strict=True):
            if isinstance(result, Decided) and not result.repeated:
                assert isinstance(waiting.work, Event)
                decision = result.decision
                others = self._beside.pop(decision.sequence, ())
                self.flying[decision.sequence] = EventRecord(waiting.work, decision, others)
        commit = asyncio.get_running_loop().run_in_executor(self._committer, self._commit, payloads)
        return _Flying(batch, results, commit, time.perf_counter())

    async def _land(self, flying: _Flying) -> None:
        erased = await flying.commit
        self._count(time.perf_counter() - flying.began, flying.results)
        for waiting, result in zip(flying.batch, flying.results, strict=True):
            if isinstance(result, Decided) and not result.repeated:
                del self.flying[result.decision.sequence]
            waiting.deliver(erased.get(result, result) if erased else result)

    def _step(self, batch: Sequence[Work]) -> tuple[list[Any], list[tuple[int, Any]]]:
        """Decide a batch: a result for each caller, and (kind, payload) of each new record.

        An erasure's payload is the wish itself: what it destroys is known once it is done. Its result is its number.
        """
        for place, work in enumerate(batch):
            if isinstance(work, EraseSubject):
                results, payloads = self._step(batch[:place])
                results.append(self._engine().pass_over())
                payloads.append((Kind.ERASURE, work))
                more_results, more_payloads = self._step(batch[place + 1 :])
                return results + more_results, payloads + more_payloads
        engine = self._engine()
        number = engine.sequence
        results, payloads = [], []
        for work, outcome in zip(batch, engine.step(batch), strict=True):  # type: ignore[arg-type]
            if isinstance(outcome, Decision):
                is_new = outcome.sequence == number + 1
                results.append(Decided(outcome, decision_id(outcome), not is_new))
                if not is_new:
                    continue
                others = engine.others.get(outcome.sequence, ())
                if others:
                    self._beside[outcome.sequence] = others
                payloads.append((Kind.EVENT, encode_event(work, outcome, others)))  # type: ignore[arg-type]
            elif isinstance(outcome, ConflictError | Repeat):
                results.append(outcome.sequence if isinstance(outcome, Repeat) else outcome)
                continue
            else:
                results.append(number + 1)
                payloads.append(_payload(work))
            number += 1
        assert number == engine.sequence, "one payload a number"
        return results, payloads

    def _commit(self, payloads: list[tuple[int, Any]]) -> dict[Any, Erased]:
        """In the committer thread, after the keys that the records use. Erasures by their numbers."""
        erased: dict[Any, Erased] = {}
        if payloads:
            first = self._journal.last + 1
            for place, (kind, payload) in enumerate(payloads):
                if kind == Kind.ERASURE:
                    erasure = self._sealer.erase(payload.subject)
                    erased[first + place] = Erased(first + place, erasure)
                    record = ErasureRecord(payload.subject, payload.at, int(erasure.key_destroyed), erasure.links_cut)
                    payloads[place] = (kind, encode_erasure(record))
            self._journal.append(payloads)
        return erased

    def _count(self, seconds: float, results: Sequence[Any]) -> None:
        counters = self.counters
        counters.commits += 1
        counters.commit_seconds += seconds
        counters.last_commit_ms = seconds * 1_000
        found, flying, champion = counters.results, self.flying, self._engine().policy.label
        challenger = self._engine().deployment.challenger
        rival = challenger.policy.label if challenger is not None else ""
        for result in results:
            if isinstance(result, Decided):
                if result.repeated:
                    counters.repeats += 1
                    continue
                decision = result.decision
                key = (
                    decision.policy,
                    "champion" if decision.policy == champion else "challenger",
                    decision.outcome,
                    True,
                )
                found[key] = found.get(key, 0) + 1
                if decision.degraded:
                    counters.degraded += 1
                for other in flying[decision.sequence].others:
                    role = {champion: "champion", rival: "challenger"}.get(other.policy, "shadow")
                    key = (other.policy, role, other.outcome, False)
                    found[key] = found.get(key, 0) + 1

    def _refuse(self, batch: Sequence[_Waiting], error: Exception) -> None:
        """Nothing of the batch was kept, nor may what waits behind it be: the keys it uses may not exist."""
        self.counters.failures += 1
        self.trouble = f"recovering: {_line(error)}"
        waiting = [*batch, *self._queue]
        self._queue.clear()
        self.flying.clear()
        self._beside.clear()
        for one in waiting:
            one.deliver(UnavailableError(f"nothing was kept: {_line(error)}"))

    async def _recovered(self, error: Exception) -> None:
        """Back to the newest durable record; until then callers are told to come again."""
        loop = asyncio.get_running_loop()
        while not self._stopping:
            try:
                adopt = await loop.run_in_executor(self._committer, self._recover)
            except (SeawallError, OSError) as again:
                self.trouble = f"recovering: {_line(again)}"
                await asyncio.sleep(RETRY_SECONDS)
                continue
            adopt()
            self.trouble = ""
            return


def _settle(future: asyncio.Future[Any], result: Any) -> None:
    if not future.done():  # who waited may have gone
        future.set_result(result)


def _payload(work: Work) -> tuple[int, bytes]:
    if isinstance(work, Label):
        return Kind.LABEL, encode_label(work)
    if isinstance(work, SettingEntry):
        return Kind.SETTING, encode_setting(work)
    assert isinstance(work, ListEntry)
    return Kind.LIST_ENTRY, encode_list_entry(work)


def _line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:200]
