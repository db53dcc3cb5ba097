"""The `seawall` command. A verb is a module of this package with `add_arguments(parser)` and `run(args) -> int`."""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from collections.abc import Sequence
from typing import NoReturn

from seawall import __version__

VERBS: dict[str, tuple[str, str]] = {  # verb -> module, what it does; modules are imported only when used
    "up": ("seawall.cli.up", "run the platform: decision API under watch; --demo with a synthetic fintech"),
    "explain": ("seawall.cli.explain", "why an event was decided as it was, read from the journal"),
    "import": ("seawall.cli.import_", "past events into a new home, so that its first live event meets full windows"),
    "demo": ("seawall.cli.demo", "the main job from end to end on a history made here"),
    "policy": ("seawall.cli.policy", "check, test or show a policy pack; list, import, compare those of a home"),
    "replay": ("seawall.cli.replay", "decide a history file, one row of output an event"),
    "backtest": ("seawall.cli.backtest", "report what a policy would have done, alone or against another"),
    "model": ("seawall.cli.model", "judge features and learner on a public benchmark, with its own protocol"),
    "simulate": ("seawall.cli.simulate", "a synthetic fintech with attacks: a history file, or live events to the API"),
    "journal": ("seawall.cli.journal", "verify, count, export or salvage a journal of decisions"),
    "ledger": ("seawall.cli.ledger", "verify, export or show the tamper-evident record, or prove an entry of it"),
    "apikey": ("seawall.cli.apikey", "make, revoke or list keys of the decision API"),
    "bench": ("seawall.cli.bench", "measure this machine against named peers"),
    "user": ("seawall.cli.user", "make, list and disable the people of a home"),
    "licenses": ("seawall.cli.licenses", "list what this installation depends on, and under which licence"),
    "doctor": ("seawall.cli.doctor", "look at the installation and replay a worked example"),
}
OK, FAILED, BAD_INPUT, INTERRUPTED = 0, 1, 2, 130
_EPILOG = """\
examples:
  seawall up --demo
  seawall apikey create checkout
  seawall policy check card_benchmark
  seawall simulate --out history.parquet --customers 2000 --days 60 --seed 7
  seawall replay history.parquet --policy PACK --mapping mapping.yaml --out decisions.parquet
  seawall backtest history.parquet --policy PACK --mapping mapping.yaml --out report/

PACK is a folder or the name of a shipped pack. `seawall VERB --help` tells more.
exit status: 0 done, 1 a check failed, 2 bad input, 130 interrupted
"""


class _Parser(argparse.ArgumentParser):
    """Says what is wrong in one line."""

    def error(self, message: str) -> NoReturn:
        print(f"seawall: {message}; see `{self.prog} --help`", file=sys.stderr)
        sys.exit(BAD_INPUT)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command line and return its exit status; errors are one line on standard error."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    try:
        args = _parse(arguments)
    except SystemExit as stop:
        return stop.code if isinstance(stop.code, int) else BAD_INPUT
    try:
        if args.home:
            os.environ["SEAWALL_HOME"] = os.path.abspath(args.home)
        status: int = args.run(args)
        sys.stdout.flush()
        return status
    except KeyboardInterrupt:
        print("seawall: interrupted", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return OK
    except Exception as error:
        return _report(error)


def _parse(arguments: list[str]) -> argparse.Namespace:
    """Parse with the arguments of the one verb that is asked for, so that help starts without loading the rest."""
    parser = _Parser(
        prog="seawall",
        description="Risk control for fintech platforms: one event stream in, explained decisions out.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"seawall {__version__}")
    home = "home directory of the platform (default: $SEAWALL_HOME, else ~/.local/share/seawall)"
    parser.add_argument("--home", metavar="DIR", default="", help=home)
    verbs = parser.add_subparsers(metavar="VERB", required=True, title="verbs")
    arguments = _home_first(arguments)
    wanted = next((word for word in arguments if word in VERBS), "")
    for name, (module, help_text) in VERBS.items():
        verb = verbs.add_parser(name, help=help_text, description=help_text[:1].upper() + help_text[1:] + ".")
        verb.add_argument("--home", metavar="DIR", default=argparse.SUPPRESS, help=home)
        if name == wanted:
            loaded = importlib.import_module(module)
            loaded.add_arguments(verb)
            verb.set_defaults(run=loaded.run)
    return parser.parse_args(arguments)


def _home_first(arguments: list[str]) -> list[str]:
    """`--home DIR` may stand anywhere, also behind a verb's own verb; the parser meets it first."""
    for place, word in enumerate(arguments):
        if word == "--":
            break
        if word == "--home" and place + 1 < len(arguments):
            return [word, arguments[place + 1], *arguments[:place], *arguments[place + 2 :]]
        if word.startswith("--home="):
            return [word, *arguments[:place], *arguments[place + 1 :]]
    return arguments


def _report(error: Exception) -> int:
    """One line for a person; the trace only where it was asked for."""
    from seawall.engine.errors import PackError, SeawallError

    if os.environ.get("SEAWALL_DEBUG"):
        raise error
    if isinstance(error, PackError):
        errors = [problem for problem in error.problems if problem.severity == "error"] or error.problems
        more = f" (and {len(errors) - 1} more; `seawall policy check` lists a pack's)" if len(errors) > 1 else ""
        line = f"{errors[0]}{more}"
    elif isinstance(error, SeawallError):
        line = str(error).splitlines()[0]
    elif isinstance(error, OSError) and error.strerror:
        line = f"{error.filename or 'a file'}: {error.strerror}"
    elif isinstance(error, MemoryError):
        line = "out of memory; use a smaller input or a larger machine"
    else:
        text = (str(error).splitlines() or [""])[0][:200]
        print(f"seawall: unexpected {type(error).__name__}: {text}; SEAWALL_DEBUG=1 shows where", file=sys.stderr)
        return FAILED
    print(f"seawall: {line}", file=sys.stderr)
    return BAD_INPUT
