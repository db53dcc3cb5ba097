"""models.yaml: models as steps of the policy, and the artefacts they are read from."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from seawall.engine.model import ModelError, model_hash, read_artefact
from seawall.engine.pack.model import ModelDefinition, Place
from seawall.engine.pack.reader import REASON, Node

MAX_MODELS = 16
MAX_TOP = 16
MAX_ARTEFACTS = 512 << 20  # bytes of a pack's artefacts together
_HASH = re.compile(r"[0-9a-fA-F]{64}", re.ASCII)
_REQUIRED = ("name", "version", "title", "file", "sha256")
_MODEL = (*_REQUIRED, "on", "inputs", "reasons", "top")


def read_models(root: Node, on: tuple[str, ...], places: dict[tuple[str, ...], Place]) -> dict[str, ModelDefinition]:
    """Models by name, with every problem noted; they run on the policy's types `on` unless they say otherwise."""
    models: dict[str, ModelDefinition] = {}
    if root.value is None or not root.members(("models",), ("models",), "models.yaml"):
        return models
    nodes = root["models"].items()
    if len(nodes) > MAX_MODELS:
        root["models"].problem(f"{len(nodes)} models; a pack may have {MAX_MODELS}", "split the pack")
    for node in nodes:
        if not node.members(_MODEL, _REQUIRED, "model") or not (name := node.name("name")):
            continue
        if name in models:
            node["name"].problem(f"model {name!r} stands twice", "rename one")
            continue
        places["model", name] = node.place
        places["model", name, "file"] = node["file"].place
        types = node.known_words("on", on, "event type of the policy") if node.has("on") else on
        if node["on"].value == []:
            node["on"].problem("on names no event type", "name one, or leave it out")
        models[name] = ModelDefinition(
            name=name,
            version=node.integer("version", 1, 10_000, 1),
            title=node.title(),
            file=_file(node),
            sha256=_sha256(node),
            on=types,
            inputs=_by_feature(node, "inputs", name, places),
            reasons=_by_feature(node, "reasons", name, places),
            top=node.integer("top", 0, MAX_TOP, 3),
        )
    return models


def read_artefacts(folder: Path, root: Node, models: Mapping[str, ModelDefinition]) -> dict[str, bytes]:
    """The bytes of the models' files, by file; a file that cannot be had, or has another hash, is noted."""
    nodes: dict[str, Node] = {}
    for node in root["models"].items() if models else ():
        nodes.setdefault(str(node["name"].value), node)
    artefacts: dict[str, bytes] = {}
    for name, model in models.items():
        if model.file and model.file not in artefacts:
            data = _read(folder, nodes[name]["file"], model.file)
            if data is not None:
                artefacts[model.file] = data
        data = artefacts.get(model.file)
        if data is not None and model.sha256 and (found := model_hash(data)) != model.sha256:
            message = f"{model.file} has SHA-256 {found}, not {model.sha256}"
            nodes[name]["sha256"].problem(message, "restore the approved file, or have this one approved")
    if sum(map(len, artefacts.values())) > MAX_ARTEFACTS:
        root["models"].problem(f"the models are larger than {MAX_ARTEFACTS >> 20} MiB together", "split the pack")
    return artefacts


def _read(folder: Path, node: Node, file: str) -> bytes | None:
    path = folder / file
    try:
        if not path.resolve().is_relative_to(folder.resolve()):
            node.problem(f"{file} leads out of the pack", "put the file itself into the pack's folder")
        elif not path.is_file():
            node.problem(f"{file} is not a file of the pack", "put the model there, or correct the path")
        else:
            return read_artefact(path)
    except (ModelError, OSError) as error:
        node.problem(f"{file} {error}")
    return None


def _by_feature(node: Node, key: str, name: str, places: dict[tuple[str, ...], Place]) -> dict[str, str]:
    """A mapping from the artefact's features to names, or to reason codes."""
    found = {}
    for feature, member in node[key].entries():
        places["model", name, key, feature] = member.place
        if not member.is_text(f"{key} of {feature}"):
            continue
        if key == "reasons" and not REASON.fullmatch(member.value):
            member.problem(f"reason {member.value!r} is not a reason code", "use A-Z, 0-9 and _, like VELOCITY")
            continue
        found[feature] = member.value
    return found


def _file(node: Node) -> str:
    file = node.text("file")
    path = PurePosixPath(file)
    if file and (path.is_absolute() or ".." in path.parts or "\\" in file or "\0" in file):
        node["file"].problem(f"{file!r} is no path inside the pack", "like models/card_fraud.txt")
        return ""
    return file


def _sha256(node: Node) -> str:
    text = node.text("sha256")
    if text and not _HASH.fullmatch(text):
        node["sha256"].problem("sha256 is not 64 hex digits", "state the SHA-256 of the file, in quotes")
        return ""
    return text.lower()
