// Outlines and polygons: province, cities, counties, zones. Built once; a paint sets only fills.

import { svg } from "./dom.js";
import { HATCH } from "./picture.js";

const PANES = ["tiles", "land", "counties", "cities", "links", "zones", "province", "chosen", "symbols", "labels"];
const SYMBOL_BELOW_PX = 22; // a zone narrower than this on the screen is a symbol, not a shape
const SMALL_PX = 44; // up to this width a symbol or a county's name would hide a shape
const SIMPLIFY_PX = 0.4; // low, since neighbours are simplified apart and would show gaps

/** Width in pixels of a span of longitude at a zoom. */
export function widthInPixels(west, east, zoom) {
  return ((east - west) / 360) * 256 * 2 ** zoom;
}

export function makePanes(map) {
  PANES.forEach((name, i) => {
    const pane = map.getPane(name) ?? map.createPane(name);
    pane.style.zIndex = String(400 + 10 * i);
    pane.classList.add(`pane-${name}`);
  });
}

function outlineLayer(map, features, className, pane) {
  const renderer = L.svg({ pane, padding: 0.6 });
  const drawn = features.filter((feature) => feature.geometry);
  return L.geoJSON(drawn, {
    pane,
    renderer,
    interactive: false, // clicks and hovering are read from data-id, for shapes and symbols alike
    noClip: true,
    smoothFactor: SIMPLIFY_PX,
    style: { className, fill: true, fillColor: "none", fillOpacity: 1, weight: 1 },
  }).addTo(map);
}

/** West and east of the widest part: a zone of scattered small parts is no wider than they are. */
function widestSpan({ type, coordinates }) {
  const parts = type === "MultiPolygon" ? coordinates : [coordinates];
  const spans = parts.map(([ring]) => ring.reduce(
    ([west, east], [lon]) => [Math.min(west, lon), Math.max(east, lon)], [Infinity, -Infinity]));
  return spans.reduce((best, span) => (span[1] - span[0] > best[1] - best[0] ? span : best));
}

function byArea(a, b) {
  return (b.properties.area_ha ?? 0) - (a.properties.area_ha ?? 0); // parks lie on their zones
}

export class Shapes {
  constructor(map, collections) {
    this.map = map;
    this.layers = [];
    this.paths = { city: new Map(), county: new Map(), zone: new Map() };
    this.bounds = new Map(); // id -> bounds, degrees
    this.spans = new Map(); // id -> [west, east] of the widest part, degrees
    this.#add(collections.provinces, "land", "land");
    this.#add(collections.counties, "county", "counties");
    this.#add(collections.cities, "city", "cities");
    this.#add([...collections.zones].sort(byArea), "zone", "zones");
    this.#add(collections.provinces, "province", "province");
    this.outlines = new Outlines(map);
    for (const layer of this.layers) layer.options.renderer.on("update", () => this.outlines.refresh());
  }

  #add(features, className, pane) {
    const layer = outlineLayer(this.map, features, className, pane);
    this.layers.push(layer);
    layer.eachLayer((shape) => {
      const { id } = shape.feature.properties;
      const path = shape.getElement();
      this.paths[className]?.set(id, path);
      if (className in this.paths) path.dataset.id = id;
      this.bounds.set(id, shape.getBounds());
      this.spans.set(id, widestSpan(shape.feature.geometry));
      path.classList.add(`is-${shape.feature.properties.precision}`);
    });
    return layer;
  }

  remove() {
    this.layers.forEach((layer) => layer.remove());
    this.outlines.remove();
  }

  /** Sets the fills of the picture's level; everything else stays as it is. */
  paint(picture) {
    for (const [id, path] of this.paths[picture.level]) {
      const value = picture.valueOn(id);
      const fill = value?.colour ?? HATCH;
      if (path.getAttribute("fill") !== fill) path.setAttribute("fill", fill);
      const klass = String(value?.klass ?? -1);
      if (path.dataset.class !== klass) path.dataset.class = klass;
    }
  }

  /** West and east of a shape's widest part in degrees, or null. */
  spanOf(id) {
    return this.spans.get(id) ?? null;
  }

  /** Whether a zone is wide enough on the screen to be drawn as its shape. */
  isReadable(id, zoom) {
    const span = this.spanOf(id);
    return Boolean(span) && widthInPixels(...span, zoom) >= SYMBOL_BELOW_PX;
  }

  /** Circles over the zones that are drawn as small shapes, for others to keep clear of. */
  small(places, zoom) {
    const circles = [];
    for (const id of this.paths.zone.keys()) {
      const width = this.isReadable(id, zoom) ? widthInPixels(...this.spanOf(id), zoom) : Infinity;
      if (width > SMALL_PX) continue;
      const { x, y } = this.map.latLngToLayerPoint(places.point(id));
      circles.push({ id, x, y, r: width * 0.45 });
    }
    return circles;
  }

  /** Hides the zone shapes that are symbols at this zoom. */
  showReadable(zoom) {
    for (const [id, path] of this.paths.zone) {
      path.classList.toggle("as-symbol", !this.isReadable(id, zoom));
    }
  }

  boundsOf(id) {
    return this.bounds.get(id) ?? null;
  }

  /** A strong outline on top of everything, for the selected place. */
  choose(id) {
    this.outlines.follow("chosen", this.#path(id));
  }

  /** The outline of the place under the pointer. */
  point(id) {
    this.outlines.follow("pointed", this.#path(id));
  }

  #path(id) {
    return Object.values(this.paths).map((paths) => paths.get(id)).find(Boolean) ?? null;
  }
}

/** Outlines on top of all shapes, so that no neighbour covers half of them. */
class Outlines {
  constructor(map) {
    this.renderer = L.svg({ pane: "chosen", padding: 0.6 }).addTo(map);
    const root = map.getPane("chosen").querySelector("svg > g");
    const path = (className) => root.appendChild(svg("path", { class: className }));
    this.paths = { pointed: [path("pointed-line")], chosen: [path("chosen-halo"), path("chosen-line")] };
    this.sources = {};
  }

  remove() {
    this.renderer.remove();
  }

  follow(role, source) {
    this.sources[role] = source;
    this.refresh();
  }

  /** Takes the shapes' present lines: they change with the zoom. */
  refresh() {
    for (const [role, paths] of Object.entries(this.paths)) {
      const source = this.sources[role];
      for (const path of paths) path.setAttribute("d", source?.getAttribute("d") ?? "");
      paths[0].dataset.of = source?.dataset.id ?? "";
    }
  }
}
