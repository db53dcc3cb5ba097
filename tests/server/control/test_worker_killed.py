"""A worker killed in the middle of a webhook delivery: at least once outside, once in our records, in order."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

from tests.apps.outbox import receiver as modes
from tests.apps.outbox.receiver import receiving

from .test_worker import rows, wait_for, worker, write

PUT = """
import sys
from pathlib import Path
from seawall.server.control.prepare import prepare, set_up
set_up(Path(sys.argv[1]))
prepare(Path(sys.argv[1]))
from django.db import transaction
from seawall.apps.accounts.models import User
from seawall.apps.accounts.sealed import seal
from seawall.apps.outbox import services, signing
from seawall.apps.outbox.models import Endpoint, Secret
ann = User(username="ann")
ann.set_unusable_password()
ann.save()
endpoint = Endpoint.objects.create(name="desk", url=sys.argv[2], created_by=ann)
key_id, secret = signing.new_secret()
Secret.objects.create(endpoint=endpoint, key_id=key_id, sealed=seal(secret))
for number in range(3):
    for entity in ("c1", "c2"):
        with transaction.atomic():
            services.put("webhook", str(endpoint.pk), {"kind": "test", "entity": entity, "number": number},
                         key=f"{entity}-{number}", order=f"desk/{entity}", about=("test", entity))
print(key_id, secret)
"""
STATES = "SELECT state, attempts FROM outbox_delivery ORDER BY position"
EFFECTS = "SELECT count(*) FROM audit_outbox WHERE action = 'outbox.delivered'"


def test_a_worker_killed_in_the_middle_of_a_delivery(tmp_path: Path) -> None:
    (tmp_path / "settings.toml").write_text("[webhooks]\nloopback = true\n")
    secrets: dict[str, str] = {}
    with receiving(secrets) as server:
        environment = {**os.environ, "SEAWALL_HOME": str(tmp_path)}
        command = [sys.executable, "-c", PUT, str(tmp_path), server.url]
        made = subprocess.run(command, env=environment, capture_output=True, check=True, text=True)
        key_id, secret = made.stdout.split()[-2:]
        secrets[key_id] = secret
        server.modes = [modes.take, modes.take_and_hang]
        with worker(tmp_path) as first:
            wait_for(tmp_path, lambda: len(server.requests) == 2)
            first.send_signal(signal.SIGKILL)  # the receiver has it, and nobody here knows
            first.wait()
        assert sorted(state for state, _attempts in rows(tmp_path, STATES)).count("delivered") <= 1
        assert ("sending", 1) in rows(tmp_path, STATES)
        write(tmp_path, "UPDATE outbox_delivery SET claimed_until = '2020-01-01 00:00:00' WHERE state = 'sending'")
        with worker(tmp_path):
            wait_for(tmp_path, lambda: {state for state, _attempts in rows(tmp_path, STATES)} == {"delivered"})
        assert (server.forged, len(server.taken)) == (0, 6)
        again = {one for one, _body in server.requests[:2]} & {one for one, _body in server.requests[2:]}
        assert server.requests[1][0] in again  # at least once
        for entity in ("c1", "c2"):
            assert [body["number"] for body in server.taken.values() if body["entity"] == entity] == [0, 1, 2]
            everything = [body["number"] for _id, body in server.requests if body["entity"] == entity]
            assert everything == sorted(everything)
        assert rows(tmp_path, EFFECTS) == [(6,)]  # once each in our records
        assert sum(attempts > 1 for _state, attempts in rows(tmp_path, STATES)) == len(again)  # type: ignore[operator]
