// Buttons on the map, short notices, the message when the boundaries can't be had.

import { el } from "./dom.js";
import { copyAddress } from "./protocol.js";

const NOTICE_MS = 6000;

export class Tools {
  constructor(parent, { map, onProvince, onNotice }) {
    this.zoomIn = el("button", { type: "button", text: "+", onclick: () => map.zoomIn() });
    this.zoomOut = el("button", { type: "button", text: "−", onclick: () => map.zoomOut() });
    this.province = el("button", { type: "button", class: "wide", onclick: onProvince });
    this.link = el("button", {
      type: "button", class: "wide",
      onclick: async () => onNotice((await copyAddress()) ? "link_copied" : "link_failed"),
    });
    this.root = parent.appendChild(el("div", { class: "atlas-tools", role: "group" },
      el("div", { class: "pair" }, this.zoomIn, this.zoomOut), this.province, this.link));
    const limits = () => {
      this.zoomIn.disabled = map.getZoom() >= map.getMaxZoom();
      this.zoomOut.disabled = map.getZoom() <= map.getMinZoom();
    };
    map.on("zoomend", limits);
  }

  setTexts(t) {
    for (const [button, key] of [[this.zoomIn, "zoom_in"], [this.zoomOut, "zoom_out"]]) {
      button.title = t(key);
      button.setAttribute("aria-label", t(key));
    }
    for (const [button, key] of [[this.province, "whole_province"], [this.link, "copy_link"]]) {
      button.textContent = t(key);
      button.title = t(`${key}_title`);
    }
  }
}

/** One line at the top of the map that goes away by itself. */
export class Notice {
  constructor(stage) {
    this.root = stage.appendChild(el("p", { class: "atlas-notice", role: "status", hidden: true }));
  }

  show(text) {
    this.root.textContent = text;
    this.root.hidden = false;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      this.root.hidden = true;
    }, NOTICE_MS);
  }
}

/** Covers the map while nothing can be drawn: what happens, or what failed and what to do. */
export class Veil {
  constructor(stage) {
    this.root = stage.appendChild(el("div", { class: "atlas-veil" }));
  }

  wait(t) {
    this.root.replaceChildren(el("p", { class: "wait", text: t("loading") }));
    this.root.hidden = false;
  }

  fail(error, t, onRetry) {
    const why = { network: t("error_network"), content: t("error_content") }[error.why] ?? error.why ?? error.message;
    this.root.replaceChildren(el("div", { class: "error", role: "alert" },
      el("h2", { text: t("error_title") }),
      el("p", { text: t("error_what", { what: error.address ?? "", why }) }),
      el("p", { text: t("error_hint") }),
      el("button", { type: "button", class: "primary", text: t("retry"), onclick: onRetry })));
    this.root.hidden = false;
  }

  lift() {
    this.root.hidden = true;
    this.root.replaceChildren();
  }
}
