"""Pictures are known by what is in them, bounded before they are unpacked, and written anew."""

import io
from typing import Any

import pytest
from PIL import Image

from kith.kit import images


def picture(
    kind: str = "PNG", size: tuple[int, int] = (40, 20), color: Any = "#aa2211", **more: Any
) -> io.BytesIO:
    file = io.BytesIO()
    Image.new("RGB", size, color).save(file, kind, **more)
    file.seek(0)
    return file


@pytest.mark.parametrize("kind", images.FORMATS)
def test_every_kind_becomes_a_png_that_fits(kind: str) -> None:
    written = images.as_png(picture(kind, (400, 100)), width=200, height=200)
    opened = Image.open(io.BytesIO(written))
    assert (opened.format, opened.size) == ("PNG", (200, 50))


def test_a_small_picture_is_not_enlarged_and_loses_what_is_not_pixels() -> None:
    exif = Image.Exif()
    exif[0x010E] = "taken at home"
    written = images.as_png(picture("JPEG", exif=exif), width=200, height=200)
    assert Image.open(io.BytesIO(written)).size == (40, 20)
    assert b"taken at home" not in written


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"<html>not a picture",
        b"\x89PNG\r\n\x1a\n" + b"0" * 99,
    ],
)
def test_what_is_no_picture_is_refused(content: bytes) -> None:
    with pytest.raises(images.NotAPicture):
        images.as_png(io.BytesIO(content), width=10, height=10)


def test_bounds_hold_before_anything_is_unpacked() -> None:
    with pytest.raises(images.PictureTooLarge):
        images.as_png(io.BytesIO(b"0" * (images.MOST_BYTES + 1)), width=10, height=10)
    with pytest.raises(images.PictureTooLarge):
        images.as_png(picture(size=(9000, 9000)), width=10, height=10)


def test_the_color_of_a_logo_is_neither_its_paper_nor_its_ink() -> None:
    logo = Image.new("RGB", (100, 100), "#ffffff")
    logo.paste("#000000", (0, 0, 30, 30))
    logo.paste("#0f766e", (40, 40, 60, 60))
    file = io.BytesIO()
    logo.save(file, "PNG")
    assert images.main_color(file.getvalue()) == "#0f766e"
    assert images.main_color(picture(color="#777777").getvalue()) == ""
