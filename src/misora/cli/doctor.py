"""``misora doctor``: is everything here that a video needs, and if not, what to do."""

from __future__ import annotations

import json
import platform
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from misora.base.errors import MisoraError, WeightsError

if TYPE_CHECKING:
    from misora.models.weights_file import Kind


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the report; ``needed`` says whether a video can be made without it."""

    name: str
    ok: bool
    said: str
    needed: bool = True


def doctor(as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False) -> None:
    """Checks whether a video can be made here.

    Python, torch, threads, weights, codecs, the stage; exit code 0 when it can, else 1.
    """
    findings = list(examine())
    if as_json:
        print(json.dumps([asdict(finding) for finding in findings], ensure_ascii=False))
    else:
        for finding in findings:
            print(f"{'ok ' if finding.ok else 'NO ' if finding.needed else '-  '} {finding.name:<12} {finding.said}")
    if not all(finding.ok for finding in findings if finding.needed):
        raise typer.Exit(1)


def examine() -> Iterator[Finding]:
    """Every check, in order; one that fails does not keep the others from being made."""
    yield Finding("python", sys.version_info >= (3, 11), f"{platform.python_version()} on {platform.system()} {platform.machine()}")
    yield attempt("torch", torch_facts)
    yield attempt("threads", thread_facts)
    yield attempt("weights", weights_facts)
    yield attempt("planner", planner_facts, needed=False)
    yield attempt("upsampler", upsampler_facts, needed=False)
    yield attempt("interpolator", interpolator_facts, needed=False)
    yield attempt("turbo", turbo_facts, needed=False)
    yield attempt("codecs", codec_facts)
    yield attempt("stage", assets_facts, needed=False)
    yield attempt("rewriter", rewriter_facts, needed=False)
    yield attempt("meaning", meaning_facts, needed=False)
    yield attempt("database", database_facts, needed=False)
    yield attempt("vault", vault_facts, needed=False)


def attempt(name: str, check: Callable[[], str], *, needed: bool = True) -> Finding:
    """The finding of ``check``; an error that it raises is what it found."""
    try:
        return Finding(name, True, check(), needed)
    except (MisoraError, ImportError, OSError, ValueError) as error:
        return Finding(name, False, str(error), needed)


def torch_facts() -> str:
    """Version, device and precision."""
    import torch

    from misora.base.settings import load_settings
    from misora.pipelines.runtime import choose_device, choose_dtype

    device = choose_device(load_settings().device)
    return f"{torch.__version__}, device {device}, {str(choose_dtype(device)).removeprefix('torch.')}"


def thread_facts() -> str:
    from misora.base.settings import load_settings

    return f"{load_settings().threads} (MISORA_THREADS)"


def weights_facts() -> str:
    """Parameters and digest of each file; raises WeightsError when one is missing or damaged."""
    from misora.base.settings import load_settings
    from misora.models.weights_file import KINDS, read_info, weights_digest, weights_path

    folder = load_settings().weights
    infos = [read_info(weights_path(folder, kind), kind) for kind in KINDS]
    return f"{folder}: " + ", ".join(f"{info.kind} {info.num_parameters:,} ({weights_digest(info.path)[:12]})" for info in infos)


def planner_facts() -> str:
    """Raises WeightsError when it is missing, and then says what that means."""
    return optional_facts("planner", "who is where is left to the transformer")


def upsampler_facts() -> str:
    """Raises WeightsError when it is missing, and then says what that means."""
    return optional_facts("upsampler", "large sizes are sampled as they are, slowly, and `misora upscale` does not work")


def interpolator_facts() -> str:
    """Raises WeightsError when it is missing, and then says what that means."""
    return optional_facts("interpolator", "frame rates cannot be raised")


def optional_facts(kind: Kind, without: str) -> str:
    """Size and digest of weights that may be missing; ``without`` says what then happens."""
    from misora.base.settings import load_settings
    from misora.models.weights_file import read_info, weights_digest, weights_path

    path = weights_path(load_settings().weights, kind)
    if not path.is_file():
        raise WeightsError(f"no {path}: {without}")
    return f"{read_info(path, kind).num_parameters:,} ({weights_digest(path)[:12]})"


def turbo_facts() -> str:
    """Raises WeightsError when there is none that fits the transformer, and then says what that means."""
    from misora.base.settings import load_settings
    from misora.models.transformer.adapter_file import why_no_turbo
    from misora.models.weights_file import read_info, weights_digest, weights_path

    folder = load_settings().weights
    if trouble := why_no_turbo(folder):
        raise WeightsError(f"{trouble}: videos are made by the many-step model")
    path = weights_path(folder, "turbo")
    return f"{read_info(path, 'turbo').config['steps']} steps ({weights_digest(path)[:12]})"


def codec_facts() -> str:
    """Raises ValueError when a codec that Misora writes or reads is absent."""
    import av
    from PIL import features

    wanted = {"libx264": "w", "h264": "r", "hevc": "r", "vp9": "r"}
    missing = [name for name, mode in wanted.items() if not has_codec(name, mode)] + [] if features.check("webp") else ["webp"]
    if missing:
        raise ValueError(f"PyAV {av.__version__} or Pillow lacks {', '.join(missing)}; install their usual wheels")
    return f"PyAV {av.__version__}: H.264 out; H.264, HEVC, VP9 in; WebP"


def has_codec(name: str, mode: str) -> bool:
    import av

    try:
        av.Codec(name, "w" if mode == "w" else "r")
    except ValueError:
        return False
    return True


def assets_facts() -> str:
    """The stage's sprites are needed for rendering and training only."""
    from misora.base.settings import load_settings
    from misora.world.assets import load_atlas

    folder = load_settings().assets
    return f"{folder}: {len(load_atlas(folder).ids)} characters"


def database_facts() -> str:
    """Which database jobs would lie in, and how safe it is; the command ``generate`` needs none."""
    from sqlalchemy import make_url

    from misora.base.settings import load_settings
    from misora.store.database import open_database
    from misora.store.page_checksums import are_kept, are_there
    from misora.store.sqlite_driver import sqlite_version_info
    from misora.store.sqlite_gate import describe

    url = load_settings().database
    if url.startswith("sqlite"):
        path = Path(make_url(url).database or "")
        return f"{url}: {describe(sqlite_version_info, checksums=are_kept(path) if path.is_file() else are_there())}"
    database = open_database(url)
    with database.reading() as tx:
        server = tx.dialect.server_version_info or ()
    database.close()
    return f"{database.engine.url.render_as_string()}: PostgreSQL {'.'.join(map(str, server))}"


def vault_facts() -> str:
    """Where files would lie; a bucket is looked at, and what is not set for it is named."""
    from misora.base.settings import load_settings
    from misora.store.vault import open_vault

    settings = load_settings()
    if not settings.vault.startswith("s3://"):
        return f"{settings.vault}: a folder"
    open_vault(settings.vault, settings.cache)
    return f"{settings.vault}: a bucket that answers; local copies in {settings.cache}"


def rewriter_facts() -> str:
    """Who rewrites prompts; raises InputError when that cannot work as it is set up. The endpoint is not called."""
    from misora.base.settings import load_settings
    from misora.prompting.rewriting import chat_settings, check_rewriter

    settings = load_settings()
    chosen = check_rewriter(settings.rewriter)
    if chosen != "chat":
        return f"{chosen} (MISORA_REWRITER)"
    chat = chat_settings(settings)
    return f"{chosen}: {chat.model} at {chat.host}, {'with' if chat.key else 'without'} a key"


def meaning_facts() -> str:
    """Words that no list holds are looked up by meaning only where the extra is installed."""
    from misora.prompting.meaning import INSTALL, has_encoder

    if not has_encoder():
        raise ImportError(f"unknown words are not looked up by meaning: {INSTALL}")
    return "installed"
