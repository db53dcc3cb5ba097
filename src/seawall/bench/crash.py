"""`crash`: a decision API under load, killed at random instants; what was acknowledged must all be there, once."""

from __future__ import annotations

import asyncio
import json
import os
import random
import shutil
import signal
import subprocess
import tempfile
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter
from typing import Any

import seawall
from seawall.engine.journal import ActivationRecord, EventRecord, Journal, decode
from seawall.engine.pack import load_pack
from seawall.sealing import OpenKeyWarning
from seawall.server.access import DEFAULT_SCOPES, KeyStore
from seawall.server.home import Home
from seawall.server.packs import bundle_of
from seawall.server.process import Options
from seawall.server.service import Service
from seawall.server.supervisor import python

from .figure import Figure
from .machine import free_port

KILLS = 100
CLIENTS = 32
_PACK = "example_card"
_CHANGES = (  # (file, text, what it becomes): a rule, a window
    ("rules.yaml", "card_count_10m >= 5", "card_count_10m >= 2"),
    (
        "features.yaml",
        "agg: sum, of: base_amount, window: {last: 24h}",
        "agg: sum, of: base_amount, window: {last: 12h}",
    ),
)
_LIVES = (0.02, 0.5)  # seconds under load before the kill, drawn anew each time
_START_SECONDS = 120.0
_RESENT = 20  # acknowledged events sent once more after each start


@dataclass(slots=True)
class Witness:
    """What callers were told: event_id -> content_hash of every answer, and what was found wrong with it."""

    acknowledged: dict[str, str] = field(default_factory=dict)
    sent: int = 0
    deployed: dict[int, str] = field(default_factory=dict)  # sequence of a deployment -> its champion
    digests: list[str] = field(default_factory=list)  # of the bundles that were filed
    recoveries: list[float] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    def hear(self, event_id: str, content_hash: str) -> None:
        """An answer: the same event must always have the same one."""
        before = self.acknowledged.setdefault(event_id, content_hash)
        if before != content_hash:
            self.problems.append(f"{event_id} was answered with two hashes")


def figures(events: int = KILLS, repeats: int = 1, cache_dir: Path | None = None) -> list[Figure]:
    """`events` kills (default 100): acknowledged decisions, and how many of them were lost, counted twice or changed
    afterwards; `crash_recovery` is the median time in s from the start of a killed home to its first answer."""
    with tempfile.TemporaryDirectory() as folder:
        witness = kill_many(Path(folder), events, seed=repeats)
        lost, twice, changed = audit(Path(folder), witness)
    recoveries = sorted(witness.recoveries)
    return [
        Figure("crash_kills", float(events), "kills"),
        Figure("crash_acknowledged", float(len(witness.acknowledged)), "decisions"),
        Figure("crash_lost", float(lost), "decisions"),
        Figure("crash_counted_twice", float(twice), "decisions"),
        Figure("crash_changed", float(changed + len(witness.problems)), "decisions"),
        Figure("crash_recovery", round(recoveries[len(recoveries) // 2], 2), "s"),
    ]


def kill_many(
    folder: Path, kills: int, seed: int, lives: tuple[float, float] = _LIVES, is_deploying: bool = False
) -> Witness:
    """Start the API on a home in `folder`, load it, kill it with SIGKILL, again and again; with `is_deploying` while
    its policies change all the time, to some whose windows must be warmed first."""
    chance, witness = random.Random(seed), Witness()  # noqa: S311 - which instant, not a secret
    home = Home(folder).prepare()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", OpenKeyWarning)
        home.key_ring()
    key = KeyStore(home.access).create("crash", (*DEFAULT_SCOPES, "policies"))
    port, bundles = free_port(), versions() if is_deploying else []
    for _ in range(kills):
        process = _start(home, port)
        try:
            asyncio.run(_load(process, port, key, chance, witness, chance.uniform(*lives), bundles))
        finally:
            process.kill()
            process.wait()
    return witness


def audit(folder: Path, witness: Witness) -> tuple[int, int, int]:
    """Acknowledged decisions and deployments that the journal lacks, decisions that it has twice, and those that it or
    a replay of all records from the first one decides otherwise. An assertion that the chain holds."""
    home = Home(folder)
    stored: dict[str, list[str]] = {}
    deployed: dict[int, str] = {}
    with Journal(home.journal, read_only=True) as journal:
        assert journal.verify().problem is None, "the chain holds"
        for record in journal.read():
            content = decode(record)
            if isinstance(content, EventRecord) and content.decision is not None:
                stored.setdefault(content.event.event_id, []).append(content.decision.content_hash)
            elif isinstance(content, ActivationRecord):
                deployed[record.sequence] = content.policy
    for snapshot in home.snapshots.glob("*"):
        snapshot.unlink()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", OpenKeyWarning)
        service = Service(home, home.key_ring()[0])
    try:
        differing = len(service.open().differing)
    finally:
        service.close()
    lost = sum(event_id not in stored for event_id in witness.acknowledged)
    lost += sum(deployed.get(sequence) != champion for sequence, champion in witness.deployed.items())
    twice = sum(len(hashes) > 1 for hashes in stored.values())
    changed = sum(stored.get(event_id, [told])[0] != told for event_id, told in witness.acknowledged.items())
    return lost, twice, changed + differing


def versions() -> list[bytes]:
    """Bundles of the pack as it is, of one with another rule, and of one with a window more."""
    found = [bundle_of(_folder(), load_pack(_folder()))]
    for number, change in enumerate(_CHANGES, 2):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name) / "pack"
            shutil.copytree(_folder(), folder)
            for path, before, after in (("policy.yaml", "version: 1", f"version: {number}"), change):
                text = (folder / path).read_text("utf-8")
                assert before in text, f"{path} of the pack holds {before!r}"
                (folder / path).write_text(text.replace(before, after), "utf-8")
            found.append(bundle_of(folder, load_pack(folder)))
    return found


def _folder() -> Path:
    return Path(seawall.__file__).parent / "packs" / _PACK


def _start(home: Home, port: int) -> subprocess.Popen[bytes]:
    pack = "" if home.journal.exists() else str(_folder())
    options = Options(str(home.folder), "127.0.0.1", port, pack)
    command = python("seawall.server.api_process", options.encoded())
    return subprocess.Popen(command, stdout=subprocess.DEVNULL)  # noqa: S603


async def _load(
    process: subprocess.Popen[bytes],
    port: int,
    key: str,
    chance: random.Random,
    witness: Witness,
    life: float,
    bundles: Sequence[bytes],
) -> None:
    began = perf_counter()
    await _until_ready(process, port, key, witness)
    witness.recoveries.append(perf_counter() - began)
    known = list(witness.acknowledged)
    again = chance.sample(known, min(_RESENT, len(known)))
    clients = [asyncio.create_task(_client(port, key, witness, again[at::CLIENTS])) for at in range(CLIENTS)]
    if bundles:
        before = len(witness.deployed)
        clients.append(asyncio.create_task(_deployer(port, key, witness, chance, bundles)))
        while len(witness.deployed) == before and not witness.problems:
            await asyncio.sleep(0.01)
    await asyncio.sleep(life)
    os.kill(process.pid, signal.SIGKILL)
    await asyncio.gather(*clients)


async def _until_ready(process: subprocess.Popen[bytes], port: int, key: str, witness: Witness) -> None:
    deadline = perf_counter() + _START_SECONDS
    while perf_counter() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"the API ended with status {process.returncode}")
        witness.sent += 1
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            status, answer = await _post(reader, writer, key, _event(witness.sent))
        except (OSError, asyncio.IncompleteReadError):  # nobody there, or what is left of the one before
            await asyncio.sleep(0.02)
            continue
        writer.close()
        if status == 200:
            witness.hear(answer["event_id"], answer["content_hash"])
            return
        await asyncio.sleep(0.02)
    raise RuntimeError("the API did not come up")


async def _client(port: int, key: str, witness: Witness, again: Sequence[str]) -> None:
    """One event after the other until the server is gone; first those it had acknowledged before."""
    waiting = [int(event_id.removeprefix("e-")) for event_id in again]
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        while True:
            if waiting:
                number = waiting.pop()
            else:
                witness.sent += 1
                number = witness.sent
            status, answer = await _post(reader, writer, key, _event(number))
            if status == 200:
                witness.hear(answer["event_id"], answer["content_hash"])
            elif status != 503:
                witness.problems.append(f"{status}: {answer}")
    except (OSError, asyncio.IncompleteReadError):
        return


async def _deployer(port: int, key: str, witness: Witness, chance: random.Random, bundles: Sequence[bytes]) -> None:
    """One deployment after the other until the server is gone, of every shape: champion, challenger, shadows."""
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        digests = witness.digests
        for bundle in bundles[len(digests) :]:
            status, answer = await _post(
                reader, writer, key, bundle, "/v1/policies/bundles", "application/octet-stream"
            )
            if status == 503:  # killed before it answered
                return
            if status != 201:
                witness.problems.append(f"bundle: {status}: {answer}")
                return
            digests.append(answer["digest"])
        at_once = digests[: chance.choice((1, 2))]  # begin with what is warm
        wanted: dict[str, Any] = {"champion": at_once[-1], "note": f"after {witness.sent} events"}
        while True:
            for _ in range(chance.choice((1, 20, 400))):  # often another takes its place before it is warm
                body = json.dumps(wanted).encode()
                status, answer = await _post(reader, writer, key, body, "/v1/policies/active")
                if status != 202:
                    break
                await asyncio.sleep(0.01)
            if status == 200:
                witness.deployed[answer["sequence"]] = answer["policy"]
            elif status == 503:
                return
            elif status != 202:
                witness.problems.append(f"deployment: {status}: {answer}")
            champion, rival, shadow = chance.sample(digests, 3)
            wanted = {"champion": champion}
            wanted |= (
                {"challenger": {"digest": rival, "share": chance.randint(1, 5_000)}} if chance.random() < 0.5 else {}
            )
            if chance.random() < 0.7:
                wanted["shadows"] = [shadow]
    except (OSError, asyncio.IncompleteReadError):
        return


async def _post(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    key: str,
    body: bytes,
    path: str = "/v1/decisions",
    kind: str = "application/json",
) -> tuple[int, dict[str, Any]]:
    head = (
        f"POST {path} HTTP/1.1", "Host: x", f"Authorization: Bearer {key}", f"Content-Type: {kind}",
        f"Content-Length: {len(body)}",
    )  # fmt: skip
    writer.write("\r\n".join((*head, "\r\n")).encode() + body)
    await writer.drain()
    lines = (await reader.readuntil(b"\r\n\r\n")).decode().lower().split("\r\n")
    length = next(int(line.split(":")[1]) for line in lines if line.startswith("content-length:"))
    return int(lines[0].split()[1]), json.loads(await reader.readexactly(length))


def _event(number: int) -> bytes:
    """The same event for the same number: sent again, it is the same."""
    return json.dumps(
        {
            "event_id": f"e-{number}",
            "type": "payment.card",
            "event_time": "2026-11-18T10:00:00.000Z",
            "customer": f"c{number % 97}",
            "card": f"62220200{number % 101:08d}",
            "merchant": f"m{number % 13}",
            "device": f"d{number % 89}",
            "amount": 100 + 977 * number % 900_000,
            "currency": "CNY",
        }
    ).encode()
