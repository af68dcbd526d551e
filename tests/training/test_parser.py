"""The parser's stage on a toy stage: its truth agrees with the renderer, its data with (seed, step), and it trains."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from misora.base.shapes import VideoShape
from misora.models.parser.config import RATE, STRIDE
from misora.models.registry import load_parser
from misora.training.degrade import blur, compress, degrade, ghost
from misora.training.loop import train
from misora.training.parser import ParserStage
from misora.training.parser_clips import ParserDataset, draw_scene
from misora.training.parser_tracks import blur_track, simulate_track
from misora.training.parser_truth import UNSURE, camera_truth, track_from_mask, truth_of
from misora.training.recipes import parser_critic, parser_judge, parser_tiny
from misora.world.assets import Atlas, save_atlas, toy_atlas, toy_sprites
from misora.world.casting import Casting, is_held_out
from misora.world.program import Action, Camera, CameraMove, Scene
from misora.world.render import Renderer
from misora.world.tier import SMALL

IDS = ("dog", "cat", "car", "ball")
SHAPE = VideoShape(16, 64, 64, RATE)


@pytest.fixture(scope="module")
def assets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("stage")
    save_atlas(folder, toy_sprites())
    return folder


@pytest.fixture(scope="module")
def atlas() -> Atlas:
    return toy_atlas()


def scene(seed: int, action: Action = Action.WALK, move: CameraMove = CameraMove.STATIC) -> Scene:
    rng, casting = random.Random(seed), Casting(IDS, seconds=SHAPE.seconds, second_player=0)
    while True:
        drawn = draw_scene(casting, rng)
        if drawn.players[0].action is action:
            return replace(drawn, camera=Camera(move, 0.0 if move in (CameraMove.STATIC, CameraMove.FOLLOW) else 0.2))


@pytest.mark.parametrize("action", SMALL.actions)
@pytest.mark.parametrize("move", [CameraMove.STATIC, CameraMove.PAN_LEFT, CameraMove.ZOOM_OUT])
def test_simulated_tracks_agree_with_rendered_masks(action: Action, move: CameraMove, atlas: Atlas) -> None:
    drawn = scene(5, action, move)
    rendered = track_from_mask(Renderer(atlas).render(drawn, SHAPE).instance == 1)
    simulated = simulate_track(drawn, 0, atlas, SHAPE.num_frames, 1.0)
    both = rendered.seen & simulated.seen
    assert int((rendered.seen ^ simulated.seen).sum()) <= 2
    for name, near in (("x", 0.03), ("y", 0.04), ("height", 0.12), ("width", 0.12)):
        error = (getattr(rendered, name) - getattr(simulated, name))[both].abs()
        assert float(error.mean()) < near, name


@pytest.mark.parametrize(("move", "sign", "axis"), [(CameraMove.PAN_RIGHT, 1, 0), (CameraMove.PAN_LEFT, -1, 0), (CameraMove.ZOOM_IN, 1, 1)])
def test_camera_truth_says_which_way(move: CameraMove, sign: int, axis: int) -> None:
    camera = camera_truth(scene(1, move=move), 8)
    assert (camera[2:, axis] * sign > 0).all()
    assert camera[0].abs().max() == 0


def test_truth_names_the_player_and_where_its_box_is(atlas: Atlas) -> None:
    config, drawn = parser_tiny()[0].model, scene(2, Action.STAND)
    rendering = Renderer(atlas).render(drawn, SHAPE)
    truth = truth_of(drawn, rendering, SHAPE, config)
    assert set(truth.cells.unique().tolist()) == {UNSURE, 0, 1 + config.characters.index(drawn.players[0].character)}
    frame, row, column = (truth.cells > 0).nonzero()[0].tolist()
    track = track_from_mask(rendering.instance == 1)
    middle = (column + 0.5) * STRIDE + float(truth.boxes[frame, 0, row, column])
    assert (middle - SHAPE.width / 2) / SHAPE.height == pytest.approx(float(track.x[frame]), abs=1e-4)
    assert float(truth.boxes[frame, 2, row, column].exp()) / SHAPE.height == pytest.approx(float(track.height[frame]), abs=1e-4)


def test_batches_depend_on_seed_and_step_alone(assets: Path) -> None:
    config = parser_tiny()[0]
    first, second = (ParserDataset(assets, config.clips, config.model)[3] for _ in range(2))
    other = ParserDataset(assets, replace(config.clips, seed=1), config.model)[3]
    assert torch.equal(first.frames, second.frames)
    assert torch.equal(first.tracks.players, second.tracks.players)
    assert first.frames.shape != other.frames.shape or not torch.equal(first.frames, other.frames)


def test_nothing_held_out_is_drawn() -> None:
    rng, casting = random.Random(0), Casting(IDS, second_player=0.5)
    for _ in range(60):
        drawn = draw_scene(casting, rng)
        assert not any(is_held_out(player.character, player.action, drawn.place) for player in drawn.players)


def test_rare_actions_and_moves_are_drawn_often() -> None:
    rng, casting = random.Random(1), Casting(IDS)
    scenes = [draw_scene(casting, rng) for _ in range(150)]
    assert {drawn.camera.move for drawn in scenes} == set(SMALL.camera_moves)
    assert sum(drawn.camera.move is not CameraMove.STATIC for drawn in scenes) > 50
    assert {drawn.players[0].action for drawn in scenes} == set(SMALL.actions)


def test_the_stage_trains_and_writes_its_role(assets: Path, tmp_path: Path) -> None:
    config, run_config = parser_tiny()
    path = train(ParserStage(config, assets, workers=0), run_config, tmp_path, say=lambda _: None)
    assert load_parser(path, "critic").config == config.model


def test_critic_and_judge_share_nothing_but_kind_and_vocabulary() -> None:
    (critic, critic_run), (judge, judge_run) = parser_critic(), parser_judge()
    widths = {"dim": judge.model.dim, "context_dim": judge.model.context_dim}  # the critic is narrower: both are shipped
    assert replace(critic.model, **widths) == judge.model
    assert critic.clips.seed != judge.clips.seed
    assert critic_run.seed != judge_run.seed
    assert (critic.role, judge.role) == ("critic", "judge")


def test_a_blurred_track_stays_near(atlas: Atlas) -> None:
    track = simulate_track(scene(3), 0, atlas, 16, 1.0)
    blurred = blur_track(track, torch.Generator().manual_seed(0), 1.0)
    assert 0 < float((blurred.x - track.x).abs().mean()) < 0.05


def test_degrading_changes_a_clip_but_not_its_range() -> None:
    frames = torch.rand(3, 3, 32, 48, generator=torch.Generator().manual_seed(0)) * 255
    for changed in (blur(frames, 0.4), compress(frames, 20), ghost(frames, frames.roll(1, 0), 0.3)):
        assert changed.shape == frames.shape
        assert 1 < float((changed - frames).abs().mean()) < 100
    several = [degrade(frames, torch.arange(3), random.Random(seed)) for seed in range(12)]
    assert all(0 <= float(clip.min()) and float(clip.max()) <= 255 for clip in several)
    assert any(torch.equal(clip, frames) for clip in several)
