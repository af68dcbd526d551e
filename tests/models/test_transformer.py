import pytest
import torch

from misora.base.errors import InputError
from misora.models.transformer import attention
from misora.models.transformer.config import SIZES, TransformerConfig, count_parameters, flops_per_token, transformer_config
from misora.models.transformer.model import VideoTransformer

torch.set_num_threads(1)


def tiny_transformer(**options):
    """A real transformer at toy size, with every weight awake: an untrained one ignores most of its input."""
    torch.manual_seed(0)
    config = TransformerConfig(latent_channels=4, dim=32, layers=3, heads=2, mlp_dim=48, text_dim=12, **options)
    model = VideoTransformer(config).eval()
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.2)
    return model


def inputs(batch=2, frames=3, height=2, width=4, text=5):
    generator = torch.Generator().manual_seed(1)
    return {
        "latents": torch.randn(batch, 4, frames, height, width, generator=generator),
        "sigma": torch.rand(batch, frames, generator=generator),
        "text_tokens": torch.randn(batch, text, 12, generator=generator),
        "text_mask": torch.ones(batch, text, dtype=torch.bool),
        "text_pooled": torch.randn(batch, 12, generator=generator),
        "fps": torch.full((batch,), 24.0),
    }


def changed(one, other):
    """Latent frames whose velocity differs at all, as a list of bool."""
    return [not torch.equal(one[:, :, i], other[:, :, i]) for i in range(one.shape[2])]


@pytest.mark.parametrize(("frames", "height", "width", "text"), [(1, 1, 1, 1), (1, 3, 2, 4), (4, 2, 5, 1), (5, 3, 3, 9)])
@pytest.mark.parametrize("causal", [False, True])
@torch.no_grad()
def test_velocity_has_the_shape_of_the_latents(frames, height, width, text, causal):
    batch = inputs(2, frames, height, width, text)
    prediction = tiny_transformer(causal=causal).predict(**batch)
    assert prediction.velocity.shape == batch["latents"].shape
    assert prediction.velocity.dtype == torch.float32
    assert prediction.hidden.shape == (2, frames, height, width, 32)


@pytest.mark.parametrize("prediction", ["velocity", "x0"])
@torch.no_grad()
def test_untrained_model_predicts_zero(prediction):
    torch.manual_seed(0)
    model = VideoTransformer(TransformerConfig(4, 32, 3, 2, 48, 12, prediction=prediction))
    batch = inputs()
    expected = torch.zeros_like(batch["latents"])
    if prediction == "x0":  # clean latents of zero: all of x is noise
        expected = batch["latents"] / batch["sigma"].clamp(min=0.05)[:, None, :, None, None]
    assert torch.equal(model(**batch), expected)


@torch.no_grad()
def test_untrained_residual_model_is_the_wiener_filter():
    """No scaling of a channel by a constant comes closer to the truth than an untrained network does."""
    torch.manual_seed(0)
    model = VideoTransformer(TransformerConfig(4, 32, 3, 2, 48, 12, prediction="residual"))
    model.latent_deviation.copy_(torch.tensor([4.0, 1.0, 0.3, 0.0]))
    generator = torch.Generator().manual_seed(0)
    x0 = torch.randn(64, 4, 2, 8, 8, generator=generator) * model.latent_deviation.view(1, -1, 1, 1, 1)
    noise = torch.randn(x0.shape, generator=generator)
    x = 0.4 * x0 + 0.6 * noise
    text = {"text_tokens": torch.zeros(64, 1, 12), "text_mask": None, "text_pooled": torch.zeros(64, 12), "fps": torch.full((64,), 24.0)}
    guess = x - 0.6 * model(x, torch.full((64, 2), 0.6), **text)
    best = (x * x0).mean((0, 2, 3, 4)) / x.square().mean((0, 2, 3, 4))
    torch.testing.assert_close(guess, best.view(1, -1, 1, 1, 1) * x, atol=0.05, rtol=0.05)


@torch.no_grad()
@pytest.mark.parametrize("sigma", [0.0, 1.0])
def test_residual_velocity_is_finite_at_both_ends(sigma):
    model, batch = tiny_transformer(prediction="residual"), inputs()
    assert bool(model(**batch | {"sigma": torch.full((2, 3), sigma)}).isfinite().all())


@torch.no_grad()
def test_noise_level_belongs_to_its_frame():
    model, batch = tiny_transformer(causal=True), inputs()
    before = model(**batch)
    batch["sigma"] = batch["sigma"].clone()
    batch["sigma"][:, 1] += 0.1
    assert changed(before, model(**batch)) == [False, True, True]


@torch.no_grad()
def test_without_causality_every_frame_sees_every_other():
    model, batch = tiny_transformer(), inputs()
    before = model(**batch)
    batch["latents"] = batch["latents"].clone()
    batch["latents"][:, :, 2] += 1
    assert changed(before, model(**batch)) == [True, True, True]


@pytest.mark.parametrize("grad", [False, True])
def test_causal_frames_never_see_the_future(grad):
    model, batch = tiny_transformer(), inputs()
    with torch.set_grad_enabled(grad):
        before = model(**batch, causal=True)
        batch["latents"] = batch["latents"].clone()
        batch["latents"][:, :, 2] += 1
        assert changed(before, model(**batch, causal=True)) == [False, False, True]


@torch.no_grad()
def test_causal_prefix_equals_a_shorter_clip():
    model, batch = tiny_transformer(causal=True), inputs()
    whole = model(**batch)
    batch["latents"], batch["sigma"] = batch["latents"][:, :, :2], batch["sigma"][:, :2]
    torch.testing.assert_close(model(**batch), whole[:, :, :2], atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("grad", [False, True])
def test_padded_text_changes_nothing(causal, grad):
    model, batch = tiny_transformer(causal=causal), inputs()
    with torch.set_grad_enabled(grad):
        before = model(**batch)
        batch["text_tokens"] = torch.nn.functional.pad(batch["text_tokens"], (0, 0, 0, 3), value=7.0)
        batch["text_mask"] = torch.nn.functional.pad(batch["text_mask"], (0, 3), value=False)
        torch.testing.assert_close(model(**batch), before, atol=1e-5, rtol=1e-5)


@torch.no_grad()
def test_text_matters_through_tokens_and_pooled():
    model = tiny_transformer()
    before = model(**inputs())
    for name in ("text_tokens", "text_pooled"):
        batch = inputs()
        batch[name] = batch[name] + 1
        assert not torch.allclose(model(**batch), before, atol=1e-3)


@torch.no_grad()
def test_frame_rate_matters():
    model, batch = tiny_transformer(), inputs()
    before = model(**batch)
    batch["fps"] = torch.tensor([24.0, 12.0])
    after = model(**batch)
    torch.testing.assert_close(after[0], before[0])
    assert not torch.allclose(after[1], before[1], atol=1e-3)


@torch.no_grad()
def test_frames_are_numbered_from_zero_unless_told():
    model, batch = tiny_transformer(), inputs()
    before = model(**batch)
    assert torch.equal(model(**batch, frame_index=torch.arange(3).expand(2, -1)), before)
    later = model(**batch, frame_index=torch.tensor([[0, 1, 2], [1, 2, 3]]))
    torch.testing.assert_close(later[0], before[0])
    assert not torch.allclose(later[1], before[1], atol=1e-3)


@torch.no_grad()
def test_clips_of_a_batch_do_not_meet():
    model, batch = tiny_transformer(), inputs()
    whole = model(**batch)
    alone = model(**{name: value[1:] for name, value in batch.items()})
    torch.testing.assert_close(alone, whole[1:], atol=1e-5, rtol=1e-5)
    assert torch.equal(model(**batch), whole)


def test_both_routes_of_attention_agree(monkeypatch):
    model, batch = tiny_transformer(), inputs()
    batch["text_mask"][0, 3:] = False
    explicit = model(**batch)
    monkeypatch.setattr(attention, "MAX_EXPLICIT_KEYS", 0)
    torch.testing.assert_close(model(**batch), explicit, atol=1e-5, rtol=1e-5)


def test_gradients_reach_every_weight_and_hidden_tokens():
    model, batch = tiny_transformer(hidden_layer=2), inputs()
    prediction = model.predict(**batch)
    (prediction.velocity.square().mean() + prediction.hidden.square().mean()).backward()
    assert all(p.grad is not None and bool((p.grad != 0).any()) for p in model.parameters())


@pytest.mark.filterwarnings("ignore")  # torch's tracer trips over its own warnings
def test_blocks_trace_as_one_graph_and_train_the_same():
    batch = inputs()
    batch["text_mask"][0, 3:] = False
    plain, traced = tiny_transformer(), tiny_transformer()
    traced.compile_blocks(backend="aot_eager", fullgraph=True, dynamic=False)
    assert traced.state_dict().keys() == plain.state_dict().keys()
    for model in (plain, traced):
        model(**batch).square().mean().backward()
    for one, other in zip(plain.parameters(), traced.parameters(), strict=True):
        torch.testing.assert_close(one.grad, other.grad, atol=1e-4, rtol=1e-4)


def test_written_out_gradient_is_the_true_one():
    q, k, v = (
        torch.randn(1, 2, n, 8, dtype=torch.float64, requires_grad=True, generator=torch.Generator().manual_seed(n)) for n in (3, 5, 5)
    )
    keep_mask = torch.tensor([True, True, False, True, True])[None, None, None]
    assert torch.autograd.gradcheck(lambda *qkv: attention.ExplicitAttention.apply(*qkv, keep_mask), (q, k, v), atol=1e-4)


@torch.no_grad()
def test_half_precision_stays_close():
    model, batch = tiny_transformer(), inputs()
    exact = model(**batch)
    with torch.autocast("cpu", torch.bfloat16):
        mixed = model(**batch)
    low = model.bfloat16()(**batch)
    for rounded in (mixed, low):
        assert rounded.dtype == torch.float32
        assert ((rounded - exact).norm() / exact.norm()).item() < 0.05


@pytest.mark.parametrize("size", SIZES)
def test_count_parameters_is_what_the_model_has(size):
    config = transformer_config(size, latent_channels=64, text_dim=192)
    with torch.device("meta"):
        model = VideoTransformer(config)
    assert count_parameters(config) == sum(p.numel() for p in model.parameters())


def test_costs_are_those_of_the_recipe():
    base = transformer_config("base", latent_channels=64, text_dim=384)
    assert 14e6 < count_parameters(base) < 16e6
    assert flops_per_token(base, 280) * 280 == pytest.approx(8.1e9, rel=0.1)  # S2
    assert flops_per_token(base, 4290) > 1.5 * flops_per_token(base, 390)


def test_wrong_sizes_name_a_choice():
    with pytest.raises(InputError, match="nano, base"):
        transformer_config("huge", latent_channels=64, text_dim=192)
    with pytest.raises(InputError, match="multiple of 8"):
        TransformerConfig(4, dim=36, heads=3)
    with pytest.raises(InputError, match="nearest: 2"):
        TransformerConfig(4, layers=2, hidden_layer=3)
    with pytest.raises(InputError, match="velocity, x0, residual"):
        TransformerConfig(4, prediction="eps")
