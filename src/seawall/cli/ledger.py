"""seawall ledger verify | export | proof | show | checkpoint: the tamper-evident record."""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from seawall.cli import FAILED, OK
from seawall.cli.inputs import UsageError
from seawall.cli.running import progress_bar
from seawall.ledger import (
    Checkpoint,
    Ledger,
    LedgerError,
    Report,
    Verifier,
    export,
    load_key,
    load_public_keys,
    prove,
    verify_file,
)
from seawall.ledger.keys import public_path, publish
from seawall.server.home import Home, default_home

PASSPHRASE = "SEAWALL_LEDGER_PASSPHRASE"  # noqa: S105 - the variable's name
_MAX_LAST = 10_000
_MAX_NOTE = 64 * 1024
_EPILOG = """\
examples:
  seawall ledger verify --home HOME
  seawall ledger export --home HOME --out ledger.ndjson
  seawall ledger verify --file ledger.ndjson --key ledger.pub --checkpoint kept-elsewhere.txt

A ledger that verifies with the keys beside it was changed by nobody who lacks its key. Trust more: give the public key,
and a checkpoint that you noted earlier, from a place that the ledger's keeper cannot write.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `seawall ledger` and of its own verbs."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = _EPILOG
    verbs = parser.add_subparsers(metavar="WHAT", required=True, title="what to do")

    verify = _verb(verbs, "verify", "check every entry, hash, subtree, checkpoint and signature", _verify)
    verify.add_argument("--file", metavar="FILE", type=Path, help="a ledger.db, an export or a proof (default: HOME's)")
    verify.add_argument(
        "--key", metavar="KEY", action="append", default=[], help="public key to trust, or a file of them"
    )
    outside = "a checkpoint kept elsewhere, as a file; the ledger must bear it out"
    verify.add_argument("--checkpoint", metavar="NOTE", type=Path, action="append", default=[], help=outside)
    verify.add_argument("--json", action="store_true", help="print JSON")

    exported = _verb(verbs, "export", "write the signed part of the ledger to one file for another machine", _export)
    exported.add_argument("--out", metavar="PATH", type=Path, required=True, help="a new file, or a folder for it")

    proof = _verb(verbs, "proof", "print the proof that an entry is in the ledger", _proof)
    proof.add_argument("index", metavar="INDEX", type=int, help="the entry, counted from 0")
    proof.add_argument("--size", metavar="N", type=int, help="under the checkpoint of N entries (default: the first)")

    show = _verb(verbs, "show", "print where the ledger stands and its last entries, or one entry", _show)
    show.add_argument("index", metavar="INDEX", type=int, nargs="?", help="one entry, whole")
    show.add_argument("--last", metavar="N", type=int, default=10, help="how many entries (10)")
    show.add_argument("--json", action="store_true", help="print JSON")

    sign = f"sign where the ledger stands, with HOME/ledger.key (passphrase: ${PASSPHRASE})"
    _verb(verbs, "checkpoint", sign, _checkpoint)


def run(args: argparse.Namespace) -> int:
    """Do what was asked; an error of the ledger is one line and status 2."""
    try:
        status: int = args.what(args)
    except LedgerError as error:
        raise UsageError(str(error)) from error
    return status


def _verb(
    verbs: argparse._SubParsersAction[argparse.ArgumentParser],
    name: str,
    help_text: str,
    what: Callable[[argparse.Namespace], int],
) -> argparse.ArgumentParser:
    verb = verbs.add_parser(name, help=help_text, description=help_text[:1].upper() + help_text[1:] + ".")
    home = "home directory of the platform (default: $SEAWALL_HOME, else ~/.local/share/seawall)"
    verb.add_argument("--home", metavar="DIR", default=argparse.SUPPRESS, help=home)
    verb.set_defaults(what=what)
    return verb


# --- verbs ------------------------------------------------------------------------------------------------------------


def _verify(args: argparse.Namespace) -> int:
    path = args.file or _ledger_path()
    keys = [key for named in args.key for key in _keys(named)]
    known = [_note(file) for file in args.checkpoint]
    with progress_bar("verify") as progress:
        report = verify_file(path, keys, known, lambda done: progress(done, -1))
    if args.json:
        print(json.dumps(_as_json(report), ensure_ascii=False, indent=1))
    else:
        _print_report(report, pinned=bool(keys))
    return OK if report.ok else FAILED


def _export(args: argparse.Namespace) -> int:
    path = _ledger_path()
    written = export(path, args.out, load_public_keys(public_path(path)))
    print(f"{written}; check it anywhere: seawall ledger verify --file {written.name} --key KEY")
    return OK


def _proof(args: argparse.Namespace) -> int:
    with Ledger.open(_ledger_path(), read_only=True) as ledger:
        print(prove(ledger, args.index, args.size).text, end="")
    return OK


def _show(args: argparse.Namespace) -> int:
    if not 0 <= args.last <= _MAX_LAST:
        raise UsageError(f"--last must lie between 0 and {_MAX_LAST:,}, not {args.last:,}")
    with Ledger.open(_ledger_path(), read_only=True) as ledger:
        if args.index is not None:
            print(json.dumps(json.loads(ledger.body(args.index)), ensure_ascii=False, indent=1))
        elif args.json:
            print(json.dumps(_summary(ledger), ensure_ascii=False, indent=1))
        else:
            _print_summary(ledger, args.last)
    return OK


def _checkpoint(args: argparse.Namespace) -> int:
    path = _ledger_path()
    with Ledger.open(path) as ledger:
        key_path = path.with_suffix(".key")
        signer = load_key(key_path, ledger.origin, os.environ.get(PASSPHRASE))
        publish(key_path, signer)
        print(ledger.checkpoint(signer).note, end="")
    return OK


# --- what it takes ----------------------------------------------------------------------------------------------------


def _ledger_path() -> Path:
    return Home(default_home()).ledger


def _keys(named: str) -> list[Verifier]:
    """A public key's line, or a file of such lines."""
    is_line = named.count("+") >= 2 and not Path(named).exists()
    return [Verifier.parse(named)] if is_line else load_public_keys(Path(named))


def _note(file: Path) -> Checkpoint:
    with file.open("rb") as opened:
        text = opened.read(_MAX_NOTE).decode("utf-8", "replace")
    try:
        return Checkpoint.parse(text)
    except LedgerError as error:
        raise UsageError(f"{file} is no checkpoint: {error}") from None


# --- what it prints ---------------------------------------------------------------------------------------------------


def _print_report(report: Report, pinned: bool) -> None:
    for finding in report.findings:
        print(finding)
    if report.more:
        print(f"and {report.more:,} more")
    if not report.ok:
        print("NOT AS RECORDED: the first line names where it begins")
        return
    if report.proved is not None:
        signed = f"{report.signed:,} entries signed at {_time(report.signed_time)}"
        print(f"{report.origin}: entry {report.proved:,} is among the {signed}")
        return
    print(f"{report.origin}: {report.entries:,} entries and {report.checkpoints:,} checkpoints as recorded")
    if report.signed:
        print(f"signed up to entry {report.signed - 1:,} at {_time(report.signed_time)}")
    unsigned = report.entries - report.signed
    if unsigned > 0:
        print(f"{unsigned:,} entries after that are not signed yet: nobody could tell if they were cut off")
    if report.unchecked_signatures:
        print(f"{report.unchecked_signatures:,} signatures by other keys were not checked; add --key")
    if not pinned:
        print("the public key came with the ledger; to trust more, name one you hold: --key")


def _as_json(report: Report) -> dict[str, object]:
    findings = [{"place": finding.place, "message": finding.message} for finding in report.findings]
    return {
        "ok": report.ok,
        "origin": report.origin,
        "entries": report.entries,
        "checkpoints": report.checkpoints,
        "signed": report.signed,
        "signed_time": _time(report.signed_time) if report.signed else None,
        "unchecked_signatures": report.unchecked_signatures,
        "findings": findings,
        "more_findings": report.more,
        "proved": report.proved,
    }


def _summary(ledger: Ledger) -> dict[str, object]:
    head, last = ledger.head(), ledger.last_checkpoint()
    return {
        "origin": head.origin,
        "entries": head.size,
        "root": head.root.hex(),
        "chain": head.chain.hex(),
        "last_entry": _time(head.time) if head.size else None,
        "signed": last.head.size if last else 0,
        "signed_time": _time(last.head.time) if last else None,
        "key_ids": list(last.key_ids) if last else [],
    }


def _print_summary(ledger: Ledger, last: int) -> None:
    facts = Table(box=None, show_header=False, pad_edge=False)
    for name, value in _summary(ledger).items():
        shown = ", ".join(value) if isinstance(value, list) else str(value if value is not None else "never")
        facts.add_row(name, Text(shown))
    table = Table("entry", "time", "actor", "action", "object", box=None, pad_edge=False)
    for entry in ledger.entries(max(0, len(ledger) - last)):
        about = Text(f"{entry.object.type} {entry.object.id}")
        table.add_row(f"{entry.index:,}", _time(entry.time), Text(entry.actor), Text(entry.action), about)
    console = Console(highlight=False)
    console.print(facts)
    if table.row_count:
        console.print()
        console.print(table)


def _time(ms: int) -> str:
    try:
        return datetime.fromtimestamp(ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    except (ValueError, OverflowError, OSError):
        return f"{ms} ms"
