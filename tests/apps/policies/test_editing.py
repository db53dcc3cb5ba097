"""Edits of pack files: the right data afterwards, and every other byte as it was."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import seawall
from seawall.apps.policies.editing import edits
from seawall.apps.policies.editing.scalars import inline
from seawall.apps.policies.editing.source import EditError, Source
from seawall.engine.pack import rules as pack_rules
from seawall.engine.yaml import load

PAYMENTS = Path(seawall.__file__).parent / "packs" / "payments"
FILES = {path.name: path.read_text("utf-8") for path in PAYMENTS.glob("*.yaml")}
RULES = """\
# head
rules:   # all of them
  # --- first part
  - id: a   # why a
    title: {zh: 甲, en: "A"}
    when: amount > 5   # the bound
    score: 10

  # --- second part
  - id: b
    title: {zh: 乙, en: B}
    when: >
      amount > 6
      && x
    tags: [one, two]
  - {id: c, title: {zh: 丙, en: C}, when: 'x == "q"', score: 3}
tables:
  - id: t
    title: {zh: 表, en: T}
    hit: first
    inputs: [amount, x]
    rows:
      - {id: r1, when: ["< 5", "-"], score: 1}
      # the rest
      - {id: r2, when: ["-", "-"], score: 2}   # tail
# foot
"""


def edited(edit: str, /, text: str = RULES, file: str = "rules.yaml", **arguments: Any) -> str:
    return edits.apply({file: text}, edit, arguments)[1]


def changed_lines(before: str, after: str) -> list[str]:
    import difflib

    return [line for line in difflib.ndiff(before.splitlines(), after.splitlines()) if line[0] in "+-"]


def test_a_score_changes_in_its_place_and_nothing_else() -> None:
    assert changed_lines(RULES, edited("rule.change", name="a", fields={"score": 35})) == [
        "-     score: 10", "+     score: 35",
    ]  # fmt: skip


def test_a_value_keeps_the_comment_behind_it() -> None:
    after = edited("rule.change", name="a", fields={"when": "amount > 7"})
    assert "    when: amount > 7   # the bound\n" in after


def test_a_new_member_stands_where_the_order_has_it() -> None:
    after = edited("rule.change", name="a", fields={"on": ["x.y"], "severity": "high"})
    assert 'en: "A"}\n    on: [x.y]\n    when: amount > 5   # the bound\n    score: 10\n    severity: high\n' in after


def test_null_takes_a_member_out_in_block_and_in_flow_style() -> None:
    assert changed_lines(RULES, edited("rule.change", name="b", fields={"tags": None})) == ["-     tags: [one, two]"]
    after = edited("rule.change", name="c", fields={"score": None})
    assert "  - {id: c, title: {zh: 丙, en: C}, when: 'x == \"q\"'}\n" in after


def test_a_folded_text_becomes_one_line() -> None:
    after = edited("rule.change", name="b", fields={"when": "amount > 8"})
    assert "    when: amount > 8\n    tags: [one, two]\n" in after


def test_a_rule_is_added_after_another_with_comments_in_place() -> None:
    fields = {"id": "n", "when": 'x in ["a: b"]', "title": {"zh": "新", "en": "New, one"}}
    after = edited("rule.add", fields=fields, after="a")
    block = '  - id: "n"\n' if '"n"' in after else "  - id: n\n"
    assert f"    score: 10\n{block}    title: {{zh: 新, en: 'New, one'}}\n    when: 'x in [\"a: b\"]'\n" in after
    assert "\n\n  # --- second part\n  - id: b\n" in after


def test_a_rule_at_the_end_follows_the_manner_of_its_neighbour() -> None:
    after = edited("rule.add", fields={"id": "z", "when": "x", "title": {"zh": "末", "en": "Z"}})
    assert "score: 3}\n  - {id: z, title: {zh: 末, en: Z}, when: x}\ntables:\n" in after


def test_a_rule_is_removed_and_section_comments_stay() -> None:
    after = edited("rule.remove", name="a")
    assert after.startswith("# head\nrules:   # all of them\n  # --- first part\n\n  # --- second part\n  - id: b\n")


def test_rules_move_with_their_text() -> None:
    after = edited("rule.move", name="c", to=0)
    assert [rule["id"] for rule in load(after, "").data["rules"]] == ["c", "a", "b"]
    back = edited("rule.move", text=after, name="c", to=2)
    assert back == RULES


def test_the_last_rule_leaves_an_empty_list_that_takes_one_again() -> None:
    text = "rules:\n  - {id: a, when: x}\ntables: []\n"
    empty = edited("rule.remove", text=text, name="a")
    assert load(empty, "").data == {"rules": [], "tables": []}
    again = edited("rule.add", text=empty, fields={"id": "b", "when": "y"})
    assert load(again, "").data == {"rules": [{"id": "b", "when": "y"}], "tables": []}


def test_a_file_that_is_not_there_begins_with_its_first_entry() -> None:
    after = edited("list.add", text="", file="lists.yaml", fields={"name": "w", "kind": "watch", "key": "ip"})
    assert load(after, "").data == {"lists": [{"name": "w", "kind": "watch", "key": "ip"}]}


def test_tables_cell_by_cell_row_by_row_column_by_column() -> None:
    after = edited("cell.set", table="t", row="r1", column=0, cell="< 9")
    assert '      - {id: r1, when: ["< 9", "-"], score: 1}' in after.replace("'", '"').replace("[< 9", '["< 9"')
    after = edited("row.add", text=after, table="t", place=1, fields={"id": "r3", "when": ["> 3", "-"], "score": 4})
    after = edited("row.move", text=after, table="t", row="r3", to=0)
    after = edited("row.change", text=after, table="t", row="r2", fields={"score": 7, "outcome": "review"})
    data = load(after, "").data["tables"][0]
    assert [row["id"] for row in data["rows"]] == ["r3", "r1", "r2"]
    assert data["rows"][2] == {"id": "r2", "when": ["-", "-"], "score": 7, "outcome": "review"}
    assert "      # the rest\n" in after
    assert "# tail" in after
    after = edited("row.remove", text=after, table="t", row="r1")
    assert [row["id"] for row in load(after, "").data["tables"][0]["rows"]] == ["r3", "r2"]


def test_columns_come_and_go_in_every_row() -> None:
    source = Source(RULES, "rules.yaml")
    wider = edits.add_column(source, "t", 1, "hour(event_time)", "< 6")
    table = load(wider, "").data["tables"][0]
    assert table["inputs"] == ["amount", "hour(event_time)", "x"]
    assert [row["when"] for row in table["rows"]] == [["< 5", "< 6", "-"], ["-", "< 6", "-"]]
    assert load(edits.remove_column(Source(wider, ""), "t", 1), "").data == load(RULES, "").data


def test_thresholds_cap_and_version_of_the_payments_pack() -> None:
    text = FILES["policy.yaml"]
    after = edited("threshold.set", text=text, file="policy.yaml", outcome="review", score=55)
    assert changed_lines(text, after) == [
        "-   thresholds: {challenge: 30, review: 60, decline: 90}",
        "+   thresholds: {challenge: 30, review: 55, decline: 90}",
    ]
    after = edited("threshold.set", text=after, file="policy.yaml", outcome="challenge", score=None)
    assert "thresholds: {review: 55, decline: 90}" in after
    after = edited("threshold.set", text=after, file="policy.yaml", outcome="challenge", score=20)
    assert load(after, "").data["combine"]["thresholds"] == {"challenge": 20, "review": 55, "decline": 90}
    after = edited("version.set", text=after, file="policy.yaml", version=2)
    assert "version: 2\n" in after


@pytest.mark.parametrize(("name", "arguments", "says"), [
    ("rule.change", {"name": "nobody", "fields": {}}, "has no id 'nobody'"),
    ("rule.change", {"name": "a", "fields": {"points": 3}}, "a rule has no points"),
    ("rule.add", {"fields": {"id": "a", "when": "x"}}, "already"),
    ("rule.add", {"fields": {"when": "x"}}, "needs its id"),
    ("rule.paint", {}, "there is no edit"),
    ("rule.remove", {"id": "a"}, "does not take these arguments"),
    ("rule.move", {"name": "a", "to": 9}, "no place 9"),
    ("cell.set", {"table": "t", "row": "r1", "column": 2, "cell": "-"}, "no column 2"),
    ("threshold.set", {"outcome": "approve", "score": 1}, "no threshold"),
])  # fmt: skip
def test_what_cannot_be_done_is_said(name: str, arguments: dict[str, Any], says: str) -> None:
    files = {"rules.yaml": RULES, "policy.yaml": FILES["policy.yaml"]}
    with pytest.raises(EditError, match=says):
        edits.apply(files, name, arguments)


def test_members_are_those_of_the_engine() -> None:
    assert set(edits.KINDS["rule"].members) == set(pack_rules._RULE)
    assert set(edits.KINDS["table"].members) == set(pack_rules._TABLE)
    assert set(edits.ROW) == set(pack_rules._ROW)


def test_every_rule_of_payments_can_be_changed_and_put_back() -> None:
    text = FILES["rules.yaml"]
    for rule in load(text, "").data["rules"]:
        changed = edited("rule.change", text=text, name=rule["id"], fields={"score": 17})
        assert edited("rule.change", text=changed, name=rule["id"], fields={"score": rule.get("score")}) == text
    for rule in load(text, "").data["rules"][:20]:
        gone = edited("rule.remove", text=text, name=rule["id"])
        assert rule["id"] not in [one["id"] for one in load(gone, "").data["rules"]]
        assert all(line.startswith("-") for line in changed_lines(text, gone))


texts = st.text(
    st.characters(blacklist_categories=["Cs", "Cc"], blacklist_characters="\ufeff\ufffe\uffff\u2028\u2029\x85"),
    max_size=20,
)


names = st.from_regex(r"[a-z]{1,4}", fullmatch=True).filter(lambda one: one not in ("true", "null"))
scalars = st.one_of(texts, st.integers(-(10**6), 10**6), st.booleans(), st.none())


def nested(each: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.one_of(st.lists(each, max_size=3), st.dictionaries(names, each, max_size=3))


@settings(max_examples=120, deadline=None)
@given(st.recursive(scalars, nested, max_leaves=8))
def test_whatever_is_written_inline_is_read_back(value: Any) -> None:
    assert load(f"a: {inline(value)}\nb: 1\n", "").data == {"a": value, "b": 1}
    assert load(f"a: {{x: {inline(value, True)}, y: 1}}\n", "").data == {"a": {"x": value, "y": 1}}


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(["a", "b", "c", "d"]), min_size=1, max_size=4, unique=True), st.data())
def test_moving_equals_moving_in_a_list(names: list[str], data: st.DataObject) -> None:
    text = "rules:\n" + "".join(f"  - id: {name}\n    when: x  # {name}\n" for name in names) + "# end"
    at, to = (data.draw(st.integers(0, len(names) - 1)) for _ in range(2))
    wanted = [*names]
    wanted.insert(to, wanted.pop(at))
    after = edited("rule.move", text=text, name=names[at], to=to)
    assert [rule["id"] for rule in load(after, "").data["rules"]] == wanted
    assert after.endswith("# end")
    assert all(f"- id: {name}\n    when: x  # {name}\n" in after for name in names)
