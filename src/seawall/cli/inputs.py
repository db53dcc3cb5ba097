"""What several verbs take from the command line: packs, mappings, list entries, the cache folder."""

from __future__ import annotations

import argparse
import os
import re
import time
from collections.abc import Iterable
from pathlib import Path

import msgspec

import seawall
from seawall.cli.words import LANGUAGES
from seawall.engine.door import ClearSealer, Door
from seawall.engine.errors import EventError, PackError, Problem, SeawallError
from seawall.engine.history import HistoryError, HistoryMapping, load_mapping
from seawall.engine.lists import FOREVER, ListEntry
from seawall.engine.modules import default_cache
from seawall.engine.money import Rates
from seawall.engine.pack import Pack, load_pack
from seawall.engine.pack.reader import did_you_mean
from seawall.engine.policy import CompiledPolicy, compile_policy
from seawall.engine.settings import SettingEntry

DEFAULT_PACK = "payments"  # of a new home
PACK_HELP = "a pack: its folder, or the name of a shipped pack"
ENGINES = ("local",)
Entry = ListEntry | SettingEntry
_SETTING = re.compile(rb'"setting"\s*:')


class UsageError(SeawallError):
    """A command line that asks for what cannot be."""


def shipped_packs() -> dict[str, Path]:
    """The packs that come with seawall, by name."""
    folder = Path(seawall.__file__).parent / "packs"
    return {path.parent.name: path.parent for path in sorted(folder.glob("*/events.yaml"))}


def find_pack(name: str) -> Path:
    """The folder of a pack. PackError says which names are known."""
    if Path(name).is_dir():
        return Path(name)
    shipped = shipped_packs()
    if name in shipped:
        return shipped[name]
    hint = did_you_mean(name, shipped)
    raise PackError([Problem(f"{name} is neither a folder nor a shipped pack", hint or "name a folder")])


def read_policy(name: str) -> tuple[Path, CompiledPolicy]:
    """The folder of a pack and its compiled policy."""
    folder = find_pack(name)
    return folder, compile_policy(load_pack(folder))


def read_mapping(named: str, folder: Path, pack: Pack) -> HistoryMapping:
    """The mapping that was named, else the pack's own mapping.yaml."""
    if named:
        return load_mapping(Path(named), pack)
    own = folder / "mapping.yaml"
    if not own.is_file():
        raise UsageError(f"pack {pack.name} has no mapping.yaml; name a mapping with --mapping FILE")
    return load_mapping(own, pack)


def cache_folder() -> Path:
    """Where generated modules and compiled kernels lie."""
    return default_cache()


def add_history_arguments(parser: argparse.ArgumentParser, *, needed: bool = True) -> None:
    """EVENTS (`needed` or not), --mapping, --entries, --lists, --engine, --fresh: what replay and backtest share."""
    events = "history file: .parquet, .ndjson, .jsonl or .csv"
    parser.add_argument("events", metavar="EVENTS", type=Path, nargs=None if needed else "?", help=events)
    parser.add_argument("--mapping", metavar="FILE", default="", help="mapping file (default: the pack's mapping.yaml)")
    parser.add_argument(
        "--entries", metavar="FILE", type=Path, help="entries of lists, limits and switches, NDJSON, one a line"
    )
    parser.add_argument(
        "--lists", choices=("asof", "today"), default="asof",
        help="entries as they were valid at the time (asof), or those valid now, over the whole history (today)",
    )  # fmt: skip
    parser.add_argument("--engine", choices=ENGINES, default="local", help="where the engine runs (default: local)")
    parser.add_argument("--fresh", action="store_true", help="start over, even if an earlier run can be resumed")


def add_language_argument(parser: argparse.ArgumentParser) -> None:
    """--lang: the language of what is printed."""
    parser.add_argument("--lang", choices=LANGUAGES, default=language(), help="language (default: that of LANG)")


def language() -> str:
    """The language that the environment asks for, by POSIX precedence: zh or en."""
    asked = next((os.environ[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if os.environ.get(name)), "")
    return "zh" if asked.lower().startswith("zh") else "en"


def read_entries(path: Path | None, pack: Pack, lists: str, now_ms: int | None = None) -> list[Entry]:
    """Entries of lists, limits and switches in an NDJSON file, as `--lists` asks. HistoryError names the row."""
    if path is None:
        return []
    now = int(time.time() * 1000) if now_ms is None else now_ms
    door = Door(pack, Rates(), ClearSealer(), lambda: now)
    entries = []
    try:
        with path.open("rb") as file:
            for row, line in enumerate(file, 1):
                if line.strip():
                    entries.append(_entry(door, line, str(path), row))
    except OSError as error:
        raise HistoryError(str(path), f"cannot be read: {error.strerror}") from None
    return entries if lists == "asof" else _today(entries, now)


def _entry(door: Door, line: bytes, file: str, row: int) -> Entry:
    try:
        return door.admit_setting(line) if _SETTING.search(line) else door.admit_list_entry(line)
    except EventError as error:
        raise HistoryError(file, error.message, row, error.field) from None


def _today(entries: Iterable[Entry], now: int) -> list[Entry]:
    """The entries that stand now, each valid over all of history."""
    standing: dict[tuple[str, str], Entry] = {}
    for entry in entries:
        identity = entry.list if isinstance(entry, ListEntry) else entry.setting, entry.entry_id
        standing.pop(identity, None)  # the newest stands last, which decides between those of a limit
        standing[identity] = entry
    valid = [e for e in standing.values() if not e.removed and e.valid_from <= now < e.valid_until]
    return [msgspec.structs.replace(entry, valid_from=0, valid_until=FOREVER) for entry in valid]
