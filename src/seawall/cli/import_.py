"""seawall import: past events into a new home's journal, so that its first live event meets full windows."""

from __future__ import annotations

import argparse
from pathlib import Path

from seawall.cli import OK
from seawall.cli.inputs import DEFAULT_PACK, find_pack, read_mapping
from seawall.cli.running import progress_bar
from seawall.engine.pack import load_pack
from seawall.server.home import Home, default_home
from seawall.server.importer import import_history
from seawall.server.packs import bundle_of
from seawall.server.service import Service


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `seawall import`."""
    parser.add_argument("events", metavar="EVENTS", type=Path, help="history file: .parquet, .ndjson, .jsonl or .csv")
    parser.add_argument("--mapping", metavar="FILE", default="", help="mapping file (default: the pack's mapping.yaml)")
    parser.add_argument("--pack", metavar="PACK", default="", help=f"pack of a new home (default: {DEFAULT_PACK})")


def run(args: argparse.Namespace) -> int:
    """Journal the history; the home's service must not run meanwhile."""
    home = Home(default_home()).prepare()
    ring, is_new = home.key_ring()
    if is_new:
        print(f"made {home.key_file} (mode 0600): sealed values cannot be read without it; keep a copy elsewhere")
    folder = find_pack(args.pack or DEFAULT_PACK)
    service = Service(home, ring)
    try:
        bundle = bundle_of(folder, load_pack(folder)) if args.pack or service.sequence < 0 else None
        service.open(bundle)
        mapping = read_mapping(args.mapping, folder, service.active().pack)
        with progress_bar("import") as progress:
            events, labels = import_history(service, args.events, mapping, progress)
        sequence = service.sequence
    finally:
        service.close()
    print(f"{events:,} events and {labels:,} labels imported; the journal stands at record {sequence:,}")
    return OK
