"""Verification: a published file is known by its bytes, a copied recipe is only a claim, and nothing is told of others or kept."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from misora.media.encode import write_video
from misora.studio.verifying import recipe_in
from studios import SMALL, Rig


def verified(rig: Rig, content: bytes, **headers: str) -> dict[str, Any]:
    return rig.ok(rig.client.post("/v1/videos/verify", files={"file": ("a.mp4", content)}, headers=headers))


def encoded(path: Path, comment: str) -> bytes:
    """A small clip with a comment of one's own."""
    write_video(path, np.full((4, 64, 64, 3), 120, np.uint8), 8, metadata={"comment": comment})
    return path.read_bytes()


def test_a_published_file_is_known_even_when_its_video_is_gone(rig: Rig) -> None:
    video = rig.made()
    content = rig.client.get(f"/v1/videos/{video['id']}/content").content
    told = verified(rig, content)
    assert (told["origin"], told["video"]) == ("made_here", video["id"])
    assert told["recipe"]["prompt"] == "a dog runs" and told["proves"] and told["cannot_prove"]
    rig.ok(rig.client.delete(f"/v1/videos/{video['id']}"))
    assert verified(rig, content)["origin"] == "made_here"
    assert rig.get("/v1/files")["data"] == []


def test_a_copied_recipe_is_a_claim_and_a_bare_file_is_unknown(rig: Rig, clip: bytes, tmp_path: Path) -> None:
    recipe = rig.get(f"/v1/videos/{rig.made()['id']}/recipe")
    told = verified(rig, encoded(tmp_path / "copied.mp4", json.dumps(recipe)))
    assert (told["origin"], told["video"], told["recipe"]) == ("claims_misora", None, recipe)
    assert any("copied" in said for said in told["cannot_prove"])
    told = verified(rig, clip)
    assert (told["origin"], told["recipe"], told["proves"]) == ("unknown", None, [])


def test_a_single_changed_byte_is_no_longer_ours(rig: Rig) -> None:
    content = bytearray(rig.client.get(f"/v1/videos/{rig.made()['id']}/content").content)
    content[content.rindex(b"mdat") + 40] ^= 1
    assert verified(rig, bytes(content))["origin"] == "claims_misora"


def test_others_learn_that_it_was_made_here_and_nothing_more(guarded: Rig) -> None:
    owner, other = guarded.key("ada"), guarded.key("bob")
    video = guarded.ok(guarded.client.post("/v1/videos", json=SMALL | {"prompt": "a dog runs"}, headers={"authorization": owner}))["id"]
    guarded.work()
    content = guarded.client.get(f"/v1/videos/{video}/content", headers={"authorization": owner}).content
    told = verified(guarded, content, authorization=other)
    assert (told["origin"], told["video"]) == ("made_here", None) and "ada" not in json.dumps(told)


@pytest.mark.parametrize(
    "comment",
    [
        "",
        "made with love",
        "[]",
        "[" * 60_000,
        '{"format": "misora/recipe/1"}',
        '{"format": "misora/recipe/1", "shape": [], "draft": "x"}',
        '{"format": "misora/recipe/2", "prompt": "x"}',
    ],
)
def test_other_comments_are_no_recipes(comment: str) -> None:
    assert recipe_in(comment) is None


def test_a_recipe_that_no_answer_can_carry_is_none(rig: Rig) -> None:
    recipe = rig.get(f"/v1/videos/{rig.made()['id']}/recipe")
    assert recipe_in(json.dumps(recipe)) == recipe
    assert recipe_in(json.dumps(recipe).replace('"guidance": ', '"guidance": 1e999')) is None
    assert recipe_in(json.dumps(recipe | {"draft": "x"})) is None
    assert recipe_in(json.dumps(recipe | {"prompt": "\ud800"})) is None


@pytest.mark.parametrize(("form", "status"), [({"file": "text"}, 400), ({}, 400)])
def test_it_wants_a_file(rig: Rig, form: dict[str, str], status: int) -> None:
    rig.error(rig.client.post("/v1/videos/verify", data=form), status)
    rig.error(rig.client.post("/v1/videos/verify", files={"file": ("a.svg", b"<svg/>")}), 415)
