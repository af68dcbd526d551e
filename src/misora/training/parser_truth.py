"""What a parser should say of a rendered clip, from the instance map and the scene program. Knows no network."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from misora.base.shapes import VideoShape
from misora.models.parser.config import STRIDE, ParserConfig
from misora.models.parser.tracks import Track, track_from_mask
from misora.world.cast import load_cast
from misora.world.colours import COLOURS, OWN_COLOUR
from misora.world.program import Direction, Player, Scene
from misora.world.render import Rendering
from misora.world.tier import TIERS

NOBODY, UNSURE = 0, -100
"""Cell labels; UNSURE cells are left out of the loss (it is what ``cross_entropy`` ignores)."""
FILLED, EMPTY = 0.4, 0.12
"""A cell belongs to a player from this share on, to nobody below that one."""


def stage_parser(tier: str = "small", **sizes: int) -> ParserConfig:
    """A parser that answers with all the words of a tier; ``sizes`` as in ``ParserConfig``."""
    known = TIERS[tier]

    def names(table: Iterable[StrEnum]) -> tuple[str, ...]:
        return tuple(member.value for member in table)

    return ParserConfig(
        characters=tuple(load_cast(tier)),
        places=names(known.places),
        times=names(known.times),
        actions=names(known.actions),
        directions=names(Direction),
        cameras=names(known.camera_moves),
        colours=(OWN_COLOUR, *COLOURS) if tier == "full" else (),
        weathers=names(known.weathers) if len(known.weathers) > 1 else (),
        **{"max_players": known.max_players, **sizes},
    )


def shipped_parser(**sizes: int) -> ParserConfig:
    """The small tier's players, motions and camera moves, in all the places, hours, weathers and colours of the full one."""
    wide = stage_parser("full")
    return replace(stage_parser("small", **sizes), places=wide.places, times=wide.times, weathers=wide.weathers, colours=wide.colours)


class PlayerFacts(NamedTuple):
    """What is true of a player, as class indices; UNSURE where the parser has no name for it."""

    character: int
    action: int
    direction: int
    colour: int


@dataclass(frozen=True, slots=True)
class ClipTruth:
    """One clip; players in the scene's order.

    Args:
        cells: Class of every cell, (T, h, w): 0 nobody, 1 + character, or UNSURE.
        colours: Colour of the player in every cell, (T, h, w); UNSURE without one.
        boxes: Of the player in each cell, as ``FrameReading.boxes`` has it, (T, 4, h, w).
        place, time, weather, move: Class indices; UNSURE where the parser has no names for them.
        players: Facts of each, and its track as its mask shows it.
    """

    cells: Tensor
    colours: Tensor
    boxes: Tensor
    place: int
    time: int
    weather: int
    move: int
    players: tuple[PlayerFacts, ...]
    tracks: tuple[Track, ...]


def truth_of(scene: Scene, rendering: Rendering, shape: VideoShape, config: ParserConfig) -> ClipTruth:
    """The truth of a clip that was rendered at the parser's own canvas and rate."""
    tracks = [track_from_mask(rendering.instance == number) for number in range(1, len(scene.players) + 1)]
    facts = tuple(facts_of(player, config) for player in scene.players)
    cells, owner = _cells(rendering.instance, [fact.character for fact in facts])
    painted = torch.tensor([fact.colour for fact in facts])
    return ClipTruth(
        cells=cells,
        colours=torch.where(owner >= 0, painted[owner], UNSURE),
        boxes=_boxes(owner, tracks, shape),
        place=config.places.index(scene.place),
        time=config.times.index(scene.time),
        weather=index_of(scene.weather, config.weathers),
        move=index_of(scene.camera.move, config.cameras),
        players=facts,
        tracks=tuple(tracks),
    )


def facts_of(player: Player, config: ParserConfig) -> PlayerFacts:
    """A player's facts; of one that does several things in a row, what and whither is left open."""
    steady = not player.then
    return PlayerFacts(
        character=config.characters.index(player.character),
        action=index_of(player.action, config.actions) if steady else UNSURE,
        direction=config.directions.index(player.direction) if steady else UNSURE,
        colour=index_of(player.colour or OWN_COLOUR, config.colours),
    )


def index_of(name: str, names: Sequence[str]) -> int:
    """Where ``name`` stands among ``names``; UNSURE when it does not."""
    return names.index(name) if name in names else UNSURE


def _cells(instance: Tensor, characters: list[int]) -> tuple[Tensor, Tensor]:
    """Class of every cell (T, h, w), and which player owns it (index; -1 nobody)."""
    covers = [F.avg_pool2d((instance == number + 1).float().unsqueeze(1), STRIDE).squeeze(1) for number in range(len(characters))]
    share, owner = torch.stack(covers).max(0)
    total = torch.stack(covers).sum(0)
    classes = 1 + torch.tensor(characters)
    cells = torch.where(share >= FILLED, classes[owner], torch.where(total < EMPTY, NOBODY, UNSURE))
    return cells, torch.where(share >= FILLED, owner, -1)


def _boxes(owner: Tensor, tracks: list[Track], shape: VideoShape) -> Tensor:
    """Box values of the player of every cell, (T, 4, h, w)."""
    right = (torch.arange(owner.shape[2]) + 0.5) * STRIDE
    down = ((torch.arange(owner.shape[1]) + 0.5) * STRIDE).unsqueeze(1)
    boxes = torch.zeros(len(owner), 4, *owner.shape[1:])
    for number, track in enumerate(tracks):
        x, bottom, tall, wide = (
            value.view(-1, 1, 1)
            for value in (
                track.x * shape.height + shape.width / 2,
                (1 - track.y) * shape.height,
                track.height * shape.height,
                track.width * shape.height,
            )
        )
        values = torch.stack(torch.broadcast_tensors(x - right, bottom - down, tall.log(), wide.log()), dim=1)
        boxes = torch.where((owner == number).unsqueeze(1), values, boxes)
    return boxes
