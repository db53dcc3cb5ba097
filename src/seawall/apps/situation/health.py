"""Whether the platform's own parts are well: decision API, worker, follower, ledger. One line each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from seawall.apps.audit import queries as ledger
from seawall.apps.decisions import queries as decisions
from seawall.apps.decisions.archive import ArchiveError
from seawall.apps.jobs import queries as jobs
from seawall.apps.jobs.models import Heartbeat
from seawall.apps.situation.probe import Probe, probe
from seawall.console import formatting
from seawall.console.words import Text, Word, words

STATES = words(
    Word("well", pgettext_lazy("health", "Well"), "check-circle", "good"),
    Word("behind", pgettext_lazy("health", "Behind"), "clock", "notice"),
    Word("trouble", pgettext_lazy("health", "Trouble"), "alert", "bad"),
    Word("unknown", pgettext_lazy("health", "Unknown"), "question", "neutral"),
)
LOOPS: dict[str, Text] = {
    "alerts": gettext_lazy("Alerts"),
    "challenges": gettext_lazy("Challenges"),
    "checkpoints": gettext_lazy("Checkpoints"),
    "follower": gettext_lazy("Follower of the journal"),
    "ledger": gettext_lazy("Delivery to the ledger"),
    "outbox-email": gettext_lazy("E-mail"),
    "outbox-engine": gettext_lazy("Records for the decision engine"),
    "outbox-sms": gettext_lazy("Text messages"),
    "outbox-webhook": gettext_lazy("Webhooks"),
    "queue": gettext_lazy("Queue of jobs"),
    "schedules": gettext_lazy("Schedules of jobs"),
    "timers": gettext_lazy("Deadlines"),
}
BEHIND = 5_000  # journal records: some seconds of a busy platform
WAITING = 100  # ledger entries
JOBS, LEDGER = ("jobs:jobs", "jobs.view"), ("audit:entries", "ledger.view")


@dataclass(frozen=True)
class Part:
    """One part with its state and what to know about it; `page` (for those with `permission`) where there is more."""

    title: Text
    state: Word
    text: str = ""
    page: str = ""
    permission: str = ""


def parts() -> list[Part]:
    """Every part, the decision API first."""
    hearts = {heart.name: heart for heart in jobs.heartbeats()}
    return [_api(probe()), _worker(hearts), _follower(hearts.get("follower")), _ledger(), *_others(hearts)]


def _api(found: Probe) -> Part:
    title = _("Decision API")
    if found.state == "ready":
        says = [_("ready")]
        if found.p99 is not None:
            says.append(_("99%% of decisions within %(time)s") % {"time": formatting.duration(found.p99)})
        return Part(title, STATES["well"], " · ".join(says))
    if found.state == "refusing":
        return Part(title, STATES["trouble"], _("It answers but cannot decide: %(why)s") % {"why": found.text})
    if found.state == "silent":
        return Part(title, STATES["trouble"], _("It does not answer; see logs/api.log in the home"))
    return Part(title, STATES["unknown"], _("Not started by `seawall up`, so its address is not known here"))


def _worker(hearts: dict[str, Heartbeat]) -> Part:
    if not hearts:
        return Part(_("Worker"), STATES["trouble"], _("It has never run; `seawall up` starts it"))
    newest = max(hearts.values(), key=lambda heart: heart.seen_at)
    if jobs.standing(newest):
        ago = formatting.duration(timezone.now() - newest.seen_at)
        says = _("Last seen %(time)s ago; see logs/worker.log") % {"time": ago}
        return Part(_("Worker"), STATES["trouble"], says, *JOBS)
    up = formatting.duration(timezone.now() - newest.started_at)
    running = _("%(count)s jobs waiting or running") % {"count": jobs.active_runs()}
    return Part(_("Worker"), STATES["well"], " · ".join((_("up for %(time)s") % {"time": up}, running)), *JOBS)


def _follower(heart: Heartbeat | None) -> Part:
    title = LOOPS["follower"]
    if heart is not None and heart.problem:
        return Part(title, STATES["trouble"], heart.problem)
    try:
        lag = decisions.lag()
    except ArchiveError as error:
        return Part(title, STATES["trouble"], str(error))
    if lag == 0:
        return Part(title, STATES["well"], _("every record of the journal is followed"))
    text = _("%(count)s records behind the journal") % {"count": formatting.number(lag)}
    return Part(title, STATES["behind" if lag > BEHIND else "well"], text)


def _ledger() -> Part:
    waiting = ledger.waiting()
    if waiting:
        text = _("%(count)s entries wait to be written") % {"count": formatting.number(waiting)}
        return Part(_("Ledger"), STATES["behind" if waiting > WAITING else "well"], text, *LEDGER)
    return Part(_("Ledger"), STATES["well"], _("every entry is written"), *LEDGER)


def _others(hearts: dict[str, Heartbeat]) -> Iterator[Part]:
    """Loops of the worker that something stands in the way of."""
    for name, heart in hearts.items():
        if name != "follower" and heart.problem:
            yield Part(LOOPS.get(name, name), STATES["trouble"], heart.problem)
