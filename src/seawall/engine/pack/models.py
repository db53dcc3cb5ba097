"""models.yaml: models as steps of the policy, and the artefacts they are read from."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from pathlib import Path, PurePosixPath

from seawall.engine.model import ModelError, model_hash, read_artefact
from seawall.engine.pack.model import Artefact, ModelDefinition, Place
from seawall.engine.pack.reader import REASON, Node, did_you_mean
from seawall.engine.settings import SWITCHES

MAX_MODELS = 16
MAX_TOP = 16
MAX_ARTEFACTS = 512 << 20  # bytes of a pack's artefacts together
_HASH = re.compile(r"[0-9a-fA-F]{64}", re.ASCII)
_REQUIRED = ("name", "version", "title", "file", "sha256")
_MODEL = (*_REQUIRED, "on", "inputs", "reasons", "top", "calibration", "switch")
_CALIBRATION = ("file", "sha256")


def read_models(
    root: Node, on: tuple[str, ...], settings: Collection[str], places: dict[tuple[str, ...], Place]
) -> dict[str, ModelDefinition]:
    """Models by name, with every problem noted; they run on the policy's types `on` unless they say otherwise.

    `settings` names the pack's limits and switches.
    """
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
            calibration=_calibration(node["calibration"], name, places) if node.has("calibration") else None,
            switch=_switch(node, settings),
        )
    return models


def read_artefacts(folder: Path, root: Node, models: Mapping[str, ModelDefinition]) -> dict[str, bytes]:
    """The bytes of the models' files and their calibrations', by file; one that cannot be had, or has another hash, is
    noted."""
    nodes: dict[str, Node] = {}
    for node in root["models"].items() if models else ():
        nodes.setdefault(str(node["name"].value), node)
    artefacts: dict[str, bytes] = {}
    for name, model in models.items():
        _read_one(folder, nodes[name], Artefact(model.file, model.sha256), artefacts)
        if model.calibration is not None:
            _read_one(folder, nodes[name]["calibration"], model.calibration, artefacts)
    if sum(map(len, artefacts.values())) > MAX_ARTEFACTS:
        root["models"].problem(f"the models are larger than {MAX_ARTEFACTS >> 20} MiB together", "split the pack")
    return artefacts


def _read_one(folder: Path, node: Node, wanted: Artefact, artefacts: dict[str, bytes]) -> None:
    """Put the bytes of the file that the node names among the artefacts."""
    if wanted.file and wanted.file not in artefacts:
        data = _read(folder, node["file"], wanted.file)
        if data is not None:
            artefacts[wanted.file] = data
    data = artefacts.get(wanted.file)
    if data is not None and wanted.sha256 and (found := model_hash(data)) != wanted.sha256:
        message = f"{wanted.file} has SHA-256 {found}, not {wanted.sha256}"
        node["sha256"].problem(message, "restore the approved file, or have this one approved")


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


def _switch(node: Node, settings: Collection[str]) -> str:
    """The setting that the model runs under; "" where it names none."""
    name = node.text("switch")
    if name and SWITCHES + name not in settings:
        switches = [one.removeprefix(SWITCHES) for one in settings if one.startswith(SWITCHES)]
        node["switch"].problem(
            f"unknown switch {name!r}", did_you_mean(name, switches) or "declare it in switches.yaml"
        )
        return ""
    return SWITCHES + name if name else ""


def _calibration(node: Node, name: str, places: dict[tuple[str, ...], Place]) -> Artefact | None:
    if not node.members(_CALIBRATION, _CALIBRATION, "calibration"):
        return None
    places["model", name, "calibration"] = node["file"].place
    return Artefact(_file(node), _sha256(node))


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
