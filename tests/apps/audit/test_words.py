"""No code stands on a page: every action that source code writes to the ledger has its words, in both languages."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse
from django.utils import translation

import seawall
from seawall.apps.accounts.models import User
from seawall.apps.audit import services
from seawall.apps.audit.actions import ACTIONS
from seawall.apps.audit.models import Outbox
from seawall.apps.audit.words import FIELDS, OBJECTS, action_word, actor_title, field_title, object_title
from seawall.apps.cases.models import LabelDelivery
from seawall.apps.outbox.states import TABLE

SOURCE = Path(seawall.__file__).parent
WRITERS = {"record", "_record", "save", "_close"}  # functions that pass an action on to the ledger
CODE = re.compile(r"[a-z_]+\.[a-z_]+")
HAN = re.compile(r"[一-鿿]")
MADE_UP = {  # f"label.{state}": the states that can stand there
    "label.": {"delivered", "refused"},
    "outbox.": {step.to for step in TABLE} - {"waiting", "sending", "retrying", "undone"},
}


def written() -> Iterator[tuple[str, str]]:
    """(action, file) of each call of a writer, of the words before its call that it may pass on, of made-up ones."""
    for path in sorted((SOURCE / "apps").rglob("*.py")):
        tree = ast.parse(path.read_text("utf-8"))
        for function in ast.walk(tree):
            calls = [one for one in ast.walk(function) if isinstance(one, ast.Call) and _called(one) in WRITERS]
            for call in calls:
                for argument in call.args[:3]:
                    for code in _codes(argument):
                        yield code, str(path.relative_to(SOURCE))
            passed = {argument.id for call in calls for argument in call.args[:2] if isinstance(argument, ast.Name)}
            for one in ast.walk(function):
                if isinstance(one, ast.Assign) and passed & {getattr(target, "id", "") for target in one.targets}:
                    for code in _codes(one.value):
                        yield code, str(path.relative_to(SOURCE))


def _called(call: ast.Call) -> str:
    return call.func.id if isinstance(call.func, ast.Name) else getattr(call.func, "attr", "")


def _codes(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.JoinedStr):
        start = str(node.values[0].value) if isinstance(node.values[0], ast.Constant) else ""
        if re.fullmatch(r"[a-z_]+\.", start):
            yield from (start + end for end in MADE_UP[start])  # KeyError: name its ends above
        return
    for one in (node.body, node.orelse) if isinstance(node, ast.IfExp) else (node,):
        if isinstance(one, ast.Constant) and isinstance(one.value, str) and CODE.fullmatch(one.value):
            yield one.value


def test_every_action_written_in_the_source_has_words() -> None:
    """Add what fails here to apps/audit/actions.py; drop what no code writes any more."""
    found = dict(written())
    assert len(found) > 120, "the search has lost its calls"
    assert {code: path for code, path in found.items() if code not in ACTIONS} == {}
    assert sorted(set(ACTIONS) - set(found)) == []


@pytest.mark.parametrize("table", [{key: one.title for key, one in ACTIONS.items()}, OBJECTS, FIELDS])
def test_words_are_in_both_languages(table: dict[str, Any]) -> None:
    with translation.override("en"):
        english = {key: str(title) for key, title in table.items()}
    with translation.override("zh-hans"):
        chinese = {key: str(title) for key, title in table.items()}
    assert {key for key, title in english.items() if not title or title == key or CODE.fullmatch(title)} == set()
    assert {key for key, title in chinese.items() if not HAN.search(title)} == set()
    if table not in (OBJECTS, FIELDS):
        assert len(set(english.values())) == len(table), "two actions have one name"
        assert len(set(chinese.values())) == len(table), "two actions have one Chinese name"


def test_the_made_up_codes_are_those_of_the_states() -> None:
    assert {str(one) for one in LabelDelivery.State} >= MADE_UP["label."]


def test_an_unknown_code_shows_as_itself() -> None:
    assert action_word("ship.launched").title == "ship.launched"
    assert (object_title("ship"), field_title("keel")) == ("ship", "keel")


@pytest.mark.django_db
def test_actors_have_names(make_user: Callable[..., Any]) -> None:
    ada = make_user("ada")
    assert str(actor_title(f"user:{ada.pk}")) == "ada"
    assert actor_title(f"user:{ada.pk}", {f"user:{ada.pk}": "Ada"}) == "Ada"
    assert [str(actor_title(one)) for one in ("system", "rule:burst")] == ["System", "Rule burst"]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("language", "action", "kind"), [("en", "Queue changed", "Queue"), ("zh-hans", "修改队列", "队列")]
)
def test_the_pages_speak_words(signed_in: Callable[..., Client], language: str, action: str, kind: str) -> None:
    client = signed_in("auditor")
    client.cookies["django_language"] = language
    with transaction.atomic():
        about = {"changed": {"severity": [1, 3]}, "version": 4}
        services.record(services.SYSTEM, "queue.changed", "queue", "q-1", about)
    row = Outbox.objects.get(action="queue.changed")
    User.objects.update(language=language)
    listed = client.get(reverse("audit:entries")).content.decode()
    assert action in listed
    assert kind in listed
    assert ">queue.changed<" not in listed
    shown = client.get(reverse("audit:entry", args=[row.ledger_index])).content.decode()
    assert action in shown
    assert "<td><code>1</code></td><td><code>3</code></td>" in shown
