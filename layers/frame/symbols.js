// Zones too small to draw as shapes, and groups without a shape: circles and squares that never
// hide each other, with a thin line to the true place when one had to move.

import { svg } from "./dom.js";
import { dodge } from "./dodge.js";
import { cityNameRoom } from "./labels.js";
import { HATCH } from "./picture.js";

const RADIUS = { figure: 6.5, none: 3.4, group: 7.5, least: 5, most: 16 };
const LAYOUTS_KEPT = 40;
const BELOW_NAME = 21; // pixels
const LEADER_FROM = 3; // pixels beyond its own radius before a moved symbol gets a line

export class Symbols {
  constructor(map, places, shapes) {
    this.map = map;
    this.places = places;
    this.shapes = shapes;
    this.renderers = ["links", "symbols"].map((pane) => L.svg({ pane, padding: 0.6 }).addTo(map));
    const [links, symbols] = ["links", "symbols"].map((pane) => map.getPane(pane).querySelector("svg > g"));
    this.links = links;
    this.quiet = symbols.appendChild(svg("g"));
    this.loud = symbols.appendChild(svg("g"));
    this.nodes = new Map(); // id -> {group, halo, dot}
    this.circles = new Map(); // id -> {x, y, r}, layer pixels, what labels keep clear of
    this.signature = "";
    this.layouts = new Map(); // signature -> circles
  }

  remove() {
    this.renderers.forEach((renderer) => renderer.remove());
  }

  /** Places the symbols anew at the next paint: names have another width now. */
  forget() {
    this.signature = "";
    this.layouts.clear();
  }

  /** Draws the picture's symbols; they are placed anew only when zoom, sizes or members changed. */
  paint(picture) {
    const wanted = picture.level === "zone" ? this.#zones(picture) : [];
    wanted.push(...picture.groups.map((id) => this.#item(id, picture, RADIUS.group, 0)));
    this.items = wanted.filter((item) => item.at);
    this.shapes.showReadable(this.map.getZoom());
    const signature = JSON.stringify([
      this.map.getZoom(), this.map.getPixelOrigin(), picture.lang, this.items.map((item) => [item.id, item.r]),
    ]);
    if (signature !== this.signature) {
      this.signature = signature;
      this.#place(picture);
    }
    for (const item of this.items) this.#fill(item, picture);
  }

  #zones(picture) {
    const zoom = this.map.getZoom();
    const largest = this.#largestArea(picture);
    return this.places
      .ofLevels(["zone", "park"])
      .filter((place) => !this.shapes.isReadable(place.id, zoom))
      .map((place) => {
        const value = picture.values.get(place.id);
        const shown = value && !value.missing;
        const sized = Math.max(RADIUS.least, RADIUS.most * Math.sqrt((place.area_ha ?? 0) / largest));
        const radius = shown ? (picture.bySize ? sized : RADIUS.figure) : RADIUS.none;
        return this.#item(place.id, picture, radius, shown ? 1 : 2);
      });
  }

  /** Of all zones with a figure, so that a circle keeps its size from one zoom to the next. */
  #largestArea(picture) {
    const areas = [...picture.values.keys()].map((id) => this.places.get(id)?.area_ha ?? 0);
    return Math.max(1, ...areas);
  }

  #item(id, picture, r, rank) {
    return { id, r, rank, at: this.places.point(id), value: picture.values.get(id) ?? null };
  }

  #place(picture) {
    for (const item of this.items) {
      const { x, y } = this.map.latLngToLayerPoint(item.at);
      // What is drawn on a city's outline stands below the city's name.
      Object.assign(item, { homeX: x, homeY: y + (this.places.get(item.id).drawn_on ? BELOW_NAME : 0) });
    }
    this.circles = this.#layout(picture);
    const links = [];
    const present = new Set();
    for (const item of this.items) {
      const spot = this.circles.get(item.id);
      spot.r = item.r;
      present.add(item.id);
      this.#draw(item, spot);
      links.push(...(item.rank === 0 ? this.#memberLinks(item, spot) : leader(item, spot)));
    }
    for (const [id, node] of this.nodes) {
      if (present.has(id)) continue;
      node.group.remove();
      this.nodes.delete(id);
    }
    this.links.replaceChildren(...links);
  }

  /** Where the symbols stand; remembered, since stepping through periods comes back to the same. */
  #layout(picture) {
    const known = this.layouts.get(this.signature);
    if (known) return known;
    const kept = this.items.length ? this.#keptClear(picture) : [];
    const circles = dodge(this.items.map((item) => ({ ...item, x: item.homeX, y: item.homeY })), kept);
    if (this.layouts.size >= LAYOUTS_KEPT) this.layouts.clear();
    this.layouts.set(this.signature, circles);
    return circles;
  }

  #keptClear(picture) {
    const names = cityNameRoom(this.map, this.places, picture.lang);
    return picture.level === "zone" ? [...names, ...this.shapes.small(this.places, this.map.getZoom())] : names;
  }

  #memberLinks(item, spot) {
    return this.places.members(item.id).flatMap((member) => {
      const at = this.places.point(member);
      if (!at) return [];
      const to = this.circles.get(member) ?? this.map.latLngToLayerPoint(at);
      return [line("member-link", spot, to)];
    });
  }

  #draw(item, spot) {
    let node = this.nodes.get(item.id);
    if (!node) {
      node = item.rank === 0 ? square() : circle();
      node.group.dataset.id = item.id;
      this.nodes.set(item.id, node);
    }
    const layer = item.rank === 2 ? this.quiet : this.loud;
    if (node.group.parentNode !== layer) layer.append(node.group);
    node.group.setAttribute("transform", `translate(${spot.x.toFixed(1)},${spot.y.toFixed(1)})`);
    node.group.classList.toggle("no-figure", item.rank === 2);
    node.size(item.r);
  }

  #fill(item, picture) {
    const { group, dot } = this.nodes.get(item.id);
    const value = picture.values.get(item.id) ?? null;
    const fill = value?.colour ?? HATCH;
    if (dot.getAttribute("fill") !== fill) dot.setAttribute("fill", fill);
    const klass = String(value?.klass ?? -1);
    if (group.dataset.class !== klass) group.dataset.class = klass;
    group.classList.toggle("not-reported", Boolean(value && !value.missing && value.quality !== 0));
  }
}

function circle() {
  const halo = svg("circle", { class: "halo" });
  const dot = svg("circle", { class: "dot" });
  const group = svg("g", { class: "zone-symbol" }, halo, dot);
  const size = (r) => {
    halo.setAttribute("r", (r + 1.1).toFixed(1));
    dot.setAttribute("r", r.toFixed(1));
  };
  return { group, dot, size };
}

function square() {
  const halo = svg("rect", { class: "halo", rx: 3 });
  const dot = svg("rect", { class: "dot", rx: 2 });
  const group = svg("g", { class: "zone-symbol is-group" }, halo, dot);
  const size = (r) => {
    for (const [node, half] of [[halo, r * 0.9 + 1.1], [dot, r * 0.9]]) {
      node.setAttribute("x", -half);
      node.setAttribute("y", -half);
      node.setAttribute("width", 2 * half);
      node.setAttribute("height", 2 * half);
    }
  };
  return { group, dot, size };
}

function line(className, from, to) {
  const [x1, y1, x2, y2] = [from.x, from.y, to.x, to.y].map((n) => n.toFixed(1));
  return svg("line", { class: className, x1, y1, x2, y2 });
}

function leader(item, spot) {
  const moved = Math.hypot(spot.x - item.homeX, spot.y - item.homeY);
  if (moved < item.r + LEADER_FROM) return [];
  const home = { x: item.homeX, y: item.homeY };
  const foot = svg("circle", { class: "leader-foot", r: 1.3, cx: home.x.toFixed(1), cy: home.y.toFixed(1) });
  return [line("leader", spot, home), foot];
}
