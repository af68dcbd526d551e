"""The parser's stage on a toy stage: its truth agrees with the renderer, its data with (seed, step), and it trains."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from misora.base.shapes import VideoShape
from misora.models.parser.background import BANDS, MOVES
from misora.models.parser.config import RATE, STRIDE
from misora.models.parser.tracks import Found, track_from_mask
from misora.models.registry import load_parser
from misora.training.degrade import blur, compress, degrade, ghost
from misora.training.head_stage import HeadStage, some
from misora.training.loop import train
from misora.training.parser import ParserStage
from misora.training.parser_clips import ParserDataset, draw_evenly, with_cuts
from misora.training.parser_readings import join, matched, nearest, read_back
from misora.training.parser_tracks import blur_track, camera_moves, simulate_background, simulate_tracks
from misora.training.parser_truth import UNSURE, facts_of, shipped_parser, stage_parser, truth_of
from misora.training.recipes import heads_tiny, parser_critic, parser_judge, parser_tiny, tracks_critic, tracks_judge, tracks_tiny
from misora.training.track_stage import Sequences, TrackStage, pooled
from misora.world.assets import Atlas, save_atlas, toy_atlas, toy_sprites
from misora.world.casting import is_held_out
from misora.world.colours import OWN_COLOUR
from misora.world.program import Action, Camera, CameraMove, Scene, Weather
from misora.world.render import Renderer
from misora.world.scenes import Draw
from misora.world.tier import SMALL

SMALL_PARSER = stage_parser()
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
    rng, draw = random.Random(seed), Draw("small", IDS, seconds=SHAPE.seconds, second_player=0)
    while True:
        drawn = draw_evenly(draw, SMALL_PARSER, rng)
        if drawn.players[0].action is action:
            return replace(drawn, camera=Camera(move, 0.0 if move in (CameraMove.STATIC, CameraMove.FOLLOW) else 0.2))


@pytest.mark.parametrize("action", SMALL.actions)
@pytest.mark.parametrize("move", [CameraMove.STATIC, CameraMove.PAN_LEFT, CameraMove.ZOOM_OUT])
def test_simulated_tracks_agree_with_rendered_masks(action: Action, move: CameraMove, atlas: Atlas) -> None:
    drawn = scene(5, action, move)
    rendered = track_from_mask(Renderer(atlas).render(drawn, SHAPE).instance == 1)
    (simulated,) = simulate_tracks(drawn, atlas, SHAPE.num_frames, 1.0)
    both = rendered.seen & simulated.seen
    assert int((rendered.seen ^ simulated.seen).sum()) <= 2
    for name, near in (("x", 0.03), ("y", 0.04), ("height", 0.12), ("width", 0.12)):
        error = (getattr(rendered, name) - getattr(simulated, name))[both].abs()
        assert float(error.mean()) < near, name


@pytest.mark.parametrize(
    ("move", "sign", "axis"),
    [(CameraMove.PAN_RIGHT, 1, 0), (CameraMove.PAN_LEFT, -1, 0), (CameraMove.ZOOM_IN, 1, 2), (CameraMove.TILT_UP, 1, 1)],
)
def test_camera_moves_say_which_way(move: CameraMove, sign: int, axis: int) -> None:
    moves = camera_moves(scene(1, move=move), 8)
    assert (moves[:, axis] * sign > 0).all()
    assert moves[:, [other for other in range(3) if other != axis]].abs().max() == 0


@pytest.mark.parametrize("move", [CameraMove.PAN_RIGHT, CameraMove.ZOOM_OUT])
def test_a_simulated_background_goes_the_camera_s_way(move: CameraMove) -> None:
    drawn, generator = scene(1, move=move), torch.Generator().manual_seed(0)
    read = torch.stack([simulate_background(drawn, 8, generator, 0.2) for _ in range(30)])
    axis = 0 if move is CameraMove.PAN_RIGHT else 2
    assert (read[..., axis].median(0).values * camera_moves(drawn, 8)[:, axis : axis + 1] > 0).all()
    assert 0.6 <= float(read[..., 3].min()) <= float(read[..., 3].max()) <= 1


def test_who_stands_behind_another_is_not_seen(atlas: Atlas) -> None:
    drawn = scene(2, Action.STAND)
    near = replace(drawn.players[0], character="car", size=0.6, x=0.0, ground=0.05)
    far = replace(near, character="dog", size=0.2, ground=0.2)
    both = replace(drawn, players=(far, near))
    hidden, seen = simulate_tracks(both, atlas, 8, 1.0)
    assert seen.seen.all()
    assert not hidden.seen.any()
    assert simulate_tracks(replace(both, players=(far,)), atlas, 8, 1.0)[0].seen.all()


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
    rng, draw = random.Random(0), Draw("small", IDS, second_player=0.5)
    for _ in range(60):
        drawn = draw_evenly(draw, SMALL_PARSER, rng)
        assert not any(is_held_out(player.character, player.action, drawn.place) for player in drawn.players)


def test_rare_actions_and_moves_are_drawn_often() -> None:
    rng, draw = random.Random(1), Draw("small", IDS)
    scenes = [draw_evenly(draw, SMALL_PARSER, rng) for _ in range(150)]
    assert {drawn.camera.move for drawn in scenes} == set(SMALL.camera_moves)
    assert sum(drawn.camera.move is not CameraMove.STATIC for drawn in scenes) > 50
    assert {drawn.players[0].action for drawn in scenes} == set(SMALL.actions)


def test_the_stage_trains_and_writes_its_role(assets: Path, tmp_path: Path) -> None:
    config, run_config = parser_tiny()
    path = train(ParserStage(config, assets, workers=0), run_config, tmp_path, say=lambda _: None)
    assert load_parser(path, "critic").config == config.model


def test_the_parser_of_the_full_tier_learns_colour_weather_and_cuts(assets: Path, tmp_path: Path) -> None:
    config, run_config = parser_tiny()
    sizes = {"short_side": 64, "stem_dim": 8, "dim": 12, "context_dim": 12, "blocks": 1, "context_blocks": 1, "track_dim": 8}
    full = replace(config, model=stage_parser("full", **sizes), clips=replace(config.clips, full_share=1.0))
    stage = ParserStage(full, assets, workers=0)
    batch = stage.dataset[0]
    assert set(batch.weather.tolist()) <= set(range(len(Weather)))
    assert (batch.colours != UNSURE).any()
    assert torch.equal(batch.colours != UNSURE, batch.cells > 0)
    path = train(stage, replace(run_config, steps=2), tmp_path, say=lambda _: None)
    changed = load_parser(path, "critic").frames
    torch.manual_seed(full.clips.seed)
    fresh = ParserStage(full, assets, workers=0).model.frames
    for head in ("colours", "weather", "cut"):
        assert not torch.allclose(getattr(changed, head).bias.float(), getattr(fresh, head).bias.bfloat16().float(), atol=1e-5), head


def test_facts_of_a_painted_player() -> None:
    config, player = stage_parser("full"), scene(1).players[0]
    assert config.colours[facts_of(player, config).colour] == OWN_COLOUR
    assert config.colours[facts_of(replace(player, colour="blue"), config).colour] == "blue"
    assert facts_of(player, stage_parser()).colour == UNSURE


def test_cuts_are_pairs_of_two_clips() -> None:
    earlier = torch.arange(40.0).view(40, 1, 1, 1).expand(40, 3, 2, 2)
    changed, cut = with_cuts(earlier, 4, random.Random(0))
    assert 0 < int(cut.sum()) < 12
    clip_of, clip_before = earlier[:, 0, 0, 0] // 4, changed[:, 0, 0, 0] // 4
    assert torch.equal(clip_of != clip_before, cut.bool())
    assert not with_cuts(earlier[:4], 4, random.Random(0))[1].any(), "one clip alone has nothing to cut to"


def test_track_networks_learn_from_what_the_frame_network_reads(assets: Path, tmp_path: Path) -> None:
    config, run_config = parser_tiny()
    start = train(ParserStage(config, assets, workers=0), run_config, tmp_path / "parser", say=lambda _: None)
    track_config, track_run = tracks_tiny()
    stage = TrackStage(replace(track_config, start=str(start)), assets, workers=0)
    stage.read_all = lambda: [known_sequences(stage)]  # type: ignore[method-assign]  # an untrained network finds nobody
    path = train(stage, track_run, tmp_path / "tracks", say=lambda _: None)
    before, after = load_parser(start, "critic").state_dict(), load_parser(path, "critic").state_dict()
    for name, value in before.items():
        same = torch.allclose(after[name], value, atol=2e-2 * float(value.abs().max()))
        assert same or not name.startswith("frames."), name
    assert not torch.equal(before["motion.leave.2.bias"], after["motion.leave.2.bias"])


def test_heads_learn_on_features_that_stay(assets: Path, tmp_path: Path) -> None:
    config, run_config = parser_tiny()
    sizes = {"short_side": 64, "stem_dim": 8, "dim": 12, "context_dim": 12, "blocks": 1, "context_blocks": 1, "track_dim": 8}
    full = replace(config, model=shipped_parser(**sizes))
    start = train(ParserStage(full, assets, workers=0), run_config, tmp_path / "parser", say=lambda _: None)
    head_config, head_run = heads_tiny()
    stage = HeadStage(replace(head_config, start=str(start)), assets, workers=0)
    pool = stage.look_at_all()
    drawn = some(pool, 40, torch.Generator().manual_seed(0))
    assert pool.frames.shape[1] == 1 + 24
    assert (drawn.colours != UNSURE).all()
    assert 10 < int((drawn.colours == 0).sum()) < 30 or not (pool.colours > 0).any(), "painted and plain alike often"
    path = train(stage, replace(head_run, adam_lr=1e-2), tmp_path / "heads", say=lambda _: None)
    before, after = load_parser(start, "critic").state_dict(), load_parser(path, "critic").state_dict()
    heads = ("frames.place", "frames.time", "frames.weather", "frames.colours", "frames.cut")
    changed = {
        name for name, value in before.items() if not torch.allclose(after[name], value, atol=2e-2 * float(value.abs().max()) + 1e-3)
    }
    assert changed
    assert all(name.startswith(heads) for name in changed), changed


def known_sequences(stage: TrackStage) -> Sequences:
    """What a perfect frame network would have read of the first batch."""
    batch, config = stage.dataset[0], stage.model.config
    read = join(
        [
            matched(
                [Found(torch.ones(1), torch.ones(0), track) for track in truth.tracks],
                torch.zeros(len(clip), len(BANDS), MOVES + 1),
                truth,
                config,
            )
            for clip, truth in zip(batch.clips, batch.truths, strict=True)
        ]
    )
    assert read is not None
    return pooled([Sequences(batch.tracks, read)])


def test_found_players_get_the_facts_of_the_true_one_that_they_lie_on(assets: Path) -> None:
    config = parser_tiny()[0]
    batch = ParserDataset(assets, replace(config.clips, whole_every=1, read=2), config.model)[1]
    truth = batch.truths[0]
    for number, track in enumerate(truth.tracks):
        assert nearest(track, truth.tracks) == number
    far = replace(truth.tracks[0], x=truth.tracks[0].x + 5)
    assert nearest(far, truth.tracks) is None
    assert read_back(ParserStage(config, assets, workers=0).model, replace(batch, clips=(), truths=())) is None


def test_critic_and_judge_share_nothing_but_kind_and_vocabulary() -> None:
    (critic, critic_run), (judge, judge_run) = parser_critic(), parser_judge()
    more = {name: getattr(judge.model, name) for name in ("dim", "context_dim", "places", "times", "colours", "weathers")}
    assert replace(critic.model, **more) == judge.model, "the critic is narrower and knows the small tier alone: both are shipped"
    assert set(critic.model.places) <= set(judge.model.places)
    assert critic.clips.seed != judge.clips.seed
    assert critic_run.seed != judge_run.seed
    assert (critic.role, judge.role) == ("critic", "judge")
    assert tracks_critic()[0].clips.seed != tracks_judge()[0].clips.seed
    assert len({stage.clips.seed for stage in (critic, judge, tracks_critic()[0], tracks_judge()[0])}) == 4


def test_a_blurred_track_stays_near(atlas: Atlas) -> None:
    (track,) = simulate_tracks(scene(3), atlas, 16, 1.0)
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
