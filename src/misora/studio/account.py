"""About the account and the server: credits, models, whether it is well, its metrics."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from misora import __version__
from misora.studio.accepting import MODELS
from misora.studio.answers import Credits, Health, ModelList, ModelObject, PotObject
from misora.studio.doors import Here, Videos, account_of
from misora.studio.errors import NotFound

router = APIRouter(tags=["account"])


@router.get("/v1/credits")
def read_credits(studio: Here, account: Videos) -> Credits:
    """What is left in each pot: this month's, and `extra`, which does not end."""
    pots: list[PotObject] = [
        {
            "period": pot.period,
            "credits": {"granted": pot.credits_granted, "charged": pot.credits_charged, "held": pot.credits_held, "left": pot.credits_left},
            "videos": {"granted": pot.videos_granted, "charged": pot.videos_charged, "held": pot.videos_held, "left": pot.videos_left},
        }
        for pot in studio.engine.credits(account.id)
    ]
    return {"object": "credits", "plan": account.plan, "pots": pots}


@router.get("/v1/models")
def list_models(_: Videos) -> ModelList:
    """The model that is here, under every name that it answers to."""
    return {"object": "list", "data": [model(name) for name in MODELS]}


@router.get("/v1/models/{name}")
def retrieve_model(_: Videos, name: str) -> ModelObject:
    """One of those names."""
    if name not in MODELS:
        raise NotFound(f"there is no model {name[:80]!r}; there is {MODELS[0]}")
    return model(name)


@router.get("/healthz", tags=["operating"])
def health(studio: Here) -> Health:
    """Whether the database answers."""
    with studio.engine.database.reading():
        return {"status": "ok", "version": __version__}


@router.get("/metrics", tags=["operating"], response_class=Response, responses={200: {"content": {"text/plain": {}}}})
def read_metrics(studio: Here, request: Request) -> Response:
    """Counters for Prometheus; with accounts, for a key that is for `admin`."""
    account_of(studio, request.headers.get("authorization", ""), "admin")
    return Response(request.app.state.metrics.text(), media_type="text/plain; version=0.0.4; charset=utf-8")


def model(name: str) -> ModelObject:
    return {"id": name, "object": "model", "created": 0, "owned_by": "misora"}
