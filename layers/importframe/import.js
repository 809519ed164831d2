// A map of what an import brings, with a table of the same things under it.
//
// With each render the page sends `args`:
//   lang, synthetic (words of the mark, or ""), geometry {counties: address}
//   bounds_key: a new one fits the map to the items with `home` (or to all) again
//   note: words under the map, or ""; caption: what the table shows
//   columns [{name, number}]
//   items [{id, kind, label, words, geometry | null, point: [lon, lat] | null, cells, home,
//     pick: null | "on" | "off", group, extra: [{kind, geometry}]}]; kinds are those of KINDS in
//     sketch.js, `words` is what a tooltip and a screen reader say, `extra` is drawn with an item
//     when that is looked at (an outline before and after its repair)
//   groups [{group, name}]: what can be picked together
//   point_title: label of the column that leads to a place
// and gets back {event: "pick", picks: [ids], seq} when something was picked or dropped.

import { el, fillText, debounced } from "/assets/atlas/dom.js";
import { applyTheme } from "/assets/atlas/theme.js";
import { Sketch } from "/assets/importmap/sketch.js";
import { List } from "/assets/importmap/list.js";

const SETTLE_MS = 2500;
let sequence = Date.now();

function send(type, data) {
  if (window.parent !== window) window.parent.postMessage({ isStreamlitMessage: true, type, ...data }, "*");
}

class Import {
  constructor(config) {
    this.config = config;
    this.lang = config.lang;
    this.t = (key, values) => fillText(config.texts[this.lang][key] ?? key, values);
    this.main = document.querySelector("main.import");
    this.bar = this.main.appendChild(el("div", { class: "bar" }));
    this.sketch = new Sketch(this);
    this.note = this.main.appendChild(el("p", { class: "note" }));
    this.list = new List(this);
    this.live = this.main.appendChild(el("p", { class: "visually-hidden", role: "status" }));
    this.facts = { marker: String(Math.random()), ready: 0, map: this.sketch.map, shown: () => this.sketch.summary() };
    window.__import = this.facts;
    window.addEventListener("message", (event) => {
      if (event.source === window.parent && event.data?.type === "streamlit:render") {
        this.render(event.data.args ?? {}, event.data.theme);
      }
    });
    new ResizeObserver(debounced(() => this.resized(), 60)).observe(this.main);
    send("streamlit:componentReady", { apiVersion: 1 });
    document.head.append(el("link", { rel: "stylesheet", href: config.font }));
  }

  async render(args, theme) {
    applyTheme(theme);
    this.args = args;
    this.lang = args.lang === "en" ? "en" : "zh";
    document.documentElement.lang = this.lang;
    if (window.frameElement) window.frameElement.title = this.t("title");
    this.picks = new Set(args.items.filter((item) => item.pick === "on").map((item) => item.id));
    this.announceHeight();
    await this.sketch.ground(args.geometry?.counties);
    if (this.args !== args) return; // a newer render has taken over
    this.sketch.draw(args.items);
    this.list.draw(args);
    this.drawBar();
    this.note.textContent = args.note ?? "";
    this.note.hidden = !args.note;
    if (this.boundsKey !== args.bounds_key) {
      this.boundsKey = args.bounds_key;
      this.settlesAt = performance.now() + SETTLE_MS;
      this.sketch.fit();
    }
    this.facts.ready += 1;
    this.announceHeight();
  }

  drawBar() {
    const { args } = this;
    const key = JSON.stringify([args.synthetic, this.lang, [...new Set(args.items.map((item) => item.kind))], args.groups, [...this.picks]]);
    if (this.barKey === key) return;
    this.barKey = key;
    const mark = args.synthetic ? el("span", { class: "synthetic", text: args.synthetic }) : null;
    const home = el("button", { type: "button", "data-tool": "fit", text: this.t("fit"), onclick: () => this.sketch.fit() });
    const legend = this.sketch.legend(args.items).map(([kind, sign]) =>
      el("span", { class: "legend-item" }, sign, el("span", { text: this.t(kind) })));
    const groups = (args.groups ?? []).map(({ group, name }) => {
      const members = args.items.filter((item) => item.group === group && item.pick);
      const all = members.every((item) => this.picks.has(item.id));
      return el("button", {
        type: "button", "data-group": group, "aria-pressed": String(all),
        text: this.t(all ? "drop_group" : "pick_group", { name, count: members.length }),
        onclick: () => this.pick(members.map((item) => item.id), !all),
      });
    });
    this.bar.replaceChildren(...[mark, home, ...legend, ...groups].filter(Boolean));
  }

  /** Picks or drops several things and tells the page. */
  pick(ids, on) {
    for (const id of ids) {
      if (on) this.picks.add(id);
      else this.picks.delete(id);
    }
    this.list.check(this.picks);
    this.drawBar();
    sequence += 1;
    send("streamlit:setComponentValue", { value: { event: "pick", picks: [...this.picks], seq: sequence }, dataType: "json" });
  }

  /** Looks at one thing, on the map and in the table. */
  look(id, { scroll = false } = {}) {
    const item = this.args.items.find((each) => each.id === id);
    if (!item) return;
    this.sketch.look(item);
    this.list.mark(id, scroll);
    this.live.textContent = item.words;
    this.facts.looked = id;
  }

  resized() {
    this.sketch.map.invalidateSize({ pan: false });
    // A new frame gets its width only after the first view was made.
    if (performance.now() < (this.settlesAt ?? 0)) this.sketch.fit();
    this.announceHeight();
  }

  announceHeight() {
    const height = Math.ceil(this.main.getBoundingClientRect().height);
    if (height === this.height) return;
    this.height = height;
    send("streamlit:setFrameHeight", { height });
  }
}

new Import(JSON.parse(document.getElementById("import-config").textContent));
