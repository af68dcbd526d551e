from __future__ import annotations

import pytest

from misora.api.request import Request, prepare
from misora.base.errors import InputError


def test_a_short_prompt_is_rewritten_and_both_are_kept() -> None:
    prepared = prepare(Request("a dog runs"))
    assert prepared.prompt == "a dog runs"
    assert prepared.canvas.spans[0].caption == prepared.rewrite.text != "a dog runs"
    assert prepared.canvas.shape.num_frames == 120


def test_rewriting_can_be_switched_off_and_still_tells_unknown_words() -> None:
    prepared = prepare(Request("a dog runs in Narnia", rewrite_prompt=False))
    assert prepared.canvas.spans[0].caption == "a dog runs in Narnia"
    assert prepared.rewrite.unknown_words == ("Narnia",)


def test_sizes_come_by_name_by_text_and_by_numbers() -> None:
    def size(**options: object) -> tuple[int, int]:
        shape = prepare(Request("a dog", **options)).canvas.shape  # type: ignore[arg-type]
        return shape.width, shape.height

    assert size() == (832, 480)
    assert size(resolution="720p", aspect="9:16") == (720, 1280)
    assert size(size="100x70") == size(size=(100, 70)) == (100, 70)


def test_a_seed_is_drawn_when_none_is_given() -> None:
    seeds = {prepare(Request("a dog")).canvas.seed for _ in range(4)}
    assert len(seeds) == 4
    assert prepare(Request("a dog", seed=7)).canvas.seed == 7


def test_a_still_is_one_frame_whatever_its_seconds() -> None:
    assert prepare(Request("a dog", seconds=9, still=True)).canvas.shape.num_frames == 1


@pytest.mark.parametrize("prompt", ["", "  \n"])
def test_an_empty_prompt_is_refused(prompt: str) -> None:
    with pytest.raises(InputError, match="prompt is empty"):
        prepare(Request(prompt))
