"""The transformer may not import diffusion, yet both turn clean latents into a velocity: they must agree."""

import torch

from misora.diffusion import flow
from misora.models.transformer import model
from misora.models.transformer.config import TransformerConfig


def test_velocity_of_an_x0_model_is_the_flow_s():
    transformer = model.VideoTransformer(TransformerConfig(4, 32, 1, 2, 32, 16, prediction="x0", hidden_layer=1))
    x, x0 = torch.randn(2, 2, 4, 3, 2, 2, generator=torch.Generator().manual_seed(0))
    sigma = torch.tensor([[0.0, 0.02, 1.0], [0.05, 0.5, 0.9]])
    assert model.MIN_SIGMA == flow.MIN_SIGMA
    assert torch.equal(transformer.to_velocity(x, x0, sigma), flow.velocity_from_x0(x, x0, sigma))
