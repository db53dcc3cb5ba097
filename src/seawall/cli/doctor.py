"""seawall doctor: is this installation fit to decide?"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import stat
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from seawall import __version__
from seawall.cli import FAILED, OK
from seawall.cli.cases import run_case
from seawall.cli.inputs import cache_folder, shipped_packs
from seawall.engine.decision import Decision
from seawall.engine.door import ClearSealer, Door
from seawall.engine.engine import Engine
from seawall.engine.money import Rates
from seawall.engine.pack import load_pack
from seawall.engine.policy import CompiledPolicy, compile_policy
from seawall.engine.times import parse_instant

_LIBRARIES = ("numpy", "numba", "llvmlite", "msgspec", "PyYAML", "pyarrow", "rich", "Jinja2", "altair")
_LEAST_FREE = 1 << 30
_EXAMPLE = "example_card"
_PAYMENTS = (
    ("e-1", "2026-11-20T10:00:00.000Z", "m1", "d1", 20000),
    ("e-2", "2026-11-21T12:00:00.000Z", "m1", "d1", 30000),
    ("e-3", "2026-11-22T10:00:00.000Z", "m9", "d2", 500000),
)
_GOLDEN = "b94d6a77a56fe24f9b5f54ea2cdef5d9edb40ede2931b0b884697ab4456a387c"  # of e-3, as in the worked example


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at. `advice` says what to do where it is not well."""

    name: str
    ok: bool
    detail: str
    advice: str = ""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `seawall doctor`."""
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(args: argparse.Namespace) -> int:
    """Print every finding; status 1 when one is not well."""
    findings = list(_findings())
    well = all(finding.ok for finding in findings)
    if args.json:
        print(json.dumps({"ok": well, "findings": [asdict(finding) for finding in findings]}, indent=1))
    else:
        for finding in findings:
            advice = f" ({finding.advice})" if finding.advice and not finding.ok else ""
            print(f"{'ok  ' if finding.ok else 'FAIL'} {finding.name}: {finding.detail}{advice}")
    return OK if well else FAILED


def _findings() -> Iterator[Finding]:
    looks: tuple[Callable[[], Finding], ...] = (_python, _libraries, _cache, _disk, _challenges, _kernel, _self_test)
    for look in looks:
        try:
            yield look()
        except Exception as error:  # a doctor reports what breaks instead of breaking
            text = (str(error).splitlines() or [""])[0]
            yield Finding(look.__name__.strip("_"), False, f"{type(error).__name__}: {text}", "see the line above it")


def _python() -> Finding:
    found = f"{platform.python_version()} on {platform.system()} {platform.machine()}, {os.cpu_count()} processors"
    return Finding("python", sys.version_info >= (3, 11), found, "install Python 3.11 or newer")


def _libraries() -> Finding:
    absent, found = [], [f"seawall {__version__}"]
    for name in _LIBRARIES:
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            absent.append(name)
    detail = ", ".join(found) + (f"; absent: {', '.join(absent)}" if absent else "")
    return Finding("libraries", not absent, detail, "pip install seawall")


def _cache() -> Finding:
    folder = cache_folder()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    mode = stat.S_IMODE(folder.stat().st_mode)
    private = not mode & 0o022 and folder.stat().st_uid == os.getuid()
    try:
        with tempfile.TemporaryFile(dir=folder):
            writable = True
    except OSError:
        writable = False
    detail = f"{folder}, mode {mode:04o}, {'writable' if writable else 'not writable'}"
    return Finding("cache", private and writable, detail, f"chmod 700 {folder}, or name another home with --home")


def _disk() -> Finding:
    usage = shutil.disk_usage(_existing(cache_folder()))
    detail = f"{usage.free / 2**30:,.1f} of {usage.total / 2**30:,.1f} GiB free"
    return Finding("disk", usage.free >= _LEAST_FREE, detail, "free at least 1 GiB")


def _challenges() -> Finding:
    from seawall.server.challenge.options import load_options  # heavy, and of a home only
    from seawall.server.home import default_home

    named = load_options(default_home()).providers()
    advice = "set [sms], [mail] or [challenges] in HOME/settings.toml for what has none"
    return Finding("challenges", True, ", ".join(f"{what} {who}" for what, who in named.items()), advice)


def _existing(path: Path) -> Path:
    return path if path.exists() else _existing(path.parent)


def _kernel() -> Finding:
    before = _compiled()
    began = time.perf_counter()
    Engine(_policy(), cache_folder()).step([])
    _decided()
    spent = time.perf_counter() - began
    state = "from the cache" if before and before == _compiled() else "compiled now"
    return Finding("kernel", True, f"{state}, {spent:.1f} s to the first decision")


def _compiled() -> int:
    return sum(1 for _ in cache_folder().rglob("*.nbc"))


def _policy() -> CompiledPolicy:
    return compile_policy(load_pack(shipped_packs()[_EXAMPLE]))


def _decided() -> Decision:
    """The decision on the last payment of the worked example."""
    policy = _policy()
    engine = Engine(policy, cache_folder())
    for event_id, at, merchant, device, amount in _PAYMENTS:
        arrival = parse_instant(at)
        door = Door(policy.pack, Rates(), ClearSealer(), lambda arrival=arrival: arrival)  # type: ignore[misc]
        body = {
            "event_id": event_id, "type": "payment.card", "event_time": at, "customer": "c1",
            "card": "6222020000000000", "merchant": merchant, "device": device, "amount": amount, "currency": "CNY",
        }  # fmt: skip
        (result,) = engine.step([door.admit_object(body)])
    assert isinstance(result, Decision), "an event gets a decision"
    return result


def _self_test() -> Finding:
    decision = _decided()
    differences = [found for case in _policy().pack.tests for found in run_case(_policy(), case, cache_folder())]
    if decision.content_hash != _GOLDEN:
        differences.append(f"content_hash is {decision.content_hash}")
    detail = f"{_EXAMPLE}: {'as documented' if not differences else '; '.join(differences)}"
    return Finding("self-test", not differences, detail, "reinstall seawall; report this if it stays")
