"""docs/api.md names every route and field, and none that is gone; the document and the server agree on the shape of errors."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from misora.studio import account, edit_schemas, schemas
from studios import Rig

TEXT = (Path(__file__).resolve().parents[2] / "docs" / "api.md").read_text(encoding="utf-8")


def test_every_route_is_documented_and_no_other(rig: Rig) -> None:
    served = {f"{method.upper()} {path}" for path, methods in rig.app.openapi()["paths"].items() for method in methods}
    assert set(re.findall(r"^\| `((?:GET|POST|DELETE) \S+)` \|", TEXT, re.MULTILINE)) == served


def test_every_field_is_documented() -> None:
    for kind in (
        schemas.VideoBody,
        edit_schemas.VideoEditBody,
        edit_schemas.ExtensionBody,
        edit_schemas.FillBody,
        edit_schemas.ConnectionBody,
        edit_schemas.LoopBody,
        edit_schemas.BlendBody,
        edit_schemas.RecutBody,
        edit_schemas.ReframeBody,
        edit_schemas.RestyleBody,
        edit_schemas.StoryboardBody,
        schemas.EndpointBody,
        schemas.RotationBody,
    ):
        assert [name for name in kind.model_fields if f"`{name}`" not in TEXT] == []


def test_every_body_and_error_is_in_the_document(rig: Rig) -> None:
    for path, methods in rig.app.openapi()["paths"].items():
        for method, route in methods.items():
            assert {"400", "401", "404", "503"} <= set(route["responses"]), path
            takes_nothing = path.endswith(("/cancel", "/pause", "/resume"))
            assert ("requestBody" in route) == (method == "post" and not takes_nothing), path
            assert "422" not in route["responses"] or route["responses"]["422"]["description"] == "Validation Error"


def test_every_json_answer_has_a_schema_that_forbids_the_unknown(rig: Rig) -> None:
    document = rig.app.openapi()
    parts = document["components"]["schemas"]
    for path, methods in document["paths"].items():
        for method, route in methods.items():
            for media_type, content in route["responses"]["200"]["content"].items():
                if media_type == "application/json" and not path.endswith("/recipe"):
                    name = content["schema"]["$ref"].rpartition("/")[2]
                    assert parts[name]["additionalProperties"] is False and parts[name]["properties"], (method, path)


def test_an_answer_that_is_not_as_documented_is_a_fault_and_not_sent(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(account, "model", lambda name: {"id": name, "object": "model", "created": "yesterday", "owned_by": "misora"})
    assert rig.error(rig.client.get("/v1/models"), 500)["code"] == "internal_error"
