"""Pictures that people upload: opened only as the few kinds that we know, and always written anew.

What is kept is our own PNG of the pixels: whatever else was in the file (places, names, a second file) is gone.
"""

import io
from collections import Counter
from dataclasses import dataclass
from typing import IO

from django.utils.translation import gettext_lazy as _
from PIL import Image, ImageOps, UnidentifiedImageError

from kith.kit.errors import Invalid

FORMATS = ("PNG", "JPEG", "WEBP", "GIF")
MOST_BYTES, MOST_PIXELS = 5 << 20, 40_000_000
_DAMAGED = (UnidentifiedImageError, OSError, SyntaxError, ValueError, EOFError)


class NotAPicture(Invalid):
    """The file is of no kind of picture that we read, or damaged."""

    code, message = "not_a_picture", _("Choose a picture: PNG, JPEG, WebP or GIF.")


class PictureTooLarge(Invalid):
    """More bytes or pixels than anybody needs here."""

    code, message = "picture_too_large", _("Choose a picture of at most 5 MB and 40 million pixels.")


def as_png(content: IO[bytes], *, width: int, height: int) -> bytes:
    """The picture as a PNG that fits into `width` by `height`, upright, never enlarged.

    Raises NotAPicture, PictureTooLarge.
    """
    upright = _upright(content)
    upright.thumbnail((width, height), Image.Resampling.LANCZOS)
    written = io.BytesIO()
    upright.save(written, "PNG", optimize=True)
    return written.getvalue()


@dataclass(frozen=True, slots=True)
class Photo:
    """A picture of ours as it is stored."""

    content: bytes
    width: int
    height: int
    content_type: str = "image/webp"


def as_photo(content: IO[bytes], *, width: int, height: int, most_bytes: int) -> Photo:
    """The picture as a WebP that fits into `width` by `height`, upright, never enlarged.

    Its quality, and then its size, goes down until it is light enough for a page. Raises NotAPicture,
    PictureTooLarge.
    """
    upright = _upright(content)
    upright.thumbnail((width, height), Image.Resampling.LANCZOS)
    while True:
        for quality in (82, 70, 58):
            written = io.BytesIO()
            upright.save(written, "WEBP", quality=quality, method=4)
            if written.tell() <= most_bytes:
                return Photo(written.getvalue(), upright.width, upright.height)
        upright.thumbnail((upright.width * 3 // 4, upright.height * 3 // 4), Image.Resampling.LANCZOS)


def _upright(content: IO[bytes]) -> Image.Image:
    data = content.read(MOST_BYTES + 1)
    if len(data) > MOST_BYTES:
        raise PictureTooLarge
    try:
        picture = Image.open(io.BytesIO(data), formats=FORMATS)
        if picture.width * picture.height > MOST_PIXELS:
            raise PictureTooLarge
        upright = ImageOps.exif_transpose(picture).convert("RGBA")
        upright.info = {}  # a color profile is written along otherwise, whatever its owner put into it
        return upright
    except Image.DecompressionBombError:
        raise PictureTooLarge from None
    except _DAMAGED:
        raise NotAPicture from None


def main_color(png: bytes) -> str:
    """The color (#rrggbb) that a picture of ours shows most, white, black and gray left out; empty without one."""
    small = Image.open(io.BytesIO(png), formats=("PNG",)).convert("RGBA")
    small.thumbnail((64, 64))
    seen: Counter[tuple[int, int, int]] = Counter()
    shades: dict[tuple[int, int, int], tuple[int, int, int]] = {}
    pixels = small.tobytes()
    for red, green, blue, alpha in zip(pixels[0::4], pixels[1::4], pixels[2::4], pixels[3::4], strict=True):
        if alpha > 127 and max(red, green, blue) - min(red, green, blue) > 40:
            shade = (red >> 4, green >> 4, blue >> 4)
            seen[shade] += 1
            shades.setdefault(shade, (red, green, blue))
    return "#{:02x}{:02x}{:02x}".format(*shades[seen.most_common(1)[0][0]]) if seen else ""
