"""What a weights file says of itself, read from its header alone: no torch, no tensor.

A safetensors file begins with the length of its header (8 bytes, little endian) and the header itself (JSON: every tensor's dtype, shape
and place, and free text under ``__metadata__``). Misora writes there: "format" (``misora/1``), "kind", "config" (JSON of the model's
configuration) and where the weights came from, such as "recipe" and "step".
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import math
import typing
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal, TypeVar, get_args

from misora.base.errors import MisoraError, WeightsError

ConfigT = TypeVar("ConfigT")

FORMAT = "misora/1"
Kind = Literal["video_vae", "transformer", "text_encoder", "planner", "upsampler", "interpolator", "turbo", "critic", "judge"]
ParserKind = Literal["critic", "judge"]
KINDS: tuple[Kind, ...] = ("video_vae", "transformer", "text_encoder")
"""What a pipeline needs; every one decides the frames and is named in a recipe."""
OPTIONAL_KINDS: tuple[Kind, ...] = ("upsampler",)
"""What a pipeline uses where it is there; named in the recipes of the videos that it had a part in."""
PLANNER_KINDS: tuple[Kind, ...] = ("planner",)
"""What says beforehand who is where, for a transformer that follows layouts."""
INTERPOLATOR_KINDS: tuple[Kind, ...] = ("interpolator",)
"""What makes pictures between pictures, where a frame rate is raised."""
READER_KINDS: tuple[Kind, ...] = ("critic",)
"""What reads where somebody is in pictures that a plan goes on from."""
ADAPTER_KINDS: tuple[Kind, ...] = ("turbo",)
"""What changes a transformer beside it: the few-step adapter."""
PARSER_KINDS: tuple[ParserKind, ...] = get_args(ParserKind)
"""What reads clips back. Only evaluation may load the judge."""
ALL_KINDS: tuple[Kind, ...] = get_args(Kind)
MAX_HEADER_BYTES = 100_000_000
BYTES_OF = {"F64": 8, "I64": 8, "F32": 4, "I32": 4, "F16": 2, "BF16": 2, "I16": 2, "F8_E4M3": 1, "F8_E5M2": 1, "I8": 1, "U8": 1, "BOOL": 1}


@dataclass(frozen=True, slots=True)
class WeightsInfo:
    """One weights file.

    Args:
        kind: Which network.
        config: The network's configuration, as JSON gave it.
        provenance: Everything else that the file says: recipe, step, ...
        shapes: Of every tensor by name.
        dtypes: Safetensors' names of the dtypes in use, the one that holds most numbers first.
    """

    path: Path
    kind: Kind
    config: dict[str, Any]
    provenance: Mapping[str, str]
    shapes: Mapping[str, tuple[int, ...]]
    dtypes: tuple[str, ...]
    size_bytes: int

    @property
    def num_parameters(self) -> int:
        """Learned numbers; the latents' statistics and the steps of rounding are not counted."""
        return sum(math.prod(shape) for name, shape in self.shapes.items() if not name.startswith("latent_") and not name.endswith(".step"))


def weights_path(folder: Path, kind: Kind) -> Path:
    """Where ``folder`` holds the weights of ``kind``."""
    return folder / f"{kind}.safetensors"


def weights_metadata(kind: Kind, config: Any, **provenance: str) -> dict[str, str]:
    """What a weights file must say of itself; ``config`` is the model's frozen dataclass."""
    return {"format": FORMAT, "kind": kind, "config": json.dumps(dataclasses.asdict(config), sort_keys=True), **provenance}


def describe_weights(folder: Path) -> dict[Kind, WeightsInfo]:
    """What ``folder`` holds; kinds without a file are left out. Raises WeightsError for a file that is damaged or not Misora's."""
    paths = {kind: weights_path(folder, kind) for kind in ALL_KINDS}
    return {kind: read_info(path, kind) for kind, path in paths.items() if path.is_file()}


def read_info(path: Path, kind: Kind | None = None) -> WeightsInfo:
    """What one file says of itself.

    Raises:
        WeightsError: It is missing, damaged, or, where ``kind`` is given, holds another network.
    """
    header = read_header(path)
    said = header.pop("__metadata__", {})
    if not isinstance(said, dict) or said.get("format") != FORMAT or said.get("kind") not in ALL_KINDS:
        raise WeightsError(f"{path} is a safetensors file, but not one of Misora's ({FORMAT}); {how_to_get()}")
    if kind is not None and said["kind"] != kind:
        raise WeightsError(f"{path} holds a {said['kind']}, not a {kind}; {how_to_get()}")
    try:
        config = json.loads(said["config"])
        shapes = {name: tuple(int(side) for side in entry["shape"]) for name, entry in header.items()}
        held = Counter[str]()
        for entry in sorted(header.values(), key=lambda entry: BYTES_OF[entry["dtype"]]):
            held[entry["dtype"]] += math.prod(entry["shape"])
    except (KeyError, TypeError, ValueError) as error:
        raise WeightsError(f"{path} is damaged: its header cannot be read ({error!r}); {how_to_get()}") from error
    provenance = {key: str(value) for key, value in said.items() if key not in ("format", "kind", "config")}
    return WeightsInfo(
        path=path,
        kind=said["kind"],
        config=config,
        provenance=MappingProxyType(provenance),
        shapes=MappingProxyType(shapes),
        dtypes=tuple(name for name, _ in held.most_common()),
        size_bytes=path.stat().st_size,
    )


def read_header(path: Path) -> dict[str, Any]:
    """A safetensors header; raises WeightsError unless the file is there, whole and well-formed."""
    if not path.is_file():
        raise WeightsError(f"no weights at {path}; {how_to_get()}")
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        raw = file.read(length) if length <= MAX_HEADER_BYTES else b""
    try:
        header: dict[str, Any] = json.loads(raw)
        end = max((entry["data_offsets"][1] for name, entry in header.items() if name != "__metadata__"), default=0)
    except (ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
        raise WeightsError(f"{path} is damaged: it does not begin with a safetensors header; {how_to_get()}") from error
    expected = 8 + length + end
    if path.stat().st_size != expected:
        raise WeightsError(f"{path} is damaged: {path.stat().st_size} bytes where its header promises {expected}; {how_to_get()}")
    return header


def build_config(info: WeightsInfo, config_type: type[ConfigT]) -> ConfigT:
    """The file's configuration as a dataclass; JSON's lists become tuples."""
    try:
        names = typing.get_type_hints(config_type)
        values = {name: tuple(value) if isinstance(value, list) else value for name, value in info.config.items()}
        unknown = sorted(set(values) - set(names))
        if unknown:
            raise TypeError(f"unknown settings {', '.join(unknown)}")
        return config_type(**values)
    except (TypeError, AttributeError, MisoraError) as error:
        raise WeightsError(f"{info.path} has a configuration that this version cannot build: {error}; {how_to_get()}") from error


def weights_digest(path: Path) -> str:
    """SHA-256 of the file, in hexadecimal."""
    if not path.is_file():
        raise WeightsError(f"no weights at {path}; {how_to_get()}")
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def how_to_get() -> str:
    """What to do about missing weights, as the end of a sentence."""
    return "see `make weights` for how to train them, or set MISORA_WEIGHTS to a folder that has them"
