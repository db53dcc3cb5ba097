"""What a running decision API does, as lines for a terminal: notable decisions as they come, totals now and then."""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Callable
from typing import Any

from seawall.apps import tls
from seawall.cli.words import OUTCOME_WORDS, outcome_word

OUTCOMES = tuple(OUTCOME_WORDS)
_TOTALS_SECONDS, _LOOK_SECONDS, _TIMEOUT = 5.0, 0.5, 5.0
_PAGE, _LINES = 500, 4  # decisions read and shown a look: what is beyond shows in the totals
_WORDS = {
    "decided": {"zh": "已决策", "en": "decided"},
    "a_second": {"zh": "/秒", "en": "/s"},
}


class Watch:
    """Reads /readyz, /metrics and decision pages of one API; what cannot be reached now is looked at again later."""

    def __init__(
        self, url: str, key: str, lang: str, show: bool = True, clock: Callable[[], float] = time.monotonic,
        certificate: str = "",
    ) -> None:  # fmt: skip
        self._url, self._certificate = url, certificate
        self._key, self._lang, self._show, self._clock = key, lang, show, clock
        self._after = -1
        self._looked = self._told = clock()
        self._count, self._counted_at = 0, clock()

    def is_ready(self) -> bool:
        """Whether the API takes records."""
        return self._get("/readyz")[0] == 200

    def look(self) -> None:
        """Print what is new, no more often than is readable."""
        now = self._clock()
        if not self._show or now - self._looked < _LOOK_SECONDS:
            return
        self._looked = now
        if self._after < 0:
            self._after = self._sequence()
        status, body = self._get(f"/v1/decisions?after={self._after}&limit={_PAGE}&lang={self._lang}")
        if status == 200:
            items = json.loads(body)["items"]
            for item in [one for one in items if one["outcome"] != OUTCOMES[0]][-_LINES:]:
                print(self._line(item), flush=True)
            if items:
                self._after = items[-1]["sequence"]
        if now - self._told >= _TOTALS_SECONDS:
            self._told = now
            self.summary()

    def summary(self) -> None:
        """Print the totals by outcome, where they can be read."""
        if not self._show:
            return
        totals = self._totals()
        whole = sum(totals.values())
        if whole:
            now = self._clock()
            rate = (whole - self._count) / max(now - self._counted_at, 0.001)
            self._count, self._counted_at = whole, now
            shares = "  ".join(f"{outcome_word(name, self._lang)} {totals.get(name, 0):,}" for name in OUTCOMES)
            print(f"—— {self._word('decided')} {whole:,} ({rate:,.0f}{self._word('a_second')})  {shares}", flush=True)

    def _line(self, item: dict[str, Any]) -> str:
        reasons = "; ".join(dict.fromkeys(one["text"] for one in item["reasons"]))
        outcome = outcome_word(item["outcome"], self._lang)
        return f"{outcome:<10} {item['score']:>3}  {item['event_id'][:36]}  {reasons[:120]}"

    def _word(self, name: str) -> str:
        return _WORDS[name][self._lang]

    def _totals(self) -> dict[str, int]:
        totals = {}
        for line in self._get("/metrics")[1].splitlines():
            name, _, value = line.partition(" ")
            if name.startswith('seawall_decisions_total{outcome="'):
                totals[name.split('"')[1]] = int(float(value))
        return totals

    def _sequence(self) -> int:
        for line in self._get("/metrics")[1].splitlines():
            if line.startswith("seawall_journal_sequence "):
                return max(int(float(line.split()[1])) - 1, 0)
        return -1

    def _get(self, path: str) -> tuple[int, str]:
        """(status, body); (0, "") where it cannot be reached."""
        try:
            connection = tls.connection(self._url, _TIMEOUT, self._certificate)
        except OSError:
            return 0, ""
        try:
            headers = {"Authorization": f"Bearer {self._key}"} if self._key else {}
            connection.request("GET", path, headers=headers)
            with connection.getresponse() as response:
                return response.status, response.read().decode()
        except (OSError, http.client.HTTPException, UnicodeDecodeError):
            return 0, ""
        finally:
            connection.close()
