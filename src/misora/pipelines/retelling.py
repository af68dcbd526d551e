"""What the critic reads in a clip, told as a caption: how a finished clip becomes text again."""

from __future__ import annotations

from misora.base.canvas import Frames
from misora.models.parser.reading import ClipReading, PlayerReading, Shares, most_likely
from misora.pipelines.critic import Critic
from misora.world.captions import Actor, Story, tell
from misora.world.cast import load_cast
from misora.world.program import Action, CameraMove, Direction, Place, Time

MIN_SHARE = 0.5
"""How likely a fact must be to be told."""


def retell(critic: Critic, frames: Frames, fps: float) -> str:
    """A caption of ``frames`` (T, H, W, 3); empty when the critic sees nobody that it is sure of."""
    story = story_of_reading(critic.parser.read(frames, fps))
    return tell(story, "en") if story.actors else ""


def story_of_reading(reading: ClipReading) -> Story:
    """The facts of ``reading`` that are more likely than not."""
    cast = load_cast()
    known = [player for player in reading.players if sure(player.character) in cast]
    place, time, camera = sure(reading.place), sure(reading.time), sure(reading.camera)
    return Story(
        tuple(actor_of(player) for player in known),
        Place(place) if place else None,
        Time(time) if time else None,
        CameraMove(camera) if camera else None,
    )


def actor_of(player: PlayerReading) -> Actor:
    """A player with what it most likely does; a direction only where it is sure."""
    direction = sure(player.direction)
    character = load_cast()[most_likely(player.character)]
    return Actor(character, Action(most_likely(player.action)), Direction(direction) if direction else Direction.NONE)


def sure(shares: Shares) -> str | None:
    """The likeliest name, if it is likely enough to be told."""
    name = most_likely(shares) if shares else None
    return name if name is not None and shares[name] >= MIN_SHARE else None
