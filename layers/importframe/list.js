// The table under the map: the same things in words, to read, to choose and to find on the map.

import { el } from "/assets/atlas/dom.js";

export class List {
  constructor(frame) {
    this.frame = frame;
    this.box = frame.main.appendChild(el("div", { class: "list", role: "region", tabindex: "0" }));
    this.rows = new Map();
  }

  draw(args) {
    const state = JSON.stringify([args.lang, args.caption, args.columns, args.items.map(({ id, kind, cells, pick }) => [id, kind, cells, Boolean(pick)])]);
    if (state === this.state) {
      this.check(this.frame.picks);
      return;
    }
    this.state = state;
    this.rows.clear();
    this.box.hidden = !args.columns?.length || !args.items.length;
    if (this.box.hidden) {
      this.box.replaceChildren();
      return;
    }
    const { t } = this.frame;
    const picking = args.items.some((item) => item.pick);
    const heads = args.columns.map(({ name, number }) => el("th", { scope: "col", class: number ? "number" : null, text: name }));
    if (picking) heads.unshift(el("th", { scope: "col", text: t("pick") }));
    const body = el("tbody", {}, ...args.items.filter((item) => item.cells?.length).map((item) => this.row(item, args.columns, picking)));
    this.box.setAttribute("aria-label", args.caption ?? "");
    this.box.replaceChildren(el("table", {}, el("caption", { text: args.caption ?? "" }), el("thead", {}, el("tr", {}, ...heads)), body));
  }

  row(item, columns, picking) {
    const { t } = this.frame;
    const onMap = Boolean(item.geometry || item.point);
    const cells = item.cells.map((text, at) => {
      const { name, number } = columns[at];
      const attributes = { class: number ? "number" : null, "data-label": name };
      if (at > 0) return el("td", { ...attributes, text });
      const sign = this.frame.sketch.sign(item.kind);
      const finder = onMap
        ? el("button", { type: "button", class: "find", title: t("find"), onclick: () => this.frame.look(item.id) }, sign, el("span", { text }))
        : el("span", { class: "find" }, sign, el("span", { text }));
      return el("th", { scope: "row", ...attributes }, finder);
    });
    if (picking) {
      let box = null;
      if (item.pick) {
        box = el("input", { type: "checkbox", "aria-label": `${t("pick")}: ${item.words}`, onchange: (event) => this.frame.pick([item.id], event.target.checked) });
        box.checked = item.pick === "on";
      }
      cells.unshift(el("td", { class: "picker", "data-label": t("pick") }, box));
    }
    const line = el("tr", { "data-id": item.id, "data-kind": item.kind }, ...cells);
    this.rows.set(item.id, line);
    return line;
  }

  check(picks) {
    for (const [id, line] of this.rows) {
      const box = line.querySelector("input[type=checkbox]");
      if (box) box.checked = picks.has(id);
    }
  }

  mark(id, scroll) {
    for (const [key, line] of this.rows) line.classList.toggle("looked", key === id);
    if (scroll) this.rows.get(id)?.scrollIntoView({ block: "nearest" });
  }
}
