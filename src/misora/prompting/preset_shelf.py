"""Presets by name: those that came with Misora, and a folder of a user's own, one file each."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from pathlib import Path

from misora.base.errors import InputError
from misora.media.atomic import StrPath, write_bytes
from misora.media.fit import fit_picture
from misora.media.grade_colour import tones_of
from misora.media.stills import encode_image, read_image
from misora.prompting.presets import MAX_FILE_BYTES, MAX_REFERENCES, Preset, built_in_presets

SUFFIX = ".json"
MAX_REFERENCE_SIDE = 1024
REFERENCE_TONING = 0.6
"""How far a look drawn from pictures alone moves the colours."""


class PresetShelf:
    """All presets that can be used.

    Args:
        folder: Where a user's own are kept; made when the first one is written.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def all(self) -> list[Preset]:
        """Built-in presets, then the user's own by name; files that cannot be read are left out (``damaged`` names them)."""
        return [*built_in_presets(), *(preset for path in self._paths() if isinstance(preset := self._read_or_reason(path), Preset))]

    def damaged(self) -> list[str]:
        """Why a file of the folder is no preset, one sentence each."""
        return [f"{path.name}: {reason}" for path in self._paths() if isinstance(reason := self._read_or_reason(path), str)]

    def get(self, name: str) -> Preset:
        """Raises InputError with the nearest names when there is none of that name."""
        for preset in built_in_presets():
            if preset.name == name:
                return preset
        path = self._path(name)
        if path is not None and path.is_file():
            return read_preset(path)
        names = [preset.name for preset in self.all()]
        near = difflib.get_close_matches(name.lower(), names, n=1, cutoff=0.5)
        rest = f"nearest: {near[0]}" if near else f"choose one of {', '.join(names)}"
        raise InputError(f"preset={name!r} is not known; {rest}", field="preset")

    def create(self, preset: Preset) -> Preset:
        """Writes a new preset; raises InputError when its name is taken."""
        if preset.name in {one.name for one in built_in_presets()} or self._own_path(preset.name).exists():
            raise InputError(f"preset={preset.name!r} exists already; choose another name, or edit it", field="preset.name")
        return self._write(preset)

    def edit(self, name: str, **changes: object) -> Preset:
        """Changes fields of one of the user's own; raises InputError for one that came with Misora."""
        preset = self._own(name)
        return self._write(preset.changed(**changes))

    def clone(self, name: str, new_name: str) -> Preset:
        """A copy of any preset under a new name, the user's own."""
        return self.create(self.get(name).changed(name=new_name, built_in=False))

    def delete(self, name: str) -> None:
        """Removes one of the user's own."""
        self._own(name)
        self._own_path(name).unlink()

    def export(self, name: str, path: StrPath) -> None:
        """Writes a preset, pictures included, as one file to share; an existing file is replaced."""
        write_bytes(path, self.get(name).to_json().encode())

    def take(self, path: StrPath, name: str | None = None) -> Preset:
        """Adds a shared file under its own name or ``name``; its pictures are decoded and written anew, so nothing else comes in."""
        preset = read_preset(Path(path))
        pictures = tuple(to_reference(picture) for picture in preset.references)
        return self.create(preset.changed(name=name or preset.name, references=pictures))

    def _own(self, name: str) -> Preset:
        preset = self.get(name)
        if preset.built_in:
            raise InputError(f"preset={name!r} came with Misora and stays as it is; clone it first", field="preset")
        return preset

    def _write(self, preset: Preset) -> Preset:
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InputError(f"cannot make the folder {self.folder}: {(error.strerror or str(error)).lower()}", field="preset") from error
        write_bytes(self._own_path(preset.name), preset.to_json().encode())
        return preset

    def _paths(self) -> list[Path]:
        return sorted(self.folder.glob(f"*{SUFFIX}")) if self.folder.is_dir() else []

    def _read_or_reason(self, path: Path) -> Preset | str:
        try:
            return read_preset(path)
        except InputError as error:
            return str(error)

    def _own_path(self, name: str) -> Path:
        return self.folder / f"{name}{SUFFIX}"

    def _path(self, name: str) -> Path | None:
        """The file of ``name``, which may come from anywhere and must not lead out of the folder."""
        try:
            return self._own_path(Preset(name).name)
        except InputError:
            return None


def read_preset(path: Path) -> Preset:
    """The preset in a file; raises InputError when it is none, or too large."""
    try:
        with path.open("rb") as file:
            content = file.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise InputError(f"cannot read {path}: {(error.strerror or str(error)).lower()}", field="preset") from error
    if len(content) > MAX_FILE_BYTES:
        raise InputError(f"{path.name} is larger than {MAX_FILE_BYTES >> 20} MiB, the most a preset may be", field="preset")
    try:
        return Preset.from_json(content.decode())
    except UnicodeDecodeError as error:
        raise InputError(f"{path.name} is not a preset: it is not text", field="preset") from error


def to_reference(source: StrPath | bytes) -> bytes:
    """A picture as a preset keeps it: WebP, at most 1024 pixels a side, without whatever else its file held."""
    picture = read_image(source)
    scale = min(1.0, MAX_REFERENCE_SIDE / max(picture.shape[:2]))
    height, width = (max(1, round(side * scale)) for side in picture.shape[:2])
    return encode_image(fit_picture(picture, height, width, "stretch"), "WEBP")


def with_references(preset: Preset, sources: Sequence[StrPath]) -> Preset:
    """``preset`` with pictures added; where it has no tones of its own yet, it takes theirs.

    Raises:
        InputError: A file is no picture, or more than five would be kept.
    """
    if len(preset.references) + len(sources) > MAX_REFERENCES:
        raise InputError(
            f"preset.references would hold {len(preset.references) + len(sources)} pictures; at most {MAX_REFERENCES} fit",
            field="preset.references",
        )
    references = (*preset.references, *(to_reference(source) for source in sources))
    if not references or preset.grade.tones:
        return preset.changed(references=references)
    tones = tones_of([read_image(reference) for reference in references])
    grade = {**preset.grade.to_dict(), "tones": tones, "toning": preset.grade.toning or REFERENCE_TONING}
    return preset.changed(references=references, grade=type(preset.grade).from_dict(grade))
