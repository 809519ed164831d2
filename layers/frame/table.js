// The table under the map: the same content as the map, for reading, sorting and the keyboard.

import { el } from "./dom.js";
import { qualityText, sourceLink } from "./card.js";
import { LEVELS, QUALITY_MARKS } from "./picture.js";

const COLUMNS = ["name", "value", "unit", "period", "kind", "quality", "source"];
const COLLATORS = { zh: new Intl.Collator("zh-Hans-CN"), en: new Intl.Collator("en") };

export class Table {
  constructor(parent, { onSelect, onHover }) {
    Object.assign(this, { onSelect, onHover });
    this.sort = { column: "value", down: true };
    this.showMissing = false;
    this.rows = new Map(); // id -> {row, cells}; kept, so that a paint only changes texts
    this.selected = null;
    this.caption = el("caption");
    this.head = el("thead");
    this.body = el("tbody");
    this.more = el("button", { type: "button", class: "more", onclick: () => this.#toggleMissing() });
    this.empty = el("p", { class: "empty", hidden: true });
    this.scroller = el("div", { class: "scroller" }, el("table", { role: "grid" }, this.caption, this.head, this.body), this.empty, this.more);
    this.root = parent.appendChild(el("section", { class: "atlas-table", hidden: true }, this.scroller));
    this.body.addEventListener("click", (event) => this.#pick(event.target));
    this.body.addEventListener("keydown", (event) => this.#key(event));
    for (const type of ["mouseover", "focusin"]) {
      this.body.addEventListener(type, (event) => this.onHover(event.target.closest("tr")?.dataset.id ?? null));
    }
    for (const type of ["mouseleave", "focusout"]) this.body.addEventListener(type, () => this.onHover(null));
  }

  render(picture, places, t) {
    Object.assign(this, { picture, places, t });
    this.root.hidden = false;
    this.#renderHead();
    this.#renderBody();
  }

  #renderHead() {
    const { t } = this;
    const key = `${this.picture.lang} ${this.sort.column} ${this.sort.down}`;
    if (key === this.headKey) return;
    this.headKey = key;
    this.head.replaceChildren(el("tr", {}, ...COLUMNS.map((column) => {
      const sorted = this.sort.column === column;
      return el("th", {
        scope: "col", class: `c-${column}`, "aria-sort": sorted ? (this.sort.down ? "descending" : "ascending") : "none",
      }, el("button", {
        type: "button", title: t("sort_by", { column: t(`column_${column}`) }), text: t(`column_${column}`),
        onclick: () => this.#sortBy(column),
      }));
    })));
  }

  #sortBy(column) {
    const again = this.sort.column === column;
    this.sort = { column, down: again ? !this.sort.down : column === "value" };
    this.#renderHead();
    this.#renderBody();
    this.head.querySelector(`.c-${column} button`).focus();
  }

  #toggleMissing() {
    this.showMissing = !this.showMissing;
    this.#renderBody();
  }

  /** Ids with a figure, sorted; and those without, by name. */
  #order() {
    const { picture, places } = this;
    const ids = new Set(places.onFile(LEVELS[picture.level]).map((place) => place.id));
    for (const id of picture.values.keys()) ids.add(id);
    const shown = [...ids].filter((id) => picture.values.has(id) && !picture.values.get(id).missing);
    const missing = [...ids].filter((id) => !picture.values.has(id) || picture.values.get(id).missing);
    const compare = this.#comparison();
    missing.sort((a, b) => picture.values.has(b) - picture.values.has(a) || this.#byName(a, b));
    return [shown.sort(compare), missing];
  }

  #byName(a, b) {
    const { lang } = this.picture;
    return COLLATORS[lang].compare(this.places.name(a, lang), this.places.name(b, lang));
  }

  #comparison() {
    const { values } = this.picture;
    const direction = this.sort.down ? -1 : 1;
    const by = {
      name: (a, b) => this.#byName(a, b),
      value: (a, b) => values.get(a).number - values.get(b).number,
      period: (a, b) => values.get(a).period.localeCompare(values.get(b).period),
      quality: (a, b) => values.get(a).quality - values.get(b).quality,
      source: (a, b) => (values.get(a).sourceNumber ?? 0) - (values.get(b).sourceNumber ?? 0),
    }[this.sort.column] ?? (() => 0);
    return (a, b) => direction * (by(a, b) || 0) || this.#byName(a, b);
  }

  #renderBody() {
    const { picture, t } = this;
    const [shown, missing] = this.#order();
    const ids = this.showMissing ? [...shown, ...missing] : shown;
    this.ids = ids;
    const wanted = ids.map((id) => this.#row(id));
    const present = this.body.children;
    const same = present.length === wanted.length && wanted.every((row, i) => row === present[i]);
    if (!same) this.body.replaceChildren(...wanted); // else only texts changed
    setText(this.caption, t("table_caption", { title: picture.legend.title ?? "", n: shown.length }));
    setText(this.empty, t("table_empty"));
    this.empty.hidden = shown.length > 0;
    this.more.hidden = missing.length === 0;
    setText(this.more, t(this.showMissing ? "hide_missing" : "show_missing", { n: missing.length }));
    this.more.setAttribute("aria-expanded", String(this.showMissing));
    this.#rove();
  }

  #row(id) {
    let entry = this.rows.get(id);
    if (!entry) {
      const cells = Object.fromEntries(COLUMNS.map((column) =>
        [column, el(column === "name" ? "th" : "td", { class: `c-${column}`, scope: column === "name" ? "row" : null })]));
      entry = { cells, name: el("span", { class: "place" }), context: el("span", { class: "context" }), source: undefined };
      entry.number = el("span", { class: "number" });
      entry.title = el("span", { class: "title" });
      cells.name.append(entry.name, " ", entry.context);
      cells.source.append(entry.number, entry.title);
      entry.row = el("tr", { "data-id": id, tabindex: "-1" }, ...COLUMNS.map((column) => cells[column]));
      this.rows.set(id, entry);
    }
    this.#fill(id, entry);
    return entry.row;
  }

  #fill(id, { row, cells, name, context, number, title }) {
    const { picture, places, t } = this;
    const value = picture.values.get(id) ?? null;
    const shown = value && !value.missing;
    const { lang } = picture;
    setText(name, places.name(id, lang));
    setText(context, places.context(id, lang, t("link_comma")));
    setText(cells.value, shown ? `${QUALITY_MARKS[value.quality]} ${value.text}`.trim() : t(value ? "reported_missing" : "no_data"));
    setText(cells.unit, shown ? picture.table.unit ?? "" : "");
    setText(cells.period, value?.period ?? "");
    setText(cells.kind, shown ? picture.table.kind ?? "" : "");
    setText(cells.quality, value?.missing ? value.note : value ? qualityText(value.quality, t) : "");
    setText(number, value?.sourceNumber ? `[${value.sourceNumber}]` : "");
    const source = value?.source ?? null;
    if (title.source !== source?.title) {
      title.source = source?.title;
      title.replaceChildren(source ? sourceLink(source) : "");
    }
    row.classList.toggle("is-missing", !shown);
    row.setAttribute("aria-selected", String(id === this.selected));
  }

  /** One row is in the tab order: the selected one, else the first. */
  #rove(focused = null) {
    const current = focused ?? (this.ids.includes(this.selected) ? this.selected : this.ids[0]);
    for (const [id, { row }] of this.rows) {
      const index = id === current ? 0 : -1;
      if (row.tabIndex !== index) row.tabIndex = index;
    }
  }

  select(id, { scroll = true } = {}) {
    for (const changed of [this.selected, id]) {
      this.rows.get(changed)?.row.setAttribute("aria-selected", String(changed === id && id !== null));
    }
    this.selected = id;
    if (!this.ids) return;
    this.#rove();
    const row = this.rows.get(id)?.row;
    if (scroll && row?.isConnected) this.#scrollTo(row);
  }

  /** Only the table scrolls, never the page around it. */
  #scrollTo(row) {
    const head = this.head.offsetHeight;
    const { scrollTop, clientHeight } = this.scroller;
    const { offsetTop: top, offsetHeight: height } = row;
    const seen = top >= scrollTop + head && top + height <= scrollTop + clientHeight;
    // To the upper part: the lower one is often below the edge of the window.
    if (!seen) this.scroller.scrollTop = top - head - height;
  }

  hover(id) {
    if (this.hovered) this.rows.get(this.hovered)?.row.classList.remove("is-hovered");
    this.hovered = id;
    if (id) this.rows.get(id)?.row.classList.add("is-hovered");
  }

  #pick(target) {
    if (target.closest("a")) return;
    const row = target.closest("tr");
    if (row) this.onSelect(row.dataset.id);
  }

  #key(event) {
    const id = event.target.closest("tr")?.dataset.id;
    const at = this.ids.indexOf(id);
    if (event.target.tagName === "A" || at < 0) return;
    const last = this.ids.length - 1;
    const target = { ArrowDown: Math.min(at + 1, last), ArrowUp: Math.max(at - 1, 0), Home: 0, End: last }[event.key];
    if (target !== undefined) {
      event.preventDefault();
      this.#rove(this.ids[target]);
      const { row } = this.rows.get(this.ids[target]);
      row.focus({ preventScroll: true });
      row.scrollIntoView({ block: "nearest" });
    } else if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      this.onSelect(id);
    } else if (event.key === "Escape") {
      this.onSelect(null);
    }
  }
}

/** Sets a text; what stands there is remembered, since asking the document costs more than setting. */
function setText(node, text) {
  if (node.lastText === text) return;
  node.lastText = text;
  node.textContent = text;
}
