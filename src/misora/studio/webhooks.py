"""``/v1/webhook_endpoints``: addresses that hear of the account's events, managed as the official client does."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from misora.base.ids import new_id
from misora.store import webhooks as rows
from misora.store.records import Account, Delivery, WebhookEndpoint
from misora.studio.answers import Deleted, DeliveryList, DeliveryObject, EndpointObject, EndpointPage, EventTypeList, TrialResult
from misora.studio.doors import Here, Videos
from misora.studio.egress import Unreachable
from misora.studio.errors import NotFound
from misora.studio.openapi import Sent, sends
from misora.studio.postman import Postman
from misora.studio.presenting import to_page
from misora.studio.schemas import EndpointBody, EndpointChange, RotationBody, TrialBody, parse
from misora.studio.service import Studio

router = APIRouter(prefix="/v1/webhook_endpoints", tags=["webhooks"])
types = APIRouter(prefix="/v1/webhook_event_types", tags=["webhooks"])

EXAMPLE = {"name": "done", "url": "https://example.com/hook", "event_types": ["video.completed"]}
HINT_LETTERS = 4


@types.get("")
def list_event_types(_: Videos) -> EventTypeList:
    """What an endpoint may ask for."""
    return {"object": "list", "data": list(rows.EVENT_TYPES)}


@router.post("", openapi_extra=sends(EndpointBody, EXAMPLE))
def create_endpoint(studio: Here, account: Videos, sent: Sent) -> EndpointObject:
    """Registers an address; the answer holds the secret that signs what it is sent, this once."""
    body = parse(EndpointBody, sent)
    studio.egress.check(body.url, "url")
    with studio.engine.database.transaction() as tx:
        endpoint = rows.add_endpoint(tx, account.id, name=body.name, url=body.url, event_types=body.event_types, at=studio.clock())
    return with_secret(endpoint)


@router.get("")
def list_endpoints(
    studio: Here,
    account: Videos,
    after: Annotated[str | None, Query(max_length=80)] = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
) -> EndpointPage:
    """The account's endpoints, newest first."""
    with studio.engine.database.reading() as tx:
        found = rows.list_endpoints(tx, account.id, after=after, limit=limit + 1)
    page: EndpointPage = to_page([shown(endpoint) for endpoint in found[:limit]], has_more=len(found) > limit)
    return page


@router.get("/{endpoint_id}")
def retrieve_endpoint(studio: Here, account: Videos, endpoint_id: str) -> EndpointObject:
    """An endpoint."""
    return shown(endpoint_of(studio, account, endpoint_id))


@router.post("/{endpoint_id}", openapi_extra=sends(EndpointChange, {"name": "finished"}))
def update_endpoint(studio: Here, account: Videos, endpoint_id: str, sent: Sent) -> EndpointObject:
    """Changes what is given."""
    endpoint = endpoint_of(studio, account, endpoint_id)
    body = parse(EndpointChange, sent)
    if body.url is not None:
        studio.egress.check(body.url, "url")
    with studio.engine.database.transaction() as tx:
        changed = rows.change_endpoint(tx, endpoint, at=studio.clock(), name=body.name, url=body.url, event_types=body.event_types)
    return shown(changed)


@router.delete("/{endpoint_id}")
def delete_endpoint(studio: Here, account: Videos, endpoint_id: str) -> Deleted:
    """Forgets it; what waits to be sent there is not sent."""
    endpoint = endpoint_of(studio, account, endpoint_id)
    with studio.engine.database.transaction() as tx:
        rows.forget_endpoint(tx, endpoint, at=studio.clock())
    return {"id": endpoint.id, "object": "webhook_endpoint.deleted", "deleted": True}


@router.post("/{endpoint_id}/rotate_secret", openapi_extra=sends(RotationBody, {"keep_old_secret_active_for_24_hours": True}))
def rotate_secret(studio: Here, account: Videos, endpoint_id: str, sent: Sent) -> EndpointObject:
    """A new secret, shown this once; the old one may sign beside it for a day."""
    endpoint = endpoint_of(studio, account, endpoint_id)
    body = parse(RotationBody, sent)
    with studio.engine.database.transaction() as tx:
        return with_secret(rows.rotate_secret(tx, endpoint, at=studio.clock(), keep_old=body.keep_old_secret_active_for_24_hours))


@router.post("/{endpoint_id}/test", openapi_extra=sends(TrialBody, {"event_type": "video.completed"}))
def test_endpoint(studio: Here, account: Videos, endpoint_id: str, sent: Sent) -> TrialResult:
    """Sends an event about no video at once, and says what the address answered."""
    endpoint = endpoint_of(studio, account, endpoint_id)
    body = parse(TrialBody, sent)
    event_id = new_id("evt")
    content = {"id": event_id, "object": "event", "created_at": int(studio.clock()), "type": body.event_type, "data": {"id": "video_test"}}
    status, error = Postman(studio.engine.database, studio.egress, studio.clock).send(endpoint, event_id, content)
    if status is None:
        raise Unreachable(error or "the address does not answer")
    return {
        "object": "webhook_endpoint.test",
        "webhook_endpoint_id": endpoint.id,
        "event_type": body.event_type,
        "status_code": status,
        "success": True,
    }


@router.get("/{endpoint_id}/deliveries")
def list_deliveries(studio: Here, account: Videos, endpoint_id: str) -> DeliveryList:
    """The last hundred events for it and what became of them, newest first."""
    endpoint = endpoint_of(studio, account, endpoint_id)
    with studio.engine.database.reading() as tx:
        found = rows.list_deliveries(tx, endpoint.id)
    return {"object": "list", "data": [told(delivery) for delivery in found]}


def endpoint_of(studio: Studio, account: Account, endpoint_id: str) -> WebhookEndpoint:
    """An endpoint of the account; raises NotFound."""
    with studio.engine.database.reading() as tx:
        found = rows.find_endpoint(tx, endpoint_id, account.id)
    if found is None:
        raise NotFound(f"there is no webhook endpoint {endpoint_id[:80]!r}")
    return found


def told(delivery: Delivery) -> DeliveryObject:
    """A delivery as its account sees it."""
    return {
        "event_id": delivery.event_id,
        "state": delivery.state,  # type: ignore[typeddict-item]
        "attempts": delivery.attempts,
        "due_at": int(delivery.due_at),
        "status_code": delivery.status_code,
        "error": delivery.error,
    }


def shown(endpoint: WebhookEndpoint) -> EndpointObject:
    """An endpoint without its secret."""
    return {
        "id": endpoint.id,
        "object": "webhook_endpoint",
        "name": endpoint.name,
        "url": endpoint.url,
        "event_types": list(endpoint.event_types),
        "signing_secret_hint": f"whsec_...{endpoint.secret[-HINT_LETTERS:]}",
        "created_at": int(endpoint.created_at),
        "updated_at": int(endpoint.updated_at),
    }


def with_secret(endpoint: WebhookEndpoint) -> EndpointObject:
    """An endpoint with its secret, for the one who made it."""
    return {**shown(endpoint), "signing_secret": endpoint.secret}
