"""Texts: what is marked is in the catalogs, translated, in Han; .mo files say what the .po parts say."""

from __future__ import annotations

import gettext
import io
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall.console import extract
from seawall.console.catalog import (
    LOCALE,
    CatalogError,
    Message,
    Translation,
    compiled,
    machine_object,
    merged,
    parse,
    read,
    render,
)

HAN = re.compile(r"[一-鿿]")
PLACEHOLDER = re.compile(r"%\(\w+\)[a-z]|%%")
PARTS = sorted((LOCALE / "zh_Hans").glob("*.po"))
ROOMS = sorted(extract.messages())


@pytest.mark.parametrize("room", ROOMS)
def test_every_marked_text_is_in_the_catalog_and_none_is_stale(room: str) -> None:
    """Run `python -m seawall.console.extract` and translate what it adds."""
    wanted = set(extract.messages()[room])
    known = set(read(LOCALE / "zh_Hans" / f"{room}.po"))
    assert {one.text for one in wanted - known} == set()
    assert {one.text for one in known - wanted} == set()


@pytest.mark.parametrize("path", PARTS, ids=lambda path: path.stem)
def test_every_text_is_translated_into_chinese(path: Path) -> None:
    part = read(path)
    assert [one.text for one, translation in part.items() if not translation.complete] == []
    without_han = [one.text for one, tr in part.items() if not all(HAN.search(form) for form in tr.forms)]
    assert [text for text in without_han if re.search("[a-z]{2}", PLACEHOLDER.sub("", text))] == []


@pytest.mark.parametrize("path", PARTS, ids=lambda path: path.stem)
def test_placeholders_survive_translation(path: Path) -> None:
    def names(text: str) -> set[str]:
        return set(PLACEHOLDER.findall(text))

    wrong = [
        one.text
        for one, translation in read(path).items()
        if any(names(form) != names(one.plural or one.text) for form in translation.forms if form)
    ]
    assert wrong == []


def test_rooms_do_not_contradict_each_other() -> None:
    assert merged("zh_Hans")


TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), min_size=1, max_size=30)
MESSAGES = st.builds(Message, TEXTS, st.just("") | TEXTS, st.just("") | TEXTS)


@given(st.dictionaries(MESSAGES, TEXTS, max_size=8))
def test_what_is_written_is_read(texts: dict[Message, str]) -> None:
    part = {message: Translation((text,)) for message, text in texts.items()}
    assert parse(render(part)) == part


@given(st.dictionaries(TEXTS, TEXTS, max_size=8))
def test_the_standard_library_reads_the_mo(texts: dict[str, str]) -> None:
    part = {Message(text): Translation((other,)) for text, other in texts.items()}
    found = gettext.GNUTranslations(io.BytesIO(machine_object(part, "zh_Hans")))
    assert {text: found.gettext(text) for text in texts} == texts


def test_plurals_and_contexts_reach_gettext() -> None:
    part = {
        Message("%(n)s row", "%(n)s rows"): Translation(("%(n)s ROW", "%(n)s ROWS")),
        Message("Open", context="verb"): Translation(("OPEN!",)),
    }
    found = gettext.GNUTranslations(io.BytesIO(machine_object(part, "en")))
    assert [found.ngettext("%(n)s row", "%(n)s rows", n) for n in (1, 2)] == ["%(n)s ROW", "%(n)s ROWS"]
    assert found.pgettext("verb", "Open") == "OPEN!"
    assert found.gettext("Open") == "Open"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('msgid "a"\nmsgstr "b"\n\nmsgid "a"\nmsgstr "c"\n', "stands twice"),
        ('msgid "a"\n\nmsgid "b"\nmsgstr "c"\n', "has no msgstr"),
        ('msgid a\nmsgstr "b"\n', "cannot read"),
        ('message "a"\n', "cannot read"),
    ],
)
def test_a_damaged_part_is_named(text: str, says: str) -> None:
    with pytest.raises(CatalogError, match=says) as caught:
        parse(text, "room.po")
    assert str(caught.value).startswith("room.po:")


def test_rooms_that_disagree_are_refused(tmp_path: Path) -> None:
    (tmp_path / "en").mkdir()
    for room, word in (("a", "one"), ("b", "two")):
        (tmp_path / "en" / f"{room}.po").write_text(f'msgid "x"\nmsgstr "{word}"\n')
    with pytest.raises(CatalogError, match="in another room"):
        merged("en", tmp_path)


def test_fuzzy_and_empty_texts_fall_back_to_the_msgid(tmp_path: Path) -> None:
    (tmp_path / "en").mkdir()
    (tmp_path / "en" / "a.po").write_text('#, fuzzy\nmsgid "x"\nmsgstr "y"\n\nmsgid "z"\nmsgstr ""\n')
    assert merged("en", tmp_path) == {}


def test_compiled_once_for_each_content(tmp_path: Path) -> None:
    locale, cache = tmp_path / "locale", tmp_path / "cache"
    (locale / "zh_Hans").mkdir(parents=True)
    part = locale / "zh_Hans" / "a.po"
    part.write_text('msgid "x"\nmsgstr "甲"\n')
    first = compiled(cache, locale)
    made = (first / "zh_Hans" / "LC_MESSAGES" / "django.mo").stat().st_mtime_ns
    assert compiled(cache, locale) == first
    assert (first / "zh_Hans" / "LC_MESSAGES" / "django.mo").stat().st_mtime_ns == made
    part.write_text('msgid "x"\nmsgstr "乙"\n')
    assert compiled(cache, locale) != first


def test_texts_are_found_in_templates() -> None:
    template = """{% load i18n %}{% translate "One" %} {% trans "Two" context "c" %} {{ _("Three") }}
    {% blocktranslate count n=x trimmed %}{{ n }} row{% plural %}{{ n }} rows{% endblocktranslate %}"""
    assert set(extract.template_messages(template)) == {
        Message("One"), Message("Two", context="c"), Message("Three"), Message("%(n)s row", "%(n)s rows"),
    }  # fmt: skip


def test_texts_are_found_in_python() -> None:
    module = """from django.utils.translation import gettext as _, ngettext, pgettext_lazy
a = _("One"), ngettext("%(n)s row", "%(n)s rows", n), pgettext_lazy("c", "Two"), _(variable)"""
    assert set(extract.python_messages(module)) == {
        Message("One"), Message("%(n)s row", "%(n)s rows"), Message("Two", context="c"),
    }  # fmt: skip
    assert list(extract.python_messages('_("not a text")')) == []


def test_parts_follow_the_code(tmp_path: Path) -> None:
    source, locale = tmp_path / "src", tmp_path / "locale"
    (source / "apps" / "cases").mkdir(parents=True)
    head = "from django.utils.translation import gettext as _\n"
    (source / "apps" / "cases" / "console.py").write_text(head + '_("kept"), _("new")')
    (locale / "zh_Hans").mkdir(parents=True)
    part = locale / "zh_Hans" / "cases.po"
    part.write_text('msgid "kept"\nmsgstr "留"\n\nmsgid "gone"\nmsgstr "去"\n')
    (text,) = extract.synchronised("zh_Hans", source, locale).values()
    assert parse(text) == {Message("kept"): Translation(("留",)), Message("new"): Translation(("",))}


def test_a_file_belongs_to_its_room() -> None:
    assert extract.room_of(extract.SOURCE / "apps/cases/queries.py") == "cases"
    assert extract.room_of(extract.SOURCE / "console/tables.py") == "console"
