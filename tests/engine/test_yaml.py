import pytest
import yaml as pyyaml

from seawall.engine import yaml
from seawall.engine.errors import PackError


def one_problem(text: str | bytes) -> tuple[str, int, int]:
    with pytest.raises(PackError) as raised:
        yaml.load(text, "x.yaml")
    (problem,) = raised.value.problems
    assert problem.file == "x.yaml"
    return problem.message, problem.line, problem.column


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("on", "on"), ("NO", "NO"), ("yes", "yes"), ("off", "off"), ("2026-11-22", "2026-11-22"),
        ("2026-11-22T10:00:00Z", "2026-11-22T10:00:00Z"), ("10:30", "10:30"), ("1_000", "1_000"), ("0b1", "0b1"),
        ("true", True), ("False", False), ("~", None), ("null", None), ("", None), ("Null", None),
        ("12", 12), ("-7", -7), ("+7", 7), ("017", 17), ("0o17", 15), ("0x1F", 31),
        ("1.5", 1.5), (".5", 0.5), ("1e3", 1000.0), ("-2.", -2.0),
        ('"12"', "12"), ("'true'", "true"), ('""', ""), ("银行卡", "银行卡"),
    ],
)  # fmt: skip
def test_core_types(text: str, value: object) -> None:
    read = yaml.load(f"a: {text}", "x.yaml").data["a"]
    assert read == value
    assert type(read) is type(value)


def test_the_key_on_stays_a_word() -> None:
    assert yaml.load("on: [NO]\n2: x", "x.yaml").data == {"on": ["NO"], 2: "x"}


def test_places_point_at_the_content() -> None:
    text = '标题: {zh: 银行卡, en: Card}\nwhen: a > 1\nquoted: "b"\nblock: |\n\n  c > 2\nitems:\n  - d\n  - {e: 1}\n'
    document = yaml.load(text, "x.yaml")
    assert document.data["block"] == "\nc > 2\n"
    places = {
        ("标题", "zh"): (1, 10), ("标题", "en"): (1, 19), ("when",): (2, 7), ("quoted",): (3, 10), ("block",): (6, 3),
        ("items",): (8, 3), ("items", 0): (8, 5), ("items", 1, "e"): (9, 9), ("nowhere",): (0, 0),
    }  # fmt: skip
    assert {path: document.place(path) for path in places} == places
    assert document.key_place(("when",)) == (2, 1)
    assert document.key_place(("items", 1, "e")) == (9, 6)


@pytest.mark.parametrize(
    ("text", "message", "line", "column"),
    [
        ("a: 1\nb: 2\na: 3", "the key 'a' stands twice (first in line 1)", 3, 1),
        ("{a: 1, a: 2}", "the key 'a' stands twice", 1, 8),
        ("a: &x 1\nb: *x", "anchors", 1, 4),
        ("b: *x", "anchors", 1, 4),
        ("a: !!python/object:os.system 1", "tags", 1, 4),
        ("a: !!str 1", "tags", 1, 4),
        ("<<: {a: 1}", "merge keys", 1, 1),
        ("? [a]\n: 1", "a key must be a plain word", 1, 3),
        ("true: 1", "a key must be a word", 1, 1),
        ("1.5: 1", "a key must be a word", 1, 1),
        ("a: 1\n---\nb: 2", "second document", 2, 1),
        ("a: .inf", "not a finite number", 1, 4),
        ("a: .nan", "not a finite number", 1, 4),
        ("a: 1e999", "too large", 1, 4),
        ("a: " + "9" * 5_000, "is a number of more than 40 characters", 1, 4),
        ("a: [1", "is not YAML", 2, 1),
        ("a: b: c", "is not YAML", 1, 5),
        (b"\xff\xfe\xfa", "is not UTF-8", 0, 0),
        ("a: " + "[" * 40 + "]" * 40, "nested deeper", 1, 36),
        ("a: " + "x" * 2_000_001, "is 2,000,004 bytes", 0, 0),
        ("[" + "1," * 200_001 + "]", "more than 200,000 values", 1, 400_000),
    ],
)
def test_refuses_what_is_not_plain_data(text: str | bytes, message: str, line: int, column: int) -> None:
    found, found_line, found_column = one_problem(text)
    assert message in found
    if "is not YAML" not in message:  # the parser's own mark
        assert (found_line, found_column) == (line, column)
    else:
        assert found_line


def test_what_is_quoted_is_text() -> None:
    assert yaml.load(f'"<<": 1\na: "{"9" * 60}"', "x.yaml").data == {"<<": 1, "a": "9" * 60}


def test_the_pure_parser_reads_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    text = 'on: [NO, 1]\nwhen: "x"\nblock: >\n  folded\n  text\n空: ~\n'
    fast = yaml.load(text, "x.yaml")
    monkeypatch.setattr(yaml, "_PARSER", pyyaml.SafeLoader)
    assert yaml.load(text, "x.yaml") == fast


def test_an_empty_file_holds_nothing() -> None:
    assert yaml.load("# only a comment\n", "x.yaml").data is None
    assert yaml.load(b"\xef\xbb\xbfa: 1", "x.yaml").data == {"a": 1}
