"""Peer A: the usual app. folium.Choropleth of the counties through st_folium, default arguments.

Its scripts come from this machine instead of content networks (which an office can't reach), so
that both apps are measured with every file at hand.
"""

from pathlib import Path

import folium
import geopandas as gpd
import pandas as pd
import streamlit as st
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles
from streamlit.starlette import App

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = Path(__file__).parent / "node_modules"
LOCAL = {
    "leaflet.js": "leaflet/dist/leaflet.js",
    "jquery-3.7.1.min.js": "jquery/dist/jquery.min.js",
    "bootstrap.bundle.min.js": "bootstrap/dist/js/bootstrap.bundle.min.js",
    "leaflet.awesome-markers.js": "leaflet.awesome-markers/dist/leaflet.awesome-markers.js",
    "leaflet.css": "leaflet/dist/leaflet.css",
    "bootstrap.min.css": "bootstrap/dist/css/bootstrap.min.css",
    "bootstrap-glyphicons.css": "bootstrap/dist/css/bootstrap-reboot.min.css",
    "all.min.css": "@fortawesome/fontawesome-free/css/all.min.css",
    "leaflet.awesome-markers.css": "leaflet.awesome-markers/dist/leaflet.awesome-markers.css",
    "leaflet.awesome.rotate.min.css": "leaflet.awesome-markers/dist/leaflet.awesome-markers.css",
    "d3.min.js": "d3-3/d3.min.js",
    "d3.v4.min.js": "d3-4/build/d3.min.js",
}


def _here(url: str) -> str:
    return url if url.startswith("/") else f"/peer/{LOCAL[url.rsplit('/', 1)[1]]}"


def _local(links: list[tuple[str, str]]) -> list[tuple[str, str]]:
    return [(name, _here(url)) for name, url in links]


def page() -> None:
    """One choropleth, one picker: what a tutorial shows."""
    import streamlit_folium
    from streamlit_folium import st_folium

    # Two scripts for branca's colour bars stand in st_folium itself.
    if not hasattr(streamlit_folium, "original"):
        streamlit_folium.original = streamlit_folium._component_func
        streamlit_folium._component_func = lambda *, js_links, **rest: streamlit_folium.original(
            js_links=[_here(url) for url in js_links], **rest
        )
    folium.Map.default_js = _local(folium.Map.default_js)
    folium.Map.default_css = _local(folium.Map.default_css)
    st.set_page_config(layout="wide")
    counties = gpd.read_file(ROOT / "data" / "boundaries" / "counties.geojson")
    values = pd.DataFrame(
        {
            "place_id": counties["place_id"],
            "area_km2": counties["area_m2"] / 1e6,
            "lon": counties["point_lon"],
            "lat": counties["point_lat"],
        }
    )
    indicator = st.selectbox("Indicator", ["area_km2", "lon", "lat"])
    chart = folium.Map(location=[37.6, 112.3], zoom_start=7)
    folium.Choropleth(
        geo_data=counties,
        data=values,
        columns=["place_id", indicator],
        key_on="feature.properties.place_id",
        legend_name=indicator,
    ).add_to(chart)
    st_folium(chart, width=1200, height=650)


if st.runtime.exists() and st.runtime.scriptrunner.get_script_run_ctx() is not None:
    page()
else:
    app = App(
        str(Path(__file__).resolve()),
        routes=[Mount("/peer", StaticFiles(directory=PACKAGES))],
    )
