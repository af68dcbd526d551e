from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from misora.base.errors import InputError
from misora.base.shapes import VideoShape
from misora.editing.extend import Extend
from misora.engine.judging import texts_in
from misora.engine.kinds import check_request, files_of, read_clips, read_edit, read_request


def test_a_request_says_its_shape_its_words_and_its_files() -> None:
    request = {
        "prompt": "a dog",
        "seconds": 2,
        "size": "64x96",
        "images": [{"file": "file_1"}, {"file": "file_2", "seconds": "end"}],
        "seed": None,
    }
    assert check_request("generate", request) == VideoShape(48, 96, 64, 24.0)
    assert check_request("image", request) == VideoShape(1, 96, 64, 24.0)
    assert files_of(request) == ("file_1", "file_2") and texts_in(request) == {"prompt": "a dog"}
    read = read_request("generate", request, {"file_1": Path("a.png"), "file_2": Path("b.png")})
    assert [image.source for image in read.images] == [Path("a.png"), Path("b.png")] and read.images[1].seconds == float("inf")


def test_an_edit_names_its_tool_and_its_clips() -> None:
    request = {"tool": {"tool": "extend", "seconds": 2.0, "backward": True}, "clips": ["file_1"], "prompt": "a dog", "seed": 3}
    assert check_request("edit", request) is None
    tool, choices = read_edit(request)
    assert tool == Extend(2.0, True) and (choices.prompt, choices.seed) == ("a dog", 3)
    assert read_clips(request, {"file_1": Path("a.mp4")}) == [Path("a.mp4")]
    with pytest.raises(InputError, match="not a file of yours"):
        read_clips(request, {})


@pytest.mark.parametrize(
    ("kind", "request_", "field"),
    [
        ("film", {"prompt": "a"}, "kind"),
        ("generate", {}, "prompt"),
        ("generate", {"prompt": 7}, "prompt"),
        ("generate", {"prompt": "a", "seconds": "5"}, "seconds"),
        ("generate", {"prompt": "a", "seconds": float("nan")}, "seconds"),
        ("generate", {"prompt": "a", "seed": True}, "seed"),
        ("generate", {"prompt": "a", "rewrite_prompt": 1}, "rewrite_prompt"),
        ("generate", {"prompt": "a", "native": "no"}, "native"),
        ("generate", {"prompt": "a", "planned": "no"}, "planned"),
        ("edit", {"tool": {"tool": "extend"}, "clips": [], "native": "no"}, "native"),
        ("generate", {"prompt": "a", "colour": "red"}, "colour"),
        ("generate", {"prompt": "a", "images": "file_1"}, "images"),
        ("generate", {"prompt": "a", "images": [{"path": "/etc/passwd"}]}, "images"),
        ("edit", {"clips": []}, "tool"),
    ],
)
def test_what_is_wrong_is_named(kind: str, request_: dict[str, Any], field: str) -> None:
    with pytest.raises(InputError) as caught:
        check_request(kind, request_)
    assert caught.value.field == field


def test_a_tool_of_no_known_name_is_refused() -> None:
    with pytest.raises(InputError, match="knows extend"):
        check_request("edit", {"tool": {"tool": "melt"}, "clips": []})
