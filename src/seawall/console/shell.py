"""What the frame around every page needs: rail, environment, clock, language, theme, texts for console.js."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from seawall.console import assets, navigation, notices, palette, preferences
from seawall.console.words import Text, Word, words

ENVIRONMENTS = words(
    Word("production", _("Production"), "circle", "good"),
    Word("demo", _("Demo"), "flask", "notice"),
    Word("test", _("Test"), "flask", "info"),
)
LANGUAGE_NAMES = {"zh-hans": "中文", "en": "EN"}
# Where the person menu leads, if the installation has the page.
PERSON_LINKS: list[tuple[Text, str, str]] = [
    (_("My settings"), "accounts:settings", "gear"),
]
SIGN_OUT = "account_logout"
_TEXTS: dict[str, Text] = {
    "copied": _("Copied"),
    "failed": _("That did not work. Try again, or reload the page."),
    "close": _("Close"),
    "back": _("Connected again"),
    "left": _("%(time)s left"),
    "over": _("%(time)s over"),
    "ago": _("%(time)s ago"),
    "selected": _("%(count)s selected"),
    "nothing": _("Nothing found"),
    "chart": _("This chart could not be drawn. The table below has its data."),
    "d": _("d"),
    "h": _("h"),
    "min": _("min"),
    "s": _("s"),
}


def url_or_none(name: str) -> str:
    """The address of a page that this installation may not have."""
    try:
        return reverse(name)
    except NoReverseMatch:
        return ""


@dataclass(frozen=True)
class Shell:
    """The frame for one request; everything is worked out only if the template asks."""

    request: HttpRequest

    @cached_property
    def menu(self) -> list[navigation.Group]:
        return navigation.menu(self.request)

    @cached_property
    def signed_in(self) -> bool:
        user = getattr(self.request, "user", None)
        return bool(user and user.is_authenticated)

    @cached_property
    def notices(self) -> list[notices.Notice]:
        """Banners over the page, for people who are signed in."""
        return notices.notices(self.request) if self.signed_in else []

    @property
    def theme(self) -> str:
        return preferences.theme(self.request)

    @property
    def themes(self) -> list[tuple[str, str, str, bool]]:
        titles = {"system": gettext("As the system"), "light": gettext("Light"), "dark": gettext("Dark")}
        icons = {"system": "device", "light": "sun", "dark": "moon"}
        return [(key, titles[key], icons[key], key == self.theme) for key in preferences.THEMES]

    @property
    def languages(self) -> list[tuple[str, str, bool]]:
        current = (get_language() or "").lower()
        return [(code, LANGUAGE_NAMES.get(code, str(name)), code == current) for code, name in settings.LANGUAGES]

    @property
    def language(self) -> str:
        """As HTML writes it: zh-Hans, en."""
        code = get_language() or settings.LANGUAGE_CODE
        return "zh-Hans" if code.lower() == "zh-hans" else code

    @property
    def environment(self) -> Word:
        options = getattr(settings, "SEAWALL_OPTIONS", None)
        key = str(getattr(options, "environment", "test"))
        return ENVIRONMENTS.get(key) or Word(key, key, "flask", "info")

    @property
    def now(self) -> datetime:
        return timezone.localtime()

    @property
    def zone(self) -> str:
        """`UTC+8` of the platform's zone, now."""
        offset = self.now.utcoffset()
        minutes = round(offset.total_seconds() / 60) if offset else 0
        hours, rest = divmod(abs(minutes), 60)
        return f"UTC{'-' if minutes < 0 else '+'}{hours}" + (f":{rest:02d}" if rest else "")

    @property
    def zone_minutes(self) -> int:
        offset = self.now.utcoffset()
        return round(offset.total_seconds() / 60) if offset else 0

    @property
    def name(self) -> str:
        user = getattr(self.request, "user", None)
        return str(getattr(user, "display_name", "") or user or "")

    @property
    def person_links(self) -> list[tuple[Text, str, str]]:
        links = [(title, url_or_none(name), icon) for title, name, icon in PERSON_LINKS]
        return [link for link in links if link[1]]

    @property
    def sign_out(self) -> str:
        return url_or_none(SIGN_OUT)

    @property
    def search(self) -> str:
        return url_or_none("console:search")

    @property
    def switch(self) -> str:
        return url_or_none("console:switch")

    @cached_property
    def for_script(self) -> dict[str, Any]:
        """What console.js reads from the page."""
        keys = {entry.item.keys: entry.url for group in self.menu for entry in group.entries if entry.item.keys}
        return {
            "language": self.language,
            "zone": self.zone_minutes,
            "texts": {key: str(text) for key, text in _TEXTS.items()},
            "keys": keys,
            "search": self.search,
            "vega": self.vega,
            "colours": {theme: palette.colours(theme) for theme in palette.THEMES},
        }

    @property
    def vega(self) -> str:
        try:
            return reverse("console:vega", args=[assets.vega_version()])
        except NoReverseMatch:
            return ""
