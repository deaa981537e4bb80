"""Line charts with bands as inline SVG: no library, and sharp at any size.

Colors are those of Okabe and Ito, which color-blind people tell apart.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from math import ceil, floor, log10

import numpy as np

from sparing.types import FloatArray

COLORS = ("#6b7280", "#d55e00", "#0072b2", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#7f3c8d")
WIDTH, HEIGHT = 720, 340
LEFT, RIGHT, TOP, BOTTOM = 58, 150, 14, 44
LABEL_GAP = 15  # pixels between the names at the right end


@dataclass(frozen=True, eq=False, slots=True)
class Line:
    """A named line with an optional band.

    Parameters
    ----------
    name : written at its right end
    y : (n_points,)
    color : any CSS color
    band : its lower and upper edge, (n_points,) each; not drawn where it is not finite
    """

    name: str
    y: FloatArray
    color: str
    band: tuple[FloatArray, FloatArray] | None = None


@dataclass(frozen=True, slots=True)
class _Scale:
    """From values to pixels."""

    x0: float
    x1: float
    y0: float
    y1: float

    def x(self, value: float) -> float:
        span = (self.x1 - self.x0) or 1
        return LEFT + (value - self.x0) / span * (WIDTH - LEFT - RIGHT)

    def y(self, value: float) -> float:
        span = (self.y1 - self.y0) or 1
        return HEIGHT - BOTTOM - (value - self.y0) / span * (HEIGHT - TOP - BOTTOM)


def line_chart(
    x: Sequence[float], lines: Sequence[Line], *, title: str, x_label: str, signed: bool = False
) -> str:
    """Return an SVG of lines over ``x``; the vertical axis is in percent.

    Parameters
    ----------
    x : (n_points,) ascending
    lines : drawn in order, the last on top
    title : what a screen reader says
    x_label : under the axis
    signed : percentage points with their sign and a line at zero, not percent

    Examples
    --------
    >>> svg = line_chart([10, 20], [Line("random", np.array([0.5, 0.9]), "gray")], title="Accuracy",
    ...                  x_label="labels")
    >>> svg.startswith("<svg") and "random" in svg
    True
    """
    scale = _scale(x, lines, signed)
    parts = [_axes(scale, x_label, signed)]
    parts += [_band(scale, x, line) for line in lines]
    parts += [_path(scale, x, line) for line in lines]
    parts += _names(scale, lines)
    view = f'viewBox="0 0 {WIDTH} {HEIGHT}"'
    return f'<svg {view} role="img" aria-label="{escape(title)}">{"".join(parts)}</svg>'


def _scale(x: Sequence[float], lines: Sequence[Line], signed: bool) -> _Scale:
    shown = np.concatenate([v for line in lines for v in (line.y, *(line.band or ()))])
    shown = shown[np.isfinite(shown)]
    low, high = float(shown.min()), float(shown.max())
    if signed:
        low, high = min(low, 0.0), max(high, 0.0)
    pad = 0.05 * (high - low) or 0.01
    return _Scale(float(x[0]), float(x[-1]), low - pad, high + pad)


def _axes(scale: _Scale, x_label: str, signed: bool) -> str:
    right, bottom = WIDTH - RIGHT, HEIGHT - BOTTOM
    parts = []
    for value in ticks(scale.y0, scale.y1):
        y = scale.y(value)
        kind = "zero" if signed and value == 0 else "grid"
        sign = "+" if signed and value > 0 else ""
        text = f"{sign}{value * 100:g}" + ("" if signed else "%")
        parts.append(f'<line class="{kind}" x1="{LEFT}" x2="{right}" y1="{y:.1f}" y2="{y:.1f}"/>')
        parts.append(f'<text x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{text}</text>')
    for value in ticks(scale.x0, scale.x1):
        place = f'x="{scale.x(value):.1f}" y="{bottom + 18}"'
        parts.append(f'<text {place} text-anchor="middle">{value:,g}</text>')
    middle = f'x="{(LEFT + right) / 2}" y="{HEIGHT - 6}"'
    return "".join(parts) + f'<text {middle} text-anchor="middle">{escape(x_label)}</text>'


def ticks(low: float, high: float) -> list[float]:
    """Return four to eight round numbers in [low, high].

    Examples
    --------
    >>> ticks(0.52, 0.94)
    [0.6, 0.7, 0.8, 0.9]
    """
    span = (high - low) or 1.0
    power = 10.0 ** floor(log10(span / 4))
    step = next(power * m for m in (5, 2, 1) if span / (power * m) >= 4)
    first, last = ceil(low / step), floor(high / step)
    return [round(i * step, 10) for i in range(first, last + 1)]


def _points(scale: _Scale, x: Sequence[float], y: FloatArray) -> str:
    return " ".join(f"{scale.x(a):.1f},{scale.y(b):.1f}" for a, b in zip(x, y, strict=True))


def _path(scale: _Scale, x: Sequence[float], line: Line) -> str:
    return f'<polyline class="line" stroke="{line.color}" points="{_points(scale, x, line.y)}"/>'


def _band(scale: _Scale, x: Sequence[float], line: Line) -> str:
    if line.band is None or not np.isfinite(line.band).all():
        return ""
    low, high = line.band
    there, back = _points(scale, x, low), _points(scale, list(reversed(x)), high[::-1])
    return f'<polygon fill="{line.color}" fill-opacity=".13" points="{there} {back}"/>'


def _names(scale: _Scale, lines: Sequence[Line]) -> list[str]:
    """Return the names at the right end, pushed apart where lines end close together."""
    parts, above = [], float("-inf")
    for line in sorted(lines, key=lambda line: -line.y[-1]):
        y = above = max(scale.y(float(line.y[-1])), above + LABEL_GAP)
        place = f'x="{WIDTH - RIGHT + 8}" y="{y + 4:.1f}"'
        parts.append(f'<text {place} style="fill:{line.color}">{escape(line.name)}</text>')
    return parts
