// What is said about one place: the tooltip under the pointer and the card of the selected place.

import { el, linkAddress } from "./dom.js";
import { QUALITIES, QUALITY_MARKS } from "./picture.js";
import { followInPage, placeAddress } from "./protocol.js";

const AREA = Object.fromEntries(["zh", "en"].map((lang) => [lang, new Intl.NumberFormat(lang, { maximumFractionDigits: 1 })]));

/** Facts of a place under the present picture, as texts. */
export function describe(id, { places, picture, lang, t }) {
  const place = places.get(id);
  const value = picture?.values.get(id) ?? null;
  const facts = {
    id,
    name: places.name(id, lang),
    level: place && t(`level_${place.level}`),
    context: places.context(id, lang, t("link_comma")),
    area: place?.area_ha && place.precision !== "schematic" ? `${AREA[lang].format(place.area_ha / 100)} km²` : null,
    precision: place?.precision ? t(`precision_${place.precision}`) : null,
    value: null, unit: "", rows: [], source: null, note: "", reason: null,
  };
  if (!value) return facts;
  facts.value = value.missing ? t("reported_missing") : value.text;
  facts.reason = value.missing ? value.note : null;
  facts.note = value.missing ? "" : value.note;
  facts.unit = value.missing ? "" : picture.table.unit ?? "";
  facts.source = value.source;
  facts.missing = value.missing;
  facts.rows = [
    [t("column_period"), value.period],
    [t("column_kind"), picture.table.kind],
    [t("column_quality"), qualityText(value.quality, t)],
  ].filter(([, text]) => text);
  return facts;
}

export function qualityText(quality, t) {
  return `${QUALITY_MARKS[quality]} ${t(`quality_${QUALITIES[quality]}`)}`.trim();
}

function figure(facts, t) {
  if (facts.value === null) return el("p", { class: "figure none", text: t("no_data") });
  return el("p", { class: facts.missing ? "figure none" : "figure" },
    el("strong", { text: facts.value }),
    facts.unit ? el("span", { class: "unit", text: ` ${facts.unit}` }) : null);
}

function list(rows) {
  return el("dl", {}, ...rows.flatMap(([term, content]) => [
    el("dt", { text: term }), el("dd", {}, content),
  ]));
}

export class Tooltip {
  constructor(stage) {
    this.stage = stage;
    this.root = stage.appendChild(el("div", { class: "atlas-tip", role: "tooltip", hidden: true }));
    this.id = null;
  }

  show(id, point, facts, t) {
    if (id !== this.id) {
      this.id = id;
      const rows = [...facts.rows];
      if (facts.source) rows.push([t("column_source"), facts.source.title]);
      const note = facts.reason ?? facts.note;
      if (note) rows.push([t("card_note"), note]);
      this.root.replaceChildren(
        el("p", { class: "title", text: facts.name }),
        facts.context ? el("p", { class: "context", text: facts.context }) : "",
        figure(facts, t), list(rows));
      this.root.hidden = false;
      this.size = { width: this.root.offsetWidth, height: this.root.offsetHeight };
    }
    this.#move(point);
  }

  /** Beside the pointer, inside the map. */
  #move({ x, y }) {
    const { clientWidth, clientHeight } = this.stage;
    const { width, height } = this.size;
    const left = x + 16 + width > clientWidth ? x - 16 - width : x + 16;
    const top = Math.min(y + 16, clientHeight - height - 6);
    this.root.style.transform = `translate(${Math.max(4, left)}px, ${Math.max(4, top)}px)`;
  }

  hide() {
    this.id = null;
    this.root.hidden = true;
  }
}

export class Card {
  constructor(parent, { onClose, onZoom, placePage }) {
    Object.assign(this, { onClose, onZoom, placePage });
    this.root = parent.appendChild(el("section", { class: "atlas-card", hidden: true }));
  }

  show(facts, members, t) {
    const rows = facts.rows.map(([term, text]) => [term, text]);
    if (facts.source) rows.push([t("column_source"), sourceLink(facts.source)]);
    if (facts.reason ?? facts.note) rows.push([t("card_note"), facts.reason ?? facts.note]);
    if (members) rows.push([t("card_members"), members]);
    if (facts.area) rows.push([t("card_area"), facts.area]);
    if (facts.precision) rows.push([t("card_boundary"), facts.precision]);
    const address = placeAddress(this.placePage, facts.id);
    this.root.setAttribute("aria-label", t("card_label"));
    this.root.replaceChildren(
      el("header", {},
        el("div", {},
          el("h2", { text: facts.name }),
          el("p", { class: "context", text: [facts.level, facts.context].filter(Boolean).join(t("link_comma")) })),
        el("button", {
          type: "button", class: "close", "aria-label": t("card_close"), title: t("card_close"),
          text: "×", onclick: this.onClose,
        })),
      facts.value === null ? el("p", { class: "figure none small", text: t("card_no_figure") }) : figure(facts, t),
      list(rows),
      el("footer", {},
        el("a", { class: "primary", href: address, target: "_blank", text: t("card_open"), onclick: followInPage }),
        el("button", { type: "button", text: t("card_zoom"), onclick: () => this.onZoom(facts.id) })));
    this.root.hidden = false;
  }

  hide() {
    this.root.hidden = true;
  }
}

/** A source's title, as a link where it has an address. */
export function sourceLink(source) {
  const address = linkAddress(source.url);
  if (!address) return el("span", { text: source.title });
  return el("a", { href: address, target: "_blank", rel: "noopener noreferrer", text: source.title });
}
