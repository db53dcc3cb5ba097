"""The types of the language, and what a text may name."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field

INT64_MIN, INT64_MAX = -(2**63), 2**63 - 1


class Type(enum.Enum):
    """What a value is. In rows: bool, int (INT, MONEY, TIMESTAMP, DURATION), float, str (STRING, KEY)."""

    BOOL = "bool"
    INT = "int"
    MONEY = "money"  # int64 minor units of the base currency
    DOUBLE = "double"
    STRING = "string"
    KEY = "key"  # a pseudonym: may be compared for equality and looked up in lists, nothing else
    TIMESTAMP = "timestamp"  # int64 ms since 1970-01-01T00:00:00Z
    DURATION = "duration"  # int64 ms
    LIST = "list"  # constants only

    @property
    def noun(self) -> str:
        """The type with its article, for messages."""
        return f"an {self.value}" if self.value[0] in "aeiou" else f"a {self.value}"


INTEGRAL = frozenset({Type.INT, Type.MONEY, Type.TIMESTAMP, Type.DURATION})
NUMBERS = (Type.INT, Type.MONEY, Type.DOUBLE)
TEXTS = frozenset({Type.STRING, Type.KEY})


@dataclass(frozen=True, slots=True)
class Name:
    """One name a text may use; a `refusal` makes its use a checker error with that message."""

    name: str
    type: Type
    nullable: bool = True
    refusal: str = ""


@dataclass(frozen=True, slots=True)
class Scope:
    """Everything a text may refer to: names, lists (list name -> the field that is its key), models,
    settings, money and zone."""

    names: Mapping[str, Name] = field(default_factory=dict)
    lists: Mapping[str, str] = field(default_factory=dict)
    models: Mapping[str, Name] = field(default_factory=dict)  # by the word after `models.`; their slots carry it whole
    settings: Mapping[str, Name] = field(default_factory=dict)  # by limits.NAME and switches.NAME, as their slots are
    money_exponent: int = 2
    zone: str = "UTC"
