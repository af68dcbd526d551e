"""A grade changes what it says and nothing else, the same way every time, a few frames at a time."""

from __future__ import annotations

import numpy as np
import pytest

from misora.base.canvas import Frames
from misora.base.errors import InputError
from misora.media.grade import NEUTRAL, RANGES, Grade, grade_frames
from misora.media.grade_colour import luma, tones_of


@pytest.fixture
def clip(rng: np.random.Generator) -> Frames:
    """Twelve different pictures with a ramp, noise and a bright spot, 96 x 128."""
    ramp = np.linspace(30, 200, 128)[None, None, :, None] + np.linspace(-20, 20, 96)[None, :, None, None]
    frames = ramp + rng.normal(0, 4, (12, 96, 128, 3)) + np.arange(12)[:, None, None, None] * np.array([3, 0, -2])
    frames[:, 20:40, 60:88] = 255
    return frames.clip(0, 255).astype(np.uint8)


def graded(clip: Frames, *, pieces: int = 5, seed: int = 7, fps: float = 24.0, **fields: object) -> Frames:
    cut = [clip[start : start + pieces] for start in range(0, len(clip), pieces)]
    return np.concatenate(list(grade_frames(cut, Grade.from_dict(fields), fps=fps, seed=seed)))


EVERYTHING = {
    "exposure": 0.3, "contrast": 1.3, "saturation": 0.6, "tones": ["#102030", "#808080", "#fff0d0"], "toning": 0.5, "levels": 9,
    "smooth": 2.0, "relief": 0.5, "glow": 0.4, "paper": 0.3, "grain": 0.05, "grain_size": 8.0, "dust": 1.0, "vignette": 0.5,
    "flicker": 0.1, "weave": 8.0, "rate": 12.0,
}  # fmt: skip


def test_the_neutral_grade_hands_frames_through_untouched(clip: Frames) -> None:
    (piece,) = grade_frames([clip], NEUTRAL, fps=24.0, seed=1)
    assert piece is clip and NEUTRAL.is_neutral


@pytest.mark.parametrize("name", EVERYTHING)
def test_every_field_acts_alone_and_is_kept_in_the_recipe(clip: Frames, name: str) -> None:
    partners = {"tones": {"toning": 0.5}, "toning": {"tones": ["#000000", "#ff0000"]}, "grain_size": {"grain": 0.05}}
    fields = {name: EVERYTHING[name], **partners.get(name, {})}
    without = {key: value for key, value in fields.items() if key != name}
    assert not np.array_equal(graded(clip, **fields), graded(clip, **without))
    assert Grade.from_dict(fields).to_dict() == fields


def test_the_result_depends_on_frames_grade_and_seed_alone(clip: Frames) -> None:
    once = graded(clip, **EVERYTHING)
    assert once.dtype == np.uint8 and once.shape == clip.shape
    for pieces in (1, 4, 12):
        assert np.array_equal(graded(clip, pieces=pieces, **EVERYTHING), once)
    assert not np.array_equal(graded(clip, seed=8, **EVERYTHING), once)


def test_frames_are_taken_as_they_come(clip: Frames) -> None:
    taken = 0

    def source() -> object:
        nonlocal taken
        for index in range(12):
            taken = index + 1
            yield clip[index : index + 1]

    stream = grade_frames(source(), Grade.from_dict(EVERYTHING), fps=24.0, seed=0)  # type: ignore[arg-type]
    for index in range(12):
        next(stream)
        assert taken == index + 1


@pytest.mark.parametrize(
    ("rate", "fps", "starts"), [(12, 24, [0, 2, 4, 6, 8, 10]), (8, 24, [0, 3, 6, 9]), (18, 24, [0, 2, 3, 4, 6, 7, 8, 10, 11])]
)
def test_pictures_are_held(clip: Frames, rate: float, fps: float, starts: list[int]) -> None:
    held = graded(clip, rate=rate, fps=fps)
    for index in range(12):
        assert np.array_equal(held[index], clip[max(start for start in starts if start <= index)])


@pytest.mark.parametrize("rate", [24, 30, 60])
def test_a_rate_as_high_as_the_clips_holds_nothing(clip: Frames, rate: float) -> None:
    assert np.array_equal(graded(clip, rate=rate), clip)


def test_colour_does_what_its_names_say(clip: Frames) -> None:
    grey = graded(clip, saturation=0.0).astype(int)
    assert np.ptp(grey, axis=-1).max() <= 1
    assert graded(clip, exposure=1.0).mean() > clip.mean() + 20
    assert graded(clip, contrast=1.5).std() > clip.std()
    assert len(np.unique(graded(clip, levels=3))) == 3
    red = graded(clip, tones=["#000000", "#ff0000"], toning=1.0)
    assert red[..., 1:].max() == 0 and np.corrcoef(red[..., 0].ravel(), luma(clip.astype(np.float32)).ravel())[0, 1] > 0.99


def test_texture_does_what_its_names_say(clip: Frames) -> None:
    flat = np.full_like(clip, 128)
    corners, middle = graded(flat, vignette=0.8)[0, [0, 0, -1, -1], [0, -1, 0, -1]], graded(flat, vignette=0.8)[0, 48, 64]
    assert corners.max() < 40 and middle.min() > 120
    grain = graded(flat, grain=0.1).astype(float)
    assert abs(grain.mean() - 128) < 1 and 15 < grain.std() < 30 and not np.array_equal(grain[0], grain[1])
    paper = graded(flat, paper=0.5)
    assert np.array_equal(paper[0], paper[5]) and paper[0].std() > 5
    assert np.ptp(graded(flat, flicker=0.3).mean(axis=(1, 2, 3))) > 10
    assert graded(clip, glow=1.0)[0, 28, 52].mean() > clip[0, 28, 52].mean() + 10, "beside the bright spot"
    assert graded(clip, smooth=12.0)[0].astype(float).std() < clip[0].std()


def test_relief_lights_the_edges_that_face_up_left() -> None:
    disc = np.full((1, 160, 160, 3), 60, np.uint8)
    disc[:, 60:100, 60:100] = 160
    lit = graded(disc, relief=0.5).astype(int)
    assert lit[0, 60, 60, 0] > 160 and lit[0, 100, 100, 0] < 60 and lit[0, 80, 80, 0] == 160


def test_lengths_grow_with_the_picture() -> None:
    small, large = np.zeros((1, 96, 96, 3), np.uint8), np.zeros((1, 384, 384, 3), np.uint8)
    small[:, :, 48:], large[:, :, 192:] = 255, 255
    edges = [
        np.count_nonzero((row > 5) & (row < 250))
        for row in (graded(small, smooth=10.0)[0, 48, :, 0], graded(large, smooth=10.0)[0, 192, :, 0])
    ]
    assert edges[1] == pytest.approx(4 * edges[0], rel=0.25)


@pytest.mark.parametrize("name", RANGES)
def test_a_number_out_of_range_names_the_nearest(name: str) -> None:
    high = RANGES[name][1]
    with pytest.raises(InputError, match=rf"grade\.{name}=.*nearest: {high:g}") as caught:
        Grade(**{name: high + 1})
    assert caught.value.field == f"grade.{name}"
    with pytest.raises(InputError, match=f"grade.{name}"):
        Grade(**{name: float("nan")})


@pytest.mark.parametrize(
    ("data", "says"),
    [
        ({"sparkle": 1}, "grade.sparkle is not known; choose from contrast"),
        ({"grain": "much"}, "grade.grain='much' is not a number"),
        ({"levels": 1}, "grade.levels=1 is not 0 or a whole number"),
        ({"levels": 2.5}, "grade.levels=2.5 is not 0 or a whole number"),
        ({"tones": "#000000"}, "is not a list of colours"),
        ({"tones": ["#000000"]}, "give 2 to 8 colours"),
        ({"tones": ["black", "white"]}, "give 2 to 8 colours"),
    ],
)
def test_what_is_no_grade_is_refused(data: dict[str, object], says: str) -> None:
    with pytest.raises(InputError, match=says):
        Grade.from_dict(data)


def test_tones_come_from_pictures_dark_to_bright(clip: Frames) -> None:
    picture = np.zeros((10, 10, 3), np.uint8)
    picture[5:] = (250, 200, 100)
    assert tones_of([picture], count=2) == ("#000000", "#fac864")
    tones = tones_of(list(clip))
    assert len(tones) == 5 and Grade(tones=tones, toning=1.0)
