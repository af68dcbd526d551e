"""A page of contact sheets of everything that the full tier knows: who, where, when, what happens, and films of it all.

Every picture is rendered from a scene program; each row of motion has its caption under it. Knows no model.
"""

from __future__ import annotations

import html
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageDraw

from misora.base.progress import Progress, Step, silent
from misora.base.shapes import VideoShape
from misora.media.atomic import write_bytes
from misora.media.contact_sheet import contact_sheet
from misora.media.fonts import draw_text
from misora.media.pictures import Picture
from misora.media.stills import write_image
from misora.world.cast import Character, Gait, load_cast
from misora.world.colours import COLOURS
from misora.world.directing import Directing, grounds_of, sample_film
from misora.world.light import SHELTERED
from misora.world.motions import MOTIONS
from misora.world.plots import DUETS, Role, Spot, draw_role, duet, fits_duet, placed
from misora.world.program import TRAVELLING, Action, Camera, CameraMove, Direction, Film, Place, Player, Scene, Time, Weather
from misora.world.recolour import recoloured
from misora.world.render import Renderer
from misora.world.telling import tell_film
from misora.world.tier import FULL

CELL = VideoShape(1, 160, 272, 24)
CLIP = VideoShape(33, 160, 272, 8)
FILM = VideoShape(40, 160, 272, 8)
CAST_CELL, CAST_COLUMNS = 72, 18
CAST_PAPER = "#e9edf2"
NAME_HEIGHT = 14
FILMS = 12
WEATHER_PLACES = (Place.CITY, Place.NEON_CITY, Place.LAKE, Place.FOREST, Place.MOUNTAIN, Place.SAVANNA)
#: Who is at home where, so that the sheets of places look lived in.
GUESTS = {
    Place.UNDERWATER: ("dolphin", "fish"),
    Place.LAKE: ("swan", "sailboat"),
    Place.SPACE: ("astronaut", "flying_saucer"),
    Place.MOON: ("alien", "rocket"),
}
#: Whom a motion suits, walkers where nothing is said.
ACTORS = {
    Action.ROLL: Gait.ROLLS,
    Action.BOUNCE: Gait.ROLLS,
    Action.FLY: Gait.FLIES,
    Action.RISE: Gait.FLOATS,
    Action.SLIDE: Gait.SLIDES,
}
USUAL_GUESTS = ("dog", "ginger_cat", "fox", "rabbit", "car", "elephant", "penguin", "robot")


@dataclass(frozen=True, slots=True)
class Sheet:
    """One picture of the page; ``name`` is its file without suffix."""

    name: str
    title: str
    picture: Picture


class Gallery:
    """Makes the sheets with one renderer; the same seed makes the same page."""

    def __init__(self, renderer: Renderer, seed: int = 0) -> None:
        self.renderer = renderer
        self.cast = {name: character for name, character in load_cast("full").items() if name in renderer.atlas.ids}
        self.seed = seed

    def sheets(self) -> Iterator[Sheet]:
        """Every sheet of the page, in order."""
        yield self.films()
        yield self.characters()
        yield self.places()
        yield self.weathers()
        yield self.motions()
        yield self.duets()
        yield self.cameras()
        yield self.colours()

    def films(self) -> Sheet:
        """Films as training draws them."""
        rng = random.Random(self.seed)
        directing = Directing(tuple(self.cast.values()), aspect=FILM.width / FILM.height, seconds=FILM.seconds)
        films = [sample_film(directing, rng) for _ in range(FILMS)]
        return Sheet("films", "Films, drawn at random", self._rows(films, FILM, rng))

    def characters(self) -> Sheet:
        """One drawing of everybody."""
        names = list(self.cast)
        cells = [self._drawing(name) for name in names]
        return Sheet("cast", f"{len(names)} characters", _named_grid(cells, names))

    def places(self) -> Sheet:
        """Every place at every time of day."""
        rng = random.Random(self.seed)
        rows = []
        for place in FULL.places:
            players = self._guests(place, rng)
            shots = [self._still(place, time, Weather.CLEAR, players) for time in FULL.times]
            rows.append(np.concatenate(shots))
        labels = [f"{place.value}: {', '.join(FULL.times)}" for place in FULL.places]
        return Sheet("places", f"{len(FULL.places)} places, {len(FULL.times)} times of day", contact_sheet(rows, 4, 120, labels))

    def weathers(self) -> Sheet:
        rng = random.Random(self.seed)
        rows = []
        for place in WEATHER_PLACES:
            players = self._guests(place, rng)
            rows.append(np.concatenate([self._still(place, Time.SUNSET, weather, players) for weather in FULL.weathers]))
        labels = [f"{place.value}: {', '.join(FULL.weathers)}" for place in WEATHER_PLACES]
        return Sheet("weather", "Weather", contact_sheet(rows, 5, 120, labels))

    def motions(self) -> Sheet:
        """Every motion of one player, somewhere, by somebody whom it suits."""
        rng = random.Random(self.seed)
        scenes = [self._acted(action, rng) for action in MOTIONS]
        return Sheet("motions", "What one can do", self._rows([Film((scene,)) for scene in scenes], CLIP, rng))

    def duets(self) -> Sheet:
        rng = random.Random(self.seed)
        films = [Film((self._played(action, rng),)) for action in DUETS]
        return Sheet("duets", "What two can do", self._rows(films, CLIP, rng))

    def cameras(self) -> Sheet:
        rng = random.Random(self.seed)
        films = []
        for move in FULL.camera_moves:
            role = Role(self._somebody(rng, lambda one: one.gait is Gait.WALKS))
            spot = self._spot(rng.choice(FULL.places), role.character)
            action = Action.WALK if move is CameraMove.FOLLOW else Action.STAND
            player = placed(role, action, Direction.RIGHT if action in TRAVELLING else Direction.NONE, spot, rng)
            amount = {CameraMove.STATIC: 0.0, CameraMove.FOLLOW: 0.0, CameraMove.SHAKE: 0.02}.get(move, 0.1)
            films.append(Film((self._scene(spot, (player,), rng, camera=Camera(move, amount)),)))
        return Sheet("cameras", f"{len(FULL.camera_moves)} camera moves", self._rows(films, CLIP, rng))

    def colours(self) -> Sheet:
        """Those who may be painted, in every colour."""
        names = [name for name, character in self.cast.items() if character.recolours]
        cells, labels = [], []
        for name in names:
            for colour in ("", *COLOURS):
                cells.append(self._drawing(name, colour))
                labels.append(f"{colour} {name}".strip())
        return Sheet("colours", "Colours", _named_grid(cells, labels, columns=2 * (len(COLOURS) + 1)))

    def _rows(self, films: Sequence[Film], shape: VideoShape, rng: random.Random) -> Picture:
        """A row of frames for each film under its caption."""
        clips = [torch.cat([shot.frames for shot in self.renderer.render_film(film, shape)]).cpu().numpy() for film in films]
        labels = [tell_film(film, "en", "full", rng).text for film in films]
        return contact_sheet(clips, columns=8, cell_height=112, labels=labels)

    def _drawing(self, name: str, colour: str = "") -> Image.Image:
        row = self.renderer.atlas.index(name)
        drawing = self.renderer.atlas.rgba[row][:1]
        rgba = (recoloured(drawing, colour) if colour else drawing)[0].movedim(0, -1).cpu().numpy()
        return Image.frombytes("RGBa", rgba.shape[1::-1], np.ascontiguousarray(rgba).tobytes()).convert("RGBA")

    def _still(self, place: Place, time: Time, weather: Weather, players: tuple[Player, ...]) -> Picture:
        """The last frame of a still scene, (1, H, W, 3)."""
        scene = Scene(self.seed + 3, place, time, 0.5, -0.35, 2.0, players, Camera(CameraMove.STATIC), weather, FULL.name)
        return self.renderer.render(scene, CELL).frames[-1:].cpu().numpy()

    def _guests(self, place: Place, rng: random.Random) -> tuple[Player, ...]:
        known = [name for name in GUESTS.get(place, USUAL_GUESTS) if name in self.cast] or list(self.cast)
        players = []
        for name, x in zip(rng.sample(known, min(2, len(known))), (-0.3, 0.35), strict=False):
            role = Role(self.cast[name])
            player = placed(role, Action.STAND, Direction.NONE, self._spot(place, role.character), rng)
            players.append(Player(name, Action.STAND, Direction.NONE, 0.8 * player.size, x, player.ground, 0.0, 0.2))
        return tuple(players)

    def _acted(self, action: Action, rng: random.Random) -> Scene:
        role = Role(self._somebody(rng, lambda one: one.gait is ACTORS.get(action, Gait.WALKS)))
        spot = self._spot(rng.choice(FULL.places), role.character)
        direction = rng.choice((Direction.LEFT, Direction.RIGHT)) if action in TRAVELLING else Direction.NONE
        return self._scene(spot, (placed(role, action, direction, spot, rng),), rng)

    def _played(self, action: Action, rng: random.Random) -> Scene:
        characters = list(self.cast.values())
        lead, second = draw_role(characters, rng, tuple(COLOURS)), draw_role(characters, rng, tuple(COLOURS))
        for _ in range(2000):
            if fits_duet(action, lead.character, second.character):
                break
            lead, second = draw_role(characters, rng, tuple(COLOURS)), draw_role(characters, rng, tuple(COLOURS))
        spot = self._spot(rng.choice([place for place in FULL.places if place is not Place.LAKE]), lead.character)
        return self._scene(spot, tuple(duet(action, lead, second, spot, rng)), rng)

    def _somebody(self, rng: random.Random, suits: Callable[[Character], bool]) -> Character:
        fitting = [character for character in self.cast.values() if suits(character)]
        return rng.choice(fitting or list(self.cast.values()))

    def _spot(self, place: Place, character: Character) -> Spot:
        return Spot(place, CLIP.width / CLIP.height, CLIP.seconds, 0.5, grounds_of(place, character, 0.5))

    def _scene(self, spot: Spot, players: tuple[Player, ...], rng: random.Random, camera: Camera | None = None) -> Scene:
        weather = Weather.CLEAR if spot.place in SHELTERED else rng.choices(FULL.weathers, (8, 1, 1, 1, 1))[0]
        time = rng.choice(FULL.times)
        sun_x = rng.uniform(-0.6, 0.6)
        still = camera or Camera(CameraMove.STATIC)
        return Scene(rng.randrange(2**31), spot.place, time, spot.horizon, sun_x, spot.seconds, players, still, weather, FULL.name)


def _named_grid(cells: Sequence[Image.Image], names: Sequence[str], columns: int = CAST_COLUMNS) -> Picture:
    """RGBA drawings in rows, each over its name."""
    tall = CAST_CELL + NAME_HEIGHT
    rows = -(-len(cells) // columns)
    sheet = Image.new("RGB", (columns * CAST_CELL, rows * tall), CAST_PAPER)
    draw = ImageDraw.Draw(sheet)
    for number, (cell, name) in enumerate(zip(cells, names, strict=True)):
        left, top = number % columns * CAST_CELL, number // columns * tall
        small = cell.resize((CAST_CELL - 8, CAST_CELL - 8), Image.Resampling.LANCZOS)
        sheet.paste(small, (left + 4, top + 4), small)
        draw_text(draw, (left + CAST_CELL / 2, top + CAST_CELL + 5), name.replace("_", " ")[:13], 9, fill="#30343c", anchor="mm")
    return np.asarray(sheet)


def write_gallery(folder: Path, gallery: Gallery, progress: Progress | None = None) -> Path:
    """Writes every sheet as WebP and ``index.html`` that shows them; returns the page's path."""
    report, shown = progress or silent, []
    folder.mkdir(parents=True, exist_ok=True)
    for number, sheet in enumerate(gallery.sheets(), start=1):
        write_image(folder / f"{sheet.name}.webp", sheet.picture, quality=85)
        shown.append(sheet)
        report(Step("gallery", number, 8))
    page = folder / "index.html"
    write_bytes(page, _page(shown).encode())
    return page


def _page(sheets: Sequence[Sheet]) -> str:
    parts = []
    for sheet in sheets:
        height, width = sheet.picture.shape[:2]
        title = html.escape(sheet.title)
        image = f'<img src="{sheet.name}.webp" width="{width}" height="{height}" alt="{title}" loading="lazy">'
        parts.append(f"<section><h2>{title}</h2>\n{image}</section>")
    style = "body{margin:2rem;background:#16181d;color:#e8e8e8;font:16px system-ui}img{max-width:100%;height:auto;border-radius:6px}"
    head = f'<!doctype html>\n<html lang="en"><meta charset="utf-8"><title>The stage of Misora</title><style>{style}</style>'
    return "\n".join([head, "<h1>The stage</h1>", *parts, "</html>\n"])
