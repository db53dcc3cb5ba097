"""Features and models edited by their forms: what is not touched stays as it is written, comments included."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from django.http import QueryDict

from tests.apps.decisions.home import PACK
from tests.apps.policies.test_pages import HTMX, People, at, mo, post, text

if TYPE_CHECKING:
    from django import forms
    from django.test import Client

    from seawall.apps.policies.models import Draft, Version

__all__ = ["mo"]
LINE = {"kind": "logistic", "intercept": -1.0, "features": [{"name": "card_count_10m", "weight": 0.7}]}
MODELS = """# scored after the features
models:
  - name: line  # the first one
    version: 1
    title: {zh: 逻辑回归, en: Logistic}
    file: models/line.json
    sha256: "%s"
    reasons: {card_count_10m: VELOCITY}
"""


def as_posted(form: forms.Form) -> QueryDict:
    """What a browser sends of a form that nobody has touched."""
    page = QueryDict(mutable=True)
    for name, field in form.fields.items():
        value = form.get_initial_for_field(field, name)
        page.setlist(name, value if isinstance(value, list) else ["" if value is None else str(value)])
    return page


def feature_form(draft: Draft, name: str) -> dict[str, Any]:
    from seawall.apps.policies.console.desk import Desk
    from seawall.apps.policies.console.editor import form_for

    shown = form_for("feature", name, Desk(draft))
    assert shown is not None
    return dict(as_posted(shown).lists())


def test_no_feature_of_the_pack_changes_by_being_saved(draft: Draft) -> None:
    from seawall.apps.policies.console.desk import Desk
    from seawall.apps.policies.console.editor import form_for
    from seawall.apps.policies.console.feature_forms import shape_of
    from seawall.apps.policies.console.saving import _edits

    desk = Desk(draft)
    shapes = set()
    for name in desk.names("feature"):
        shown = form_for("feature", name, desk)
        assert shown is not None
        filled = form_for("feature", name, desk, as_posted(shown))
        assert filled is not None
        assert filled.is_valid(), (name, filled.errors)
        assert _edits(filled, "feature", name, desk) == [], name
        shapes.add(shape_of(desk.entry("feature", name) or {}))
    assert {"windowed", "ratio", "value"} <= shapes


def test_a_window_and_a_filter_are_changed_in_place(mo: Client, draft: Draft) -> None:
    from seawall.apps.policies import bundles

    before = bundles.texts(draft.digest)["features.yaml"]
    assert "Only where" in text(mo, f"{at('draft', draft.pk)}?show=feature:card_count_10m")
    asked = feature_form(draft, "card_count_10m") | {"last": "15m", "where": 'channel == "online"'}
    answer = post(mo, draft, "draft_form", 200, show="feature:card_count_10m", **asked)
    assert "10m → 15m" in answer
    after = bundles.texts(draft.digest)["features.yaml"]
    changed = [line for line in after.splitlines() if line not in before.splitlines()]
    assert len(changed) == 1
    assert "window: {last: 15m}" in changed[0]
    assert 'channel == "online"' in changed[0]
    assert [line for line in after.splitlines() if "#" in line] == [line for line in before.splitlines() if "#" in line]
    post(mo, draft, "draft_form", 200, show="feature:card_count_10m", **asked | {"where": "", "last": "10m"})
    assert bundles.texts(draft.digest)["features.yaml"] == before
    assert "Not saved" in post(mo, draft, "draft_form", 422, show="feature:card_count_10m", **asked | {"version": "x"})


def test_a_feature_is_added_moved_and_removed(mo: Client, draft: Draft) -> None:
    from seawall.apps.policies import queries
    from seawall.apps.policies.console.desk import Desk

    assert "New feature" in text(mo, f"{at('draft', draft.pk)}?show=new-feature")
    new: dict[str, Any] = {
        "name": "card_pairs_2h", "version": "1", "title_zh": "本卡2小时笔数", "title_en": "Payments", "agg": "count",
        "entity": "card, merchant", "on": ["payment.card"], "last": "2h", "default": "0",
    }  # fmt: skip
    answer = mo.post(at("draft_form", draft.pk), {"token": draft.revision, "show": "new-feature", **new}, **HTMX)
    assert answer.headers.get("HX-Redirect", "").endswith("show=feature%3Acard_pairs_2h"), answer.content[:500]
    draft.refresh_from_db()
    assert Desk(draft).entry("feature", "card_pairs_2h") == {
        "name": "card_pairs_2h", "version": 1, "title": {"zh": "本卡2小时笔数", "en": "Payments"}, "agg": "count",
        "entity": ["card", "merchant"], "on": ["payment.card"], "window": {"last": "2h"}, "default": 0,
    }  # fmt: skip
    assert queries.content(draft.digest).checked.ok
    post(mo, draft, "draft_form", 204, show="feature:card_pairs_2h", do="move:0")
    assert Desk(draft).names("feature")[0] == "card_pairs_2h"
    post(mo, draft, "draft_form", 204, show="feature:card_pairs_2h", do="remove")
    assert "card_pairs_2h" not in Desk(draft).names("feature")


@pytest.fixture
def modelled(first: Version, people: People) -> Draft:
    """A draft of the policy with two artefacts, one of them a model's."""
    from seawall.apps.policies import bundles
    from seawall.apps.policies.services import drafts
    from seawall.engine.model import model_hash

    data = json.dumps(LINE).encode()
    files = {path.name: path.read_bytes() for path in PACK.glob("*.yaml")} | {
        "models/line.json": data, "models/next.json": data + b"\n",
        "models.yaml": (MODELS % model_hash(data)).encode(),
    }  # fmt: skip
    draft = drafts.open_draft(people["mo"], first.pk)
    draft.bundle = bundles.put(files)
    draft.save(update_fields=["bundle"])
    return draft


def test_a_model_gets_another_artefact_and_a_fallback(mo: Client, modelled: Draft) -> None:
    from seawall.apps.policies import bundles, queries
    from seawall.engine.model import model_hash

    assert "Artefact" in text(mo, f"{at('draft', modelled.pk)}?show=model:line")
    before = bundles.texts(modelled.digest)
    same: dict[str, Any] = {
        "title_zh": "逻辑回归", "title_en": "Logistic", "version": "1", "file": "models/line.json", "inputs": "",
        "reasons": "card_count_10m: VELOCITY", "top": "", "fallback_score": "0", "fallback_outcome": "review",
    }  # fmt: skip
    post(mo, modelled, "draft_form", 200, show="model:line", **same)
    assert bundles.texts(modelled.digest) == before
    asked = same | {
        "file": "models/next.json", "version": "2", "inputs": "card_count_10m: card_merchants_1h",
        "fallback_score": "20", "fallback_outcome": "review",
    }  # fmt: skip
    post(mo, modelled, "draft_form", 200, show="model:line", **asked)
    after = bundles.texts(modelled.digest)
    assert "# the first one" in after["models.yaml"]
    assert model_hash(json.dumps(LINE).encode() + b"\n") in after["models.yaml"]
    found = queries.content(modelled.digest)
    pack = found.checked.pack
    assert pack is not None, found.problems
    model, fallback = pack.models["line"], pack.policy.fallback
    inputs = {"card_count_10m": "card_merchants_1h"}
    assert (model.file, model.version, dict(model.inputs)) == ("models/next.json", 2, inputs)
    assert (fallback.model_score, fallback.model_outcome) == (20, "review")
    post(mo, modelled, "draft_form", 200, show="model:line", **asked | {"fallback_score": "", "fallback_outcome": ""})
    assert "model:" not in bundles.texts(modelled.digest)["policy.yaml"]
    for wrong in ({"inputs": "no colon"}, {"fallback_score": "5", "fallback_outcome": ""}, {"file": "models/no.json"}):
        assert "Not saved" in post(mo, modelled, "draft_form", 422, show="model:line", **asked | wrong)
