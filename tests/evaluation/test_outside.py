"""The hook for other people's measures, with a tiny network of our own."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from misora.base.errors import InputError, MissingExtraError
from misora.evaluation.distribution import frechet
from misora.evaluation.outside import load_features, load_measure, torch_features

MODULE = """
import torch
from torch import nn

def brightness(frames, fps, caption):
    return float(frames.mean())

def network():
    return nn.Sequential(nn.AdaptiveAvgPool3d((2, 1, 1)), nn.Flatten())

seven = 7
"""


@pytest.fixture
def mine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    (tmp_path / "mymeasures.py").write_text(MODULE)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "mymeasures", raising=False)
    return "mymeasures"


def test_a_measure_is_found_by_name(mine: str) -> None:
    assert load_measure(f"{mine}:brightness")(np.full((2, 4, 4, 3), 9, np.uint8), 24.0, "a dog") == 9


def test_a_torch_network_gives_features_for_a_frechet_distance(mine: str, rng: np.random.Generator) -> None:
    features = load_features(f"{mine}:network")
    clips = rng.integers(0, 256, (12, 4, 8, 8, 3), dtype=np.uint8)
    dark, bright = (np.stack([features(clip // 4 + shift, 24.0) for clip in clips]) for shift in (0, 120))
    assert dark.shape == (12, 6)
    assert frechet(dark, dark) == pytest.approx(0, abs=1e-6)
    assert frechet(dark, bright) == pytest.approx(6 * (120 / 127.5) ** 2, rel=0.01)


def test_pixels_arrive_as_promised() -> None:
    class Corners(torch.nn.Module):
        def forward(self, pixels: torch.Tensor) -> torch.Tensor:
            assert pixels.shape == (1, 3, 2, 4, 6)
            return torch.stack([pixels.min(), pixels.max()])

    frames = np.zeros((2, 4, 6, 3), np.uint8)
    frames[0, 0, 0] = 255
    assert torch_features(Corners())(frames, 24.0).tolist() == [-1, 1]


@pytest.mark.parametrize(
    ("name", "says"),
    [("brightness", "not module:function"), ("nowhere_at_all:x", "cannot be imported"), ("mymeasures:seven", "not a function")],
)
def test_a_wrong_name_says_what_is_wrong(mine: str, name: str, says: str) -> None:
    with pytest.raises(InputError, match=says):
        load_measure(name)


def test_onnx_without_its_runtime_says_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(MissingExtraError, match="pip install onnxruntime"):
        load_features(str(tmp_path / "network.onnx"))


def test_an_onnx_network_gives_the_features_that_it_was_exported_with(tmp_path: Path, rng: np.random.Generator) -> None:
    pytest.importorskip("onnxruntime")
    onnx = pytest.importorskip("onnx")
    node = onnx.helper.make_node("ReduceMean", ["pixels"], ["features"], axes=[2, 3, 4], keepdims=0)
    entry = onnx.helper.make_tensor_value_info("pixels", onnx.TensorProto.FLOAT, [1, 3, "T", "H", "W"])
    leave = onnx.helper.make_tensor_value_info("features", onnx.TensorProto.FLOAT, [1, 3])
    graph = onnx.helper.make_graph([node], "mean_colour", [entry], [leave])
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 13)], ir_version=8)
    onnx.save(model, str(tmp_path / "colour.onnx"))
    clip = rng.integers(0, 256, (3, 4, 6, 3), dtype=np.uint8)
    features = load_features(str(tmp_path / "colour.onnx"))(clip, 24.0)
    np.testing.assert_allclose(features, clip.mean((0, 1, 2)) / 127.5 - 1, atol=1e-5)
