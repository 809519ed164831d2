"""From tables with WKB to batches: limits, and geometries that need care."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import shapely

from geo.errors import FileRefusedError, LimitError
from geo.files import wkb
from geo.files.encodings import decoded
from geo.files.featurefile import BATCH_ROWS, GEOMETRY, Batch
from geo.files.shapes import Teller, salvage
from geo.limits import Limits
from geo.problems import Problem


class Counter:
    """How many features and vertices came so far; above a limit it refuses."""

    def __init__(self, name: str, limits: Limits) -> None:
        self.features = 0
        self.vertices = 0
        self._name = name
        self._limits = limits

    def add(self, features: int, vertices: int, longest: int) -> None:
        """Count features, their vertices, and the vertices of the longest ring among them.

        Raises:
            LimitError: codes "too_many_features", "too_many_vertices", "ring_too_long".
        """
        self.features += features
        self.vertices += vertices
        for count, limit, zh, en, code in (
            (self.features, self._limits.features, "要素", "features", "too_many_features"),
            (self.vertices, self._limits.vertices, "顶点", "vertices", "too_many_vertices"),
            (longest, self._limits.ring_vertices, "一个环的顶点", "vertices in one ring",
             "ring_too_long"),
        ):  # fmt: skip
            if count > limit:
                raise LimitError(
                    f"{self._name} 的{zh}过多（至少 {count}，上限 {limit}）；请拆分或化简 / "
                    f"{self._name} has too many {en} (at least {count}, the limit is {limit}): "
                    "split or simplify it",
                    code=code,
                )


def batches(
    tables: Iterable[pa.Table], *, geometry: str, name: str, limits: Limits
) -> Iterator[Batch]:
    """Batches of tables that a library read, with every geometry one that GEOS takes, in 2D.

    Args:
        tables: all of one schema.
        geometry: their WKB column, "" for none; it becomes GEOMETRY and the last one.
        name: the file's, for messages.
        limits: features, vertices, vertices of a ring.

    Raises:
        LimitError: see `Counter`.
        FileRefusedError: code "damaged".
    """
    counter, teller = Counter(name, limits), Teller()
    for table in tables:
        for start in range(0, table.num_rows, BATCH_ROWS):
            part = table.slice(start, BATCH_ROWS)
            first = counter.features + 1
            shapes = _shapes_of(part, geometry)
            try:
                shapes = _cared(shapes, first, counter, teller)
            except (ValueError, pa.ArrowException, shapely.errors.ShapelyError) as error:
                raise FileRefusedError(
                    f"{name} 的图形数据已损坏 / the geometries of {name} are damaged",
                    code="damaged",
                ) from error
            rest = part.drop_columns([geometry]) if geometry else part
            rest = _readable(rest, first, teller)
            whole = rest.append_column(pa.field(GEOMETRY, shapes.type), shapes)
            yield Batch(whole, first, problems=teller.take())


def _shapes_of(table: pa.Table, geometry: str) -> pa.Array:
    if not geometry:
        return pa.nulls(table.num_rows, pa.binary())
    column = table.column(geometry)
    # A single chunk is taken as it is: to combine it would copy every geometry.
    column = column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()
    return column.storage if isinstance(column, pa.ExtensionArray) else column


def _cared(shapes: pa.Array, first: int, counter: Counter, teller: Teller) -> pa.Array:
    """The same geometries, those mended that need it."""
    if not pa.types.is_binary(shapes.type) and not pa.types.is_large_binary(shapes.type):
        shapes = shapes.cast(pa.large_binary())
    seen = wkb.look(shapes)
    counter.add(len(shapes), seen.vertices, seen.longest)
    if not len(seen.odd) and not len(seen.high):
        return shapes
    changed: dict[int, bytes | None] = {}
    for row in seen.odd.tolist():
        changed[row], found = salvage(shapes[row].as_py())
        counter.add(0, found.vertices, found.longest)
        teller.add_found(found, first + row)
    if len(seen.high):
        teller.add_high()
        flat = shapely.from_wkb(shapes.take(pa.array(seen.high)).to_numpy(zero_copy_only=False))
        made = shapely.to_wkb(flat, output_dimension=2)
        changed |= dict(zip(seen.high.tolist(), made, strict=True))
    return replaced(shapes, changed)


def _readable(table: pa.Table, first: int, teller: Teller) -> pa.Table:
    """The same table with texts that are no UTF-8, which libraries pass on, read as GB18030."""
    for index, column in enumerate(table.schema):
        values = table.column(index)
        if not pa.types.is_string(column.type):
            continue
        try:
            values.validate(full=True)
        except pa.ArrowInvalid:
            texts = [
                None if raw is None else _text_of(raw, first + row, column.name, teller)
                for row, raw in enumerate(values.cast(pa.binary()).to_pylist())
            ]
            table = table.set_column(index, column.name, pa.array(texts, type=pa.string()))
    return table


def _text_of(raw: bytes, feature: int, field: str, teller: Teller) -> str:
    text = decoded(raw, "utf-8")
    if text is not None:
        return text
    text = decoded(raw, "gb18030")
    words = (f"{field} 的文字不是 UTF-8，按 GB18030 读取", f"{field} is no UTF-8, read as GB18030")
    if text is None:
        text = raw.decode("utf-8", "replace")
        words = (f"{field} 的文字已损坏，部分字已丢失", f"{field} is damaged, characters are lost")
    teller.add("bad_text", feature, field=field, words=words)
    return text


def replaced(column: pa.Array, changed: dict[int, bytes | None]) -> pa.Array:
    """A binary column with other values in some rows."""
    mask = np.zeros(len(column), dtype=bool)
    rows = sorted(changed)
    mask[rows] = True
    values = pa.array([changed[row] for row in rows], type=column.type)
    return pc.replace_with_mask(column, pa.array(mask), values)


def free_name(name: str, taken: Sequence[str]) -> str:
    """The name, or the name with a number where it is taken whatever the case."""
    used = {one.casefold() for one in taken}
    found, number = name, 0
    while found.casefold() in used:
        number += 1
        found = f"{name}_{number}"
    return found


def attribute_names(names: Sequence[str]) -> tuple[tuple[str, ...], tuple[Problem, ...]]:
    """Column names that are not empty, all different, none of them GEOMETRY; and what was changed.

    Names that differ by case only stay: that is for the writers of other formats.
    """
    found: list[str] = []
    for name in names:
        plain, number = name or "column", 0
        while plain == GEOMETRY or plain in found:
            number += 1
            plain = f"{name or 'column'}_{number}"
        found.append(plain)
    pairs = [f"{a or '（空）'}→{b}" for a, b in zip(names, found, strict=True) if a != b]
    if not pairs:
        return tuple(found), ()
    told = "、".join(pairs[:20])
    problem = Problem(
        "renamed_columns", "warning", f"列名为空、重复或与图形列同名，已改：{told}",
        f"columns without a name of their own were renamed: {told}", count=len(pairs),
    )  # fmt: skip
    return tuple(found), (problem,)
