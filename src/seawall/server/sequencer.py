"""The sequencer: waiting records in small batches through the engine, made durable by the committer, then answered."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import takewhile
from typing import Any, NamedTuple, TypeVar

from seawall.engine.decision import Decision
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

from .counters import Counters
from .decided import BusyError, Decided, UnavailableError, decision_id

T = TypeVar("T")
BATCH = 64  # of the engine: a repeat within one is found there, a repeat of an earlier one in the journal
MOST_DECIDED = 4  # batches that wait for a commit
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


class _Batch(NamedTuple):
    """Decided, not durable. `payloads`: (kind, payload) of each new record; `keys`: done once its keys are durable."""

    waiting: list[_Waiting]
    results: list[Any]
    payloads: list[tuple[int, Any]]
    keys: asyncio.Future[None] | None


class _Flying(NamedTuple):
    """Batches that are being made durable in one commit."""

    batches: list[_Batch]
    commit: asyncio.Future[dict[Any, Erased]]
    began: float


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
        self._decided: list[_Batch] = []  # for the next commit
        self._flying: _Flying | None = None
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
        while self._queue or self._actions or self._decided or self._flying is not None or not self._stopping:
            self._wake.clear()
            try:
                if await self._turn():
                    await asyncio.sleep(0)  # requests come in before the next batch is made up
                else:
                    await self._wake.wait()
            except Exception as error:
                await self._failed(error)

    async def _turn(self) -> bool:
        """Whatever can be done now: answer what has become durable, commit what is decided, decide what waits.

        What is decided while one commit is under way goes into the next, all together. False where nothing was done.
        """
        is_busy = self._flying is not None and self._flying.commit.done()
        if is_busy:
            self._land()
        is_empty = self._flying is None and not self._decided
        if is_empty and self._actions:
            await self._act(self._actions.popleft())
            return True
        if is_empty and self._snapshot_due():
            self._snapshot()
        is_pausing = not is_empty and (bool(self._actions) or self._snapshot_due())
        if self._queue and len(self._decided) < MOST_DECIDED and not is_pausing:
            self._decide()
            is_busy = True
        if self._decided and self._flying is None:
            is_busy = self._take_off() or is_busy
        return is_busy

    def _decide(self) -> None:
        """Take a batch through the engine."""
        waiting = [self._queue.popleft() for _ in range(min(BATCH, len(self._queue)))]
        keys = None
        if self._sealer.waits():
            keys = asyncio.get_running_loop().run_in_executor(self._keeper, self._sealer.flush)
            keys.add_done_callback(self._rouse)
        batch = _Batch(waiting, [], [], keys)
        self._decided.append(batch)
        self._step([one.work for one in waiting], batch.results, batch.payloads)

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

    def _take_off(self) -> bool:
        """Make durable what is decided and whose keys are; raises what keeping them raised. False where nothing is."""
        batches = list(takewhile(lambda batch: batch.keys is None or batch.keys.done(), self._decided))
        for batch in batches:
            if batch.keys is not None:
                batch.keys.result()
        if not batches:
            return False
        payloads = [payload for batch in batches for payload in batch.payloads]
        commit = asyncio.get_running_loop().run_in_executor(self._committer, self._commit, payloads)
        commit.add_done_callback(self._rouse)
        self._decided, self._flying = self._decided[len(batches) :], _Flying(batches, commit, time.perf_counter())
        return True

    def _rouse(self, _: object) -> None:
        self._wake.set()

    def _land(self) -> None:
        """Answer what has become durable. Raises what the commit raised."""
        flying = self._flying
        assert flying is not None
        erased = flying.commit.result()
        self._flying = None
        seconds = time.perf_counter() - flying.began
        results = [result for batch in flying.batches for result in batch.results]
        self.counters.count(seconds, results, self.flying, self._engine())
        for batch in flying.batches:
            for waiting, result in zip(batch.waiting, batch.results, strict=True):
                if isinstance(result, Decided) and not result.repeated:
                    del self.flying[result.decision.sequence]
                waiting.deliver(erased.get(result, result) if erased else result)

    def _step(self, batch: Sequence[Work], results: list[Any], payloads: list[tuple[int, Any]]) -> None:
        """Decide a batch: a result for each caller, and (kind, payload) of each new record, are appended.

        An erasure's payload is the wish itself: what it destroys is known once it is done. Its result is its number.
        """
        for place, work in enumerate(batch):
            if isinstance(work, EraseSubject):
                self._step(batch[:place], results, payloads)
                results.append(self._engine().pass_over())
                payloads.append((Kind.ERASURE, work))
                self._step(batch[place + 1 :], results, payloads)
                return
        engine = self._engine()
        number = engine.sequence
        for work, outcome in zip(batch, engine.step(batch), strict=True):  # type: ignore[arg-type]
            if isinstance(outcome, Decision):
                is_new = outcome.sequence == number + 1
                results.append(Decided(outcome, decision_id(outcome), not is_new))
                if not is_new:
                    continue
                assert isinstance(work, Event)
                others = engine.others.get(outcome.sequence, ())
                self.flying[outcome.sequence] = EventRecord(work, outcome, others)
                payloads.append((Kind.EVENT, encode_event(work, outcome, others)))
            elif isinstance(outcome, ConflictError | Repeat):
                results.append(outcome.sequence if isinstance(outcome, Repeat) else outcome)
                continue
            else:
                results.append(number + 1)
                payloads.append(_payload(work))
            number += 1
        assert number == engine.sequence, "one payload a number"

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

    async def _failed(self, error: Exception) -> None:
        """Nothing that is not durable may be kept, nor what waits behind it: the keys it uses may not exist."""
        self.counters.failures += 1
        self.trouble = f"recovering: {_line(error)}"
        batches, self._decided = self._decided, []
        if self._flying is not None:
            await asyncio.wait([self._flying.commit])
            if self._flying.commit.exception() is None:
                self._land()
            else:
                batches, self._flying = self._flying.batches + batches, None
        await asyncio.gather(*(batch.keys for batch in batches if batch.keys is not None), return_exceptions=True)
        waiting = [*(one for batch in batches for one in batch.waiting), *self._queue]
        self._queue.clear()
        self.flying.clear()
        for one in waiting:
            one.deliver(UnavailableError(f"nothing was kept: {_line(error)}"))
        await self._recovered(error)

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
