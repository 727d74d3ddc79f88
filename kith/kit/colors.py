"""Colors as #rrggbb, and how well text reads on them (WCAG 2.2)."""

import re

WHITE, INK = "#ffffff", "#0b0f17"
READABLE = 4.5
"""Contrast that text of ordinary size needs."""


def is_color(text: str) -> bool:
    """Whether it is written as #rrggbb, in small letters."""
    return re.fullmatch("#[0-9a-f]{6}", text) is not None


def contrast(one: str, other: str) -> float:
    """WCAG contrast ratio of two colors, 1 to 21."""
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


def on_brand(color: str) -> str:
    """The text color, white or near-black, with the higher contrast on `color`."""
    return max(WHITE, INK, key=lambda text: contrast(text, color))


def readable(color: str) -> str:
    """`color` itself when text reads well on it, else the nearest one, darker or lighter, on which it does."""
    for step in range(256):
        for end in (0, 255):
            tried = _towards(color, end, step / 255)
            if contrast(tried, on_brand(tried)) >= READABLE:
                return tried
    raise AssertionError("black and white are readable")


def _towards(color: str, end: int, share: float) -> str:
    return "#" + "".join(f"{round(value + (end - value) * share):02x}" for value in _channels(color))


def _channels(color: str) -> list[int]:
    return [int(color.lstrip("#")[at : at + 2], 16) for at in (0, 2, 4)]


def _luminance(color: str) -> float:
    red, green, blue = (
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4
        for c in (value / 255 for value in _channels(color))
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
