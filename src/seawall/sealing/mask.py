"""Masks: what a person sees of a sensitive value when the whole of it is not called for.

A value that does not look like its kind shows less, never more.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

from seawall.sealing.errors import SealingError

HIDDEN = "***"
_HAN = re.compile(r"[㐀-䶿一-鿿豈-﫿\U00020000-\U000323af]")
_NOISE = re.compile(r"[\s\-–—.()]+")
_EMAIL = re.compile(r"([^@\s]+)@([^@\s]+\.[^@\s]+)")


def mask(kind: str, value: str) -> str:
    """The value as a person may see it; `kind` is one of MASKS (SealingError otherwise)."""
    masker = MASKS.get(kind)
    if masker is None:
        raise SealingError(f"no mask for kind {kind!r}; choose one of {', '.join(MASKS)}")
    plain = unicodedata.normalize("NFKC", value).strip()
    return masker(plain) if plain.isprintable() else HIDDEN


def mask_phone(value: str) -> str:
    """13812345678 → 138****5678, +8613812345678 → +86138****5678, +442079460958 → ***0958."""
    digits = _NOISE.sub("", value)
    mainland = re.fullmatch(r"(\+?86|0086)?(1\d{10})", digits, re.ASCII)
    if mainland:
        return (mainland[1] or "") + _ends(mainland[2], 3, 4)
    return HIDDEN + digits[-4:] if re.fullmatch(r"\+?\d{8,15}", digits, re.ASCII) else HIDDEN


def mask_id_number(value: str) -> str:
    """110101199003070000 → 110***********0000; other papers show first and last character."""
    compact = _NOISE.sub("", value)
    resident = re.fullmatch(r"\d{17}[\dXx]", compact, re.ASCII)
    return _ends(compact, 3, 4) if resident else mask_generic(compact)


def mask_pan(value: str) -> str:
    """6222020000000000 → 622202******0000: first six, last four of 13 to 19 digits."""
    digits = _NOISE.sub("", value)
    return _ends(digits, 6, 4) if re.fullmatch(r"\d{13,19}", digits, re.ASCII) else HIDDEN


def mask_email(value: str) -> str:
    """anna@example.com → a***@example.com."""
    parts = _EMAIL.fullmatch(value)
    if not parts:
        return HIDDEN
    local, domain = parts.groups()
    return f"{local[0] if len(local) > 1 else ''}{HIDDEN}@{domain}"


def mask_name(value: str) -> str:
    """张三 → 张*, 王小明 → 王**, Anna Maria Smith → A*** M*** S***; the length of a Latin name stays hidden."""
    if _HAN.search(value):
        return _ends(re.sub(r"\s+", "", value), 1, 0)
    return " ".join(part[0] + HIDDEN if len(part) > 1 else HIDDEN for part in value.split()) or HIDDEN


def mask_generic(value: str) -> str:
    """secret-code → s***e; under six characters nothing shows."""
    return f"{value[0]}{HIDDEN}{value[-1]}" if len(value) >= 6 else HIDDEN


def _ends(text: str, front: int, back: int) -> str:
    """First and last characters with a star for each one between, or all hidden when none would be."""
    between = len(text) - front - back
    return text[:front] + "*" * between + text[len(text) - back :] if between > 0 else HIDDEN


MASKS: dict[str, Callable[[str], str]] = {
    "phone": mask_phone,
    "id_number": mask_id_number,
    "pan": mask_pan,
    "email": mask_email,
    "name": mask_name,
    "generic": mask_generic,
}
