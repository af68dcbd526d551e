"""The adapter: a new one changes nothing, merging is what training saw, and it fits one transformer alone."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch.func import functional_call

from misora.base.errors import InputError, WeightsError
from misora.models.registry import load_transformer, load_turbo, save_model
from misora.models.transformer.adapter import Adapter
from misora.models.transformer.adapter_file import AdapterConfig
from misora.models.transformer.model import VideoTransformer
from misora.models.weights_file import weights_digest, weights_path
from tiny import awake, tiny_transformer


def arguments(model: VideoTransformer) -> tuple[torch.Tensor, ...]:
    generator = torch.Generator().manual_seed(5)
    config = model.config
    latents = torch.randn(1, config.latent_channels, 2, 2, 2, generator=generator)
    text = torch.randn(1, 3, config.text_dim, generator=generator)
    return latents, torch.tensor([[0.0, 0.8]]), text, torch.ones(1, 3, dtype=torch.bool), text[:, 0], torch.tensor([24.0])


def woken(model: VideoTransformer, base: str = "") -> Adapter:
    adapter = Adapter(AdapterConfig(base, rank=2), model)
    awake(adapter, 7)
    return adapter


def test_a_new_adapter_changes_nothing() -> None:
    model = tiny_transformer()
    changed = Adapter(AdapterConfig("", rank=2), model).changed(model)
    assert torch.equal(functional_call(model, changed, arguments(model)), model(*arguments(model)))


def test_merged_weights_are_those_that_training_saw() -> None:
    model = tiny_transformer()
    adapter, plain = woken(model), model(*arguments(model))
    trained = functional_call(model, adapter.changed(model), arguments(model))
    adapter.merge_into(model)
    torch.testing.assert_close(model(*arguments(model)), trained)
    assert not torch.allclose(trained, plain, atol=1e-2)


def test_gradients_reach_the_factors_and_nothing_else() -> None:
    model = tiny_transformer()
    adapter = woken(model)
    functional_call(model, adapter.changed(model), arguments(model)).square().sum().backward()
    assert all(factor.grad is not None for factor in adapter.parameters())
    assert all(weight.grad is None for weight in model.parameters())


def test_it_is_saved_small_and_loads_for_its_own_transformer_only(tmp_path: Path) -> None:
    model = tiny_transformer()
    save_model(tmp_path, "transformer", model, dtype=torch.float32)
    adapter = woken(model, weights_digest(weights_path(tmp_path, "transformer")))
    save_model(tmp_path, "turbo", adapter, dtype=torch.float32)
    loaded = load_turbo(tmp_path, load_transformer(tmp_path, torch.float32))
    assert loaded.config == adapter.config
    assert all(torch.equal(loaded.state_dict()[name], value) for name, value in adapter.state_dict().items())
    awake(model, 9)
    save_model(tmp_path, "transformer", model, dtype=torch.float32)
    with pytest.raises(WeightsError, match="trained on another transformer than the one beside it; run `misora train turbo` again"):
        load_turbo(tmp_path, model)


@pytest.mark.parametrize("field", ["rank", "steps"])
def test_a_setting_below_one_is_refused(field: str) -> None:
    with pytest.raises(InputError, match=f"adapter.{field}=0 must be at least 1"):
        AdapterConfig("", **{field: 0})
