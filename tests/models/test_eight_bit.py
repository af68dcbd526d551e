"""Eight-bit storage: what it costs in exactness and what it saves."""

from __future__ import annotations

from pathlib import Path

import torch

from misora.models.eight_bit import STEP, from_eight_bits, to_eight_bits
from misora.models.registry import load_parser, save_model
from misora.models.weights_file import read_info
from tiny import tiny_parser


def test_every_row_is_exact_to_half_a_step_of_its_own() -> None:
    weights = torch.randn(6, 8, 3, 3, generator=torch.Generator().manual_seed(0)) * torch.logspace(-3, 2, 6).view(6, 1, 1, 1)
    kept = to_eight_bits({"mix.weight": weights})
    assert kept["mix.weight"].dtype is torch.int8
    error = (from_eight_bits(kept)["mix.weight"] - weights).abs().flatten(1).amax(1)
    assert (error <= weights.abs().flatten(1).amax(1) / 127 / 2 * 1.001).all()


def test_what_is_small_or_whole_stays_as_it_is() -> None:
    tensors = {
        "bias": torch.tensor([0.1, 0.2]),
        "index": torch.arange(40).view(2, 20),
        "short": torch.rand(3, 4),
        "zero": torch.zeros(2, 20),
    }
    restored = from_eight_bits(to_eight_bits(tensors))
    assert set(restored) == set(tensors)
    for name, value in tensors.items():
        assert torch.equal(restored[name], value), name


def test_a_model_in_eight_bits_is_smaller_and_reads_the_same_to_a_hundredth(tmp_path: Path) -> None:
    parser = tiny_parser()
    plain = save_model(tmp_path / "plain", "critic", parser)
    small = save_model(tmp_path / "small", "critic", parser, dtype=torch.int8)
    assert read_info(small).num_parameters == read_info(plain).num_parameters == sum(value.numel() for value in parser.parameters())
    assert any(name.endswith(STEP) for name in read_info(small).shapes)
    for name, value in load_parser(tmp_path / "small", "critic").state_dict().items():
        torch.testing.assert_close(value, parser.state_dict()[name], rtol=0.01, atol=float(value.abs().max()) / 100)
