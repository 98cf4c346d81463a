"""Medians, ratios and goals, as text and as JSON."""

import statistics
from itertools import groupby

from rows import GOALS, ROWS, Ratio

FIGURES = [
    ("idle keep-alive connection", "idle_kib", "KiB"),
    ("idle websocket", "websocket_kib", "KiB"),
    ("heap allocations per request, 8 at once", "allocations", ""),
    ("heap allocations per request, 64 at once", "allocations_64", ""),
    ("resident memory after start", "start_mib", "MiB"),
    ("resident memory after the load", "loaded_mib", "MiB"),
    ("start to first answer", "start_ms", "ms"),
]


def median(rounds, key, figure):
    return statistics.median(samples[key][figure] for samples in rounds)


def ratios(rounds, ratio):
    """One for each round: what disturbed a round disturbed both sides of it."""
    return [samples[ratio.row][ratio.figure] / samples[ratio.against][ratio.figure] for samples in rounds]


def _measured(rounds):
    """The rows, but for those of a peer that was left out."""
    return [row for row in ROWS if row.key in rounds[0]]


def lines_of_table(rounds):
    """The rows with their medians, below a header."""
    header = ["", "CPU us/request", "against", "requests/s", "busy", "p50 us", "p99 us", "CPU ms/GB"]
    lines = []
    for row in _measured(rounds):
        against = statistics.median(ratios(rounds, Ratio(row.key, row.against))) if row.against else 1.0
        first = rounds[0][row.key]
        lines.append(
            [
                row.title,
                f"{median(rounds, row.key, 'cpu_us'):.1f}",
                f"{against:.2f}",
                f"{median(rounds, row.key, 'per_second'):,.0f}",
                f"{median(rounds, row.key, 'busy'):.0%}",
                f"{median(rounds, row.key, 'p50_us'):,.0f}",
                f"{median(rounds, row.key, 'p99_us'):,.0f}",
                f"{median(rounds, row.key, 'cpu_ms_per_gb'):.0f}" if "cpu_ms_per_gb" in first else "",
            ]
        )
    return [header, *lines]


def goals(rounds, figures):
    """Each goal with what was measured."""
    found = []
    for goal in GOALS:
        if isinstance(goal.of, Ratio) and goal.of.against not in rounds[0]:
            continue
        each = ratios(rounds, goal.of) if isinstance(goal.of, Ratio) else [figures[goal.of.name]]
        measured = statistics.median(each)
        found.append(
            {
                "figure": goal.title,
                "at_most": goal.at_most,
                "unit": goal.unit,
                "measured": measured,
                "lowest": min(each),
                "highest": max(each),
                "met": measured <= goal.at_most,
            }
        )
    return found


def lines_of_goals(found):
    lines = [["FIGURE", "GOAL", "MEASURED", "ROUNDS", ""]]
    for goal in found:
        spread = f"{goal['lowest']:.2f} to {goal['highest']:.2f}" if goal["lowest"] < goal["highest"] else ""
        goal_text = f"<= {goal['at_most']:g} {goal['unit']}".rstrip()
        measured = f"{goal['measured']:.2f} {goal['unit']}".rstrip()
        lines.append([goal["figure"], goal_text, measured, spread, "met" if goal["met"] else "missed"])
    return lines


def lines_of_figures(figures):
    lines = [["", "HAProxy, checks", "Postern"]]
    for title, name, unit in FIGURES:
        lines.append([title, *(f"{figures[f'{peer}_{name}']:.2f} {unit}".rstrip() for peer in ("haproxy", "postern"))])
    return lines


def aligned(lines):
    """Columns as wide as their widest cell; the first one to the left."""
    widths = [max(map(len, column)) for column in zip(*lines)]
    text = []
    for line in lines:
        cells = [cell.ljust(width) if not index else cell.rjust(width) for index, (cell, width) in enumerate(zip(line, widths))]
        text.append("  ".join(cells).rstrip())
    return "\n".join(text)


def markdown(lines):
    """For a page: the first column to the left, the others to the right."""
    marks = ["---"] + ["--:"] * (len(lines[0]) - 1)
    return "\n".join("| " + " | ".join(cells) + " |" for cells in [lines[0], marks, *lines[1:]])


def bars(rounds):
    """(group, [(title, microseconds)]) for the plot: CPU per request of the rows that can be laid side by side."""
    drawn = [row for row in _measured(rounds) if row.load not in ("up", "down", "one-connection", "tls-connect") and row.peers[0][-2:] not in ("-1", "-2")]
    names = {
        "own": "one token, 64 connections",
        "many-tokens": "10,000 tokens in turn",
        "cold": "every token new",
        "401": "401, forged token",
        "403": "403, somebody else's path",
        "tls": "TLS 1.3, keep-alive",
        "steady": "one token, 40,000 requests/s",
        "saturated": "one token, as many as it can",
    }

    def group(row):
        return "FastAPI on uvicorn" if "fastapi" in row.peers[-1] else names[row.load]

    ordered = sorted(drawn, key=lambda row: [*names.values(), "FastAPI on uvicorn"].index(group(row)))
    return [
        (name, [(row.title, median(rounds, row.key, "cpu_us")) for row in members])
        for name, members in groupby(ordered, key=group)
    ]
