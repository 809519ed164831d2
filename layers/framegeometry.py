"""The map frame's geometry: few decimals, few properties, thinned only when there is very much."""

from __future__ import annotations

import geopandas as gpd
import shapely

from layers.geojson import to_geojson

FRAME_DECIMALS = 5  # about a metre: finer than any screen at the frame's closest zoom
COLUMNS = ("id", "name", "name_en", "level", "parent", "precision", "area_ha", "point")
# Outlines with more vertices than this are thinned for the map; published ones have 13 000.
_THIN_FROM = 60_000
_THIN_DEGREES = 0.0015  # about 150 m, the detail that the published outlines have
_M2_PER_HA = 10_000.0


def frame_geojson(boundaries: gpd.GeoDataFrame) -> bytes:
    """GeoJSON of one collection of outlines (columns of geo.boundaries, EPSG:4490).

    Properties are COLUMNS: `area_ha` from the recorded area, `point` as [lon, lat] in degrees.
    """
    lon = boundaries["point_lon"].round(FRAME_DECIMALS)
    lat = boundaries["point_lat"].round(FRAME_DECIMALS)
    made = gpd.GeoDataFrame(
        {
            "id": boundaries["place_id"],
            "name": boundaries["name_zh"],
            "name_en": boundaries["name_en"],
            "level": boundaries["level"],
            "parent": boundaries["parent_id"],
            "precision": boundaries["precision"],
            "area_ha": (boundaries["area_m2"] / _M2_PER_HA).round(2),
        },
        geometry=thinned(boundaries.geometry),
        crs=boundaries.crs,
    )
    made["point"] = [list(point) for point in zip(lon, lat, strict=True)]
    return to_geojson(made, id_column="id", columns=list(COLUMNS), decimals=FRAME_DECIMALS)


def thinned(geometry: gpd.GeoSeries) -> gpd.GeoSeries:
    """Outlines with fewer vertices if they have very many; neighbours still share their edges."""
    shapes = geometry.to_numpy()
    if shapely.get_num_coordinates(shapes).sum() <= _THIN_FROM:
        return geometry
    if shapely.coverage_is_valid(shapes):
        thin = shapely.coverage_simplify(shapes, _THIN_DEGREES)
    else:
        thin = shapely.simplify(shapes, _THIN_DEGREES)
    return gpd.GeoSeries(thin, index=geometry.index, crs=geometry.crs)
