"""`rules`: thirty rules on one event, against zen-engine and rule-engine; how soon a set of rules is active."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from time import perf_counter
from typing import Any

from seawall.engine.decision import Decision
from seawall.engine.engine import Engine
from seawall.engine.errors import SeawallError
from seawall.engine.modules import default_cache
from seawall.engine.pack.model import Pack, Text
from seawall.engine.policy import compile_policy

from .content import FORTY, pack, policy
from .figure import Figure, Peer, Stopwatch, against_all, best_rate, median
from .live import Service
from .peers.rules import Decide, Row, rule_engine, zen_expressions, zen_graph
from .stream import bodies, make_stream

EVENTS = 20_000
_ROWS = 500
_OURS = 100  # passes over the rows in one run of ours; a peer makes one
_FORMS: dict[str, Sequence[Callable[[Pack], tuple[str, Decide] | None]]] = {
    "zen_engine": (zen_expressions, zen_graph),  # the faster of the two counts
    "rule_engine": (rule_engine,),
}


def figures(events: int = EVENTS, repeats: int = 5, cache_dir: Path | None = None) -> list[Figure]:
    """`rules_30_single` in decisions/s (best of `repeats`), and `rules_*_activation` in ms (median).

    SeawallError where a peer's rules do not fire as ours do.
    """
    content = pack(FORTY)
    rows = _rows(events, cache_dir)
    run = policy(FORTY).rulesets["payment"].run
    fired = [run(row) for row in rows]
    rate = best_rate(len(rows) * _OURS, [lambda: _timed(run, rows, _OURS)] * repeats)
    named = [_named(row) for row in rows]
    peers = {
        short: _fastest([_peer(form(content), named, fired, repeats) for form in forms])
        for short, forms in _FORMS.items()
    }
    return [
        *against_all("rules_30_single", rate, "decisions/s", peers),
        *(_activation(size, repeats, cache_dir) for size in (30, 200)),
    ]


def _rows(events: int, cache_dir: Path | None) -> list[Sequence[Any]]:
    """Rows of values as rules meet them: some of the stream, every rule that fires in it among them."""
    service = Service(policy(FORTY), cache_dir)
    content = pack(FORTY)
    admitted = [service.door.admit(body) for body in bodies(make_stream(events), content, 0, events)]
    decisions = [one for one in service.engine.step(admitted) if isinstance(one, Decision)]
    first = {rule: one for one in reversed(decisions) for rule in one.rules}
    others = decisions[:: max(1, len(decisions) // _ROWS)]
    return [one.row for one in [*first.values(), *others][:_ROWS]]


def _named(row: Sequence[Any]) -> Row:
    return {name: row[slot] for name, slot in policy(FORTY).slots.items()}


def _timed(run: Callable[[Any], object], rows: Iterable[Any], passes: int = 1) -> float:
    watch = Stopwatch()
    with watch.running():
        for _ in range(passes):
            for row in rows:
                run(row)
    return watch.seconds


def _peer(form: tuple[str, Decide] | None, rows: list[Row], fired: list[int], repeats: int) -> Peer | None:
    if form is None:
        return None
    name, decide = form
    for row, bits in zip(rows, fired, strict=True):
        theirs = sum(fires << index for index, fires in enumerate(decide(row)))
        if theirs != bits:
            difference = f"{name} fires rules {theirs:b} where ours are {bits:b} on {row}"
            raise SeawallError(f"{difference}: not measured; report this")
    return Peer(name, best_rate(len(rows), [lambda: _timed(decide, rows)] * repeats))


def _fastest(peers: Sequence[Peer | None]) -> Peer | None:
    return max((peer for peer in peers if peer is not None), key=lambda peer: peer.rate, default=None)


def _activation(size: int, repeats: int, cache_dir: Path | None) -> Figure:
    """From a pack that has been read to rules that decide: checking, generating, swapping."""
    engine = Engine(policy(FORTY), cache_dir or default_cache())
    spent = []
    for number in range(repeats):
        content = _enlarged(pack(FORTY), size, number)
        began = perf_counter()
        engine.activate(compile_policy(content))
        spent.append((perf_counter() - began) * 1000)
    return Figure(f"rules_{size}_activation", round(median(spent), 2), "ms")


def _enlarged(content: Pack, size: int, number: int) -> Pack:
    """`size` rules, no two alike, and none that an earlier call made."""
    rules = []
    for index in range(size):
        rule = content.rules[index % len(content.rules)]
        text = f"({rule.when.text}) && base_amount != {number * size + index + 1}"
        rules.append(replace(rule, id=f"{rule.id}_{index}", when=Text(text, rule.when.place)))
    return replace(content, rules=tuple(rules))
