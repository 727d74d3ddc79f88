"""The picture that stands beside a link where people share it: 1200 by 630, in one brand color.

Texts are set in Inter. What Inter's Latin part cannot write is set in a font of the machine that can; else
without its accents; else it is left out rather than drawn as boxes.
"""

import functools
import io
import unicodedata
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from kith.kit.colors import on_brand

WIDTH, HEIGHT = 1200, 630
_INTER = Path(__file__).parent / "static" / "kit" / "fonts" / "inter-latin.woff2"
_OTHERS = ("DejaVuSans-Bold.ttf", "NotoSans-Bold.ttf", "NotoSansCJK-Bold.ttc", "FreeSansBold.ttf")
# Drawn larger and scaled down, so that round edges are smooth.
_FINE = 2
_EDGE = 76
# Letters that are not a letter and an accent.
_WHOLE = str.maketrans({"Ł": "L", "ł": "l", "Đ": "D", "đ": "d", "ı": "i", "Ħ": "H", "ħ": "h"})

Font = ImageFont.FreeTypeFont


@dataclass(frozen=True, slots=True)
class Card:
    """What the picture says: who asks, what for, and the offer large; empty texts are left out."""

    color: str
    organization: str
    headline: str
    line: str
    initials: str


def png(card: Card) -> bytes:
    """The picture, some 20 to 40 kB."""
    image = Image.new("RGB", (WIDTH * _FINE, HEIGHT * _FINE), card.color)
    draw, ink = ImageDraw.Draw(image, "RGBA"), _rgb(on_brand(card.color))
    for x, y, radius, strength in ((1110, 20, 330, 26), (1190, 560, 250, 20), (760, 760, 300, 14)):
        draw.ellipse(_scaled(x - radius, y - radius, x + radius, y + radius), fill=(*ink, strength))
    _badge(draw, card, ink)
    _write(draw, card.organization, (_EDGE, 74), size=36, weight=600, ink=(*ink, 235), most=1, width=760)
    lines = _fitted(card.headline, size=128, weight=740, width=WIDTH - 2 * _EDGE, most=2)
    top = 300 - 60 * len(lines)
    bottom = _write(draw, card.headline, (_EDGE, top), size=128, weight=740, ink=(*ink, 255), most=2)
    _write(draw, card.line, (_EDGE, max(bottom + 26, 420)), size=46, weight=520, ink=(*ink, 240), most=2)
    small = image.resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS)
    out = io.BytesIO()
    small.quantize(128, dither=Image.Dither.NONE).save(out, "PNG", optimize=True)
    return out.getvalue()


def _badge(draw: ImageDraw.ImageDraw, card: Card, ink: tuple[int, ...]) -> None:
    """The inviter's initials in a circle."""
    x, y, radius = 1072, 118, 58
    font, text = _font_for(card.initials, 46, 660)
    if text:
        draw.ellipse(_scaled(x - radius, y - radius, x + radius, y + radius), fill=(*ink, 255))
        paper = _rgb(card.color)
        draw.text((x * _FINE, y * _FINE), text, font=font, fill=(*paper, 255), anchor="mm")


def _write(
    draw: ImageDraw.ImageDraw, text: str, at: tuple[int, int], *, size: int, weight: int, ink: tuple[int, ...],
    most: int, width: int = WIDTH - 2 * _EDGE,
) -> int:  # fmt: skip
    """Write the text below `at` in as many lines as it needs, smaller where it does not fit; where it ends."""
    x, y = at
    for font, line, height in _fitted(text, size=size, weight=weight, width=width, most=most):
        draw.text((x * _FINE, y * _FINE), line, font=font, fill=ink)
        y += height
    return y


def _fitted(text: str, *, size: int, weight: int, width: int, most: int) -> list[tuple[Font, str, int]]:
    """The text in at most `most` lines: (font, line, its height). A word too long for any line is cut."""
    for smaller in range(size, size // 3, -4):
        font, shown = _font_for(text, smaller, weight)
        lines = _broken(shown, font, width * _FINE)
        if len(lines) <= most and all(font.getlength(line) <= width * _FINE for line in lines):
            return [(font, line, smaller * 23 // 20) for line in lines]
    font, shown = _font_for(text, size // 3, weight)
    lines = _broken(shown, font, width * _FINE)[:most]
    return [(font, line[:60], size // 3 * 23 // 20) for line in lines]


def _broken(text: str, font: Font, width: int) -> list[str]:
    lines: list[str] = []
    for word in text.split(" "):
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and font.getlength(longer) <= width:
            lines[-1] = longer
        elif word:
            lines.append(word)
    return lines


def _font_for(text: str, size: int, weight: int) -> tuple[Font, str]:
    """The first font that can write the text, and the text as it can be written."""
    inter = _font("", size, weight)
    if _can_write(inter, text):
        return inter, text
    for name in _OTHERS:
        other = _font(name, size, weight)
        if other is not inter and _can_write(other, text):
            return other, text
    apart = unicodedata.normalize("NFKD", text.translate(_WHOLE))
    plain = "".join(character for character in apart if not unicodedata.combining(character))
    return inter, plain if _can_write(inter, plain) else ""


@functools.lru_cache(maxsize=128)
def _font(name: str, size: int, weight: int) -> Font:
    """A font of the machine by name, Inter when it has none or for no name."""
    if name:
        try:
            return ImageFont.truetype(name, size * _FINE)
        except OSError:
            return _font("", size, weight)
    inter = ImageFont.truetype(str(_INTER), size * _FINE)
    inter.set_variation_by_axes([weight])
    return inter


def _can_write(font: Font, text: str) -> bool:
    return all(_has(font, character) for character in set(text) if not character.isspace())


def _has(font: Font, character: str) -> bool:
    """Whether the font has a drawing of its own for the character."""
    drawn, missing = font.getmask(character), font.getmask("\U0010fffd")
    return (drawn.size, bytes(drawn)) != (missing.size, bytes(missing))


def _rgb(color: str) -> tuple[int, int, int]:
    digits = color.lstrip("#")
    return int(digits[0:2], 16), int(digits[2:4], 16), int(digits[4:6], 16)


def _scaled(*places: int) -> tuple[int, ...]:
    return tuple(place * _FINE for place in places)
