"""seawall apikey: make, revoke and list the keys of the decision API; it may run while the service does."""

from __future__ import annotations

import argparse
import json
import re
import time
from datetime import UTC, datetime

from rich.console import Console
from rich.table import Table

from seawall.cli import OK
from seawall.cli.inputs import UsageError
from seawall.server.access import DEFAULT_SCOPES, MAX_RATE, SCOPES, KeyRecord, KeyStore
from seawall.server.home import Home, default_home

_LIFE = re.compile(r"([1-9]\d{0,4})([smhdw])", re.ASCII)
_SECONDS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `seawall apikey`."""
    actions = parser.add_subparsers(metavar="ACTION", required=True, title="actions")
    create = actions.add_parser("create", help="make a key; its text is shown once, on the last line")
    create.add_argument("name", metavar="NAME", help="whose key it is")
    scope = f"what it may do, repeatable: {', '.join(SCOPES)} (default: {', '.join(DEFAULT_SCOPES)})"
    create.add_argument("--scope", metavar="SCOPE", action="append", choices=SCOPES, help=scope)
    rate = f"requests a second, at most {MAX_RATE:,} (default: no limit)"
    create.add_argument("--rate", metavar="N", type=float, default=0, help=rate)
    create.add_argument("--expires", metavar="TIME", default="", help="life, like 90d or 12h (default: no end)")
    create.set_defaults(act=_create)
    revoke = actions.add_parser("revoke", help="end a key; the service refuses it within a second")
    revoke.add_argument("key", metavar="NAME|ID", help="the key's name, or its id as `list` shows it")
    revoke.set_defaults(act=_revoke)
    listing = actions.add_parser("list", help="the keys there are, and were")
    listing.add_argument("--json", action="store_true", help="print JSON")
    listing.set_defaults(act=_list)


def run(args: argparse.Namespace) -> int:
    """Do one thing with the keys of the home."""
    status: int = args.act(args, KeyStore(Home(default_home()).access))
    return status


def _create(args: argparse.Namespace, keys: KeyStore) -> int:
    now = int(time.time())
    expires = now + _life(args.expires) if args.expires else None
    text = keys.create(args.name, args.scope or DEFAULT_SCOPES, args.rate, expires)
    until = f", until {_shown(expires)}" if expires is not None else ""
    print(f"Key {args.name!r} may {', '.join(args.scope or DEFAULT_SCOPES)}{until}. It is shown once; keep it safe:")
    print(text)
    return OK


def _revoke(args: argparse.Namespace, keys: KeyStore) -> int:
    record = keys.revoke(args.key)
    print(f"Key {record.name!r} ({record.id}) is revoked; a running service refuses it within a second.")
    return OK


def _list(args: argparse.Namespace, keys: KeyStore) -> int:
    now, records = time.time(), keys.list()
    if args.json:
        print(json.dumps({"keys": [_as_dict(record, now) for record in records]}, ensure_ascii=False, indent=1))
        return OK
    table = Table("id", "name", "state", "scopes", "rate", "created", "expires")
    for one in records:
        rate = f"{one.rate:g}/s" if one.rate else "no limit"
        scopes = ", ".join(scope for scope in SCOPES if scope in one.scopes)
        table.add_row(
            one.id, one.name, one.state(now), scopes, rate, _shown(one.created)[:10], _shown(one.expires)[:10]
        )
    Console().print(table)
    return OK


def _life(text: str) -> int:
    match = _LIFE.fullmatch(text)
    if match is None:
        raise UsageError(f"--expires {text[:32]!r} is no span of time; give a number and s, m, h, d or w, like 90d")
    return int(match[1]) * _SECONDS[match[2]]


def _as_dict(record: KeyRecord, now: float) -> dict[str, object]:
    return {
        "id": record.id,
        "name": record.name,
        "state": record.state(now),
        "scopes": [scope for scope in SCOPES if scope in record.scopes],
        "rate": record.rate or None,
        "created": _shown(record.created),
        "expires": _shown(record.expires) or None,
        "revoked": _shown(record.revoked) or None,
    }


def _shown(instant: int | None) -> str:
    return "" if instant is None else f"{datetime.fromtimestamp(instant, UTC):%Y-%m-%dT%H:%M:%SZ}"
