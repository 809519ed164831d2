// What is selected, hovered or highlighted, on shapes, symbols, names and table rows alike.

import { sendEvent } from "./protocol.js";

const ANSWER_MS = 5000; // after this an unanswered selection no longer holds back the page's own

export class Selection {
  constructor(atlas) {
    this.atlas = atlas;
    this.id = null;
    this.unanswered = []; // ids told to the page that it has not sent back yet
    this.lastAsked = undefined;
    const { map } = atlas;
    map.on("click", (event) => this.#clicked(event.originalEvent));
    const container = map.getContainer();
    container.addEventListener("pointermove", (event) => this.#pointed(event));
    container.addEventListener("pointerleave", () => this.hover(null));
    map.on("movestart zoomstart", () => this.#hideTip());
    container.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && this.id) this.choose(null);
    });
  }

  #clicked(event) {
    const id = this.#placeAt(event.target);
    this.said = id; // the card says it all: no tooltip on top of it until the pointer leaves
    this.#hideTip();
    this.choose(id, { reveal: this.atlas.narrow });
  }

  /** The place a map element stands for: a group where its figure is drawn on another's outline. */
  #placeAt(target) {
    const id = target.closest?.("[data-id]")?.dataset.id ?? null;
    return this.atlas.picture?.shown.get(id) ?? id;
  }

  // ---- selecting -----------------------------------------------------------------------------

  /** The reader's choice; the page is told. */
  choose(id, { reveal = false } = {}) {
    if (!this.atlas.places || (id === null && this.id === null)) return;
    this.id = id;
    sendEvent("select", { id });
    this.unanswered.push(id);
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      this.unanswered = [];
    }, ANSWER_MS);
    this.mark();
    this.atlas.selected(id, { tell: true, reveal });
  }

  /** The page's choice. An answer to an older choice than the last is let pass. */
  follow(id) {
    const known = this.unanswered.indexOf(id);
    if (known >= 0) this.unanswered.splice(0, known + 1);
    else if (id === this.lastAsked) return; // nothing new: a repaint before the choice arrived
    this.lastAsked = id;
    if (this.unanswered.length || id === this.id) return;
    this.id = id;
    this.mark();
    this.atlas.selected(id, { tell: false, reveal: true });
  }

  /** After a paint: the page's choice, then the marks and the card anew. */
  repaint(asked) {
    const before = this.id;
    this.follow(asked);
    if (this.id !== before) return;
    this.mark();
    this.atlas.selected(this.id, { tell: false, reveal: false });
  }

  mark() {
    const { shapes, symbols } = this.atlas;
    if (!shapes) return;
    for (const [id, { group }] of symbols.nodes) group.classList.toggle("is-chosen", id === this.id);
    shapes.choose(this.#shapeOf(this.id));
  }

  /** The shape that shows a place: its own unless it is a symbol, or a group's area. */
  #shapeOf(id) {
    const { shapes, places, symbols } = this.atlas;
    if (id === null) return null;
    if (shapes.spanOf(id)) return symbols.nodes.has(id) ? null : id;
    return places.get(id)?.drawn_on ?? null;
  }

  // ---- hovering and highlighting ---------------------------------------------------------------

  #pointed(event) {
    if (event.pointerType === "touch" || event.buttons || !this.atlas.picture) return;
    const id = this.#placeAt(event.target);
    this.hover(id);
    if (id !== this.said) this.said = null;
    if (!id || id === this.said) return;
    const { stage, tooltip, t } = this.atlas;
    const frame = stage.getBoundingClientRect();
    const facts = id === tooltip.id ? null : this.atlas.describe(id);
    tooltip.show(id, { x: event.clientX - frame.left, y: event.clientY - frame.top }, facts, t);
  }

  hover(id) {
    if (!id) this.#hideTip();
    if (id === this.hovered) return;
    for (const element of this.#elements(this.hovered)) element.classList.remove("is-hovered");
    this.hovered = id;
    for (const element of this.#elements(id)) element.classList.add("is-hovered");
    this.atlas.shapes?.point(id && this.#shapeOf(id));
    this.atlas.table.hover(id);
  }

  #hideTip() {
    this.atlas.tooltip.hide();
  }

  #elements(id) {
    const { shapes, symbols } = this.atlas;
    if (!id || !shapes) return [];
    const shape = this.#shapeOf(id);
    return [shapes.paths.zone.get(shape), symbols.nodes.get(id)?.group].filter(Boolean);
  }

  /** Lets everything but one class step back; null shows all again. */
  highlight(klass) {
    const { shapes, symbols, picture } = this.atlas;
    if (!shapes || !picture) return;
    const wanted = klass === null ? null : String(klass);
    const elements = [...shapes.paths[picture.level].values(), ...[...symbols.nodes.values()].map((n) => n.group)];
    for (const element of elements) element.classList.toggle("is-dim", wanted !== null && element.dataset.class !== wanted);
  }
}
