"""What a test does to a home from outside its processes: people, a worked case, the list of addresses, an old session.

`ask(home, command, **given)` runs it as a process of its own, as Django holds one home a process.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
EVERYTHING = (
    "admin", "senior_analyst", "compliance_officer", "credit_manager", "security_officer", "dpo", "model_owner",
    "auditor",
)  # fmt: skip


def ask(home: Path, command: str, **given: Any) -> Any:
    """The answer of one command; what the command says of a failure fails the test."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.browser.furnish", str(home), command, json.dumps(given)],
        cwd=ROOT, env={**os.environ, "SEAWALL_HOME": str(home)}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3_000:]
    return json.loads(done.stdout.splitlines()[-1])


def people(password: str, people: dict[str, dict[str, Any]]) -> None:
    """Make people: name -> display_name, language, roles."""
    from seawall.apps.accounts import services

    for name, one in people.items():
        user = services.create_user(
            services.OPERATOR, name, password, display_name=one["display_name"], language=one["language"]
        )
        for role in one["roles"]:
            services.assign(services.OPERATOR, user.pk, services.Wanted(role, reason="test"))


def work(analyst: str, senior: str, other: str, gone: str) -> dict[str, str]:
    """Once alerts are there: a case being worked, some that wait for approval, and what belongs to them."""
    from datetime import timedelta

    from django.utils import timezone

    from seawall.apps.accounts import services as accounts
    from seawall.apps.accounts.models import User
    from seawall.apps.cases.models import Alert
    from seawall.apps.cases.services import alerts, cases, evidence, opening
    from seawall.apps.cases.services import work as notes
    from seawall.apps.cases.services.cases import Given
    from seawall.apps.jobs import services as jobs
    from seawall.apps.jobs.models import Run
    from tests.browser import rooms

    me, second, third, fourth = (User.objects.get(username=name) for name in (analyst, senior, other, gone))
    asked = rooms.backtest(third)
    rooms.limits(third, second)
    rooms.tokens(third, me)
    rooms.outbox(third)
    rooms.views(third)
    entry = rooms.lists(third)
    rooms.draft(third)
    rooms.actions(third)
    found = rooms.until(lambda: Alert.objects.filter(state="new", typology="CVC_GUESSING").order_by("id")[:6], 6)
    case = opening.open_case(me, [found[0].pk], take=True)
    notes.add_note(me, case.pk, f"The cards were tried one after another. @{senior} @{other} please look.")
    notes.add_task(me, case.pk, "Call the customer", due_at=timezone.now() + timedelta(days=1))
    evidence.add_evidence(me, case.pk, "statement.txt", [b"6 payments in 10 minutes\n"], "What the customer says")
    closing = opening.open_case(me, [found[1].pk], take=True)
    cases.act(me, closing.pk, "submit", Given("The customer knows nothing of it.", disposition="fraud"))
    waiting = opening.open_case(me, [], title="A merchant to be watched", take=True)
    cases.act(me, waiting.pk, "wait", Given("Asked for the receipts."))
    alerts.snooze(me, found[2].pk, timezone.now() + timedelta(days=3), "Known trip abroad.")
    alerts.suppress(second, found[3].pk, timezone.now() + timedelta(days=7), "The customer's own test shop.")
    own = opening.open_case(third, [found[4].pk], take=True)
    cases.act(third, own.pk, "submit", Given("The customer paid after all.", disposition="legitimate"))
    accounts.disable(accounts.OPERATOR, fourth.pk, "Left the company.")
    jobs.start(third, "sessions-clear")
    rooms.until(lambda: Run.objects.filter(job="sessions-clear").exclude(ended_at=None))
    rooms.backtest_done(asked)
    rooms.policies(third, second)
    return {"case": str(case.pk), "number": case.number, "entry": str(entry)}


def addresses() -> list[dict[str, Any]]:
    """Every address of the console that is not its API: name, regular expression, parameters or none, in the rail."""
    from django.urls import URLResolver, get_resolver

    from seawall.console import navigation

    rail = {item.url_name for _section, item in navigation.items()}

    def walk(resolver: Any, names: str, before: str) -> Iterator[dict[str, Any]]:
        for one in resolver.url_patterns:
            regex = before + one.pattern.regex.pattern.removeprefix("^").removesuffix("\\Z")
            if isinstance(one, URLResolver):
                if one.namespace != "api":
                    yield from walk(one, f"{names}{one.namespace}:" if one.namespace else names, regex)
            else:
                name = f"{names}{one.name}"
                yield {"name": name, "regex": f"/{regex}", "plain": "(?P" not in regex, "in_rail": name in rail}

    return list(walk(get_resolver(), "", ""))


def old_session(key: str, seconds: int) -> None:
    """Let a session's last activity be so long ago."""
    from django.contrib.sessions.backends.db import SessionStore

    from seawall.apps.accounts.session import SEEN

    session = SessionStore(key)
    session[SEEN] = int(time.time()) - seconds
    session.save()


COMMANDS: dict[str, Callable[..., Any]] = {one.__name__: one for one in (people, work, addresses, old_session)}

if __name__ == "__main__":
    from seawall.server.control.prepare import prepare

    prepare(Path(sys.argv[1]))
    print(json.dumps(COMMANDS[sys.argv[2]](**json.loads(sys.argv[3]))))
