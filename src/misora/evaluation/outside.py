"""The hook for other people's measures: a score for each clip, and features for a Fréchet distance.

A measure is any callable that is named as ``module:function`` on the command line, or handed over in Python. Networks in ONNX
need ``onnxruntime``, which is the user's own. Nothing is downloaded, and figures of a home-made feature network are not comparable with
published ones.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from pathlib import Path
from typing import cast

import numpy as np
import numpy.typing as npt
import torch

from misora.base.canvas import Frames
from misora.base.errors import InputError, MissingExtraError

ClipMeasure = Callable[[Frames, float, str], float]
"""(frames (T, H, W, 3) uint8, fps, caption) to a number; larger is not assumed to be better."""
Features = Callable[[Frames, float], npt.NDArray[np.float64]]
"""(frames (T, H, W, 3) uint8, fps) to features (D,)."""


def load_measure(name: str) -> ClipMeasure:
    """The function that ``name``, ``module:function``, names."""
    return cast(ClipMeasure, _load(name, "measure"))


def load_features(name: str) -> Features:
    """A feature network: ``module:function`` that returns a torch module or a plain callable, or the path of an ONNX file.

    A torch module is given pixels (1, 3, T, H, W) in [-1, 1], float32; so is an ONNX network, as its only input.
    """
    if name.endswith(".onnx"):
        return _onnx(Path(name))
    made = _load(name, "features")()
    return torch_features(made) if isinstance(made, torch.nn.Module) else cast(Features, made)


def torch_features(network: torch.nn.Module) -> Features:
    """A torch network as ``Features``; what it returns is flattened."""
    network.eval()

    def features(frames: Frames, fps: float) -> npt.NDArray[np.float64]:
        with torch.no_grad():
            return np.asarray(network(torch.from_numpy(_pixels(frames))).flatten().double().numpy())

    return features


def _onnx(path: Path) -> Features:
    try:
        runtime = importlib.import_module("onnxruntime")
    except ImportError as error:
        raise MissingExtraError(f"features={str(path)!r} needs onnxruntime; install it with: pip install onnxruntime") from error
    if not path.is_file():
        raise InputError(f"features={str(path)!r} does not exist; give an ONNX file or module:function", field="features")
    session = runtime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    entry = session.get_inputs()[0].name

    def features(frames: Frames, fps: float) -> npt.NDArray[np.float64]:
        return np.asarray(session.run(None, {entry: _pixels(frames)})[0], dtype=np.float64).ravel()

    return features


def _pixels(frames: Frames) -> npt.NDArray[np.float32]:
    """(1, 3, T, H, W) in [-1, 1]."""
    return np.ascontiguousarray(frames.transpose(3, 0, 1, 2)[None].astype(np.float32) / 127.5 - 1)


def _load(name: str, field: str) -> Callable[..., object]:
    module, separator, function = name.partition(":")
    if not separator or not module or not function:
        raise InputError(f"{field}={name!r} is not module:function; for example mymeasures:sharpness", field=field)
    try:
        found = getattr(importlib.import_module(module), function)
    except (ImportError, AttributeError) as error:
        raise InputError(f"{field}={name!r} cannot be imported ({error}); is its folder on PYTHONPATH?", field=field) from error
    if not callable(found):
        raise InputError(f"{field}={name!r} is not a function", field=field)
    checked: Callable[..., object] = found
    return checked
