// Linked maps of proposals: side by side, two under a divider, or one to draw on.
//
// With each render the page sends `args`:
//   mode "grid" | "swipe" | "single", lang, synthetic (words of the mark, or ""), edit (drawing)
//   panels [{key, name, subtitle, ledger: address | geojson: collection}]; features have the
//     properties id, kind (base | in | out | neighbour | exclude | usable | redevelopable | rest |
//     flag), order, name, area_ha, colour, precision
//   legend [{kind, name, colour}], geometry {counties: address}
//   bounds_key: a new one fits the maps to their proposals again
// and gets back {event: "select", key, id, seq} or
//   {event: "edit", key, land_in: geometry | null, land_out: geometry | null, seq}.

import { el, fillText, debounced } from "/assets/atlas/dom.js";
import { applyTheme } from "/assets/atlas/theme.js";
import { Desk } from "/assets/comparemap/desk.js";
import { Panel } from "/assets/comparemap/panel.js";
import { Swipe } from "/assets/comparemap/swipe.js";

const SETTLE_MS = 2500;
const FAR_KM = 50; // proposals further apart keep their own centres
let sequence = Date.now();

function send(type, data) {
  if (window.parent !== window) window.parent.postMessage({ isStreamlitMessage: true, type, ...data }, "*");
}

export function sendEvent(value) {
  sequence += 1;
  send("streamlit:setComponentValue", { value: { ...value, seq: sequence }, dataType: "json" });
}

class Compare {
  constructor(config) {
    this.config = config;
    this.lang = config.lang;
    this.t = (key, values) => fillText(config.texts[this.lang][key] ?? key, values);
    this.main = document.querySelector("main.compare");
    this.panels = new Map();
    this.hidden = new Set();
    this.counties = null;
    this.boundsKey = null;
    this.moving = false;
    this.facts = { marker: String(Math.random()), built: 0, panels: this.panels };
    window.__compare = this.facts;
    this.bar = this.main.appendChild(el("div", { class: "compare-bar" }));
    this.stage = this.main.appendChild(el("div", { class: "compare-stage" }));
    this.live = this.main.appendChild(el("p", { class: "visually-hidden", role: "status" }));
    window.addEventListener("message", (event) => {
      if (event.source === window.parent && event.data?.type === "streamlit:render") {
        this.render(event.data.args ?? {}, event.data.theme);
      }
    });
    new ResizeObserver(debounced(() => this.resized(), 60)).observe(this.main);
    send("streamlit:componentReady", { apiVersion: 1 });
    this.font();
  }

  font() {
    document.head.append(el("link", { rel: "stylesheet", href: this.config.font }));
  }

  async render(args, theme) {
    applyTheme(theme);
    this.args = args;
    this.lang = args.lang === "en" ? "en" : "zh";
    document.documentElement.lang = this.lang;
    if (window.frameElement) window.frameElement.title = this.t("title");
    this.main.dataset.mode = args.mode;
    this.stage.dataset.count = String(args.panels.length);
    this.keepPanels(args.panels);
    this.drawBar();
    this.announceHeight();
    await this.ground(args.geometry?.counties);
    const loaded = await Promise.all(args.panels.map((wanted) => this.panels.get(wanted.key).load(wanted, this.lang)));
    if (this.args !== args) return; // a newer render has taken over
    if (this.boundsKey !== args.bounds_key) {
      this.boundsKey = args.bounds_key;
      this.settlesAt = performance.now() + SETTLE_MS;
      this.linkHow = this.apart() ? "own" : "same";
      this.fit();
    } else if (loaded.some(Boolean)) {
      this.showHidden();
    }
    this.showHidden();
    this.drawBar();
    this.desk?.update(this.panels.get(args.panels[0]?.key));
    this.facts.ready = (this.facts.ready ?? 0) + 1;
    this.announceHeight();
  }

  keepPanels(wanted) {
    const keys = wanted.map((panel) => panel.key);
    for (const [key, panel] of this.panels) {
      if (!keys.includes(key)) {
        panel.remove();
        this.panels.delete(key);
      }
    }
    for (const panel of wanted) {
      if (!this.panels.has(panel.key)) {
        this.facts.built += 1;
        this.panels.set(panel.key, new Panel(this, panel));
      }
      this.stage.append(this.panels.get(panel.key).box);
    }
    const [first, second] = keys.map((key) => this.panels.get(key));
    if (this.args.mode === "swipe" && second) {
      this.swipe ??= new Swipe(this.stage, this.t("divider"));
      this.swipe.on(first.box, second.box);
    } else if (this.swipe) {
      this.swipe.off();
      this.swipe = null;
    }
    if (this.args.edit && !this.desk) this.desk = new Desk(this, first);
  }

  // ---- the ground and the view -----------------------------------------------------------------

  async ground(address) {
    if (!address || this.groundAddress === address) return;
    this.groundAddress = address;
    this.counties = await (await fetch(address)).json();
    for (const panel of this.panels.values()) panel.drawGround();
  }

  apart() {
    const centres = [...this.panels.values()].map((panel) => panel.bounds()?.getCenter()).filter(Boolean);
    return centres.some((a) => centres.some((b) => a.distanceTo(b) > FAR_KM * 1000));
  }

  fit() {
    this.moving = true;
    const boxes = [...this.panels.values()].map((panel) => panel.bounds()).filter(Boolean);
    const all = boxes.length ? boxes.slice(1).reduce((sum, b) => sum.extend(b), L.latLngBounds(boxes[0].getSouthWest(), boxes[0].getNorthEast())) : null;
    for (const panel of this.panels.values()) panel.fit(this.linkHow === "same" ? all : panel.bounds());
    if (this.linkHow === "own") {
      const zoom = Math.min(...[...this.panels.values()].map((panel) => panel.map.getZoom()));
      for (const panel of this.panels.values()) panel.map.setZoom(zoom, { animate: false });
    }
    for (const panel of this.panels.values()) panel.home = panel.map.getCenter();
    this.moving = false;
  }

  /** The other maps follow: to the same place, or by the same offset from their own. */
  follow(moved) {
    if (this.moving || this.panels.size < 2) return;
    this.moving = true;
    const centre = moved.map.getCenter();
    const zoom = moved.map.getZoom();
    for (const panel of this.panels.values()) {
      if (panel === moved) continue;
      const to = this.linkHow === "same" || !panel.home || !moved.home ? centre
        : L.latLng(panel.home.lat + centre.lat - moved.home.lat, panel.home.lng + centre.lng - moved.home.lng);
      panel.map.setView(to, zoom, { animate: false });
    }
    this.moving = false;
  }

  pointer(from, latlng) {
    for (const panel of this.panels.values()) panel.cross(panel === from || this.linkHow !== "same" ? null : latlng);
  }

  // ---- the bar ---------------------------------------------------------------------------------

  drawBar() {
    const { args } = this;
    const items = (args.legend ?? []).map((entry) => {
      const id = `${entry.kind}|${entry.name}`;
      const box = el("input", { type: "checkbox", checked: !this.hidden.has(id), onchange: (event) => {
        if (event.target.checked) this.hidden.delete(id);
        else this.hidden.add(id);
        this.showHidden();
      } });
      box.checked = !this.hidden.has(id);
      const swatch = el("span", { class: `swatch kind-${entry.kind}` });
      swatch.style.setProperty("--colour", entry.colour);
      return el("label", { class: "legend-item" }, box, swatch, el("span", { text: entry.name }));
    });
    const parts = ["base", "in", "out", "neighbour"].map((kind) =>
      el("span", { class: "legend-item" }, el("span", { class: `swatch kind-${kind}` }), el("span", { text: this.t(kind) })));
    const link = args.panels.length > 1 ? el("button", {
      type: "button", class: "link-how", "aria-pressed": String(this.linkHow === "same"),
      text: this.t(this.linkHow === "same" ? "link_same" : "link_own"),
      onclick: () => {
        this.linkHow = this.linkHow === "same" ? "own" : "same";
        this.fit();
        this.drawBar();
      },
    }) : null;
    const home = el("button", { type: "button", text: this.t("fit"), onclick: () => this.fit() });
    const mark = args.synthetic ? el("span", { class: "synthetic", text: args.synthetic }) : null;
    const focused = document.activeElement?.closest?.(".compare-bar");
    if (focused && this.bar.childElementCount && this.barKey === JSON.stringify([args.legend, this.linkHow, this.lang])) return;
    this.barKey = JSON.stringify([args.legend, this.linkHow, this.lang]);
    this.bar.replaceChildren(...[mark, home, link, ...items, ...parts].filter(Boolean));
  }

  showHidden() {
    for (const panel of this.panels.values()) panel.show(this.hidden);
  }

  select(panel, properties) {
    this.live.textContent = this.describe(properties);
    sendEvent({ event: "select", key: panel.key, id: properties.id });
  }

  describe({ name, kind, area_ha: area }) {
    const kindName = this.t(kind);
    return area === null || area === undefined ? `${name} · ${kindName}`
      : this.t("feature", { name, kind: kindName, ha: area.toLocaleString(this.lang === "en" ? "en" : "zh-CN", { maximumFractionDigits: 2 }) });
  }

  // ---- size ------------------------------------------------------------------------------------

  resized() {
    for (const panel of this.panels.values()) panel.map.invalidateSize({ pan: false });
    // A new frame gets its width only after the first view was made.
    if (performance.now() < (this.settlesAt ?? 0)) this.fit();
    this.announceHeight();
  }

  announceHeight() {
    const height = Math.ceil(this.main.getBoundingClientRect().height);
    if (height === this.height) return;
    this.height = height;
    send("streamlit:setFrameHeight", { height });
  }
}

new Compare(JSON.parse(document.getElementById("compare-config").textContent));
