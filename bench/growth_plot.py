"""The plot of ``bench/index.py --growth``: seconds over files, with the line that fits; plain SVG."""

from __future__ import annotations

WIDTH, HEIGHT = 640, 340
LEFT, RIGHT, TOP, BOTTOM = 60, 36, 46, 46
STYLE = """
  text { font: 12px system-ui, sans-serif; fill: #444 }
  .title { font-size: 14px; font-weight: 600 }
  .grid { stroke: #8884; stroke-width: 1 }
  .fit { stroke: #888; stroke-width: 1.5; stroke-dasharray: 5 4 }
  .cold { fill: #1f6feb; stroke: none } .again { fill: #d9730d; stroke: none }
  .line { fill: none; stroke-width: 1.5 } .line.cold { fill: none; stroke: #1f6feb }
  .line.again { fill: none; stroke: #d9730d }
  @media (prefers-color-scheme: dark) { text { fill: #ccc } .back { fill: #0d1117 } }
"""


def through_zero(points: list[tuple[int, float]]) -> tuple[float, float]:
    """Slope of the line through zero with the least squares, and R² about the mean."""
    slope = sum(x * y for x, y in points) / sum(x * x for x, _ in points)
    mean = sum(y for _, y in points) / len(points)
    spread = sum((y - mean) ** 2 for _, y in points)
    return slope, 1 - sum((y - slope * x) ** 2 for x, y in points) / spread


def growth_plot(rows: list[tuple[int, float, float]], slope: float, fit: float) -> str:
    """The page; each row is files, CPU seconds of a cold index, seconds of a query after it."""
    most_files, most_s = rows[-1][0], max(cold for _, cold, _ in rows) * 1.1
    step = next(each for each in (1, 2, 5, 10, 20, 50, 100) if most_s / each <= 6)

    def at(files: float, seconds: float) -> str:
        x = LEFT + (WIDTH - LEFT - RIGHT) * files / most_files
        y = HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * seconds / most_s
        return f"{x:.1f},{y:.1f}"

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img">',
        "<title>Seconds to index a repository, by its number of files</title>",
        f"<style>{STYLE}</style>",
        f'<rect class="back" width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>',
        f'<text class="title" x="{LEFT}" y="20">Seconds, by files of the repository</text>',
    ]
    for seconds in range(0, int(most_s) + 1, step):
        x, y = at(0, seconds).split(",")
        parts.append(f'<line class="grid" x1="{x}" y1="{y}" x2="{WIDTH - RIGHT}" y2="{y}"/>')
        parts.append(f'<text x="{LEFT - 8}" y="{float(y) + 4:.1f}" text-anchor="end">{seconds}</text>')
    for files in range(0, most_files + 1, 10_000):
        x, y = at(files, 0).split(",")
        parts.append(f'<text x="{x}" y="{float(y) + 18:.1f}" text-anchor="middle">{files:,}</text>')
    begin, end = at(0, 0).split(","), at(most_files, slope * most_files).split(",")
    parts.append(f'<line class="fit" x1="{begin[0]}" y1="{begin[1]}" x2="{end[0]}" y2="{end[1]}"/>')
    for name, place in (("cold", 1), ("again", 2)):
        points = [at(row[0], row[place]) for row in rows]
        parts.append(f'<polyline class="line {name}" points="{" ".join(points)}"/>')
        dots = (point.split(",") for point in points)
        parts += [f'<circle class="{name}" cx="{x}" cy="{y}" r="3.5"/>' for x, y in dots]
    legend = (("cold", "cold index: CPU seconds, of all processes"), ("again", "query on it: seconds"))
    for number, (name, told) in enumerate(legend):
        parts.append(f'<circle class="{name}" cx="{LEFT + 16}" cy="{TOP + 12 + 20 * number}" r="3.5"/>')
        parts.append(f'<text x="{LEFT + 28}" y="{TOP + 16 + 20 * number}">{told}</text>')
    told = f"dashed: {slope * 1000:.2f} CPU ms a file (R² = {fit:.4f})"
    parts.append(f'<text x="{LEFT + 28}" y="{TOP + 56}">{told}</text></svg>')
    return "\n".join(parts) + "\n"
