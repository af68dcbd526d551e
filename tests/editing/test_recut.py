from __future__ import annotations

import json

import numpy as np
import pytest

from misora.base.errors import InputError
from misora.editing.footage import Footage
from misora.editing.plan import Kept, Made, Plan
from misora.editing.recut import Gap, Recut, Stretch, parse_piece
from misora.editing.scene import Scene, Telling
from misora.editing.tool import from_data, to_data
from misora.editing.tools import TOOLS

SCENE = Scene("a dog runs", seed=5)
CLIP = Footage(np.broadcast_to(np.arange(48, dtype=np.uint8)[:, None, None, None], (48, 64, 96, 3)), 24.0)
OTHER = Footage(np.full((12, 128, 128, 3), 200, np.uint8), 12.0)


def outline(plan: Plan) -> str:
    return " ".join(f"{'K' if isinstance(part, Kept) else 'M'}{part.num_frames}" for part in plan.parts)


def cut(*texts: str) -> Recut:
    return Recut(tuple(parse_piece(text) for text in texts))


def test_pieces_as_people_type_them() -> None:
    assert parse_piece("0-1.5") == Stretch(0, 1.5) and parse_piece("2/0:01-") == Stretch(1, None, 2)
    assert parse_piece("gap:1") == Gap(1) and parse_piece("gap:0.5:a dog, a cat: both jump") == Gap(0.5, "a dog, a cat: both jump")


def test_kept_stretches_change_places_and_gaps_see_their_neighbours() -> None:
    plan = cut("1-2", "gap:0.5", "0-0.5", "2/0-0.5").compile([CLIP, OTHER], SCENE)
    assert outline(plan) == "K24 M12 K12 K12"
    first, made, second, third = plan.parts
    assert isinstance(first, Kept) and isinstance(made, Made) and isinstance(second, Kept) and isinstance(third, Kept)
    assert np.array_equal(first.frames, CLIP.frames[24:]) and np.array_equal(second.frames, CLIP.frames[:12])
    assert third.frames.shape == (12, 64, 96, 3) and (third.frames == 200).all()
    before, after = made.canvas.pins
    assert before.frames[-1, 0, 0, 0] == 47 and after.frames[made.stop - after.frame_index, 0, 0, 0] == 0


def test_gaps_may_lie_at_the_ends_and_say_something_of_their_own() -> None:
    plan = cut("gap:0.5", "0-1", "gap:0.5:a cat jumps").compile([CLIP], SCENE)
    assert outline(plan) == "M12 K24 M12"
    first, last = plan.canvases
    assert first.spans[0].caption == "a dog runs" and last.spans[0].caption == "a cat jumps" and first.seed != last.seed


def test_texts_are_rewritten_and_the_recipe_gives_the_record_back() -> None:
    told = cut("0-1", "gap:0.5:a cat", "1-2").rewritten(lambda text: Telling(text.upper(), (text, "jumps")))
    assert told.pieces[1] == Gap(0.5, "A CAT", ("a cat", "jumps"))
    assert from_data(json.loads(json.dumps(to_data(told))), TOOLS) == told


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: cut("gap:1"), "pieces keep nothing of the clip"),
        (lambda: cut("0-1", "gap:1", "gap:2"), "pieces 2 and 3 are both gaps; make them one of 3 s"),
        (lambda: cut("1-0.5"), "end=0.5 must be after start=1 s"),
        (lambda: cut("gap:0"), "gap=0 must be above 0"),
        (lambda: cut("all"), "'all' is neither START-END nor gap:SECONDS"),
        (lambda: cut("12f-24f"), "'24f' counts frames; write seconds"),
        (lambda: cut("2/0-1").compile([CLIP], SCENE), "pieces name clip 2; 1 given"),
        (lambda: cut("1-9").compile([CLIP], SCENE), "pieces=9 is outside the clip, 0 to 2 s; nearest: 2"),
        (lambda: cut("1-1.001").compile([CLIP], SCENE), "holds no frame"),
    ],
)
def test_a_mistake_says_which_piece_or_number(make: object, says: str) -> None:
    with pytest.raises(InputError) as caught:
        make()  # type: ignore[operator]
    assert says in str(caught.value)
