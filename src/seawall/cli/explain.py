"""seawall explain: why an event was decided as it was, read from the journal."""

from __future__ import annotations

import argparse
import json
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from seawall.cli import FAILED, OK
from seawall.cli.inputs import add_language_argument
from seawall.cli.words import outcome_word
from seawall.engine.answer import Answers
from seawall.engine.journal import EventRecord, Journal, Kind, Record, decode_event
from seawall.engine.pack.model import Pack
from seawall.server.decided import decision_id, sequence_of
from seawall.server.home import Home, default_home
from seawall.server.packs import PackShelf
from seawall.server.recovery import activations
from seawall.server.snapshots import Snapshots

_WORDS = {
    "outcome": {"zh": "结果", "en": "outcome"},
    "score": {"zh": "评分", "en": "score"},
    "policy": {"zh": "策略", "en": "policy"},
    "sequence": {"zh": "序号", "en": "sequence"},
    "reasons": {"zh": "规则与依据", "en": "rules, and what they saw"},
    "none": {"zh": "没有规则命中", "en": "no rule fired"},
    "event": {"zh": "事件", "en": "event"},
    "features": {"zh": "变量", "en": "features"},
    "models": {"zh": "模型", "en": "models"},
    "sealed": {"zh": "(已加密)", "en": "(sealed)"},
    "undecided": {"zh": "导入的历史记录,没有决策", "en": "imported history, which has no decision"},
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `seawall explain`."""
    parser.add_argument("id", metavar="ID", help="a decision_id or event_id")
    parser.add_argument("--json", action="store_true", help="the decision as the API gives it, with its event")
    add_language_argument(parser)


def run(args: argparse.Namespace) -> int:
    """Print the decision, every leaf of its rules, its event and features; 1 where there is none of that id."""
    home = Home(default_home())
    with Journal(home.journal, read_only=True) as journal:
        found = find(journal, args.id)
        if found is None:
            print(f"seawall: no decision or event {args.id!r} in {home.journal}")
            return FAILED
        if found.decision is None:
            print(f"{found.event.event_id}: {_WORDS['undecided'][args.lang]}")
            return OK
        shelf = PackShelf(journal, home.cache)
        label = found.decision.policy
        digest = next(one.digest for one in activations(journal, Snapshots(home.snapshots)) if one.policy == label)
        policy = shelf.policy(digest)
    written = Answers(policy, args.lang).write(found.decision, decision_id(found.decision), 0, explained=True)
    answer = json.loads(written)
    del answer["latency_us"]
    answer["event"] = _shown(found, policy.pack, args.lang)
    if args.json:
        print(json.dumps(answer, ensure_ascii=False, indent=2))
    else:
        _print(answer, args.lang)
    return OK


def find(journal: Journal, key: str) -> EventRecord | None:
    """The record of a decision_id, by its number, or of an event_id, newest of that id, by reading the journal."""
    number = sequence_of(key)
    if number is not None and 0 < number <= journal.last:
        record = journal.get(number)
        if record.kind == Kind.EVENT:
            found = decode_event(record)
            if found.decision is not None and decision_id(found.decision) == key:
                return found
    needle = key.encode("utf-8", "replace")
    newest: Record | None = None
    for record in journal.read(verify=False):
        if record.kind == Kind.EVENT and needle in record.payload and decode_event(record).event.event_id == key:
            newest = record
    return decode_event(newest) if newest is not None else None


def _shown(found: EventRecord, pack: Pack, lang: str) -> dict[str, Any]:
    """The event's fields with sealed values hidden; surrogates say nothing by themselves."""
    kind = pack.events.get(found.event.type)
    fields = kind.fields if kind is not None else {}
    hidden = {name for name, one in fields.items() if one.sealed}
    shown = {name: _WORDS["sealed"][lang] if name in hidden else value for name, value in found.event.fields.items()}
    return {"event_id": found.event.event_id, "type": found.event.type, **shown}


def _print(answer: dict[str, Any], lang: str) -> None:
    console = Console(highlight=False)
    words = {word: texts[lang] for word, texts in _WORDS.items()}
    console.print(
        f"[bold]{outcome_word(answer['outcome'], lang)}[/]  {words['score']} {answer['score']}   "
        f"{words['policy']} {escape(answer['policy'])}   {words['sequence']} {answer['sequence']}\n"
        f"{answer['decision_id']}  {answer['content_hash']}"
    )
    console.print(f"\n[bold]{words['reasons']}[/]")
    if not answer["rules"]:
        console.print(f"  {words['none']}")
    texts = {one["rule"]: one for one in answer["reasons"]}
    for rule in answer["rules"]:
        one = texts.get(rule, {"score": 0, "text": "", "code": ""})
        console.print(f"  {one['score']:>+4} {escape(rule)}  {escape(one['text'])}")
        for leaf in answer["explain"].get(rule, ()):
            value = _value(leaf["value"]) if "value" in leaf else "–"
            console.print(f"         {escape(leaf['leaf'])} = {escape(value)}", style="dim")
    for name, values in (("models", answer["models"]), ("event", answer["event"]), ("features", answer["features"])):
        if values:
            table = Table(title=words[name], show_header=False, title_justify="left", box=None, pad_edge=True)
            for key, value in values.items():
                table.add_row(escape(str(key)), escape(_value(value)))
            console.print()
            console.print(table)


def _value(value: object) -> str:
    if value is None:
        return "–"
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else str(value)
