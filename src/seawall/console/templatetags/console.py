"""`{% load console %}`: values as CONSOLE.md writes them, icons, charts, and query strings."""

from __future__ import annotations

from typing import Any

from django import template
from django.http import QueryDict
from django.template.context import RequestContext
from django.utils.safestring import SafeString

from seawall.console import assets, charts, formatting, links, markup, waterfall
from seawall.console.shell import Shell

register = template.Library()

for _name, _render in {
    "icon": markup.icon,
    "chip": markup.chip,
    "outcome": markup.outcome,
    "severity": markup.severity,
    "money": markup.money,
    "when": markup.when,
    "age": markup.age,
    "due": markup.due,
    "id": markup.identifier,
    "entity": markup.entity,
    "person": markup.person,
    "score": markup.score,
    "flag": markup.flag,
    "coded": markup.coded,
    "tags": markup.tags,
    "chart": charts.markup,
    "chart_image": charts.image,
    "spark": charts.spark,
    "waterfall": waterfall.markup,
}.items():
    register.simple_tag(_render, name=_name)

register.simple_tag(assets.pinned, name="asset")

register.filter("number", formatting.number)
register.filter("compact", formatting.compact)
register.filter("percent", formatting.percent)
register.filter("duration", formatting.duration)
register.filter("in_full", formatting.in_full)


@register.simple_tag
def link_to(kind: str, key: object) -> str:
    """The address of a thing's page, or "" where no app shows it."""
    return links.url_of(kind, key) or ""


@register.simple_tag
def value(kind: str, what: Any) -> SafeString:
    """A value as a table of that kind shows it: `{% value "money" row.amount %}`."""
    return markup.KINDS[kind](what)


@register.simple_tag(takes_context=True)
def query(context: RequestContext, **changes: Any) -> str:
    """The page's query string with some parameters changed; None or "" removes one: `?{% query sort="-score" %}`."""
    request = context["request"]
    asked: QueryDict = request.GET.copy()
    for name, one in changes.items():
        if one in (None, ""):
            asked.pop(name, None)
        else:
            asked[name] = str(one)
    return f"?{asked.urlencode()}"


@register.simple_tag(takes_context=True)
def shell(context: RequestContext) -> Shell:
    """What the frame needs: `{% shell as shell %}`; needs no context processor."""
    return Shell(context["request"])
