"""The reason that a person gives for a command: one check for every room."""

from __future__ import annotations

from django.utils.translation import gettext as _

from seawall.apps.errors import InvalidError

SHORTEST, LONGEST = 4, 500  # characters


def reason_of(text: str, *, least: int = SHORTEST, most: int = LONGEST, field: str = "reason") -> str:
    """A reason that says something, without blanks around it. InvalidError names the field."""
    reason = text.strip()
    if not least <= len(reason) <= most:
        says = _("Give a reason of %(least)d to %(most)d characters.") % {"least": least, "most": most}
        raise InvalidError(says, {field: says})
    return reason
