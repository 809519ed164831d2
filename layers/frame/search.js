// The search box: name, alias, pinyin or initials; the index is fetched at the first focus.

import { el } from "./dom.js";

const SHOWN = 8;

/** How well an entry answers a query: the lower the better, null when not at all. */
export function rank(entry, query) {
  const names = [entry.name, entry.name_en?.toLowerCase(), ...(entry.aliases ?? [])].filter(Boolean);
  if (names.includes(query)) return 0;
  if (names.some((name) => name.startsWith(query))) return 1;
  if (entry.initials === query) return 2;
  if (entry.pinyin?.startsWith(query)) return 3;
  if (entry.initials?.startsWith(query)) return 4;
  if (names.some((name) => name.includes(query))) return 5;
  if (query.length > 2 && entry.pinyin?.includes(query)) return 6;
  return null;
}

/** The best entries for what was typed. */
export function find(index, typed) {
  const query = typed.trim().toLowerCase().replace(/\s+/g, /[a-z]/i.test(typed) ? "" : " ");
  if (!query) return [];
  return index
    .map((entry, i) => ({ entry, i, rank: rank(entry, query) }))
    .filter((hit) => hit.rank !== null)
    .sort((a, b) => a.rank - b.rank || a.entry.name.length - b.entry.name.length || a.i - b.i)
    .slice(0, SHOWN)
    .map((hit) => hit.entry);
}

export class Search {
  constructor(parent, { address, onChoose, contextOf }) {
    Object.assign(this, { address, onChoose, contextOf, index: null, hits: [], active: -1 });
    this.list = el("ul", { role: "listbox", id: "atlas-search-list", hidden: true });
    this.status = el("p", { class: "visually-hidden", role: "status" });
    this.input = el("input", {
      type: "search", role: "combobox", autocomplete: "off", spellcheck: "false", "aria-autocomplete": "list",
      "aria-expanded": "false", "aria-controls": this.list.id,
      onfocus: () => this.#load(), oninput: () => this.#update(), onkeydown: (event) => this.#key(event),
      onblur: () => setTimeout(() => this.#close(), 150), // after a click on an entry has come
    });
    this.root = parent.appendChild(el("div", { class: "atlas-search", role: "search" }, this.input, this.list, this.status));
    this.list.addEventListener("pointerdown", (event) => event.preventDefault()); // the input keeps the focus
    this.list.addEventListener("click", (event) => {
      const item = event.target.closest("[data-index]");
      if (item) this.#choose(this.hits[Number(item.dataset.index)]);
    });
  }

  setTexts(t, lang) {
    Object.assign(this, { t, lang });
    this.input.placeholder = t("search_placeholder");
    this.input.setAttribute("aria-label", t("search_label"));
    this.list.setAttribute("aria-label", t("search_label"));
  }

  async #load() {
    if (this.index || this.loading) return this.loading;
    this.loading = this.#fetch().finally(() => {
      this.loading = null;
    });
    return this.loading;
  }

  async #fetch() {
    try {
      const response = await fetch(this.address);
      if (!response.ok) throw new Error(`HTTP ${response.status}`);
      this.index = await response.json();
      this.failed = false;
    } catch {
      this.failed = true;
    }
    if (this.input.value) this.#update();
  }

  #update() {
    if (!this.index && !this.failed) return;
    if (!this.index) this.#load(); // typing on is the second try
    const typed = this.input.value;
    this.hits = this.index ? find(this.index, typed) : [];
    this.active = this.hits.length ? 0 : -1;
    this.#render(typed.trim());
  }

  #render(typed) {
    const { t } = this;
    const nothing = this.failed ? t("search_failed") : t("search_none", { query: typed });
    this.list.replaceChildren(...(this.hits.length
      ? this.hits.map((entry, i) => this.#option(entry, i))
      : [el("li", { class: "nothing", text: nothing })]));
    const open = typed !== "";
    this.list.hidden = !open;
    this.input.setAttribute("aria-expanded", String(open));
    this.status.textContent = open ? (this.hits.length ? t("search_count", { n: this.hits.length }) : nothing) : "";
    this.#mark();
  }

  #option(entry, i) {
    const name = this.lang === "en" ? entry.name_en || entry.name : entry.name;
    const level = this.t(`level_${entry.level}`);
    const context = [level, this.contextOf(entry.id)].filter(Boolean).join(this.t("link_comma"));
    return el("li", { role: "option", id: `atlas-search-${i}`, "data-index": i, "data-id": entry.id },
      el("span", { class: "name", text: name }), el("span", { class: "context", text: context }));
  }

  #mark() {
    [...this.list.children].forEach((item, i) => item.setAttribute("aria-selected", String(i === this.active)));
    const active = this.active >= 0 && !this.list.hidden;
    if (active) this.input.setAttribute("aria-activedescendant", `atlas-search-${this.active}`);
    else this.input.removeAttribute("aria-activedescendant");
  }

  #key(event) {
    const move = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (move && this.hits.length) {
      event.preventDefault();
      this.active = (this.active + move + this.hits.length) % this.hits.length;
      this.#mark();
    } else if (event.key === "Enter" && !event.isComposing && this.active >= 0) {
      event.preventDefault();
      this.#choose(this.hits[this.active]);
    } else if (event.key === "Escape") {
      this.input.value = "";
      this.#update();
      this.#close();
    }
  }

  #choose(entry) {
    this.input.value = this.lang === "en" ? entry.name_en || entry.name : entry.name;
    this.#close();
    this.onChoose(entry);
  }

  #close() {
    this.list.hidden = true;
    this.input.setAttribute("aria-expanded", "false");
    this.input.removeAttribute("aria-activedescendant");
  }
}
