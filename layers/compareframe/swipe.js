// Two maps on one place with a divider: the second is cut off left of it.

import { el } from "/assets/atlas/dom.js";

const STEP = 2; // per cent a key press

export class Swipe {
  constructor(stage, label) {
    this.stage = stage;
    this.slider = el("input", { type: "range", class: "divider", min: 0, max: 100, step: STEP, value: 50, "aria-label": label });
    this.line = el("div", { class: "divider-line", "aria-hidden": "true" });
    this.slider.addEventListener("input", () => this.cut());
  }

  on(under, over) {
    this.over = over;
    under.style.clipPath = "";
    this.stage.append(this.line, this.slider);
    this.cut();
  }

  cut() {
    const at = Number(this.slider.value);
    this.over.style.clipPath = `inset(0 0 0 ${at}%)`;
    this.line.style.left = `${at}%`;
  }

  off() {
    if (this.over) this.over.style.clipPath = "";
    this.slider.remove();
    this.line.remove();
  }
}
