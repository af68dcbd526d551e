"""Tracks against the masks of a rendered clip, with readings written by hand."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch

from misora.evaluation.tracking import check_track, check_tracks
from misora.models.parser.reading import ClipReading, PlayerReading
from misora.models.parser.tracks import Track, track_from_mask
from misora.world.program import Action, Camera, CameraMove, Direction, Place, Player, Scene, Time
from misora.world.render import Rendering

FRAMES, SIDE, FPS = 24, 64, 24.0
MOMENTS = 8
"""The parser looks at eight pictures of a second."""


def track(x: float = 0.0, y: float = 0.2, height: float = 0.3, seen: int = MOMENTS) -> Track:
    ones = torch.ones(MOMENTS)
    return Track(ones, ones * x, ones * y, ones * height, ones * 0.2, torch.arange(MOMENTS) < seen)


def player(character: str) -> Player:
    return Player(character, Action.STAND, Direction.NONE, 0.3, 0.0, 0.1, 0.0, 0.0)


def clip() -> tuple[Scene, Rendering]:
    """A cat behind a dog for a second, both standing; the dog is gone in the second half."""
    instance = torch.zeros(FRAMES, SIDE, SIDE, dtype=torch.uint8)
    instance[:, 16:32, 8:24] = 1
    instance[: FRAMES // 2, 32:56, 36:52] = 2
    scene = Scene(0, Place.BEACH, Time.DAY, 0.5, 0.0, 1.0, (player("cat"), player("dog")), Camera(CameraMove.STATIC, 0.0))
    frames = torch.zeros(FRAMES, SIDE, SIDE, 3, dtype=torch.uint8)
    return scene, Rendering(frames, instance, torch.zeros(2, FRAMES, 2), torch.tensor([1, 0]))


def reading(**tracks: Track) -> ClipReading:
    players = tuple(PlayerReading({name: 1.0}, {}, {}, one) for name, one in tracks.items())
    return ClipReading({}, {}, {}, players, torch.zeros(MOMENTS, 2), torch.zeros(4), rate=8.0)


def test_a_track_that_is_true_is_nowhere_off() -> None:
    check = check_track(track(), track())
    assert (check.place_off, check.height_off, check.seen_right) == (0, 0, 1)


def test_how_far_off_a_track_is() -> None:
    check = check_track(track(x=0.03, y=0.24, height=0.36, seen=4), track(seen=6))
    assert check.place_off == pytest.approx(0.05) and check.height_off == pytest.approx(0.2) and check.seen_right == 0.75
    never = check_track(track(seen=0), track())
    assert math.isnan(never.place_off) and math.isnan(never.height_off) and never.seen_right == 0


def test_a_clip_is_checked_against_its_masks() -> None:
    scene, rendering = clip()
    moments = torch.arange(0, FRAMES, 3)
    cat, dog = (track_from_mask(rendering.instance[moments] == number) for number in (1, 2))
    checks, nearer = check_tracks(reading(dog=dog, cat=cat), scene, rendering, FPS)
    assert [(check.place_off, check.seen_right) for check in checks] == [(0, 1), (0, 1)] and nearer == [True]
    _, nearer = check_tracks(reading(dog=replace(dog, y=cat.y + 0.1), cat=cat), scene, rendering, FPS)
    assert nearer == [False]
    checks, nearer = check_tracks(reading(cat=cat, duck=dog), scene, rendering, FPS)
    assert len(checks) == 1 and nearer == []


def test_who_stands_lower_is_nearer_and_the_unseen_come_last() -> None:
    said = reading(far=track(y=0.4), near=track(y=0.1), never=track(seen=0))
    assert said.depth_order == (1, 0, 2)
    assert [one.track.visible for one in said.players] == [1, 1, 0]
