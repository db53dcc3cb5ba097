from collections.abc import Callable
from pathlib import Path

import pytest

from seawall.engine.errors import PackError
from seawall.engine.history import HistoryMapping, load_mapping
from seawall.engine.pack import Pack

from .conftest import MAPPING

Mapped = Callable[[str], HistoryMapping]


def test_a_good_mapping_is_read_whole(mapped: Mapped) -> None:
    mapping = mapped(MAPPING + "sort: event_time\nduplicates: skip\n")
    assert (mapping.types, mapping.sort, mapping.skip_duplicates) == (("payment.card",), True, True)
    assert mapping.fields["currency"].constant == "CNY"
    assert (mapping.labels[0].delay_ms, mapping.labels[0].record) == (3_600_000, True)
    assert list(mapping.columns()) == ["fraud", "amount", "customer", "at", "id"]


def test_several_types_by_a_column(mapped: Mapped) -> None:
    text = MAPPING.replace("event: payment.card", "event: {column: kind, values: {pay: payment.card, in: login}}")
    mapping = mapped(text.replace("  amount:", "  device: device\n  amount:"))
    assert mapping.types == ("payment.card", "login")
    assert mapping.type.values == {"pay": "payment.card", "in": "login"}


def test_the_hash_is_of_the_content_not_of_the_layout(mapped: Mapped) -> None:
    first = mapped(MAPPING).content_hash
    assert mapped("# a comment\n" + MAPPING).content_hash == first
    assert mapped(MAPPING.replace("1h", "2h")).content_hash != first


@pytest.mark.parametrize(
    ("change", "line", "words"),
    [
        (("event: payment.card", "event: payment.cart"), 2, "did you mean payment.card?"),
        (("event_id: id\n", ""), 0, "lacks event_id"),
        (("event_id: id", 'event_id: ""'), 3, "names no column"),
        (("event_id: id", "event_id: 7"), 3, "must name a column"),
        (("unit: rfc3339", "unit: fortnights"), 4, "unit 'fortnights' is unknown"),
        (("unit: rfc3339", "unit: ms, zone: Asia/Shanghai"), 4, "has its zone already"),
        (("unit: rfc3339", "unit: datetime, zone: Asia/Nowhere"), 4, "unknown time zone"),
        (("  customer: customer", "  custmer: customer"), 6, "did you mean customer?"),
        (("  customer: customer\n", ""), 6, "payment.card requires customer"),
        (("amount: amount", "amount: {column: amount, unit: cents}"), 7, "unit 'cents' is unknown"),
        (("amount: amount", "amount: {column: amount, constant: 1}"), 7, "either a column or a constant"),
        (("amount: amount", "amount: {constant: 1}"), 7, "takes no constant"),
        (("constant: CNY", "constant: XXY"), 8, "unknown currency 'XXY'"),
        (("label: fraud", "label: frod"), 10, "did you mean fraud?"),
        (("delay: 1h", "delay: soon"), 10, "is not a duration"),
        ((", delay: 1h", ""), 10, "needs either delay or time"),
        (("labels:", "sort: amount\nlabels:"), 9, "sort 'amount' is unknown"),
        (("labels:", "lables:"), 9, "did you mean labels?"),
    ],
)
def test_every_problem_says_where_and_what_to_do(
    mapped: Mapped, change: tuple[str, str], line: int, words: str
) -> None:
    with pytest.raises(PackError) as error:
        mapped(MAPPING.replace(*change))
    found = [problem for problem in error.value.problems if words in str(problem)]
    assert found, str(error.value)
    assert not line or found[0].line == line
    assert found[0].file == "mapping.yaml"


def test_a_label_for_measuring_only_needs_no_declaration(mapped: Mapped) -> None:
    mapping = mapped(MAPPING.replace("label: fraud", "label: chargeback, record: false"))
    assert (mapping.labels[0].label, mapping.labels[0].record) == ("chargeback", False)


def test_a_column_that_the_file_lacks_is_named_with_those_it_has(mapped: Mapped) -> None:
    with pytest.raises(PackError, match=r"mapping.yaml:6:13: x.csv has no column 'customer' \(did you mean custmer\?"):
        mapped(MAPPING).check_columns(["id", "at", "custmer", "amount", "fraud"], "x.csv")


def test_an_absent_mapping_file_is_one_clear_line(pack: Pack, tmp_path: Path) -> None:
    with pytest.raises(PackError, match="cannot be read: No such file"):
        load_mapping(tmp_path / "none.yaml", pack)
