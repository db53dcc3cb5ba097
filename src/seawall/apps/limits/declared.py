"""What the active policy declares, and values of limits as people write and read them."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from django.utils.translation import gettext as _

from seawall.apps.decisions.reading import titles
from seawall.apps.decisions.words import titled
from seawall.apps.errors import InvalidError, UnknownError
from seawall.console import formatting
from seawall.engine.money import EXPONENTS, MoneyError, parse_major
from seawall.engine.pack import Pack
from seawall.engine.settings import SWITCH, SWITCHES, SettingDefinition, Value

LONGEST_VALUE = 40


def pack() -> Pack | None:
    """The active policy's content; None before the first, and while the journal cannot be read."""
    policy = titles()
    return policy.pack if policy else None


def definitions() -> Mapping[str, SettingDefinition]:
    """Every limit and switch of the active policy, by its full name."""
    found = pack()
    return found.settings if found else {}


def definition(name: str) -> SettingDefinition:
    """One of them. UnknownError where the active policy has none of that name."""
    found = definitions().get(name)
    if found is None:
        raise UnknownError(_("The active policy has no limit or switch of this name."))
    return found


def is_switch(name: str) -> bool:
    """Whether a full name is a switch's."""
    return name.startswith(SWITCHES)


def title(name: str) -> str:
    """What a limit or switch is called; its name where the active policy has it no more."""
    found = definitions().get(name)
    return titled(found.title, name) if found else name


def is_sensitive(field: str) -> bool:
    """Whether a key field's values are kept as surrogates."""
    found = pack()
    kinds = found.events.values() if found else ()
    return any(kind.fields[field].pseudonymised for kind in kinds if field in kind.fields)


def entity_kind(field: str) -> str:
    """The kind of entity that a key field names: fields that share a pseudonym space are of one kind."""
    found = pack()
    for kind in found.events.values() if found else ():
        if field in kind.fields and kind.fields[field].type == "key":
            return kind.fields[field].space or field
    return ""


def shown(kind: str, value: Any) -> str:
    """A value as text; money with its currency."""
    if value is None:
        return formatting.MISSING
    if kind == SWITCH:
        return _("On") if value else _("Off")
    if kind == "money":
        found = pack()
        code = found.base_currency if found else ""
        return f"{formatting.money(int(value), code)} {code}" if code in EXPONENTS else formatting.number(value)
    return formatting.number(value)


def parse(wanted: SettingDefinition, text: str) -> Value:
    """A value as people write it: money in major units. InvalidError says what is wrong."""
    text = text.strip().replace(",", "")
    found = pack()
    try:
        if len(text) > LONGEST_VALUE:
            raise ValueError
        if wanted.type == "money":
            minor = parse_major(text, EXPONENTS[found.base_currency] if found else 2)
            return _positive(minor)
        if wanted.type == "integer":
            return _positive(int(text))
        return _positive(float(Decimal(text)))
    except (MoneyError, ValueError, InvalidOperation, OverflowError):
        words = _("Write an amount of 0 or more, such as 50000 or 50000.00.")
        if wanted.type != "money":
            words = _("Write a number of 0 or more.")
        raise InvalidError(words, {"value": words}) from None


def _positive(value: int | float) -> int | float:
    if not 0 <= value <= 10**15:
        raise ValueError
    return value
