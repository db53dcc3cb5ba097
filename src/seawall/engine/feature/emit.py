"""From a plan to the text of its kernel: primitives of ops.py, a function a shape of chain, a driver, a sweeper.

The generated module has four entry points, all over plain int64 addresses (numba unboxes an int in nanoseconds, an
array in microseconds): `step(C, inputs, n, outputs, stride, vectors)`, `sweep(C, table, start, stop, t, calendars)`
and `table_copy` of ops. C is the context (`Context`): addresses of the pool, of each table's records, of each hash
table, and of each space's last-seen times, then constants of the plan.

Compiling it takes numba's front end some milliseconds a statement and some tens a function, so chains of one shape
share their functions, and what is not hot loops over constants instead of being written out.
"""

from __future__ import annotations

from pathlib import Path

from .chains import ChainFunctions
from .context import Context
from .driver import Driver
from .plan import Plan
from .sweeper import sweep_texts


def kernel_source(plan: Plan, checked: bool = False) -> str:
    """The whole module: primitives, the functions of the chains, the driver, the sweeper.

    checked: every load and store is held against the regions that `Arena` names in REGIONS (a debugging aid, slow and
    never cached: the table's address is part of the code).
    """
    primitives = (Path(__file__).parent / "ops.py").read_text(encoding="utf-8")
    context, chains = Context(plan), ChainFunctions(plan)
    driver = Driver(plan, context, chains)
    text = "\n".join([primitives, *chains.texts(), *driver.texts(), *sweep_texts(context, chains)])
    return with_checks(text) if checked else text


def kernel_constants(plan: Plan) -> list[int]:
    """The words that the kernel of `plan` reads from `Context.first_constant` on."""
    return Context(plan).constants(ChainFunctions(plan).shapes)


_CHECKS = """
REGIONS = np.zeros(1024, np.int64)
_REGIONS_AT = REGIONS.ctypes.data


@njit
def inside(address):
    for region in range(raw_ld(_REGIONS_AT)):
        low = raw_ld(_REGIONS_AT + 8 + 16 * region)
        if low <= address and address + 8 <= raw_ld(_REGIONS_AT + 16 + 16 * region):
            return True
    return False


@njit
def ld(address):
    if not inside(address):
        raise IndexError("the kernel loads outside its buffers")
    return raw_ld(address)


@njit
def st(address, value):
    if not inside(address):
        raise IndexError("the kernel stores outside its buffers")
    raw_st(address, value)


# --- node pool"""


def with_checks(text: str) -> str:
    """The same module with every load and store held against the regions in REGIONS."""
    text = text.replace("def ld(", "def raw_ld(", 1).replace("def st(", "def raw_st(", 1)
    text = text.replace("# --- node pool", _CHECKS, 1)
    return text.replace("cache=True, ", "").replace("forceinline=True, ", "")
