from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from misora.base.errors import InputError
from misora.media.contact_sheet import contact_sheet, write_contact_sheet
from misora.media.fonts import fit_text
from misora.media.stills import read_image


def ramp(num_frames: int, height: int = 20, width: int = 40) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """Frame k is grey 10 k."""
    return np.repeat(np.arange(num_frames, dtype=np.uint8) * 10, height * width * 3).reshape(num_frames, height, width, 3)


def test_a_row_runs_from_the_first_to_the_last_frame() -> None:
    sheet = contact_sheet([ramp(21)], columns=5, cell_height=20)
    centres = [3 + 20 + 43 * column for column in range(5)]
    assert sheet.shape == (20 + 6, 5 * 43 + 3, 3)
    assert sheet[13, centres, 0].tolist() == [0, 50, 100, 150, 200]


def test_short_clips_and_other_shapes_share_a_sheet() -> None:
    sheet = contact_sheet([ramp(2), ramp(9, 40, 20)], columns=4, cell_height=40)
    assert sheet.shape[:2] == (2 * 43 + 3, 2 * 83 + 3)


@pytest.mark.parametrize("label", ["A corgi runs", "一只柯基在奔跑", "عربى 🐕 \ud800", "", "word " * 200, "two\nlines"])
def test_any_label_is_drawn_over_its_row(tmp_path: Path, label: str) -> None:
    plain, labelled = contact_sheet([ramp(8)]), contact_sheet([ramp(8)], labels=[label])
    assert labelled.shape[1] == plain.shape[1]
    assert labelled.shape[0] == plain.shape[0] + 20
    assert np.array_equal(labelled[-90:], plain[-90:])
    assert (labelled[3:23] > 100).any() == bool(label)
    write_contact_sheet(tmp_path / "sheet.png", [ramp(8)], labels=[label])
    assert np.array_equal(read_image(tmp_path / "sheet.png"), labelled)


def test_letters_without_a_font_are_spelled_out() -> None:
    line, _ = fit_text("a \U0010fffd", 13)
    assert line == "a \\U0010fffd"
    line, font = fit_text("a long line of words", 13, 60)
    assert line.endswith("...") and font.getlength(line) <= 60


@pytest.mark.parametrize(
    ("clips", "options", "sentence"),
    [
        ([], {}, "clips is empty"),
        ([ramp(2)[0]], {}, r"clips\[0\] must be uint8 \(T, H, W, 3\)"),
        ([ramp(2), ramp(2) / 2], {}, r"clips\[1\] .* float64"),
        ([ramp(2)], {"columns": 0}, "columns=0"),
        ([ramp(2)], {"labels": ["a", "b"]}, "2 labels for 1 clips"),
    ],
)
def test_bad_input_is_explained(clips: Any, options: dict[str, Any], sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        contact_sheet(clips, **options)
