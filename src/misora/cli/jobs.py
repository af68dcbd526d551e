"""``misora jobs``: what waits, runs and is done; and a hand on it."""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from misora.engine.service import Engine

jobs = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="The queue: jobs that wait, run or are done.")

JOB = typer.Argument(help="Id of the job.")


@jobs.command("add")
def add_job(
    prompt: Annotated[str, typer.Argument(help="What is seen.")],
    seconds: Annotated[float, typer.Option(help="Above 0 to 60.")] = 5.0,
    size: Annotated[str, typer.Option(help="WIDTHxHEIGHT in pixels.")] = "832x480",
    seed: Annotated[int | None, typer.Option(help="The same seed gives the same video.")] = None,
    steps: Annotated[int | None, typer.Option(help="1 to 200.")] = None,
    key: Annotated[str | None, typer.Option(help="Asking again under the same key makes no second job.")] = None,
) -> None:
    """Queues a video and prints its job's id; a worker makes it."""
    from misora.engine.judging import load_rules, pass_text, texts_in
    from misora.engine.kinds import check_request
    from misora.engine.submission import Submission

    values = {"prompt": prompt, "seconds": seconds, "size": size, "seed": seed, "steps": steps}
    request = {name: value for name, value in values.items() if value is not None}
    shape = check_request("generate", request)
    assert shape is not None
    for name, text in texts_in(request).items():
        pass_text(load_rules(), text, field=name)
    engine = here()
    print(engine.submit(Submission(engine.local_account().id, "generate", request, shape, idempotency_key=key)).id)


@jobs.command("list")
def list_all(
    state: Annotated[str | None, typer.Option(help="Only jobs in this state.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many, newest first.")] = 20,
) -> None:
    """Prints jobs, the newest first."""
    from misora.cli.tables import table

    rows = [["id", "state", "progress", "lane", "credits", "attempts", "prompt or error"]]
    for job in here().jobs(state=state, limit=limit).data:
        said = job.error_message or str(job.request.get("prompt", ""))
        rows.append([job.id, job.state, f"{job.progress}%", job.lane, str(job.credits), str(job.attempts), said[:60]])
    print(table(rows))


@jobs.command("show")
def show(job_id: Annotated[str, JOB]) -> None:
    """Prints a job and its files as JSON."""
    engine = here()
    files = {role: {"id": asset.id, "digest": asset.digest, "bytes": asset.num_bytes} for role, asset in engine.outputs(job_id).items()}
    print(json.dumps(asdict(engine.job(job_id)) | {"files": files}, ensure_ascii=False, indent=2))


@jobs.command("save")
def save(job_id: Annotated[str, JOB], out: Annotated[Path, typer.Option(help="Where the file goes.")] = Path("video.mp4")) -> None:
    """Copies a finished job's video or still out of the vault."""
    from misora.base.errors import InputError

    engine = here()
    files = engine.outputs(job_id)
    main = files.get("video") or files.get("image")
    if main is None:
        raise InputError(f"{job_id} is {engine.job(job_id).state} and has no file yet", field="job_id")
    try:
        shutil.copyfile(engine.open_asset(main), out)
    except OSError as error:
        raise InputError(f"cannot write {out}: {(error.strerror or str(error)).lower()}", field="out") from error
    print(out)


@jobs.command("pause")
def pause(job_id: Annotated[str, JOB]) -> None:
    """Pauses a job, a running one at its next step."""
    print(here().pause(job_id).state)


@jobs.command("resume")
def resume(job_id: Annotated[str, JOB]) -> None:
    """Queues a paused job again."""
    print(here().resume(job_id).state)


@jobs.command("cancel")
def cancel(job_id: Annotated[str, JOB]) -> None:
    """Ends a job and gives its credits back."""
    print(here().cancel(job_id).state)


@jobs.command("delete")
def delete(job_id: Annotated[str, JOB]) -> None:
    """Forgets a job and its files."""
    here().delete(job_id)


def here() -> Engine:
    """The engine that the settings name."""
    from misora.base.settings import load_settings
    from misora.engine.service import open_engine

    return open_engine(load_settings())
