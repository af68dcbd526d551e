"""What is told of two players' places shows in the plan that is chosen."""

from __future__ import annotations

from collections.abc import Callable
from math import log2

import pytest
import torch
from torch import Tensor

from misora.base.layout import BOX, GROUND, HEIGHT, MOMENTS, X, Y
from misora.base.shapes import LatentShape
from misora.models.planner import NUMBERS, from_values, to_values
from misora.models.transformer.layouts import Layouts
from misora.pipelines.draft import ATTEMPTS, Draft
from misora.pipelines.planning import plan
from misora.pipelines.told import HIDDEN, Relation, bigger, clearness, is_followed, relations_told
from misora.pipelines.windows import Window
from misora.world.captions import MIN_APART, MIN_DEPTH, MIN_RATIO
from misora.world.cast import load_cast
from tiny import tiny_planner

ROWS, FRAMES = 8, 3
CLASSES = list(load_cast())
DOG, CAT, FISH = (1 + CLASSES.index(name) for name in ("dog", "cat", "fish"))
HERE = Window(0, FRAMES, 0, FRAMES)


def boxes(*players: dict[int, float]) -> Tensor:
    """Players who stay where they are, (t, P, 3, 5)."""
    values = torch.zeros(FRAMES, len(players), MOMENTS, BOX)
    for slot, player in enumerate(players):
        for column, value in player.items():
            values[:, slot, :, column] = value
    return values


def test_relations_are_told_of_slots_and_only_of_those_who_are_there() -> None:
    said = "A dog and a cat stand. The dog is in front of the cat. The dog is bigger than the cat."
    told = relations_told(said, [CAT, DOG])
    assert {tuple(relation) for relation in told} == {("nearer_than", 1, 0), ("bigger_than", 1, 0)} and bigger(told) == [(1, 0)]
    assert relations_told(said, [CAT, FISH]) == [] and relations_told("a dog and a cat run", [DOG, CAT]) == []


@pytest.mark.parametrize(
    ("said", "column", "least"),
    [
        ("A dog and a cat run. The dog is to the left of the cat.", X, MIN_APART),
        ("A cat and a dog run. The dog is in front of the cat.", GROUND, -MIN_DEPTH),
    ],
)
def test_how_clearly_a_plan_shows_what_is_told(said: str, column: int, least: float) -> None:
    told = relations_told(said, [DOG, CAT])
    there, apart = {column: 0.0}, {column: least * ROWS}
    assert clearness(told, boxes(there, apart), ROWS) == pytest.approx(1)
    assert clearness(told, boxes(apart, there), ROWS) == pytest.approx(-1)
    assert clearness(told, boxes(there, there), ROWS) == 0
    assert clearness([], boxes(there, there), ROWS) == 1


@pytest.mark.parametrize("kind", ["left_of", "starts_left_of"])
def test_whoever_is_beside_somebody_is_not_hidden_by_them(kind: str) -> None:
    told, tall = [Relation(kind, 0, 1)], {HEIGHT: 4.0}
    assert clearness(told, boxes({X: 0.0, **tall}, {X: 4 * HIDDEN, **tall}), ROWS) == pytest.approx(1)
    assert clearness(told, boxes({X: 0.0, **tall}, {X: 1.0, **tall}), ROWS) < 0.5


def drafted() -> Draft:
    draft = Draft(tiny_planner(), LatentShape(FRAMES, ROWS, ROWS), 24.0, False, seed=1)
    draft.cast(HERE, torch.tensor([1, 2]))
    return draft


def test_seeds_do_not_share_their_attempts() -> None:
    drafts = [Draft(tiny_planner(), LatentShape(FRAMES, ROWS, ROWS), 24.0, False, seed) for seed in (1, 2)]
    noises = [draft.noise(attempt) for draft in drafts for attempt in range(ATTEMPTS)]
    assert len({float(noise[0, 0, 0, 0, 0]) for noise in noises}) == 2 * ATTEMPTS


def saying(*clear: float) -> Callable[[Tensor], float]:
    """Says each of ``clear`` once, then that nothing shows."""
    said = iter([*clear, *[-2.0] * ATTEMPTS])
    return lambda _: next(said)


def test_the_first_plan_stays_that_is_clear_enough_and_else_the_clearest() -> None:
    draft, seen = drafted(), []

    def fill() -> None:
        seen.append(draft.values.clone())

    draft.fill_clearly(fill, HERE, saying(0.2, 1.5, 3.0))
    assert torch.equal(draft.values, seen[0][1:2])
    assert torch.equal(seen[0][:1, :NUMBERS], drafted().values[:, :NUMBERS]), "the first is the plan that there would be anyway"
    again = drafted()
    again.fill_clearly(lambda: None, HERE, saying(-1.0, -0.5, 0.4))
    assert torch.equal(again.values, seen[0][2:3])


@pytest.mark.parametrize(("apart", "throughout", "moved"), [(1.0, True, 1.4), (1.0, False, 1.4), (3.0, True, 0.0), (-6.0, True, 0.0)])
def test_players_beside_each_other_move_apart_until_neither_hides_the_other(apart: float, throughout: bool, moved: float) -> None:
    draft, tall = drafted(), {HEIGHT: 4.0, GROUND: 2.0}
    told = boxes({X: 0.0, **tall}, {X: apart, **tall})[None]
    layouts = Layouts(torch.tensor([[1, 2]] * FRAMES)[None], told, torch.zeros(1, FRAMES, 2), torch.ones(1, FRAMES).bool())
    draft.values = to_values(layouts, draft.planner.config.classes)
    draft.part(HERE, 0, 1, throughout=throughout)
    now = from_values(draft.values).boxes
    torch.testing.assert_close(now[:, :, 0, :, X], told[:, :, 0, :, X] - moved / 2)
    torch.testing.assert_close(now[:, :, 1, :, X], told[:, :, 1, :, X] + moved / 2)
    torch.testing.assert_close(now[..., GROUND], told[..., GROUND])


def test_the_bigger_one_grows_as_much_as_the_other_shrinks_and_both_stay_on_their_feet() -> None:
    draft = drafted()
    small, large = {HEIGHT: 2.0, GROUND: 2.0, Y: 0.0}, {HEIGHT: 4.0, GROUND: 3.0, Y: 1.0}
    layouts = Layouts(
        torch.tensor([[1, 2]] * FRAMES)[None], boxes(small, large)[None], torch.zeros(1, FRAMES, 2), torch.ones(1, FRAMES).bool()
    )
    draft.values = to_values(layouts, draft.planner.config.classes)
    draft.enlarge(HERE, 1, 0)
    torch.testing.assert_close(from_values(draft.values).boxes, layouts.boxes)
    draft.enlarge(HERE, 0, 1)
    first, second = from_values(draft.values).boxes[0].unbind(1)
    assert float((first[..., HEIGHT] / second[..., HEIGHT]).mean()) == pytest.approx(MIN_RATIO, rel=1e-4)
    assert float((first[..., HEIGHT] * second[..., HEIGHT]).mean()) == pytest.approx(8.0, rel=1e-4)
    grown = 2 ** (log2(MIN_RATIO * 2) / 2)
    assert float(first[0, 0, GROUND]) == 2.0 and float(first[0, 0, Y]) == pytest.approx(2.0 - 2.0 * grown, rel=1e-4)


def test_a_caption_that_tells_where_they_are_is_planned_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """Even a planner that knows nothing is nearer to what is told than where nobody chooses."""
    monkeypatch.setattr("misora.pipelines.told.load_cast", lambda: dict.fromkeys(("dog", "cat")))
    monkeypatch.setattr("misora.pipelines.planning.choose_cast", lambda *_: torch.tensor([2, 1]))
    asked = [(seed, sign) for seed in range(3) for sign in (1, -1)]
    told = [sign * dog_is_nearer(seed, sign) for seed, sign in asked]
    monkeypatch.setattr("misora.pipelines.planning.relations_told", lambda *_: [])
    free = [sign * dog_is_nearer(seed, sign) for seed, sign in asked]
    assert all(min(one, MIN_DEPTH * ROWS) >= min(other, MIN_DEPTH * ROWS) - 1e-3 for one, other in zip(told, free, strict=True))
    assert sum(one > 0 for one in told) > sum(one > 0 for one in free)


def dog_is_nearer(seed: int, sign: int) -> float:
    """How much lower the dog stands, in cells, where that (1) or the opposite (-1) is told."""
    said = "The dog is in front of the cat." if sign > 0 else "The cat is in front of the dog."
    layouts = plan(tiny_planner(), [f"A cat and a dog run. {said}"] * FRAMES, LatentShape(FRAMES, ROWS, ROWS), 24.0, seed)
    cat, dog = layouts.boxes[0, ..., GROUND].mean((0, 2)).tolist()
    return dog - cat


def test_who_is_followed_is_told_in_both_languages() -> None:
    assert is_followed("A dog runs to the left. The camera follows the dog.") and is_followed("一只小狗向左跑。镜头跟随小狗。")
    assert not is_followed("A dog follows a cat. The camera stays still.") and not is_followed("A dog runs to the left.")
