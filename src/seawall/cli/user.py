"""seawall user: the people of a home, managed by whoever runs the host."""

from __future__ import annotations

import argparse
import getpass
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from seawall.cli import BAD_INPUT, OK
from seawall.server.control.prepare import prepare
from seawall.server.home import default_home

if TYPE_CHECKING:
    from seawall.apps.accounts.models import User

_LONGEST_PASSWORD = 1024


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `seawall user`."""
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    create = commands.add_parser("create", help="make a person and give them roles")
    create.add_argument("name", metavar="NAME", help="what they sign in with")
    create.add_argument("--role", action="append", default=[], metavar="ROLE", help="a role; may be repeated")
    create.add_argument("--display-name", default="", metavar="TEXT", help="how others see them")
    create.add_argument("--language", choices=("zh-hans", "en"), default="", help="as their browser unless given")
    create.add_argument("--password-stdin", action="store_true", help="read the password from standard input")
    listing = commands.add_parser("list", help="who there is, with which roles")
    listing.add_argument("--json", action="store_true", help="print JSON")
    for command, text in (
        ("disable", "nobody signs in as this person any more"),
        ("enable", "let a disabled person sign in again"),
        ("reset-mfa", "remove second factors and unlock; the person sets up new ones"),
    ):
        commands.add_parser(command, help=text).add_argument("name", metavar="NAME")


def run(args: argparse.Namespace) -> int:
    """Carry out one command; a refusal is one line and status 2."""
    prepare(Path(default_home()))
    from django.utils import translation

    from seawall.apps.errors import ServiceError

    try:
        with translation.override("en"):  # as all of the command's texts
            return _COMMANDS[args.command](args)
    except ServiceError as error:
        print(f"seawall: {error}", file=sys.stderr)
        return BAD_INPUT


def _create(args: argparse.Namespace) -> int:
    from django.db import transaction

    from seawall.apps.accounts import services

    for role in args.role:
        services.Wanted(role).checked()
    password = _password(args.password_stdin)
    with transaction.atomic():
        user = services.create_user(
            services.OPERATOR, args.name, password, display_name=args.display_name, language=args.language
        )
        for role in args.role:
            services.assign(services.OPERATOR, user.pk, services.Wanted(role, reason="seawall user create"))
    print(f"{user.username}: {', '.join(args.role) or 'no role yet; assign one on the page Users and roles'}")
    return OK


def _password(from_stdin: bool) -> str:
    from seawall.apps.errors import InvalidError

    if from_stdin:
        return sys.stdin.readline(_LONGEST_PASSWORD).rstrip("\r\n")
    if not sys.stdin.isatty():
        raise InvalidError("there is no terminal to ask for a password; give it with --password-stdin")
    first = getpass.getpass("Password: ")
    if getpass.getpass("Again: ") != first:
        raise InvalidError("the two passwords differ; try again")
    return first


def _list(args: argparse.Namespace) -> int:
    from seawall.apps.accounts.queries import users

    rows = [_row(user) for user in users().order_by("username")]
    if args.json:
        print(json.dumps(rows, ensure_ascii=False, indent=1))
        return OK
    for row in rows:
        state = "" if row["active"] else "  (disabled)"
        factor = "second factor" if row["second_factor"] else "no second factor"
        print(f"{row['name']}  {', '.join(row['roles']) or '-'}  {factor}{state}")
    return OK


def _row(user: User) -> dict[str, Any]:
    from seawall.apps.accounts.queries import has_second_factor

    return {
        "id": str(user.pk), "name": user.username, "display_name": user.display_name, "active": user.is_active,
        "roles": sorted(grant.role.key for grant in user.grants), "second_factor": has_second_factor(user),
    }  # fmt: skip


def _on_one(args: argparse.Namespace) -> int:
    from seawall.apps.accounts import queries, services

    command = {"disable": services.disable, "enable": services.enable, "reset-mfa": services.reset_factors}
    user = command[args.command](services.OPERATOR, queries.user_named(args.name).pk)
    print(f"{user.username}: {_DONE[args.command]}")
    return OK


_DONE = {"disable": "disabled", "enable": "enabled", "reset-mfa": "second factors removed"}
_COMMANDS = {"create": _create, "list": _list, "disable": _on_one, "enable": _on_one, "reset-mfa": _on_one}
