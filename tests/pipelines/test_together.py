"""Videos made together are the videos that would have been made alone."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from misora.base.canvas import Canvas, Span
from misora.base.progress import Step
from misora.base.shapes import VideoShape
from misora.models.transformer.config import TransformerConfig
from misora.models.transformer.layouts import Layouts
from misora.models.transformer.model import VideoTransformer
from misora.pipelines.native import NativePipeline
from misora.pipelines.together import Inputs, beside, side_by_side
from one_table import Stopped, all_at_one_table, never
from tiny import awake, tiny_pipeline


def canvas(seed: int, num_frames: int = 9, caption: str = "a dog runs", steps: int = 3) -> Canvas:
    return Canvas(VideoShape(num_frames, 64, 96, 8.0), (Span(caption),), seed=seed, steps=steps)


def batches_of(pipeline: NativePipeline) -> list[int]:
    """Rows of each call of the network from now on."""
    rows: list[int] = []
    pipeline.transformer.register_forward_pre_hook(lambda _, arguments: rows.append(len(arguments[0])))
    return rows


@pytest.mark.parametrize("captions", [("a dog runs", "a dog runs"), ("a dog", "two cats sleep in the snow at night")])
def test_two_videos_are_those_made_alone_in_half_the_calls(captions: tuple[str, str]) -> None:
    pipeline = tiny_pipeline()
    canvases = [canvas(seed, caption=caption) for seed, caption in enumerate(captions)]
    alone = [pipeline.sample(one) for one in canvases]
    rows = batches_of(pipeline)
    for made, expected in zip(all_at_one_table(pipeline, canvases, [never, never]), alone, strict=True):
        assert made is not None and np.abs(made.astype(int) - expected).max() <= 1
    assert len(rows) == 6 and min(rows) >= 2


def test_one_that_is_stopped_leaves_and_the_others_go_on() -> None:
    pipeline, seen = tiny_pipeline(), list[int]()
    alone = pipeline.sample(canvas(1))

    def stop(step: Step) -> None:
        if step.done == 2:
            raise Stopped

    made = all_at_one_table(pipeline, [canvas(0), canvas(1)], [stop, lambda step: seen.append(step.done)])
    assert made[0] is None and made[1] is not None and np.abs(made[1].astype(int) - alone).max() <= 1
    assert seen[:3] == [1, 2, 3]


def test_videos_of_other_shapes_and_steps_wait_for_nobody_for_ever() -> None:
    pipeline = tiny_pipeline(max_window=4)
    canvases = [canvas(0, 41), canvas(1, 1, steps=2), canvas(2, 9, steps=5)]
    alone = [pipeline.sample(one) for one in canvases]
    for made, expected in zip(all_at_one_table(pipeline, canvases, [never] * 3), alone, strict=True):
        assert made is not None and np.abs(made.astype(int) - expected).max() <= 1


def test_a_network_that_fails_fails_for_all_who_asked() -> None:
    pipeline = tiny_pipeline()

    def fail(*_: object) -> None:
        raise RuntimeError("out of memory")

    pipeline.transformer.register_forward_pre_hook(fail)
    assert all_at_one_table(pipeline, [canvas(0), canvas(1)], [never, never]) == [None, None]


@torch.no_grad()
def test_what_is_drawn_of_several_is_what_each_was_drawn() -> None:
    config = TransformerConfig(
        4, dim=16, layers=1, heads=2, mlp_dim=16, text_dim=8, hidden_layer=1, prediction="residual", layout_classes=3, layout_sketch=True
    )
    network, pooled = VideoTransformer(config), torch.randn(3, 8)
    awake(network, 1)
    who, boxes = torch.randint(0, 4, (3, 2, 2)), torch.rand(3, 2, 2, 3, 5) * 3
    layouts = Layouts(who, boxes, torch.rand(3, 2, 2), torch.ones(3, 2, dtype=torch.bool))
    whole = network.draw(layouts, pooled, 3, 4)
    parts = [network.draw(Layouts(*(values[rows] for values in layouts)), pooled[rows], 3, 4) for rows in (slice(0, 2), slice(2, 3))]
    joined = beside(parts)
    assert joined.sketch is not None and whole.sketch is not None
    for one, other in zip((*joined.layouts, joined.tokens, *joined.sketch), (*whole.layouts, whole.tokens, *whole.sketch), strict=True):
        torch.testing.assert_close(one, other)


def test_texts_are_padded_to_the_longest_and_the_padding_is_masked() -> None:
    def inputs(length: int) -> Inputs:
        ones = torch.ones
        return Inputs(ones(2, 3, 1, 2, 2), ones(2, 1), ones(2, length, 5), ones(2, length) > 0, ones(2, 5), ones(2), ones(2, 1))

    both = side_by_side([inputs(2), inputs(4)])
    assert both.text_tokens.shape == (4, 4, 5) and both.text_mask.sum(1).tolist() == [2, 2, 4, 4]
