"""Words of the room. Tests hold the keys against those that the decision API writes."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from seawall.apps.decisions.reading import titles
from seawall.apps.decisions.words import titled
from seawall.console.words import Word, word, words

OPEN, PASSED, FAILED, EXPIRED, ABANDONED = "open", "passed", "failed", "expired", "abandoned"
STATES = words(
    Word(OPEN, pgettext_lazy("challenge", "Open"), "clock", "info"),
    Word(PASSED, pgettext_lazy("challenge", "Passed"), "check-circle", "good"),
    Word(FAILED, pgettext_lazy("challenge", "Failed"), "x-circle", "bad"),
    Word(EXPIRED, pgettext_lazy("challenge", "Expired"), "clock", "notice"),
    Word(ABANDONED, pgettext_lazy("challenge", "Abandoned"), "x", "neutral"),
)
ENDS = (PASSED, FAILED, EXPIRED, ABANDONED)
KINDS = words(
    Word("one_time_code", _("One-time code"), "chat"),
    Word("totp", _("Authenticator"), "device"),
    Word("face_match", _("Face match"), "user"),
)
SANDBOX = "sandbox"
PROVIDERS = words(
    Word(SANDBOX, _("Sandbox"), "flask", "notice"),
    Word("http", pgettext_lazy("provider", "HTTP provider"), "globe"),
    Word("smtp", pgettext_lazy("provider", "Mail server"), "send"),
    Word("seawall", "Seawall", "seawall"),
)
REASONS = words(
    Word("wrong", _("A wrong answer so far"), "x"),
    Word("attempts_used", _("All attempts were wrong"), "x-circle"),
    Word("bound_changed", _("Bound data was changed"), "alert"),
    Word("given_up", _("Given up"), "x"),
    Word("other_method", _("Another method was chosen"), "refresh"),
    Word("erased", _("The subject was erased"), "trash"),
)
STEPS = words(
    Word("opened", pgettext_lazy("challenge", "Challenge opened"), "key", "info"),
    Word("resent", _("A new code was asked for"), "refresh"),
    Word("unsent", _("The code could not be handed to the provider"), "alert", "bad"),
    Word("tried", _("A face proof was given"), "user"),
    Word("unjudged", _("The provider gave no clear answer; the attempt does not count"), "alert", "notice"),
    Word("wrong", _("A wrong answer"), "x", "notice"),
    Word(PASSED, pgettext_lazy("challenge", "Passed"), "check-circle", "good"),
    Word(FAILED, pgettext_lazy("challenge", "Failed"), "x-circle", "bad"),
    Word(EXPIRED, _("Nobody answered in time"), "clock", "notice"),
    Word(ABANDONED, pgettext_lazy("challenge", "Abandoned"), "x", "neutral"),
    Word("decided", _("The policy decided on the result"), "bolt", "info"),
    Word("undecided", _("The policy could not decide on the result; it is tried again every minute"), "alert", "bad"),
)
UNSENT = words(
    Word("retry", _("The provider could not be reached or was busy; the customer may ask again at once")),
    Word("refused", _("The provider refuses this number or address")),
)


def detail_title(what: str, detail: str) -> str:
    """What the detail of a step says; "" where it has none."""
    return str(word(UNSENT if what == "unsent" else REASONS, detail).title) if detail else ""


def method_words(found: list[str]) -> dict[str, Word]:
    """Methods by their titles in the active pack."""
    policy = titles()
    known = policy.pack.challenges if policy else {}
    return words(*(Word(one, titled(known[one].title, one) if one in known else one) for one in found))
