"""The same overlay on a Dask cluster, for layers that no single machine should read alone.

Workers get a path and numbers of row groups and send back small tables of sums; the layer must lie
where every worker can read it. The result equals that of `geo.zonal` to the last bit.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import shapely

from geo.errors import GeoError
from geo.layerfile import open_layer
from geo.overlay import require_column
from geo.zonal import Partial, Zonal, ZoneIndex, batches, partial, total

_BATCHES_A_TASK = 4
_indexes: dict[bytes, ZoneIndex] = {}


class ClusterError(GeoError):
    """There is no Dask, or no cluster under the address."""

    code = "no_cluster"


def areas_by_class_dask(
    zones: Sequence[Any], layer: Path, *, by: str, scheduler: str | None = None,
    client: Any = None, workers: int = 2,
) -> Zonal:  # fmt: skip
    """As `geo.zonal.areas_by_class`, partition by partition on a cluster.

    Args:
        zones: polygons, EPSG:4490 degrees.
        layer: a GeoParquet file that all workers can read under this path.
        by: the column with the classes.
        scheduler: address of a running cluster (tcp://…); without it a local one is started.
        client: a distributed.Client to use instead.
        workers: processes of a local cluster.

    Raises:
        ClusterError: Dask is not installed, or the scheduler does not answer.
        InvalidShapeError, LayerFileError: as `geo.overlay.area_by_class`.
    """
    file = open_layer(layer)
    require_column(file, by)
    index = ZoneIndex.of(zones)
    packed = shapely.to_wkb(shapely.geometrycollections(list(zones)))
    tasks = batches(file, index)
    groups = [tasks[i : i + _BATCHES_A_TASK] for i in range(0, len(tasks), _BATCHES_A_TASK)]
    with ExitStack() as stack:
        client = client or stack.enter_context(_client(scheduler, workers))
        sent = client.scatter(packed, broadcast=True, hash=True)
        futures = client.map(_partials, groups, path=str(layer), zones=sent, by=by, pure=False)
        found = [each for part in client.gather(futures) for each in part]
    return total(index, found)


def _client(scheduler: str | None, workers: int) -> Any:
    try:
        from distributed import Client  # noqa: PLC0415 - heavy, and not needed by most
    except ImportError as error:
        raise ClusterError(
            "未安装 Dask：pip install dask distributed / Dask is not installed"
        ) from error
    try:
        if scheduler:
            return Client(scheduler, timeout="10s")
        return Client(
            n_workers=workers, threads_per_worker=1, processes=True, dashboard_address=None,
            host="127.0.0.1",
        )  # fmt: skip
    except (OSError, ValueError) as error:
        raise ClusterError(
            f"连接不上 Dask 集群 {scheduler or '（本机）'}：{error} / no Dask cluster there"
        ) from error


def _partials(
    groups: Sequence[Sequence[int]], *, path: str, zones: bytes, by: str
) -> list[Partial]:
    """What a worker does: the sums of some batches; zones are prepared once per process."""
    if zones not in _indexes:
        _indexes.clear()
        _indexes[zones] = ZoneIndex.of(list(shapely.from_wkb(zones).geoms))
    file = open_layer(Path(path))
    return [partial(file, _indexes[zones], each, by) for each in groups]
