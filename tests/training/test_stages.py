"""Every stage runs for a few steps on a toy stage, and its data is a function of (seed, step)."""

import random
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from misora.base.errors import InputError, TrainingError
from misora.models.registry import load_video_vae
from misora.models.text_encoder.config import TextEncoderConfig
from misora.models.transformer.config import TransformerConfig
from misora.models.transformer.layouts import Layouts
from misora.models.transformer.model import VideoTransformer
from misora.models.transformer.sketch import Sketch
from misora.models.video_vae.config import TINY
from misora.models.video_vae.model import VideoVAE
from misora.models.weights_file import describe_weights
from misora.training.autoencoder import (
    LATENT_RMS,
    LOUDNESS,
    AutoencoderStage,
    pixel_gain,
    set_loudness,
    start_from_principal_components,
)
from misora.training.latents import ShardShape, build_latents, cell_labels, class_map, load_shelves, moves, odds_of
from misora.training.loop import RunConfig, train
from misora.training.losses import psnr, reconstruction
from misora.training.main import recipe_names, run
from misora.training.pixels import to_frames, to_pixels
from misora.training.recipes import autoencoder_tiny, latents_tiny, text_tiny
from misora.training.streams import CropDataset
from misora.training.text import TextStage, fact_sizes, facts_of
from misora.training.transformer import (
    TransformerStage,
    TransformerStageConfig,
    caption_of,
    carry_error,
    choose_cells,
    sketch_error,
    start_from,
)
from misora.world.assets import load_atlas, save_atlas, toy_sprites
from misora.world.captions import relations_of
from misora.world.cast import load_cast
from misora.world.casting import Casting, sample_scene
from misora.world.program import Film
from misora.world.scenes import tell
from misora.world.tier import FULL, SMALL


@pytest.fixture(scope="module")
def assets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("stage")
    save_atlas(folder, toy_sprites())
    return folder


@pytest.fixture(scope="module")
def latents(assets: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("latents")
    torch.manual_seed(0)
    build_latents(VideoVAE(TINY).eval(), assets, latents_tiny(), folder, workers=0, expired=lambda: False, say=lambda _: None)
    return folder


def test_crops_depend_on_seed_and_step_alone(assets: Path) -> None:
    config = autoencoder_tiny()[0].crops
    first, second = CropDataset(assets, config)[3], CropDataset(assets, config)[3]
    assert torch.equal(first.frames, second.frames)
    assert not torch.equal(first.frames, CropDataset(assets, config)[4].frames)
    assert first.players.any()


def test_autoencoder_stage_trains_and_its_latents_are_as_loud_as_promised(assets: Path, tmp_path: Path) -> None:
    config, run_config = autoencoder_tiny()
    stage = AutoencoderStage(config, assets, workers=0)
    path = train(stage, run_config, tmp_path, say=lambda _: None)
    latents = torch.cat([load_video_vae(path, torch.float32).encode(to_pixels(stage.dataset[-2000 - index].frames)) for index in (0, 1)])
    assert float(latents.square().mean().sqrt()) == pytest.approx(LATENT_RMS, rel=0.15)
    assert float(latents.mean((0, 2, 3, 4)).abs().max()) < 0.5 * LATENT_RMS
    assert (tmp_path / "preview.png").exists()
    assert (tmp_path / "curve.png").exists()


def test_decoder_alone_learns_without_moving_latents(assets: Path, tmp_path: Path) -> None:
    config, run_config = autoencoder_tiny()
    start = train(AutoencoderStage(config, assets, workers=0), run_config, tmp_path / "start", say=lambda _: None)
    again = replace(config, start=str(start), decoder_only=True)
    path = train(AutoencoderStage(again, assets, workers=0), run_config, tmp_path / "again", say=lambda _: None)
    before, after = (load_video_vae(folder, torch.float32).state_dict() for folder in (start, path))
    moved = {name for name, value in before.items() if not torch.equal(value, after[name])}
    assert moved and all(name.startswith("decoder.") for name in moved)


def test_decoder_alone_needs_weights_to_start_from(assets: Path) -> None:
    with pytest.raises(TrainingError, match="start"):
        AutoencoderStage(replace(autoencoder_tiny()[0], decoder_only=True), assets, workers=0)


def test_pixel_gain_of_a_linear_decoder_is_the_length_of_its_columns() -> None:
    torch.manual_seed(0)
    vae = VideoVAE(TINY)  # untrained: only the linear path speaks
    clip = torch.rand(1, 3, 17, 256, 256, generator=torch.Generator().manual_seed(0)) * 2 - 1
    gain = pixel_gain(vae, vae.encode(clip).detach(), seed=0)
    weight = vae.decoder.linear.weight[:, :, 0, 0]
    lengths = weight.square().sum(0).sqrt()
    torch.testing.assert_close(gain / gain.mean(), lengths / lengths.mean(), rtol=0.25, atol=0)


def test_loudness_does_not_depend_on_what_the_encoder_called_one() -> None:
    """Channels that move pixels more are louder, by the promised power, however large the encoder had made them."""
    torch.manual_seed(0)
    vae = VideoVAE(TINY)
    clip = torch.rand(1, 3, 17, 128, 128, generator=torch.Generator().manual_seed(0)) * 2 - 1
    with torch.no_grad():
        vae.encoder.linear.weight[0] *= 8
        vae.decoder.linear.weight[:, 0] *= 16
    before = vae.latent_std.clone()
    set_loudness(vae, [clip])
    gain = pixel_gain(vae, vae.encode(clip).detach(), seed=0) / vae.latent_std  # of the raw channels
    assert not torch.equal(before, vae.latent_std)
    torch.testing.assert_close((1 / vae.latent_std)[0] / (1 / vae.latent_std)[1], (gain[0] / gain[1]) ** LOUDNESS, rtol=0.2, atol=0)
    with torch.no_grad():
        assert float(vae.encode(clip).square().mean().sqrt()) == pytest.approx(LATENT_RMS, rel=0.05)


def test_principal_components_beat_the_mean_colour(assets: Path) -> None:
    dataset = CropDataset(assets, replace(autoencoder_tiny()[0].crops, batch=4))
    clips = [to_pixels(dataset[index].frames) for index in range(4)]
    vae = VideoVAE(replace(TINY, latent_channels=32))
    start_from_principal_components(vae, clips)
    with torch.no_grad():
        decoded = vae.decode(vae.encode(clips[0]))
    flat = clips[0].mean((2, 3, 4), keepdim=True).expand_as(clips[0])
    assert psnr(decoded, clips[0]) > psnr(flat, clips[0]) + 5


def test_pixels_and_frames_round_trip() -> None:
    frames = torch.randint(0, 256, (2, 3, 4, 5, 3), dtype=torch.uint8)
    assert torch.equal(to_frames(to_pixels(frames)), frames)


def test_reconstruction_loss_is_zero_only_at_the_truth() -> None:
    target = torch.rand(1, 3, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    weight = torch.ones(1, 1, 3, 8, 8)
    assert float(reconstruction(target, target, weight)) == pytest.approx(0, abs=1e-6)
    assert reconstruction(target + 0.1, target, weight) > 0.05
    assert reconstruction(target.roll(1, 2), target, weight) > 0.05


def test_psnr_inside_a_mask() -> None:
    target = torch.zeros(1, 3, 1, 4, 4)
    output = target.clone()
    output[..., 0] = 0.2
    mask = torch.zeros(1, 1, 1, 4, 4, dtype=torch.bool)
    mask[..., 0] = True
    assert psnr(output, target, mask) == pytest.approx(20, abs=0.01)
    assert psnr(output, target, ~mask) > 80


def test_latents_resume_where_they_stopped(assets: Path, tmp_path: Path) -> None:
    torch.manual_seed(0)
    vae, config = VideoVAE(TINY).eval(), latents_tiny()
    answers = iter([False, True])
    assert build_latents(vae, assets, config, tmp_path, workers=0, expired=lambda: next(answers), say=lambda _: None) == 1
    before = next(tmp_path.glob("*.safetensors")).stat().st_mtime_ns
    assert build_latents(vae, assets, config, tmp_path, workers=0, expired=lambda: False, say=lambda _: None) == 2
    assert min(path.stat().st_mtime_ns for path in tmp_path.glob("*.safetensors")) == before
    shelf = load_shelves(tmp_path)[0]
    assert shelf.latents.shape == (4, TINY.latent_channels, 3, 2, 2)
    assert shelf.labels.shape == (4, 3, 2, 2)
    assert len(shelf.films) == len(shelf.fps) == 4


def test_latents_of_cameras_are_of_clips_in_which_one_moves(assets: Path, tmp_path: Path) -> None:
    torch.manual_seed(0)
    config = replace(latents_tiny(), shapes=(ShardShape(64, 64, 17, 4, 1),), moving=True)
    build_latents(VideoVAE(TINY).eval(), assets, config, tmp_path, workers=0, expired=lambda: False, say=lambda _: None)
    (shelf,) = load_shelves(tmp_path)
    assert all(moves(film) for film in shelf.films) and odds_of(shelf, 3.0) == [3.0] * 4


def test_cell_labels_name_the_player_that_fills_the_cell() -> None:
    ids = ("dog", "cat", "car", "ball")
    scene = sample_scene(Casting(ids, second_player=1.0), random.Random(1))
    instance = torch.zeros(9, 64, 64, dtype=torch.uint8)
    instance[:, :32, :32] = 2
    instance[0, 32:, 32:] = 1
    labels = cell_labels(class_map(instance, scene, ids))
    second, first = 1 + ids.index(scene.players[1].character), 1 + ids.index(scene.players[0].character)
    assert labels[:, 0, 0].tolist() == [second, second]
    assert labels[:, 1, 1].tolist() == [first, 0]


def test_text_stage_trains_and_leaves_the_encoder_alone_in_the_file(tmp_path: Path) -> None:
    config, run_config = text_tiny()
    stage = TextStage(config, workers=0)
    path = train(stage, run_config, tmp_path, say=lambda _: None)
    assert describe_weights(path)["text_encoder"].num_parameters == sum(value.numel() for value in stage.model.text_encoder.parameters())


def test_facts_list_players_by_class_and_who_is_on_the_left() -> None:
    ids = tuple(load_cast())
    scene = sample_scene(Casting(ids, second_player=1.0), random.Random(0))
    facts = facts_of(scene, ids)
    first, second = sorted(scene.players, key=lambda player: ids.index(player.character))
    assert [facts[7], facts[10]] == [1 + ids.index(player.character) for player in (first, second)]
    left = {kind: scene.players[of] for kind, of, _ in relations_of(scene)}
    assert facts[4] == (1 if left["starts_left_of"] is first else 2)
    assert len(facts) == len(fact_sizes(SMALL)) == 13


def test_films_of_the_full_tier_are_cached_with_a_label_for_every_character(assets: Path, tmp_path: Path) -> None:
    config = replace(latents_tiny(), shapes=(ShardShape(64, 64, 65, 2, 2),), tier="full", max_shots=2)
    torch.manual_seed(0)
    build_latents(VideoVAE(TINY).eval(), assets, config, tmp_path, workers=0, expired=lambda: False, say=lambda _: None)
    (shelf,) = load_shelves(tmp_path)
    assert {shot.tier for film in shelf.films for shot in film.shots} == {"full"}
    assert int(shelf.labels.max()) <= 4, "the toy atlas has four characters"
    for index, film in enumerate(shelf.films):
        text = caption_of(shelf, index, 0, 1, random.Random(0))
        assert text == tell(Film(film.shots[:1]), random.Random(0)), "one latent frame is told of as the shot that it shows"


def test_text_of_the_full_tier_has_a_fact_for_every_player_and_the_weather(tmp_path: Path) -> None:
    config, run_config = text_tiny()
    stage = TextStage(replace(config, tier="full"), workers=0)
    assert stage.model.names[:4] == ["place", "time", "camera", "weather"]
    assert sum(name.startswith("character") for name in stage.model.names) == FULL.max_players
    sizes = torch.tensor([head.out_features for head in stage.model.heads])  # type: ignore[union-attr]
    assert (stage.dataset[0].facts < sizes).all()
    train(stage, replace(run_config, steps=2), tmp_path, say=lambda _: None)


def test_crops_of_the_full_tier_are_drawn(assets: Path) -> None:
    batch = CropDataset(assets, replace(autoencoder_tiny()[0].crops, tier="full"))[0]
    assert batch.players.any()


def transformer_config(latents: Path) -> TransformerStageConfig:
    model = TransformerConfig(TINY.latent_channels, dim=32, layers=2, heads=2, mlp_dim=32, text_dim=16, hidden_layer=1, prediction="x0")
    text = TextEncoderConfig(table_size=64, dim=16, layers=1, heads=2, out_dim=16)
    return TransformerStageConfig(model, text, tokens=16, latents=str(latents), compile=False)


def test_transformer_stage_draws_reproducibly_and_trains(latents: Path, tmp_path: Path) -> None:
    stage = TransformerStage(transformer_config(latents))
    assert torch.equal(stage.batch(5).latents, stage.batch(5).latents)
    stage.preview = lambda folder, step: None  # type: ignore[method-assign]
    train(stage, RunConfig("transformer/tiny", 3, warmup=1), tmp_path, say=lambda _: None)
    assert set(describe_weights(tmp_path)) == {"transformer", "text_encoder"}


def test_transformer_learns_from_the_cells_of_players_first_and_from_all_at_the_end(latents: Path) -> None:
    labels = torch.zeros(2, 3, 4, 4, dtype=torch.long)
    labels[:, :, 1, 2] = 7
    kept = choose_cells(labels, 0.5, torch.Generator().manual_seed(0))
    assert kept is not None and kept.shape == (2, 3, 8)
    assert (kept == 6).any(-1).all(), "each frame keeps the cell of its player"
    near = [column + 4 * row for row in (0, 1, 2) for column in (1, 2, 3)]
    assert torch.isin(kept, torch.tensor(near)).float().mean() > 0.6
    assert choose_cells(labels, 1.0, torch.Generator()) is None

    stage = TransformerStage(replace(transformer_config(latents), cells=0.5, singles=0.0))

    def loss(share: float) -> float:
        return float(stage.loss(stage.batch(0), torch.Generator().manual_seed(0), share)[0].detach())

    young, old = loss(0.69), loss(0.71)
    stage.config = replace(stage.config, cells=1.0)
    assert young != old == loss(0.69)


@torch.no_grad()
def test_a_transformer_that_reaches_further_starts_as_what_it_was() -> None:
    torch.manual_seed(0)
    small = VideoTransformer(TransformerConfig(8, dim=32, layers=2, heads=2, mlp_dim=32, text_dim=16, hidden_layer=1))
    for parameter in small.parameters():
        torch.nn.init.normal_(parameter, std=0.2)
    wide = VideoTransformer(replace(small.config, reach=1))
    start_from(wide, small)
    batch = torch.randn(1, 8, 2, 3, 3), torch.rand(1, 2), torch.randn(1, 4, 16), None, torch.randn(1, 16), torch.tensor([24.0])
    torch.testing.assert_close(wide(*batch), small(*batch))
    with pytest.raises(TrainingError, match="cannot start"):
        start_from(small, wide)


@torch.no_grad()
def test_a_transformer_that_learns_layouts_starts_as_what_it_was() -> None:
    torch.manual_seed(0)
    plain = VideoTransformer(TransformerConfig(8, dim=32, layers=2, heads=2, mlp_dim=32, text_dim=16, hidden_layer=1))
    for parameter in plain.parameters():
        torch.nn.init.normal_(parameter, std=0.2)
    knowing = VideoTransformer(replace(plain.config, layout_classes=4))
    start_from(knowing, plain)
    drawn = VideoTransformer(replace(knowing.config, layout_textures=True))
    start_from(drawn, knowing)
    batch = torch.randn(1, 8, 2, 3, 3), torch.rand(1, 2), torch.randn(1, 4, 16), None, torch.randn(1, 16), torch.tensor([24.0])
    boxes = torch.rand(1, 2, 1, 3, 5)
    told = Layouts(torch.ones(1, 2, 1, dtype=torch.long), boxes, torch.zeros(1, 2, 2), torch.ones(1, 2, dtype=torch.bool))
    torch.testing.assert_close(knowing(*batch, layouts=told), plain(*batch), msg="while the camera stays")
    torch.testing.assert_close(drawn(*batch, layouts=told), plain(*batch))
    with pytest.raises(TrainingError, match="cannot start"):
        start_from(knowing, drawn)


@torch.no_grad()
def test_a_transformer_that_learns_to_recall_starts_as_what_it_was() -> None:
    torch.manual_seed(0)
    plain = VideoTransformer(
        TransformerConfig(8, dim=32, layers=2, heads=2, mlp_dim=32, text_dim=16, hidden_layer=1, prediction="residual")
    )
    for parameter in plain.parameters():
        torch.nn.init.normal_(parameter, std=0.2)
    recalling = VideoTransformer(replace(plain.config, recall=True))
    start_from(recalling, plain)
    batch = torch.randn(1, 8, 2, 3, 3), torch.rand(1, 2), torch.randn(1, 4, 16), None, torch.randn(1, 16), torch.tensor([24.0])
    torch.testing.assert_close(recalling(*batch), plain(*batch))
    recalling.output.weight[16:].normal_()
    assert not torch.equal(recalling(*batch), plain(*batch))
    with pytest.raises(TrainingError, match="cannot start"):
        start_from(plain, recalling)


@torch.no_grad()
@pytest.mark.parametrize("more", ["layout_sketch", "carry"])
def test_a_transformer_that_learns_to_draw_starts_as_what_it_was(more: str) -> None:
    torch.manual_seed(0)
    plain = VideoTransformer(
        TransformerConfig(
            8, dim=32, layers=2, heads=2, mlp_dim=32, text_dim=16, hidden_layer=1, prediction="residual", recall=True, layout_classes=4
        )
    )
    for parameter in plain.parameters():
        torch.nn.init.normal_(parameter, std=0.2)
    drawing = VideoTransformer(replace(plain.config, **{more: True}))  # type: ignore[arg-type]
    start_from(drawing, plain)
    batch = torch.randn(1, 8, 2, 3, 3), torch.rand(1, 2), torch.randn(1, 4, 16), None, torch.randn(1, 16), torch.tensor([24.0])
    boxes = torch.rand(1, 2, 1, 3, 5) + 0.5
    told = Layouts(torch.ones(1, 2, 1, dtype=torch.long), boxes, torch.zeros(1, 2, 2), torch.ones(1, 2, dtype=torch.bool))
    torch.testing.assert_close(drawing(*batch, layouts=told), plain(*batch, layouts=told))
    with pytest.raises(TrainingError, match="cannot start"):
        start_from(plain, drawing)


def test_what_is_carried_is_measured_beside_players_and_after_something_known() -> None:
    torch.manual_seed(0)
    deviation = torch.tensor([0.5, 1.0, 2.0])
    sized, labels = torch.randn(2, 3, 3, 4, 4), torch.zeros(2, 3, 4, 4, dtype=torch.long)
    x0, sigma = sized * deviation.view(-1, 1, 1, 1), torch.tensor([[0.0, 0.9, 0.9], [0.9, 0.9, 0.9]])
    labels[:, :, 1:3, 2] = 5
    true = sized.clone()
    true[:, :, 0] = 0  # nothing comes before the first
    assert float(carry_error(true, x0, labels, sigma, deviation)) == pytest.approx(0, abs=1e-6)
    assert float(carry_error(true * 1.5, x0, labels, sigma, deviation)) == pytest.approx(0.25)
    wrong = true.clone()
    wrong[1] += 1  # a clip of which nothing is known
    wrong[0] += (labels[0] > 0).unsqueeze(0)
    assert float(carry_error(wrong, x0, labels, sigma, deviation)) == pytest.approx(0, abs=1e-6)


def test_a_sketch_is_measured_in_cells_that_hold_somebody_of_clips_that_are_told() -> None:
    torch.manual_seed(0)
    x0, labels = torch.randn(2, 3, 2, 4, 4), torch.zeros(2, 2, 4, 4, dtype=torch.long)
    labels[:, :, 1:3, 2] = 5
    covered = (labels > 0).float()
    true = Sketch(x0 * covered.unsqueeze(1), covered, covered)
    assert float(sketch_error(true, x0, labels)) == pytest.approx(0, abs=1e-6)
    assert float(sketch_error(true._replace(latents=torch.zeros_like(x0)), x0, labels)) == pytest.approx(1)
    half = Sketch(torch.stack([true.latents[0], torch.randn(3, 2, 4, 4)]), torch.stack([covered[0], torch.zeros(2, 4, 4)]), covered)
    assert float(sketch_error(half, x0, labels)) == pytest.approx(0, abs=1e-6), "of the other clip nothing is told"


def test_clips_come_with_their_layouts_where_the_network_reads_them(assets: Path, latents: Path, tmp_path: Path) -> None:
    config = transformer_config(latents)
    model = replace(config.model, layout_classes=48, layout_sketch=True, carry=True, prediction="residual")
    config = replace(config, model=model, singles=0.0, tokens=64)
    stage = TransformerStage(config)
    batches = [stage.batch(step) for step in range(12)]
    given = torch.cat([batch.layouts.given for batch in batches if batch.layouts is not None])
    assert given.any() and not given.all(), "sometimes nothing is said, so that it can also be left out"
    first = batches[0]
    assert first.layouts is not None and first.layouts.who.shape == (*first.labels.shape[:2], 2)
    painted, cast = load_atlas(assets).ids, list(load_cast())
    clips = [
        (labels, who, bool(features.any()))
        for batch in batches
        for labels, who, features in zip(batch.labels, batch.layouts.who, batch.features, strict=True)  # type: ignore[union-attr]
    ]
    of_nobody = [told for _, who, told in clips if not bool(who.any())]
    assert of_nobody and not any(of_nobody), "clips without a caption may be told of the camera alone"
    for labels, who, _ in clips:
        named = {cast[number - 1] for number in who.unique().tolist() if number}
        seen = {painted[label - 1] for label in labels.unique().tolist() if label}
        assert not named or seen <= named, "who is painted in a clip is in its layout"
    stage.preview = lambda folder, step: None  # type: ignore[method-assign]
    train(stage, RunConfig("transformer/layouts", 2, warmup=1), tmp_path, say=lambda _: None)
    assert '"sketch"' in (tmp_path / "history.jsonl").read_text(encoding="utf-8")


def test_transformer_without_latents_says_what_to_run(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="latents"):
        TransformerStage(transformer_config(tmp_path))


@pytest.mark.parametrize(("stage", "recipe", "named"), [("vae", "small", "autoencoder"), ("text", "huge", "small")])
def test_unknown_stage_or_recipe_lists_the_known_ones(stage: str, recipe: str, named: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=named):
        run(stage, recipe, out=tmp_path)
    stages = {"autoencoder", "latents", "text", "transformer", "planner", "turbo", "upsampler", "interpolator", "parser", "tracks", "heads"}
    assert set(recipe_names()) == stages
