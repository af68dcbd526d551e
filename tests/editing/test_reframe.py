from __future__ import annotations

import numpy as np
import pytest

from misora.base.errors import InputError
from misora.editing.footage import Footage
from misora.editing.plan import Made, assemble
from misora.editing.reframe import Reframe, middle
from misora.editing.scene import Scene
from misora.pipelines.grid import grid_of
from misora.pipelines.pinning import held_cells
from misora.pipelines.sampled import sampled_canvas

SCENE = Scene("a dog runs", seed=5)
CLIP = Footage(np.random.default_rng(3).integers(0, 256, (9, 64, 96, 3), dtype=np.uint8), 24.0)


@pytest.mark.parametrize(
    ("tool", "size"),
    [
        (Reframe(aspect="9:16"), (172, 96)),
        (Reframe(aspect="1:1"), (96, 96)),
        (Reframe(aspect="21:9"), (64, 150)),
        (Reframe("128x128"), (128, 128)),
    ],
)
def test_the_canvas_holds_the_clip_as_it_is(tool: Reframe, size: tuple[int, int]) -> None:
    plan = tool.compile([CLIP], SCENE)
    assert (plan.shape.height, plan.shape.width) == size and plan.shape.num_frames == 9 and plan.notes == ()


def test_the_clip_lies_on_the_latent_grid_and_its_cells_are_held() -> None:
    (made,) = Reframe("160x192").compile([CLIP], SCENE).parts
    assert isinstance(made, Made)
    rim, inside = made.canvas.pins
    cells = held_cells(inside, grid_of(made.canvas.shape), 0)
    assert cells.sum() == 6 and np.array_equal(cells, held_cells(rim, grid_of(made.canvas.shape), 0))


def test_cells_that_the_edge_runs_through_are_held_loosely() -> None:
    clip = Footage(CLIP.frames[:, :, :80], 24.0)
    (made,) = Reframe("160x192").compile([clip], SCENE).parts
    assert isinstance(made, Made)
    rim, inside = (held_cells(pin, grid_of(made.canvas.shape), 0) for pin in made.canvas.pins)
    assert rim.sum() == 6 and inside.sum() == 4 and made.canvas.pins[0].strength == 0.5


def test_the_rim_follows_the_grid_on_which_the_canvas_is_sampled() -> None:
    """At half the size a cell covers 64 pixels of the result: the clip's edge runs through other cells, and those are held loosely."""
    clip = Footage(CLIP.frames[:, :, :80], 24.0)
    (made,) = Reframe("256x192").compile([clip], SCENE).sampled((96, 128)).parts
    assert isinstance(made, Made)
    small = sampled_canvas(made.canvas)
    rim, inside = (held_cells(pin, grid_of(small.shape), 0) for pin in small.pins)
    assert inside.sum() == 0 and np.argwhere(rim).tolist() == [[1, 1], [1, 2]]


@pytest.mark.parametrize(("inner", "outer", "start"), [(64, 192, 64), (96, 160, 32), (64, 70, 3), (96, 96, 0)])
def test_the_middle_is_a_line_of_the_grid_where_there_is_room(inner: int, outer: int, start: int) -> None:
    assert middle(inner, outer) == start


def test_the_clip_is_laid_back_bit_for_bit_and_its_edge_is_lent_outwards() -> None:
    flat = Footage(np.full((2, 64, 96, 3), 110, np.uint8), 24.0)
    plan = Reframe("160x128").compile([flat], SCENE)
    frames = np.concatenate(list(assemble(plan, lambda canvas: iter(np.full((2, 1, 128, 160, 3), 100, np.uint8)))))
    assert (frames[:, 32:96, 32:128] == 110).all()
    levels = frames[0, 64, 128:, 0].astype(int)
    assert levels[0] == 110 and (np.diff(levels) <= 0).all() and levels[-1] == 100


def test_a_clip_that_is_too_large_is_made_smaller_and_never_larger() -> None:
    plan = Reframe("64x160").compile([CLIP], SCENE)
    assert plan.notes == ("the clip became 64x43 to fit inside 64x160",)
    assert Reframe("640x640").compile([CLIP], SCENE).notes == ()


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (Reframe, "give a size or an aspect"),
        (lambda: Reframe("64x64", "1:1"), "give a size or an aspect"),
        (lambda: Reframe(aspect="wide"), "aspect='wide' is not ACROSS:DOWN"),
        (lambda: Reframe(aspect="0:1"), "aspect='0:1' is not ACROSS:DOWN"),
        (lambda: Reframe("huge"), "size='huge' is not WIDTHxHEIGHT"),
        (lambda: Reframe(aspect="3:2").compile([CLIP], SCENE), "the clip has that shape already, 96x64"),
        (lambda: Reframe("4000x64").compile([CLIP], SCENE), "width=4000 is outside 64 to 2048"),
    ],
)
def test_a_mistake_says_the_rule(make: object, says: str) -> None:
    with pytest.raises(InputError) as caught:
        make()  # type: ignore[operator]
    assert says in str(caught.value)
