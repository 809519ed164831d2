// Names on the map that never touch each other or a symbol: by rank, each takes the first free
// place it is offered, else it waits for a closer zoom. The selected place is always named.

import { svg } from "./dom.js";
import { LEVELS } from "./picture.js";
import { widthInPixels } from "./shapes.js";

const FAMILY = "'Noto Sans SC Variable', 'Noto Sans SC', 'PingFang SC', 'Microsoft YaHei', sans-serif";
const FONTS = {
  city: { size: 13, weight: 600 },
  county: { size: 11, weight: 400 },
  zone: { size: 11, weight: 500 },
};
const LINE = 1.25;
const PADDING = 2;
const WRAP_FROM = 8; // Chinese names longer than this take two lines
const COUNTIES_FROM_ZOOM = 9; // on the zone level county names come when there is room for them
const NO_FIGURE_FROM_ZOOM = 8; // farther out only zones with a figure are named
const ROOM = { radius: 11.5, step: 8 }; // circles that cover a city's name
const SHORT = [["经济技术开发区", "经开区"], ["高新技术产业开发区", "高新区"]]; // as planners say them
const SHORT_EN = [
  ["Economic and Technological Development Zone", "ETDZ"], ["Economic Development Zone", "EDZ"],
  ["High-tech Industrial Development Zone", "High-tech Zone"],
];
const BREAKS = /(?=（|经济|高新|开发区|示范区|产业|工业|园区|现代|生态|循环|农业|文化|科技|化工)/g;

const canvas = document.createElement("canvas").getContext("2d");
const measured = new Map();

function textWidth(text, { size, weight }) {
  const key = `${weight} ${size} ${text}`;
  if (!measured.has(key)) {
    canvas.font = `${weight} ${size}px ${FAMILY}`;
    measured.set(key, canvas.measureText(text).width);
  }
  return measured.get(key);
}

/** Widths measured before the web font came are of another font. */
export function forgetWidths() {
  measured.clear();
}

function wrapped(name, lang) {
  const short = (lang === "en" ? SHORT_EN : SHORT).reduce((text, [long, brief]) => text.replace(long, brief), name);
  if (lang === "en") {
    const cut = short.length < 18 ? -1 : short.indexOf(" ", Math.floor(short.length / 2) - 3);
    return cut > 0 ? [short.slice(0, cut), short.slice(cut + 1)] : [short];
  }
  if (short.length <= WRAP_FROM) return [short];
  const middle = short.length / 2;
  const cuts = [...short.matchAll(BREAKS)].map((match) => match.index).filter((i) => i > 1 && i < short.length - 1);
  const bracket = short.indexOf("（");
  const cut = bracket > 1 ? bracket : cuts.sort((a, b) => Math.abs(a - middle) - Math.abs(b - middle))[0] ?? Math.ceil(middle);
  return [short.slice(0, cut), short.slice(cut)];
}

/** Circles over the names of cities at their own places, so that symbols leave them free. */
export function cityNameRoom(map, places, lang) {
  return places.ofLevels(["city"]).flatMap((place) => {
    const { x, y } = map.latLngToLayerPoint(places.point(place.id));
    const half = Math.max(0, textWidth(places.name(place.id, lang), FONTS.city) / 2 - 2);
    const count = Math.max(1, Math.ceil((2 * half) / ROOM.step));
    return Array.from({ length: count + 1 }, (_, i) => ({ x: x - half + (2 * half * i) / count, y, r: ROOM.radius }));
  });
}

function overlaps(a, b) {
  return a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
}

function touchesCircle(box, circle) {
  const dx = Math.max(box.left - circle.x, 0, circle.x - box.right);
  const dy = Math.max(box.top - circle.y, 0, circle.y - box.bottom);
  return dx * dx + dy * dy < circle.r * circle.r;
}

export class Labels {
  constructor(map, places, shapes, symbols) {
    Object.assign(this, { map, places, shapes, symbols });
    this.renderer = L.svg({ pane: "labels", padding: 0.6 }).addTo(map);
    this.root = map.getPane("labels").querySelector("svg > g");
    this.nodes = new Map();
    this.hide = () => this.root.classList.add("is-moving"); // names would be stretched while zooming
    map.on("zoomstart", this.hide);
  }

  remove() {
    this.map.off("zoomstart", this.hide);
    this.renderer.remove();
  }

  /** Chooses and draws the names for the present zoom. */
  update(picture, lang, selected) {
    const circles = [...this.symbols.circles].map(([id, circle]) => ({ id, ...circle, r: circle.r + 2 }));
    this.shapesInTheWay = picture?.level === "zone" ? this.shapes.small(this.places, this.map.getZoom()) : [];
    const boxes = [];
    const kept = new Map();
    for (const label of this.#wanted(picture, lang, selected)) {
      const box = this.#firstFree(label, boxes, circles);
      if (!box) continue;
      boxes.push(box);
      kept.set(label.id, { label, box });
    }
    this.#draw(kept);
    this.root.classList.remove("is-moving");
  }

  #wanted(picture, lang, selected) {
    const labels = [];
    const level = picture?.level ?? "county";
    const add = (place, kind, rank) => labels.push(this.#label(place, kind, rank, { picture, lang, selected }));
    for (const place of this.places.ofLevels(["city"])) add(place, "city", 1);
    if (level === "county" || (level === "zone" && this.map.getZoom() >= COUNTIES_FROM_ZOOM)) {
      for (const place of this.places.ofLevels(["county"])) add(place, "county", level === "zone" ? 4 : 2);
    }
    if (level === "zone") {
      const all = this.map.getZoom() >= NO_FIGURE_FROM_ZOOM;
      for (const place of this.places.ofLevels(LEVELS.zone)) {
        const named = picture.values.has(place.id);
        if (named || all) add(place, "zone", named ? 2 : 3);
      }
    }
    for (const id of picture?.groups ?? []) add(this.places.get(id), "zone", 2);
    if (selected && !labels.some((label) => label?.id === selected) && this.places.get(selected)) {
      const place = this.places.get(selected);
      add(place, place.level in FONTS ? place.level : "zone", 0);
    }
    return labels.filter(Boolean).sort((a, b) => a.rank - b.rank || b.weight - a.weight || (a.id < b.id ? -1 : 1));
  }

  #label(place, kind, rank, { picture, lang, selected }) {
    const at = this.places.point(place.id);
    if (!at) return null;
    const chosen = place.id === selected;
    const font = chosen ? { ...FONTS[kind], weight: 700 } : FONTS[kind];
    const lines = wrapped(this.places.name(place.id, lang), lang);
    const value = kind === "city" && picture?.level === "city" ? picture.valueOn(place.id) : null;
    if (value && !value.missing) lines.push(value.text);
    const width = Math.max(...lines.map((line) => textWidth(line, font)));
    const home = this.map.latLngToLayerPoint(at);
    const size = { width, height: lines.length * font.size * LINE };
    const fits = this.#fits(place, kind, size);
    const circle = this.symbols.circles.get(place.id) ?? (kind === "zone" && !fits ? this.#aside(place, home) : null);
    if (!chosen && !circle && !fits) return null;
    return {
      id: place.id, kind, lines, font, chosen, size, circle,
      at: circle ?? home,
      rank: chosen ? 0 : rank,
      weight: place.area_ha ?? 0,
      valued: Boolean(value && !value.missing),
    };
  }

  /** A name inside its area needs an area about as wide as itself; cities are always named. */
  #fits(place, kind, size) {
    if (kind === "city") return true;
    const bounds = this.shapes.spanOf(place.id);
    if (!bounds) return false;
    const room = widthInPixels(...bounds, this.map.getZoom());
    return room >= size.width * (kind === "county" ? 1.25 : 0.8);
  }

  /** A zone's shape too narrow for its name: the name stands beside it as beside a symbol. */
  #aside(place, home) {
    const span = this.shapes.spanOf(place.id);
    return span && { x: home.x, y: home.y, r: widthInPixels(...span, this.map.getZoom()) * 0.45 };
  }

  #firstFree(label, boxes, circles) {
    // Symbols were placed around the names of cities, so those may come closer to them.
    const nearer = label.kind === "city" ? 1.5 : 0;
    const others = circles.filter((circle) => circle.id !== label.id).map((c) => (nearer ? { ...c, r: c.r - nearer } : c));
    const offered = label.circle ? aroundSymbol(label) : aroundPoint(label);
    const first = (inTheWay) => offered.find((box) =>
      !boxes.some((b) => overlaps(box, b)) && !inTheWay.some((circle) => touchesCircle(box, circle)));
    const clear = label.kind === "zone" ? others : [...others, ...this.shapesInTheWay];
    const last = label.chosen ? offered[0] : null;
    return first(clear) ?? (label.kind === "city" ? first(others) : null) ?? last;
  }

  #draw(kept) {
    for (const [id, node] of this.nodes) {
      if (kept.has(id)) continue;
      node.remove();
      this.nodes.delete(id);
    }
    for (const [id, { label, box }] of kept) this.#drawOne(id, label, box);
  }

  #drawOne(id, label, box) {
    let node = this.nodes.get(id);
    if (!node) {
      node = this.root.appendChild(svg("text"));
      this.nodes.set(id, node);
    }
    node.setAttribute("class", `name is-${label.kind}${label.chosen ? " is-chosen" : ""}`);
    node.setAttribute("font-size", label.font.size);
    node.setAttribute("font-weight", label.font.weight);
    node.setAttribute("text-anchor", box.anchor);
    if (label.kind === "zone") node.dataset.id = id;
    const x = { start: box.left + PADDING, middle: (box.left + box.right) / 2, end: box.right - PADDING }[box.anchor];
    const top = box.top + PADDING + label.font.size * 0.96;
    node.replaceChildren(...label.lines.map((text, i) => svg("tspan", {
      x: x.toFixed(1),
      y: (top + i * label.font.size * LINE).toFixed(1),
      class: label.valued && i === label.lines.length - 1 ? "value" : null,
      text,
    })));
  }
}

function boxAt(label, left, top, anchor) {
  const { width, height } = label.size;
  return { left, top, right: left + width + 2 * PADDING, bottom: top + height + PADDING, anchor };
}

/** Places for a name inside or near its area: the middle first, then farther and farther off. */
function aroundPoint(label) {
  const { x, y } = label.at;
  const left = x - label.size.width / 2 - PADDING;
  const top = y - label.size.height / 2 - PADDING;
  const steps = label.kind === "city" ? [0, 0.5, 1, 1.6] : [0, 0.6];
  const down = label.size.height * 0.8;
  const across = label.size.width * 0.45;
  return steps.flatMap((k) => {
    if (k === 0) return [boxAt(label, left, top, "middle")];
    return [[0, -k], [0, k], [k, 0], [-k, 0], [k, -k], [-k, k], [k, k], [-k, -k]].map(([h, v]) =>
      boxAt(label, left + h * across, top + v * down, "middle"));
  });
}

/** Places for a name beside its symbol: right, left, above, below, then the corners. */
function aroundSymbol(label) {
  const { x, y, r } = { r: 0, ...label.circle };
  const { width, height } = label.size;
  const right = x + r + 1;
  const leftward = x - r - 1 - width - 2 * PADDING;
  const middle = y - height / 2 - PADDING / 2;
  const above = y - r - height - PADDING;
  const below = y + r;
  const centred = x - width / 2 - PADDING;
  return [
    boxAt(label, right, middle, "start"), boxAt(label, leftward, middle, "end"),
    boxAt(label, centred, above, "middle"), boxAt(label, centred, below, "middle"),
    boxAt(label, right - 3, above + 3, "start"), boxAt(label, right - 3, below - 3, "start"),
    boxAt(label, leftward + 3, above + 3, "end"), boxAt(label, leftward + 3, below - 3, "end"),
  ];
}
