"""seawall journal verify | stats | export | salvage: look into a journal, also while a service writes it."""

from __future__ import annotations

import argparse
import base64
import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any, BinaryIO

import msgspec

from seawall.cli import FAILED, OK
from seawall.cli.inputs import UsageError
from seawall.cli.running import progress_bar
from seawall.engine.decision import Decision
from seawall.engine.journal import (
    ActivationRecord,
    EventRecord,
    Journal,
    Kind,
    Record,
    Verification,
    decode,
    examine,
    salvage,
)
from seawall.server.home import Home, default_home

FILE = "journal.db"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `seawall journal`."""
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    helps: dict[str, tuple[Callable[[argparse.Namespace], int], str]] = {
        "verify": (_verify, "check every record, the chain and the bundles; status 1 where something is damaged"),
        "stats": (_stats, "count records, batches and bytes"),
        "export": (_export, "write records as NDJSON, one object a record"),
        "salvage": (_salvage, "copy the good part of a damaged journal into a new one"),
    }
    for name, (command, help_text) in helps.items():
        one = commands.add_parser(name, help=help_text, description=help_text[:1].upper() + help_text[1:] + ".")
        one.add_argument("--home", metavar="DIR", default=argparse.SUPPRESS, help="home directory of the platform")
        one.add_argument("--file", metavar="FILE", type=Path, help=f"the journal (default: {FILE} in the home)")
        if name in ("verify", "stats"):
            one.add_argument("--json", action="store_true", help="print JSON")
        if name == "salvage":
            one.add_argument("--to", metavar="NEW", type=Path, required=True, help="the new journal; must not exist")
        if name == "export":
            one.add_argument("--out", metavar="FILE", type=Path, help="file to write (default: standard output)")
            one.add_argument("--after", metavar="SEQ", type=int, default=-1, help="begin after this record")
            one.add_argument("--limit", metavar="N", type=int, help="at most so many records")
            one.add_argument("--payload", action="store_true", help="with each payload in base64, to check the chain")
        one.set_defaults(command=command)


def run(args: argparse.Namespace) -> int:
    """Run the command that was chosen."""
    status: int = args.command(args)
    return status


def _verify(args: argparse.Namespace) -> int:
    with progress_bar("verify") as progress:
        found = examine(_file(args), progress)
    if args.json:
        print(json.dumps(found.as_dict(), indent=1))
    else:
        print(_in_words(found))
        if found.problem:
            print(f"seawall: {found.problem}", file=sys.stderr)
    return FAILED if found.problem else OK


def _stats(args: argparse.Namespace) -> int:
    with Journal(_file(args), read_only=True) as journal, progress_bar("stats") as progress:
        found = asdict(journal.stats(progress))
    if args.json:
        print(json.dumps(found, indent=1))
        return OK
    for name, value in found.items():
        parts = value.items() if isinstance(value, dict) else [("", value)]
        print(f"{name:<13}", ", ".join(f"{part} {size:,}".lstrip() for part, size in parts))
    return OK


def _export(args: argparse.Namespace) -> int:
    if args.after < -1 or (args.limit is not None and args.limit < 1):
        raise UsageError("--after must be a record's number or -1, and --limit at least 1")
    path = _file(args)
    with Journal(path, read_only=True) as journal, _output(args.out, path) as out, progress_bar("export") as progress:
        first = args.after + 1
        end = journal.last + 1 if args.limit is None else min(journal.last + 1, first + args.limit)
        done = 0
        for batch in journal.batches(args.after):
            chosen = [record for record in batch.records if record.sequence < end]
            chains = [b""] * len(chosen)
            if chosen == batch.records:
                chains[-1] = batch.chain
            out.writelines(_line(record, chain, args.payload) for record, chain in zip(chosen, chains, strict=True))
            done += len(chosen)
            progress(done, max(end - first, 0))
            if batch.records[-1].sequence >= end - 1:
                break
    if args.out:
        print(f"{done:,} records: {args.out}")
    return OK


def _salvage(args: argparse.Namespace) -> int:
    with progress_bar("salvage") as progress:
        found = salvage(_file(args), args.to, progress)
    print(f"{_in_words(found)}: {args.to}")
    print(f"seawall: {found.problem or 'nothing was damaged; all records were copied'}", file=sys.stderr)
    return OK


def _file(args: argparse.Namespace) -> Path:
    if args.file:
        return Path(args.file)
    return Home(default_home()).journal


def _in_words(found: Verification) -> str:
    if not found.records:
        return "no good record"
    bundles = f", {found.bundles:,} bundles" if found.bundles else ""
    return f"{found.records:,} good records, 0 to {found.last}{bundles}; chain {found.chain.hex()}"


@contextmanager
def _output(path: Path | None, journal: Path) -> Iterator[BinaryIO]:
    """Standard output, or a private file that appears only when it is whole."""
    if path is None:
        yield sys.stdout.buffer
        return
    if path.exists() and path.samefile(journal):
        raise UsageError(f"{path} is the journal itself; name another file to write")
    partial = path.with_name(f"{path.name}.partial")
    with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        try:
            yield file
        except BaseException:
            partial.unlink()
            raise
    partial.replace(path)


def _line(record: Record, chain: bytes, payload: bool) -> bytes:
    """One record as JSON; `chain` where a batch ends."""
    content = decode(record)
    kind = Kind(record.kind).name.lower()
    shown: dict[str, Any] = {"sequence": record.sequence, "kind": kind}
    if isinstance(content, EventRecord):
        shown |= {"event": _plain(content.event), "decision": _decision(content.decision)}
        if content.others:
            shown["others"] = [{name: getattr(one, name) for name in one.__struct_fields__} for one in content.others]
    else:
        shown[kind] = _plain(content)
    if payload:
        shown["payload"] = base64.b64encode(record.payload).decode()
    if chain:
        shown["chain"] = chain.hex()
    return msgspec.json.encode(shown) + b"\n"


def _decision(decision: Decision | None) -> dict[str, Any] | None:
    """Without `row`: only the policy knows what its places mean."""
    return None if decision is None else {name: value for name, value in _plain(decision).items() if name != "row"}


def _plain(struct: Any) -> dict[str, Any]:
    """A record's fields; digests in hex."""
    if isinstance(struct, ActivationRecord):  # most name one policy only
        return dict(msgspec.to_builtins(struct))
    fields = msgspec.structs.asdict(struct)
    return {name: value.hex() if isinstance(value, bytes) else value for name, value in fields.items()}
