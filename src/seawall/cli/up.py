"""seawall up: the platform's processes, started and watched; with --demo, a synthetic fintech that uses it."""

from __future__ import annotations

import argparse
import contextlib
import os
import socket
import subprocess
import time
import warnings
from collections.abc import Iterable
from pathlib import Path

import msgspec

from seawall.cli import BAD_INPUT, OK
from seawall.cli.demo_fields import known_fields
from seawall.cli.inputs import DEFAULT_PACK, UsageError, add_language_argument, find_pack
from seawall.cli.watch import Watch
from seawall.engine.journal import Journal, JournalError
from seawall.engine.pack import load_pack
from seawall.engine.policy import compile_policy
from seawall.sealing import OpenKeyWarning
from seawall.server.access import DEFAULT_SCOPES, KeyStore
from seawall.server.challenge.options import load_options
from seawall.server.home import PASSPHRASE, Home, default_home
from seawall.server.process import BAD_START, Options
from seawall.server.supervisor import Child, Supervisor, python

DEFAULT_PORT = 8_600
_DEMO_KEY, _CONSOLE_KEY = "demo", "console"
_PAST_DAYS, _PAST_EVENTS = 30, 20_000
_TEXTS = {
    "home": {"zh": "主目录 {home}", "en": "home {home}"},
    "made_key": {
        "zh": "已生成密钥文件 {file}(权限 0600):没有它,任何加密值都无法再读取,请另行妥善备份。",
        "en": "made {file} (mode 0600): no sealed value can ever be read without it; keep a copy elsewhere.",
    },
    "open_key": {
        "zh": "警告:根密钥未受口令保护,拿到该文件者可读取全部加密值;真实数据进入前请设置 ${variable}。",
        "en": "WARNING: the root key is NOT PROTECTED: whoever copies that file can read every sealed value; "
        "set ${variable} before real data enters.",
    },
    "demo": {
        "zh": "演示:合成的金融科技公司以每秒 {rate:g} 个事件运行,数据均为虚构。",
        "en": "demo: a synthetic fintech at {rate:g} events a second; none of its people exist.",
    },
    "ready": {"zh": "决策 API 就绪:{url}(Ctrl-C 停止)", "en": "decision API ready: {url} (Ctrl-C stops)"},
    "challenges": {
        "zh": "挑战验证服务商:短信 {sms},邮件 {email},人脸识别 {face_match}(none 未设置;sandbox 沙箱,不会真正发送)",
        "en": "challenge providers: sms {sms}, e-mail {email}, face match {face_match} (sandbox: nothing is sent)",
    },
    "console": {"zh": "控制台:{url}/", "en": "console: {url}/"},
    "token": {
        "zh": "首次使用:打开 {url}/setup/ 创建管理员,一次性口令 {token}",
        "en": "first use: open {url}/setup/ and make the first administrator with the one-time token {token}",
    },
    "login": {
        "zh": "演示登录(用户名 / 用户名  口令):{login}",
        "en": "demo login (name / name  password): {login}",
    },
    "key": {
        "zh": "创建调用密钥:seawall apikey create NAME;接口说明:{url}/v1/openapi.json",
        "en": "make an API key: seawall apikey create NAME; the API's description: {url}/v1/openapi.json",
    },
    "stopped": {"zh": "已停止;记录保存在 {home}", "en": "stopped; the records are in {home}"},
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `seawall up`."""
    parser.add_argument("--demo", action="store_true", help="with a synthetic fintech whose events are decided")
    port = f"port of the console (default: {DEFAULT_PORT})"
    parser.add_argument("--port", metavar="N", type=int, default=DEFAULT_PORT, help=port)
    parser.add_argument("--api-port", metavar="N", type=int, help="port of the decision API (default: --port + 1)")
    parser.add_argument("--host", metavar="ADDRESS", default="127.0.0.1", help="address to listen on (127.0.0.1)")
    pack = f"pack to make the active policy (default: the active one; {DEFAULT_PACK} in a new home)"
    parser.add_argument("--pack", metavar="PACK", default="", help=pack)
    parser.add_argument("--tls-cert", metavar="FILE", default="", help="certificate with its chain, PEM")
    parser.add_argument("--tls-key", metavar="FILE", default="", help="its key, PEM")
    parser.add_argument("--rate", metavar="N", type=float, default=20.0, help="demo: events a second (default: 20)")
    parser.add_argument("--seconds", metavar="N", type=float, help="stop by itself after so long")
    parser.add_argument("--quiet", action="store_true", help="show no decisions")
    add_language_argument(parser)


def run(args: argparse.Namespace) -> int:
    """Run until stopped; 0 after a clean stop."""
    _check(args)
    home = Home(_folder(args)).prepare()
    os.environ["SEAWALL_HOME"] = str(home.folder)

    def say(text: str, **values: object) -> None:
        print(_TEXTS[text][args.lang].format(**values), flush=True)

    say("home", home=home.folder)
    _keys(home, say)
    is_new, pack = _pack(args, home)
    scheme = "https" if args.tls_cert else "http"
    url, console_url = (f"{scheme}://{_shown(args.host)}:{port}" for port in (args.api_port, args.port))
    first = _first_run(home, args.demo)
    if first is None:
        return BAD_INPUT
    providers = load_options(home.folder).providers()
    console_key(home)
    supervisor = Supervisor(_children(args, home, pack, url), lambda line: print(f"seawall: {line}", flush=True))
    key = _demo_key(home) if args.demo else ""
    watch = Watch(url, key, args.lang, show=args.demo and not args.quiet, certificate=args.tls_cert)
    began, announced = time.monotonic(), False

    def each_round() -> None:
        nonlocal announced
        if not announced:
            if not watch.is_ready():
                return
            announced = True
            say("ready", url=url)
            say("key", url=url)
            say("challenges", **providers)
            say("console", url=console_url)
            if first["token"]:
                say("token", url=console_url, token=first["token"])
            if first["login"]:
                say("login", login=first["login"])
            if args.demo:
                say("demo", rate=args.rate)
                supervisor.add(_feeder(home, url, key, args.rate, is_new))
        watch.look()

    def until() -> bool:
        return args.seconds is not None and time.monotonic() - began >= args.seconds

    status = supervisor.run(each_round, until)
    watch.summary()
    if status == OK:
        say("stopped", home=home.folder)
    return BAD_INPUT if status == BAD_START else status


def _check(args: argparse.Namespace) -> None:
    if args.api_port is None:
        args.api_port = args.port + 1
    for name in ("port", "api_port"):
        port = getattr(args, name)
        if not 1 <= port <= 65_535:
            raise UsageError(f"--{name.replace('_', '-')} {port} is no port; choose 1 to 65535")
    if args.port == args.api_port:
        raise UsageError(f"--port and --api-port are both {args.port}; choose two")
    if bool(args.tls_cert) != bool(args.tls_key):
        raise UsageError("--tls-cert and --tls-key go together; name both")
    if args.demo and args.tls_cert:
        raise UsageError("--demo talks to itself in the clear; leave --tls-cert out")
    if not 0 < args.rate <= 2_000:
        raise UsageError(f"--rate {args.rate:g} is outside 0 to 2,000 events a second")
    for option, port in (("--port", args.port), ("--api-port", args.api_port)):
        with socket.socket(socket.AF_INET6 if ":" in args.host else socket.AF_INET) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((args.host, port))
            except OSError as error:
                raise UsageError(f"{args.host}:{port}: {error.strerror}; choose another {option}") from None


def _folder(args: argparse.Namespace) -> Path:
    """The home that was named; a demo without one keeps to a folder of its own."""
    named = args.home or os.environ.get("SEAWALL_HOME")
    if named:
        return Path(named).absolute()
    return default_home().with_name("seawall-demo") if args.demo else default_home()


def _keys(home: Home, say: object) -> None:
    assert callable(say)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", OpenKeyWarning)  # said in our own words
        ring, is_new = home.key_ring()
    if is_new:
        say("made_key", file=home.key_file)
    if not ring.protected:
        say("open_key", variable=PASSPHRASE)


def _pack(args: argparse.Namespace, home: Home) -> tuple[bool, str]:
    """Whether the home is new, and the folder of the pack to activate; a pack with errors stops here."""
    is_new = True
    with contextlib.suppress(JournalError), Journal(home.journal, read_only=True) as journal:
        is_new = journal.last < 0
    name = args.pack or (DEFAULT_PACK if is_new else "")
    if not name:
        return is_new, ""
    folder = find_pack(name)
    compile_policy(load_pack(folder))
    return is_new, str(folder.absolute())


def _children(args: argparse.Namespace, home: Home, pack: str, url: str) -> list[Child]:
    """Decision API, console and worker; a wrong configuration of one stops them all."""
    fatal = frozenset({BAD_START})
    api = Options(str(home.folder), args.host, args.api_port, pack, args.tls_cert, args.tls_key)
    console = Options(str(home.folder), args.host, args.port, "", args.tls_cert, args.tls_key)
    certificate = str(Path(args.tls_cert).absolute()) if args.tls_cert else ""
    known = {"SEAWALL_API_URL": url, "SEAWALL_API_CERTIFICATE": certificate}  # where the console and the worker call
    logs = home.folder / "logs"
    return [
        Child("decision API", python("seawall.server.api_process", api.encoded()), {}, fatal, logs / "api.log"),
        Child(
            "console", python("seawall.server.console_process", console.encoded()), known, fatal, logs / "console.log"
        ),
        Child("worker", python("seawall.server.control.worker", str(home.folder)), known, fatal, logs / "worker.log"),
    ]


def _first_run(home: Home, demo: bool) -> dict[str, str] | None:
    """Bring the console's database up to date, in a process of its own: the set-up token and a demo's login."""
    command = python("seawall.server.control.first_run", str(home.folder), *(("demo",) if demo else ()))
    done = subprocess.run(command, stdout=subprocess.PIPE, check=False)  # noqa: S603
    if done.returncode:
        return None
    found: dict[str, str] = msgspec.json.decode(done.stdout, type=dict[str, str])
    return found


def console_key(home: Home) -> None:
    """The key with which console and worker call the decision API: a new one each start, readable by this user only."""
    text = _fresh_key(home, _CONSOLE_KEY, ("read", "label", "lists", "limits", "policies", "erase", "metrics"))
    path = home.console_key
    path.unlink(missing_ok=True)
    path.touch(mode=0o600)
    path.write_text(text)


def _demo_key(home: Home) -> str:
    """A key for the demo's own traffic."""
    return _fresh_key(home, _DEMO_KEY, DEFAULT_SCOPES)


def _fresh_key(home: Home, name: str, scopes: Iterable[str]) -> str:
    """A new key in the place of the last run's."""
    store = KeyStore(home.access)
    for record in store.list():
        if record.name == name and record.revoked is None:
            store.revoke(record.id)
    return store.create(name, scopes)


def _feeder(home: Home, url: str, key: str, rate: float, is_new: bool) -> Child:
    command = python("seawall.cli", "simulate", "--stream", "--to", url, "--rate", f"{rate:g}", "--seed", "7")
    command += ["--outages", "0.01"]
    if known := known_fields(home):
        command += ["--fields", *known]
    if is_new:
        command += ["--past-days", str(_PAST_DAYS), "--past-events", str(_PAST_EVENTS)]
    return Child("synthetic fintech", command, {"SEAWALL_API_KEY": key}, log=home.folder / "logs" / "demo.log")


def _shown(host: str) -> str:
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - shown, not listened on
    return f"[{host}]" if ":" in host else host
