from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from misora.api.pins import PinRequest, build_pin, digest_of, parse_image, to_requests
from misora.base.errors import InputError
from misora.base.shapes import VideoShape
from misora.media.encode import write_video
from misora.media.stills import write_image

SHAPE = VideoShape(49, 64, 96, 24.0)


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "photo.png"
    write_image(path, np.full((120, 90, 3), 60, np.uint8))
    return path


def test_a_file_may_name_its_time(tmp_path: Path) -> None:
    assert parse_image("a.png") == PinRequest("a.png", 0.0)
    assert parse_image("a.png@2.5") == PinRequest("a.png", 2.5)
    assert parse_image("a.png@end") == PinRequest("a.png", math.inf)
    named = tmp_path / "me@home"
    named.touch()
    assert parse_image(str(named)) == PinRequest(str(named), 0.0)
    with pytest.raises(InputError, match="neither seconds nor 'end'"):
        parse_image("a.png@soon")


def test_the_python_argument_takes_every_form(photo: Path) -> None:
    array = np.zeros((4, 4, 3), np.uint8)
    assert to_requests(None) == ()
    assert to_requests(photo) == (PinRequest(photo),)
    assert to_requests([str(photo), (array, 2)]) == (PinRequest(str(photo)), PinRequest(array, 2.0))
    with pytest.raises(InputError, match="image is a int"):
        to_requests(3)  # type: ignore[arg-type]


@pytest.mark.parametrize(("seconds", "index"), [(0.0, 0), (1.0, 24), (2.0, 48), (math.inf, 48)])
def test_a_picture_is_fitted_and_placed(photo: Path, seconds: float, index: int) -> None:
    pin, remembered = build_pin(PinRequest(photo, seconds), SHAPE)
    assert pin.frames.shape == (1, 64, 96, 3) and (pin.frames == 60).all()
    assert (pin.frame_index, remembered.frame_index) == (index, index)
    assert remembered.sha256 == digest_of(photo)


def test_a_clip_is_brought_to_the_rate_and_cut_at_the_end(tmp_path: Path) -> None:
    clip = tmp_path / "clip.mp4"
    write_video(clip, np.zeros((12, 64, 96, 3), np.uint8), 12.0)
    assert len(build_pin(PinRequest(clip), SHAPE)[0].frames) == 24
    assert len(build_pin(PinRequest(clip, 1.5), SHAPE)[0].frames) == 13
    assert build_pin(PinRequest(clip, math.inf), SHAPE)[0].frame_index == 25


@pytest.mark.parametrize("seconds", [-1.0, 2.1, math.nan])
def test_a_time_outside_the_video_is_refused(photo: Path, seconds: float) -> None:
    with pytest.raises(InputError, match="outside the video"):
        build_pin(PinRequest(photo, seconds), SHAPE)


def test_arrays_have_digests_of_their_own() -> None:
    flat = np.zeros((2, 8, 3), np.uint8)
    assert digest_of(flat) == digest_of(flat.copy()) != digest_of(flat.reshape(4, 4, 3))


@pytest.mark.parametrize("array", [np.zeros((4, 4), np.uint8), np.zeros((4, 4, 3), np.float32), np.zeros((0, 4, 4, 3), np.uint8)])
def test_an_array_that_is_no_picture_is_refused(array: np.ndarray) -> None:
    with pytest.raises(InputError, match="image must be uint8"):
        build_pin(PinRequest(array), SHAPE)
