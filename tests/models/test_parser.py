"""The parser's networks at toy size, and how cells become players."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from misora.base.errors import InputError, WeightsError
from misora.models.parser.background import BANDS, MOVES
from misora.models.parser.config import STRIDE, ParserConfig
from misora.models.parser.frame_network import FrameReading
from misora.models.parser.model import Parser, camera_travel, cut_seconds, earlier_index, to_canvas
from misora.models.parser.reading import most_likely
from misora.models.parser.tracks import find_players
from misora.models.registry import load_parser, save_model
from tiny import TINY_PARSER, tiny_parser

HEIGHT, WIDTH, FRAMES = 128, 192, 6


def reading_of(figures: dict[int, tuple[float, float, float, float]], sureness: dict[int, float] | None = None) -> FrameReading:
    """What a sure frame network says of standing figures: character -> (x, bottom, width, height) in canvas pixels."""
    rows, columns = HEIGHT // STRIDE, WIDTH // STRIDE
    cells = torch.full((FRAMES, 5, rows, columns), -8.0)
    cells[:, 0] = 8.0
    boxes = torch.zeros(FRAMES, 4, rows, columns)
    for character, (x, bottom, width, height) in figures.items():
        for row in range(rows):
            for column in range(columns):
                right, down = (column + 0.5) * STRIDE, (row + 0.5) * STRIDE
                if abs(right - x) < width / 2 and bottom - height < down < bottom:
                    cells[:, 0, row, column] = -8
                    cells[:, 1 + character, row, column] = (sureness or {}).get(character, 8.0)
                    boxes[:, :, row, column] = torch.tensor([x - right, bottom - down, np.log(height), np.log(width)]).float()
    flat, none = torch.zeros(FRAMES, 3), torch.zeros(FRAMES, 0)
    return FrameReading(cells, boxes, torch.zeros(FRAMES, 0, rows, columns), flat, flat, none, torch.zeros(FRAMES), flat)


def test_cells_vote_for_a_box_in_view_heights() -> None:
    (found,) = find_players(reading_of({2: (96.0, 112.0, 32.0, 64.0)}), HEIGHT, WIDTH, 2)
    assert int(found.characters.argmax()) == 2
    assert found.track.x[0] == pytest.approx(0, abs=0.01)
    assert found.track.y[0] == pytest.approx(1 - 112 / 128, abs=0.01)
    assert found.track.height[0] == pytest.approx(0.5, rel=0.02)
    assert found.track.width[0] == pytest.approx(0.25, rel=0.02)
    assert found.track.seen.all()


def test_two_players_are_told_apart() -> None:
    found = find_players(reading_of({1: (40.0, 112.0, 24.0, 40.0), 3: (140.0, 112.0, 48.0, 80.0)}), HEIGHT, WIDTH, 2)
    assert {int(player.characters.argmax()): round(float(player.track.height[0]), 2) for player in found} == {1: 0.31, 3: 0.62}


def test_one_figure_of_two_minds_is_one_player() -> None:
    reading = reading_of({2: (96.0, 112.0, 48.0, 64.0)})
    reading.cells[:, 4] = reading.cells[:, 3] - 0.5
    found = find_players(reading, HEIGHT, WIDTH, 2)
    assert len(found) == 1
    assert float(found[0].characters[3]) > 0.3, "the doubt is kept"


def test_nobody_is_found_where_nobody_is() -> None:
    assert find_players(reading_of({}), HEIGHT, WIDTH, 2) == []


@pytest.mark.parametrize(("frames", "height", "width", "fps"), [(1, 64, 64, 24), (48, 96, 160, 24), (10, 128, 72, 8)])
def test_clips_of_any_shape_are_read(frames: int, height: int, width: int, fps: float, rng: np.random.Generator) -> None:
    reading = tiny_parser().read(rng.integers(0, 256, (frames, height, width, 3), dtype=np.uint8), fps)
    assert reading.num_frames == max(1, round(frames / fps * 8))
    for shares in (reading.place, reading.time, reading.camera):
        assert sum(shares.values()) == pytest.approx(1, abs=1e-4)
    assert most_likely(reading.place) in TINY_PARSER.places
    for player in reading.players:
        assert set(player.action) == set(TINY_PARSER.actions)


def test_a_clip_reads_the_same_at_another_rate_of_the_same_pictures() -> None:
    frames = np.repeat(np.random.default_rng(0).integers(0, 256, (8, 64, 64, 3), dtype=np.uint8), 3, axis=0)
    slow, fast = tiny_parser().read(frames[::3], 8), tiny_parser().read(frames, 24)
    assert slow.place == fast.place
    assert torch.equal(slow.camera_travel, fast.camera_travel)


def test_the_canvas_keeps_the_aspect_on_the_grid() -> None:
    config = ParserConfig(("dog",), ("beach",), ("day",), ("run",), ("left",), ("static",))
    assert config.canvas(256, 256) == (128, 128)
    assert config.canvas(480, 832) == (128, 224)
    assert config.canvas(832, 480) == (224, 128)
    assert to_canvas(torch.zeros(48, 480, 832, 3, dtype=torch.uint8), 24, config).shape == (16, 3, 128, 224)


def test_each_frame_looks_a_quarter_second_back() -> None:
    assert earlier_index(5).tolist() == [0, 0, 0, 1, 2]


def test_camera_travel_is_the_whole_picture_s_in_a_quarter_second() -> None:
    motion = torch.zeros(3, len(BANDS), MOVES + 1)
    motion[:, -1] = torch.tensor([0.01, 0.5, 0.02, 1.0])
    torch.testing.assert_close(camera_travel(motion), torch.tensor([[0.02, 0.04]] * 3))


def test_cuts_are_told_once() -> None:
    assert cut_seconds(torch.tensor([-1.0, -1, 3, 2, -1, -1, -1, -1, 5, 5])) == (0.25, 1.0)
    assert cut_seconds(torch.full((4,), -1.0)) == ()


def test_words_that_a_parser_has_no_names_for_are_left_out() -> None:
    frames = np.random.default_rng(0).integers(0, 256, (8, 64, 64, 3), dtype=np.uint8)
    reading = tiny_parser().read(frames, 8)
    assert reading.weather == {}
    full = Parser(replace(TINY_PARSER, colours=("own", "red"), weathers=("clear", "rain"))).eval()
    assert set(full.read(frames, 8).weather) == {"clear", "rain"}
    assert full.read_frames(to_canvas(torch.from_numpy(frames), 8, full.config)).colours.shape[1] == 2


def test_a_parser_off_the_grid_is_refused() -> None:
    with pytest.raises(InputError, match="nearest: 96"):
        ParserConfig(("dog",), ("beach",), ("day",), ("run",), ("left",), ("static",), short_side=100)


def test_the_file_says_which_parser_it_is_whatever_its_name(tmp_path: Path) -> None:
    save_model(tmp_path, "judge", tiny_parser(), dtype=torch.float32)
    loaded = load_parser(tmp_path, "judge")
    frames = np.random.default_rng(1).integers(0, 256, (16, 64, 64, 3), dtype=np.uint8)
    assert loaded.read(frames, 8).place == pytest.approx(tiny_parser().read(frames, 8).place)
    (tmp_path / "judge.safetensors").rename(tmp_path / "critic.safetensors")
    with pytest.raises(WeightsError, match="holds a judge, not a critic"):
        load_parser(tmp_path, "critic")
