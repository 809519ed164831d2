// Drawing on a proposal: land in added, cut or reshaped, land out marked; each step can be undone.

import { el } from "/assets/atlas/dom.js";
import { sendEvent } from "/assets/comparemap/compare.js";

const SNAP_PX = 12;
const STYLE = { color: "#c2410c", weight: 2.4, fillColor: "#c2410c", fillOpacity: 0.12 };
const OUT_STYLE = { color: "#7c3aed", weight: 2.2, fillColor: "#7c3aed", fillOpacity: 0.2 };

export class Desk {
  constructor(compare, panel) {
    this.compare = compare;
    this.panel = panel;
    this.map = panel.map;
    this.before = [];
    this.after = null;
    this.tool = null;
    this.group = L.featureGroup().addTo(this.map);
    this.snapTo = L.featureGroup().addTo(this.map);
    this.map.pm.setGlobalOptions({ snappable: true, snapDistance: SNAP_PX, allowSelfIntersection: false, layerGroup: this.group });
    this.map.pm.setLang(compare.lang === "en" ? "en" : "zh");
    this.bar = el("div", { class: "desk", role: "toolbar" });
    panel.box.insertBefore(this.bar, panel.canvas);
    this.map.on("pm:create", (event) => this.created(event));
    this.map.on("pm:cut", () => this.changed());
    this.drawBar();
  }

  /** The proposal's land as polygons that can be changed. */
  update(panel) {
    const features = panel?.features ?? [];
    const state = JSON.stringify(features.filter(({ properties: { kind } }) => kind === "in" || kind === "out").map((f) => f.geometry));
    if (state === this.state) return;
    this.state = state;
    this.stop();
    this.group.clearLayers();
    this.snapTo.clearLayers();
    for (const feature of features) {
      const { kind } = feature.properties;
      if (kind === "in" || kind === "out") this.add(feature.geometry, kind);
      if (kind === "base" || kind === "neighbour") {
        L.geoJSON(feature, { style: { opacity: 0, fill: false }, interactive: false }).eachLayer((layer) => this.snapTo.addLayer(layer));
      }
    }
    this.drawBar();
  }

  add(geometry, kind) {
    const parts = geometry.type === "MultiPolygon" ? geometry.coordinates : [geometry.coordinates];
    for (const rings of parts) {
      const layer = L.polygon(L.GeoJSON.coordsToLatLngs(rings, 1), { ...(kind === "out" ? OUT_STYLE : STYLE), fillOpacity: 0, stroke: false });
      layer.part = kind;
      this.group.addLayer(layer);
    }
  }

  drawBar() {
    const tools = [["draw_in", () => this.draw("in")], ["draw_out", () => this.draw("out")], ["cut", () => this.cut()], ["reshape", () => this.reshape()]];
    const buttons = tools.map(([name, start]) => el("button", {
      type: "button", "aria-pressed": String(this.tool === name), text: this.compare.t(this.tool === name ? "finish" : name),
      "data-tool": name, onclick: () => (this.tool === name ? this.done() : start()),
    }));
    const undo = el("button", { type: "button", text: this.compare.t("undo"), disabled: !this.before.length, onclick: () => this.undo() });
    this.bar.replaceChildren(...buttons, undo, el("span", { class: "hint", text: this.tool ? this.compare.t(`hint_${this.tool}`) : "" }));
  }

  start(tool) {
    this.stop();
    this.remembered = this.land();
    this.tool = tool;
    this.drawBar();
  }

  draw(part) {
    this.start(part === "in" ? "draw_in" : "draw_out");
    this.part = part;
    this.map.pm.enableDraw("Polygon", { pathOptions: part === "in" ? STYLE : OUT_STYLE, finishOn: "dblclick" });
  }

  cut() {
    this.start("cut");
    this.map.pm.enableDraw("Cut", { layersToCut: this.group.getLayers().filter((layer) => layer.part === "in") });
  }

  reshape() {
    this.start("reshape");
    for (const layer of this.group.getLayers()) {
      layer.setStyle({ stroke: true });
      layer.pm.enable({ allowSelfIntersection: false, snappable: true });
    }
  }

  stop() {
    this.map.pm.disableDraw();
    for (const layer of this.group.getLayers()) layer.pm?.disable();
    this.tool = null;
  }

  /** Ends the tool in hand; reshaping is only done when its button is pressed again. */
  done() {
    const changed = this.tool === "reshape";
    this.stop();
    if (changed) this.changed();
    else this.drawBar();
  }

  created({ layer }) {
    layer.part = this.part ?? "in";
    this.group.addLayer(layer);
    this.changed();
  }

  changed() {
    const part = this.tool === "cut" ? "in" : null;
    for (const layer of this.group.getLayers()) layer.part ??= part ?? "in";
    this.stop();
    this.before.push(this.remembered ?? { land_in: null, land_out: null });
    this.tell(this.land());
    this.drawBar();
  }

  undo() {
    const land = this.before.pop();
    if (!land) return;
    this.tell(land);
    this.drawBar();
  }

  tell(land) {
    sendEvent({ event: "edit", key: this.panel.key, ...land });
  }

  land() {
    return { land_in: this.geometry("in"), land_out: this.geometry("out") };
  }

  geometry(part) {
    const polygons = this.group.getLayers().filter((layer) => layer.part === part).flatMap((layer) => {
      const { geometry } = layer.toGeoJSON(9);
      return geometry.type === "MultiPolygon" ? geometry.coordinates : [geometry.coordinates];
    }).filter((rings) => rings[0]?.length > 3);
    if (!polygons.length) return null;
    return polygons.length === 1 ? { type: "Polygon", coordinates: polygons[0] } : { type: "MultiPolygon", coordinates: polygons };
  }
}
