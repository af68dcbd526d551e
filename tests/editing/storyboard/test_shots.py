"""Storyboards to plans: cuts on their frame, bridges between, clips kept, captions where their cards are."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from misora.base.errors import InputError
from misora.editing.footage import Footage
from misora.editing.plan import Kept, Made, Plan
from misora.editing.scene import Scene, Telling
from misora.editing.storyboard.file import read_storyboard
from misora.editing.storyboard.records import Card, Storyboard
from misora.editing.storyboard.shoot import Shoot
from misora.editing.storyboard.shots import compile_storyboard
from misora.editing.tool import from_data, to_data
from misora.editing.tools import TOOLS

SCENE = Scene("unused", seed=5)
CLIP = Footage(np.broadcast_to(np.arange(48, dtype=np.uint8)[:, None, None, None], (48, 64, 96, 3)), 24.0)
PICTURE = Footage(np.full((1, 128, 192, 3), 200, np.uint8), 24.0)


def plan_of(*cards: Card, media: tuple[Footage, ...] = (), **options: object) -> Plan:
    return compile_storyboard(Storyboard(cards, 64, 96, 24.0, **options), media, SCENE)  # type: ignore[arg-type]


def outline(plan: Plan) -> str:
    return " ".join(f"{'K' if isinstance(part, Kept) else 'M'}{part.num_frames}" for part in plan.parts)


def test_moments_with_room_between_them_are_one_shot_and_their_captions_change_on_time() -> None:
    plan = plan_of(Card(0, "a"), Card(1, "b"), Card(3, "c"))
    assert outline(plan) == "M120"
    (canvas,) = plan.canvases
    assert [(span.caption, span.start) for span in canvas.spans] == [("a", 0), ("b", 1), ("c", 3)]
    assert plan.notes == ()


def test_the_moments_of_a_card_share_its_time_until_another_speaks() -> None:
    plan = plan_of(Card(0, "a then b", beats=("a", "b")), Card(1, image="p.png"), Card(2, "c"), media=(PICTURE,))
    (canvas,) = plan.canvases
    assert [(span.caption, span.start) for span in canvas.spans] == [("a", 0), ("b", 1), ("c", 2)]
    last = plan_of(Card(0, "a"), Card(1, "b then c", seconds=2, beats=("b", "c")))
    assert [(span.caption, span.start) for span in last.canvases[0].spans] == [("a", 0), ("b", 1), ("c", 2)]


def test_cards_close_together_are_cut_on_their_very_frame() -> None:
    plan = plan_of(Card(0, "a", seconds=1.9), Card(2.05, "b", seconds=1), seconds=4)
    assert outline(plan) == "M49 M47" and plan.joints() == (round(2.05 * 24),)
    first, second = plan.parts
    assert isinstance(first, Made) and isinstance(second, Made) and second.mend is None and not second.canvas.pins
    assert first.canvas.seed != second.canvas.seed and second.canvas.spans[0].caption == "b"


@pytest.mark.parametrize(("gap", "parts"), [(0.0, 2), (0.25, 2), (0.3, 1), (1.0, 1)])
def test_a_quarter_of_a_second_is_where_cuts_end(gap: float, parts: int) -> None:
    assert len(plan_of(Card(0, "a", seconds=1), Card(1 + gap, "b", seconds=1)).parts) == parts


def test_a_transition_says_otherwise() -> None:
    assert len(plan_of(Card(0, "a", seconds=1), Card(1, "b", seconds=1, transition="bridge")).parts) == 1
    assert len(plan_of(Card(0, "a"), Card(2, "b", transition="cut")).parts) == 2


def test_a_clip_is_kept_and_what_lies_around_it_sees_it() -> None:
    plan = plan_of(Card(0, "a"), Card(1, clip="c", start=0.5, end=1.5), Card(3, "b", seconds=1), media=(CLIP,))
    assert outline(plan) == "M24 K24 M48"
    before, kept, after = plan.parts
    assert isinstance(kept, Kept) and isinstance(before, Made) and isinstance(after, Made)
    assert np.array_equal(kept.frames, CLIP.frames[12:36])
    assert before.canvas.pins[0].frames[0, 0, 0, 0] == 12 and after.canvas.pins[0].frames[-1, 0, 0, 0] == 35
    assert [span.caption for span in after.canvas.spans] == ["a", "b"]
    assert after.canvas.spans[1].start == pytest.approx(1 + after.start / 24)


def test_a_weaker_clip_is_pinned_and_made_anew() -> None:
    plan = plan_of(Card(0.5, "a", clip="c", strength=0.4), seconds=3, media=(CLIP,))
    assert outline(plan) == "M72"
    (pin,) = plan.canvases[0].pins
    assert (pin.frame_index, len(pin.frames), pin.strength) == (12, 48, 0.4)


def test_a_picture_is_fitted_and_seen_as_long_as_its_card() -> None:
    plan = plan_of(Card(0, "a", image="p", seconds=1), Card(2, "b", image="p"), media=(PICTURE,))
    still, moment = plan.canvases[0].pins
    assert still.frames.shape == (24, 64, 96, 3) and (moment.frame_index, len(moment.frames)) == (48, 1)


def test_a_shot_of_nothing_but_its_clip_needs_no_words() -> None:
    assert outline(plan_of(Card(0, clip="c"), media=(CLIP,))) == "K48"
    with pytest.raises(InputError, match="no card has text, and between the clips something is to be made"):
        plan_of(Card(1, clip="c"), media=(CLIP,))


def test_sixty_four_cards_and_more() -> None:
    plan = plan_of(*(Card(number * 0.5, f"card {number}", transition="cut") for number in range(100)))
    assert len(plan.parts) == 100 and plan.shape.num_frames == 99 * 12 + 48
    assert len({canvas.seed for canvas in plan.canvases}) == 100


def test_a_stretch_takes_the_seed_and_what_its_cards_exclude_together() -> None:
    scene = replace(SCENE, negative_prompt="rain")
    cards = (Card(0, "a", negative="a dog"), Card(1, "b", seed=9, negative="a cat"), Card(3, "c", transition="cut", negative="rain"))
    first, second = compile_storyboard(Storyboard(cards, 64, 96), (), scene).canvases
    assert (first.seed, first.negative_prompt) == (9, "rain, a dog, a cat")
    assert (second.seed, second.negative_prompt) == (SCENE.numbered(1).seed, "rain")


def test_a_kept_clip_divides_a_shot_into_stretches_with_seeds_of_their_own() -> None:
    plan = plan_of(Card(0, "a", seed=1), Card(1, clip="c", end=1, seed=2), Card(3, "b", seconds=1, seed=2), media=(CLIP,))
    assert [canvas.seed for canvas in plan.canvases] == [1, 2]


def test_two_seeds_in_one_stretch_are_refused() -> None:
    with pytest.raises(InputError, match=r"cards\[2\].seed=4: one stretch is made from one seed, and cards\[0\] gave it 3") as caught:
        plan_of(Card(0, "a", seed=3), Card(1, "b"), Card(2, "c", seed=4))
    assert caught.value.field == "cards[2].seed"


def test_a_long_stretch_is_warned_of() -> None:
    (note,) = plan_of(Card(0, "a"), Card(8, "b")).notes
    assert note.startswith("cards[0] and cards[1] are 8 s apart; beyond 5 s")


@pytest.mark.parametrize(
    ("cards", "says"),
    [
        ((Card(0, "a", clip="c"), Card(1, "b")), "cards[1].at=1 overlaps the card above it, which lasts until 2 s"),
        ((Card(0, "a", clip="c", start=5),), "cards[0].in=5 is outside the clip, 0 to 2 s"),
        ((Card(0, "a", clip="c", end=9),), "cards[0].out=9 is outside the clip"),
        ((Card(0, "a", clip="c", start=2),), "cards[0] shows no frame of its clip of 2 s"),
    ],
)
def test_what_only_the_clip_can_tell_is_found_when_it_is_read(cards: tuple[Card, ...], says: str) -> None:
    with pytest.raises(InputError) as caught:
        plan_of(*cards, media=(CLIP,))
    assert says in str(caught.value)


def test_a_film_that_its_clip_outlasts_is_refused() -> None:
    with pytest.raises(InputError, match=r"cards\[0\] ends at 2 s, beyond the film's 1 s"):
        plan_of(Card(0, "a", clip="c"), seconds=1, media=(CLIP,))


def test_names_are_written_out_and_files_are_numbered_for_the_recipe() -> None:
    cards = (Card(0, "{rex} runs {shore}"), Card(1, image="p.png"), Card(2, image="q.png"), Card(3, image="p.png"))
    board = Storyboard(cards, 64, 96, characters={"rex": "a dog"}, places={"shore": "on the beach"})
    told = board.rewritten(lambda text: Telling(text.upper())).with_numbered_media()
    assert told.cards[0].text == "A DOG RUNS ON THE BEACH" and [card.image for card in told.cards] == [None, "0", "1", "0"]
    assert board.media == ("p.png", "q.png") and told.media == ("0", "1")
    assert from_data(to_data(Shoot(told)), TOOLS) == Shoot(told)
    assert replace(told, seed=3) != told


def test_the_example_is_three_shots_with_a_bridge_two_cuts_and_a_picture() -> None:
    board = read_storyboard(Path(__file__).resolve().parents[3] / "examples" / "story.yaml")
    plan = compile_storyboard(board, [PICTURE], SCENE)
    assert plan.joints() == (84, 132) and plan.shape.num_frames == 180
    bridged, _, pictured = plan.canvases
    assert len(bridged.spans) == 2 and pictured.pins[0].frame_index == 0
