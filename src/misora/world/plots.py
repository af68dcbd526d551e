"""Draws who plays and what happens between them, for one shot of the full tier: alone, in sequence, in pairs, in groups.

Every factor is drawn on its own as far as it makes sense: houses do not run, and only what is round rolls. Pure Python.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace

from misora.world.cast import Character, Gait, SizeClass
from misora.world.motions import GROWTH
from misora.world.program import TRAVELLING, Action, Beat, Direction, Place, Player
from misora.world.terrain import terrain_of

#: Standing height of each size class, view heights.
HEIGHTS = {
    SizeClass.TINY: (0.15, 0.20),
    SizeClass.SMALL: (0.18, 0.26),
    SizeClass.MEDIUM: (0.24, 0.36),
    SizeClass.LARGE: (0.32, 0.46),
    SizeClass.HUGE: (0.42, 0.56),
}
#: (lowest, highest) speed of each action, in the unit that ``Player.speed`` has for it.
SPEEDS = {
    Action.STAND: (0.0, 0.0), Action.WALK: (0.12, 0.24), Action.RUN: (0.34, 0.56), Action.FLY: (0.25, 0.5), Action.JUMP: (1.0, 1.5),
    Action.BOUNCE: (1.0, 1.4), Action.SPIN: (0.4, 0.7), Action.APPROACH: (0.16, 0.26), Action.RETREAT: (0.25, 0.4),
    Action.ENTER: (0.3, 0.5), Action.LEAVE: (0.3, 0.5),
    Action.ROLL: (0.35, 0.6), Action.SLIDE: (0.3, 0.5), Action.FALL: (0.8, 1.2), Action.RISE: (0.2, 0.35),
    Action.GROW: (0.6, 1.0), Action.SHRINK: (0.6, 1.0), Action.SWAY: (0.6, 1.1), Action.FLIP: (0.9, 1.2), Action.LEAP: (0.3, 0.45),
    Action.CIRCLE: (0.3, 0.5), Action.RETURN: (0.5, 0.8), Action.CHASE: (0.34, 0.5), Action.FOLLOW: (0.12, 0.22), Action.PUSH: (0.2, 0.3),
    Action.PUSHED: (0.2, 0.3), Action.COLLIDE: (0.25, 0.4), Action.MEET: (0.18, 0.28), Action.ORBIT: (0.3, 0.5), Action.HIDE: (0.3, 0.45),
    Action.VAULT: (0.35, 0.5),
}  # fmt: skip
ANYBODY = {
    Action.STAND: 1, Action.WALK: 4, Action.RUN: 4, Action.JUMP: 2, Action.BOUNCE: 1, Action.SPIN: 2, Action.FLY: 1, Action.APPROACH: 1,
    Action.RETREAT: 1, Action.ENTER: 1, Action.LEAVE: 1, Action.SLIDE: 1, Action.FALL: 1, Action.RISE: 1, Action.GROW: 1, Action.SHRINK: 1,
    Action.SWAY: 1, Action.FLIP: 1, Action.LEAP: 2, Action.CIRCLE: 1, Action.RETURN: 1,
}  # fmt: skip
ROOTED = {
    Action.STAND: 3,
    Action.SWAY: 2,
    Action.GROW: 2,
    Action.SHRINK: 2,
    Action.SPIN: 1,
    Action.FALL: 1,
    Action.BOUNCE: 1,
    Action.JUMP: 1,
}
#: What a gait does more often than the others.
LEANINGS = {
    Gait.FLIES: {Action.FLY: 8},
    Gait.FLOATS: {Action.FLY: 4, Action.RISE: 5, Action.SWAY: 3},
    Gait.ROLLS: {Action.ROLL: 9, Action.BOUNCE: 5, Action.FALL: 4},
    Gait.HOPS: {Action.JUMP: 4},
    Gait.SLIDES: {Action.SLIDE: 8},
}
FIRST = (Action.WALK, Action.RUN, Action.STAND, Action.JUMP, Action.SPIN, Action.SWAY, Action.GROW, Action.SHRINK, Action.ENTER)
NEXT = (Action.JUMP, Action.SPIN, Action.STAND, Action.WALK, Action.RUN, Action.SWAY, Action.FLIP, Action.RISE, Action.GROW, Action.SHRINK)
ROOTED_FIRST = (Action.STAND, Action.SWAY, Action.GROW, Action.SHRINK, Action.SPIN)
ROOTED_NEXT = (Action.STAND, Action.SWAY, Action.GROW, Action.SHRINK, Action.SPIN, Action.JUMP)
ENDINGS = frozenset({Action.RISE})
"""Actions that leave a player where nothing else can begin."""
CYCLES = frozenset({Action.JUMP, Action.FLIP, Action.SPIN, Action.SWAY})
"""Actions that may only be left at the end of a cycle, or the player would jerk."""
DUETS = {
    Action.CHASE: 3, Action.FOLLOW: 2, Action.PUSH: 3, Action.COLLIDE: 2, Action.MEET: 2, Action.ORBIT: 2, Action.HIDE: 3, Action.VAULT: 2,
}  # fmt: skip
PARTNERS_DO = {
    Action.CHASE: Action.RUN,
    Action.FOLLOW: Action.WALK,
    Action.PUSH: Action.PUSHED,
    Action.COLLIDE: Action.COLLIDE,
    Action.MEET: Action.MEET,
}
RECOLOURED_SHARE = 0.4
SHORTEST_BEAT = 0.4
"""Seconds at least that the last thing a player does is seen."""
MOST_GROWTH = 0.85
"""Most that a player may grow or shrink in a shot, in log size."""
MOST_RISE = 0.7
"""Most that it floats up in a shot, view heights."""
SIDES = (Direction.LEFT, Direction.RIGHT)


@dataclass(frozen=True, slots=True)
class Role:
    """A character in one colour; two players of the same role look the same. ``colour`` is empty for its own."""

    character: Character
    colour: str = ""


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a shot plays: ``aspect`` is width over height, ``grounds`` (lowest, highest) place on the ground plane."""

    place: Place
    aspect: float
    seconds: float
    horizon: float
    grounds: tuple[float, float]


def solo(role: Role, spot: Spot, rng: random.Random, *, scale: float = 1.0) -> Player:
    """One player with one action."""
    action = draw_action(role.character, rng)
    direction = rng.choice(SIDES) if action in TRAVELLING else Direction.NONE
    return placed(role, action, direction, spot, rng, scale=scale)


def draw_action(character: Character, rng: random.Random) -> Action:
    """An action that suits the character's gait, and sometimes one that does not."""
    if character.gait is Gait.STANDS:
        weights: dict[Action, int] = ROOTED
    else:
        weights = {**ANYBODY, **LEANINGS.get(character.gait, {})}
    return rng.choices(list(weights), list(weights.values()))[0]


def placed(role: Role, action: Action, direction: Direction, spot: Spot, rng: random.Random, *, scale: float = 1.0) -> Player:
    """A player that starts such that its action is seen: a walk stays in view, an entrance starts outside it."""
    size = scale * rng.uniform(*HEIGHTS[role.character.size])
    speed = rng.uniform(*SPEEDS[action])
    if action is Action.APPROACH:
        speed, size = min(speed, 0.5 / spot.seconds), size * 0.75
    if action in (Action.GROW, Action.SHRINK):
        speed = min(speed, MOST_GROWTH / (GROWTH * spot.seconds))
    if action is Action.RISE:
        speed = min(speed, MOST_RISE / spot.seconds)
    if action in (Action.GROW, Action.RISE):
        size *= 0.75
    x = start_of(action, direction, size, speed, spot, rng)
    return Player(role.character.id, action, direction, size, x, rng.uniform(*spot.grounds), speed, rng.random(), role.colour)


def start_of(action: Action, direction: Direction, size: float, speed: float, spot: Spot, rng: random.Random) -> float:
    half, sign = spot.aspect / 2, {Direction.LEFT: -1, Direction.RIGHT: 1, Direction.NONE: 0}[direction]
    if action is Action.ENTER:
        return -sign * (half + 0.4 * size)
    if action is Action.LEAVE:
        return sign * (half - min(0.55 * speed * spot.seconds, half))
    if action is Action.RETURN:
        return sign * (half - 0.2 * speed * spot.seconds)
    travel = speed * spot.seconds if action in TRAVELLING else 0.0
    if action in (Action.ROLL, Action.SLIDE):
        travel = min(travel, speed**2 / (2 * max(terrain_of(spot.place).friction, 0.04)))
    reach = max(half - (1.3 if action is Action.CIRCLE else 0.4) * size, 0.05)
    return rng.uniform(-1, 1) * max(reach - travel / 2, 0.1) - sign * travel / 2


def sequence(role: Role, spot: Spot, rng: random.Random) -> Player:
    """One player that does two or, in a long shot, three things one after another."""
    rooted = role.character.gait is Gait.STANDS
    first = rng.choice(ROOTED_FIRST if rooted else FIRST)
    count = 3 if spot.seconds >= 4 and first is not Action.ENTER and rng.random() < 0.4 else 2
    direction = rng.choice(SIDES) if first in TRAVELLING else Direction.NONE
    player = placed(role, first, direction, replace(spot, seconds=spot.seconds / count), rng)
    then: list[Beat] = []
    last, since = first, 0.0
    for number in range(1, count):
        is_last = number == count - 1
        action = rng.choice([one for one in (ROOTED_NEXT if rooted else NEXT) if one is not last and (is_last or one not in ENDINGS)])
        end = spot.seconds * (0.68 if first is Action.ENTER and number == 1 else number / count)
        start = since + left_at(last, player.speed if number == 1 else then[-1].speed, end - since, spot.place)
        if start > spot.seconds - SHORTEST_BEAT:
            break
        speed = rng.uniform(*SPEEDS[action])
        if action in (Action.GROW, Action.SHRINK):
            speed = min(speed, MOST_GROWTH / (GROWTH * (spot.seconds - start)))
        then.append(Beat(action, heading_inwards(action, player.x, rng), speed, round(start, 3)))
        last, since = action, start
    return replace(player, then=tuple(then))


def left_at(action: Action, speed: float, wanted: float, place: Place) -> float:
    """The end of a whole number of cycles that is nearest to ``wanted`` seconds."""
    if action not in CYCLES:
        return wanted
    gravity = max(terrain_of(place).gravity, 0.4) if action in (Action.JUMP, Action.FLIP) else 1.0
    period = 1 / (speed * gravity)
    return max(round(wanted / period), 1) * period


def heading_inwards(action: Action, x: float, rng: random.Random) -> Direction:
    if action not in TRAVELLING:
        return Direction.NONE
    if abs(x) > 0.25:
        return Direction.LEFT if x > 0 else Direction.RIGHT
    return rng.choice(SIDES)


def group(role: Role, count: int, spot: Spot, rng: random.Random) -> list[Player]:
    """``count`` alike, side by side, doing the same."""
    first = solo(role, spot, rng, scale=0.8)
    gap = 0.85 * first.size
    middle = first.x
    players = []
    for number in range(count):
        x = middle + gap * (number - (count - 1) / 2) * (1 if first.action not in (Action.ENTER,) else 0.9)
        ground = min(max(first.ground + rng.uniform(-0.02, 0.02), spot.grounds[0]), spot.grounds[1])
        players.append(replace(first, x=x, ground=ground, phase=rng.random()))
    return players


def pair(first: Role, second: Role, spot: Spot, rng: random.Random) -> list[Player]:
    """Two who mind their own business, clearly apart at time 0."""
    one = solo(first, spot, rng, scale=0.9)
    for _ in range(40):
        other = solo(second, spot, rng, scale=0.9)
        if abs(other.x - one.x) > 0.4 * (one.size + other.size):
            break
    return [one, other]


def duet(action: Action, lead: Role, second: Role, spot: Spot, rng: random.Random) -> list[Player]:
    """Player 0 does ``action`` with player 1."""
    direction = Direction.NONE if action is Action.ORBIT else rng.choice(SIDES)
    sign = -1 if direction is Direction.LEFT else 1
    away = Direction.LEFT if direction is Direction.RIGHT else Direction.RIGHT
    sizes = [0.85 * rng.uniform(*HEIGHTS[role.character.size]) for role in (lead, second)]
    speed, ground = rng.uniform(*SPEEDS[action]), rng.uniform(*spot.grounds)
    if action in (Action.VAULT, Action.PUSH):
        sizes[1] = min(sizes[1], 0.9 * sizes[0])
    partner_action = PARTNERS_DO.get(action, Action.STAND)
    partner_way = {Action.CHASE: direction, Action.FOLLOW: direction, Action.PUSH: direction, Action.COLLIDE: away, Action.MEET: away}
    touch, reach = 0.5 * (sizes[0] + sizes[1]), spot.aspect / 2 - 0.2
    travel = speed * spot.seconds
    match action:
        case Action.CHASE | Action.FOLLOW:
            ahead = -sign * min(travel / 2, reach) + sign * 0.5 * touch
            xs = (ahead - sign * (touch + 0.14), ahead)
        case Action.PUSH | Action.VAULT | Action.HIDE:
            middle = rng.uniform(-0.12, 0.12)
            share = 0.35 if action is Action.PUSH else 0.45 if action is Action.VAULT else 0.36
            xs = (middle - sign * max(share * travel, touch + 0.05), middle)
        case Action.COLLIDE | Action.MEET:
            middle = rng.uniform(-0.1, 0.1)
            half = min(max(0.4 * travel + 0.4 * touch, 0.6 * touch), reach)
            xs = (middle - sign * half, middle + sign * half)
        case _:
            middle = rng.uniform(-0.15, 0.15)
            xs = (middle, middle)
    behind = min(ground + 0.06, spot.horizon - 0.1) if action is Action.HIDE else ground
    one = Player(lead.character.id, action, direction, sizes[0], xs[0], behind, speed, rng.random(), lead.colour, partner=1)
    other = Player(
        second.character.id,
        partner_action,
        partner_way.get(action, Direction.NONE),
        sizes[1],
        xs[1],
        ground,
        speed,
        rng.random(),
        second.colour,
    )
    return [one, replace(other, partner=0 if partner_action in (Action.PUSHED, Action.COLLIDE, Action.MEET) else -1)]


def fits_duet(action: Action, lead: Character, second: Character) -> bool:
    """Who can do what with whom: nobody hides behind an ant, houses chase nobody."""
    if lead.gait is Gait.STANDS or lead.id == second.id:
        return False
    order = list(SizeClass)
    smaller = order.index(second.size) <= order.index(lead.size)
    if action is Action.HIDE:
        return order.index(second.size) > order.index(lead.size) and second.gait in (Gait.STANDS, Gait.DRIVES)
    if action in (Action.VAULT, Action.PUSH):
        return smaller
    return action is Action.ORBIT or second.gait is not Gait.STANDS


def draw_role(characters: Sequence[Character], rng: random.Random, colours: Sequence[str]) -> Role:
    """A character, at times in a colour that is not its own."""
    character = rng.choice(characters)
    if character.recolours and rng.random() < RECOLOURED_SHARE:
        return Role(character, rng.choice([colour for colour in colours if colour != character.colour]))
    return Role(character)
