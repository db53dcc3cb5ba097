"""When a job comes again: every so many seconds, or at minutes of the platform's clock as cron writes them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.translation import gettext as _
from huey import crontab

from seawall.console import formatting

_MINUTE = timedelta(minutes=1)
_DAY = timedelta(days=1)
_FURTHEST = timedelta(days=366 * 4 + 1)  # 29 February comes within it


class ScheduleError(ValueError):
    """A schedule that never comes."""


@dataclass(frozen=True)
class Every:
    """Every so many seconds after the last time."""

    seconds: int

    def __post_init__(self) -> None:
        if self.seconds < 1:
            raise ScheduleError(f"every {self.seconds} s: give at least one second")

    def after(self, at: datetime) -> datetime:
        """The next time."""
        return at + timedelta(seconds=self.seconds)

    def __str__(self) -> str:
        return _("every %(time)s") % {"time": formatting.duration(self.seconds)}


@dataclass(frozen=True)
class Cron:
    """Minutes that match, on the platform's clock: `Cron("30", "2")` is 02:30 each day; Sunday is 0."""

    minute: str = "*"
    hour: str = "*"
    day: str = "*"
    month: str = "*"
    weekday: str = "*"
    _matches: Callable[[datetime], bool] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        matches = crontab(self.minute, self.hour, self.day, self.month, self.weekday, strict=True)
        object.__setattr__(self, "_matches", matches)
        self.after(timezone.now())

    def after(self, at: datetime) -> datetime:
        """The first matching minute after `at`. ScheduleError where none comes in four years.

        A time that the clock skips in spring comes the next day; one that it repeats in autumn comes twice.
        """
        days = crontab("*", "*", self.day, self.month, self.weekday)
        moment = at.replace(second=0, microsecond=0) + _MINUTE
        while moment - at < _FURTHEST:
            local = timezone.localtime(moment)
            if not days(local):
                moment += max(_MINUTE, _DAY - timedelta(hours=local.hour + 1, minutes=local.minute))
            elif self._matches(local):
                return moment
            else:
                moment += _MINUTE
        raise ScheduleError(f"{self.cron} never comes; correct the day or the month")

    @property
    def cron(self) -> str:
        """As a crontab has it."""
        return f"{self.minute} {self.hour} {self.day} {self.month} {self.weekday}"

    def __str__(self) -> str:
        daily = (self.day, self.month, self.weekday) == ("*", "*", "*")
        if daily and self.minute.isdigit() and self.hour.isdigit():
            return _("daily at %(time)s") % {"time": f"{int(self.hour):02d}:{int(self.minute):02d}"}
        return self.cron


When = Every | Cron
