"""Horizontal bars as SVG, in groups that each have a scale of their own."""

from xml.sax.saxutils import escape

WIDTH, LABELS, VALUES, BAR, GAP, HEADING = 830, 320, 70, 16, 6, 34
COLOURS = {"Postern": "#1f6feb", "byte mover": "#9aa4ae"}
OTHERS = "#c9853b"


def svg(title, unit, groups):
    """`groups` is [(heading, [(label, value)])]."""
    parts, y = [], 44
    for heading, bars in groups:
        longest = max(value for _, value in bars)
        parts.append(f'<text x="12" y="{y + 14}" font-weight="bold">{escape(heading)}</text>')
        y += HEADING - 10
        for label, value in bars:
            length = (WIDTH - LABELS - VALUES) * value / longest
            colour = next((colour for name, colour in COLOURS.items() if name in label), OTHERS)
            middle = y + BAR - 4
            parts.append(f'<text x="{LABELS - 8}" y="{middle}" text-anchor="end">{escape(label)}</text>')
            parts.append(f'<rect x="{LABELS}" y="{y}" width="{length:.1f}" height="{BAR}" fill="{colour}"/>')
            parts.append(f'<text x="{LABELS + length + 6:.1f}" y="{middle}">{value:.1f}</text>')
            y += BAR + GAP
        y += 12
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {y}" width="{WIDTH}" height="{y}" '
        f'font-family="sans-serif" font-size="12">\n<rect width="100%" height="100%" fill="white"/>\n'
        f'<text x="12" y="24" font-size="15">{escape(title)} ({escape(unit)})</text>\n' + "\n".join(parts) + "\n</svg>\n"
    )
