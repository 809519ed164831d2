// The map frame: ties geometry, pictures, selection and view together.

import { Card, Tooltip, describe } from "./card.js";
import { el, fillText, svg } from "./dom.js";
import { Labels, forgetWidths } from "./labels.js";
import { Legend } from "./legend.js";
import { Picture } from "./picture.js";
import { Places, loadGeometry } from "./places.js";
import { connect, onPageResize, pageHeight, sendEvent, sendHeight, setPageLanguage, shareFont } from "./protocol.js";
import { Search } from "./search.js";
import { Selection } from "./selection.js";
import { Shapes, makePanes } from "./shapes.js";
import { Symbols } from "./symbols.js";
import { Table } from "./table.js";
import { applyTheme } from "./theme.js";
import { Notice, Tools, Veil } from "./tools.js";
import { View } from "./view.js";

const NARROW_PX = 640;
const AROUND_MAP_PX = 330; // what stands above and below the map on the page
const MAP_HEIGHT_PX = { least: 380, most: 900 };
const FONT_AT_LATEST_MS = 1500;
const FIRST_TABLE_PX = 180; // before the table's own height is known

class Atlas {
  constructor(config) {
    this.config = config;
    this.map = window[config.map];
    this.main = document.querySelector("main.atlas");
    this.stage = document.querySelector(".atlas-stage");
    this.lang = config.lang;
    this.t = (key, values) => fillText(config.texts[this.lang][key] ?? key, values);
    this.picture = null;
    this.args = null;
    this.addresses = config.geometry;
    this.facts = { marker: crypto.randomUUID?.() ?? String(Math.random()), paintedKey: null, paints: 0, built: 0, times: {}, map: this.map };
    window.__atlas = this.facts;
    this.#furnish();
    this.#size();
    connect((args, theme) => this.#render(args, theme));
    sendHeight(Math.ceil(this.#mapHeight() + FIRST_TABLE_PX));
    this.load();
    setTimeout(() => this.#loadFont(), FONT_AT_LATEST_MS);
  }

  get narrow() {
    return window.innerWidth < NARROW_PX;
  }

  // ---- the parts -----------------------------------------------------------------------------

  #furnish() {
    const { map, stage, config } = this;
    makePanes(map);
    this.#hatch();
    L.control.scale({ imperial: false, position: "bottomleft" }).addTo(map);
    if (config.basemap) this.#basemap(config.basemap);
    this.view = new View(map, config.bounds);
    const corner = stage.appendChild(el("div", { class: "atlas-corner" }));
    this.search = new Search(corner, {
      address: config.search,
      onChoose: (entry) => this.#goTo(entry.id, entry),
      contextOf: (id) => this.places?.context(id, this.lang, this.t("link_comma")) ?? "",
    });
    this.notice = new Notice(stage);
    this.tools = new Tools(corner, {
      map, onProvince: () => this.view.fitProvince(), onNotice: (key) => this.notice.show(this.t(key)),
    });
    this.tooltip = new Tooltip(stage);
    const side = stage.appendChild(el("div", { class: "atlas-side" }));
    this.card = new Card(side, {
      placePage: config.placePage, onClose: () => this.selection.choose(null), onZoom: (id) => this.#goTo(id),
    });
    this.legend = new Legend(side, { onHighlight: (klass) => this.selection.highlight(klass), isNarrow: () => this.narrow });
    this.veil = new Veil(stage);
    this.table = new Table(this.main, {
      onSelect: (id) => this.selection.choose(id, { reveal: true }), onHover: (id) => this.selection.hover(id),
    });
    this.live = this.main.appendChild(el("p", { class: "visually-hidden", role: "status", "aria-live": "polite" }));
    this.selection = new Selection(this);
    this.#texts();
    map.on("zoomend", () => this.#zoomed());
    new ResizeObserver(() => this.#resized()).observe(stage);
    new ResizeObserver(() => this.#announceHeight()).observe(this.main);
    onPageResize(() => this.#size());
  }

  /** The no-data pattern, once for all drawings of the document. */
  #hatch() {
    const tile = { width: 6, height: 6, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" };
    document.body.append(svg("svg", { class: "atlas-defs", "aria-hidden": "true" },
      svg("defs", {}, svg("pattern", { id: "atlas-hatch", ...tile },
        svg("rect", { width: 6, height: 6, class: "hatch-ground" }),
        svg("rect", { width: 1.6, height: 6, class: "hatch-line" })))));
  }

  #basemap({ url, attribution, subdomains, maxZoom }) {
    this.stage.classList.add("has-basemap");
    L.tileLayer(url, { pane: "tiles", subdomains, maxNativeZoom: maxZoom, maxZoom: this.map.getMaxZoom() }).addTo(this.map);
    if (attribution) this.stage.append(el("p", { class: "attribution", text: attribution }));
  }

  #texts() {
    const { t } = this;
    setPageLanguage(this.lang === "en" ? "en" : "zh-CN", t("map_label"));
    const container = this.map.getContainer();
    container.setAttribute("role", "region");
    container.setAttribute("aria-label", `${t("map_label")}. ${t("map_help")}`);
    this.search.setTexts(t, this.lang);
    this.tools.setTexts(t);
  }

  // ---- size ----------------------------------------------------------------------------------

  #mapHeight() {
    const height = pageHeight();
    if (window.innerWidth > 0 && this.narrow) return Math.round(height * 0.62);
    return Math.min(MAP_HEIGHT_PX.most, Math.max(MAP_HEIGHT_PX.least, height - AROUND_MAP_PX));
  }

  #size() {
    this.main.style.setProperty("--map-height", `${this.#mapHeight()}px`);
  }

  /** The frame is hidden until Streamlit heard of it, so the first view waits for a width. */
  #resized() {
    if (this.stage.clientWidth === 0) return;
    this.#size();
    this.stage.classList.toggle("is-narrow", this.narrow);
    if (this.view.started) this.view.resized();
    else this.#begin();
  }

  #announceHeight() {
    const height = Math.ceil(this.main.getBoundingClientRect().height);
    if (height > 0 && height !== this.height) {
      this.height = height;
      sendHeight(height);
    }
  }

  #begin() {
    this.map.invalidateSize({ pan: false, animate: false });
    this.#badViewUnless(this.view.start(this.args?.view ?? null));
    this.viewSequence = this.args?.view_seq;
    this.#draw();
  }

  #badViewUnless(good) {
    if (good) return;
    sendEvent("bad_view");
    this.notice.show(this.t("bad_view"));
  }

  // ---- geometry ------------------------------------------------------------------------------

  async load() {
    this.veil.wait(this.t);
    const addresses = this.addresses;
    try {
      const collections = await loadGeometry(addresses);
      if (addresses !== this.addresses) return; // a newer version was asked for meanwhile
      this.facts.times.geometry = performance.now();
      this.collections = collections;
      this.places = new Places(collections);
      this.veil.lift();
      this.#draw();
    } catch (error) {
      this.#loadFont();
      this.veil.fail(error, this.t, () => this.load());
    }
  }

  /** Builds the drawing once geometry and a size are there, then paints what was asked last. */
  #draw() {
    if (!this.collections || !this.view.started) return;
    const { map, places } = this;
    for (const part of [this.shapes, this.symbols, this.labels]) part?.remove();
    this.shapes = new Shapes(map, this.collections);
    this.symbols = new Symbols(map, places, this.shapes);
    this.labels = new Labels(map, places, this.shapes, this.symbols);
    this.facts.built += 1;
    this.shapes.showReadable(map.getZoom());
    if (this.args) this.#paint(this.args);
    else this.labels.update(null, this.lang, null);
    this.#loadFont();
  }

  /** The font's style sheet is large and the system has one to begin with: after the first map. */
  #loadFont() {
    if (this.font) return;
    this.font = el("link", { rel: "stylesheet", href: this.config.font });
    document.head.append(this.font);
    shareFont(this.config.font);
    document.fonts?.addEventListener("loadingdone", () => {
      forgetWidths();
      this.symbols?.forget();
      this.#zoomed();
    });
  }

  // ---- pictures ------------------------------------------------------------------------------

  #render(args, theme) {
    this.received = performance.now();
    applyTheme(theme);
    const lang = args.lang === "en" ? "en" : "zh";
    if (lang !== this.lang) {
      this.lang = lang;
      this.#texts();
    }
    this.args = args;
    if (args.geometry && Object.entries(args.geometry).some(([name, url]) => this.addresses[name] !== url)) {
      this.addresses = { ...this.addresses, ...args.geometry };
      this.load();
      return;
    }
    if (!this.shapes) return;
    if (args.view && args.view_seq !== this.viewSequence) {
      this.viewSequence = args.view_seq;
      if (this.view.isSane(args.view)) this.view.show(args.view);
      else this.#badViewUnless(false);
    }
    this.#paint(args);
  }

  #paint(args) {
    const begin = performance.now();
    this.places.setExtra(args.places);
    const picture = new Picture(args, this.places);
    if (picture.key && picture.key === this.facts.paintedKey && picture.lang === this.picture?.lang) {
      this.selection.follow(args.selected ?? null); // the same picture again: only the selection can differ
      this.view.keep();
      return;
    }
    this.picture = picture;
    this.stage.dataset.level = picture.level;
    this.shapes.paint(picture);
    this.symbols.paint(picture);
    const fills = performance.now();
    this.legend.render(picture, this.t);
    this.table.render(picture, this.places, this.t);
    const texts = performance.now();
    this.selection.repaint(args.selected ?? null); // names follow from it
    this.#done(picture, { begin, fills, texts });
    this.view.keep();
  }

  #done(picture, { begin, fills, texts }) {
    const end = performance.now();
    performance.measure("atlas:paint", { start: begin, end });
    Object.assign(this.facts.times, {
      received: this.received, painted: end, fills: fills - begin, texts: texts - fills, labels: end - texts, total: end - begin,
    });
    this.facts.times.first ??= end;
    this.facts.paints += 1;
    this.facts.level = picture.level;
    this.facts.paintedKey = picture.key;
    this.main.dataset.painted = picture.key;
  }

  #zoomed() {
    if (!this.shapes) return;
    if (this.picture) this.symbols.paint(this.picture);
    else this.shapes.showReadable(this.map.getZoom());
    this.selection.mark();
    this.#relabel();
  }

  #relabel() {
    this.labels?.update(this.picture, this.lang, this.selection.id);
  }

  // ---- places --------------------------------------------------------------------------------

  describe(id) {
    return describe(id, this);
  }

  /** Called by the selection after it changed. */
  selected(id, { tell, reveal }) {
    this.facts.selected = id;
    this.table.select(id);
    if (id && this.places.get(id)) {
      const facts = this.describe(id);
      const members = this.places.members(id).map((m) => this.places.name(m, this.lang)).join(this.t("list_comma"));
      this.card.show(facts, members, this.t);
      if (tell) this.#announce("announce_selected", { name: facts.name, value: `${facts.value ?? this.t("no_data")} ${facts.unit}`.trim() });
      if (reveal) this.view.reveal(this.places.point(id), this.#covered());
    } else {
      this.card.hide();
      if (tell) this.#announce("announce_cleared");
    }
    this.#relabel();
  }

  /** How much of the map the card covers. */
  #covered() {
    const { offsetWidth, offsetHeight } = this.card.root;
    return this.narrow ? { bottom: offsetHeight } : { right: offsetWidth };
  }

  #announce(key, values) {
    this.live.textContent = this.t(key, values);
  }

  #goTo(id, entry = null) {
    if (!this.places) return;
    if (!this.places.get(id) && entry) this.places.remember(entry);
    this.view.goTo(this.shapes?.boundsOf(id), this.places.point(id));
    this.selection.choose(id);
  }
}

new Atlas(JSON.parse(document.getElementById("atlas-config").textContent));
