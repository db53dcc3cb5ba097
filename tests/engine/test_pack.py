import shutil
from pathlib import Path

import pytest

from seawall.engine.errors import PackError, Problem
from seawall.engine.feature.definition import EXACT, Window
from seawall.engine.pack import Action, Pack, cell_expression, load_pack
from seawall.engine.pack.features import currency_pinned
from seawall.engine.times import DAY, HOUR, MINUTE

from .conftest import EXAMPLE_FOLDER
from .pack_cases import CASES

Edit = tuple[str, str, str]  # file, old text, new text


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(EXAMPLE_FOLDER, tmp_path / "pack"))


def edit(folder: Path, *edits: Edit) -> None:
    for name, old, new in edits:
        path = folder / name
        text = path.read_text("utf-8")
        assert old in text, f"{old!r} is not in {name}"
        path.write_text(text.replace(old, new, 1), "utf-8")


def load(folder: Path, *edits: Edit) -> Pack:
    edit(folder, *edits)
    return load_pack(folder)


def problems(folder: Path, *edits: Edit) -> list[Problem]:
    with pytest.raises(PackError) as raised:
        load(folder, *edits)
    return raised.value.problems


# --- the example ------------------------------------------------------------------------------------------------------


def test_the_example_pack(example: Pack) -> None:
    assert (example.name, example.base_currency, example.zone) == ("example_card", "CNY", "Asia/Shanghai")
    assert (example.lateness_ms, example.idempotency_ms) == (DAY, 30 * DAY)
    assert example.warnings == ()
    event_type = example.events["payment.card"]
    assert event_type.subject == "customer"
    assert [field.name for field in event_type.fields.values() if field.pseudonymised] == ["card"]
    assert event_type.fields["card"].space == "card"
    assert [(derive.name, derive.source, derive.take) for derive in event_type.derive] == [
        ("card_bin", "card", ("first", 6))
    ]
    features = example.features
    assert [feature.resolution_ms for feature in features.values()] == [EXACT, MINUTE, EXACT, HOUR]
    assert [feature.include_current for feature in features.values()] == [True, True, False, False]
    assert [feature.default for feature in features.values()] == [0, 0, None, 0]
    assert features["customer_device_count_90d"].entity == ("customer", "device")
    assert features["customer_sum_24h"].window == Window(last_ms=DAY)
    assert [rule.id for rule in example.rules] == ["velocity", "amount_over_history", "new_device_large"]
    assert example.rules[2].actions == (Action("notify", HOUR),)
    assert example.lists["trusted_customers"].max_validity_ms == 90 * DAY
    assert example.policy.thresholds == {"challenge": 30, "review": 60, "decline": 90}
    first, second = example.tests
    assert first.features["customer_mean_30d"] == 25000.0
    assert (second.rules, second.score, second.outcome) == ((), 0, "approve")
    assert first.event.body["event_time"] == "2026-11-22T10:00:00.000Z"
    assert [record.body["event_id"] for record in first.given] == ["given-1", "given-2"]
    assert first.event.body["type"] == "payment.card"


def test_expression_texts_keep_their_place(example: Pack) -> None:
    lines = example.sources["rules.yaml"].splitlines()
    for rule in example.rules:
        place = rule.when.place
        assert lines[place.line - 1][place.column - 1 :].startswith(rule.when.text)
    assert example.places["rule", "velocity"].line == 3


def test_the_hash_is_of_the_content_not_of_its_layout(folder: Path, example: Pack) -> None:
    assert (
        load(folder, ("rules.yaml", "    score: 40", "    score:   40   # more")).content_hash == example.content_hash
    )
    assert load(folder, ("rules.yaml", "score:   40", "score: 41")).content_hash != example.content_hash


def test_other_files_are_not_its_business(folder: Path, example: Pack) -> None:
    (folder / "mapping-visa.yaml").write_text("a: 1")
    (folder / "notes.txt").write_text("hello")
    assert load(folder).content_hash == example.content_hash


# --- every check, at its place ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("file", "old", "new", "message", "suggestion"), CASES, ids=range(len(CASES)))
def test_every_check_names_its_place(
    folder: Path, file: str, old: str, new: str, message: str, suggestion: str
) -> None:
    edit(folder, (file, old, new))
    text = (folder / file).read_text("utf-8")
    at = text.index("@")
    place = (file, text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at))
    (folder / file).write_text(text.replace("@", "", 1), "utf-8")
    found = problems(folder)
    fitting = [
        problem
        for problem in found
        if message in problem.message
        and suggestion in problem.suggestion
        and (problem.file, problem.line, problem.column) == place
    ]
    assert fitting, "\n".join(map(str, found))


def test_all_problems_come_together(folder: Path) -> None:
    found = problems(
        folder,
        ("rules.yaml", "severity: high", "severity: hi"),
        ("features.yaml", "agg: sum", "agg: summe"),
        ("policy.yaml", "cap: 100", "cap: none"),
    )
    assert {problem.file for problem in found} == {"rules.yaml", "features.yaml", "policy.yaml"}


def test_duplicates_are_named(folder: Path) -> None:
    found = problems(
        folder,
        ("features.yaml", "name: customer_mean_30d", "name: card_count_10m"),
        ("rules.yaml", "id: new_device_large", "id: velocity"),
    )
    messages = [problem.message for problem in found]
    assert "feature 'card_count_10m' stands twice" in messages
    assert "id 'velocity' stands twice" in messages


def test_missing_and_misspelt_files(folder: Path, tmp_path: Path) -> None:
    (folder / "rules.yaml").rename(folder / "rule.yaml")
    assert any(p.file == "rule.yaml" and p.suggestion == "did you mean rules.yaml?" for p in problems(folder))
    (folder / "policy.yaml").unlink()
    assert any(str(p).startswith("policy.yaml: is missing") for p in problems(folder))
    with pytest.raises(PackError, match="is not a folder"):
        load_pack(tmp_path / "nowhere")


# --- money, decimals, labels, sealed fields ---------------------------------------------------------------------------

EXTRA = """
      fee:      {type: decimal(4), grade: internal, purpose: risk, title: {zh: 费, en: Fee}}
      score_in: {type: number, grade: internal, purpose: risk, title: {zh: 分, en: Score}}
      phone:    {type: string, grade: sensitive, purpose: risk, title: {zh: 电话, en: Phone}}
    derive:"""
LABELS = """
labels:
  fraud: {title: {zh: 欺诈, en: Fraud}, keys: [customer, card]}
"""


def feature(folder: Path, text: str) -> None:
    (folder / "features.yaml").write_text(
        f"features:\n  - {{name: f, version: 1, title: {{zh: 甲, en: F}}, {text}}}\n", "utf-8"
    )
    (folder / "rules.yaml").unlink(missing_ok=True)
    (folder / "tests.yaml").unlink(missing_ok=True)
    events = (folder / "events.yaml").read_text("utf-8")
    if "fee:" not in events:
        (folder / "events.yaml").write_text(events.replace("\n    derive:", EXTRA, 1) + LABELS, "utf-8")


@pytest.mark.parametrize(
    ("text", "scale"),
    [
        ("entity: card, on: [payment.card], agg: sum, of: base_amount, window: {last: 1h}", 1),
        ("entity: card, on: [payment.card], agg: sum, of: base_amount, unit: major, window: {last: 1h}", 100),
        (
            "entity: card, on: [payment.card], agg: sum, of: amount, where: 'currency == \"KWD\"', unit: major,"
            " window: {last: 1h}",
            1000,
        ),
        (
            "entity: card, on: [payment.card], agg: mean, of: amount, where: 'currency == \"JPY\"', window: {last: 1h}",
            1,
        ),
        ("entity: card, on: [payment.card], agg: sum, of: fee, window: {last: 1h}", 10_000),
        ("entity: card, on: [payment.card], agg: last, of: fee, window: {last: 1h}", 10_000),
        ("entity: card, on: [payment.card], agg: distinct, of: fee, window: {last: 1h}", 1),
        ("entity: card, on: [payment.card], agg: distinct, of: card, window: {last: 1h}", 1),
        ("entity: card, on: [payment.card, label.fraud], agg: count, window: {calendar: month}", 1),
    ],
)
def test_scales_and_sources(folder: Path, text: str, scale: int) -> None:
    feature(folder, text)
    assert load_pack(folder).features["f"].scale == scale


def test_a_calendar_window_takes_the_zone_of_the_pack(folder: Path) -> None:
    feature(folder, "entity: card, on: [label.fraud], agg: count, window: {calendar: day}, offset: 1d")
    read = load_pack(folder).features["f"]
    assert read.window == Window(calendar="day", zone="Asia/Shanghai")
    assert (read.resolution_ms, read.offset_ms) == (EXACT, DAY)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("entity: card, on: [payment.card], agg: sum, of: score_in, window: {last: 1h}", "sum cannot take score_in"),
        ("entity: card, on: [payment.card], agg: distinct, of: phone, window: {last: 1h}", "phone is sealed"),
        ("entity: phone, on: [payment.card], agg: count, window: {last: 1h}", "phone is a string, not a key"),
        ("entity: device, on: [label.fraud], agg: count, window: {last: 1h}", "unknown entity 'device' in label.fraud"),
        (
            "entity: card, on: [payment.card], agg: sum, of: amount, where: 'currency == \"CNY\" || true',"
            " window: {last: 1h}",
            "would mix currencies",
        ),
        ("entity: card, on: [payment.card], agg: last, of: amount, unit: major, window: {last: 1h}", "mix currencies"),
        ("entity: card, on: [payment.card], agg: sum, window: {last: 1h}", "sum needs of"),
        ("entity: card, on: [payment.card], agg: count", "feature lacks window"),
        ("entity: card, agg: count, window: {last: 1h}", "feature lacks on"),
    ],
)
def test_what_features_may_not_read(folder: Path, text: str, message: str) -> None:
    feature(folder, text)
    assert any(message in problem.message for problem in problems(folder))


def test_a_long_exact_window_is_a_warning(folder: Path) -> None:
    feature(folder, "entity: card, on: [payment.card], agg: count, window: {last: 91d}, resolution: exact")
    (warning,) = load_pack(folder).warnings
    assert warning.severity == "warning"
    assert (warning.file, warning.line) == ("features.yaml", 2)


def test_ratio_and_value_features(folder: Path) -> None:
    feature(folder, "entity: card, on: [payment.card], agg: count, window: {last: 1h}")
    with (folder / "features.yaml").open("a", encoding="utf-8") as file:
        file.write("  - {name: r, version: 2, agg: ratio, of: [f, f], default: 0, title: {zh: 比, en: R}}\n")
        file.write("  - {name: v, version: 1, value: r * 2.0, title: {zh: 值, en: V}}\n")
    pack = load_pack(folder)
    assert (pack.features["r"].parts, pack.features["r"].default) == (("f", "f"), 0)
    assert pack.features["v"].value == "r * 2.0"
    assert pack.places["feature", "v", "value"].line == 4


def test_one_name_has_one_meaning(folder: Path) -> None:
    other = """
  payment.other:
    version: 1
    title: {zh: 其他, en: Other}
    fields:
      customer: {type: key, grade: sensitive, purpose: risk, title: {zh: 客户, en: Customer}}
      merchant: {type: code, grade: public, purpose: risk, title: {zh: 商户, en: Merchant}}
      device: {type: key, grade: public, purpose: risk, title: {zh: 设备, en: Device}}
"""
    with (folder / "events.yaml").open("a", encoding="utf-8") as file:
        file.write(other)
    messages = [problem.message for problem in problems(folder)]
    assert messages == [
        "customer is a sensitive key of space customer here, but a clear key in payment.card",
        "merchant is a clear code here, but a clear key in payment.card",
    ]


def test_money_needs_a_currency(folder: Path) -> None:
    found = problems(folder, ("events.yaml", "currency: {type: currency", "coin: {type: currency"))
    assert "amount is money, but there is no field currency" in [problem.message for problem in found]


def test_a_sealed_field_needs_a_subject(folder: Path) -> None:
    feature(folder, "entity: card, on: [payment.card], agg: count, window: {last: 1h}")
    found = problems(folder, ("events.yaml", "    subject: customer", "    # subject: customer"))
    assert [problem.message for problem in found] == ["phone is sensitive, but no subject is stated"]


def test_upcasts_are_read_and_checked(folder: Path) -> None:
    upcast = "    upcast: {2: {set: {device: none}, rename: {shop: merchant}}}\n    derive:"
    pack = load(folder, ("events.yaml", "    version: 1", "    version: 2"), ("events.yaml", "    derive:", upcast))
    (step,) = pack.events["payment.card"].upcasts
    assert (step.to, step.rename, step.set) == (2, (("shop", "merchant"),), (("device", "none"),))
    for old, new, message in (
        ("{2:", "{3:", "upcast 3 is not a version"),
        ("shop: merchant", "shop: market", "unknown field 'market'"),
        ("device: none", "device: 5", "no value an upcast can give device"),
        ("device: none", "card: k1", "no value an upcast can give card"),
    ):
        edit(folder, ("events.yaml", old, new))
        assert message in problems(folder)[0].message
        edit(folder, ("events.yaml", new, old))


# --- decision tables --------------------------------------------------------------------------------------------------

TABLE = """
tables:
  - id: by_amount
    title: {zh: 按金额, en: By amount}
    hit: first
    inputs: [base_amount, merchant]
    rows:
      - {id: small, when: ["< 100", "-"], score: 0, title: {zh: 小, en: Small}}
      - {id: large, when: [">= 100", 'in ["m1", "m2"]'], score: 20, outcome: review, reason: LARGE}
"""


def test_a_decision_table(folder: Path) -> None:
    with (folder / "rules.yaml").open("a", encoding="utf-8") as file:
        file.write(TABLE)
    pack = load_pack(folder)
    (table,) = pack.tables
    assert (table.hit, table.on, table.collect) == ("first", ("payment.card",), "")
    assert [text.text for text in table.inputs] == ["base_amount", "merchant"]
    cell = table.rows[1].cells[1]
    line = pack.sources["rules.yaml"].splitlines()[cell.place.line - 1]
    assert line[cell.place.column - 1 :].startswith(cell.text)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('["< 100", "-"]', '["< 100"]', "1 cells for 2 inputs"),
        ('["< 100", "-"]', '["<", "-"]', "cell '<' has nothing to compare with"),
        ("hit: first", "hit: collect", "hit: collect needs collect"),
        ("hit: first", "hit: all\n    collect: sum", "collect belongs to hit: collect"),
        ("hit: first", "hit: any", "hit 'any' is unknown"),
        ("id: small", "id: large", "id 'large' stands twice"),
        ("id: by_amount", "id: velocity", "id 'velocity' stands twice"),
        ("inputs: [base_amount, merchant]", "inputs: []", "a table has 1 to 32 inputs, not 0"),
    ],
)
def test_what_a_table_must_be(folder: Path, old: str, new: str, message: str) -> None:
    with (folder / "rules.yaml").open("a", encoding="utf-8") as file:
        file.write(TABLE.replace(old, new, 1))
    assert any(message in problem.message for problem in problems(folder))


@pytest.mark.parametrize(
    ("cell", "expression"),
    [
        ("-", ""), (" - ", ""), ("< 5", "x < 5"), (">=5", "x >= 5"), ("!= y", "x != y"), ("== 5", "x == 5"),
        ("5", "x == 5"), ("-5", "x == -5"), ('"a"', 'x == "a"'), ("true", "x == true"), ("in [1, 2]", "x in [1, 2]"),
        ("in lists.watch", "x in lists.watch"), ('"in a"', 'x == "in a"'), ('money("5")', 'x == money("5")'),
        ("< a ? b : c", "x < (a ? b : c)"), ('"<"', 'x == "<"'), ("index", "x == index"), ("a || b", "x == (a || b)"),
    ],
)  # fmt: skip
def test_cells_are_conditions(cell: str, expression: str) -> None:
    assert cell_expression("x", cell) == expression


def test_a_compound_input_is_kept_together() -> None:
    assert cell_expression("a + b", "< 5") == "(a + b) < 5"
    assert cell_expression("a ? b : c", "5") == "(a ? b : c) == 5"


@pytest.mark.parametrize(
    ("where", "code"),
    [
        ('currency == "CNY"', "CNY"), ("currency=='USD'", "USD"), ('"EUR" == currency', "EUR"),
        ('amount > 5 && currency == "CNY"', "CNY"), ('(currency == "CNY") && a', "CNY"),
        ('(a || b) && currency == "CNY"', "CNY"), ('(a && (currency == "CNY" && b))', "CNY"),
        ("", ""), ('currency == "XXX"', ""), ('currency != "CNY"', ""), ('!(currency == "CNY")', ""),
        ('currency == "CNY" || a', ""), ('a ? currency == "CNY" : b', ""), ('(currency == "CNY" || a) && b', ""),
        ('note == "x && currency == \\"CNY\\" && y"', ""), ('(a && currency == "CNY" && b) == (c)', ""),
        ("note == 'a && ' && currency == \"CNY\"", "CNY"),
    ],
)  # fmt: skip
def test_the_currency_a_condition_pins(where: str, code: str) -> None:
    assert currency_pinned(where) == code


def test_tests_may_hold_labels_and_list_entries(folder: Path) -> None:
    given = (
        '    given:\n      - {at: "2026-11-19T10:00:00.000Z", list: watch_merchants, entry_id: e1, key: m9}\n'
        '      - {at: "2026-11-19T11:00:00.000Z", label: fraud, event_id: given-1, card: k1}\n'
    )
    with (folder / "events.yaml").open("a", encoding="utf-8") as file:
        file.write(LABELS)
    records = load(folder, ("tests.yaml", "    given:\n", given)).tests[0].given
    assert [record.kind for record in records[:3]] == ["list", "label", "event"]
    assert records[0].body["valid_from"] == "2026-11-19T10:00:00.000Z"
    assert records[1].body["label_time"] == "2026-11-19T11:00:00.000Z"
