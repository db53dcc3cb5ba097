"""Private set intersection of two sets: python benchmarks/psi.py [--elements N] [--members].

Both sides in one process, one after the other, on one core; half of each set is common. Says the processor seconds of
each step, the bytes of both messages, and whether the result is exact.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from typing import TypeVar

from seawall.analytics.psi import Answer, Asker, Mode, Request, answer

T = TypeVar("T")
CONTEXT = b"benchmark"


def timed(name: str, step: Callable[[], T]) -> tuple[T, float]:
    start = time.process_time()
    found = step()
    seconds = time.process_time() - start
    print(f"{name:<28} {seconds:8.2f} s")
    return found, seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--elements", type=int, default=20_000)
    parser.add_argument("--members", action="store_true")
    options = parser.parse_args()
    n, mode = options.elements, Mode.MEMBERS if options.members else Mode.CARDINALITY
    mine = [b"customer %d" % at for at in range(n)]
    theirs = [b"customer %d" % at for at in range(n // 2, n // 2 + n)]
    asker, first = timed("asker: mask own", lambda: Asker(mine, mode, CONTEXT))
    asked = asker.request().to_bytes()
    reply, second = timed("holder: answer", lambda: answer(Request.from_bytes(asked), theirs, CONTEXT))
    answered = reply.to_bytes()
    result, third = timed("asker: result", lambda: asker.result(Answer.from_bytes(answered)))
    exact = result.common == n - n // 2 and (result.members is None or set(result.members) == set(mine) & set(theirs))
    print(f"asker {first + third:.2f} s, holder {second:.2f} s, both {first + second + third:.2f} s of one core")
    print(f"request {len(asked):,} bytes, answer {len(answered):,} bytes; {result.common:,} common, exact: {exact}")
    if not exact:
        raise SystemExit("the result is wrong")


if __name__ == "__main__":
    main()
