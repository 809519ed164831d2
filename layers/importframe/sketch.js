// The map: outlines and marks by kind. Kinds differ by colour, by dash and by sign, so that no
// reader depends on colour alone.

import { el, svg, calm } from "/assets/atlas/dom.js";

// Colours of the Okabe-Ito set, darkened where a thin line needs it.
const KINDS = {
  current: { color: "#6b7480", weight: 1.6, dashArray: "7 5", fillColor: "#9aa3ad", fillOpacity: 0.12 },
  other: { color: "#8a6d00", weight: 1.6, dashArray: "2 5", fillColor: "#e69f00", fillOpacity: 0.06 },
  candidate: { color: "#8a6d00", weight: 2.6, fillColor: "#e69f00", fillOpacity: 0.3 },
  feature: { color: "#0072b2", weight: 1.8, fillColor: "#56b4e9", fillOpacity: 0.22 },
  place: { color: "#0072b2", weight: 1.8, fillColor: "#56b4e9", fillOpacity: 0.22 },
  unchanged: { color: "#6b7480", weight: 1, fillColor: "#9aa3ad", fillOpacity: 0.1 },
  added: { color: "#007a5a", weight: 2.4, fillColor: "#009e73", fillOpacity: 0.3 },
  removed: { color: "#b04a00", weight: 2.2, dashArray: "3 4", fillColor: "#d55e00", fillOpacity: 0.22 },
  changed: { color: "#0072b2", weight: 2.4, fillColor: "#56b4e9", fillOpacity: 0.28 },
  before: { color: "#7c3aed", weight: 2, dashArray: "2 4", fill: false },
  after: { color: "#007a5a", weight: 2.2, fillColor: "#009e73", fillOpacity: 0.25 },
  cut: { color: "#b04a00", weight: 1.4, dashArray: "1 3", fillColor: "#d55e00", fillOpacity: 0.6 },
  error: { color: "#a33600", mark: "triangle" },
  warning: { color: "#8a6d00", mark: "circle" },
};
const SIGNS = { added: "+", removed: "−", changed: "≠", candidate: "★", other: "☆" };
const ORDER = ["unchanged", "other", "current", "place", "feature", "removed", "changed", "added", "candidate", "before", "cut", "after", "warning", "error"];
const CLOSE_ZOOM = 17;
const MARK_PX = 18;

export class Sketch {
  constructor(frame) {
    this.frame = frame;
    this.canvas = frame.main.appendChild(el("div", { class: "map", tabindex: "0", role: "application" }));
    this.map = L.map(this.canvas, {
      zoomControl: false, attributionControl: false, zoomSnap: 0.25, minZoom: 5, maxZoom: 20, scrollWheelZoom: true,
    }).setView([37.6, 112.3], 7);
    this.zoom = L.control.zoom().addTo(this.map);
    L.control.scale({ imperial: false, position: "bottomleft" }).addTo(this.map);
    const north = L.control({ position: "topright" });
    north.onAdd = () => el("div", { class: "north", "aria-hidden": "true", text: "▲ N" });
    north.addTo(this.map);
    for (const [name, z] of [["ground", 210], ["names", 380], ["shapes", 400], ["looked", 440], ["marks", 460], ["labels", 470]]) {
      this.map.createPane(name).style.zIndex = z;
    }
    this.map.getPane("names").style.pointerEvents = "none";
    this.map.getPane("labels").style.pointerEvents = "none";
    this.groundLayer = L.layerGroup().addTo(this.map);
    this.drawn = L.layerGroup().addTo(this.map);
    this.looked = L.layerGroup().addTo(this.map);
    this.items = [];
    this.map.on("zoomend", () => this.showNames());
  }

  async ground(address) {
    this.zoom._zoomInButton.title = this.frame.t("zoom_in");
    this.zoom._zoomOutButton.title = this.frame.t("zoom_out");
    this.canvas.setAttribute("aria-label", this.frame.t("map"));
    if (!address) return;
    if (this.address !== address) {
      this.address = address;
      this.fetched = fetch(address).then((answer) => answer.json());
      this.namedIn = null;
    }
    this.counties = await this.fetched;
    if (this.namedIn === this.frame.lang) return;
    this.namedIn = this.frame.lang;
    this.groundLayer.clearLayers();
    L.geoJSON(this.counties, { pane: "ground", interactive: false, style: { className: "county", weight: 1 } }).addTo(this.groundLayer);
    for (const { properties } of this.counties.features) {
      const [lon, lat] = properties.point ?? [];
      if (lat === undefined) continue;
      const name = this.frame.lang === "en" ? properties.name_en || properties.name : properties.name;
      const icon = L.divIcon({ className: "county-name", html: el("span", { text: name }), iconSize: null });
      L.marker([lat, lon], { icon, interactive: false, keyboard: false, pane: "names" }).addTo(this.groundLayer);
    }
    this.showNames();
  }

  /** Names of counties only where they have room. */
  showNames() {
    this.canvas.classList.toggle("far", this.map.getZoom() < 8.5);
  }

  draw(items) {
    const state = JSON.stringify(items.map(({ id, kind, label, geometry, point }) => [id, kind, label, geometry, point]));
    this.items = items;
    if (state === this.state) return;
    this.state = state;
    this.drawn.clearLayers();
    this.looked.clearLayers();
    this.byId = new Map();
    const sorted = [...items].sort((a, b) => ORDER.indexOf(a.kind) - ORDER.indexOf(b.kind));
    for (const item of sorted) {
      const marked = KINDS[item.kind].mark && item.point;
      const layer = item.geometry ? this.shape(item) : marked ? this.mark(item) : null;
      if (!layer) continue;
      if (item.kind === "changed") this.drawExtra(item, this.drawn);
      layer.addTo(this.drawn);
      this.byId.set(item.id, layer);
      if (item.label && item.point && item.geometry) this.label(item).addTo(this.drawn);
    }
  }

  shape(item) {
    const layer = L.geoJSON(item.geometry, {
      pane: "shapes", style: () => ({ ...KINDS[item.kind], pane: "shapes" }),
      pointToLayer: (_feature, at) => L.circleMarker(at, { ...KINDS[item.kind], radius: 5, pane: "shapes" }),
    });
    return this.listen(layer, item);
  }

  mark(item) {
    const icon = L.divIcon({ className: "mark", html: this.sign(item.kind), iconSize: [MARK_PX, MARK_PX] });
    return this.listen(L.marker([item.point[1], item.point[0]], { icon, pane: "marks", keyboard: false }), item);
  }

  listen(layer, item) {
    layer.bindTooltip(el("span", { text: item.words }), { sticky: true, direction: "top" });
    layer.on("click", () => this.frame.look(item.id, { scroll: true }));
    return layer;
  }

  label(item) {
    const sign = SIGNS[item.kind];
    const words = sign ? `${sign} ${item.label}` : item.label;
    const icon = L.divIcon({ className: `item-label kind-${item.kind}`, html: el("span", { text: words }), iconSize: null });
    return L.marker([item.point[1], item.point[0]], { icon, interactive: false, keyboard: false, pane: "labels" });
  }

  /** A kind as a small picture: for the legend, the table and marks on the map. */
  sign(kind) {
    const look = KINDS[kind] ?? KINDS.feature;
    const picture = (child) => svg("svg", { class: "sign", viewBox: "0 0 18 18", width: MARK_PX, height: MARK_PX, "aria-hidden": "true" }, ...child);
    if (look.mark === "triangle") return picture([svg("path", { d: "M9 1.5 17 16H1Z", fill: look.color, stroke: "#fff" }), svg("path", { d: "M9 6.5v4.5M9 12.6v1.6", stroke: "#fff", "stroke-width": 1.8 })]);
    if (look.mark === "circle") return picture([svg("circle", { cx: 9, cy: 9, r: 6.5, fill: "#f0e442", stroke: "#3b3000", "stroke-width": 1.4 }), svg("path", { d: "M9 5.4v4.4M9 11.2v1.6", stroke: "#3b3000", "stroke-width": 1.6 })]);
    const box = svg("rect", {
      x: 2, y: 4, width: 14, height: 10, fill: look.fill === false ? "none" : look.fillColor, "fill-opacity": look.fillOpacity,
      stroke: look.color, "stroke-width": look.weight, "stroke-dasharray": look.dashArray,
    });
    const sign = SIGNS[kind];
    return picture([box, sign ? svg("text", { x: 9, y: 12.6, "text-anchor": "middle", "font-size": 10, "font-weight": 700, fill: "currentColor", text: sign }) : null]);
  }

  legend(items) {
    const kinds = new Set(items.flatMap((item) => [item.kind, ...(item.extra ?? []).map((part) => part.kind)]));
    return ORDER.filter((kind) => kinds.has(kind)).map((kind) => [kind, this.sign(kind)]);
  }

  /** Zooms to an item and draws what belongs to it. */
  look(item) {
    this.looked.clearLayers();
    this.drawExtra(item, this.looked);
    const animate = !calm() && Math.abs(this.map.getZoom() - CLOSE_ZOOM) < 3;
    if (item.point && (item.kind === "error" || item.kind === "warning")) {
      const at = [item.point[1], item.point[0]];
      L.circleMarker(at, { radius: 16, className: "ring", fill: false, interactive: false, pane: "looked" }).addTo(this.looked);
      this.map.setView(at, Math.max(this.map.getZoom(), CLOSE_ZOOM), { animate });
      return;
    }
    const bounds = this.boundsOf([item]);
    if (!bounds) return;
    const layer = this.byId.get(item.id);
    if (layer?.toGeoJSON) {
      L.geoJSON(layer.toGeoJSON(), { style: { className: "ring", weight: 4, fill: false }, pane: "looked", interactive: false }).addTo(this.looked);
    }
    this.map.fitBounds(bounds.pad(0.25), { animate, maxZoom: CLOSE_ZOOM });
  }

  drawExtra(item, group) {
    for (const { kind, geometry } of item.extra ?? []) {
      if (geometry) L.geoJSON(geometry, { style: () => ({ ...KINDS[kind], pane: "looked" }), pane: "looked", interactive: false }).addTo(group);
    }
  }

  boundsOf(items) {
    let all = null;
    for (const { id, point, extra } of items) {
      const layer = this.byId.get(id);
      const shapes = (extra ?? []).filter((part) => part.geometry).map((part) => L.geoJSON(part.geometry).getBounds());
      for (const bounds of [layer?.getBounds?.(), ...shapes, point ? L.latLngBounds([[point[1], point[0]], [point[1], point[0]]]) : null]) {
        if (bounds?.isValid?.()) all = all ? all.extend(bounds) : L.latLngBounds(bounds.getSouthWest(), bounds.getNorthEast());
      }
    }
    return all;
  }

  fit() {
    this.map.invalidateSize({ pan: false });
    const homes = this.items.filter((item) => item.home);
    const bounds = this.boundsOf(homes) ?? this.boundsOf(this.items);
    // A candidate is judged by the counties around it, anything else by its own shape.
    const around = homes.some((item) => item.kind === "candidate" || item.kind === "other");
    if (bounds) this.map.fitBounds(bounds.pad(around ? 0.5 : 0.15), { animate: false, maxZoom: around ? 10.5 : 15 });
    this.showNames();
  }

  /** What is drawn, for those who ask from outside: kinds with their numbers, and the view. */
  summary() {
    const kinds = {};
    for (const { kind, id } of this.items) if (this.byId?.has(id)) kinds[kind] = (kinds[kind] ?? 0) + 1;
    const { lat, lng } = this.map.getCenter();
    return { kinds, centre: [lat, lng], zoom: this.map.getZoom() };
  }
}
