"""Where the boxes of a diagram stand, and how its arrows run between them.

Boxes stand in rows, each below all that it takes from; an arrow that passes rows is led through
each of them like a box without a width. Rows are ordered and moved so that arrows are short.

Source: Sugiyama, Tagawa and Toda, Methods for Visual Understanding of Hierarchical System
Structures, 1981.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from myelin.models.diagram import Diagram

Point = tuple[float, float]

_SWEEPS = 8


@dataclass(frozen=True)
class Layout:
    """Centers of boxes by key, the points of each arrow, and how much room all of it takes.

    The first number of a point counts across the rows, the second along them, downwards.
    """

    centers: dict[str, Point]
    routes: list[list[Point]]
    size: Point


def laid_out(diagram: Diagram, sizes: Mapping[str, Point], gap: float, between: float) -> Layout:
    """Places for boxes.

    Args:
        diagram: boxes and arrows, without circles.
        sizes: of each box across its row, and along the direction of the arrows.
        gap: the room between two boxes of a row.
        between: the room between two rows.
    """
    ranks = _ranks(diagram)
    links, chains = _led_through(diagram, ranks)
    rows: list[list[str]] = [[] for _ in range(max(ranks.values()) + 1)]
    for key, rank in ranks.items():
        rows[rank].append(key)
    widths = {key: sizes[key][0] if key in sizes else gap / 2 for key in ranks}
    # The boxes of a model inside, by key: the outermost model around each.
    groups = {key: box.groups[0] for key, box in diagram.boxes.items() if box.groups}
    for name in set(groups.values()):
        inside = [key for key, group in groups.items() if group == name]
        # One above the other they are as wide as the widest, so that a frame fits around them.
        widths |= dict.fromkeys(inside, max(widths[key] for key in inside))
    across = _across(rows, links, widths, groups, gap)
    heights = [max((sizes[key][1] for key in row if key in sizes), default=0) for row in rows]
    starts = [sum(heights[:rank]) + between * rank for rank in range(len(rows))]
    centers = {key: (across[key], starts[ranks[key]] + heights[ranks[key]] / 2) for key in ranks}
    routes = []
    for (before, after), chain in zip(diagram.arrows, chains, strict=True):
        points = [(centers[before][0], centers[before][1] + sizes[before][1] / 2)]
        for key in chain:
            top = starts[ranks[key]]
            points += [(across[key], top), (across[key], top + heights[ranks[key]])]
        points.append((centers[after][0], centers[after][1] - sizes[after][1] / 2))
        routes.append(points)
    width = max(across[key] + widths[key] / 2 for key in ranks)
    return Layout({k: centers[k] for k in sizes}, routes, (width, starts[-1] + heights[-1]))


def _ranks(diagram: Diagram) -> dict[str, int]:
    """The row of each box: below all that it takes from, inputs just above what takes them."""
    ranks = dict.fromkeys(diagram.boxes, 0)
    for _ in diagram.boxes:
        before = dict(ranks)
        for source, target in diagram.arrows:
            ranks[target] = max(ranks[target], ranks[source] + 1)
        if ranks == before:
            break
    for key, box in diagram.boxes.items():
        targets = [ranks[after] for before, after in diagram.arrows if before == key]
        if box.is_input and targets and not any(after == key for _, after in diagram.arrows):
            ranks[key] = min(targets) - 1
    return ranks


def _led_through(
    diagram: Diagram, ranks: dict[str, int]
) -> tuple[list[tuple[str, str]], list[list[str]]]:
    """Arrows from row to row, and what each arrow is led through; adds that to `ranks`."""
    links, chains = [], []
    for number, (before, after) in enumerate(diagram.arrows):
        chain = []
        last = before
        for rank in range(ranks[before] + 1, ranks[after]):
            key = f"arrow {number} in {rank}"
            ranks[key] = rank
            chain.append(key)
            links.append((last, key))
            last = key
        links.append((last, after))
        chains.append(chain)
    return links, chains


def _across(
    rows: list[list[str]],
    links: list[tuple[str, str]],
    widths: Mapping[str, float],
    groups: Mapping[str, str],
    gap: float,
) -> dict[str, float]:
    """The place of each box in its row: near the mean of what it is linked with."""
    near: dict[str, list[str]] = {key: [] for row in rows for key in row}
    for one, other in links:
        near[one].append(other)
        near[other].append(one)
    place: dict[str, float] = {}
    for row in rows:
        _spread(row, dict.fromkeys(row, 0.0), widths, gap, place)
    for sweep in range(_SWEEPS):
        for row in rows if sweep % 2 == 0 else reversed(rows):
            wanted = {
                key: sum(place[o] for o in near[key]) / len(near[key]) if near[key] else place[key]
                for key in row
            }
            _gather(row, wanted, groups, place)
            row.sort(key=lambda key: (wanted[key], place[key]))
            _spread(row, wanted, widths, gap, place)
    left = min(place[key] - widths[key] / 2 for key in place)
    return {key: value - left for key, value in place.items()}


def _gather(
    row: list[str],
    wanted: dict[str, float],
    groups: Mapping[str, str],
    place: Mapping[str, float],
) -> None:
    """Has the boxes of a model inside want to be in the middle of that model."""
    for name in {groups[key] for key in row if key in groups}:
        inside = [place[key] for key, group in groups.items() if group == name]
        middle = sum(inside) / len(inside)
        for key in row:
            if groups.get(key) == name:
                # Their own order stays, by what each wants.
                wanted[key] = middle + 1e-3 * (wanted[key] - middle)


def _spread(
    row: list[str],
    wanted: Mapping[str, float],
    widths: Mapping[str, float],
    gap: float,
    place: dict[str, float],
) -> None:
    """Places a row as near as may be to where its boxes want to be, side by side in order.

    Neighbours that want the same room share the move: they become one block, whose place is the
    mean of what its boxes want.
    """
    offsets, at = [], 0.0
    for index, key in enumerate(row):
        if index:
            at += (widths[row[index - 1]] + widths[key]) / 2 + gap
        offsets.append(at)
    blocks: list[tuple[float, int]] = []
    for key, offset in zip(row, offsets, strict=True):
        mean, count = wanted[key] - offset, 1
        while blocks and blocks[-1][0] > mean:
            other, size = blocks.pop()
            mean, count = (mean * count + other * size) / (count + size), count + size
        blocks.append((mean, count))
    moves = [mean for mean, count in blocks for _ in range(count)]
    place.update({k: m + o for k, m, o in zip(row, moves, offsets, strict=True)})
