from __future__ import annotations

import io
import json
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageCms

from misora.base.errors import InputError, MediaError
from misora.media.animation import encode_animation, write_animation
from misora.media.probe import probe, read_metadata
from misora.media.stills import encode_image, read_image, write_image

PICTURE = np.random.default_rng(0).integers(0, 255, (24, 40, 3), dtype=np.uint8)
RECIPE = json.dumps({"prompt": "猫在雨里 <&> ]]> 'é' 🐈" * 100, "seed": 7}, ensure_ascii=False)


def saved(image: Image.Image, image_format: str = "PNG", **options: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, image_format, **options)
    return buffer.getvalue()


def png_promising(width: int, height: int) -> bytes:
    """A PNG of a few bytes whose header states any size."""
    header = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + header + struct.pack(">I", zlib.crc32(header)) + b"\0\0\0\0IDAT"


@pytest.mark.parametrize("suffix", [".png", ".webp", ".jpg"])
def test_picture_and_recipe_come_back(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a{suffix}"
    smooth = np.asarray(Image.fromarray(PICTURE).resize((40, 24), box=(0, 0, 4, 3)))
    write_image(path, smooth, metadata={"comment": RECIPE, "title": "雨"}, quality=95)
    assert np.abs(read_image(path).astype(int) - smooth).mean() < (0.01 if suffix == ".png" else 3)
    assert read_metadata(path) == {"title": "雨", "comment": RECIPE}
    info = probe(path)
    assert (info.kind, info.height, info.width, info.num_frames, info.metadata["title"]) == ("image", 24, 40, 1, "雨")


@pytest.mark.parametrize("image_format", ["PNG", "WEBP", "JPEG"])
def test_bytes_repeat_and_carry_nothing_unasked(image_format: str) -> None:
    assert encode_image(PICTURE, image_format) == encode_image(PICTURE, image_format)
    with Image.open(io.BytesIO(encode_image(PICTURE, image_format))) as image:
        assert not {"exif", "xmp", "icc_profile"} & set(image.info)


def test_orientation_is_applied() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    content = saved(Image.fromarray(PICTURE), exif=exif)
    assert np.array_equal(read_image(content), np.rot90(PICTURE, -1))


def test_probe_sees_an_upright_photo(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 8
    (tmp_path / "a.jpg").write_bytes(saved(Image.fromarray(PICTURE), "JPEG", exif=exif))
    info = probe(tmp_path / "a.jpg")
    assert (info.height, info.width) == (40, 24) == read_image(tmp_path / "a.jpg").shape[:2]


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        (Image.new("RGBA", (2, 2), (255, 0, 0, 0)), (255, 255, 255)),
        (Image.new("RGBA", (2, 2), (255, 0, 0, 255)), (255, 0, 0)),
        (Image.new("LA", (2, 2), (0, 128)), (127, 127, 127)),
        (Image.new("L", (2, 2), 7), (7, 7, 7)),
        (Image.new("1", (2, 2), 1), (255, 255, 255)),
        (Image.new("P", (2, 2), 0, ), (0, 0, 0)),
        (Image.fromarray(np.full((2, 2), 0x8000, np.uint16)), (128, 128, 128)),
    ],
)  # fmt: skip
def test_every_mode_becomes_rgb_over_white(image: Image.Image, expected: tuple[int, int, int]) -> None:
    picture = read_image(saved(image))
    assert picture.dtype == np.uint8
    assert (picture == np.array(expected)).all()


def test_cmyk_and_a_profile_that_does_not_fit() -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    assert read_image(saved(Image.new("CMYK", (8, 8), (0, 0, 0, 0)), "JPEG")).min() > 250
    assert np.array_equal(read_image(saved(Image.fromarray(PICTURE), icc_profile=profile)), PICTURE)
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    assert np.abs(read_image(saved(Image.fromarray(PICTURE), icc_profile=srgb)).astype(int) - PICTURE).max() <= 1


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("missing.png", None, "missing.png does not exist"),
        ("text.png", b"hello there", "not a picture that Misora reads; use PNG"),
        ("empty.png", b"", "not a picture"),
        ("cut.png", encode_image(PICTURE)[:900], "cut.png is damaged or cut short"),
        ("cut.jpg", encode_image(PICTURE, "JPEG")[:900], "cut.jpg is damaged or cut short"),
        ("cut.webp", encode_image(PICTURE, "WEBP")[:300], "cut.webp is"),
        ("picture.bmp", saved(Image.fromarray(PICTURE), "BMP"), "not a picture that Misora reads"),
        ("wide.png", png_promising(16_385, 2), "16385x2; the longest side may be 16384"),
        ("bomb.png", png_promising(16_000, 16_000), "too large"),
        ("photo.png", png_promising(10_100, 8_000), "80.8 megapixels; the limit is 50"),
        ("none.png", png_promising(0, 9), "at least one pixel|damaged|not a picture"),
    ],
)
def test_what_cannot_be_read_is_explained(tmp_path: Path, name: str, content: bytes | None, sentence: str) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
        with pytest.raises(MediaError):
            read_image(content, max_pixels=50e6)
    with pytest.raises(MediaError, match=sentence):
        read_image(tmp_path / name, max_pixels=50e6)


def test_a_nul_in_a_path_is_a_missing_file() -> None:
    with pytest.raises(MediaError, match=r"does not exist|cannot be opened"):
        read_image("a\0b.png")


@pytest.mark.parametrize("image_format", ["PNG", "JPEG", "WEBP", "GIF"])
def test_mutants_end_in_a_picture_or_a_media_error(image_format: str) -> None:
    random = np.random.default_rng(3)
    content = saved(Image.fromarray(PICTURE), image_format)
    for _ in range(40):
        mutant = bytearray(content)
        for place in random.integers(0, len(content), 6):
            mutant[place] = random.integers(256)
        try:
            assert read_image(bytes(mutant), max_pixels=1e5).shape[-1] == 3
        except MediaError:
            continue


@pytest.mark.parametrize(
    ("name", "picture", "options", "sentence"),
    [
        ("a.bmp", PICTURE, {}, "does not end in a still's suffix; choose one of .png, .webp"),
        ("a.png", PICTURE[..., 0], {}, r"must be uint8 \(H, W, 3\)"),
        ("a.png", PICTURE / 255, {}, "float64"),
        ("a.png", PICTURE, {"metadata": {"seed": "7"}}, "'seed' has no place"),
        ("a.jpg", PICTURE, {"metadata": {"comment": "x" * 70_000}}, "JPEG holds 65000 bytes"),
        ("a.webp", np.zeros((1, 16_384, 3), np.uint8), {}, "WebP sides end at 16383"),
        ("no/a.png", PICTURE, {}, "folder .* does not exist"),
    ],
)
def test_what_cannot_be_written_is_explained(tmp_path: Path, name: str, picture: Any, options: dict[str, Any], sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        write_image(tmp_path / name, picture, **options)
    assert list(tmp_path.iterdir()) == []


def test_a_strangers_tags_stay_out(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x8825] = {1: "N"}
    (tmp_path / "a.jpg").write_bytes(saved(Image.fromarray(PICTURE), "JPEG", exif=exif, comment=b"by hand"))
    assert read_metadata(tmp_path / "a.jpg") == {"comment": "by hand"}
    (tmp_path / "b.jpg").write_bytes(saved(Image.fromarray(PICTURE), "JPEG", comment=b'{"gps": "here", "title": 3}'))
    assert read_metadata(tmp_path / "b.jpg") == {}


def test_gif_time_adds_up_in_its_coarse_ticks() -> None:
    frames = np.random.default_rng(1).integers(0, 255, (48, 8, 8, 3), dtype=np.uint8)
    with Image.open(io.BytesIO(encode_animation(frames, 24, "GIF"))) as image:
        durations = []
        for index in range(image.n_frames):  # type: ignore[attr-defined]
            image.seek(index)
            durations.append(image.info["duration"])
    assert set(durations) == {40, 50}
    assert sum(durations) == 2000


@pytest.mark.parametrize(
    ("name", "frames", "sentence"),
    [("a.mp4", PICTURE[None], "choose .webp or .gif"), ("a.gif", PICTURE, "T, H, W, 3"), ("a.gif", PICTURE[None][:0], "T >= 1")],
)
def test_bad_animations_are_explained(tmp_path: Path, name: str, frames: Any, sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        write_animation(tmp_path / name, frames, 24)
