// One map of one proposal.

import { el } from "/assets/atlas/dom.js";

const LINES = ["exclude", "usable", "redevelopable", "rest", "flag"];
const OUTLINES = {
  neighbour: { color: "#6b7480", weight: 1.2, fillColor: "#9aa3ad", fillOpacity: 0.22 },
  base: { color: "#1c2530", weight: 2.2, fill: false },
  in: { color: "#c2410c", weight: 2.4, fill: false },
  out: { color: "#7c3aed", weight: 2.2, dashArray: "2 5", fillColor: "#7c3aed", fillOpacity: 0.18 },
};
const DASHED = { schematic: "7 5", synthetic: "7 5" };

export class Panel {
  constructor(compare, { key }) {
    this.compare = compare;
    this.key = key;
    this.title = el("h2", {});
    this.subtitle = el("p", {});
    this.canvas = el("div", { class: "panel-map", tabindex: "0" });
    this.list = el("ul", { class: "visually-hidden" });
    this.box = el("section", { class: "panel" }, el("header", {}, this.title, this.subtitle), this.canvas, this.list);
    compare.stage.append(this.box);
    this.map = L.map(this.canvas, {
      zoomControl: false, attributionControl: false, zoomSnap: 0.25, minZoom: 5, maxZoom: 18, preferCanvas: false, pmIgnore: false,
    }).setView([37.6, 112.3], 8);
    L.control.zoom({ zoomInTitle: compare.t("zoom_in"), zoomOutTitle: compare.t("zoom_out") }).addTo(this.map);
    L.control.scale({ imperial: false, position: "bottomleft" }).addTo(this.map);
    const north = L.control({ position: "topright" });
    north.onAdd = () => el("div", { class: "north", "aria-hidden": "true", text: "▲ N" });
    north.addTo(this.map);
    for (const [name, z] of [["ground", 210], ["lines", 400], ["outlines", 450], ["names", 460]]) {
      this.map.createPane(name).style.zIndex = z;
    }
    this.ground = L.layerGroup().addTo(this.map);
    this.drawn = L.layerGroup().addTo(this.map);
    this.byKind = [];
    this.map.on("move zoomend", () => compare.follow(this));
    this.map.on("mousemove", (event) => compare.pointer(this, event.latlng));
    this.map.on("mouseout", () => compare.pointer(this, null));
    this.drawGround();
  }

  remove() {
    this.map.remove();
    this.box.remove();
  }

  /** Fetches and draws what is new; true when something was. */
  async load(wanted, lang) {
    this.title.textContent = wanted.name;
    this.subtitle.textContent = wanted.subtitle ?? "";
    this.canvas.setAttribute("aria-label", this.compare.t("map_of", { name: wanted.name }));
    const address = wanted.ledger ?? JSON.stringify(wanted.geojson).length + JSON.stringify(wanted.geojson).slice(-400);
    if (this.address === address && this.lang === lang) return false;
    this.address = address;
    this.lang = lang;
    const collection = wanted.geojson ?? (await (await fetch(wanted.ledger)).json());
    if (this.address !== address) return false;
    if (!collection.features) {
      this.subtitle.textContent = collection.error?.message ?? this.compare.t("failed");
      return false;
    }
    this.features = collection.features;
    this.draw();
    return true;
  }

  draw() {
    this.drawn.clearLayers();
    this.byKind = [];
    const order = ["neighbour", ...LINES, "base", "out", "in"];
    const sorted = [...this.features].sort((a, b) => order.indexOf(a.properties.kind) - order.indexOf(b.properties.kind));
    for (const feature of sorted) this.drawn.addLayer(this.layer(feature));
    this.list.replaceChildren(...this.features.map((feature) => el("li", { text: this.compare.describe(feature.properties) })));
  }

  layer(feature) {
    const { kind, colour, name, precision } = feature.properties;
    const isLine = LINES.includes(kind);
    const style = isLine
      ? { pane: "lines", stroke: kind === "flag", color: "#111", weight: 1, dashArray: "1 3", fillColor: colour, fillOpacity: kind === "flag" ? 0.12 : 0.72 }
      : { pane: "outlines", ...OUTLINES[kind], dashArray: kind === "out" ? OUTLINES.out.dashArray : DASHED[precision] ?? null };
    const layer = L.geoJSON(feature, { style, pane: style.pane, pmIgnore: true, interactive: isLine || kind === "neighbour", bubblingMouseEvents: true });
    if (isLine || kind === "neighbour") {
      const tip = el("span", { text: this.compare.describe(feature.properties) });
      layer.bindTooltip(tip, { sticky: true, direction: "top" });
      layer.on("click", () => this.compare.select(this, feature.properties));
    }
    this.byKind.push({ id: `${kind}|${name}`, layer, isLine });
    return layer;
  }

  show(hidden) {
    for (const { id, layer } of this.byKind) {
      if (hidden.has(id)) this.drawn.removeLayer(layer);
      else if (!this.drawn.hasLayer(layer)) this.drawn.addLayer(layer);
    }
  }

  visible() {
    return this.byKind.filter(({ layer }) => this.drawn.hasLayer(layer)).map(({ id }) => id);
  }

  bounds() {
    const own = (this.features ?? []).filter(({ properties: { kind } }) => ["base", "in", "out"].includes(kind));
    if (!own.length) return null;
    return L.geoJSON({ type: "FeatureCollection", features: own }).getBounds();
  }

  fit(bounds) {
    this.map.invalidateSize({ pan: false });
    if (bounds) this.map.fitBounds(bounds.pad(0.08), { animate: false });
  }

  cross(latlng) {
    if (!latlng) {
      this.marker?.remove();
      this.marker = null;
    } else if (this.marker) this.marker.setLatLng(latlng);
    else this.marker = L.circleMarker(latlng, { radius: 5, color: "#111", weight: 2, fill: false, interactive: false, pmIgnore: true }).addTo(this.map);
  }

  drawGround() {
    const { counties } = this.compare;
    this.ground.clearLayers();
    if (!counties) return;
    L.geoJSON(counties, { pane: "ground", pmIgnore: true, interactive: false, style: { className: "county", weight: 1 } }).addTo(this.ground);
    for (const { properties } of counties.features) {
      const [lon, lat] = properties.point ?? [];
      if (lat === undefined) continue;
      const name = this.compare.lang === "en" ? properties.name_en || properties.name : properties.name;
      const icon = L.divIcon({ className: "county-name", html: el("span", { text: name }), iconSize: null });
      L.marker([lat, lon], { icon, interactive: false, keyboard: false, pane: "names", pmIgnore: true }).addTo(this.ground);
    }
  }
}
