"""Entities of a drawing as plain pieces: polygons, lines and points, blocks inserted.

Pieces are in drawing units of the world system, (n, 3) arrays. A block is flattened once and then
placed by its matrix; how often is counted before anything is placed, so that ten lines of nested
blocks can't fill the memory.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np

from geo.errors import LimitError
from geo.files.curves import TOLERANCE, Budget, Floats
from geo.files.dxfentities import MAKERS, Form, UnsupportedError, in_world
from geo.files.dxftext import clean
from geo.limits import Limits

EXPLODED: Final = 1_000_000  # features that inserted blocks may make,
_EXPLODED_VERTICES: Final = 20_000_000  # and their vertices
_BYLAYER, _BYBLOCK = 256, 0
_XDATA_TEXTS: Final = 64


@dataclass(frozen=True, slots=True)
class Piece:
    """One feature: a hatch's rings in any order, or one ring, run or point; none where unreadable.

    `colour` is #rrggbb or "", `block` the outermost block it came with, `extended` its XDATA texts.
    Rings don't repeat their first point, unless the file does.
    """

    form: Form
    rings: tuple[Floats, ...]
    kind: str
    layer: str
    colour: str
    text: str = ""
    block: str = ""
    extended: str = ""


class Shapes:
    """The pieces of one drawing; `told` counts what was met and left out, by kind."""

    def __init__(self, document: Any, limits: Limits, name: str) -> None:
        self._document = document
        self._limits = limits
        self._budget = Budget(limits.features, limits.vertices, name)
        exploded = min(limits.features, EXPLODED), min(limits.vertices, _EXPLODED_VERTICES)
        self._asked = Budget(*exploded, name)
        self._placing = Budget(*exploded, name)
        self._colours = {
            layer.dxf.name.lower(): _hex(layer) for layer in document.layers if layer.dxf.name
        }
        self._flat: dict[tuple[str, int], list[Piece]] = {}
        self._counts: dict[str, int] = {}
        self._open: list[str] = []
        self.told: Counter[tuple[str, str]] = Counter()

    def pieces(self) -> Iterator[Piece]:
        """All pieces of the model space, in file order.

        Raises:
            LimitError: more features or vertices than allowed.
        """
        space = self._document.modelspace()
        # All of them counted first: a drawing is refused before the first block is placed.
        self._asked.spend(
            features=sum(self._brought(one, 0) for one in space if one.dxftype() == "INSERT")
        )
        for entity in space:
            yield from self._of(entity, tolerance=TOLERANCE, depth=0)

    def _of(self, entity: Any, *, tolerance: float, depth: int) -> Iterator[Piece]:
        kind = entity.dxftype()
        if kind == "INSERT":
            yield from self._inserted(entity, tolerance=tolerance, depth=depth)
            return
        make = MAKERS.get(kind)
        if make is None:
            self.told["unsupported_entity", kind] += 1
            return
        try:
            shapes = list(make(entity, tolerance, self._budget))
        except LimitError:
            raise
        except UnsupportedError:
            self.told["unsupported_entity", f"{kind} (mesh)"] += 1
            return
        except Exception:  # what a hostile entity does inside the library is its own affair
            shapes = [("point", (), "")]
            self.told["bad_geometry", kind] += 1
        extended = _extended(entity)
        for form, rings, text in shapes:
            self._budget.spend(features=1, vertices=sum(len(ring) for ring in rings))
            yield Piece(
                form, rings, kind, clean(str(entity.dxf.get("layer", "0"))), self._colour(entity),
                text, "", extended,
            )  # fmt: skip

    def _colour(self, entity: Any) -> str:
        """As #rrggbb; "" for what the block's insertion decides."""
        true = entity.dxf.get("true_color")
        if true is not None:
            return f"#{int(true) & 0xFFFFFF:06x}"
        number = int(entity.dxf.get("color", _BYLAYER))
        if number == _BYLAYER:
            layer = str(entity.dxf.get("layer", "0")).lower()
            return "" if layer == "0" else self._colours.get(layer, "")
        return _aci(number)

    def _inserted(self, insert: Any, *, tolerance: float, depth: int) -> Iterator[Piece]:
        name = str(insert.dxf.get("name", ""))
        for attribute in insert.attribs:
            yield from self._of(attribute, tolerance=tolerance, depth=depth)
        block = self._document.blocks.get(name)
        if block is None or block.block is None:
            self.told["missing_block", clean(name)] += 1
            return
        if block.block.is_xref or block.block.is_xref_overlay:
            self.told["external_reference", clean(name)] += 1
            return
        if name in self._open:
            self.told["recursive_block", clean(name)] += 1
            return
        if depth >= self._limits.nesting:
            self.told["deep_blocks", clean(name)] += 1
            return
        try:
            matrix = np.array([insert.matrix44().get_row(row) for row in range(4)], dtype=float)
            places = _grid_size(insert)
        except Exception:  # as above: a scale of 0, text where numbers belong
            self.told["bad_geometry", "INSERT"] += 1
            return
        count = self._count(name, depth) * places
        self._placing.spend(features=count)
        if not count:
            return
        local = self._block(name, block, _scale(matrix), tolerance, depth)
        vertices = sum(len(ring) for piece in local for ring in piece.rings)
        # Blocks that hold each other can come out larger than they were counted.
        self._placing.spend(
            features=max(0, len(local) * places - count), vertices=vertices * places
        )
        layer, colour = clean(str(insert.dxf.get("layer", "0"))), self._colour(insert)
        for shift in _grid(insert, places):
            for piece in local:
                yield replace(
                    piece,
                    rings=tuple(ring @ matrix[:3, :3] + (matrix[3, :3] + shift)
                                for ring in piece.rings),
                    layer=layer if piece.layer == "0" else piece.layer,
                    colour=piece.colour or colour,
                    block=clean(name),
                )  # fmt: skip

    def _block(
        self, name: str, block: Iterable[Any], scale: float, tolerance: float, depth: int
    ) -> list[Piece]:
        """A block's own pieces, flattened finely enough for the scale it is placed at."""
        power = max(0, min(20, math.ceil(math.log2(scale)))) if scale > 0 else 0
        key = (name, power)
        if key not in self._flat:
            self._open.append(name)
            finer = tolerance / 2**power
            self._flat[key] = [
                piece for entity in block
                for piece in self._of(entity, tolerance=finer, depth=depth + 1)
            ]  # fmt: skip
            self._open.pop()
        return self._flat[key]

    def _count(self, name: str, depth: int) -> int:
        """Features of a block with all blocks inside it, without making one."""
        if name in self._counts:
            return self._counts[name]
        block = self._document.blocks.get(name)
        if block is None or depth > self._limits.nesting or name in self._open:
            return 0
        self._open.append(name)
        total = sum(
            self._brought(entity, depth + 1) if entity.dxftype() == "INSERT" else 1
            for entity in block
        )
        self._open.pop()
        self._counts[name] = total
        return total

    def _brought(self, insert: Any, depth: int) -> int:
        """How many features one INSERT brings; those that can't be placed are told later."""
        try:
            places = _grid_size(insert)
        except Exception:
            return 0
        return places * self._count(str(insert.dxf.get("name", "")), depth) + len(insert.attribs)


def _hex(layer: Any) -> str:
    true = layer.dxf.get("true_color")
    if true is not None:
        return f"#{int(true) & 0xFFFFFF:06x}"
    return _aci(abs(int(layer.dxf.get("color", 7))))  # negative: the layer is switched off


def _aci(number: int) -> str:
    from ezdxf.colors import aci2rgb  # noqa: PLC0415 - loads fonts; only drawings need it

    if not 0 < number < _BYLAYER:
        return ""
    red, green, blue = aci2rgb(number)
    return f"#{red:02x}{green:02x}{blue:02x}"


def _extended(entity: Any) -> str:
    """The texts of the extended data (CASS keeps parcel numbers and owners there), joined."""
    if entity.xdata is None:
        return ""
    texts = [
        clean(str(tag.value))
        for tags in entity.xdata.data.values()
        for tag in tags
        if tag.code == 1000
    ]
    return "|".join(texts[:_XDATA_TEXTS])


def _grid_size(insert: Any) -> int:
    """How often one INSERT places its block: rows times columns."""
    rows = max(1, int(insert.dxf.row_count)) if insert.dxf.row_spacing else 1
    columns = max(1, int(insert.dxf.column_count)) if insert.dxf.column_spacing else 1
    return rows * columns


def _grid(insert: Any, places: int) -> Floats:
    """The offsets of a grid of blocks, (places, 3), in the world system."""
    if places == 1:
        return np.zeros((1, 3))
    columns = max(1, int(insert.dxf.column_count)) if insert.dxf.column_spacing else 1
    number = np.arange(places)
    x = (number % columns) * float(insert.dxf.column_spacing or 0)
    y = (number // columns) * float(insert.dxf.row_spacing or 0)
    angle = math.radians(insert.dxf.rotation)
    turned = np.column_stack([
        x * math.cos(angle) - y * math.sin(angle), x * math.sin(angle) + y * math.cos(angle),
    ])  # fmt: skip
    return in_world(insert, turned, 0.0)


def _scale(matrix: Floats) -> float:
    longest = float(np.abs(matrix[:3, :3]).max())
    return longest if math.isfinite(longest) else 0.0
