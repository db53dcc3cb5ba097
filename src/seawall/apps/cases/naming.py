"""What alerts and cases are called in the language of the page; codes are for machines."""

from __future__ import annotations

from collections.abc import Mapping

from seawall.apps.cases.table import table
from seawall.console import formatting


def spoken(title: Mapping[str, str], otherwise: str) -> str:
    """A title of a policy in the page's language, in the other one where it has none, else `otherwise`."""
    own, other = ("zh", "en") if formatting.chinese() else ("en", "zh")
    return title.get(own) or title.get(other) or otherwise


def typology_title(code: str) -> str:
    """What a typology is called by the table of alerts; its code where that does not say."""
    return spoken(table().typology(code).title, code)
