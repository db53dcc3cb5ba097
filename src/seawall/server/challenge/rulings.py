"""Every change of a challenge, each one transaction in the thread that owns the store."""

from __future__ import annotations

import hmac
import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

from seawall.engine.errors import EventError
from seawall.engine.pack.challenges import CODE, FACE, TOTP
from seawall.engine.pack.model import ChallengeMethod
from seawall.engine.times import DAY, SECOND
from seawall.sealing import LocalSealer, SealingError
from seawall.server.access import TooManyError
from seawall.server.challenge import bound, secret, steps, totp
from seawall.server.challenge.case import Case, refused
from seawall.server.challenge.clock import SteadyClock
from seawall.server.challenge.providers import Providers
from seawall.server.challenge.steps import ABANDONED, EXPIRED, FAILED, PASSED
from seawall.server.challenge.store import OPEN, Authenticator, Row, Store
from seawall.server.challenge.wishes import Reply

MAX_A_DECISION = 5  # challenges, of which at most one fails or is passed


class Opened(NamedTuple):
    """A challenge as asked for: its `code` must be sent to `to`; "" where nothing is sent. `fresh`: it is a new one."""

    row: Row
    shown: str
    fresh: bool
    code: str = ""
    to: str = ""


class Rulings:
    """The rules of challenges over an open store. `wall` gives ms since 1970, `now` those of the steady clock."""

    def __init__(
        self, store: Store, sealer: LocalSealer, providers: Providers, wall: Callable[[], int], now: SteadyClock,
        codes_a_day: int,
    ) -> None:  # fmt: skip
        self.store, self._sealer, self._providers = store, sealer, providers
        self._wall, self._now, self._codes_a_day = wall, now, codes_a_day

    # --- asking -------------------------------------------------------------------------------------------------------

    def ask(self, case: Case, offered: Sequence[ChallengeMethod], chosen: bool, to: str) -> Opened:
        """Open a challenge, or go on with the open one (a code is then sent once more)."""
        now = self._now()
        with self.store.transaction(now):
            rows = self.store.of_decision(case.sequence)
            for row in rows:
                if row.state in (PASSED, FAILED):
                    raise refused(
                        f"该决策的挑战验证已{'通过' if row.state == PASSED else '失败'},不能再次发起",
                        f"the decision's challenge has {row.state} already; there is no second one",
                    )
            current = next((row for row in rows if row.state == OPEN), None)
            if current is not None and now >= current.expires:
                self._end(current, case, EXPIRED, "")
                current = None
            if current is not None and (not chosen or current.method == offered[0].name):
                return self._again(current, case, to, now)
            if len(rows) >= MAX_A_DECISION:
                raise refused(
                    f"该决策已发起 {len(rows)} 次挑战验证", f"the decision was challenged {len(rows)} times, the bound"
                )
            method, to, provider = self._usable(case, offered, to)
            if current is not None:
                self._end(current, case, ABANDONED, steps.OTHER_METHOD)
            return self._new(case, method, provider, to, now)

    def _usable(self, case: Case, offered: Sequence[ChallengeMethod], to: str) -> tuple[ChallengeMethod, str, str]:
        """The first method that the subject can use, where its code goes, and whose it is."""
        lacks_zh, lacks_en = [], []
        for method in offered:
            if method.kind == CODE:
                provider = self._providers.codes.get(method.channel)
                if provider is None:
                    lacks_zh.append(f"{method.name}:未设置{method.channel}服务商")
                    lacks_en.append(f"{method.name}: no provider is set for {method.channel}")
                    continue
                goes_to = to or self._sealed_contact(case, method)
                if not goes_to:
                    lacks_zh.append(f"{method.name}:请提供 to")
                    lacks_en.append(f"{method.name}: send `to`")
                    continue
                if not provider.is_address(goes_to):
                    raise EventError("to", "is no number like +8613800138000, or e-mail address, as the method asks")
                return method, goes_to, provider.name
            if method.kind == TOTP:
                if self._authenticator(case.subject) is not None:
                    return method, "", "seawall"
                lacks_zh.append(f"{method.name}:该主体未绑定身份验证器")
                lacks_en.append(f"{method.name}: the subject has no authenticator")
            elif self._providers.face is not None:
                return method, "", self._providers.face.name
            else:
                lacks_zh.append(f"{method.name}:未设置人脸识别服务商")
                lacks_en.append(f"{method.name}: no provider is set")
        raise refused(f"没有可用的验证方式({';'.join(lacks_zh)})", f"no method can be used ({'; '.join(lacks_en)})")

    def _sealed_contact(self, case: Case, method: ChallengeMethod) -> str:
        """What the event's own sealed field holds, opened to send a code there; "" where it has none."""
        if not method.to or method.to not in case.kind.fields or method.to not in case.event.fields:
            return ""
        try:
            return str(bound.opened(self._sealer, case.kind, case.event, method.to))
        except SealingError:
            return ""

    def _new(self, case: Case, method: ChallengeMethod, provider: str, to: str, now: int) -> Opened:
        made, code = secret.new_secret(method.channel if to else "", to), ""
        wall = self._wall()
        row = Row(
            id=secret.new_id(wall), challenged=case.decided.decision_id, sequence=case.sequence,
            subject=self._digest(case.subject), method=method.name, kind=method.kind, provider=provider, opened=now,
            expires=now + method.ttl_ms, expires_at=wall + method.ttl_ms, attempts_left=method.attempts,
            sends_left=method.resends, asked=now, private="",
        )  # fmt: skip
        self._within_the_day(row.subject, to, now)
        if method.kind == CODE:
            code = secret.new_code(method.digits)
            row.code, row.contact = made.digest("code", code), made.digest("contact", to)
        row.private = secret.sealed(self._sealer, case.subject, row.id, made)
        self.store.put(row, steps.OPENED, wall)
        return Opened(row, made.shown, True, code, to)

    def _again(self, row: Row, case: Case, to: str, now: int) -> Opened:
        method, known = case.method(row.method), secret.opened(self._sealer, case.subject, row.id, row.private)
        if known is None:
            raise refused("该主体的数据已被销毁", "the subject's data was erased")
        if row.kind != CODE:
            return Opened(row, known.shown, False)
        to = to or self._sealed_contact(case, method)
        if not known.matches("contact", to, row.contact):
            raise EventError("to", "is not where the first code went; send that again")
        wait = row.asked + method.resend_after_ms - now
        if wait > 0:
            raise TooManyError("a code was sent a moment ago; wait before asking for another", math.ceil(wait / SECOND))
        if row.sends_left <= 0:
            raise refused("本次验证的验证码已发送到次数上限", "no more codes are sent for this challenge")
        self._within_the_day(row.subject, to, now)
        code = secret.new_code(method.digits)
        row.code, row.asked, row.sends_left = known.digest("code", code), now, row.sends_left - 1
        self.store.put(row, steps.RESENT, self._wall())
        return Opened(row, known.shown, False, code, to)

    def unsent(self, challenge_id: str, kind: str) -> None:
        """A code that did not go out: the next may be asked for at once. `kind`: retry or refused."""
        with self.store.transaction(self._now()):
            row = self.store.get(challenge_id)
            if row is not None and row.state == OPEN:
                row.asked, row.sends_left = 0, row.sends_left + 1
                self.store.put(row, steps.UNSENT, self._wall(), kind)

    def _within_the_day(self, subject: bytes, to: str, now: int) -> None:
        contact = self._sealer.mac(b"challenge/contact\n" + to.encode()) if to else subject
        count, first = self.store.sent(subject, contact, now - DAY)
        if count >= self._codes_a_day:
            wait = max(1, (first + DAY - now) // SECOND)
            raise TooManyError(f"{count} challenges of this subject or contact within 24 h, the bound", wait)
        self.store.note_sent(subject, contact, now, now - DAY)

    # --- answering ----------------------------------------------------------------------------------------------------

    def judge(self, challenge_id: str, case: Case, reply: Reply, digest: bytes) -> tuple[Row, bool]:
        """What an answer does, and whether the face provider must still be asked: its attempt is taken already."""
        now = self._now()
        with self.store.transaction(now):
            row = self._known(challenge_id)
            if row.state != OPEN:
                if row.final is not None and hmac.compare_digest(row.final, digest):
                    return row, False
                raise refused(
                    f"该挑战验证已结束({row.state})",
                    f"the challenge is over ({row.state}), and this is not the answer that ended it",
                )
            known = secret.opened(self._sealer, case.subject, row.id, row.private)
            if now >= row.expires:
                return self._end(row, case, EXPIRED, "", digest), False
            if known is None:
                return self._end(row, case, ABANDONED, steps.ERASED, digest), False
            if reply.abandon:
                return self._end(row, case, ABANDONED, steps.GIVEN_UP, digest), False
            method = case.method(row.method)
            changed = bound.differing(self._sealer, method, case.kind, case.event, reply.bound)
            given = reply.proof if row.kind == FACE else reply.code
            if not given or (row.kind != FACE and not (given.isascii() and given.isdigit())):
                raise EventError(
                    "proof" if row.kind == FACE else "code", f"is required by a {row.kind}, as digits if a code"
                )
            if changed:
                return self._end(row, case, FAILED, steps.BOUND_CHANGED, digest), False
            if row.attempts_left <= 0:  # the last one was taken by a process that did not live to use it
                return self._end(row, case, FAILED, steps.ATTEMPTS_USED, digest), False
            row.attempts_left -= 1
            if row.kind == FACE:
                self.store.put(row, steps.TRIED, self._wall())
                return row, True
            is_right = known.matches("code", given, row.code) if row.kind == CODE else self._takes(case.subject, given)
            return self._ruled(row, case, is_right, digest), False

    def faced(self, challenge_id: str, case: Case, passed: bool, trouble: str, digest: bytes) -> Row:
        """What the face provider said; where it said nothing, the attempt is given back."""
        now = self._now()
        with self.store.transaction(now):
            row = self._known(challenge_id)
            if row.state != OPEN:
                raise refused(f"该挑战验证已结束({row.state})", f"the challenge is over ({row.state})")
            if trouble:
                row.attempts_left += 1
                self.store.put(row, steps.UNJUDGED, self._wall())
                return row
            if now >= row.expires:
                return self._end(row, case, EXPIRED, "", digest)
            return self._ruled(row, case, passed, digest)

    def _ruled(self, row: Row, case: Case, is_right: bool, digest: bytes) -> Row:
        if is_right:
            return self._end(row, case, PASSED, "", digest)
        if row.attempts_left <= 0:
            return self._end(row, case, FAILED, steps.ATTEMPTS_USED, digest)
        row.reason = steps.WRONG_ANSWER
        self.store.put(row, steps.WRONG, self._wall())
        return row

    def due(self, most: int) -> list[Row]:
        """Open challenges whose time is over."""
        return self.store.due(self._now(), most)

    def expire(self, challenge_id: str, case: Case) -> None:
        """End an open challenge whose time is over."""
        now = self._now()
        with self.store.transaction(now):
            row = self.store.get(challenge_id)
            if row is not None and row.state == OPEN and now >= row.expires:
                self._end(row, case, EXPIRED, "")

    def settle(self, challenge_id: str, decision_id: str, trouble: str = "") -> None:
        """Its result was decided, or why it was not."""
        with self.store.transaction(self._now()):
            row = self._known(challenge_id)
            if (row.decision_id, row.trouble) == (decision_id, trouble):
                return  # tried again, with the same end
            row.decision_id, row.trouble = decision_id or row.decision_id, trouble
            if decision_id:
                row.body = None
            self.store.put(row, steps.DECIDED if decision_id else steps.UNDECIDED, self._wall())

    def _end(self, row: Row, case: Case, state: str, reason: str, digest: bytes | None = None) -> Row:
        """The result, with the event that must be decided: from here on it cannot be lost, nor come out otherwise."""
        row.state, row.reason, row.final, row.ended_at = state, reason, digest, self._wall()
        row.body = case.result_event(row.id, row.method, state, row.ended_at)
        row.code = row.contact = None
        row.private = ""
        self.store.put(row, state, row.ended_at, reason)
        return row

    def _known(self, challenge_id: str) -> Row:
        row = self.store.get(challenge_id)
        assert row is not None, "challenges are never deleted"
        return row

    # --- authenticators -----------------------------------------------------------------------------------------------

    def enrol(self, subject: str) -> bytes:
        """A new secret that waits for its first code; the one in use stays until then."""
        made, digest = totp.new_secret(), self._digest(subject)
        text = self._sealer.seal_durably(subject, "challenge/totp", made)
        with self.store.transaction(self._now()):
            one = self.store.authenticator(digest) or Authenticator(subject=digest)
            one.pending, one.attempts_left = text, 5
            self.store.put_authenticator(one)
        return made

    def confirm(self, subject: str, code: str) -> bool:
        """Whether the first code is right: then the secret is in use. 409 where none waits."""
        with self.store.transaction(self._now()):
            one = self.store.authenticator(self._digest(subject))
            waiting = self._open_secret(subject, one.pending) if one is not None else None
            if one is None or waiting is None or one.attempts_left <= 0:
                raise refused("没有待确认的身份验证器,请先登记", "no authenticator waits for a first code; enrol one")
            step = totp.matching_step(waiting, code, self._wall() / SECOND, 0)
            one.attempts_left -= 1
            if step is not None:
                one.secret, one.pending, one.used = one.pending, "", step
            elif one.attempts_left <= 0:
                one.pending = ""
            self.store.put_authenticator(one)
            return step is not None

    def forget(self, subject: str) -> None:
        """Drop what an erased subject's key has left unreadable."""
        with self.store.transaction(self._now()):
            self.store.forget(self._digest(subject))

    def _authenticator(self, subject: str) -> bytes | None:
        one = self.store.authenticator(self._digest(subject))
        return self._open_secret(subject, one.secret) if one is not None else None

    def _takes(self, subject: str, code: str) -> bool:
        """Whether the code is right and its time step was not used before: then it is used."""
        one = self.store.authenticator(self._digest(subject))
        known = self._open_secret(subject, one.secret) if one is not None else None
        if one is None or known is None:
            return False
        step = totp.matching_step(known, code, self._wall() / SECOND, one.used)
        if step is None:
            return False
        one.used = step
        self.store.put_authenticator(one)
        return True

    def _open_secret(self, subject: str, text: str) -> bytes | None:
        try:
            return self._sealer.open(subject, "challenge/totp", text) if text else None
        except SealingError:
            return None

    def _digest(self, subject: str) -> bytes:
        return self._sealer.subjects.digest(subject)
