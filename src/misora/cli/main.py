"""The command's door: verbs, exit codes, and one sentence for every error that Misora raises on purpose.

Exit codes: 0 done; 2 the caller can mend it; 1 any other error of Misora's; 130 stopped.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from misora import __version__
from misora.base.errors import (
    AssetsError,
    Cancelled,
    ConflictError,
    InputError,
    MisoraError,
    MissingExtraError,
    QuotaError,
    Refused,
    WeightsError,
)
from misora.cli.accounts import accounts
from misora.cli.audit import audit
from misora.cli.backup import backup, restore
from misora.cli.blend import blend
from misora.cli.connect import connect
from misora.cli.doctor import doctor
from misora.cli.evaluate import evaluate
from misora.cli.extend import extend
from misora.cli.fill import fill
from misora.cli.finish import finish
from misora.cli.generate import generate
from misora.cli.image import image
from misora.cli.jobs import jobs
from misora.cli.keys import keys
from misora.cli.loop import loop
from misora.cli.models import models
from misora.cli.presets import presets
from misora.cli.prompt import prompt
from misora.cli.recut import recut
from misora.cli.reframe import reframe
from misora.cli.remix import remix
from misora.cli.replay import replay
from misora.cli.restyle import restyle
from misora.cli.serve import serve
from misora.cli.storyboard import storyboard
from misora.cli.train import train
from misora.cli.upscale import upscale
from misora.cli.webhooks import webhooks
from misora.cli.worker import worker
from misora.cli.world import world

MENDABLE = (InputError, WeightsError, AssetsError, MissingExtraError, QuotaError, ConflictError, Refused)
DONE, FAILED, MENDABLE_CODE, STOPPED = 0, 1, 2, 130

# Plain help: drawing it with Rich costs a quarter of the start-up time.
app = typer.Typer(
    name="misora", no_args_is_help=True, add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False,
    help="Makes videos from sentences with its own trained model.", context_settings={"help_option_names": ["-h", "--help"]},
)  # fmt: skip
app.command()(generate)
app.command()(image)
app.command()(extend)
app.command()(fill)
app.command()(connect)
app.command()(loop)
app.command()(remix)
app.command()(restyle)
app.command()(recut)
app.command()(blend)
app.command()(reframe)
app.add_typer(storyboard, name="storyboard")
app.command()(finish)
app.command()(upscale)
app.command()(replay)
app.command()(prompt)
app.add_typer(presets, name="presets")
app.add_typer(world, name="world")
app.add_typer(models, name="models")
app.command()(train)
app.command()(serve)
app.command()(worker)
app.add_typer(jobs, name="jobs")
app.add_typer(accounts, name="accounts")
app.add_typer(keys, name="keys")
app.add_typer(webhooks, name="webhooks")
app.command()(audit)
app.command()(backup)
app.command()(restore)
app.command("eval")(evaluate)
app.command()(doctor)


@app.callback(invoke_without_command=True)
def common(version: Annotated[bool, typer.Option("--version", help="Print the version and leave.")] = False) -> None:
    """Makes videos from sentences with its own trained model."""
    if version:
        print(__version__)
        raise typer.Exit


def main() -> None:
    """Runs the command and leaves with its exit code; a polite kill ends it as Ctrl-C does, so that no partial file stays."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    sys.exit(run(sys.argv[1:]))


def run(arguments: Sequence[str]) -> int:
    """Runs the command with ``arguments``; returns its exit code."""
    try:
        code = app(args=list(arguments), prog_name="misora", standalone_mode=False)
        if code == STOPPED:
            raise KeyboardInterrupt
        return code if isinstance(code, int) else DONE
    except MisoraError as error:
        return explain(error)
    except (KeyboardInterrupt, typer.Abort):
        print("stopped", file=sys.stderr)
        return STOPPED
    except BrokenPipeError:
        # Whoever read our output has left; a second complaint at exit would only confuse.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except Exception as error:
        if not hasattr(error, "format_message"):  # what the option parser raises, by whichever library
            raise
        message = str(error.format_message())
        print(message if message.startswith("Usage:") else f"misora: {message}", file=sys.stderr)
        return MENDABLE_CODE


def explain(error: MisoraError) -> int:
    """Prints one sentence; returns the exit code of ``error``."""
    print(f"misora: {error}", file=sys.stderr)
    if isinstance(error, Cancelled):
        return STOPPED
    return MENDABLE_CODE if isinstance(error, MENDABLE) else FAILED


if __name__ == "__main__":
    main()
