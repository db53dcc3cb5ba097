"""The sweeper of a plan's kernel: a loop over the context's rows, since it is not hot.

It lets old nodes of idle entities go, forgets composites and clears single records unseen for long.
"""

from __future__ import annotations

from .chains import ChainFunctions, indented
from .context import ChainRow, Context, TableRow

_TABLE = {name: 8 * place for place, name in enumerate(TableRow._fields)}
_CHAIN = {name: 8 * place for place, name in enumerate(ChainRow._fields)}


def sweep_texts(context: Context, chains: ChainFunctions) -> list[str]:
    """`expire_one`, which picks a chain's expiry function by its shape, and the entry point `sweep`."""
    return [_expire_one(chains), _sweep(context)]


def _expire_one(chains: ChainFunctions) -> str:
    lines = [
        f"@called\ndef expire_one(C, P, R, K, D):\n    H = R + ld(D + {_CHAIN['at']})",
        f"    T = ld(C + ld(D + {_CHAIN['members']}))",
        f"    f = ld(D + {_CHAIN['floor']})",
        f"    b = ld(D + {_CHAIN['base']})",
        f"    shape = ld(D + {_CHAIN['shape']})",
    ]
    for shape, name in enumerate(chains.expiries):
        lines += [f"    if shape == {shape}:", f"        {name}(D, H, P, T, K, f, b)"]
    return "\n".join(lines) + "\n"


def _sweep(context: Context) -> str:
    chain_bytes = 8 * context.chain_words
    body = [
        f"if table >= {len(context.plan.tables)}: return",
        "P = ld(C)",
        f"W = C + {8 * context.tables} + table * {8 * len(TableRow._fields)}",
        *(f"{name} = ld(W + {at})" for name, at in _TABLE.items()),
        "B = ld(C + records)",
        f"for D in range(C + chains, C + chains_end, {chain_bytes}):",
        f"    res = ld(D + {_CHAIN['resolution']})",
        f"    calendar = ld(D + {_CHAIN['calendar']})",
        "    f = t // res * res",
        f"    st(D + {_CHAIN['floor']}, f)",
        f"    st(D + {_CHAIN['base']}, f if calendar < 0 else ld(calendars + calendar))",
        "for slot in range(start, stop):",
        "    R = B + slot * stride",
        "    if slots != 0 and (ld(R + 8) == MISSING or ld(R) == 0):",
        "        continue",
        f"    for D in range(C + chains, C + chains_end, {chain_bytes}):",
        "        expire_one(C, P, R, slot + 1, D)",
        "    if slots != 0:",
        "        if ld(R + 8) < t - reach:",
        "            slot_free(ld(C + slots), B, stride, slot)",
        "    elif ld(ld(C + seen) + 8 * slot) < t - reach:",
        "        clear_words(R, stride >> 3)",
    ]
    return "\n".join(["@entry", "def sweep(C, table, start, stop, t, calendars):", *indented(body, 1)]) + "\n"
