"""A backtest from the question to the stored result: the process, its job, cancelling, the pages."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.test import Client
from django.urls import reverse

from seawall.analytics.backtest import OUTCOMES
from seawall.apps.accounts.models import User
from seawall.apps.errors import ConflictError, DeniedError, InvalidError
from seawall.apps.jobs import running as runs
from seawall.apps.jobs import services as jobs
from seawall.apps.jobs.models import CANCELLED, DONE, FAILED, Run
from seawall.apps.jobs.running import execute
from seawall.apps.policies import bundles
from seawall.apps.policies.backtesting import jobs as own
from seawall.apps.policies.backtesting import queries, services
from seawall.apps.policies.backtesting.measure import Question
from seawall.apps.policies.backtesting.process import Order, Step
from seawall.apps.policies.backtesting.running import ProcessError, carry_out
from seawall.apps.policies.backtesting.services import Wanted
from seawall.apps.policies.models import GateReport
from seawall.apps.policies.models.backtest import Backtest
from seawall.engine.decision import Decision
from seawall.server.home import Home
from tests.engine import world
from tests.engine.lived import write_journal

pytestmark = pytest.mark.django_db
MakeUser = Callable[..., User]
API = "/api/v1/backtests"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Decision]]:
    """A home's folder with a journal in it."""
    folder = tmp_path_factory.mktemp("home")
    journal, decisions = write_journal(folder / "journal.db")
    journal.close()
    return folder, decisions


@pytest.fixture
def home(made: tuple[Path, list[Decision]], settings: Any, tmp_path: Path) -> Iterator[list[Decision]]:
    settings.HOME = Home(Path(shutil.copytree(made[0], tmp_path / "home"))).prepare()
    yield made[1]
    from seawall.apps.decisions.archive import archive

    archive().close()  # type: ignore[attr-defined]


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[UUID]:
    """Run ids that were put into the queue."""
    found: list[UUID] = []
    monkeypatch.setattr(jobs, "put", found.append)
    monkeypatch.setattr(runs, "WRITE_EVERY", 0.0)
    return found


@pytest.fixture
def owner(make_user: MakeUser, settings: Any) -> User:
    settings.SEAWALL_OPTIONS = settings.SEAWALL_OPTIONS.model_copy(update={"require_mfa": False})
    return make_user("ana", "model_owner")


def content(changed: Callable[[str], str] = lambda text: text) -> str:
    """The pack `everything` in the control database, its policy.yaml perhaps changed; the digest."""
    pack = world.pack()
    files = {name: text.encode() for name, text in pack.sources.items()} | dict(pack.artefacts)
    files["policy.yaml"] = changed(files["policy.yaml"].decode()).encode()
    return str(bundles.put(files).digest)


def next_version() -> str:
    return content(lambda text: text.replace("version: 3", "version: 4").replace("review: 55", "review: 35"))


@pytest.mark.usefixtures("sent")
def test_from_the_question_to_the_report(home: list[Decision], owner: User, client: Client) -> None:
    wanted = Wanted(next_version(), content(), labels=("fraud",))
    asked = services.start(owner, wanted)
    assert asked.run is not None
    page = reverse("backtests:backtest", args=[asked.pk])
    client.force_login(owner)
    assert b"jobs:progress" not in client.get(page).content
    execute(asked.run)
    run = Run.objects.get(pk=asked.run)
    assert (run.state, run.result_url) == (DONE, page), run.message
    asked.refresh_from_db()
    assert asked.events == len(home)
    summary = asked.result["summary"]
    live = [sum(one.outcome == name for one in home) for name in OUTCOMES]
    assert [one["events"] for one in summary["a"]["outcomes"]] == live
    assert [summary[side]["policy"] for side in "ab"] == ["everything@3", "everything@4"]
    assert summary["comparison"]["stricter"]["events"] > 0
    report = GateReport.objects.get(kind="backtest")
    assert (report.digest, report.against, report.passed, report.url) == (wanted.candidate, wanted.base, True, page)
    shown = client.get(page).content.decode()
    for text in ("everything@3", "everything@4", "Who changes side", "Newly reviewed or declined"):
        assert text in shown
    report = client.get(f"{API}/{asked.pk}/report")
    assert report.json() == asked.result
    assert client.get(f"{API}/{asked.pk}/report", headers={"If-None-Match": report["ETag"]}).status_code == 304
    assert services.finish(asked.pk, asked.result).done_at == asked.done_at, "once"
    assert GateReport.objects.filter(kind="backtest").count() == 1
    assert list((own.history_folder()).glob("*.arrow")) == [], "fewer records than a segment holds"


@pytest.mark.usefixtures("home", "sent")
def test_a_cancelled_run_kills_its_process(owner: User, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = services.start(owner, Wanted(content()))
    killed: list[Any] = []
    processes: list[subprocess.Popen[bytes]] = []
    begin = subprocess.Popen
    monkeypatch.setattr(subprocess, "Popen", lambda *args, **kw: processes.append(begin(*args, **kw)) or processes[-1])
    before = runs.Task.progress

    def progress(task: Any, *args: Any, **values: Any) -> None:
        if not killed:
            killed.append(True)
            services.cancel(owner, asked.pk)
        before(task, *args, **values)

    monkeypatch.setattr(runs.Task, "progress", progress)
    assert asked.run is not None
    execute(asked.run)
    assert [one.returncode for one in processes] == [-signal.SIGKILL]
    assert Run.objects.get(pk=asked.run).state == CANCELLED
    asked.refresh_from_db()
    assert asked.result is None
    assert not GateReport.objects.exists()
    assert queries.backtests(owner).get(pk=asked.pk).state == CANCELLED


@pytest.mark.usefixtures("home", "sent")
def test_one_at_a_time(owner: User) -> None:
    first = services.start(owner, Wanted(content()))
    with pytest.raises(ConflictError):
        services.start(owner, Wanted(content()))
    assert Backtest.objects.get() == first


@pytest.mark.usefixtures("home", "sent")
def test_what_does_not_fit_is_said(owner: User, make_user: MakeUser) -> None:
    digest = content()
    early, late = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC)
    for wanted, field in (
        (Wanted(digest, from_at=late, until_at=early), "until_at"),
        (Wanted(digest, from_at=datetime(2999, 1, 1, tzinfo=UTC)), "from_at"),
        (Wanted(digest, labels=("friendly",)), "labels"),
        (Wanted(digest, warm_up_days=99_999), "warm_up_days"),
    ):
        with pytest.raises(InvalidError) as refused:
            services.start(owner, wanted)
        assert list(refused.value.fields) == [field]
    with pytest.raises(DeniedError):
        services.start(make_user("eve", "auditor"), Wanted(digest))
    assert not Backtest.objects.exists()


@pytest.mark.usefixtures("home", "sent")
def test_a_run_without_events_fails_with_one_line(owner: User) -> None:
    asked = services.start(owner, Wanted(content(), until_at=datetime(2020, 1, 1, tzinfo=UTC)))
    assert asked.run is not None
    execute(asked.run)
    run = Run.objects.get(pk=asked.run)
    assert run.state == FAILED
    assert "no event of the period" in run.message


def test_the_process_says_what_is_wrong(home: list[Decision], tmp_path: Path) -> None:
    assert home
    order = Order(str(tmp_path / "nowhere.db"), str(tmp_path / "cache"), [], "", Question())
    with pytest.raises(ProcessError, match=r"nowhere\.db"):
        carry_out(order, lambda step: None)


@pytest.mark.usefixtures("sent")
def test_the_history_is_prepared(
    home: list[Decision], monkeypatch: pytest.MonkeyPatch, settings: Any, owner: User
) -> None:
    order = Order(str(settings.HOME.journal), str(own.history_folder()), [], "", Question())
    steps: list[Step] = []
    carry_out(order, steps.append)
    assert {"reading"} <= {step.phase for step in steps}
    given: list[Order] = []
    monkeypatch.setattr(own, "carry_out", lambda order, watch: given.append(order))
    run = Run.objects.create(job="policies-history", slot="policies-history", started_by=owner)
    own.prepare_history(runs.Task(run))
    assert given == [], "not enough for a file yet"
    monkeypatch.setattr(own, "SEGMENT_RECORDS", 100)
    own.prepare_history(runs.Task(run))
    assert [one.bundles for one in given] == [[]]


@pytest.mark.usefixtures("home", "sent")
def test_the_form_asks_and_refuses(owner: User, client: Client) -> None:
    from seawall.apps.policies.models import Policy, Version

    digest = content()
    policy = Policy.objects.create(name="everything")
    Version.objects.create(
        policy=policy, number=3, bundle_id=digest, content_hash="x", state="champion", source="journal"
    )
    client.force_login(owner)
    listed = client.get(reverse("backtests:backtests"))
    assert listed.status_code == 200
    form = client.get(reverse("backtests:start") + f"?candidate={digest}").content.decode()
    assert "everything@3" in form
    assert "fraud" in form
    bad = client.post(
        reverse("backtests:start"), {"candidate": digest, "from_at": "2026-02-01", "until_at": "2026-01-01"}
    )
    assert bad.status_code == 422
    assert "later end" in bad.content.decode()
    assert not Backtest.objects.exists()
    good = client.post(reverse("backtests:start"), {"candidate": digest, "labels": ["fraud"]})
    asked = Backtest.objects.get()
    assert reverse("backtests:backtest", args=[asked.pk]) in (
        good.headers.get("Location") or good.headers["HX-Redirect"]
    )
    assert "everything@3" in client.get(reverse("backtests:backtests")).content.decode()
    moving = client.get(reverse("backtests:progress", args=[asked.pk]))
    assert "HX-Refresh" not in moving.headers
    client.post(reverse("backtests:cancel", args=[asked.pk]))
    assert client.get(reverse("backtests:progress", args=[asked.pk])).headers["HX-Refresh"] == "true"


def version_of(digest: str) -> Any:
    from seawall.apps.policies.models import Policy, Version

    policy = Policy.objects.create(name="everything")
    return Version.objects.create(
        policy=policy, number=3, bundle_id=digest, content_hash="x", state="champion", source="journal"
    )


@pytest.mark.usefixtures("home", "sent")
def test_the_api_starts_tells_and_stops(owner: User, client: Client) -> None:
    version = version_of(content())
    client.force_login(owner)

    def post(path: str, body: dict[str, Any]) -> Any:
        return client.post(f"{API}{path}", json.dumps(body), content_type="application/json")

    for wrong, field in (({}, "version"), ({"version": str(version.pk), "labels": ["friendly"]}, "labels")):
        refused = post("", wrong)
        assert (refused.status_code, list(refused.json()["fields"])) == (422, [field])
    assert post("", {"draft": str(version.pk)}).status_code == 404
    made = post("", {"version": str(version.pk), "against": str(version.pk), "labels": ["fraud"]})
    assert made.status_code == 202
    asked = made.json()
    assert (asked["policy"], asked["against"], asked["state"]) == ("everything@3", "everything@3", "queued")
    assert post("", {"version": str(version.pk)}).status_code == 409, "one at a time"
    assert [one["id"] for one in client.get(f"{API}?policy=everything@3&state=queued").json()] == [asked["id"]]
    assert client.get(f"{API}?state=done").json() == []
    assert client.get(f"{API}/{asked['id']}/report").status_code == 409
    assert post(f"/{asked['id']}/cancel", {}).json()["state"] == CANCELLED
    assert client.get(f"{API}/{asked['id']}").json()["state"] == CANCELLED
    assert post(f"/{asked['id']}/cancel", {}).status_code == 409


def test_a_narrowed_role_reads_what_lies_in_its_days(
    owner: User, make_user: MakeUser, client: Client, settings: Any
) -> None:
    """A report counts everybody: a scope of cases holds none, one of days those whose whole period it holds."""
    from seawall.apps.accounts.models import Assignment

    settings.TIME_ZONE = "UTC"
    days = [datetime(2026, 3, day, tzinfo=UTC) for day in (1, 2, 3, 4)]
    digest = content()
    spans = {"inside": (days[1], days[2]), "open": (days[1], None), "longer": (days[0], days[2]), "whole": (None, None)}
    made = {
        name: Backtest.objects.create(
            candidate=digest, candidate_label=name, from_at=first, until_at=last, asked_by=owner
        )
        for name, (first, last) in spans.items()
    }
    ext = make_user("ext", "examiner")
    client.force_login(ext)

    def seen(scope: dict[str, Any]) -> list[str]:
        Assignment.objects.filter(user=ext).update(scope=scope)
        names = sorted(one["policy"] for one in client.get(API).json())
        for name, one in made.items():
            for path in (f"{API}/{one.pk}", reverse("backtests:backtest", args=[one.pk])):
                assert client.get(path).status_code == (200 if name in names else 404), (scope, name, path)
        return names

    assert seen({"cases": ["C-1"]}) == []
    assert seen({"from": "2026-03-02", "until": "2026-03-02"}) == ["inside"]
    assert seen({"from": "2026-03-01", "until": "2026-03-02"}) == ["inside", "longer"]
    assert seen({"from": "2026-03-02"}) == ["inside", "open"]
    assert seen({"until": "2026-03-02", "queues": ["q"]}) == []
