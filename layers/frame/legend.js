// The legend on the map: classes with counts, no data, outliers, marks, notes and sources.

import { el, svg } from "./dom.js";
import { HATCH, QUALITIES, QUALITY_MARKS } from "./picture.js";

const SOURCES_SHOWN = 2;

function swatch(fill, className = "") {
  return svg("svg", { class: `swatch ${className}`, viewBox: "0 0 20 13", "aria-hidden": "true" },
    svg("rect", { x: 0.5, y: 0.5, width: 19, height: 12, rx: 2, fill }));
}

export class Legend {
  constructor(parent, { onHighlight, isNarrow }) {
    this.onHighlight = onHighlight;
    this.toggle = el("button", { type: "button", class: "legend-toggle", onclick: () => this.setOpen(!this.open) });
    this.body = el("div", { class: "legend-body", id: "atlas-legend-body" });
    this.toggle.setAttribute("aria-controls", this.body.id);
    this.root = parent.appendChild(el("section", { class: "atlas-legend", hidden: true }, this.toggle, this.body));
    this.isNarrow = isNarrow;
    this.open = null; // decided at the first picture, when the frame has its width
  }

  setOpen(open) {
    this.open = open;
    this.root.classList.toggle("is-closed", !open);
    this.toggle.setAttribute("aria-expanded", String(open));
    if (this.t) this.toggle.title = this.t(open ? "legend_hide" : "legend_show");
  }

  render(picture, t) {
    const { legend } = picture;
    this.t = t;
    this.root.hidden = false;
    this.root.setAttribute("aria-label", t("legend"));
    this.toggle.replaceChildren(
      el("span", { class: "heading" },
        el("strong", { text: legend.title ?? t("legend") }),
        legend.subtitle ? el("small", { text: legend.subtitle }) : null),
      el("span", { class: "strip", "aria-hidden": "true" }, ...picture.classes.map((c) => swatch(c.colour))),
      el("span", { class: "chevron", "aria-hidden": "true" }));
    this.body.replaceChildren(
      this.#classes(picture, t), this.#signs(picture, t), this.#notes(picture), this.#sources(picture, t));
    this.setOpen(this.open ?? !this.isNarrow());
  }

  #classes(picture, t) {
    const items = picture.classes.map((item, i) => this.#class(i, item.colour, item.label, item.count));
    if (picture.outliersFrom < picture.classes.length) {
      items.splice(picture.outliersFrom, 0, el("li", { class: "divider", text: t("legend_outliers") }));
    }
    const { nodata } = picture.legend;
    if (nodata) items.push(this.#class(-1, HATCH, nodata.label ?? t("no_data"), nodata.count));
    return el("ul", { class: "classes" },
      picture.legend.scheme ? el("li", { class: "scheme", text: picture.legend.scheme }) : null, ...items);
  }

  #class(klass, fill, label, count) {
    const on = () => this.onHighlight(klass);
    const off = () => this.onHighlight(null);
    return el("li", {}, el("button", {
      type: "button", "data-class": klass, onmouseenter: on, onmouseleave: off, onfocus: on, onblur: off,
    }, swatch(fill), el("span", { class: "label", text: label }), el("span", { class: "count", text: count ?? "" })));
  }

  /** What the drawing's own signs mean, only those that occur. */
  #signs(picture, t) {
    const signs = [];
    if (picture.level === "zone") {
      signs.push([swatch("none", "dashed"), t("schematic_sample")]);
      signs.push([roundSwatch(), t(picture.bySize ? "symbol_area" : "symbol_sample")]);
      signs.push([leaderSwatch(), t("symbol_moved")]);
    }
    if (picture.groups.length) signs.push([squareSwatch(), t("group_sample")]);
    const marks = picture.qualityCounts()
      .map((n, quality) => ({ n, quality }))
      .filter(({ n, quality }) => n && quality)
      .map(({ n, quality }) => t("quality_count", {
        mark: QUALITY_MARKS[quality], quality: t(`quality_${QUALITIES[quality]}`), n,
      }));
    return el("ul", { class: "signs" },
      ...signs.map(([sign, text]) => el("li", {}, sign, el("span", { text }))),
      ...marks.map((text) => el("li", { class: "mark", text })));
  }

  #notes(picture) {
    const notes = picture.legend.notes ?? [];
    return notes.length ? el("ul", { class: "notes" }, ...notes.map((text) => el("li", { text }))) : "";
  }

  #sources(picture, t) {
    const sources = (picture.legend.sources ?? []).map((s) => (typeof s === "string" ? s : s.title));
    if (!sources.length) return "";
    const more = sources.length > SOURCES_SHOWN;
    return el("p", { class: "sources", title: sources.join("\n") },
      el("b", { text: t("legend_sources") }),
      ` ${sources.slice(0, SOURCES_SHOWN).join(t("list_comma"))}`,
      more ? ` ${t("legend_more_sources", { n: sources.length })}` : "");
  }
}

function sign(...shapes) {
  return svg("svg", { class: "swatch sign", viewBox: "0 0 20 13", "aria-hidden": "true" }, ...shapes);
}

function roundSwatch() {
  return sign(svg("circle", { class: "sample-fill", cx: 10, cy: 6.5, r: 5 }));
}

function squareSwatch() {
  return sign(svg("rect", { class: "sample-fill", x: 5, y: 1.5, width: 10, height: 10, rx: 2 }));
}

function leaderSwatch() {
  return sign(
    svg("line", { class: "leader", x1: 14, y1: 4, x2: 4, y2: 11 }),
    svg("circle", { class: "leader-foot", cx: 4, cy: 11, r: 1.3 }),
    svg("circle", { class: "sample-fill", cx: 14, cy: 4.5, r: 4 }));
}
