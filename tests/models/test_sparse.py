"""Training on some cells: what is kept is as if nothing else were there, at its own place."""

import torch

from misora.models.layers.rotary import axial_rotary, prepend_still, still_grid
from misora.models.transformer.config import TransformerConfig
from misora.models.transformer.model import VideoTransformer
from misora.models.transformer.sparse import put_back, take, take_angles

torch.set_num_threads(1)


def awake_transformer(**options):
    torch.manual_seed(0)
    model = VideoTransformer(TransformerConfig(4, dim=32, layers=2, heads=2, mlp_dim=48, text_dim=12, hidden_layer=1, **options)).eval()
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.2)
    return model


def inputs():
    generator = torch.Generator().manual_seed(1)
    return {
        "latents": torch.randn(2, 4, 3, 2, 4, generator=generator),
        "sigma": torch.rand(2, 3, generator=generator),
        "text_tokens": torch.randn(2, 5, 12, generator=generator),
        "text_mask": torch.tensor([[True] * 5, [True] * 3 + [False] * 2]),
        "text_pooled": torch.randn(2, 12, generator=generator),
        "fps": torch.full((2,), 24.0),
    }


def some_cells():
    return torch.rand(2, 3, 8, generator=torch.Generator().manual_seed(2)).argsort(-1)[..., :5]


def test_put_back_undoes_take():
    video, kept = torch.randn(2, 3, 8, 6), some_cells()
    whole = put_back(take(video, kept), kept, 8)
    there = torch.zeros(2, 3, 8).scatter(2, kept, 1).bool()
    assert torch.equal(whole[there], video[there])
    assert not whole[~there].any()


def test_take_angles_keeps_the_text_and_each_cells_own_angle():
    rotary, kept = prepend_still(axial_rotary(torch.rand(2, 3), still_grid(2, 4, torch.device("cpu")), 16), 5), some_cells()
    part = take_angles(rotary, kept, 8)
    assert part.cos.shape == (2, 5 + 15, 1, 8)
    assert torch.equal(part.cos[:, :5], rotary.cos[:, :5])
    assert torch.equal(part.sin[1, 5 + 5 + 2], rotary.sin[1, 5 + 8 + kept[1, 1, 2]])


@torch.no_grad()
def test_keeping_every_cell_in_any_order_changes_nothing():
    model, batch = awake_transformer(), inputs()
    kept = torch.rand(2, 3, 8).argsort(-1)
    for mine, whole in zip(model.predict(**batch, kept=kept), model.predict(**batch), strict=True):
        torch.testing.assert_close(mine, whole, atol=1e-5, rtol=1e-5)


@torch.no_grad()
def test_cells_left_out_are_not_looked_at():
    model, batch, kept = awake_transformer(prediction="x0"), inputs(), some_cells()
    there = torch.zeros(2, 3, 8).scatter(2, kept, 1).bool().view(2, 1, 3, 2, 4)
    before = model.predict(**batch, kept=kept)
    batch["latents"] = torch.where(there, batch["latents"], 9.0)
    after = model.predict(**batch, kept=kept)
    assert torch.equal(before.output, after.output)
    assert not after.output[~there.expand_as(after.output)].any()


@torch.no_grad()
def test_a_token_is_a_matrix_product_of_the_cells_around_it():
    model, latents = awake_transformer(reach=1), inputs()["latents"]
    frames = latents.transpose(1, 2)
    gathered = torch.nn.functional.unfold(frames.flatten(0, 1), 3, padding=1).unflatten(0, frames.shape[:2]).transpose(2, 3)
    torch.testing.assert_close(model.to_tokens(latents), model.input(gathered))


@torch.no_grad()
def test_with_reach_a_token_is_made_from_its_neighbours_too():
    batch = inputs()
    for reach, seen in ((0, 1), (1, 6)):
        model = awake_transformer(reach=reach)
        model.input.weight.fill_(1.0)
        tokens = model.to_tokens(torch.ones_like(batch["latents"]))
        assert tokens.shape == (2, 3, 8, model.config.dim)
        assert (tokens[0, 0, 1] == 4 * seen).all()  # a cell at the rim: two rows of three are there
        assert model.predict(**batch).velocity.shape == batch["latents"].shape
