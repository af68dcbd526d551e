"""What is known of a canvas, read for a plan that goes on from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest
import torch

from misora.base.canvas import Canvas, Frames, Pin, Span
from misora.base.layout import GROUND, HEIGHT, PAN, TURN, ZOOM, X, Y
from misora.base.shapes import LatentShape, VideoShape
from misora.models.parser.config import GAP_SECONDS, RATE
from misora.models.parser.reading import ClipReading, PlayerReading
from misora.models.parser.tracks import Track
from misora.models.transformer.layouts import Layouts
from misora.pipelines.pinning import Known
from misora.pipelines.planning import plan
from misora.pipelines.seen import SIGHT, Stranger, needed_frames, read_known
from misora.pipelines.streaming import VideoCodec
from misora.world.cast import load_cast
from tiny import tiny_planner, tiny_planning_pipeline, tiny_vae

FPS, TALL = 24.0, 64 / 32


class FakeParser:
    """Sees ``players`` as they are given, wherever it looks."""

    def __init__(
        self, *players: PlayerReading, travel: tuple[float, float] = (0.0, 0.0), camera: Mapping[str, float] | None = None
    ) -> None:
        self.players, self.travel, self.camera, self.looked_at = players, travel, camera or {}, []

    def read(self, frames: Frames, fps: float) -> ClipReading:
        self.looked_at.append(len(frames))
        return ClipReading({}, {}, self.camera, self.players, torch.tensor(self.travel).repeat(8, 1), torch.zeros(2), RATE)


def player(name: str = "dog", direction: str = "none", share: float = 0.9, seen: int = 8) -> PlayerReading:
    """Somebody a quarter of the picture high, who comes from the left at a view height a second and is hidden after ``seen`` looks."""
    along = torch.arange(8) / RATE
    track = Track(
        mass=torch.full((8,), 3.0),
        x=along - 0.5,
        y=torch.full((8,), 0.25),
        height=torch.full((8,), 0.25),
        width=torch.full((8,), 0.2),
        seen=torch.arange(8) < seen,
    )
    return PlayerReading({name: share, "bus": 1 - share}, {}, {direction: 1.0}, track)


def known(frames: int = 6, clear: tuple[int, ...] = (0, 1, 2)) -> Known:
    strength = torch.zeros(1, 1, frames, 2, 2)
    strength[:, :, list(clear)] = 1
    return Known(torch.zeros(1, tiny_vae().config.latent_channels, frames, 2, 2), strength)


def read(parser: FakeParser, names: tuple[str, ...], what: Known | None = None, within: range = range(99)) -> Mapping[int, object]:
    cast = load_cast()
    who = [1 + list(cast).index(name) if name else 0 for name in names]
    codec = VideoCodec(tiny_vae())
    return read_known(what or known(), codec, parser, cast, FPS, who, within)  # type: ignore[arg-type]


def test_only_what_is_near_a_gap_is_looked_at() -> None:
    clear = tuple(index for index in range(40) if index != 20)
    assert np.flatnonzero(needed_frames(known(40, clear))).tolist() == [*range(20 - SIGHT, 20), *range(21, 21 + SIGHT)]
    assert not needed_frames(known(4, (0, 1, 2, 3))).any(), "nothing has to be made"
    weak = known(4, (0,))
    weak.strength[:, :, 1] = 0.5
    assert needed_frames(weak).tolist() == [True, True, False, False]


def test_boxes_are_where_the_parser_sees_them() -> None:
    layout = read(FakeParser(player()), ("dog", ""))[0]
    assert len(layout) == 3 and layout.who[0, 1] == 0 and not layout.boxes[:, 1].any()
    box = layout.boxes[:, 0]
    assert box[0, :, X] == pytest.approx([-0.5 * TALL] * 3), "the first latent frame is one picture"
    assert box[2, :, X] == pytest.approx([(picture / FPS - 0.5) * TALL for picture in (9, 12, 16)], abs=1e-5)
    assert box[..., Y] == pytest.approx((0.5 - 0.25 - 0.125) * TALL)
    assert box[..., HEIGHT] == pytest.approx(0.25 * TALL)
    assert box[..., GROUND] == pytest.approx(0.25 * TALL)


def test_who_is_out_of_view_stays_where_it_was_last_seen() -> None:
    layout = read(FakeParser(player(seen=3)), ("dog", ""))[0]
    assert layout.boxes[2, 0, :, X] == pytest.approx([(2 / RATE - 0.5) * TALL] * 3)


def test_a_character_that_heads_the_other_way_than_it_is_drawn_is_mirrored() -> None:
    turns = {way: read(FakeParser(player(direction=way)), ("dog", ""))[0].boxes[0, 0, 0, TURN] for way in ("left", "right", "none")}
    assert turns["none"] == 1 and {turns["left"], turns["right"]} == {-1, 1}


def test_the_camera_is_read_too() -> None:
    layout = read(FakeParser(player(), travel=(0.1, 0.05)), ("dog", ""))[0]
    assert layout.camera[:, PAN] == pytest.approx(0.1 * TALL / GAP_SECONDS)
    assert layout.camera[:, ZOOM] == pytest.approx(0.05 / GAP_SECONDS)
    trembling = FakeParser(player(), travel=(0.01, 0.0), camera={"static": 0.8, "pan_right": 0.2})
    assert not read(trembling, ("dog", ""))[0].camera.any()


def test_players_are_told_apart_by_who_they_are() -> None:
    far = replace(player("cat"), track=replace(player().track, x=torch.full((8,), 0.7)))
    layout = read(FakeParser(player(), far), ("cat", "dog"))[0]
    assert layout.boxes[0, 0, 0, X] == pytest.approx(0.7 * TALL) and layout.boxes[0, 1, 0, X] == pytest.approx(-0.5 * TALL)


@pytest.mark.parametrize("names", [("cat", ""), ("cat", "dog"), ("", "")])
def test_strangers_are_not_planned_for(names: tuple[str, str]) -> None:
    with pytest.raises(Stranger):
        read(FakeParser(player()), names)


def weak(strength: float) -> Known:
    return Known(known().latents, torch.full((1, 1, 6, 2, 2), strength))


def test_in_what_may_change_whoever_is_named_takes_the_place_of_who_is_seen() -> None:
    far = replace(player("cat", share=0.6), track=replace(player().track, x=torch.full((8,), 0.7)))
    remixed = read(FakeParser(player(), far), ("fish", "cat"), weak(0.5))[0]
    assert len(remixed) == 6
    assert remixed.boxes[0, :, 0, X] == pytest.approx([-0.5 * TALL, 0.7 * TALL]), "a cat is where a cat was, the fish where the dog was"
    assert read(FakeParser(player(), far), ("fish", ""), weak(0.5))[0].boxes[0, 0].any(), "one of the two is enough"
    with pytest.raises(Stranger, match="1 players are seen, 2 are named"):
        read(FakeParser(player()), ("fish", "cat"), weak(0.5))


def test_a_plan_is_changed_as_much_as_the_picture() -> None:
    planner, size = tiny_planner(), LatentShape(6, 2, 2)
    with torch.no_grad():
        planner.cast.weight.zero_()
        planner.cast.bias.copy_(20.0 * torch.nn.functional.one_hot(torch.tensor([2, 0]), 4).flatten())
    layout = read(FakeParser(player()), ("dog", ""), weak(0.5))[0]
    source = replace(layout, who=layout.who * 0 + [2, 0])

    def away(firmness: float) -> float:
        planned = plan(planner, ["a dog runs"] * 6, size, FPS, 1, read=lambda who, within: {0: source}, firmness=torch.full((6,), firmness))
        return float((planned.boxes[0, :, 0] - torch.from_numpy(source.boxes[:, 0])).abs().mean())

    assert away(1.0) < 1e-5 < away(0.9) < away(0.5) < away(0.1)


def test_only_what_is_asked_for_is_read() -> None:
    assert list(read(FakeParser(player()), ("dog", ""), known(9, (0, 1, 7, 8)), range(5, 9))) == [7]
    assert not read(FakeParser(player()), ("dog", ""), within=range(4, 6))


def test_a_plan_goes_on_from_what_is_known_and_towards_it() -> None:
    planner, size = tiny_planner(), LatentShape(6, 2, 2)
    with torch.no_grad():
        planner.cast.weight.zero_()
        planner.cast.bias.copy_(20.0 * torch.nn.functional.one_hot(torch.tensor([2, 0]), 4).flatten())

    def layouts(*starts: int, x: float = 0.5) -> Layouts:
        layout = read(FakeParser(player()), ("dog", ""), known(6, (0, 1)))[0]
        moved = replace(layout, who=layout.who * 0 + [2, 0], boxes=layout.boxes + np.float32([x, 0, 0, 0, 0]))
        return plan(planner, ["a dog runs"] * 6, size, FPS, 1, read=lambda who, within: dict.fromkeys(starts, moved) if starts else {})

    free, before, after, elsewhere = layouts(), layouts(0), layouts(4), layouts(0, x=-0.5)
    assert before.boxes[0, 0, 0, 0, X] == pytest.approx(0.5 - 0.5 * TALL, abs=1e-5), "what is known is kept"
    assert after.boxes[0, 4, 0, 0, X] == pytest.approx(0.5 - 0.5 * TALL, abs=1e-5)
    for planned in (before, after, elsewhere):
        assert not torch.allclose(planned.boxes[:, 2:4], free.boxes[:, 2:4])
    assert not torch.allclose(before.boxes[:, 2:], elsewhere.boxes[:, 2:])


def test_a_pinned_canvas_is_read_once_and_painted_freely_where_strangers_are_seen(rng: np.random.Generator) -> None:
    pipeline = tiny_planning_pipeline()
    picture = rng.integers(0, 256, (1, 64, 64, 3), dtype=np.uint8)
    canvas = Canvas(VideoShape(17, 64, 64, FPS), (Span("a dog runs"),), (Pin(picture),), seed=1, steps=2)
    assert not pipeline.plans(canvas), "nothing reads"
    free = pipeline.sample(replace(canvas, planned=False))
    nobody = FakeParser()
    pipeline.load_reader = lambda: nobody  # type: ignore[assignment, return-value]
    assert pipeline.plans(canvas) and pipeline.reads(canvas)
    assert np.array_equal(pipeline.sample(canvas), free) and nobody.looked_at == [1]
    cast = list(load_cast())
    everybody = FakeParser(*(player(name) for name in cast[:1]))
    pipeline.load_reader = lambda: everybody  # type: ignore[assignment, return-value]
    assert pipeline.planner is not None
    with torch.no_grad():
        pipeline.planner.cast.weight.zero_()
        pipeline.planner.cast.bias.copy_(20.0 * torch.nn.functional.one_hot(torch.tensor([1, 0]), 4).flatten())
    assert not np.array_equal(pipeline.sample(canvas), free)
    masked = replace(canvas, pins=(Pin(picture, mask=np.ones((64, 64), dtype=np.bool_)),))
    assert not pipeline.plans(masked) and pipeline.plans(replace(canvas, pins=(Pin(picture, strength=0.5),)))
