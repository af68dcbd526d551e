"""The application: routes, errors, and what stands around them.

    app = create_app(Studio(engine, check_request, load_rules()))

Creating it opens nothing and starts nothing; ``misora serve`` runs it.
"""

from __future__ import annotations

import logging

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from misora import __version__
from misora.base.errors import InputError, MisoraError
from misora.studio import account, edits, files, images, live, uploads, verifying, videos, webhooks
from misora.studio.errors import Answer, to_answer
from misora.studio.metrics import Metrics
from misora.studio.middleware import Doorkeeper, error_response
from misora.studio.openapi import RESPONSES, document
from misora.studio.schemas import rule_of, shown
from misora.studio.service import Studio

log = logging.getLogger(__name__)


def create_app(studio: Studio) -> FastAPI:
    """The web application of ``studio``."""
    app = FastAPI(title="Misora", version=__version__, docs_url=None, redoc_url=None, openapi_url="/v1/openapi.json", responses=RESPONSES)
    app.openapi = lambda: document(app)  # type: ignore[method-assign]
    metrics = Metrics(lambda: studio.load.states(studio.engine.database, studio.clock()))
    app.state.studio, app.state.metrics = studio, metrics
    # Routes with a fixed name come before those with an id in its place.
    for router in (
        files.characters,
        edits.router,
        live.router,
        verifying.router,
        videos.router,
        files.router,
        uploads.router,
        images.router,
        webhooks.types,
        webhooks.router,
        account.router,
    ):
        app.include_router(router)
    app.add_exception_handler(MisoraError, on_misora_error)
    app.add_exception_handler(RequestValidationError, on_parameter_error)
    app.add_exception_handler(HTTPException, on_http_error)
    app.add_exception_handler(Exception, on_mistake)
    app.add_middleware(Doorkeeper, options=studio.options, metrics=metrics)
    return app


async def on_misora_error(_: Request, error: Exception) -> Response:
    assert isinstance(error, MisoraError)
    if to_answer(error).status >= 500:
        log.warning("%s", error)
    return error_response(error)


async def on_parameter_error(_: Request, error: Exception) -> Response:
    """A query or header that cannot be used, told as any other field."""
    assert isinstance(error, RequestValidationError)
    fault = error.errors()[0]
    name = str(fault["loc"][-1])
    return error_response(InputError(f"{name}={shown(fault.get('input'))} cannot be used: {rule_of(fault)}", field=name))


async def on_http_error(request: Request, error: Exception) -> Response:
    """What the framework refuses: a path or a method that is not served."""
    assert isinstance(error, HTTPException)
    messages = {404: f"there is no {request.url.path[:200]} here", 405: f"{request.method} is not served here"}
    answer = Answer(error.status_code, messages.get(error.status_code, str(error.detail)), code="not_served")
    return JSONResponse(answer.body(), answer.status, dict(error.headers or {}))


async def on_mistake(request: Request, error: Exception) -> Response:
    """A fault of ours: the log has the details, the client the name under which to find them."""
    log.error("request %s failed", request.state.request_id, exc_info=error)
    message = f"this is a fault of the server; its log says more under {request.state.request_id}"
    return JSONResponse(Answer(500, message, "server_error", "internal_error").body(), 500)
