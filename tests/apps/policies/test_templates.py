"""Every template of the shipped file, copied with its defaults into the payments pack, compiles there."""

from __future__ import annotations

from pathlib import Path

import pytest

import seawall
from seawall.apps.policies.checking import check
from seawall.apps.policies.editing.source import EditError
from seawall.apps.policies.editing.templates import copy, fill, templates
from seawall.engine.pack import Pack, load_pack

PAYMENTS = Path(seawall.__file__).parent / "packs" / "payments"
FILES = {path.name: path.read_text("utf-8") for path in PAYMENTS.glob("*.yaml")}


@pytest.fixture(scope="module")
def pack() -> Pack:
    return load_pack(PAYMENTS)


def test_there_are_enough_and_each_speaks_both_languages() -> None:
    found = templates()
    assert len(found) >= 12
    for one in found.values():
        texts = [one.title, one.text, one.rule["title"], *(each.title for each in one.parameters)]
        assert all(set(text) == {"zh", "en"} and all(text.values()) for text in texts), one.id


def test_all_of_them_at_once_compile_and_add_no_warning(pack: Pack) -> None:
    files = dict(FILES)
    for name in templates():
        files |= copy(files, name, {}, pack)
    before = check({name: text.encode() for name, text in FILES.items()})
    after = check({name: text.encode() for name, text in files.items()})
    assert after.errors == []
    assert after.policy is not None
    assert len(after.policy.pack.rules) == len(pack.rules) + len(templates())
    assert {one.message for one in after.problems} <= {one.message for one in before.problems}


def test_a_template_is_copied_twice_under_another_id(pack: Pack) -> None:
    files = FILES | copy(FILES, "velocity", {}, pack)
    again = copy(files, "velocity", {"window": "1h", "limit": "20"}, pack)
    assert "- id: payment_card_card_velocity_2\n" in again["rules.yaml"]
    assert "payment_card_card_count_1h >= 20" in again["rules.yaml"]


def test_a_feature_that_is_there_is_used(pack: Pack) -> None:
    files = {name: text.encode() for name, text in (FILES | copy(FILES, "velocity", {}, pack)).items()}
    checked = check(files)
    assert checked.pack is not None
    assert fill(templates()["velocity"], {"limit": "9"}, checked.pack).features == ()
    assert len(fill(templates()["velocity"], {"window": "5m"}, checked.pack).features) == 1


@pytest.mark.parametrize(("template", "values", "says"), [
    ("velocity", {"event": "payment.cash"}, "no event type"),
    ("velocity", {"key": "amount"}, "is no key of the event"),
    ("velocity", {"limit": "0"}, "must be 1 at least"),
    ("velocity", {"limit": "many"}, "whole number"),
    ("velocity", {"window": "ten minutes"}, "not a duration"),
    ("velocity", {"limits": "3"}, "has no parameter limits"),
    ("watch_list", {"list": "nobody"}, "is no list"),
    ("failures_then_success", {"failure": '" || true'}, "plain word"),
    ("failures_then_success", {"result": "phone"}, None),
    ("nothing", {}, "no template"),
])  # fmt: skip
def test_wrong_parameters_are_named(template: str, values: dict[str, str], says: str | None, pack: Pack) -> None:
    if says is None:  # a key can be compared as well
        assert copy(FILES, template, values, pack)
        return
    with pytest.raises(EditError, match=says):
        copy(FILES, template, values, pack)
