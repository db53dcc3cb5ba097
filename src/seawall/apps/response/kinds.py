"""The types of action: one table of what each needs, how long it may hold, and who must agree."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from django.utils.translation import gettext_lazy, pgettext_lazy

from seawall.console.words import Text

NEVER, ALWAYS = "", "always"
LONGEST_TTL = timedelta(days=90)
SHORTEST_TTL = timedelta(minutes=1)


@dataclass(frozen=True)
class ActionKind:
    """`target`: it is done to an entity. `parameters` that must be given, `optional` ones. `lasting`: it holds for a
    time that must be given. `four_eyes`: when a person takes it (a rule was approved with its policy)."""

    key: str
    title: Text
    says: Text
    icon: str
    target: bool = False
    parameters: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()
    lasting: bool = False
    four_eyes: str = NEVER


_EACH = (
    ActionKind("block", pgettext_lazy("action", "Block"), gettext_lazy("Every event with it is declined."), "lock",
               target=True, lasting=True),
    ActionKind("hold", pgettext_lazy("action", "Hold"), gettext_lazy("Every event with it goes to review."), "pause",
               target=True, lasting=True),
    ActionKind("freeze", pgettext_lazy("action", "Freeze"), gettext_lazy("Nothing goes through for it any more."),
               "shield", target=True, lasting=True, four_eyes=ALWAYS),
    ActionKind("limit", pgettext_lazy("action", "Limit"), gettext_lazy("It may do less."), "gauge", target=True,
               parameters=("amount",), optional=("limit",), lasting=True),
    ActionKind("add_to_list", pgettext_lazy("action", "Put on a list"), gettext_lazy("Rules ask the list."),
               "list", target=True, parameters=("list",), lasting=True),
    ActionKind("notify", pgettext_lazy("action", "Notify"), gettext_lazy("People of a group get a message."), "bell",
               parameters=("to",), optional=("text",)),
    ActionKind("open_case", pgettext_lazy("action", "Open a case"), gettext_lazy("It is worked as a case."), "folder",
               optional=("queue", "title")),
    ActionKind("ban_ip", pgettext_lazy("action", "Ban an IP address"), gettext_lazy("The network lets nothing in."),
               "globe", target=True, lasting=True, four_eyes=ALWAYS),
    ActionKind("revoke_key", pgettext_lazy("action", "Revoke an API key"), gettext_lazy("Its caller is refused."),
               "key", optional=("key",), four_eyes=ALWAYS),
    ActionKind("rollback_policy", pgettext_lazy("action", "Roll the policy back"),
               gettext_lazy("The version before decides again."), "refresh", four_eyes=ALWAYS),
    ActionKind("webhook", pgettext_lazy("action", "Tell a system"), gettext_lazy("An endpoint is told, and acts."),
               "send", parameters=("to",), optional=("text",)),
)  # fmt: skip
KINDS = {one.key: one for one in _EACH}
