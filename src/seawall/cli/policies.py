"""seawall policy list | import | diff | status: the policies of a home, by whoever runs the host."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from seawall.cli import BAD_INPUT, OK
from seawall.cli.inputs import PACK_HELP, find_pack
from seawall.server.control.prepare import prepare
from seawall.server.home import default_home

if TYPE_CHECKING:
    from seawall.apps.policies.models import Deployment, Version

Command = Callable[[argparse.Namespace], int]


def add_commands(commands: Any) -> None:
    """The commands that need a home, beside those that look at a folder."""
    listing = _command(commands, "list", _list, "list the versions of the home's policies, with their states")
    listing.add_argument("--policy", default="", metavar="NAME", help="only this policy")
    importing = _command(commands, "import", _import, "take a pack into the home as a version in state draft")
    importing.add_argument("folder", metavar="FOLDER", type=Path, help="a pack's folder")
    importing.add_argument("--note", default="", metavar="TEXT", help="what changed")
    diff = _command(commands, "diff", _diff, "say in words what one policy does otherwise than another")
    for name in ("old", "new"):
        diff.add_argument(name, metavar=name.upper(), help=f"{PACK_HELP}, or NAME@VERSION of the home")
    _command(commands, "status", _status, "show what decides: champion, challenger, shadows, and what is on its way")


def _command(commands: Any, name: str, command: Command, text: str) -> argparse.ArgumentParser:
    one: argparse.ArgumentParser = commands.add_parser(name, help=text, description=f"{text[:1].upper()}{text[1:]}.")
    one.add_argument("--json", action="store_true", help="print JSON")
    one.set_defaults(command=_in_home(command))
    return one


def _in_home(command: Command) -> Command:
    """The command with the home's records at hand; a refusal is one line and status 2."""

    def run(args: argparse.Namespace) -> int:
        prepare(Path(default_home()))
        from django.utils import translation

        from seawall.apps.errors import ServiceError

        try:
            with translation.override("en"):  # as all of the command's texts
                return command(args)
        except ServiceError as error:
            print(f"seawall: {error}", file=sys.stderr)
            return BAD_INPUT

    return run


def _list(args: argparse.Namespace) -> int:
    from seawall.apps.policies import queries

    rows = queries.versions().order_by("policy__name", "number")
    if args.policy:
        rows = rows.filter(policy__name=args.policy)
    found = [_version(row) for row in rows]
    if args.json:
        print(json.dumps(found, ensure_ascii=False, indent=1))
        return OK
    for one in found:
        print(f"{one['policy']}  {one['state']}  {one['digest'][:12]}  {one['note']}".rstrip())
    if not found:
        print("no policy yet; start the platform once, or import a folder")
    return OK


def _import(args: argparse.Namespace) -> int:
    from seawall.apps.policies.services import versions

    try:
        made = versions.import_folder(versions.OPERATOR, args.folder, args.note)
    except versions.PackProblemsError as error:
        for problem in error.problems:
            print(f"{problem.severity}: {problem}", file=sys.stderr)
        raise
    print(json.dumps(_version(made), ensure_ascii=False, indent=1) if args.json else f"{made.label}: {made.state}")
    return OK


def _diff(args: argparse.Namespace) -> int:
    from seawall.apps.policies.changes import compare
    from seawall.apps.policies.checking import load

    changes = compare(load(_files(args.old)), load(_files(args.new)))
    if args.json:
        shown = [{"kind": one.kind, "name": one.name, "sentence": one.sentence} for one in changes]
        print(json.dumps(shown, ensure_ascii=False, indent=1))
        return OK
    for one in changes:
        print(one.sentence)
    if not changes:
        print("they do the same")
    return OK


def _files(name: str) -> dict[str, bytes]:
    from seawall.apps.policies import bundles, queries, uploads

    if "@" in name and not Path(name).is_dir():
        return bundles.files(queries.version_named(name).digest)
    return uploads.read_folder(find_pack(name))


def _status(args: argparse.Namespace) -> int:
    from seawall.apps.policies import queries

    running = queries.running()
    waiting = queries.deployments().filter(outcome__in=("waiting", "sent")).order_by("id")
    found = {
        "running": None if running is None else _deployment(running),
        "on_its_way": [_deployment(one) for one in waiting],
    }
    if args.json:
        print(json.dumps(found, ensure_ascii=False, indent=1))
        return OK
    if running is None:
        print("nothing decides yet")
    for one in ([running] if running else []) + list(waiting):
        shown = _deployment(one)
        print(
            f"{shown['outcome']} since record {shown['sequence']}"
            if shown["sequence"] is not None
            else shown["outcome"]
        )
        for place in shown["places"]:
            share = f"  {place['share'] / 100:g} % by {place['entity']}" if place["share"] else ""
            print(f"  {place['role']}  {place['policy']}{share}")
    return OK


def _version(row: Version) -> dict[str, Any]:
    return {
        "policy": row.label, "state": row.state, "digest": row.digest, "source": row.source, "note": row.note,
        "created_at": row.created_at.isoformat(),
    }  # fmt: skip


def _deployment(row: Deployment) -> dict[str, Any]:
    places = row.placements.all()
    return {
        "outcome": row.outcome, "kind": row.kind, "sequence": row.sequence,
        "places": [
            {"policy": one.version.label, "role": one.role, "share": one.share, "entity": one.entity} for one in places
        ],
    }  # fmt: skip
