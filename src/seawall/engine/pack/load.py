"""A folder of YAML files read into one Pack, or refused with every problem found."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from seawall.engine.errors import PackError, Problem
from seawall.engine.pack.challenges import read_challenges, read_tips, reasons_of
from seawall.engine.pack.events import read_events
from seawall.engine.pack.features import read_features
from seawall.engine.pack.links import read_links
from seawall.engine.pack.model import Pack, Place
from seawall.engine.pack.models import read_artefacts, read_models
from seawall.engine.pack.policy import Content, read_lists, read_policy, read_tests
from seawall.engine.pack.reader import Node, did_you_mean
from seawall.engine.pack.rules import Known, read_rules
from seawall.engine.pack.settings import read_settings
from seawall.engine.yaml import Document
from seawall.engine.yaml import load as load_yaml

FILES = (
    "events.yaml", "links.yaml", "features.yaml", "models.yaml", "lists.yaml", "limits.yaml", "switches.yaml",
    "rules.yaml", "challenges.yaml", "tips.yaml", "policy.yaml", "tests.yaml",
)  # fmt: skip
REQUIRED = ("events.yaml", "policy.yaml")


def load_pack(folder: Path) -> Pack:
    """Read and check a pack. PackError carries every structural problem with file, line, column and suggestion.

    Expressions are kept as text with their places; whoever compiles the policy checks them.
    """
    problems: list[Problem] = []
    sources, documents = _read(folder, problems)
    roots = {name: Node(document, document.data, (), problems) for name, document in documents.items()}
    places: dict[tuple[str, ...], Place] = {}
    settings = read_events(roots["events.yaml"], places)
    lists = read_lists(roots["lists.yaml"], settings, places)
    limits = read_settings(roots["limits.yaml"], roots["switches.yaml"], settings, places)
    policy = read_policy(roots["policy.yaml"], settings, lists, places)
    links = read_links(roots["links.yaml"], settings, places)
    features = read_features(roots["features.yaml"], settings, places, links)
    challenges = read_challenges(roots["challenges.yaml"], settings, policy.on, places)
    rules, tables = read_rules(roots["rules.yaml"], Known(settings.events, lists, policy.on, tuple(challenges)), places)
    ids = frozenset([rule.id for rule in rules] + [table.id for table in tables])
    models = read_models(roots["models.yaml"], policy.on, limits, places)
    artefacts = read_artefacts(folder, roots["models.yaml"], models)
    tips = read_tips(roots["tips.yaml"], reasons_of(rules, tables, lists, models))
    tests = read_tests(roots["tests.yaml"], Content(settings, policy, features, lists, limits, ids))
    errors = [problem for problem in problems if problem.severity == "error"]
    if errors:
        raise PackError(problems)
    return Pack(
        name=settings.name,
        base_currency=settings.base_currency,
        zone=settings.zone,
        lateness_ms=settings.lateness_ms,
        idempotency_ms=settings.idempotency_ms,
        events=settings.events,
        labels=settings.labels,
        features=features,
        lists=lists,
        rules=rules,
        tables=tables,
        policy=policy,
        tests=tests,
        content_hash=_content_hash({name: documents[name] for name in sources}),
        sources=sources,
        places=places,
        warnings=tuple(problems),
        models=models,
        artefacts=artefacts,
        settings=limits,
        challenges=challenges,
        tips=tips,
        links=links,
    )


def _read(folder: Path, problems: list[Problem]) -> tuple[dict[str, str], dict[str, Document]]:
    """The texts of the files that exist, and a document (perhaps empty) for each file a pack may have."""
    if not folder.is_dir():
        raise PackError([Problem("is not a folder", "name the folder that holds events.yaml", str(folder))])
    names = sorted(path.name for path in folder.iterdir() if path.suffix in (".yaml", ".yml"))
    for name in names:
        if name not in FILES and not name.startswith("mapping"):
            problems.append(Problem("is no file of a pack", did_you_mean(name, FILES), name))
    sources, documents = {}, {}
    for name in FILES:
        documents[name] = Document(name)
        if name not in names:
            if name in REQUIRED:
                problems.append(Problem("is missing", "a pack has at least events.yaml and policy.yaml", name))
            continue
        try:
            content = (folder / name).read_bytes()
            documents[name] = load_yaml(content, name)
            sources[name] = content.decode("utf-8-sig")
        except PackError as error:
            problems.extend(error.problems)
        except OSError as error:
            problems.append(Problem(f"cannot be read: {error.strerror}", "check its permissions", name))
    if any(name not in sources for name in REQUIRED):
        raise PackError(problems)
    return sources, documents


def _content_hash(documents: dict[str, Document]) -> str:
    digest = hashlib.sha256(b"seawall-pack-1\n")
    for name in sorted(documents):
        data = json.dumps(_text_keys(documents[name].data), separators=(",", ":"), sort_keys=True).encode()
        digest.update(f"{name} {len(data)}\n".encode() + data)
    return digest.hexdigest()


def _text_keys(data: Any) -> Any:
    """The same data with every key as text, as JSON sorts and writes it."""
    if isinstance(data, dict):
        return {str(key): _text_keys(value) for key, value in data.items()}
    return [_text_keys(item) for item in data] if isinstance(data, list) else data
