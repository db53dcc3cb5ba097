from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from seawall.engine.door import Sealer
from seawall.sealing import ErasedError, KeyRing, LocalSealer, TamperError
from tests.sealing.conftest import disk


def test_it_fits_the_door(sealer: LocalSealer) -> None:
    door: Sealer = sealer
    assert door.mac(b"x") == door.mac(b"x") != door.mac(b"y")
    assert len(door.mac(b"")) == 32
    assert sealer.open("c-1", "e-1/note", door.seal("c-1", "e-1/note", b'"hello"')) == b'"hello"'


def test_the_mac_needs_the_key(home: Path, sealer: LocalSealer) -> None:
    with LocalSealer(home.with_name("other.db"), KeyRing.new(True)) as other:
        assert other.mac(b"x") != sealer.mac(b"x")


def test_nothing_opens_elsewhere(sealer: LocalSealer) -> None:
    text = sealer.seal("c-1", "e-1/note", b"value")
    sealer.prepare(["c-2"])
    with pytest.raises(TamperError):
        sealer.open("c-1", "e-2/note", text)
    with pytest.raises(ErasedError):
        sealer.open("c-2", "e-1/note", text)
    with pytest.raises(ErasedError):
        sealer.open("nobody", "e-1/note", text)
    with pytest.raises(TamperError):
        sealer.open("c-1", "e-1/note", "value")


# --- erasure ----------------------------------------------------------------------------------------------------------


def test_erasing_destroys_value_and_link_of_one_subject_only(home: Path, ring: KeyRing, sealer: LocalSealer) -> None:
    texts = {subject: sealer.seal(subject, "p", b"value") for subject in ("gone", "stays")}
    own, shared, others = (sealer.pseudonym("card", value) for value in ("own", "shared", "others"))
    sealer.claim("gone", [own, shared])
    sealer.claim("stays", [others, shared])
    wrapped, digest = key_row(sealer, "gone"), sealer.surrogates._digest("card", "own")
    assert wrapped in disk(home)
    assert digest in disk(home)

    erased = sealer.erase("gone")

    assert (erased.key_destroyed, erased.links_cut, erased.scrubbed) == (True, 1, True)
    for text in (wrapped, digest, sealer.subjects.digest("gone")):
        assert text not in disk(home), "nothing is left in the file or its log"
    with pytest.raises(ErasedError):
        sealer.open("gone", "p", texts["gone"])
    assert sealer.find("card", "own") is None
    assert sealer.pseudonym("card", "own") != own, "the same card is a stranger now"
    assert sealer.open("stays", "p", texts["stays"]) == b"value"
    assert (sealer.pseudonym("card", "shared"), sealer.pseudonym("card", "others")) == (shared, others)
    assert sealer.erase("gone") == type(erased)(False, 0, True)
    assert sealer.erase("stays").links_cut == 2, "the last one who claims a surrogate takes it along"


def key_row(sealer: LocalSealer, subject: str) -> bytes:
    rows = sealer.store.rows("SELECT wrapped FROM subject_keys WHERE subject = ?", (sealer.subjects.digest(subject),))
    return bytes(rows[0][0])


def test_a_returning_subject_gets_a_new_key_and_the_old_values_stay_gone(sealer: LocalSealer) -> None:
    old = sealer.seal("c-1", "p", b"old")
    sealer.erase("c-1")
    new = sealer.seal("c-1", "p", b"new")
    assert sealer.open("c-1", "p", new) == b"new"
    with pytest.raises(ErasedError):
        sealer.open("c-1", "p", old)


def test_a_subject_that_is_a_surrogate_loses_its_own_link(sealer: LocalSealer) -> None:
    subject = sealer.pseudonym("id_number", "11010119900307000X")
    sealer.seal(subject, "p", b"value")
    assert sealer.erase(subject).links_cut == 1
    assert sealer.find("id_number", "11010119900307000X") is None


def test_erasure_shows_at_once_in_other_processes(home: Path, ring: KeyRing, sealer: LocalSealer) -> None:
    text, card = sealer.seal("c-1", "p", b"value"), sealer.pseudonym("card", "1")
    sealer.claim("c-1", [card])
    with LocalSealer(home, ring, read_only=True) as reader:
        assert reader.open("c-1", "p", text) == b"value"
        sealer.erase("c-1")
        assert reader.find("card", "1") is None
        with pytest.raises(ErasedError):
            reader.open("c-1", "p", text)


def test_erasing_reaches_what_still_waits(home: Path, ring: KeyRing) -> None:
    with LocalSealer(home, ring, group_commit=True) as sealer:
        text = sealer.seal("c-1", "p", b"value")
        sealer.claim("c-1", [sealer.pseudonym("card", "1")])
        erased = sealer.erase("c-1")
        assert (erased.key_destroyed, erased.links_cut) == (True, 1)
        sealer.flush()
        with pytest.raises(ErasedError):
            sealer.open("c-1", "p", text)


def test_a_reader_that_holds_old_pages_is_told_and_scrub_finishes(
    home: Path, ring: KeyRing, sealer: LocalSealer, monkeypatch: pytest.MonkeyPatch
) -> None:
    sealer.seal("c-1", "p", b"value")
    wrapped = key_row(sealer, "c-1")
    sealer.store.rows("PRAGMA busy_timeout = 0")
    with LocalSealer(home, ring, read_only=True) as reader:
        reader.store.rows("BEGIN")
        reader.store.rows("SELECT * FROM ring")
        assert not sealer.erase("c-1").scrubbed
        reader.store.rows("COMMIT")
    assert sealer.scrub()
    assert wrapped not in disk(home)


# --- crashes ----------------------------------------------------------------------------------------------------------

CHILD = """
import os, random, sys
from pathlib import Path
from seawall.sealing import KeyRing, LocalSealer
home, journal, group, seed = Path(sys.argv[1]), sys.argv[2], sys.argv[3] == "group", int(sys.argv[4])
draw = random.Random(seed)
ring = KeyRing("00" * 16, (bytes(32),), True)
out = os.open(journal, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
with LocalSealer(home, ring, group_commit=group) as sealer:
    print("ready", flush=True)
    for batch in range(100_000):
        lines = ""
        for number in range(draw.randint(1, 8)):
            subject, place = f"{seed}-{batch}-{number}", f"e-{batch}/note"
            card = sealer.pseudonym("card", subject)
            lines += f"{subject} {place} {card} {sealer.seal(subject, place, place.encode())}\\n"
        sealer.flush()
        os.write(out, lines.encode())
"""


def size_of(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


@pytest.mark.parametrize("mode", ["each", "group"])
def test_no_sealed_value_outlives_its_key_however_the_process_dies(tmp_path: Path, mode: str) -> None:
    home, journal = tmp_path / "keys.db", tmp_path / "journal"
    draw = random.Random(7)
    for seed in range(4):
        child = subprocess.Popen(
            [sys.executable, "-c", CHILD, str(home), str(journal), mode, str(seed)], stdout=subprocess.PIPE
        )
        assert child.stdout is not None
        assert child.stdout.readline() == b"ready\n"
        grown, deadline = size_of(journal) + 1, time.monotonic() + 30
        while size_of(journal) < grown and time.monotonic() < deadline:
            time.sleep(0.005)
        time.sleep(draw.uniform(0, 0.1))
        child.send_signal(signal.SIGKILL)
        assert child.wait() == -signal.SIGKILL
        child.stdout.close()
        with LocalSealer(home, KeyRing("00" * 16, (bytes(32),), True)) as sealer:
            for line in journal.read_text().splitlines():
                subject, place, card, text = line.split(" ")
                assert sealer.open(subject, place, text) == place.encode()
                assert sealer.find("card", subject) == card
    assert len(journal.read_text().splitlines()) > 4


BETWEEN = """
import os, signal, sys
from pathlib import Path
from seawall.sealing import KeyRing, LocalSealer
sealer = LocalSealer(Path(sys.argv[1]), KeyRing("00" * 16, (bytes(32),), True), group_commit=True)
sealer.prepare(["kept"])
print(sealer.seal("kept", "p", b"value"), sealer.seal("waiting", "p", b"value"), flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_death_before_flush_takes_the_waiting_keys_and_no_other(tmp_path: Path) -> None:
    home = tmp_path / "keys.db"
    done = subprocess.run([sys.executable, "-c", BETWEEN, str(home)], capture_output=True, text=True, check=False)
    assert done.returncode == -signal.SIGKILL
    kept, waiting = done.stdout.split()
    with LocalSealer(home, KeyRing("00" * 16, (bytes(32),), True)) as sealer:
        assert sealer.open("kept", "p", kept) == b"value"
        with pytest.raises(ErasedError):
            sealer.open("waiting", "p", waiting)
