from __future__ import annotations

import numpy as np
import pytest

from misora.base.canvas import Canvas, Pin, Span
from misora.base.errors import WeightsError
from misora.base.sampled_size import sampled_size
from misora.base.shapes import VideoShape
from misora.media.fit import fit_frames
from misora.models.upsampler.config import TINY
from misora.models.upsampler.model import Upsampler
from misora.pipelines.native import NativePipeline
from misora.pipelines.sampled import sampled_canvas, shrunk_mask
from misora.pipelines.tail import TailKeeper
from misora.pipelines.upsampling import Enlarger
from tiny import tiny_pipeline, tiny_text_encoder, tiny_transformer, tiny_upsampler, tiny_vae


def canvas(num_frames: int = 9, height: int = 128, width: int = 192, **options: object) -> Canvas:
    options = {"spans": (Span("a dog runs"),), "steps": 2, "seed": 1, "sampled": (64, 96), **options}
    return Canvas(VideoShape(num_frames, height, width, 24.0), **options)  # type: ignore[arg-type]


def pipeline() -> NativePipeline:
    return NativePipeline(tiny_vae(), tiny_transformer(), tiny_text_encoder(), tiny_upsampler())


def test_a_sampled_canvas_is_the_small_one_enlarged() -> None:
    made = pipeline().sample(canvas())
    small = tiny_pipeline().sample(canvas(height=64, width=96, sampled=None))
    assert np.array_equal(made, np.concatenate(list(Enlarger(tiny_upsampler()).enlarge([small], 128, 192))))


def test_frames_stream_out_as_they_are_made_and_stills_too() -> None:
    assert [len(piece) for piece in pipeline().iter_frames(canvas(13))] == [1, 8, 4]
    assert pipeline().sample(canvas(1)).shape == (1, 128, 192, 3)


@pytest.mark.parametrize(("height", "width", "sampled"), [(140, 249, (70, 126)), (249, 140, (126, 70)), (100, 150, (64, 96))])
def test_sizes_that_no_doubling_hits_are_delivered_exactly(height: int, width: int, sampled: tuple[int, int]) -> None:
    assert pipeline().sample(canvas(1, height, width, sampled=sampled)).shape == (1, height, width, 3)


def test_pins_come_back_where_they_were() -> None:
    """A square near a corner of a picture whose aspect is not that of the sampled size lies there again after both ways."""
    picture = np.zeros((1, 720, 1280, 3), np.uint8)
    picture[:, 600:660, 1180:1240] = 255
    small = sampled_canvas(canvas(1, 720, 1280, sampled=sampled_size(720, 1280), pins=(Pin(picture),)))
    assert small.shape.height == 240 and small.sampled is None
    back = next(Enlarger(Upsampler(TINY).eval()).enlarge([small.pins[0].frames], 720, 1280))[0, :, :, 0] > 127
    rows, columns = back.any(1).nonzero()[0], back.any(0).nonzero()[0]
    assert [rows.min(), rows.max() + 1] == pytest.approx([600, 660], abs=1)
    assert [columns.min(), columns.max() + 1] == pytest.approx([1180, 1240], abs=1)


def test_edge_and_crop_are_inverse() -> None:
    picture = fit_frames(np.random.default_rng(0).integers(0, 256, (1, 9, 16, 3), dtype=np.uint8), 90, 160, "stretch")
    there = fit_frames(picture, 120, 216, "edge")
    assert np.abs(fit_frames(there, 90, 160).astype(int) - picture).mean() < 1


@pytest.mark.parametrize("moving", [False, True])
def test_a_shrunk_mask_holds_nothing_that_was_free(moving: bool) -> None:
    mask = np.ones((2, 90, 160) if moving else (90, 160), np.bool_)
    mask[..., 31, 50] = False
    small = shrunk_mask(mask, 30, 54)
    assert small.shape == ((2, 30, 54) if moving else (30, 54)) and small.any()
    free = np.argwhere(~(small[0] if moving else small))
    assert len(free) in (1, 2) and set(free[:, 0]) == {10} and set(free[:, 1]) <= {16, 17}


def test_a_mask_that_frees_a_stripe_frees_every_small_pixel_that_it_touches() -> None:
    mask = np.ones((64, 64), np.bool_)
    mask[:, 21:43] = False
    assert (~shrunk_mask(mask, 32, 32)[0]).nonzero()[0].tolist() == list(range(10, 22))


def test_a_clip_goes_on_from_latents_of_the_sampled_size() -> None:
    keeper = TailKeeper()
    list(pipeline().iter_frames(canvas(9), tail=keeper))
    past = keeper.latents
    assert past is not None and past.shape[2:] == (2, 3)
    assert pipeline().sample(canvas(9, past=past)).shape == (9, 128, 192, 3)


def test_previews_have_the_size_of_sampling() -> None:
    seen: list[np.ndarray] = []
    list(pipeline().iter_frames(canvas(), preview=seen.append))
    assert {picture.shape for picture in seen} == {(1, 64, 96, 3)}


def test_without_an_upsampler_it_says_so_before_anything_is_computed() -> None:
    with pytest.raises(WeightsError, match="sampled at 96x64 and upsampled, and there are no upsampler weights"):
        tiny_pipeline().iter_frames(canvas())
