"""Webhooks: managed as the client does, noted with the event, sent until they arrive, verified by the client itself."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field, replace
from typing import Any

import openai
import pytest

from misora.studio.egress import Egress, Unreachable, parse_networks
from misora.studio.postman import BUSY_SECONDS, RETRY_SECONDS, Postman
from misora.studio.signatures import signed_headers
from studios import Rig

CENTURY = 100 * 366 * 86_400
"""The studio of these tests has a clock of its own, the client has not."""
HOOK = {"name": "hook", "url": "https://example.com/hook", "event_types": ["video.completed", "video.failed"]}


@dataclass
class Receiver:
    """Stands for the other side: keeps what it gets and answers what it is told to, 200 when it is told nothing."""

    answers: list[int | None] = field(default_factory=list)
    got: list[tuple[str, bytes, dict[str, str]]] = field(default_factory=list)

    def post(self, url: str, body: bytes, headers: dict[str, str]) -> int:
        self.got.append((url, body, headers))
        answer = self.answers.pop(0) if self.answers else 200
        if answer is None:
            raise Unreachable("the address does not answer: TimeoutError")
        return answer


@dataclass
class Hooked:
    """A studio with one endpoint, a receiver behind it, and a clock that is set by hand."""

    rig: Rig
    receiver: Receiver
    endpoint: dict[str, Any]
    now: float

    @property
    def postman(self) -> Postman:
        return Postman(self.rig.bench.engine.database, self.receiver, lambda: self.now)

    def deliveries(self) -> list[dict[str, Any]]:
        data: list[dict[str, Any]] = self.rig.get(f"/v1/webhook_endpoints/{self.endpoint['id']}/deliveries")["data"]
        return data


@pytest.fixture
def hooked(rig: Rig) -> Hooked:
    rig.app.state.studio = replace(rig.studio, egress=Egress(resolver=lambda host, port: ["93.184.216.34"]))
    endpoint = rig.ok(rig.client.post("/v1/webhook_endpoints", json=HOOK))
    return Hooked(rig, Receiver(), endpoint, rig.studio.clock() + 1)


def test_the_client_takes_what_is_sent_and_knows_the_video(hooked: Hooked) -> None:
    video = hooked.rig.made()
    assert hooked.postman.deliver_due() == 1 and hooked.postman.deliver_due() == 0
    ((url, body, headers),) = hooked.receiver.got
    assert url == HOOK["url"] and headers["Content-Type"] == "application/json"
    client = openai.OpenAI(api_key="unused", webhook_secret=hooked.endpoint["signing_secret"])
    fresh = signed_headers([hooked.endpoint["signing_secret"]], headers["webhook-id"], time.time(), body)
    event = client.webhooks.unwrap(body, fresh)
    assert event.type == "video.completed" and event.data.id == video["id"] and event.id == headers["webhook-id"]
    client.webhooks.verify_signature(body, headers, tolerance=CENTURY)
    with pytest.raises(openai.InvalidWebhookSignatureError):
        client.webhooks.unwrap(body.replace(b"completed", b"failed"), fresh)
    assert [(one["state"], one["attempts"], one["status_code"]) for one in hooked.deliveries()] == [("delivered", 1, 200)]


def test_a_cancelled_video_is_told_as_failed_and_other_news_not_at_all(hooked: Hooked) -> None:
    video = hooked.rig.create()
    hooked.rig.ok(hooked.rig.client.post(f"/v1/videos/{video['id']}/cancel"))
    assert hooked.postman.deliver_due() == 1
    assert json.loads(hooked.receiver.got[0][1])["type"] == "video.failed"


def test_only_what_was_asked_for_is_sent(hooked: Hooked) -> None:
    path = f"/v1/webhook_endpoints/{hooked.endpoint['id']}"
    hooked.rig.ok(hooked.rig.client.post(path, json={"event_types": ["video.failed"]}))
    hooked.rig.made()
    assert hooked.postman.deliver_due() == 0


def test_what_does_not_arrive_is_sent_again_ever_later_under_the_same_id_and_in_the_end_given_up(hooked: Hooked) -> None:
    hooked.rig.made()
    hooked.receiver.answers = [500, None, 302, *[503] * 20]
    for wait in RETRY_SECONDS:
        assert hooked.postman.deliver_due() == 1
        hooked.now += wait - 0.01
        assert hooked.postman.deliver_due() == 0
        hooked.now += 0.01
    assert hooked.postman.deliver_due() == 1
    hooked.now += 10 * RETRY_SECONDS[-1]
    assert hooked.postman.deliver_due() == 0
    assert len({headers["webhook-id"] for _, _, headers in hooked.receiver.got}) == 1
    assert len({headers["webhook-timestamp"] for _, _, headers in hooked.receiver.got}) == len(RETRY_SECONDS) + 1
    (delivery,) = hooked.deliveries()
    assert (delivery["state"], delivery["attempts"], delivery["status_code"]) == ("dead", len(RETRY_SECONDS) + 1, 503)


def test_gone_is_gone(hooked: Hooked) -> None:
    hooked.rig.made()
    hooked.receiver.answers = [410]
    hooked.postman.deliver_due()
    assert hooked.deliveries()[0]["state"] == "dead"


def test_a_sender_that_dies_half_way_loses_nothing(hooked: Hooked) -> None:
    class Killed(Receiver):
        def post(self, url: str, body: bytes, headers: dict[str, str]) -> int:
            raise SystemExit

    hooked.rig.made()
    with pytest.raises(SystemExit):
        Postman(hooked.rig.bench.engine.database, Killed(), lambda: hooked.now).deliver_due()
    assert hooked.postman.deliver_due() == 0  # it may still be on its way
    hooked.now += BUSY_SECONDS
    assert hooked.postman.deliver_due() == 1 and hooked.deliveries()[0]["state"] == "delivered"


def test_looking_for_work_takes_no_write_lock(hooked: Hooked) -> None:
    told: list[str] = []
    hooked.rig.bench.engine.database.hook = told.append
    assert hooked.postman.deliver_due() == 0 and told == []


def test_a_deleted_endpoint_hears_nothing_more(hooked: Hooked) -> None:
    hooked.rig.made()
    path = f"/v1/webhook_endpoints/{hooked.endpoint['id']}"
    assert hooked.rig.ok(hooked.rig.client.delete(path))["deleted"] is True
    assert hooked.postman.deliver_due() == 0 and hooked.receiver.got == []
    hooked.rig.error(hooked.rig.client.get(path), 404)


def test_both_secrets_sign_for_a_day_when_the_old_one_is_kept(hooked: Hooked) -> None:
    path = f"/v1/webhook_endpoints/{hooked.endpoint['id']}/rotate_secret"
    rotated = hooked.rig.ok(hooked.rig.client.post(path, json={"keep_old_secret_active_for_24_hours": True}))
    hooked.rig.made()
    hooked.postman.deliver_due()
    ((_, body, headers),) = hooked.receiver.got
    for secret in (hooked.endpoint["signing_secret"], rotated["signing_secret"]):
        openai.OpenAI(api_key="unused").webhooks.verify_signature(body, headers, secret=secret, tolerance=CENTURY)


def test_a_trial_says_what_the_address_answers(hooked: Hooked) -> None:
    path = f"/v1/webhook_endpoints/{hooked.endpoint['id']}/test"
    hooked.rig.app.state.studio = replace(hooked.rig.studio, egress=hooked.receiver)  # type: ignore[arg-type]
    hooked.receiver.answers = [204, None]
    told = hooked.rig.ok(hooked.rig.client.post(path, json={"event_type": "video.failed"}))
    assert (told["status_code"], told["success"], told["webhook_endpoint_id"]) == (204, True, hooked.endpoint["id"])
    hooked.rig.error(hooked.rig.client.post(path, json={"event_type": "video.failed"}), 503)


def test_the_secret_is_shown_once_and_pages_hint_at_it(hooked: Hooked) -> None:
    (listed,) = hooked.rig.get("/v1/webhook_endpoints")["data"]
    assert "signing_secret" not in listed and hooked.endpoint["signing_secret"].endswith(listed["signing_secret_hint"][-4:])
    assert hooked.rig.get("/v1/webhook_event_types")["data"] == ["video.completed", "video.failed"]


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"event_types": []}, "event_types"),
        ({"event_types": ["batch.completed"]}, "event_types.0"),
        ({"name": ""}, "name"),
        ({"url": "ftp://example.com"}, "url"),
        ({"url": "http://127.0.0.1:9"}, "url"),
    ],
)
def test_endpoints_that_cannot_be(rig: Rig, fields: dict[str, Any], param: str) -> None:
    assert rig.error(rig.client.post("/v1/webhook_endpoints", json=HOOK | fields), 400)["param"] == param


def test_a_house_may_let_its_own_network_be_named(rig: Rig) -> None:
    rig.app.state.studio = replace(rig.studio, egress=Egress(parse_networks(["127.0.0.0/8"])))
    rig.ok(rig.client.post("/v1/webhook_endpoints", json=HOOK | {"url": "http://127.0.0.1:9/hook"}))


def test_a_foreign_endpoint_is_not_there(guarded: Rig) -> None:
    guarded.app.state.studio = replace(guarded.studio, egress=Egress(resolver=lambda host, port: ["93.184.216.34"]))
    guarded.error(guarded.client.post("/v1/webhook_endpoints", json=HOOK), 401)
