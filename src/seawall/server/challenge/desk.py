"""Challenges of a running service: asked for, answered, swept; every result decided by the policy, exactly once."""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import msgspec

from seawall.engine.errors import EventError, SeawallError
from seawall.engine.pack.challenges import CODE
from seawall.engine.times import MINUTE
from seawall.sealing import SealingError
from seawall.server.challenge import secret, text, totp
from seawall.server.challenge.bound import described
from seawall.server.challenge.case import Case, case_of, check_open
from seawall.server.challenge.clock import SteadyClock
from seawall.server.challenge.options import ChallengeOptions
from seawall.server.challenge.providers import CodeMessage, Providers, providers_of
from seawall.server.challenge.rulings import Opened, Rulings
from seawall.server.challenge.steps import PASSED
from seawall.server.challenge.store import OPEN, Row, Store
from seawall.server.challenge.wishes import Ask, Confirm, Enrol, Reply
from seawall.server.decided import Decided, UnavailableError, decision_id
from seawall.server.http.problem import ProblemError
from seawall.server.service import Service

_log = logging.getLogger(__name__)
_SWEEP_SECONDS = 1.0
_STUCK_ROUNDS = 60  # results that could not be decided are tried again once in so many rounds
_BATCH = 100
_SENDERS = 8
_MAX_SENDING = 256
T = TypeVar("T")
_canonical = msgspec.json.Encoder(order="sorted").encode


class Shown(NamedTuple):
    """A challenge for its caller: the row, its case, the mask of where a code went, the decision on its result."""

    row: Row
    case: Case
    to: str = ""
    result: Decided | None = None
    fresh: bool = False


class Desk:
    """To be used on the service's event loop: `start`, then everything else, `stop`.

    The store belongs to one thread, providers are called in others; the loop waits for neither.
    """

    def __init__(
        self, service: Service, options: ChallengeOptions | None = None,
        clock: Callable[[], int] = lambda: time.time_ns() // 1_000_000, providers: Providers | None = None,
        timer: Callable[[], float] = time.monotonic,
    ) -> None:  # fmt: skip
        self._service, self._clock, self._timer = service, clock, timer
        self._options = options or ChallengeOptions()
        self._folder: Path = service.home.folder
        self._providers = providers or providers_of(self._options, self._folder)
        self._storing = ThreadPoolExecutor(1, thread_name_prefix="challenges")
        self._senders = ThreadPoolExecutor(_SENDERS, thread_name_prefix="codes")
        self._sending = 0
        self._rulings: Rulings | None = None
        self._sweeper: asyncio.Task[None] | None = None
        self._counts = (0, 0)

    # --- life ---------------------------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Open the store, decide the results that an earlier process left, begin to sweep."""
        store = await self._on_store(lambda: Store(self._folder / "challenges.db"))
        since = await self._on_store(store.clock)
        steady = SteadyClock(self._clock, since, self._timer)
        self._rulings = Rulings(
            store, self._service.sealer, self._providers, self._clock, steady, self._options.challenges.codes_a_day
        )
        named = ", ".join(f"{what} {who}" for what, who in self._options.providers().items())
        _log.info("challenges: %s", named)
        await self.sweep(stuck=True)
        self._sweeper = asyncio.get_running_loop().create_task(self._sweep_on())

    async def stop(self) -> None:
        """Finish what runs, let go of the file."""
        if self._sweeper is not None:
            self._sweeper.cancel()
            with suppress(asyncio.CancelledError):
                await self._sweeper
        if self._rulings is not None:
            await self._on_store(self._rulings.store.close)
        self._storing.shutdown()
        self._senders.shutdown(wait=False, cancel_futures=True)

    def gauges(self) -> Mapping[str, float]:
        """Figures of the last sweep, for monitoring."""
        return {"challenges_open": self._counts[0], "challenge_results_waiting": self._counts[1]}

    async def sweep(self, stuck: bool = False) -> None:
        """End what is over, decide what is not decided; with `stuck`, also what failed before."""
        rules = self._ready()
        for row in await self._on_store(lambda: rules.due(_BATCH)):
            await self._on_store(partial(rules.expire, row.id, self._case(row)))
        for row in await self._on_store(lambda: rules.store.undecided(_BATCH)):
            if stuck or not row.trouble:
                await self._settle(row)
        self._counts = await self._on_store(rules.store.counts)

    async def _sweep_on(self) -> None:
        rounds = 0
        while True:
            await asyncio.sleep(_SWEEP_SECONDS)
            rounds += 1
            try:
                await self.sweep(stuck=rounds % _STUCK_ROUNDS == 0)
            except SeawallError as error:
                _log.warning("challenges: not swept: %s", error)
            except Exception:  # the sweeper outlives what was not foreseen
                _log.exception("challenges: not swept")

    # --- what callers ask ---------------------------------------------------------------------------------------------

    async def ask(self, wish: Ask) -> Shown:
        """Open a challenge of a decision, or go on with the open one; its code is handed over before this returns."""
        rules = self._ready()
        case = case_of(self._service, wish.decision_id)
        check_open(case, self._clock())
        offered = case.offered(wish.method)
        if self._sending >= _MAX_SENDING:
            raise UnavailableError("too many codes wait for their provider; ask again", retry_after=2)
        made = await self._on_store(lambda: rules.ask(case, offered, bool(wish.method), wish.to))
        if made.code:
            await self._send(made, case, wish.language)
        return Shown(made.row, case, made.shown, fresh=made.fresh)

    async def verify(self, challenge_id: str, reply: Reply) -> Shown:
        """Rule on an answer; once that ends the challenge, have the policy decide on its result."""
        rules, row = self._ready(), await self._row(challenge_id)
        case = self._case(row)
        digest = self._service.sealer.mac(b"challenge/final\n" + challenge_id.encode() + _canonical(reply))
        row, asks_face = await self._on_store(lambda: rules.judge(challenge_id, case, reply, digest))
        if asks_face:
            row = await self._face(row, case, reply.proof, digest)
        return Shown(row, case, await self._mask(row, case), await self._settle(row))

    async def show(self, challenge_id: str) -> Shown:
        """A challenge as it is now."""
        row = await self._row(challenge_id)
        case = self._case(row)
        result = self._service.find(row.decision_id) if row.decision_id else None
        return Shown(row, case, await self._mask(row, case), result)

    async def resolved_by(self, sequence: int) -> dict[str, Any] | None:
        """How a decision's challenge ended, and the decision on that; None while it has not."""
        rows = await self._on_store(lambda: self._ready().store.of_decision(sequence))
        ended = [row for row in rows if row.state != OPEN]
        if not ended:
            return None
        row = next((one for one in ended if one.state == PASSED), ended[-1])
        return {
            "challenge_id": row.id, "method": row.method, "result": row.state, "decision_id": row.decision_id or None,
        }  # fmt: skip

    async def enrol(self, wish: Enrol) -> dict[str, Any]:
        """A new authenticator of a subject, in use once its first code was confirmed."""
        made = await self._on_store(lambda: self._ready().enrol(wish.subject))
        uri = totp.uri_of(made, self._options.challenges.issuer, wish.account or "Seawall")
        return {"secret": totp.text_of(made), "uri": uri, "confirmed": False}

    async def confirm(self, wish: Confirm) -> dict[str, Any]:
        """Whether the first code is right."""
        return {"confirmed": await self._on_store(lambda: self._ready().confirm(wish.subject, wish.code))}

    async def forget(self, subject: str) -> None:
        """Drop what belongs to an erased subject; it is unreadable already."""
        await self._on_store(lambda: self._ready().forget(subject))

    def described(self, shown: Shown, language: str) -> dict[str, Any]:
        """A challenge as its caller reads it; `text` while it is open."""
        row, case = shown.row, shown.case
        method = case.method(row.method)
        found: dict[str, Any] = {
            "challenge_id": row.id, "decision_id": case.decided.decision_id, "event_id": case.event.event_id,
            "method": row.method, "kind": row.kind, "title": method.title.get(language, row.method),
            "provider": row.provider, "notice": text.notice_of(row.kind, row.provider, language),
            "result": row.state, "reason": row.reason, "attempts_left": row.attempts_left,
            "resends_left": row.sends_left, "expires_at": row.expires_at, "to": shown.to or None,
            "bound": [name for name in method.bind if name in case.event.fields],
        }  # fmt: skip
        if row.state == OPEN:
            minutes = max(1, math.ceil((row.expires_at - self._clock()) / MINUTE))
            found["text"] = text.screen_text(row.kind, self._about(case, row.method), shown.to, minutes, case.tip)
        return found

    # --- parts --------------------------------------------------------------------------------------------------------

    async def _send(self, made: Opened, case: Case, language: str) -> None:
        method = case.method(made.row.method)
        minutes = max(1, math.ceil((made.row.expires_at - self._clock()) / MINUTE))
        body = text.message_text(language, self._about(case, method.name), made.code, minutes, case.tip)
        provider = self._providers.codes[method.channel]
        code = CodeMessage(secret.new_id(), made.row.id, made.to, text.SUBJECT[language], body, self._clock())
        self._sending += 1
        try:
            sent = await asyncio.get_running_loop().run_in_executor(self._senders, provider.send, code)
        finally:
            self._sending -= 1
        _log.info("challenge %s: code by %s: %s %s", made.row.id, provider.name, sent.kind, sent.reason)
        if sent.kind == "delivered":
            return
        await self._on_store(lambda: self._ready().unsent(made.row.id, sent.kind))
        if sent.kind == "refused":
            raise EventError("to", f"the provider refuses it: {sent.reason}")
        raise UnavailableError(f"the code was not sent: {sent.reason}; ask again", retry_after=5)

    async def _face(self, row: Row, case: Case, proof: str, digest: bytes) -> Row:
        face = self._providers.face
        if face is None:
            verdict, trouble = False, "no provider is set"
        else:
            matched = await asyncio.get_running_loop().run_in_executor(self._senders, face.match, row.id, proof)
            verdict, trouble = matched.passed, matched.trouble
        ruled = await self._on_store(lambda: self._ready().faced(row.id, case, verdict, trouble, digest))
        if trouble:
            raise UnavailableError(f"the face was not judged: {trouble}; send the proof again", retry_after=5)
        return ruled

    async def _settle(self, row: Row) -> Decided | None:
        """The decision on a challenge's result. Service errors (busy, unavailable) pass; the result waits then."""
        if row.body is None:
            return self._service.find(row.decision_id) if row.decision_id else None
        rules = self._ready()
        try:
            decided = await self._service.decide(row.body)
        except (UnavailableError, ProblemError):
            raise
        except SeawallError as error:
            if getattr(error, "retry_after", 0):
                raise
            _log.error("challenge %s: its result cannot be decided: %s", row.id, error)
            trouble = str(error)[:200]
            await self._on_store(lambda: rules.settle(row.id, "", trouble))
            return None
        await self._on_store(lambda: rules.settle(row.id, decision_id(decided.decision)))
        row.decision_id = decision_id(decided.decision)
        return decided

    def _about(self, case: Case, name: str) -> dict[str, str]:
        method = case.method(name)
        try:
            return {
                language: described(self._service.sealer, method, case.kind, case.event, language)
                for language in ("zh", "en")
            }
        except SealingError:
            return {"zh": "", "en": ""}

    async def _mask(self, row: Row, case: Case) -> str:
        if row.state != OPEN or row.kind != CODE:
            return ""
        known = await self._on_store(lambda: secret.opened(self._service.sealer, case.subject, row.id, row.private))
        return known.shown if known else ""

    async def _row(self, challenge_id: str) -> Row:
        row = await self._on_store(lambda: self._ready().store.get(challenge_id))
        if row is None:
            raise ProblemError("not-found", "没有此编号的挑战验证", "there is no challenge under this id")
        return row

    def _case(self, row: Row) -> Case:
        return case_of(self._service, row.challenged)

    def _ready(self) -> Rulings:
        if self._rulings is None:
            raise UnavailableError("challenges are not ready yet")
        return self._rulings

    async def _on_store(self, work: Callable[[], T]) -> T:
        try:
            return await asyncio.get_running_loop().run_in_executor(self._storing, work)
        except SealingError as error:
            raise UnavailableError(f"the key store failed: {error}") from None
