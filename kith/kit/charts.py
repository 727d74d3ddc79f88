"""Charts drawn on the server as SVG: no JavaScript, colors from CSS variables, always with a hidden table.

Each chart is drawn twice, wide and narrow, because text in a scaled drawing becomes unreadable on phones;
the style sheet shows one of them. Both are hidden from assistive technology, which gets the table.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import ceil, floor, log10
from zlib import crc32

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

Write = Callable[[float], str]
Point = tuple[float, float]


# Name, width and height: a drawing stands only where there is at least its width, so its words never shrink.
DRAWINGS = (("wide", 700, 240), ("middle", 440, 220), ("narrow", 290, 190))


@dataclass(frozen=True, slots=True)
class Series:
    """One named row of figures; `tone` 1…4 chooses the color."""

    name: str
    values: Sequence[float]
    tone: int = 1


@dataclass(frozen=True, slots=True)
class _Sheet:
    """The drawing area inside its margins, and where a value lies in it."""

    width: int
    height: int
    count: int
    scale: Sequence[float]
    start: int = 44
    end: int = 12
    top: int = 12
    bottom: int = 26

    def y(self, value: float) -> float:
        inner = self.height - self.top - self.bottom
        return round(self.top + inner * (1 - (value - self.scale[0]) / (self.scale[-1] - self.scale[0])), 1)

    def zero(self) -> float:
        return self.y(max(self.scale[0], 0))

    def x(self, index: int) -> float:
        inner = self.width - self.start - self.end
        return round(self.start + inner * (index / max(self.count - 1, 1)), 1)

    def slot(self) -> float:
        return (self.width - self.start - self.end) / max(self.count, 1)


def plain(value: float) -> str:
    """12.0 -> 12."""
    return f"{value:g}" if abs(value) < 1e6 else f"{value:.0f}"


# --- arithmetic ---------------------------------------------------------------------------------------


def ticks(low: float, high: float, wanted: int = 4, *, whole: bool = False) -> list[float]:
    """Round values that enclose low and high: steps of 1, 2 or 5 times a power of ten, or whole ones."""
    if high - low <= 1e-9 * max(1.0, abs(low)):
        high = low + 1
    raw = (high - low) / wanted
    power = 10.0 ** floor(log10(raw))
    step = next(nice * power for nice in (1, 2, 5, 10) if nice * power >= raw * 0.999)
    step = max(step, 1.0) if whole else step
    first, last = floor(low / step), ceil(high / step)
    return [round(step * index, 10) for index in range(first, last + 1)]


def curve(points: Sequence[Point]) -> str:
    """A smooth SVG path through the points that never overshoots them (monotone cubic, Fritsch–Carlson)."""
    if not points:
        return ""
    head = f"M{points[0][0]:g} {points[0][1]:g}"
    if len(points) == 1:
        return head
    slopes = _slopes(points)
    parts = [head]
    for index in range(len(points) - 1):
        (x0, y0), (x1, y1) = points[index], points[index + 1]
        third = (x1 - x0) / 3
        parts.append(
            f"C{x0 + third:.1f} {y0 + slopes[index] * third:.1f} "
            f"{x1 - third:.1f} {y1 - slopes[index + 1] * third:.1f} {x1:g} {y1:g}"
        )
    return "".join(parts)


def _slopes(points: Sequence[Point]) -> list[float]:
    secants = [(y1 - y0) / ((x1 - x0) or 1) for (x0, y0), (x1, y1) in pairwise(points)]
    slopes = [secants[0]]
    for before, after in pairwise(secants):
        # A turning point gets a flat tangent; the harmonic mean keeps the rest inside its neighbors.
        slopes.append(0.0 if before * after <= 0 else 2 * before * after / (before + after))
    slopes.append(secants[-1])
    return slopes


# --- drawings -----------------------------------------------------------------------------------------


def line(labels: Sequence[str], series: Sequence[Series], *, title: str, write: Write = plain) -> SafeString:
    """Lines with a soft area under the first one; hovering shows the figures of that moment."""
    return _both(labels, series, title, write, _line_drawing)


def bar(labels: Sequence[str], series: Sequence[Series], *, title: str, write: Write = plain) -> SafeString:
    """Columns, one group per label."""
    return _both(labels, series, title, write, _bar_drawing)


def sparkline(values: Sequence[float], *, label: str = "", width: int = 240, height: int = 48) -> SafeString:
    """A small line without axes, for a figure that is written beside it."""
    if len(values) < 2:
        return SafeString("")
    low, high = min(values), max(values)
    spread = (high - low) or 1
    points = [
        (round(width * i / (len(values) - 1), 1), round(4 + (height - 6) * (1 - (v - low) / spread), 1))
        for i, v in enumerate(values)
    ]
    path = curve(points)
    name = format_html('role="img" aria-label="{}"', label) if label else mark_safe('aria-hidden="true"')
    return format_html(
        '<svg class="spark" viewBox="0 0 {0} {1}" preserveAspectRatio="none" {2}>'
        '<path class="area" d="{3}L{0} {1}L0 {1}Z"/><path class="line" d="{3}"/></svg>',
        width, height, name, path,
    )  # fmt: skip


def ring(value: float, total: float, *, text: str) -> SafeString:
    """Progress as a ring with a word in the middle: 7/10."""
    around = 2 * 3.14159265 * 42
    filled = around * max(0.0, min(1.0, value / total if total else 0.0))
    return format_html(
        '<svg class="ring" viewBox="0 0 100 100" role="img" aria-label="{0}">'
        '<circle class="track" cx="50" cy="50" r="42"/>'
        '<circle class="fill" cx="50" cy="50" r="42" stroke-dasharray="{1} {2}"'
        ' transform="rotate(-90 50 50)"/>'
        '<text x="50" y="50" dy=".35em" text-anchor="middle">{0}</text></svg>',
        text, f"{filled:.1f}", f"{around:.1f}",
    )  # fmt: skip


def _both(
    labels: Sequence[str],
    series: Sequence[Series],
    title: str,
    write: Write,
    draw: Callable[[_Sheet, Sequence[str], Sequence[Series], Write, str], SafeString],
) -> SafeString:
    if not labels or not series:
        return SafeString("")
    values = [value for row in series for value in row.values] or [0]
    scale = ticks(min(0, *values), max(values), whole=all(float(value).is_integer() for value in values))
    # The number makes ids of gradients differ between charts of one page and stay the same between requests.
    number = crc32(repr((title, labels, [tuple(row.values) for row in series])).encode())
    drawings = [
        draw(
            _Sheet(width, height, len(labels), scale, start=_margin(scale, write)),
            labels, series, write, f"g{number:x}{kind}",
        )
        for kind, width, height in DRAWINGS
    ]  # fmt: skip
    return format_html(
        '<figure class="chart">{}{}</figure>', _glue(drawings), _table(labels, series, title, write)
    )


def _glue(parts: Sequence[SafeString]) -> SafeString:
    return format_html_join("", "{}", ((part,) for part in parts))


def _margin(scale: Sequence[float], write: Write) -> int:
    return 14 + 7 * max(len(write(value)) for value in scale)


def _frame(
    sheet: _Sheet, labels: Sequence[str], write: Write, key: str, inner: SafeString, centered: bool
) -> SafeString:
    rows = [
        (sheet.start, sheet.y(value), sheet.width - sheet.end, sheet.start - 8, write(value))
        for value in sheet.scale
    ]
    grid = format_html_join(
        "",
        '<line class="rule" x1="{0}" x2="{2}" y1="{1}" y2="{1}"/>'
        '<text x="{3}" y="{1}" dy=".32em" text-anchor="end">{4}</text>',
        rows,
    )
    room = (sheet.width - sheet.start - sheet.end) / (7 * max(map(len, labels)) + 22)
    every = max(1, ceil(len(labels) / max(min(room, 8), 1)))
    names = [
        (
            round(sheet.start + sheet.slot() * (i + 0.5), 1) if centered else sheet.x(i),
            sheet.height - 6,
            label,
        )
        for i, label in enumerate(labels)
        if i % every == 0
    ]
    axis = format_html_join("", '<text x="{}" y="{}" text-anchor="middle">{}</text>', names)
    kind = next(kind for kind, *_ in DRAWINGS if key.endswith(kind))
    return format_html(
        '<svg class="chart-{}" viewBox="0 0 {} {}" aria-hidden="true" focusable="false">{}{}{}</svg>',
        kind, sheet.width, sheet.height, grid, axis, inner,
    )  # fmt: skip


def _line_drawing(
    sheet: _Sheet, labels: Sequence[str], series: Sequence[Series], write: Write, key: str
) -> SafeString:
    floor_y = sheet.zero()
    parts = []
    for place, row in enumerate(series):
        points = [(sheet.x(i), sheet.y(v)) for i, v in enumerate(row.values)]
        path = curve(points)
        if place == 0 and points:
            outline = f"{path}L{points[-1][0]} {floor_y}L{points[0][0]} {floor_y}Z"
            parts.append(_area(key, row.tone, outline))
        parts.append(format_html('<path class="line s{}" d="{}"/>', row.tone, path))
    if not key.endswith("narrow"):  # nothing hovers over a phone
        parts += [_hover(sheet, index, label, series, write) for index, label in enumerate(labels)]
    return _frame(sheet, labels, write, key, _glue(parts), centered=False)


def _area(key: str, tone: int, outline: str) -> SafeString:
    return format_html(
        '<linearGradient id="{0}" class="s{1}" x1="0" y1="0" x2="0" y2="1">'
        '<stop offset="0" class="from"/><stop offset="1" class="to"/></linearGradient>'
        '<path fill="url(#{0})" d="{2}"/>',
        key,
        tone,
        outline,
    )


def _bar_drawing(
    sheet: _Sheet, labels: Sequence[str], series: Sequence[Series], write: Write, key: str
) -> SafeString:
    slot = sheet.slot()
    width = min(34.0, slot * 0.68) / len(series)
    zero = sheet.zero()
    columns = []
    for place, row in enumerate(series):
        for index, value in enumerate(row.values):
            x = sheet.start + slot * (index + 0.5) + width * (place - len(series) / 2)
            y = sheet.y(value)
            columns.append(
                (row.tone, f"{x:.1f}", min(y, zero), f"{max(width - 1, 1):.1f}", round(abs(zero - y), 1),
                 f"{labels[index]}, {row.name}: {write(value)}")
            )  # fmt: skip
    inner = format_html_join(
        "",
        '<rect class="bar s{}" x="{}" y="{}" width="{}" height="{}" rx="3"><title>{}</title></rect>',
        columns,
    )
    return _frame(sheet, labels, write, key, inner, centered=True)


def _hover(sheet: _Sheet, index: int, label: str, series: Sequence[Series], write: Write) -> SafeString:
    """One invisible column that shows a guide line, dots and a card while the pointer is over it."""
    x, step = sheet.x(index), (sheet.width - sheet.start - sheet.end) / max(sheet.count - 1, 1)
    rows = [(row, row.values[index]) for row in series if index < len(row.values)]
    texts = [label, *(f"{row.name}: {write(value)}" for row, value in rows)]
    width, height = 20 + 6.7 * max(map(len, texts)), 14 + 17 * len(texts)
    # The card stands beside its point, on the side that has room.
    left = x + 12 if x + 12 + width < sheet.width else x - 12 - width
    dots = format_html_join(
        "", '<circle class="dot s{}" cx="{}" cy="{}" r="4"/>', ((row.tone, x, sheet.y(v)) for row, v in rows)
    )
    lines = format_html_join(
        "",
        '<text class="{}" x="{}" y="{}">{}</text>',
        (
            ("" if i else "strong", f"{left + 10:.1f}", sheet.top + 18 + 17 * i, text)
            for i, text in enumerate(texts)
        ),
    )
    return format_html(
        '<g class="moment"><rect class="hit" x="{}" y="{}" width="{}" height="{}"/><g class="card-tip">'
        '<line class="guide" x1="{}" x2="{}" y1="{}" y2="{}"/>{}'
        '<rect class="tip" x="{}" y="{}" width="{}" height="{}" rx="6"/>{}</g></g>',
        f"{x - step / 2:.1f}", sheet.top, f"{step:.1f}", sheet.height - sheet.top - sheet.bottom,
        x, x, sheet.top, sheet.height - sheet.bottom, dots,
        f"{left:.1f}", sheet.top, f"{width:.1f}", height, lines,
    )  # fmt: skip


def _table(labels: Sequence[str], series: Sequence[Series], title: str, write: Write) -> SafeString:
    head = format_html_join("", '<th scope="col">{}</th>', ((row.name,) for row in series))
    body = format_html_join(
        "",
        '<tr><th scope="row">{}</th>{}</tr>',
        (
            (
                label,
                format_html_join(
                    "",
                    "<td>{}</td>",
                    ((write(row.values[i]) if i < len(row.values) else "",) for row in series),
                ),
            )
            for i, label in enumerate(labels)
        ),
    )
    return format_html(
        '<table class="vh"><caption>{}</caption><thead><tr><td></td>{}</tr></thead><tbody>{}</tbody></table>',
        title, head, body,
    )  # fmt: skip
