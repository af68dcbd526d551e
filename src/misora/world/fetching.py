"""Fetches the characters' animations with npm: package by package, checked by npm, nothing kept.

Knows packages and paths, not pictures.
"""

from __future__ import annotations

import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from pathlib import Path

from misora.base.errors import AssetsError
from misora.world.cast import Character

NPM_TIMEOUT_SECONDS = 900


def fetch_animations(cast: Iterable[Character]) -> Iterator[tuple[Character, bytes]]:
    """Every character with its file's bytes, package by package, so that one tarball at a time is on disk."""

    def package_of(character: Character) -> tuple[str, str]:
        return character.package, character.version

    for (package, version), wanted in groupby(sorted(cast, key=package_of), key=package_of):
        with tempfile.TemporaryDirectory(prefix="misora-stage-") as folder:
            tarball = _pack(package, version, Path(folder))
            paths = {character.path: character for character in wanted}
            for path, data in _read_members(tarball, paths):
                yield paths[path], data


def _pack(package: str, version: str, folder: Path) -> Path:
    """Download one package's tarball with npm, which checks its integrity and knows the user's registry."""
    npm = shutil.which("npm")
    if npm is None:
        raise AssetsError("npm fetches the stage's sprites and is not on PATH; install Node.js, then run `misora world build` again")
    command = [npm, "pack", f"{package}@{version}", "--silent", "--pack-destination", str(folder)]
    try:
        subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True, timeout=NPM_TIMEOUT_SECONDS)
        return next(folder.glob("*.tgz"))
    except subprocess.TimeoutExpired:
        reason = f"no answer within {NPM_TIMEOUT_SECONDS} s"
    except subprocess.CalledProcessError as error:
        reason = str(error.stderr).strip()[-300:] or f"exit code {error.returncode}"
    except StopIteration:
        reason = "npm wrote no tarball"
    raise AssetsError(f"npm could not fetch {package}@{version}: {reason}; check `npm ping`, then run `misora world build` again")


def _read_members(tarball: Path, paths: Mapping[str, object]) -> Iterator[tuple[str, bytes]]:
    """The files named in ``paths``, in the order of the archive; nothing is unpacked to disk."""
    missing = set(paths)
    with tarfile.open(tarball, "r|gz") as archive:
        for member in archive:
            file = archive.extractfile(member) if member.name in missing else None
            if file is not None:
                missing.remove(member.name)
                yield member.name, file.read()
            if not missing:
                return
    raise AssetsError(f"{tarball.name} lacks {', '.join(sorted(missing))}; cast.json and the package's version do not agree")
