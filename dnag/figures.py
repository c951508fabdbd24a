"""Pictures that need no plotting library, as SVG text."""

from __future__ import annotations

import math
from html import escape


def loss_curve_svg(curve: list[tuple[int, float]], title: str, width: int = 640, height: int = 280) -> str:
    """A training loss over steps, logarithmic upwards; readable on light and dark pages."""
    left, right, top, bottom = 64, 16, 36, 40
    steps = [step for step, _ in curve]
    logs = [math.log10(max(loss, 1e-12)) for _, loss in curve]
    low, high = min(logs), max(logs)
    if high - low < 0.1:
        low, high = low - 0.05, high + 0.05

    def x(step: float) -> float:
        return left + (width - left - right) * step / steps[-1]

    def y(log: float) -> float:
        return top + (height - top - bottom) * (high - log) / (high - low)

    path = " ".join(
        f"{'M' if i == 0 else 'L'}{x(s):.1f} {y(v):.1f}" for i, (s, v) in enumerate(zip(steps, logs, strict=True))
    )
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" '
        f'font-family="system-ui, sans-serif" font-size="12" fill="#7b8490">',
        f"<title>{escape(title)}: training loss</title>",
        f'<text x="{left}" y="20" font-size="14">{escape(title)}: training loss</text>',
    ]
    for fraction in (0, 0.25, 0.5, 0.75, 1):
        log = low + (high - low) * fraction
        parts.append(
            f'<line x1="{left}" x2="{width - right}" y1="{y(log):.1f}" y2="{y(log):.1f}" stroke="#7b8490" '
            f'stroke-opacity=".25"/>'
            f'<text x="{left - 8}" y="{y(log) + 4:.1f}" text-anchor="end">{10**log:.3g}</text>'
        )
        step = steps[-1] * fraction
        parts.append(f'<text x="{x(step):.1f}" y="{height - 14}" text-anchor="middle">{step:,.0f}</text>')
    parts.append(f'<path d="{path}" fill="none" stroke="#6366f1" stroke-width="1.8"/></svg>')
    return "\n".join(parts) + "\n"
