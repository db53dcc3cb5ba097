import shutil
from pathlib import Path

import pytest

from seawall.engine.engine import Engine
from seawall.engine.errors import PackError, Problem, StateError
from seawall.engine.graph.definition import DEFAULT_HOPS, Links
from seawall.engine.pack import load_pack
from seawall.engine.pack.links import DEFAULT_HUB
from seawall.engine.policy import compile_policy
from seawall.engine.relive import longest_reach
from seawall.engine.snapshot import dump, restore
from seawall.engine.times import DAY, HOUR
from tests.engine.world import PACKS

CASES: list[tuple[str, str, str, str, str]] = [  # file, old, new (@ marks the place), message, suggestion
    ("links.yaml", "links:", "@link:", "unknown key 'link'", "did you mean links?"),
    ("links.yaml", "member: customer", "member: @custmer", "unknown key field 'custmer'", "customer"),
    ("links.yaml", "within: 2d", "within: @10m", "must lie between 1h and 400d", "90d"),
    ("links.yaml", "within: 2d", "within: @401d", "must lie between 1h and 400d", "90d"),
    ("links.yaml", "within: 2d", "within: @3600500ms", "not whole seconds", "second"),
    ("links.yaml", "period: 36h", "period: @3d", "longer than links last", "shorten"),
    ("links.yaml", "period: 36h", "period: @5m", "period must lie between 1h and 400d", ""),
    ("links.yaml", "key: device", "key: @customer", "customer stands twice", "once"),
    ("links.yaml", "key: ip", "key: @device", "device stands twice", "once"),
    ("links.yaml", "key: ip", "key: @items", "unknown key field 'items'", ""),
    ("links.yaml", "on: [pay], hub: 2", "on: @[login], hub: 2", "login has no key ip", "add ip"),
    ("links.yaml", "on: [pay], hub: 2", "on: @[visit], hub: 2", "visit has no key customer", "add customer"),
    ("links.yaml", "on: [pay], hub: 2", "on: @[], hub: 2", "names no event type", "name one"),
    ("links.yaml", "on: [pay], hub: 2", "on: [@label.fraud], hub: 2", "unknown event type 'label.fraud'", ""),
    ("links.yaml", "hub: 2", "hub: @1", "hub must lie between 2 and 200", ""),
    ("links.yaml", "hub: 2", "hub: @201", "hub must lie between 2 and 200", ""),
    ("links.yaml", "labels: [fraud]", "labels: [@froud]", "unknown label 'froud'", "did you mean fraud?"),
    ("links.yaml", "keys: [customer, device]", "keys: [customer, @ip]", "label fraud does not carry ip", "add it"),
    ("links.yaml", "keys: [customer, device]", "keys: [@items]", "unknown key of the links 'items'", ""),
    ("features.yaml", "link: linked,", "link: @linkd,", "link 'linkd' is unknown", "did you mean linked?"),
    ("features.yaml", "link: linked, entity: customer", "link: linked, entity: @items", "unknown key of the links", ""),
    ("features.yaml", "by: [device]", "by: [@customer]", "unknown shared key 'customer'", ""),
    ("features.yaml", "by: [device]", "by: @[]", "names no shared key", "device"),
    ("features.yaml", "default: 9", "default: @9.5", "not a whole number", "9 reads well"),
    ("features.yaml", "hops: 2", "hops: @7", "hops must lie between 1 and 6", ""),
    ("features.yaml", "by: [device]", "hops: @2", "hops belongs to distance", "remove"),
    ("features.yaml", "by: [device]", "default: @0", "default belongs to distance", "remove"),
    ("features.yaml", "by: [device]", "window: @{last: 1h}", "linked has no window", "remove"),
    ("features.yaml", "name: group, ", "name: group, by: @[ip], ", "a component is by all shared keys", "remove"),
    ("features.yaml", "window: {last: 2h}", "window: @{calendar: day}", "sliding window", "24h"),
    ("features.yaml", "window: {last: 2h}", "window: @{last: 2d}", "longer than the period", "shorten"),
    ("features.yaml", "window: {last: 2h}", "window: @{last: 1m}", "8 buckets of whole seconds", "hours"),
    ("features.yaml", "entity: customer, window: {last: 2h}", "entity: customer", "needs window", "24h"),
    ("features.yaml", "name: group, ", "agg: sum, name: group, ", "unknown key 'agg' of feature", ""),
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(PACKS / "linked", tmp_path / "pack"))


def edit(folder: Path, name: str, old: str, new: str) -> str:
    path = folder / name
    text = path.read_text("utf-8")
    assert old in text, f"{old!r} is not in {name}"
    text = text.replace(old, new, 1)
    path.write_text(text.replace("@", "", 1), "utf-8")
    return text


def problems(folder: Path) -> list[Problem]:
    with pytest.raises(PackError) as raised:
        load_pack(folder)
    return raised.value.problems


@pytest.mark.parametrize(("name", "old", "new", "message", "suggestion"), CASES)
def test_every_check_names_its_place(folder, name, old, new, message, suggestion):
    text = edit(folder, name, old, new)
    found = [one for one in problems(folder) if message in one.message]
    assert found, f"no problem says {message!r}: {[str(one) for one in problems(folder)]}"
    assert found[0].file == name
    assert suggestion in found[0].suggestion
    if "@" in text:
        before = text[: text.index("@")]
        assert (found[0].line, found[0].column) == (before.count("\n") + 1, len(before.rpartition("\n")[2]) + 1)


def test_links_are_read(folder):
    edit(folder, "links.yaml", "hub: 2, ", "")
    pack = load_pack(folder)
    links = pack.links
    assert isinstance(links, Links)
    assert (links.member, links.within_ms, links.keys) == ("customer", 2 * DAY, ("customer", "device", "ip", "payee"))
    assert links.period_ms == 36 * HOUR
    assert [one.hub for one in links.shared] == [3, DEFAULT_HUB, 5]
    assert (links.marked_by, links.marks) == (("label.fraud",), ("customer", "device"))
    assert pack.features["hops"].hops == DEFAULT_HOPS
    assert pack.features["linked_by_device"].by == ("device",)


def test_a_period_is_thirty_days_unless_stated(folder):
    edit(folder, "links.yaml", "  period: 36h\n", "")
    assert load_pack(folder).links.period_ms == 2 * DAY  # no longer than links last
    edit(folder, "links.yaml", "within: 2d", "within: 90d")
    assert load_pack(folder).links.period_ms == 30 * DAY


def test_features_of_links_need_links(folder):
    (folder / "links.yaml").unlink()
    assert any("declares no links" in one.message for one in problems(folder))


def test_growth_takes_four_windows_at_most(folder):
    with (folder / "features.yaml").open("a", encoding="utf-8") as file:
        for hours in (3, 4, 5):
            file.write(
                f"  - {{name: g{hours}, version: 1, link: component_growth, entity: customer, "
                f"window: {{last: {hours}h}}, title: {{zh: 增长, en: Growth}}}}\n"
            )
    assert any("over 5 different windows" in one.message for one in problems(folder))


def test_where_of_a_link_is_checked(folder):
    edit(folder, "links.yaml", "where: items > 1", "where: item > 1")
    with pytest.raises(PackError, match=r"links.yaml:8.*item"):
        compile_policy(load_pack(folder))


def test_a_link_feature_is_no_part_of_a_ratio(folder):
    with (folder / "features.yaml").open("a", encoding="utf-8") as file:
        title = "title: {zh: 比, en: Ratio}"
        file.write(f"  - {{name: share, version: 1, agg: ratio, of: [growth_2h, payments_1h], {title}}}\n")
    assert any("growth_2h has no window" in one.message for one in problems(folder))


def test_links_that_no_feature_reads_cost_nothing(folder):
    text = (folder / "features.yaml").read_text("utf-8")
    kept = [line for line in text.splitlines() if "link:" not in line and "near_fraud" not in line]
    (folder / "features.yaml").write_text("\n".join(kept), "utf-8")
    (folder / "rules.yaml").unlink()
    (folder / "tests.yaml").unlink()
    policy = compile_policy(load_pack(folder))
    assert [one.message for one in policy.warnings if one.file == "links.yaml"] == ["no feature reads links.yaml"]
    plan = policy.plan
    assert plan.links is None
    assert plan.spaces == ["customer"]


def test_a_snapshot_under_other_links_is_refused(folder):
    data = dump(Engine(compile_policy(load_pack(folder))))
    edit(folder, "links.yaml", "hub: 3", "hub: 4")
    with pytest.raises(StateError, match="other features"):
        restore(compile_policy(load_pack(folder)), data)


def test_titles_of_links_may_change(folder):
    data = dump(Engine(compile_policy(load_pack(folder))))
    edit(folder, "links.yaml", "Shared device", "One device")
    restore(compile_policy(load_pack(folder)), data)


def test_history_reaches_back_over_a_link_and_two_periods():
    assert longest_reach(compile_policy(load_pack(PACKS / "linked"))) == 5 * DAY + 1000
