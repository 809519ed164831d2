"""One engine a function: areas by class inside the zone, or inside every county, in m².

All compare by the same measure: planar area in the equal-area plane of `geo.plane`. Engines that
have no such plane hand the cut pieces back, and they are measured there.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geo.areas import area_m2

Sums = dict[str, float]


def _by_class(classes: Any, shapes: Any) -> Sums:
    areas = area_m2(shapes)
    table = pd.Series(areas).groupby(np.asarray(classes, dtype=object)).sum()
    return {str(k): float(v) for k, v in table.items() if v > 0}


def ours(folder: Path, zone: Any) -> Sums:
    """This program."""
    from geo.overlay import area_by_class

    return dict(area_by_class(zone, folder / "ours.parquet", by="dlbm").classes)


def geopandas_overlay(folder: Path, zone: Any) -> Sums:
    """Read all, then `geopandas.overlay`."""
    frame = gpd.read_parquet(folder / "plain.parquet")
    cut = gpd.overlay(frame, gpd.GeoDataFrame(geometry=[zone], crs=4490), how="intersection")
    return _by_class(cut["dlbm"], cut.geometry.to_numpy())


def geopackage_bbox(folder: Path, zone: Any) -> Sums:
    """GeoPackage in Hilbert order, its index by `bbox=`, shapely for the rest."""
    import pyogrio

    frame = pyogrio.read_dataframe(
        folder / "layer.gpkg", bbox=tuple(shapely.bounds(zone)), use_arrow=True
    )
    return _cut(frame, zone)


def geoparquet_bbox(folder: Path, zone: Any) -> Sums:
    """GeoParquet in Hilbert order by `bbox=`, shapely for the rest."""
    frame = gpd.read_parquet(folder / "plain.parquet", bbox=tuple(shapely.bounds(zone)))
    return _cut(frame, zone)


def _cut(frame: Any, zone: Any) -> Sums:
    shapes = frame.geometry.to_numpy()
    shapely.prepare(zone)
    inside = shapely.contains_properly(zone, shapes)
    edge = np.flatnonzero(~inside & shapely.intersects(zone, shapes))
    shapes = shapes.copy()
    shapes[edge] = shapely.intersection(shapes[edge], zone)
    kept = np.flatnonzero(inside)
    rows = np.concatenate([kept, edge])
    return _by_class(frame["dlbm"].to_numpy()[rows], shapes[rows])


def dask_geopandas_cx(folder: Path, zone: Any) -> Sums:
    """dask-geopandas with spatial partitions, `.cx`, then shapely."""
    import dask
    import dask_geopandas

    from geo.layerfile import open_layer

    with dask.config.set(scheduler="threads", num_workers=2):
        frame = dask_geopandas.read_parquet(folder / "plain.parquet", split_row_groups=True)
        bounds = open_layer(folder / "plain.parquet").bounds
        frame.spatial_partitions = gpd.GeoSeries(shapely.box(*bounds.T), crs=4490)
        west, south, east, north = shapely.bounds(zone)
        return _cut(frame.cx[west:east, south:north].compute(), zone)


_sedona: Any = None


def sedonadb(folder: Path, zone: Any) -> Sums:
    """SedonaDB on the plain GeoParquet; pieces are measured here."""
    global _sedona  # noqa: PLW0603 - its context is kept up, as a service would
    import sedonadb as engine

    if _sedona is None:
        _sedona = engine.connect()
    frame = _sedona.read_parquet(str(folder / "plain.parquet"))
    frame.to_view("land", overwrite=True)
    area = f"ST_GeomFromText('{zone.wkt}', 4490)"
    found = _sedona.sql(
        f"SELECT dlbm, ST_AsBinary(ST_Intersection(geometry, {area})) AS g FROM land "
        f"WHERE ST_Intersects(geometry, {area})"
    ).to_pandas()
    return _by_class(found["dlbm"], shapely.from_wkb(found["g"].to_numpy()))


class PostGis:
    """A cluster of its own in a temporary folder, on loopback only, started and stopped here."""

    BIN = Path("/usr/lib/postgresql/15/bin")

    def __init__(self, folder: Path) -> None:
        import os
        import pwd
        import socket
        import subprocess

        self.run = subprocess.run
        self.folder = folder
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        self.account = pwd.getpwnam("postgres") if os.getuid() == 0 else None
        folder.mkdir(mode=0o755)
        if self.account:
            os.chown(folder, self.account.pw_uid, self.account.pw_gid)
        self._command("initdb", "-D", str(folder / "data"), "-U", "postgres", "-A", "trust")
        options = (
            f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder} "
            "-c shared_buffers=1GB -c work_mem=256MB -c maintenance_work_mem=512MB -c jit=off "
            "-c fsync=off -c max_wal_size=8GB -c max_parallel_workers_per_gather=2 "
            "-c min_parallel_table_scan_size=0 -c parallel_setup_cost=10 -c parallel_tuple_cost=0"
        )
        self._command("pg_ctl", "-D", str(folder / "data"), "-w", "-o", options, "-l",
                      str(folder / "log"), "start")  # fmt: skip
        import psycopg

        self.connection = psycopg.connect(
            host="127.0.0.1", port=self.port, user="postgres", autocommit=True
        )
        self.connection.execute("CREATE EXTENSION postgis")

    def _command(self, name: str, *arguments: str) -> None:
        import os

        def become() -> None:
            if self.account:
                os.setgid(self.account.pw_gid)
                os.setuid(self.account.pw_uid)

        self.run(
            [str(self.BIN / name), *arguments], check=True, preexec_fn=become, cwd="/",
            capture_output=True,
        )  # fmt: skip

    def load(self, folder: Path) -> None:
        """The coverage into a table: plane metres, GiST, Hilbert order as in the file."""
        from geo.plane import to_plane

        frame = gpd.read_parquet(folder / "plain.parquet")
        cursor = self.connection
        cursor.execute("DROP TABLE IF EXISTS land")
        cursor.execute("CREATE TABLE land (dlbm text, geom geometry)")
        with (
            cursor.cursor() as writer,
            writer.copy("COPY land FROM STDIN WITH (FORMAT BINARY)") as copy,
        ):
            copy.set_types(["text", "bytea"])
            step = 100_000
            for first in range(0, len(frame), step):
                part = frame.iloc[first : first + step]
                wkb = shapely.to_wkb(to_plane(part.geometry.to_numpy()))
                for row in zip(part["dlbm"], wkb, strict=True):
                    copy.write_row(row)
        cursor.execute("CREATE INDEX ON land USING GIST (geom)")
        cursor.execute("VACUUM ANALYZE land")

    def zone(self, zone: Any) -> Sums:
        """One zone: the index, whole polygons by their own area, the others cut."""
        from geo.plane import to_plane

        rows = self.connection.execute(
            "WITH z AS (SELECT ST_GeomFromWKB(%s) AS g) SELECT dlbm, sum(CASE WHEN "
            "ST_ContainsProperly(z.g, land.geom) THEN ST_Area(land.geom) ELSE "
            "ST_Area(ST_Intersection(land.geom, z.g)) END) FROM land, z "
            "WHERE ST_Intersects(land.geom, z.g) GROUP BY dlbm",
            (shapely.to_wkb(to_plane(zone)),), prepare=True,
        ).fetchall()  # fmt: skip
        return {str(name): float(m2) for name, m2 in rows if m2}

    def counties(self, zones: list[Any]) -> float:
        """All counties by class with parallel workers; returns the sum of all areas."""
        from geo.plane import to_plane

        run = self.connection.execute
        run("DROP TABLE IF EXISTS county")
        run("CREATE TABLE county (id int, geom geometry)")
        for number, shape in enumerate(to_plane(np.array(zones, dtype=object))):
            run("INSERT INTO county VALUES (%s, ST_GeomFromWKB(%s))",
                (number, shapely.to_wkb(shape)))  # fmt: skip
        run("DROP TABLE IF EXISTS part")
        run("CREATE TABLE part AS SELECT id, ST_Subdivide(geom, 64) AS geom FROM county")
        run("CREATE INDEX ON part USING GIST (geom)")
        run("ANALYZE part")
        row = run(
            "SELECT sum(a) FROM (SELECT p.id, l.dlbm, sum(CASE WHEN ST_CoveredBy(l.geom, p.geom) "
            "THEN ST_Area(l.geom) ELSE ST_Area(ST_Intersection(l.geom, p.geom)) END) AS a "
            "FROM land l JOIN part p ON ST_Intersects(l.geom, p.geom) GROUP BY 1, 2) t"
        ).fetchone()
        return float(row[0])

    def stop(self) -> None:
        """Stop the cluster and remove its folder."""
        import shutil

        self.connection.close()
        self._command("pg_ctl", "-D", str(self.folder / "data"), "-m", "fast", "-w", "stop")
        shutil.rmtree(self.folder, ignore_errors=True)
